package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

func TestLoggerAddsFunctionAndRequest(t *testing.T) {
	var out bytes.Buffer
	ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "r-1"})
	newLogger(&out, "ingest", "").With("profileId", "p").InfoContext(ctx, "hello")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line["function"] != "ingest" || line["requestId"] != "r-1" || line["profileId"] != "p" || line["msg"] != "hello" {
		t.Errorf("got %v", line)
	}
}

func TestLoggerMasksPersonalData(t *testing.T) {
	var out bytes.Buffer
	log := newLogger(&out, "ingest", "debug").WithGroup("g")
	log.Info("x", "userId", "zhang-san", "Email", "zhang@example.com", slog.Group("in", "phone", "13800000000"), "writeKey", "wk-1")
	for _, secret := range []string{"zhang", "13800000000", "wk-1"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is in %s", secret, out.String())
		}
	}
	if n := strings.Count(out.String(), masked); n != 4 {
		t.Errorf("masked %d attributes, want 4: %s", n, out.String())
	}
}

func TestLoggerLevel(t *testing.T) {
	for level, want := range map[string]int{"": 1, "debug": 2, "ERROR": 0, "loud": 1} {
		var out bytes.Buffer
		log := newLogger(&out, "f", level)
		log.Debug("a")
		log.Info("b")
		if got := strings.Count(out.String(), "\n"); got != want {
			t.Errorf("level %q wrote %d lines, want %d", level, got, want)
		}
	}
}

func TestCountIsAnEmbeddedMetric(t *testing.T) {
	var out bytes.Buffer
	if err := writeCount(&out, time.UnixMilli(1763712000000), "refused", 3, []string{"function", "ingest"}); err != nil {
		t.Fatal(err)
	}
	want := `{"_aws":{"CloudWatchMetrics":[{"Namespace":"userops","Dimensions":[["function"]],"Metrics":[{"Name":"refused","Unit":"Count"}]}],` +
		`"Timestamp":1763712000000},"function":"ingest","refused":3}` + "\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
