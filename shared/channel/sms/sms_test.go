package sms

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/call"
	"github.com/userops/userops/shared/liquid"
	"github.com/userops/userops/shared/standin/inbox"
)

// TestSignAsPublished signs the example of the service's documentation, "V3 request syntax and signature", which comes out byte for byte.
func TestSignAsPublished(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "https://ecs.cn-shanghai.aliyuncs.com", nil)
	r.URL.RawQuery = query(url.Values{"RegionId": {"cn-shanghai"}, "ImageId": {"win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}})
	sign(r, operation{"RunInstances", "2014-05-26", "2023-10-26T10:22:32Z", "3156853299f313e23d1673dc12e1703d"}, "YourAccessKeyId", "YourAccessKeySecret")
	const want = "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
	if got := r.Header.Get("Authorization"); got != want {
		t.Errorf("it is signed\n%s, want\n%s", got, want)
	}
	if got := r.Header.Get("x-acs-content-sha256"); got != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Errorf("the body is hashed to %s", got)
	}
}

// provider is the fake one of the local inbox, which verifies each call as the service does, and what it took.
func provider(t *testing.T) (*httptest.Server, func() []inbox.Message) {
	t.Helper()
	b, err := inbox.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(b)
	t.Cleanup(func() { s.Close(); _ = b.Close() })
	return s, func() (all []inbox.Message) {
		answer, err := http.Get(s.URL + "/local/inbox.json")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
}

func always(s string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return s, nil }
}

func sender(endpoint string) *Sender {
	return &Sender{Settings: Settings{KeyID: inbox.SMSKeyID, Sign: "茶铺", Endpoint: endpoint}, Secret: always(inbox.SMSSecret), Timeout: 5 * time.Second, Now: time.Now, Client: call.NewClient()}
}

func notification(to, payload string) channel.Notification {
	return channel.Notification{ID: "n1", Address: to, Content: liquid.Content{Text: "${name}，上新了，拒收请回复R", Payload: json.RawMessage(payload)}}
}

const payload = `{"template":"SMS_154950909","params":{"name":"张 三+*~&=/?\""}}`

func told(t *testing.T, method, address, body string) {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatal(err, answer)
	}
	_ = answer.Body.Close()
}

func TestSendWhatArrives(t *testing.T) {
	s, taken := provider(t)
	told(t, http.MethodPut, s.URL+"/local/sms/SMS_154950909", "${name}，上新了，拒收请回复R")
	out := sender(s.URL + "/local/sms")
	for _, to := range []string{"13900001111", "+86 139 0000 1112", "+852 6123 4567"} {
		if err := out.Send(t.Context(), notification(to, payload)); err != nil {
			t.Fatalf("%s: %v", to, err)
		}
	}
	if err := out.Send(t.Context(), notification("13900001111", `{"template":"SMS_2","sign":"茶铺会员"}`)); err != nil {
		t.Fatal(err)
	}
	all := taken()
	if len(all) != 4 {
		t.Fatalf("%d messages arrived", len(all))
	}
	for i, want := range []string{"13900001111 茶铺会员 【茶铺会员】SMS_2", `85261234567 茶铺 【茶铺】张 三+*~&=/?"，上新了，拒收请回复R`, `13900001112 茶铺 【茶铺】张 三+*~&=/?"，上新了，拒收请回复R`, `13900001111 茶铺 【茶铺】张 三+*~&=/?"，上新了，拒收请回复R`} {
		if got := all[i].To + " " + all[i].From + " " + all[i].Text; got != want || all[i].Headers["OutId"] != "n1" {
			t.Errorf("message %d is %q of %v, want %q", i, got, all[i].Headers, want)
		}
	}
}

