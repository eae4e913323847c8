// Command bootstrap runs orchestration on Lambda.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/functions/orchestration"
	"github.com/userops/userops/shared/cloud"
	"github.com/userops/userops/shared/settings"
	"github.com/userops/userops/shared/telemetry"
	"github.com/userops/userops/shared/wire"
)

func main() {
	telemetry.Start("orchestration")
	var s orchestration.Settings
	if err := settings.Load(&s); err != nil {
		slog.Error("settings", "error", err.Error())
		os.Exit(1)
	}
	config, err := cloud.Config(context.Background())
	if err != nil {
		slog.Error("reaching AWS", "error", err.Error())
		os.Exit(1)
	}
	process := orchestration.New(s, dynamodb.NewFromConfig(config), sqs.NewFromConfig(config), time.Now)
	lambda.Start(wire.Handler(process.Handle))
}
