package wire

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// TestReadAsEncodingJSON writes whole jobs and invocations as programs of the version before do, and reads them both ways.
func TestReadAsEncodingJSON(t *testing.T) {
	at := time.Date(2026, 11, 29, 8, 0, 0, 7, time.FixedZone("", 8*3600))
	for _, one := range []any{
		job.Events{Source: "s", NoMoney: true, Events: []event.Event{{
			MessageID: "m", Kind: event.Track, UserID: "女\u2028<&>", Name: "n", Properties: json.RawMessage(`{"a":1,"a":2,"big":12345678901234567890.5,"t":"\ud800"}`),
			Context: json.RawMessage(`null`), Timestamp: at, ReceivedAt: at.UTC(),
		}}},
		job.Events{Command: &job.Command{ID: "i", Kind: job.CommandWipe, At: at, Wipe: &job.Wipe{Keys: []profile.ID{"a", "b"}, Version: 1<<62 + 1, Until: at}}},
		job.Orchestration{Follows: []job.Follow{{ID: "f", ProfileID: "p", Follow: profile.Follow{Kind: profile.FollowSignUp, Ref: "r", At: at, Version: 7}}}},
		job.Notifications{Notifications: []job.Notification{{ID: "n", At: at, Unproven: true}}},
		job.Segmentation{Kind: job.Plan, Listings: []job.Listing{{RunID: "r"}}},
		events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: "{\"a\":\"\\u0000\"}", Attributes: map[string]string{"ApproximateReceiveCount": "1"}}}},
		events.APIGatewayV2HTTPRequest{Version: "2.0", RouteKey: "POST /x", Headers: map[string]string{"host": "h"}, Body: "\x00\"", IsBase64Encoded: true},
	} {
		text, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		want, got := reflect.New(reflect.TypeOf(one)), reflect.New(reflect.TypeOf(one))
		if err := json.Unmarshal(text, want.Interface()); err != nil {
			t.Fatal(err)
		}
		if err := Read(text, got.Interface()); err != nil || !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Errorf("%s\nreads as %+v\nwant     %+v, %v", text, got.Elem(), want.Elem(), err)
		}
	}
}

func TestErrorsHoldNoValues(t *testing.T) {
	type thing struct {
		N  int       `json:"n"`
		At time.Time `json:"at"`
	}
	for text, want := range map[string]string{
		`{"n":"ann@example.com"}`:   `at "/n"`,
		`{"at":"ann@example.com"}`:  `at "/at"`,
		`{"n":1,"ann@example.com"`:  "no JSON at byte",
		`{"n":1} "ann@example.com"`: "no JSON at byte",
		`{"n":ann@example.com}`:     "no JSON at byte",
		``:                          "no JSON at byte 0",
	} {
		var in thing
		if err := Read([]byte(text), &in); err == nil || strings.Contains(err.Error(), "@example") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestHandler(t *testing.T) {
	type in struct {
		N int `json:"n"`
	}
	broken := errors.New("broken")
	double := Handler(func(_ context.Context, i in) (map[string]int, error) {
		if i.N < 0 {
			return nil, broken
		}
		return map[string]int{"n": 2 * i.N}, nil
	})
	raw := Handler(func(_ context.Context, text json.RawMessage) (int, error) { return len(text), nil })
	for _, c := range []struct {
		of              lambda.Handler
		text, out, want string
	}{
		{double, `{"n":21,"other":true}`, `{"n":42}`, ""},
		{double, `{"n":-1}`, "", "broken"},
		{double, `{"n":"x"}`, "", "reading the invocation"},
		{raw, ` {"n" : 1}`, "10", ""},
	} {
		out, err := c.of.Invoke(t.Context(), []byte(c.text))
		if string(out) != c.out || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %s, %v; want %s, %q", c.text, out, err, c.out, c.want)
		}
	}
}
