// Command empty is a function that does nothing but load the SDK: what every function's start is measured against.
package main

import (
	"context"
	"log"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func main() {
	c, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	db, queue := dynamodb.NewFromConfig(c), sqs.NewFromConfig(c)
	lambda.Start(func(context.Context, struct{}) (bool, error) { return db != nil && queue != nil, nil })
}
