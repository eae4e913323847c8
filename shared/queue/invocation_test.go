package queue

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

func TestParseInvocation(t *testing.T) {
	for _, c := range []struct {
		raw      string
		records  int
		schedule string
		fault    string
	}{
		{`{"Records":[{"messageId":"a"},{"messageId":"b"}]}`, 2, "", ""},
		{`{"Records":[]}`, 0, "", ""},
		{`{"schedule":"nightly"}`, -1, "nightly", ""},
		{`{"schedule":"hourly"}`, -1, "", `schedule "hourly"`},
		{`{}`, -1, "", "neither a batch nor the schedule"},
		{`[]`, -1, "", "reading the invocation"},
		{`{"Records":{}}`, -1, "", `at "/Records"`},
	} {
		in, err := ParseInvocation(json.RawMessage(c.raw), "nightly")
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s: error %v, want %q", c.raw, err, c.fault)
			}
			continue
		}
		n := -1
		if in.Batch != nil {
			n = len(in.Batch.Records)
		}
		if err != nil || n != c.records || in.Schedule != c.schedule {
			t.Errorf("%s: %d records, schedule %q, %v", c.raw, n, in.Schedule, err)
		}
	}
}

func TestJob(t *testing.T) {
	type envelope struct {
		N int `json:"n"`
	}
	if j, err := Job[envelope](events.SQSMessage{Body: `{"n":3,"unknown":true}`}); err != nil || j.N != 3 {
		t.Errorf("%+v %v", j, err)
	}
	_, err := Job[envelope](events.SQSMessage{Body: `{"n":"three"}`})
	if err == nil || Dropped(err) {
		t.Errorf("a job that cannot be read: %v; it must go back, not be dropped", err)
	}
}
