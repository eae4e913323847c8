package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/cloud"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/local"
	"github.com/userops/userops/shared/shop"
	"github.com/userops/userops/shared/shop/format"
)

// child is the stack in a process of its own, which a test can kill.
type child struct {
	t       *testing.T
	how     string
	data    string
	gateway string // the same after a restart, so that a client finds it again
	cmd     *exec.Cmd
	at      local.Addresses
}

// number is a setting of the environment, from 1 on.
func number(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return usual
}

// stackVariable tells the test program to play the stack: the data folder and the gateway's address.
const stackVariable = "USEROPS_TEST_STACK"

// howVariable says how a child plays it.
const howVariable = "USEROPS_TEST_HOW"

const (
	// asDeployed has functions that are processes of their own, which a test may kill one by one.
	asDeployed = ""
	// hastily is asDeployed with a template whose jobs come back within half a minute after a crash, instead of six or thirty.
	hastily = "hastily"
	// inOne has the functions in the process of the stack: they end with it in any case.
	inOne = "in one"
)

// hasty writes such a template into a folder.
func hasty(folder string) (string, error) {
	text, err := os.ReadFile(filepath.Join("..", "template.yaml"))
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "template.yaml")
	short := regexp.MustCompile(`\b(Visibility)?Timeout: \d+`).ReplaceAll(text, []byte("${1}Timeout: 25"))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	return file, os.WriteFile(file, short, 0o644)
}

func startChild(t *testing.T, how string) *child {
	t.Helper()
	c := &child{t: t, how: how, data: t.TempDir(), gateway: freeAddress(t)}
	c.start()
	t.Cleanup(c.kill)
	return c
}

// freeAddress is one that stays free while nobody listens there: its port is below those that the system gives to connections by itself (from 32768 on by Linux), of which one would
// be taken sooner or later.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		free, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.N(12_000)))
		if err != nil {
			continue
		}
		if err := free.Close(); err != nil {
			t.Fatal(err)
		}
		return free.Addr().String()
	}
	t.Fatal("no port is free")
	return ""
}

func (c *child) start() {
	c.t.Helper()
	self, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	c.cmd = exec.Command(self)
	c.cmd.Env = append(os.Environ(), stackVariable+"="+c.data+" "+c.gateway, howVariable+"="+c.how)
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	c.cmd.Stderr = os.Stderr
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	if err := json.NewDecoder(out).Decode(&c.at); err != nil {
		c.t.Fatalf("the stack did not start: %v", err)
	}
}

// kill is kill -9; the functions' processes die with the stack.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// playStack is what the child does: run the stack until it is killed.
func playStack(arguments string) error {
	data, gateway, _ := strings.Cut(arguments, " ")
	build, err := buildFolder(data + "-build")
	if err != nil {
		return err
	}
	o := options(data, gateway, build, io.Discard)
	switch os.Getenv(howVariable) {
	case inOne:
		o.Handlers = playedInside()
		slog.SetDefault(slog.New(slog.DiscardHandler)) // as what programs of the stack log goes nowhere
	case hastily:
		if o.TemplatePath, err = hasty(data + "-template"); err != nil {
			return err
		}
	}
	stack, err := local.Start(context.Background(), o)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(stack.Addresses()); err != nil {
		return err
	}
	select {}
}

func (c *child) client() *shop.Client {
	return &shop.Client{Base: "http://" + c.gateway, ServerKey: serverKey, OperatorKey: operatorKey, HTTP: &http.Client{}, Patience: patience,
		Sleep: func(ctx context.Context, d time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(min(d, 200*time.Millisecond)):
				return nil
			}
		}}
}

// killer kills and restarts the stack when so many batches were answered.
type killer struct {
	http.RoundTripper
	after int
	kill  func()

	mu sync.Mutex
	n  int
}

func (k *killer) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := k.RoundTripper.RoundTrip(r)
	if err == nil && strings.HasSuffix(r.URL.Path, "/batch") {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.n++; k.n == k.after {
			k.kill()
		}
	}
	return answer, err
}

func (c *child) load(file string, f format.Format, client *shop.Client) *shop.Account {
	c.t.Helper()
	progress := &shop.Progress{Out: io.Discard, Now: time.Now}
	account, err := shop.Import{Client: client, Progress: progress, File: file, Format: f}.Run(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Logf("%d events sent in %v, projected after %v", account.Sent, account.Sending, account.Projected)
	if account.Dead != 0 {
		c.t.Errorf("%d jobs were dead-lettered", account.Dead)
	}
	return account
}

// people reads every profile from the stand-in, by userId.
func (c *child) people() map[string]*profile.Profile {
	c.t.Helper()
	db := dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: aws.String(c.at.DynamoDB), HTTPClient: cloud.Client(),
		Credentials: credentials.NewStaticCredentialsProvider("developer", "developer", "")})
	all := map[string]*profile.Profile{}
	_, err := people.Profiles{DB: db, Table: "test-Profiles"}.ScanShard(context.Background(), 0, 1, "", func(page people.ScanPage) error {
		for _, p := range page.Profiles {
			all[p.UserID()] = p
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}