// TestSendVerified: the provider refuses what is signed with another key, of another time or by nobody, and that waits: it is the deployment's trouble.
func TestSendVerified(t *testing.T) {
	s, taken := provider(t)
	for name, c := range map[string]struct {
		change func(*Sender)
		want   string
	}{
		"another key":    {func(out *Sender) { out.KeyID = "other" }, "retry InvalidAccessKeyId.NotFound"},
		"another secret": {func(out *Sender) { out.Secret = always("other") }, "retry SignatureDoesNotMatch"},
		"another time":   {func(out *Sender) { out.Now = func() time.Time { return time.Now().Add(-time.Hour) } }, "retry InvalidTimeStamp.Expired"},
		"no secret":      {func(out *Sender) { out.Secret = always("") }, "retry secret"},
		"secret unknown": {func(out *Sender) {
			out.Secret = func(context.Context) (string, error) { return "", errors.New("away") }
		}, "retry secret"},
		"nobody there": {func(out *Sender) { out.Endpoint = "http://127.0.0.1:1" }, "retry connect"},
	} {
		out := sender(s.URL + "/local/sms")
		c.change(out)
		if got := channel.Classify(out.Send(t.Context(), notification("13900001111", payload))); string(got.Class)+" "+got.Code != c.want {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
	if all := taken(); len(all) != 0 {
		t.Errorf("%d messages arrived", len(all))
	}
}

// TestSendRefused has the documented answers, and what each means.
func TestSendRefused(t *testing.T) {
	for _, c := range []struct {
		status       int
		header, body string
		want         channel.Error
	}{
		{200, "", `{"Code":"OK"}`, channel.Error{}},
		{200, "", `{"Code":"isv.MOBILE_NUMBER_ILLEGAL","Message":"非法手机号 13900001111"}`, channel.Error{Class: channel.Reject, Code: "isv.MOBILE_NUMBER_ILLEGAL", Bounce: true}},
		{200, "", `{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"触发分钟级流控Permits:1"}`, channel.Error{Class: channel.Retry, Code: "isv.BUSINESS_LIMIT_CONTROL", After: time.Minute}},
		{200, "", `{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"触发小时级流控Permits:5"}`, channel.Error{Class: channel.Retry, Code: "isv.BUSINESS_LIMIT_CONTROL", After: time.Hour}},
		{200, "", `{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"触发天级流控Permits:10"}`, channel.Error{Class: channel.Retry, Code: "isv.BUSINESS_LIMIT_CONTROL", After: 24 * time.Hour}},
		{200, "", `{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"else"}`, channel.Error{Class: channel.Retry, Code: "isv.BUSINESS_LIMIT_CONTROL"}},
		{200, "", `{"Code":"isv.OUT_OF_SERVICE"}`, channel.Error{Class: channel.Retry, Code: "isv.OUT_OF_SERVICE"}},
		{200, "", `{"Code":"isv.PRODUCT_UN_SUBSCRIPT"}`, channel.Error{Class: channel.Retry, Code: "isv.PRODUCT_UN_SUBSCRIPT"}},
		{200, "", `{"Code":"isv.SMS_TEMPLATE_ILLEGAL"}`, channel.Error{Class: channel.Reject, Code: "isv.SMS_TEMPLATE_ILLEGAL"}},
		{200, "", `{"Code":"isv.BLACK_KEY_CONTROL_LIMIT"}`, channel.Error{Class: channel.Reject, Code: "isv.BLACK_KEY_CONTROL_LIMIT"}},
		{200, "", `{"Code":"isp.SYSTEM_ERROR"}`, channel.Error{Class: channel.Retry, Code: "isp.SYSTEM_ERROR"}},
		{200, "", `{"Code":"isp.GATEWAY_ERROR"}`, channel.Error{Class: channel.Uncertain, Code: "isp.GATEWAY_ERROR"}},
		{400, "3", `{"Code":"Throttling.User"}`, channel.Error{Class: channel.Retry, Code: "Throttling.User"}},
		{429, "3", `{"Code":"Throttling"}`, channel.Error{Class: channel.Retry, Code: "Throttling", After: 3 * time.Second}},
		{503, "7", `{"Code":"ServiceUnavailable"}`, channel.Error{Class: channel.Retry, Code: "ServiceUnavailable", After: 7 * time.Second}},
		{500, "", `{"Code":"InternalError"}`, channel.Error{Class: channel.Uncertain, Code: "InternalError"}},
		{400, "", `{"Code":"MissingPhoneNumbers"}`, channel.Error{Class: channel.Reject, Code: "MissingPhoneNumbers"}},
		{403, "", `{"Code":"Forbidden.RAM"}`, channel.Error{Class: channel.Retry, Code: "Forbidden.RAM"}},
		{200, "", `{"Code":"what is this"}`, channel.Error{Class: channel.Uncertain, Code: "answer"}},
		{200, "", `<html>`, channel.Error{Class: channel.Uncertain, Code: "answer"}},
		{502, "", `<html>`, channel.Error{Class: channel.Retry, Code: "502"}},
		{504, "", `<html>`, channel.Error{Class: channel.Uncertain, Code: "504"}},
	} {
		calls := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.Header().Set("Retry-After", c.header)
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		err := sender(s.URL).Send(t.Context(), notification("13900001111", payload))
		s.Close()
		if c.want == (channel.Error{}) {
			if err != nil {
				t.Errorf("%d %s: %v", c.status, c.body, err)
			}
			continue
		}
		if got := channel.Classify(err); *got != c.want || calls != 1 {
			t.Errorf("%d %s: %+v after %d calls, want %+v", c.status, c.body, *got, calls, c.want)
		}
		if strings.Contains(err.Error(), "139") {
			t.Errorf("the error names somebody: %v", err)
		}
	}
}

// TestSendLosesNothing: a provider that refuses, and one whose answer gets lost.
func TestSendLosesNothing(t *testing.T) {
	s, taken := provider(t)
	out := sender(s.URL + "/local/sms")
	told(t, http.MethodPost, s.URL+"/local/mood/sms?refuse=isv.OUT_OF_SERVICE", "")
	if got := channel.Classify(out.Send(t.Context(), notification("13900001111", payload))); got.Class != channel.Retry || len(taken()) != 0 {
		t.Errorf("refused: %+v, %d arrived", got, len(taken()))
	}
	told(t, http.MethodPost, s.URL+"/local/mood/sms?lose=true", "")
	if got := channel.Classify(out.Send(t.Context(), notification("13900001111", payload))); got.Class != channel.Uncertain || len(taken()) != 1 {
		t.Errorf("lost: %+v, %d arrived", got, len(taken()))
	}
	told(t, http.MethodPost, s.URL+"/local/mood/sms?slow=10s", "")
	out.Timeout = 100 * time.Millisecond
	if got := channel.Classify(out.Send(t.Context(), notification("13900001111", payload))); got.Class != channel.Uncertain || len(taken()) != 1 {
		t.Errorf("slow: %+v, %d arrived", got, len(taken()))
	}
}

// TestNumber has the forms in which a profile may know a number.
func TestNumber(t *testing.T) {
	for text, want := range map[string]string{
		"13900001111": "13900001111", "+8613900001111": "13900001111", "0086 139-0000-1111": "13900001111", "+85261234567": "85261234567", "+1 650 253 0000": "16502530000",
		"": "", "12345": "", "ann@example.com": "",
	} {
		if got := number(text); got != want {
			t.Errorf("%q is called %q, want %q", text, got, want)
		}
	}
	if got := channel.Classify(sender("http://127.0.0.1:1").Send(t.Context(), notification("12", payload))); *got != (channel.Error{Class: channel.Reject, Code: "address", Bounce: true}) {
		t.Errorf("no number: %+v", *got)
	}
	if got := channel.Classify(sender("http://127.0.0.1:1").Send(t.Context(), notification("13900001111", `[]`))); *got != (channel.Error{Class: channel.Reject, Code: "payload"}) {
		t.Errorf("no payload: %+v", *got)
	}
}

func TestCheck(t *testing.T) {
	good := Settings{KeyID: "LTAI", Sign: "茶铺", Endpoint: "https://dysmsapi.aliyuncs.com"}
	for want, s := range map[string]Settings{
		"":                       good,
		"SMS_KEY_ID is not set":  {Sign: good.Sign, Endpoint: good.Endpoint},
		"SMS_SIGN_NAME is not a": {KeyID: good.KeyID, Endpoint: good.Endpoint},
		"SMS_SIGN_NAME":          {KeyID: good.KeyID, Sign: "【茶铺】", Endpoint: good.Endpoint},
		"SMS_ENDPOINT":           {KeyID: good.KeyID, Sign: good.Sign, Endpoint: "dysmsapi.aliyuncs.com"},
	} {
		err := s.Open(channel.Means{}).Check()
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) || !s.Wanted() {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
	if (Settings{Endpoint: good.Endpoint}).Wanted() {
		t.Error("it is wanted without a key and a name")
	}
}
