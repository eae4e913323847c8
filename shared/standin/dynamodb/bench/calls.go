//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type attributes = map[string]types.AttributeValue

func text(format string, args ...any) types.AttributeValue {
	return &types.AttributeValueMemberS{Value: fmt.Sprintf(format, args...)}
}

func num(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: fmt.Sprint(n)} }

// item is about 300 bytes on the wire and has one key of the index.
func item(pk, sk string, i int) attributes {
	return attributes{"pk": text("%s", pk), "sk": text("%s", sk), "gpk": text("g%d", i%1000), "type": text("page_view"), "ts": num(1700000000 + i),
		"amount": num(i % 977), "url": text("https://shop.example.com/p/123456789"), "ua": text("Mozilla/5.0 (X11; Linux x86_64)")}
}

var tableName = aws.String("bench")

type client struct{ *dynamodb.Client }

// detached gives net/http a body of its own: the SDK closes the one it passes while a fast server's answer still streams.
type detached struct{ client *http.Client }

func (d detached) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(b))
		r.ContentLength = int64(len(b))
	}
	return d.client.Do(r)
}

func newClient(endpoint string) *client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 128, 128
	return &client{dynamodb.NewFromConfig(aws.Config{
		Region: "us-east-1", HTTPClient: detached{&http.Client{Transport: transport}},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}, func(o *dynamodb.Options) { o.BaseEndpoint = &endpoint })}
}

// call is an operation that is measured; i grows from 0 for each worker, round keeps rounds apart.
type call struct {
	name string
	do   func(ctx context.Context, c *client, round, worker, i int) error
}

var calls = []call{
	{"PutItem", func(ctx context.Context, c *client, round, w, i int) error {
		_, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: tableName, Item: item(fmt.Sprintf("u%d-%d-%d", round, w, i/20), fmt.Sprintf("%06d", i), i)})
		return err
	}},
	{"UpdateItem", func(ctx context.Context, c *client, _, w, i int) error {
		_, err := c.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: tableName, Key: attributes{"pk": text("cnt%d", (w*7919+i)%1000), "sk": text("c")},
			UpdateExpression: aws.String("ADD n :d SET upd = :t"), ExpressionAttributeValues: attributes{":d": num(1), ":t": num(i)}})
		return err
	}},
	{"GetItem", func(ctx context.Context, c *client, _, _, i int) error {
		_, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: tableName, Key: attributes{"pk": text("seed%d", i%50), "sk": text("%06d", i%20)}})
		return err
	}},
	{"Query", func(ctx context.Context, c *client, _, _, i int) error {
		out, err := c.Query(ctx, &dynamodb.QueryInput{TableName: tableName, KeyConditionExpression: aws.String("pk=:p"),
			ExpressionAttributeValues: attributes{":p": text("seed%d", i%50)}})
		if err == nil && out.Count != 20 {
			err = fmt.Errorf("%d items", out.Count)
		}
		return err
	}},
	{"TransactWriteItems", func(ctx context.Context, c *client, round, w, i int) error {
		_, err := c.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: tableName, Item: item(fmt.Sprintf("tx%d-%d-%d", round, w, i), "p", i), ConditionExpression: aws.String("attribute_not_exists(pk)")}},
			{Update: &types.Update{TableName: tableName, Key: attributes{"pk": text("bal%d-%d", w, i%500), "sk": text("b")}, UpdateExpression: aws.String("ADD n :d"),
				ExpressionAttributeValues: attributes{":d": num(1)}}},
			{ConditionCheck: &types.ConditionCheck{TableName: tableName, Key: attributes{"pk": text("absent%d-%d", w, i), "sk": text("c")},
				ConditionExpression: aws.String("attribute_not_exists(pk)")}},
		}})
		return err
	}},
	{"BatchWriteItem", func(ctx context.Context, c *client, round, w, i int) error {
		return c.batch(ctx, func(k int) attributes { return item(fmt.Sprintf("b%d-%d-%d", round, w, i), fmt.Sprintf("%06d", k), k) })
	}},
	{"Scan", func(ctx context.Context, c *client, _, _, _ int) error {
		out, err := c.Scan(ctx, &dynamodb.ScanInput{TableName: tableName, Limit: aws.Int32(1000)})
		if err == nil && out.Count != 1000 {
			err = fmt.Errorf("%d items", out.Count)
		}
		return err
	}},
}

func (c *client) batch(ctx context.Context, make func(k int) attributes) error {
	var writes []types.WriteRequest
	for k := range 25 {
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: make(k)}})
	}
	out, err := c.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*tableName: writes}})
	if err == nil && len(out.UnprocessedItems) > 0 {
		err = fmt.Errorf("unprocessed items")
	}
	return err
}
