//go:build unix

package functions

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/functions/ingest"
	"github.com/userops/userops/functions/projection"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/wire"
)

// memory is DynamoDB without a wire: it keeps items by key and judges no condition.
type memory struct {
	dynamo.API
	items map[string]map[string]types.AttributeValue
	mu    sync.Mutex
}

func newMemory() *memory {
	return &memory{items: map[string]map[string]types.AttributeValue{}}
}

func place(table *string, key map[string]types.AttributeValue) string {
	return *table + "\x00" + key["pk"].(*types.AttributeValueMemberS).Value + "\x00" + key["sk"].(*types.AttributeValueMemberS).Value
}

func (m *memory) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &dynamodb.GetItemOutput{Item: m.items[place(in.TableName, in.Key)]}, nil
}

func (m *memory) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items[place(in.TableName, in.Item)] = in.Item
	return &dynamodb.PutItemOutput{}, nil
}

func (m *memory) TransactWriteItems(_ context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range in.TransactItems {
		m.items[place(w.Put.TableName, w.Put.Item)] = w.Put.Item
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

func (m *memory) BatchWriteItem(_ context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for table, writes := range in.RequestItems {
		for _, w := range writes {
			m.items[place(&table, w.PutRequest.Item)] = w.PutRequest.Item
		}
	}
	return &dynamodb.BatchWriteItemOutput{}, nil
}

func (m *memory) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return &dynamodb.QueryOutput{}, nil
}

// letters is SQS without a wire: it keeps the bodies that it is sent.
type letters struct {
	projection.QueueAPI
	bodies []string
}

func (l *letters) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	l.bodies = append(l.bodies, *in.MessageBody)
	return &sqs.SendMessageOutput{}, nil
}

// Rounds of device batches that the two functions get, so that the garbage collector has its part in the figure.
const (
	rounds         = 10
	peopleInRounds = 200
	eventsInRounds = rounds * peopleInRounds * 20
)

// gatewayEvents are the rounds as the gateway hands them to ingest.
func gatewayEvents(b *testing.B) [][]byte {
	b.Helper()
	c := newCrowd(20)
	people := make([]device, peopleInRounds)
	for i := range people {
		people[i] = c.device(fmt.Sprintf("user-%08d", i))
	}
	var out [][]byte
	for range rounds {
		for _, d := range people {
			r := batch(c.some(d, 20))
			raw, err := json.Marshal(events.APIGatewayV2HTTPRequest{
				Version: "2.0", RouteKey: "POST " + r.path, RawPath: r.path, Body: r.body,
				Headers:        map[string]string{"authorization": "Bearer " + serverKey, "content-type": "application/json", "content-length": fmt.Sprint(len(r.body)), "host": "shop.example"},
				RequestContext: events.APIGatewayV2HTTPRequestContext{RouteKey: "POST " + r.path, HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "POST", Path: r.path}},
			})
			if err != nil {
				b.Fatal(err)
			}
			out = append(out, raw)
		}
	}
	return out
}

func take(b *testing.B, ingest lambda.Handler, requests [][]byte) {
	b.Helper()
	for _, raw := range requests {
		out, err := ingest.Invoke(context.Background(), raw)
		if err != nil || !bytes.HasPrefix(out, []byte(`{"statusCode":200,`)) {
			b.Fatal(err, string(out))
		}
	}
}

func newIngest(queue *letters) lambda.Handler {
	p := ingest.New(ingest.Settings{ServerKeyHash: hashed(serverKey), Currency: "CNY"}, newMemory(), queue, time.Now)
	return wire.Handler(httpapi.Lambda(p.Handler()))
}

// BenchmarkIngest takes device batches of 20 from the gateway's JSON to the body for the queue and the answer, without the SDK.
func BenchmarkIngest(b *testing.B) {
	requests := gatewayEvents(b)
	var cpu time.Duration
	for range b.N {
		queue := &letters{}
		serve := newIngest(queue)
		began := cpuTime()
		take(b, serve, requests)
		cpu += cpuTime() - began
		if len(queue.bodies) != len(requests) {
			b.Fatalf("%d messages of %d requests", len(queue.bodies), len(requests))
		}
	}
	report(b, map[string]float64{"cpu_us_per_event": perEvent(cpu, b.N)})
}

func perEvent(cpu time.Duration, n int) float64 {
	return float64(cpu.Nanoseconds()) / 1e3 / float64(n) / eventsInRounds
}

// BenchmarkProjection folds the same batches, ten messages an invocation, without the SDK.
func BenchmarkProjection(b *testing.B) {
	sent := &letters{}
	take(b, newIngest(sent), gatewayEvents(b))
	var invocations [][]byte
	for from := 0; from < len(sent.bodies); from += 10 {
		in := events.SQSEvent{}
		for i, body := range sent.bodies[from : from+10] {
			in.Records = append(in.Records, events.SQSMessage{MessageId: fmt.Sprint(from + i), Body: body, EventSource: "aws:sqs"})
		}
		raw, err := json.Marshal(in)
		if err != nil {
			b.Fatal(err)
		}
		invocations = append(invocations, raw)
	}
	var cpu time.Duration
	for range b.N {
		db := newMemory()
		p := projection.New(projection.Settings{Profiles: "Profiles", Timeline: "Timeline", Catalog: "Catalog", Zone: time.UTC, Currency: "CNY"}, db, sent, time.Now)
		began := cpuTime()
		for _, raw := range invocations {
			if out, err := wire.Handler(p.Invoke).Invoke(context.Background(), raw); err != nil || string(out) != `{"batchItemFailures":null}` {
				b.Fatal(err, string(out))
			}
		}
		cpu += cpuTime() - began
		if want := peopleInRounds * (1 + rounds); len(db.items) != want {
			b.Fatalf("%d items, want %d profiles and packs", len(db.items), want)
		}
	}
	report(b, map[string]float64{"cpu_us_per_event": perEvent(cpu, b.N)})
}

func (m *memory) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{}}
	for table, ask := range in.RequestItems {
		for _, key := range ask.Keys {
			if item := m.items[place(&table, key)]; item != nil {
				out.Responses[table] = append(out.Responses[table], item)
			}
		}
	}
	return out, nil
}
