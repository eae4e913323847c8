package functions

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/functions/archive"
	"github.com/userops/userops/functions/console"
	"github.com/userops/userops/functions/dispatch"
	"github.com/userops/userops/functions/ingest"
	"github.com/userops/userops/functions/member"
	"github.com/userops/userops/functions/orchestration"
	"github.com/userops/userops/functions/pages"
	"github.com/userops/userops/functions/projection"
	"github.com/userops/userops/functions/redrive"
	"github.com/userops/userops/functions/reporting"
	"github.com/userops/userops/functions/segmentation"
	"github.com/userops/userops/functions/settlement"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/cloud"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/local"
	"github.com/userops/userops/shared/settings"
	standin "github.com/userops/userops/shared/standin/lambda"
	"github.com/userops/userops/shared/wire"
)

// programs are the functions as their bootstraps start them.
var programs = map[string]func(environment, aws.Config) lambda.Handler{
	"archive": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(archive.New(settingsFrom[archive.Settings](e), dynamodb.NewFromConfig(c), bucket.NewClient(c), sqs.NewFromConfig(c), time.Now).Invoke)
	},
	"console": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(httpapi.Lambda(console.New(settingsFrom[console.Settings](e), dynamodb.NewFromConfig(c), sqs.NewFromConfig(c), time.Now).Handler()))
	},
	"dispatch": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(dispatch.New(settingsFrom[dispatch.Settings](e), dynamodb.NewFromConfig(c), sqs.NewFromConfig(c), time.Now).Handle)
	},
	"ingest": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(httpapi.Lambda(ingest.New(settingsFrom[ingest.Settings](e), dynamodb.NewFromConfig(c), sqs.NewFromConfig(c), time.Now).Handler()))
	},
	"member": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(httpapi.Lambda(member.New(settingsFrom[member.Settings](e), dynamodb.NewFromConfig(c), sqs.NewFromConfig(c), time.Now).Handler()))
	},
	"orchestration": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(orchestration.New(settingsFrom[orchestration.Settings](e), dynamodb.NewFromConfig(c), sqs.NewFromConfig(c), time.Now).Handle)
	},
	"pages": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(httpapi.Lambda(pages.New(settingsFrom[pages.Settings](e), dynamodb.NewFromConfig(c), time.Now).Handler()))
	},
	"projection": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(projection.New(settingsFrom[projection.Settings](e), dynamodb.NewFromConfig(c), sqs.NewFromConfig(c), time.Now).Invoke)
	},
	"redrive": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(redrive.New(settingsFrom[redrive.Settings](e), dynamodb.NewFromConfig(c), sqs.NewFromConfig(c), time.Now).Handle)
	},
	"reporting": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(reporting.New(settingsFrom[reporting.Settings](e), dynamodb.NewFromConfig(c), bucket.NewClient(c), sqs.NewFromConfig(c), time.Now).Handle)
	},
	"segmentation": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(segmentation.New(settingsFrom[segmentation.Settings](e), dynamodb.NewFromConfig(c), bucket.NewClient(c), sqs.NewFromConfig(c), time.Now).Handle)
	},
	"settlement": func(e environment, c aws.Config) lambda.Handler {
		return wire.Handler(settlement.New(settingsFrom[settlement.Settings](e), dynamodb.NewFromConfig(c), sqs.NewFromConfig(c), time.Now).Handle)
	},
}

// environment answers what a variable is set to.
type environment func(name string) string

func settingsFrom[S any](e environment) S {
	var s S
	if err := settings.From(e, &s); err != nil {
		log.Fatal(err)
	}
	return s
}

