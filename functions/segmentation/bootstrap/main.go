// Command bootstrap is the segmentation function.
package main

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/functions/segmentation"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/cloud"
	"github.com/userops/userops/shared/settings"
	"github.com/userops/userops/shared/telemetry"
	"github.com/userops/userops/shared/wire"
)

func main() {
	telemetry.Start("segmentation")
	var s segmentation.Settings
	if err := settings.Load(&s); err != nil {
		log.Fatal(err)
	}
	cfg, err := cloud.Config(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	p := segmentation.New(s, dynamodb.NewFromConfig(cfg), bucket.NewClient(cfg), sqs.NewFromConfig(cfg), time.Now)
	lambda.Start(wire.Handler(p.Handle))
}
