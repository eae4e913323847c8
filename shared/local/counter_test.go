package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	start "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/shared/standin/lambda"
)

// The test program plays the functions as well: linked as a function's bootstrap, it is started with the function's environment.
func TestMain(m *testing.M) {
	if dir := os.Getenv("KILLED_STACK"); dir != "" {
		killed(dir)
	}
	name := os.Getenv("AWS_LAMBDA_FUNCTION_NAME")
	if name == "" {
		os.Exit(m.Run())
	}
	env := map[string]string{}
	for _, kv := range os.Environ() {
		k, v, _ := strings.Cut(kv, "=")
		env[k] = v
	}
	handler, err := functions[strings.ToLower(strings.TrimPrefix(name, "local-"))](env)
	if err != nil {
		os.Exit(1)
	}
	fmt.Println(`{"time":"2026-11-21T00:00:00Z","level":"INFO","msg":"ready","function":"` + name + `"}`)
	start.Start(func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) { return handler(ctx, event) })
}

var functions = map[string]func(map[string]string) (lambda.Handler, error){"take": take, "count": tally}

func sdk(env map[string]string) aws.Config {
	return aws.Config{Region: env["AWS_REGION"], RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], "")}
}

// take queues an order and answers; "forbidden" does what it has no right to.
func take(env map[string]string) (lambda.Handler, error) {
	queue := awssqs.NewFromConfig(sdk(env), func(o *awssqs.Options) { o.BaseEndpoint = aws.String(env["AWS_ENDPOINT_URL_SQS"]) })
	db := awsdynamodb.NewFromConfig(sdk(env), func(o *awsdynamodb.Options) { o.BaseEndpoint = aws.String(env["AWS_ENDPOINT_URL_DYNAMODB"]) })
	return func(ctx context.Context, event []byte) ([]byte, error) {
		var e struct {
			RouteKey       string
			PathParameters map[string]string
		}
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		id := e.PathParameters["id"]
		switch {
		case e.RouteKey == "GET /greeting":
			return json.Marshal(map[string]any{"greeting": env["GREETING"]})
		case id == "forbidden":
			_, err := db.GetItem(ctx, &awsdynamodb.GetItemInput{TableName: aws.String("local-Counts"), Key: map[string]dbtypes.AttributeValue{"id": &dbtypes.AttributeValueMemberS{Value: "x"}}})
			return json.Marshal(map[string]any{"statusCode": 403, "body": fmt.Sprint(err)})
		}
		if _, err := queue.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: aws.String(env["QUEUE"]), MessageBody: &id}); err != nil {
			return nil, err
		}
		return json.Marshal(map[string]any{"statusCode": 202, "body": "taken"})
	}, nil
}

// broken makes tally refuse the order that it names, and counts how often it did: order -> *atomic.Int64.
var broken sync.Map

func tally(env map[string]string) (lambda.Handler, error) {
	db := awsdynamodb.NewFromConfig(sdk(env), func(o *awsdynamodb.Options) { o.BaseEndpoint = aws.String(env["AWS_ENDPOINT_URL_DYNAMODB"]) })
	return func(ctx context.Context, event []byte) ([]byte, error) {
		var e struct {
			Kind    string
			Wait    string
			Records []struct{ MessageID, Body string }
		}
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		type failure struct {
			ItemIdentifier string `json:"itemIdentifier"`
		}
		failures := []failure{}
		add := func(id string) error {
			_, err := db.UpdateItem(ctx, &awsdynamodb.UpdateItemInput{
				TableName: aws.String(env["TABLE"]), Key: map[string]dbtypes.AttributeValue{"id": &dbtypes.AttributeValueMemberS{Value: id}},
				UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: map[string]dbtypes.AttributeValue{":one": &dbtypes.AttributeValueMemberN{Value: "1"}},
			})
			return err
		}
		if e.Wait != "" {
			resp, err := http.Get(e.Wait)
			if err != nil {
				return nil, err
			}
			_ = resp.Body.Close()
		}
		if e.Kind == "broken" {
			return nil, errors.New("no luck")
		}
		if e.Kind != "" {
			return []byte(`{}`), add(e.Kind)
		}
		for _, r := range e.Records {
			if refused, bad := broken.Load(r.Body); bad {
				refused.(*atomic.Int64).Add(1)
				failures = append(failures, failure{r.MessageID})
			} else if err := add(r.Body); err != nil {
				return nil, err
			}
		}
		return json.Marshal(map[string]any{"batchItemFailures": failures})
	}, nil
}

// screen is an Out that can be waited on.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
	came *sync.Cond
}

func newScreen() *screen {
	s := &screen{}
	s.came = sync.NewCond(&s.mu)
	return s
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.came.Broadcast()
	return s.text.Write(p)
}

func (s *screen) await(t *testing.T, want string) string {
	t.Helper()
	late := false
	alarm := time.AfterFunc(10*time.Second, func() {
		s.mu.Lock()
		late = true
		s.mu.Unlock()
		s.came.Broadcast()
	})
	defer alarm.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !strings.Contains(s.text.String(), want) {
		if late {
			t.Fatalf("the screen never showed %q:\n%s", want, s.text.String())
		}
		s.came.Wait()
	}
	return s.text.String()
}

func stack(t *testing.T, o Options) *Stack {
	t.Helper()
	o.TemplatePath = "testdata/counter.yaml"
	if o.BuildDir == "" {
		o.Handlers = functions
	}
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Stack) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func idle(t *testing.T, s *Stack) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Idle(ctx); err != nil {
		t.Fatal(err)
	}
}

func request(t *testing.T, s *Stack, method, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, s.Addresses().Gateway+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func counted(t *testing.T, s *Stack, id string) string {
	t.Helper()
	out, err := s.db.GetItem(context.Background(), &awsdynamodb.GetItemInput{TableName: aws.String("local-Counts"), Key: map[string]dbtypes.AttributeValue{"id": &dbtypes.AttributeValueMemberS{Value: id}}})
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := out.Item["n"].(*dbtypes.AttributeValueMemberN); ok {
		return n.Value
	}
	return "0"
}

// programs links the test program as the bootstrap of both functions.
func programs(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"take", "count"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(self, filepath.Join(dir, name, "bootstrap")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type stepped struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *stepped { return &stepped{at: time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)} }

func (c *stepped) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *stepped) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t
}

func (c *stepped) step(d time.Duration) { c.set(c.now().Add(d)) }

func await(t *testing.T, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); {
		if time.Now().After(end) {
			t.Fatal("it never came to be")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func flights(t *testing.T, s *Stack) int {
	t.Helper()
	q, ok := s.tmpl.Queue("Orders")
	if !ok {
		t.Fatal(errors.New("no queue"))
	}
	out, err := s.queue.GetQueueAttributes(context.Background(), &awssqs.GetQueueAttributesInput{QueueUrl: &q.URL, AttributeNames: depthAttributes})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	_, _ = fmt.Sscan(out.Attributes["ApproximateNumberOfMessagesNotVisible"], &n)
	return n
}
