// Command bootstrap runs console on Lambda.
package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/functions/console"
	"github.com/userops/userops/shared/domain/segment"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/settings"
	"github.com/userops/userops/shared/telemetry"
)

func main() {
	slog.SetDefault(telemetry.Logger("console"))
	var s console.Settings
	if err := settings.Load(&s); err != nil {
		slog.Error("settings", "error", err.Error())
		os.Exit(1)
	}
	aws, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		slog.Error("loading the AWS configuration", "error", err.Error())
		os.Exit(1)
	}
	db, queues := dynamodb.NewFromConfig(aws), sqs.NewFromConfig(aws)
	process := &console.Process{
		Auth:     httpapi.Auth{OperatorKeyHash: s.OperatorKeyHash},
		Catalog:  dynamo.Catalog{DB: db, Table: s.CatalogTable},
		Runs:     dynamo.Runs{DB: db, Table: s.RunsTable},
		Profiles: dynamo.Profiles{DB: db, Table: s.ProfilesTable},
		Gauge:    queues,
		Queues:   s.Queues(),
		Jobs:     queue.Sender{Client: queues, URL: s.SegmentationQueue},
		Shop:     segment.Shop{Zone: s.Zone, Currency: s.Currency},
		Now:      time.Now,
		NewRunID: func() string { return time.Now().UTC().Format("20060102T150405-") + rand.Text()[:8] },
	}
	lambda.Start(httpapi.Lambda(process.Handler()))
}
