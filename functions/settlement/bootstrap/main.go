// Command bootstrap runs settlement on Lambda.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/functions/settlement"
	"github.com/userops/userops/shared/settings"
	"github.com/userops/userops/shared/telemetry"
)

func main() {
	slog.SetDefault(telemetry.Logger("settlement"))
	var s settlement.Settings
	if err := settings.Load(&s); err != nil {
		slog.Error("settings", "error", err.Error())
		os.Exit(1)
	}
	aws, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		slog.Error("loading the AWS configuration", "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(settlement.New(s, dynamodb.NewFromConfig(aws), time.Now).Handle)
}
