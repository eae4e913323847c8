// Command bootstrap runs ingest on Lambda.
package main

import (
	"context"
	"crypto/rand"
	"log"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/functions/ingest"
	"github.com/userops/userops/shared/cloud"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/settings"
	"github.com/userops/userops/shared/telemetry"
)

func main() {
	slog.SetDefault(telemetry.Logger("ingest"))
	var s ingest.Settings
	if err := settings.Load(&s); err != nil {
		log.Fatal(err)
	}
	aws, err := cloud.Config(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	process := &ingest.Process{
		Auth:       httpapi.Auth{ServerKeyHash: s.ServerKeyHash},
		Sources:    dynamo.Sources{DB: dynamodb.NewFromConfig(aws), Table: s.CatalogTable},
		Queue:      queue.Sender{Client: sqs.NewFromConfig(aws), URL: s.EventsQueue},
		DefaultKey: s.DefaultKey,
		Currency:   s.Currency,
		Now:        time.Now,
		NewID:      rand.Text,
	}
	lambda.Start(httpapi.Lambda(process.Handler()))
}
