package webhook

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/call"
	"github.com/userops/userops/shared/liquid"
)

var now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func sender(url string) *Sender {
	return &Sender{Settings: Settings{URL: url}, Secret: always("secret"), Timeout: 5 * time.Second, Now: func() time.Time { return now }, Client: call.NewClient()}
}

func notification() channel.Notification {
	return channel.Notification{ID: "n1", CampaignID: "c1", ProfileID: "p1", UserID: "用户", Content: liquid.Content{Payload: json.RawMessage(`{"text":"<你好>"}`)}}
}

func TestSendWhatArrives(t *testing.T) {
	var body []byte
	var request *http.Request
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		request = r
		body, _ = io.ReadAll(r.Body)
	}))
	defer s.Close()
	if err := sender(s.URL+"/hook?x=1").Send(t.Context(), notification()); err != nil {
		t.Fatal(err)
	}
	if request.Method != http.MethodPost || request.URL.String() != "/hook?x=1" || request.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s %s, %v", request.Method, request.URL, request.Header)
	}
	var got Body
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	var payload struct{ Text string }
	if err := json.Unmarshal(got.Payload, &payload); err != nil || payload.Text != "<你好>" {
		t.Errorf("payload %s, %v", got.Payload, err)
	}
	if got.NotificationID != "n1" || got.CampaignID != "c1" || got.ProfileID != "p1" || got.UserID != "用户" {
		t.Errorf("body %s", body)
	}
	// The receiver's side of the signature, from its description.
	var at int64
	var mac string
	if n, err := fmt.Sscanf(request.Header.Get("X-Userops-Signature"), "t=%d,v1=%s", &at, &mac); n != 2 || err != nil {
		t.Fatalf("signature %q", request.Header.Get("X-Userops-Signature"))
	}
	if at != now.Unix() || !hmac.Equal([]byte(mac), []byte(Sign("secret", at, body))) || mac == Sign("secret", at+1, body) || mac == Sign("other", at, body) {
		t.Errorf("the signature does not hold: %s", mac)
	}
}

func TestSignVector(t *testing.T) {
	// printf '1763719200.{}' | openssl dgst -sha256 -hmac secret
	if got, want := Sign("secret", 1763719200, []byte("{}")), "7c363e352fe83f67cc5d02da1163dcbc3653314e886e3626c6b6812310fcfeed"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSendClassifiesAnswers(t *testing.T) {
	for _, c := range []struct {
		status int
		header string
		want   channel.Error
	}{
		{400, "", channel.Error{Class: channel.Reject, Code: "400"}},
		{410, "", channel.Error{Class: channel.Reject, Code: "410"}},
		{302, "", channel.Error{Class: channel.Reject, Code: "302"}},
		{429, "17", channel.Error{Class: channel.Retry, Code: "429", After: 17 * time.Second}},
		{429, now.Add(time.Minute).Format(http.TimeFormat), channel.Error{Class: channel.Retry, Code: "429", After: time.Minute}},
		{429, now.Add(-time.Minute).Format(http.TimeFormat), channel.Error{Class: channel.Retry, Code: "429"}},
		{429, "soon", channel.Error{Class: channel.Retry, Code: "429"}},
		{500, "", channel.Error{Class: channel.Retry, Code: "500"}},
		{503, "1", channel.Error{Class: channel.Retry, Code: "503", After: time.Second}},
		{504, "", channel.Error{Class: channel.Uncertain, Code: "504"}},
	} {
		t.Run(fmt.Sprint(c.status, c.header), func(t *testing.T) {
			calls := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls++
				w.Header().Set("Retry-After", c.header)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, "zhang@example.com")
			}))
			defer s.Close()
			err := sender(s.URL).Send(t.Context(), notification())
			if got := channel.Classify(err); *got != c.want {
				t.Errorf("got %+v, want %+v", *got, c.want)
			}
			if calls != 1 || strings.Contains(err.Error(), "zhang") {
				t.Errorf("%d calls, %v", calls, err)
			}
		})
	}
	for _, status := range []int{200, 202, 204} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		if err := sender(s.URL).Send(t.Context(), notification()); err != nil {
			t.Errorf("%d: %v", status, err)
		}
		s.Close()
	}
}

func TestSendWithoutAnswerIsUncertain(t *testing.T) {
	release := make(chan struct{})
	var calls atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1); <-release }))
	defer s.Close()
	defer close(release)
	out := sender(s.URL)
	out.Timeout = 200 * time.Millisecond
	if got := channel.Classify(out.Send(t.Context(), notification())); got.Class != channel.Uncertain || calls.Load() != 1 {
		t.Errorf("got %+v after %d calls", got, calls.Load())
	}
}

func TestSendConnectionCutAfterTheRequest(t *testing.T) {
	var calls atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	defer s.Close()
	if got := channel.Classify(sender(s.URL).Send(t.Context(), notification())); got.Class != channel.Uncertain || calls.Load() != 1 {
		t.Errorf("got %+v after %d calls", got, calls.Load())
	}
}

func always(s string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return s, nil }
}

// TestNothingGoesUnsigned: while the secret is not known, or there is none, nothing is sent and the notification waits.
func TestNothingGoesUnsigned(t *testing.T) {
	var calls atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer s.Close()
	for name, secret := range map[string]func(context.Context) (string, error){
		"none": always(""), "not known": func(context.Context) (string, error) { return "", errors.New("away") },
	} {
		out := sender(s.URL)
		out.Secret = secret
		if got := channel.Classify(out.Send(t.Context(), notification())); got.Class != channel.Retry || got.Code != "secret" || calls.Load() != 0 {
			t.Errorf("%s: %+v after %d calls", name, got, calls.Load())
		}
	}
}

func TestSendUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	_ = l.Close()
	if got := channel.Classify(sender(address).Send(t.Context(), notification())); got.Class != channel.Retry || got.Code != "connect" {
		t.Errorf("got %+v", got)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"https://x.example/hook", ""}, {"http://127.0.0.1:1", ""}, {"x.example", "WEBHOOK_URL"}, {"ftp://x", "WEBHOOK_URL"}, {"http://", "WEBHOOK_URL"},
	} {
		err := (&Sender{Settings: Settings{URL: c.url}}).Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.url, err)
		}
	}
}
