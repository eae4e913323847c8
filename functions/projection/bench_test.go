package projection

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/live"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/outbox"
)

// memory is a dynamo.API without a wire: it keeps items by key and judges no condition, so that a benchmark measures the
// program and neither the SDK nor a server.
type memory struct {
	dynamo.API
	mu    sync.Mutex
	items map[string]map[string]types.AttributeValue
}

func (m *memory) key(key map[string]types.AttributeValue) string {
	return key["pk"].(*types.AttributeValueMemberS).Value + "\x00" + key["sk"].(*types.AttributeValueMemberS).Value
}

func (m *memory) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &dynamodb.GetItemOutput{Item: m.items[m.key(in.Key)]}, nil
}

func (m *memory) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{}}
	for table, keys := range in.RequestItems {
		for _, key := range keys.Keys {
			if i := m.items[m.key(key)]; i != nil {
				out.Responses[table] = append(out.Responses[table], i)
			}
		}
	}
	return out, nil
}

func (m *memory) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return &dynamodb.QueryOutput{}, nil
}

func (m *memory) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items[m.key(in.Item)] = in.Item
	return &dynamodb.PutItemOutput{}, nil
}

func (m *memory) BatchWriteItem(_ context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, writes := range in.RequestItems {
		for _, w := range writes {
			m.items[m.key(w.PutRequest.Item)] = w.PutRequest.Item
		}
	}
	return &dynamodb.BatchWriteItemOutput{}, nil
}

func (m *memory) TransactWriteItems(_ context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range in.TransactItems {
		m.items[m.key(w.Put.Item)] = w.Put.Item
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

type nowhere struct{}

func (nowhere) Send(context.Context, any) error                       { return nil }
func (nowhere) Postpone(context.Context, string, time.Duration) error { return nil }

// view600 is a product view of about 600 bytes, as a browser sends it.
func view600(n, person int) event.Event {
	at := t0.Add(time.Duration(n) * time.Second)
	return event.Event{
		MessageID: fmt.Sprintf("ajs-%032d", n), Kind: event.Track, UserID: fmt.Sprint("user-", person), Name: "Product Viewed",
		Properties: json.RawMessage(fmt.Sprintf(`{"product_id":"p-%d","sku":"sku-%d","category":"tea","name":"Longjing %d","brand":"West Lake","price":%d.50,"quantity":1,"currency":"CNY"}`, n%97, n%97, n%97, n%300)),
		Context:    json.RawMessage(`{"library":{"name":"analytics.js","version":"next-1.70.0"},"locale":"zh-CN","timezone":"Asia/Shanghai","page":{"path":"/tea/longjing","title":"Longjing tea","url":"https://shop.example/tea/longjing"}}`),
		Timestamp:  at, OriginalTimestamp: at, SentAt: at, ReceivedAt: at,
	}
}

// cpu is the processor time that the process has taken so far, the garbage collector's included.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkProjection folds batches of 20 events, each of one person, ten batches an invocation; one operation is one invocation.
func BenchmarkProjection(b *testing.B) {
	const batches, size = 10, 20
	db := &memory{items: map[string]map[string]types.AttributeValue{}}
	p := &Process{
		Profiles: people.Profiles{DB: db, Table: "Profiles"}, Orders: people.Orders{DB: db, Table: "Profiles"}, Timeline: people.Timeline{DB: db, Table: "Timeline"},
		Rules: fixed{&Watch{}}, Outbox: outbox.Queues{job.ToSettlement: nowhere{}, job.ToOrchestration: nowhere{}, job.ToProjection: nowhere{}}, Self: nowhere{}, Postponer: nowhere{}, Currency: "CNY",
		Now: func() time.Time { return t0 }, Live: live.Begin(db, "Live", func() time.Time { return t0 }), Jitter: func(time.Duration) time.Duration { return 0 },
	}
	var bytes, n int
	var used time.Duration
	for b.Loop() {
		b.StopTimer()
		in := events.SQSEvent{}
		for i := range batches {
			j := job.Events{Source: "web"}
			for range size {
				j.Events = append(j.Events, view600(n, (n/size)%500))
				n++
			}
			body := functiontest.Body(b, j)
			bytes += len(body)
			in.Records = append(in.Records, events.SQSMessage{MessageId: fmt.Sprint(i), Body: body})
		}
		before := cpu(b)
		b.StartTimer()
		out, err := p.Handle(context.Background(), in)
		if err != nil || len(out.BatchItemFailures) > 0 {
			b.Fatal(err, out)
		}
		used += cpu(b) - before
	}
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N*batches*size)/1e3, "cpu-us/event")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batches*size)/1e3, "us/event")
	b.ReportMetric(float64(bytes)/float64(n), "bytes/event")
	item := 0
	for key, i := range db.items {
		if strings.HasPrefix(key, "p#") {
			item = max(item, len(i["b"].(*types.AttributeValueMemberB).Value))
		}
	}
	b.ReportMetric(float64(item), "profile-bytes")
}
