package local

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	start "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/userops/userops/shared/local/lambda"
	"github.com/userops/userops/shared/local/sqs"
	"github.com/userops/userops/shared/local/template"
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

// broken makes tally refuse the order that it names.
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
		if e.Kind != "" {
			return []byte(`{}`), add(e.Kind)
		}
		for _, r := range e.Records {
			if _, bad := broken.Load(r.Body); bad {
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

func TestOrdersAreCounted(t *testing.T) {
	for _, kind := range []string{"handlers", "programs"} {
		t.Run(kind, func(t *testing.T) {
			o := Options{Out: newScreen(), DataDir: filepath.Join(t.TempDir(), "data"), Parameters: map[string]string{"Greeting": "good day"}}
			if kind == "programs" {
				o.BuildDir = programs(t)
			}
			s := stack(t, o)
			for range 3 {
				if status, body := request(t, s, "POST", "/orders/tea"); status != 202 || body != "taken" {
					t.Fatalf("%d %s", status, body)
				}
			}
			if _, body := request(t, s, "GET", "/greeting"); body != `{"greeting":"good day"}` {
				t.Errorf("the greeting is %s", body)
			}
			idle(t, s)
			if n := counted(t, s, "tea"); n != "3" {
				t.Errorf("%s orders counted, want 3", n)
			}
			// A right that the template does not give is missing here too, and one that nothing used is named.
			if status, body := request(t, s, "POST", "/orders/forbidden"); status != 403 || !strings.Contains(body, "function/local-Take is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/local-Counts") {
				t.Errorf("%d %s", status, body)
			}
			var unused []string
			for _, g := range s.UnusedRights() {
				unused = append(unused, g.String())
			}
			want := []string{
				"local-Count dynamodb:DeleteItem arn:aws:dynamodb:us-east-1:000000000000:table/local-Counts",
				"local-Count dynamodb:PutItem arn:aws:dynamodb:us-east-1:000000000000:table/local-Ledger",
				"local-Take sqs:GetQueueAttributes arn:aws:sqs:us-east-1:000000000000:local-Orders",
			}
			if !reflect.DeepEqual(unused, want) {
				t.Errorf("unused rights are %v, want %v", unused, want)
			}
			var writes float64
			for _, u := range s.Usage() {
				if u.Function == "local-Count" && u.Action == "UpdateItem" {
					writes += u.WriteUnits
				}
			}
			if writes != 3 {
				t.Errorf("%g write units, want 3", writes)
			}
			// The data outlives the stack.
			stop(t, s)
			again := stack(t, o)
			if n := counted(t, again, "tea"); n != "3" {
				t.Errorf("after a restart %s orders are counted, want 3", n)
			}
		})
	}
}

func TestInvokeAlone(t *testing.T) {
	s := stack(t, Options{BuildDir: programs(t), NoIntake: true})
	out, err := s.InvokeAlone(context.Background(), "count", []byte(`{"Records":[{"messageId":"1","body":"tea"},{"messageId":"2","body":"tea"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	call := Usage{Function: "local-Count", Service: "dynamodb", Action: "UpdateItem", Resource: "local-Counts", Calls: 1, WriteUnits: 1}
	if out.Failed || string(out.Answer) != `{"batchItemFailures":[]}` || !reflect.DeepEqual(out.Calls, []Usage{call, call}) {
		t.Errorf("got %+v", out)
	}
	if len(out.Log) != 1 || !strings.Contains(out.Log[0], "INFO  count") || !strings.HasSuffix(out.Log[0], "ready function=local-Count") {
		t.Errorf("the log is %q", out.Log)
	}
	var text bytes.Buffer
	out.Print(&text)
	if !strings.Contains(text.String(), "call  dynamodb UpdateItem local-Counts  0 read, 1 write units\n") || !strings.Contains(text.String(), "2 calls, 0 read and 2 write units, 0 SQS requests") {
		t.Errorf("it prints\n%s", text.String())
	}
	for _, c := range []struct{ function, event, want string }{
		{"nobody", `{}`, "has no function nobody; it has take, count"}, {"count", `{`, "not JSON"},
	} {
		if _, err := s.InvokeAlone(context.Background(), c.function, []byte(c.event)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %q", c.function, c.event, err, c.want)
		}
	}
}

func TestDeadLetterAndRedrive(t *testing.T) {
	broken.Store("coal", true)
	defer broken.Delete("coal")
	clock := newClock()
	out := newScreen()
	s := stack(t, Options{Out: out, Clock: clock.now})
	if status, _ := request(t, s, "POST", "/orders/coal"); status != 202 {
		t.Fatal(status)
	}
	out.await(t, "ready in")
	// It is tried twice, five seconds apart.
	for range 2 {
		await(t, func() bool { return !s.host.Busy() && flights(t, s) == 1 })
		clock.step(6 * time.Second)
		s.Tick()
	}
	out.await(t, "dead letter: message ")
	if text := out.await(t, "make redrive QUEUE=Orders"); !strings.Contains(text, "of Orders was received 2 times and is now in OrdersDead") {
		t.Errorf("it says\n%s", text)
	}
	broken.Delete("coal")
	n, err := Redrive(context.Background(), Options{}, s.Addresses(), "Orders")
	if err != nil || n != 1 {
		t.Fatalf("%d moved, %v", n, err)
	}
	idle(t, s)
	if n := counted(t, s, "coal"); n != "1" {
		t.Errorf("%s counted, want 1", n)
	}
	if n, err := Redrive(context.Background(), Options{}, s.Addresses(), "OrdersDead"); err != nil || n != 0 {
		t.Errorf("by the name of the dead-letter queue: %d moved, %v", n, err)
	}
	if _, err := Redrive(context.Background(), Options{}, s.Addresses(), "Nothing"); err == nil || !strings.Contains(err.Error(), "it has Orders") {
		t.Errorf("an unknown queue: %v", err)
	}
}

func TestManyDeadLettersAreFewLines(t *testing.T) {
	out := newScreen()
	s := &Stack{o: Options{Out: out}, tmpl: &template.Template{}}
	for range 1000 {
		s.deadLettered(sqs.DeadLetter{Queue: "q", DeadLetterQueue: "d", MessageID: "m", Receives: 5})
	}
	if text := out.await(t, "999 more messages of q"); strings.Count(text, "\n") != 2 {
		t.Errorf("it says\n%s", text)
	}
}

// A stop lets what has begun come to its end, and nothing that was accepted is lost by it.
func TestStopFinishesWhatHasBegun(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	slow := func(env map[string]string) (lambda.Handler, error) {
		h, err := take(env)
		return func(ctx context.Context, event []byte) ([]byte, error) {
			close(entered)
			<-release
			return h(ctx, event)
		}, err
	}
	dir := t.TempDir()
	o := Options{TemplatePath: "testdata/counter.yaml", DataDir: dir, Handlers: map[string]func(map[string]string) (lambda.Handler, error){"take": slow, "count": tally}}
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		status int
		body   string
	}
	answers := make(chan answer, 1)
	go func() {
		status, body := request(t, s, "POST", "/orders/late")
		answers <- answer{status, body}
	}()
	<-entered
	stopped := make(chan struct{})
	go func() {
		stop(t, s)
		close(stopped)
	}()
	await(t, func() bool {
		resp, err := http.Get(s.Addresses().Gateway + "/local/usage")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err != nil
	})
	close(release)
	if a := <-answers; a.status != 202 {
		t.Errorf("the request that had begun got %d %s", a.status, a.body)
	}
	<-stopped
	again := stack(t, Options{DataDir: dir})
	idle(t, again)
	if n := counted(t, again, "late"); n != "1" {
		t.Errorf("%s counted, want 1", n)
	}
}

// The stand-ins can be swapped for anything that speaks the protocols: here, those of another stack.
func TestOtherEndpoints(t *testing.T) {
	elsewhere := stack(t, Options{NoIntake: true})
	out := newScreen()
	s := stack(t, Options{BuildDir: programs(t), Out: out, DynamoDBEndpoint: elsewhere.Addresses().DynamoDB, SQSEndpoint: elsewhere.Addresses().SQS})
	if text := out.await(t, "ready in"); strings.Count(text, "(not a stand-in)") != 2 {
		t.Errorf("it shows\n%s", text)
	}
	if status, body := request(t, s, "POST", "/orders/tea"); status != 202 {
		t.Fatalf("%d %s", status, body)
	}
	idle(t, s)
	if n := counted(t, elsewhere, "tea"); n != "1" {
		t.Errorf("%s counted elsewhere, want 1", n)
	}
}

// An event of a schedule that a program is busy with at a stop is finished too.
func TestStopWaitsForPrograms(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	gate := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-release
	}))
	defer gate.Close()
	dir := t.TempDir()
	s := stack(t, Options{DataDir: dir, BuildDir: programs(t)})
	if err := s.host.Enqueue("local-Count", []byte(`{"kind":"late","wait":"`+gate.URL+`"}`)); err != nil {
		t.Fatal(err)
	}
	<-entered
	stopped := make(chan struct{})
	go func() {
		stop(t, s)
		close(stopped)
	}()
	select {
	case <-stopped:
		t.Error("it stopped under the function's feet")
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	<-stopped
	if n := counted(t, stack(t, Options{DataDir: dir}), "late"); n != "1" {
		t.Errorf("%s counted, want 1", n)
	}
}

func TestSchedule(t *testing.T) {
	clock := newClock()
	s := stack(t, Options{Clock: clock.now})
	clock.set(time.Date(2026, 11, 22, 18, 59, 59, 0, time.UTC))
	s.Tick()
	idle(t, s)
	before := counted(t, s, "daily")
	clock.step(time.Second)
	s.Tick()
	await(t, func() bool { return counted(t, s, "daily") != before })
	if n := counted(t, s, "daily"); before != "1" || n != "2" {
		t.Errorf("%s runs before three o'clock and %s after, want 1 and 2", before, n)
	}
}

func TestBadInput(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	write := func(dir, name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name   string
		change func(o *Options)
		want   string
	}{
		{"no template", func(o *Options) { o.TemplatePath = "nowhere.yaml" }, "nowhere.yaml: the template cannot be read (no such file or directory); run in the folder"},
		{"malformed template", func(o *Options) {
			o.TemplatePath = write(o.DataDir, "t.yaml", "Resources:\n  A: {Type: AWS::SQS::Queue, Properties: {Visibility: 5}}\n")
		}, "t.yaml:2: A has Visibility"},
		{"unknown parameter", func(o *Options) { o.Parameters = map[string]string{"Greting": "x"} }, "no parameter Greting is declared"},
		{"bad schedule", func(o *Options) {
			text, _ := os.ReadFile("testdata/counter.yaml")
			o.TemplatePath = write(o.DataDir, "t.yaml", strings.Replace(string(text), "cron(0 3 * * ? *)", "cron(0 3 * * *)", 1))
		}, "has 5 fields"},
		{"port in use", func(o *Options) { o.SQSAddr = taken.Addr().String() }, "SQS_ADDR " + taken.Addr().String() + " cannot be used (address already in use); stop what listens there, or set SQS_ADDR=127.0.0.1:0"},
		{"no programs", func(o *Options) { o.Handlers, o.BuildDir = nil, "nowhere" }, "the program of function Take, nowhere/take/bootstrap, is missing; build it with `make build-local`"},
		{"newer data", func(o *Options) { write(o.DataDir, "stack.json", `{"version":2}`) }, "is of version 2, and this program knows 1"},
		{"damaged data", func(o *Options) { write(o.DataDir, "stack.json", `{"vers`) }, "stack.json is damaged"},
		{"data is a file", func(o *Options) { o.DataDir = write(o.DataDir, "file", "x") }, "not a directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			o := Options{TemplatePath: "testdata/counter.yaml", Handlers: functions, DataDir: dir}
			c.change(&o)
			before := listing(t, dir)
			_, err := Start(context.Background(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if after := listing(t, dir); !reflect.DeepEqual(before, after) {
				t.Errorf("the data folder held %v and holds %v", before, after)
			}
		})
	}
}

// The pages of this machine itself, beside the API.
func TestControl(t *testing.T) {
	s := stack(t, Options{})
	for _, c := range []struct {
		name, path, kind, body string
		status                 int
		want                   string
	}{
		{"a function", "/local/invoke/count", "application/json", `{"Records":[]}`, 200, `"answer":{"batchItemFailures":[]}`},
		{"from a form", "/local/invoke/count", "text/plain", `{"Records":[]}`, 405, "POST the event as application/json"},
		{"nobody", "/local/invoke/nobody", "application/json", `{}`, 400, "it has take, count"},
		{"not JSON", "/local/invoke/count", "application/json", `{`, 400, "not JSON"},
		{"usage", "/local/usage", "application/json", ``, 200, `"action":"CreateTable"`},
		{"no inbox", "/local/inbox", "application/json", ``, 404, "Not Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, err := http.Post(s.Addresses().Gateway+c.path, c.kind, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != c.status || !strings.Contains(string(body), c.want) {
				t.Errorf("%d %s, want %d %s", resp.StatusCode, body, c.status, c.want)
			}
		})
	}
}

func TestProvision(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		s := stack(t, Options{DataDir: dir})
		for table, want := range map[string]string{"local-Counts": "ttl", "local-Ledger": ""} {
			out, err := s.db.DescribeTimeToLive(context.Background(), &awsdynamodb.DescribeTimeToLiveInput{TableName: &table})
			if err != nil || aws.ToString(out.TimeToLiveDescription.AttributeName) != want {
				t.Errorf("the expiry of %s is %+v (%v), want %q", table, out.TimeToLiveDescription, err, want)
			}
		}
		q, _ := s.tmpl.Queue("Orders")
		out, err := s.queue.GetQueueAttributes(context.Background(), &awssqs.GetQueueAttributesInput{QueueUrl: &q.URL, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
		if err != nil || out.Attributes["VisibilityTimeout"] != "5" || out.Attributes["RedrivePolicy"] != q.Attributes["RedrivePolicy"] {
			t.Errorf("the queue has %v (%v)", out.Attributes, err)
		}
		stop(t, s)
	}
	// A table that the template has changed the key of is not touched.
	text, _ := os.ReadFile("testdata/counter.yaml")
	path := filepath.Join(t.TempDir(), "t.yaml")
	if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte("AttributeName: id"), []byte("AttributeName: key")), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Start(context.Background(), Options{TemplatePath: path, Handlers: functions, DataDir: dir})
	if err == nil || !strings.Contains(err.Error(), "has another key than in "+path) || !strings.Contains(err.Error(), "choose another with DATA=") {
		t.Errorf("got %v", err)
	}
}

// A process of an earlier start, which may outlive its stack for a moment, has no rights; a developer's own keys have all.
func TestKeysOfEarlierStarts(t *testing.T) {
	s := stack(t, Options{NoIntake: true})
	for key, allowed := range map[string]bool{"LAMBDALOCALTAKE17ABCD": false, "AKIAIOSFODNN7EXAMPLE": true, "dummy": true} {
		c := awsdynamodb.NewFromConfig(s.client(key, "x"), func(o *awsdynamodb.Options) { o.BaseEndpoint = aws.String(s.addresses.DynamoDB) })
		_, err := c.ListTables(context.Background(), &awsdynamodb.ListTablesInput{})
		if (err == nil) != allowed || !allowed && !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("%s: %v, want allowed %v", key, err, allowed)
		}
	}
}

func TestSchedulesKeepTheirOrigin(t *testing.T) {
	dir := t.TempDir()
	begin := time.Date(2026, 11, 21, 8, 30, 0, 500, time.UTC)
	for i, c := range []struct {
		expression string
		after      time.Duration
		want       time.Time
	}{
		{"rate(1 day)", 0, begin}, {"rate(1 day)", time.Hour, begin}, {"rate(2 days)", 2 * time.Hour, begin.Add(2 * time.Hour)}, {"rate(2 days)", 3 * time.Hour, begin.Add(2 * time.Hour)},
	} {
		f, err := openFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.origin(template.Schedule{Name: "s", Expression: c.expression}, begin.Add(c.after)); !got.Equal(c.want) {
			t.Errorf("start %d: %v, want %v", i, got, c.want)
		}
		if err := errors.Join(f.save(), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInbox(t *testing.T) {
	s := stack(t, Options{Inbox: true})
	if err := smtp.SendMail(s.Addresses().SMTP, nil, "shop@example.com", []string{"ann@example.com"}, []byte("Subject: hello\r\n\r\nTea is ready.\r\n")); err != nil {
		t.Fatal(err)
	}
	if status, body := request(t, s, "GET", "/local/inbox.json"); status != 200 || !strings.Contains(body, "ann@example.com") || !strings.Contains(body, "Tea is ready.") {
		t.Errorf("%d %s", status, body)
	}
}

// killed runs a stack for the test below until somebody kills it.
func killed(dir string) {
	s, err := Start(context.Background(), Options{TemplatePath: "testdata/counter.yaml", Handlers: functions, DataDir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.Addresses().Gateway)
	select {}
}

// Every order that was accepted before kill -9 is counted after a start, without any help.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	accepted := 0
	for range 2 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "KILLED_STACK="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		gateway, err := bufio.NewReader(out).ReadString('\n')
		if err != nil || !strings.HasPrefix(gateway, "http://") {
			t.Fatalf("%q %v", gateway, err)
		}
		s := &Stack{addresses: Addresses{Gateway: strings.TrimSpace(gateway)}}
		for range 40 {
			if status, _ := request(t, s, "POST", "/orders/tea"); status == 202 {
				accepted++
			}
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
	}
	// What was in flight is hidden for five seconds more: the next start is later than that.
	clock := newClock()
	clock.set(time.Now().Add(10 * time.Second))
	s := stack(t, Options{DataDir: dir, Clock: clock.now})
	idle(t, s)
	n, err := strconv.Atoi(counted(t, s, "tea"))
	if err != nil || accepted != 80 || n < accepted {
		t.Errorf("%d counted of %d accepted (%v)", n, accepted, err)
	}
}

func TestFolderInUse(t *testing.T) {
	dir := t.TempDir()
	s := stack(t, Options{DataDir: dir})
	_, err := Start(context.Background(), Options{TemplatePath: "testdata/counter.yaml", Handlers: functions, DataDir: dir})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("is in use by process %d; stop that one, or choose another with DATA=", os.Getpid())) {
		t.Errorf("got %v", err)
	}
	if a, err := ReadAddresses(dir); err != nil || a != s.Addresses() {
		t.Errorf("addresses are %+v, %v", a, err)
	}
	stop(t, s)
	if _, err := ReadAddresses(dir); err == nil {
		t.Error("the addresses of a stopped stack are still there")
	}
}

func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		out[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFormatLine(t *testing.T) {
	at := time.Date(2026, 11, 21, 8, 30, 0, 123e6, time.UTC)
	for _, c := range []struct {
		name string
		line lambda.Line
		want string
		ok   bool
	}{
		{"slog", lambda.Line{Text: `{"time":"x","level":"WARN","msg":"late order","n":3,"why":"no stock","s":"a"}`, RequestID: "0123456789"}, `08:30:00.123 WARN  ingest        01234567 late order n=3 why="no stock" s=a`, true},
		{"nested", lambda.Line{Text: `{"level":"INFO","msg":"x","o":{"a":[1]},"e":""}`}, `08:30:00.123 INFO  ingest        -        x o={"a":[1]} e=""`, true},
		{"plain", lambda.Line{Text: `panic: oh`}, `08:30:00.123 -     ingest        -        panic: oh`, true},
		{"platform", lambda.Line{Text: `Task timed out`, Level: "ERROR"}, `08:30:00.123 ERROR ingest        -        Task timed out`, true},
		{"broken JSON", lambda.Line{Text: `{"level":"INFO",`}, `08:30:00.123 -     ingest        -        {"level":"INFO",`, true},
		{"metrics", lambda.Line{Text: `{"_aws":{"Timestamp":1},"events":3}`}, ``, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.line.Time = at
			if got, ok := formatLine(c.line, "ingest"); got != c.want || ok != c.ok {
				t.Errorf("%q %v, want %q %v", got, ok, c.want, c.ok)
			}
		})
	}
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
