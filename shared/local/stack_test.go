package local

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/smtp"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/userops/userops/shared/standin/lambda"
	"github.com/userops/userops/shared/standin/sam"
	"github.com/userops/userops/shared/standin/sqs"
)

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
	refused := new(atomic.Int64)
	broken.Store("coal", refused)
	defer broken.Delete("coal")
	clock := newClock()
	out := newScreen()
	s := stack(t, Options{Out: out, Clock: clock.now})
	if status, _ := request(t, s, "POST", "/orders/coal"); status != 202 {
		t.Fatal(status)
	}
	out.await(t, "ready in")
	// It is tried twice, five seconds apart.
	for tried := range int64(2) {
		await(t, func() bool { return refused.Load() == tried+1 && !s.host.Busy() && flights(t, s) == 1 })
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
	for _, name := range []string{"orders", "OrdersQueue", "ORDERSQUEUE", "ordersdead", "local-Orders"} {
		if n, err := Redrive(context.Background(), Options{}, s.Addresses(), name); err != nil || n != 0 {
			t.Errorf("by the name %s: %d moved, %v", name, n, err)
		}
	}
	if _, err := Redrive(context.Background(), Options{}, s.Addresses(), "Queue"); err == nil || !strings.Contains(err.Error(), "no queue Queue with dead letters") {
		t.Errorf("no more than the suffix: %v", err)
	}
	if _, err := Redrive(context.Background(), Options{}, s.Addresses(), "Nothing"); err == nil || !strings.Contains(err.Error(), "it has Orders") {
		t.Errorf("an unknown queue: %v", err)
	}
}

// A function that says when a job comes again is not overruled by the lease of its mapping.
func TestFunctionPostpones(t *testing.T) {
	text, err := os.ReadFile("testdata/counter.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("VisibilityTimeout: 5"), []byte("VisibilityTimeout: 60"))
	text = bytes.ReplaceAll(text, []byte("{TABLE: !Ref Counts}"), []byte("{TABLE: !Ref Counts, QUEUE: !Ref Orders}"))
	text = bytes.ReplaceAll(text, []byte("          - {Effect: Allow, Action: dynamodb:PutItem"),
		[]byte("          - {Effect: Allow, Action: sqs:ChangeMessageVisibility, Resource: !GetAtt Orders.Arn}\n          - {Effect: Allow, Action: dynamodb:PutItem"))
	path := filepath.Join(t.TempDir(), "t.yaml")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	received := make(chan int, 10)
	postpone := func(env map[string]string) (lambda.Handler, error) {
		queue := awssqs.NewFromConfig(sdk(env), func(o *awssqs.Options) { o.BaseEndpoint = aws.String(env["AWS_ENDPOINT_URL_SQS"]) })
		var receipts atomic.Int32
		return func(ctx context.Context, event []byte) ([]byte, error) {
			var e struct {
				Records []struct{ MessageID, ReceiptHandle string }
			}
			if err := json.Unmarshal(event, &e); err != nil || len(e.Records) != 1 {
				return []byte("{}"), err
			}
			n := receipts.Add(1)
			received <- int(n)
			if n > 1 {
				return nil, nil
			}
			_, err := queue.ChangeMessageVisibility(ctx, &awssqs.ChangeMessageVisibilityInput{
				QueueUrl: aws.String(env["QUEUE"]), ReceiptHandle: &e.Records[0].ReceiptHandle, VisibilityTimeout: 1})
			return []byte(`{"batchItemFailures":[{"itemIdentifier":"` + e.Records[0].MessageID + `"}]}`), err
		}, nil
	}
	s, err := Start(context.Background(), Options{TemplatePath: path, Handlers: map[string]func(map[string]string) (lambda.Handler, error){"take": take, "count": postpone}})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, s)
	if status, body := request(t, s, "POST", "/orders/tea"); status != 202 {
		t.Fatalf("%d %s", status, body)
	}
	for want := 1; want <= 2; want++ {
		select {
		case <-received:
		case <-time.After(10 * time.Second):
			t.Fatalf("receipt %d never came: the lease overruled the function", want)
		}
	}
	idle(t, s)
}

// An event of a schedule that fails too often goes where its function says.
func TestEventIsGivenUp(t *testing.T) {
	out := newScreen()
	s := stack(t, Options{Out: out})
	if err := s.host.Enqueue("local-Count", []byte(`{"kind":"broken"}`)); err != nil {
		t.Fatal(err)
	}
	out.await(t, "Count gave up an event of its schedule after 1 attempt (RetriesExhausted): *errors.errorString: no luck")
	q, _ := s.tmpl.Queue("OrdersDead")
	got, err := s.queue.ReceiveMessage(context.Background(), &awssqs.ReceiveMessageInput{QueueUrl: &q.URL, WaitTimeSeconds: 5})
	if err != nil || len(got.Messages) != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	var record struct {
		RequestPayload  struct{ Kind string }
		ResponsePayload struct{ ErrorMessage string }
		RequestContext  struct{ Condition, FunctionArn string }
	}
	if err := json.Unmarshal([]byte(*got.Messages[0].Body), &record); err != nil {
		t.Fatal(err)
	}
	if record.RequestPayload.Kind != "broken" || record.ResponsePayload.ErrorMessage != "no luck" || record.RequestContext.Condition != "RetriesExhausted" ||
		record.RequestContext.FunctionArn != "arn:aws:lambda:us-east-1:000000000000:function:local-Count:$LATEST" {
		t.Errorf("the record is %s", *got.Messages[0].Body)
	}
}

func TestManyDeadLettersAreFewLines(t *testing.T) {
	out := newScreen()
	s := &Stack{o: Options{Out: out}, tmpl: &sam.Template{}}
	for range 1000 {
		s.deadLettered(sqs.DeadLetter{Queue: "q", DeadLetterQueue: "d", MessageID: "m", Receives: 5})
	}
	if text := out.await(t, "999 more messages of q"); strings.Count(text, "\n") != 2 {
		t.Errorf("it says\n%s", text)
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

// What other runners of the functions are given leads to this stack's tables and queues.
func TestVariables(t *testing.T) {
	s := stack(t, Options{NoIntake: true})
	a := s.Addresses()
	got, err := Variables(s.o, a)
	want := map[string]map[string]string{
		"Take":  {"QUEUE": a.SQS + "/000000000000/local-Orders", "GREETING": "hello", "AWS_ENDPOINT_URL_DYNAMODB": a.DynamoDB, "AWS_ENDPOINT_URL_SQS": a.SQS, "AWS_ENDPOINT_URL_S3": a.S3, "AWS_ENDPOINT_URL_SSM": a.SSM},
		"Count": {"TABLE": "local-Counts", "AWS_ENDPOINT_URL_DYNAMODB": a.DynamoDB, "AWS_ENDPOINT_URL_SQS": a.SQS, "AWS_ENDPOINT_URL_S3": a.S3, "AWS_ENDPOINT_URL_SSM": a.SSM},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v, want %v", got, err, want)
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

func TestInbox(t *testing.T) {
	s := stack(t, Options{Inbox: true})
	if err := smtp.SendMail(s.Addresses().SMTP, nil, "shop@example.com", []string{"ann@example.com"}, []byte("Subject: hello\r\n\r\nTea is ready.\r\n")); err != nil {
		t.Fatal(err)
	}
	if status, body := request(t, s, "GET", "/local/inbox.json"); status != 200 || !strings.Contains(body, "ann@example.com") || !strings.Contains(body, "Tea is ready.") {
		t.Errorf("%d %s", status, body)
	}
}
