package local

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/local/lambda"
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
