// Command bootstrap runs pages on Lambda.
package main

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/functions/pages"
	"github.com/userops/userops/shared/cloud"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/settings"
	"github.com/userops/userops/shared/telemetry"
	"github.com/userops/userops/shared/wire"
)

func main() {
	telemetry.Start("pages")
	var s pages.Settings
	if err := settings.Load(&s); err != nil {
		log.Fatal(err)
	}
	cfg, err := cloud.Config(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(wire.Handler(httpapi.Lambda(pages.New(s, dynamodb.NewFromConfig(cfg), time.Now).Handler())))
}