// TestMain lets the test program play the functions too: linked as a function's bootstrap, it is started by the stack in a
// process of its own, with the function's environment and rights.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		for name, value := range map[string]string{"USER_HASH": userHashSecret, "SESSION": "test-session-secret", "WEBHOOK_SECRET": "test-webhook-secret", "SMS_SECRET": local.SMSSecret} {
			if err := os.Setenv(name, value); err != nil {
				log.Fatal(err)
			}
		}
		if stack := os.Getenv(stackVariable); stack != "" {
			log.Fatal(playStack(stack))
		}
		slog.SetDefault(slog.New(slog.NewTextHandler(&said, nil)))
		os.Exit(m.Run())
	}
	cfg, err := cloud.Config(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(programs[filepath.Base(filepath.Dir(os.Args[0]))](os.Getenv, cfg))
}

// patience bounds how long a test waits for what should come. It is for what never comes: a busy machine needs a minute for what takes a second.
const patience = 5 * time.Minute

// machine is a whole stack on free ports.
type machine struct {
	t     *testing.T
	stack *local.Stack // nil where the stack is a process of its own
	base  string
}

const (
	serverKey   = "test-server-key"
	operatorKey = "test-operator-key"
	// userHashSecret is that of `make run`, by which the documents' examples are signed.
	userHashSecret = "demo-user-hash-secret"
)

// parameters of the template for a stack under test.
func parameters() map[string]string {
	return map[string]string{
		"ServerKeyHash": hashed(serverKey), "OperatorKeyHash": hashed(operatorKey), "DefaultWriteKey": "test-write-key",
		"ShopTimeZone": "Asia/Shanghai",
	}
}

// options of a stack of the product's template with its data in a folder.
func options(data, gateway, build string, out io.Writer) local.Options {
	return local.Options{
		TemplatePath: filepath.Join("..", "template.yaml"), StackName: "test", BuildDir: build, DataDir: data, Inbox: true, Concurrency: 3,
		GatewayAddr: gateway, DynamoDBAddr: "127.0.0.1:0", SQSAddr: "127.0.0.1:0", LambdaAddr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0",
		Parameters: parameters(), Secrets: map[string]string{"/userops/user-hash": userHashSecret, "/userops/session": "test-session-secret", "/userops/webhook-secret": "test-webhook-secret", "/userops/sms-secret": local.SMSSecret},
		Defaults: func(a local.Addresses) map[string]string {
			return map[string]string{"DynamoDBEndpoint": a.DynamoDB, "SQSEndpoint": a.SQS, "S3Endpoint": a.S3, "SSMEndpoint": a.SSM, "ArchiveWindow": "1", "PublicUrl": a.Gateway, "PagesApi": a.Gateway, "SmtpAddress": a.SMTP, "MailFrom": "shop@shop.example",
				"SmsKeyId": local.SMSKeyID, "SmsSignName": "茶铺", "SmsEndpoint": a.Gateway + "/local/sms", "WebhookUrl": a.Gateway + "/local/webhook/shop"}
		},
		Out: out,
	}
}

// buildFolder links the test program as the bootstrap of every function.
func buildFolder(folder string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	for name := range programs {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
			return "", err
		}
		if err := os.Symlink(self, filepath.Join(folder, name, "bootstrap")); err != nil && !os.IsExist(err) {
			return "", err
		}
	}
	return folder, nil
}

// newMachine starts the stack of template.yaml with its data in a folder; it stops with the test.
func newMachine(t *testing.T, data string) *machine {
	t.Helper()
	return newMachineWith(t, data, nil)
}

// newMachineWith is newMachine with more parameters of the template.
func newMachineWith(t *testing.T, data string, more map[string]string) *machine {
	t.Helper()
	o := options(data, "127.0.0.1:0", "", newTestLog(t))
	maps.Copy(o.Parameters, more)
	return inside(t, o)
}

// inside is a stack whose functions are in this program, each with its own rights. It starts at once: programs in processes of their own take seconds on a machine that is busy, and ten
// of them are the most that some clients wait for an answer.
func inside(t *testing.T, o local.Options) *machine {
	t.Helper()
	o.Handlers = playedInside()
	return begun(t, o)
}

