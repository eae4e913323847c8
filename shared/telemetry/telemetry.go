// Package telemetry writes what a function did as JSON lines on its standard output: logs through log/slog, and counts in
// CloudWatch's embedded metric format. It is not a trace and keeps nothing in memory. The surprising thing: attributes
// whose names are those of personal data are masked whatever their value, so a careless log call leaks nothing; people appear
// in logs by profileId only.
package telemetry

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Namespace is where CloudWatch files every count.
const Namespace = "userops"

const masked = "[personal]"

// personal names the attributes that never reach a log, in lower case.
var personal = map[string]bool{
	"userid": true, "anonymousid": true, "previousid": true, "email": true, "phone": true, "address": true, "name": true, "ip": true,
	"traits": true, "properties": true, "context": true, "body": true, "event": true, "authorization": true, "key": true,
	"writekey": true, "userhash": true, "token": true, "openid": true, "unionid": true,
}

// Start makes a process tell what it does: what is logged through log/slog and what is counted goes to its standard output as JSON lines, each log line with
// the function's name and, inside an invocation, its request id. The lowest level written is LOG_LEVEL (debug, info, warn, error; info when unset or
// unknown). Before it nothing is counted, so that a test shows nothing but its own words.
func Start(function string) {
	slog.SetDefault(newLogger(os.Stdout, function, os.Getenv("LOG_LEVEL")))
	CountTo(os.Stdout)
}

// CountTo says where counts are written from now on, and answers where they were.
func CountTo(w io.Writer) (before io.Writer) {
	output.Lock()
	defer output.Unlock()
	before, output.to = output.to, w
	return before
}

func newLogger(w io.Writer, function, level string) *slog.Logger {
	var min slog.Level
	if min.UnmarshalText([]byte(level)) != nil {
		min = slog.LevelInfo
	}
	handler := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: min, ReplaceAttr: mask})
	return slog.New(requestHandler{handler}).With("function", function)
}

func mask(_ []string, a slog.Attr) slog.Attr {
	if personal[strings.ToLower(a.Key)] {
		return slog.String(a.Key, masked)
	}
	return a
}

// Invocation is the request id of the Lambda invocation that a context belongs to, empty for none.
func Invocation(ctx context.Context) string {
	if l, ok := lambdacontext.FromContext(ctx); ok {
		return l.AwsRequestID
	}
	return ""
}

// requestHandler adds the invocation's request id to every line.
type requestHandler struct{ slog.Handler }

func (h requestHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := Invocation(ctx); id != "" {
		r.AddAttrs(slog.String("requestId", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs)}
}

func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name)}
}

// output is where counts go, one line at a time.
var output = struct {
	sync.Mutex
	to io.Writer
}{to: io.Discard}

// Count adds n to a metric. dims are names and values in turn ("function", "ingest"); a value is one of few, never an id.
// Every call is a log line that is paid for: count exceptions and sums of a batch, not every request.
func Count(name string, n int, dims ...string) {
	output.Lock()
	defer output.Unlock()
	_ = writeCount(output.to, time.Now(), name, n, dims)
}

func writeCount(w io.Writer, at time.Time, name string, n int, dims []string) error {
	names := []string{}
	line := map[string]any{name: n}
	for i := 0; i+1 < len(dims); i += 2 {
		names = append(names, dims[i])
		line[dims[i]] = dims[i+1]
	}
	type metric struct{ Name, Unit string }
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []metric
	}
	line["_aws"] = map[string]any{
		"Timestamp":         at.UnixMilli(),
		"CloudWatchMetrics": []directive{{Namespace, [][]string{names}, []metric{{name, "Count"}}}},
	}
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
