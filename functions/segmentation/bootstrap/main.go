// Command bootstrap runs segmentation on Lambda.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/functions/segmentation"
	"github.com/userops/userops/shared/settings"
	"github.com/userops/userops/shared/telemetry"
)

func main() {
	slog.SetDefault(telemetry.Logger("segmentation"))
	var s segmentation.Settings
	if err := settings.Load(&s); err != nil {
		slog.Error("settings", "error", err.Error())
		os.Exit(1)
	}
	aws, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		slog.Error("loading the AWS configuration", "error", err.Error())
		os.Exit(1)
	}
	process := segmentation.New(s, dynamodb.NewFromConfig(aws), sqs.NewFromConfig(aws), time.Now)
	lambda.Start(process.Handle)
}
