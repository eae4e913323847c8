// Command bootstrap runs member on Lambda.
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

	"github.com/userops/userops/functions/member"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/settings"
	"github.com/userops/userops/shared/telemetry"
)

func main() {
	slog.SetDefault(telemetry.Logger("member"))
	var s member.Settings
	if err := settings.Load(&s); err != nil {
		slog.Error("settings", "error", err.Error())
		os.Exit(1)
	}
	aws, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		slog.Error("loading the AWS configuration", "error", err.Error())
		os.Exit(1)
	}
	events := queue.Sender{Client: sqs.NewFromConfig(aws), URL: s.EventsQueue}
	lambda.Start(httpapi.Lambda(member.New(s, dynamodb.NewFromConfig(aws), events, time.Now).Handler()))
}