// playedInside are the functions inside this program, made from the environment that a stack gives each.
func playedInside() map[string]func(map[string]string) (standin.Handler, error) {
	all := map[string]func(map[string]string) (standin.Handler, error){}
	for name, program := range programs {
		all[name] = func(variables map[string]string) (standin.Handler, error) {
			variables["SECRETS_PATH"] = "" // so they are TestMain's: the store of secrets asks the environment of the process
			e := func(name string) string { return variables[name] }
			cfg, err := cloud.From(e)
			if err != nil {
				return nil, err
			}
			return program(e, cfg).Invoke, nil
		}
	}
	return all
}

// outside is a stack whose functions are processes, as they are deployed, which this test program plays.
func outside(t *testing.T, data string) *machine {
	t.Helper()
	build, err := buildFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return begun(t, options(data, "127.0.0.1:0", build, newTestLog(t)))
}

// begun is a stack that stops with the test.
func begun(t *testing.T, o local.Options) *machine {
	t.Helper()
	stack, err := local.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	m, from := &machine{t: t, stack: stack, base: stack.Addresses().Gateway}, said.now()
	t.Cleanup(m.stop)
	t.Cleanup(func() {
		if text := said.since(from); text != "" && (t.Failed() || testing.Verbose()) {
			t.Logf("the functions said:\n%s", text)
		}
	})
	return m
}

func (m *machine) stop() {
	if m.stack == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := m.stack.Stop(ctx); err != nil {
		m.t.Errorf("stopping the stack: %v", err)
	}
	m.stack = nil
}

// testLog shows what the stack says only if the test fails. What is said once the test is over is lost: nobody may log then.
type testLog struct {
	mu sync.Mutex
	t  *testing.T // nil once it is over
}

func newTestLog(t *testing.T) *testLog {
	l := &testLog{t: t}
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.t = nil
	})
	return l
}

func (l *testLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.t != nil {
		l.t.Log(strings.TrimRight(string(p), "\n"))
	}
	return len(p), nil
}

// ask is one request, whatever the answer.
func (m *machine) ask(method, path, key, body string) (int, []byte) {
	m.t.Helper()
	r, err := http.NewRequest(method, m.base+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return answer.StatusCode, text
}

// call is ask, and decodes the answer; any status but the wanted one fails the test.
func (m *machine) call(want int, method, path, key, body string, out any) string {
	m.t.Helper()
	status, text := m.ask(method, path, key, body)
	// Operators' routes are throttled, and who waits for something asks often.
	for deadline := time.Now().Add(patience); status == http.StatusTooManyRequests && status != want && time.Now().Before(deadline); status, text = m.ask(method, path, key, body) {
		<-time.After(50 * time.Millisecond)
	}
	if status != want {
		m.t.Fatalf("%s %s: %d %s, want %d", method, path, status, text, want)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			m.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return string(text)
}

// idle waits until everything that follows from what was sent is done.
func (m *machine) idle() {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := m.stack.Idle(ctx); err != nil {
		m.t.Fatalf("the stack does not come to rest: %v", err)
	}
}

// run makes a segmentation run and waits for its end.
func (m *machine) run(body string) runReport {
	m.t.Helper()
	var started struct{ RunID string }
	m.call(http.StatusAccepted, "POST", "/v1/runs", operatorKey, body, &started)
	m.idle()
	var report runReport
	m.call(http.StatusOK, "GET", "/v1/runs/"+started.RunID, operatorKey, "", &report)
	if report.State != "finished" {
		m.t.Fatalf("run %s is %s", started.RunID, report.State)
	}
	return report
}

type runReport struct {
	State    string
	Profiles int
	Changed  int
	Counts   map[string]map[string]int
}

// roleKeys is a parameter OperatorKeys with an operator of each role, and keyOf the key of that one.
func roleKeys() string {
	var keys []string
	for _, role := range access.Roles() {
		keys = append(keys, fmt.Sprintf("the %s:%s:%s", role, role, hashed(keyOf(role))))
	}
	return strings.Join(keys, ",")
}

func keyOf(role access.Role) string { return "key-of-" + string(role) }

func hashed(key string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(key))) }
