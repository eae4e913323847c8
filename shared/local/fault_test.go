package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/standin/lambda"
)

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
		{"no address", func(o *Options) { o.GatewayAddr = "nonsense" }, "GATEWAY_ADDR nonsense is no address; write host:port, as in GATEWAY_ADDR=127.0.0.1:0"},
		{"port out of range", func(o *Options) { o.SQSAddr = "127.0.0.1:65536" }, "SQS_ADDR 127.0.0.1:65536 is no address; write host:port"},
		{"address of another machine", func(o *Options) { o.SQSAddr = "192.0.2.1:1" }, "SQS_ADDR 192.0.2.1:1 cannot be used (cannot assign requested address); name an address of this machine"},
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

func TestFolderInUse(t *testing.T) {
	dir := t.TempDir()
	s := stack(t, Options{DataDir: dir})
	_, err := Start(context.Background(), Options{TemplatePath: "testdata/counter.yaml", Handlers: functions, DataDir: dir})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("a stack on the data folder "+dir+" already runs as process %d; stop that one, or choose another with DATA=", os.Getpid())) {
		t.Errorf("got %v", err)
	}
	// The folder tells it before the ports that the other one has.
	_, err = Start(context.Background(), Options{TemplatePath: "testdata/counter.yaml", Handlers: functions, DataDir: dir, GatewayAddr: strings.TrimPrefix(s.Addresses().Gateway, "http://")})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("already runs as process %d", os.Getpid())) {
		t.Errorf("with the same port: %v", err)
	}
	if a, err := ReadAddresses(dir); err != nil || a != s.Addresses() {
		t.Errorf("addresses are %+v, %v", a, err)
	}
	stop(t, s)
	if _, err := ReadAddresses(dir); err == nil {
		t.Error("the addresses of a stopped stack are still there")
	}
}

// A store that is damaged, emptied or gone is told in one line, and what is left of it stays as it is.
func TestLostStores(t *testing.T) {
	kept := t.TempDir()
	o := Options{TemplatePath: "testdata/counter.yaml", Handlers: functions, DataDir: kept}
	s := stack(t, o)
	if status, body := request(t, s, "POST", "/orders/1"); status != 202 {
		t.Fatalf("an order is answered with %d %s", status, body)
	}
	stop(t, s)
	cut := func(parts int64) func(string) error {
		return func(path string) error {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			return os.Truncate(path, info.Size()*parts/2)
		}
	}
	const half, empty = 1, 0
	scribble := func(path string) error {
		data, err := os.ReadFile(path)
		for i := 8192; i < len(data); i++ {
			data[i] ^= byte(i * 7)
		}
		return errors.Join(err, os.WriteFile(path, data, 0o600))
	}
	for _, c := range []struct {
		name, file, want string
		harm             func(path string) error
	}{
		{"cut tables", "dynamodb.db", "dynamodb.db is damaged: page ", cut(half)},
		{"cut queues", "sqs.db", "sqs.db is damaged: page ", cut(half)},
		{"tables scribbled over", "dynamodb.db", "dynamodb.db is damaged: page ", scribble},
		{"queues scribbled over", "sqs.db", "sqs.db is damaged: page ", scribble},
		{"emptied tables", "dynamodb.db", "dynamodb.db is empty, and stack.json tells that it was not", cut(empty)},
		{"emptied queues", "sqs.db", "sqs.db is empty, and", cut(empty)},
		{"emptied journal", "dynamodb.db.journal", "dynamodb.db.journal is empty, and", cut(empty)},
		{"no tables", "dynamodb.db", "dynamodb.db is missing, and stack.json tells that there was one", os.Remove},
		{"no queues", "sqs.db", "sqs.db is missing, and", os.Remove},
		{"no journal", "dynamodb.db.journal", "dynamodb.db.journal is missing, and", os.Remove},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(kept)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, c.file)
			if err := c.harm(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(path)
			bad := o
			bad.DataDir = dir
			_, err := Start(context.Background(), bad)
			if err == nil || !strings.HasPrefix(err.Error(), dir) || !strings.Contains(err.Error(), c.want) || !strings.HasSuffix(err.Error(), "; restore it, or choose another folder with DATA=") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			after, err := os.ReadFile(path)
			if !bytes.Equal(before, after) || (err != nil) != strings.Contains(c.want, "missing") {
				t.Errorf("%s had %d bytes and has %d, %v", c.file, len(before), len(after), err)
			}
		})
	}
	// Nothing is missing where another endpoint was used.
	other := t.TempDir()
	first := stack(t, Options{TemplatePath: "testdata/counter.yaml", Handlers: functions})
	elsewhere := o
	elsewhere.DataDir, elsewhere.SQSEndpoint = other, first.Addresses().SQS
	stop(t, stack(t, elsewhere))
	elsewhere.SQSEndpoint = ""
	stop(t, stack(t, elsewhere))
	if err := os.Remove(filepath.Join(other, "sqs.db")); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(context.Background(), elsewhere); err == nil || !strings.Contains(err.Error(), "sqs.db is missing") {
		t.Errorf("queues that were kept at last: %v", err)
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
