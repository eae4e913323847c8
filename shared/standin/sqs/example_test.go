package sqs_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/shared/standin/sqs"
)

// A stand-in for a test: a temporary store behind an HTTP server, and the SDK's client for it.
func Example() {
	engine, err := sqs.Open(sqs.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close()
	server := httptest.NewServer(engine)
	defer server.Close()

	client := awssqs.New(awssqs.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(server.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	ctx := context.Background()
	queue, err := client.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("jobs")})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("hello")}); err != nil {
		fmt.Println(err)
		return
	}
	answer, err := client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*answer.Messages[0].Body)
	// Output: hello
}
