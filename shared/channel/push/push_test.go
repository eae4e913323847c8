package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/liquid"
	"github.com/userops/userops/shared/standin/inbox"
)

// service is the local inbox, which verifies each call as Google and Apple do: the assertion and the access token, Apple's token, topic and forms. It speaks HTTP/2, as Apple demands.
type service struct {
	*httptest.Server
	*inbox.Inbox
	grants atomic.Int32 // how often an access token was asked for
	old    atomic.Int32 // calls for Apple's devices by anything but HTTP/2
}

func open(t *testing.T) *service {
	t.Helper()
	b, err := inbox.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &service{Inbox: b}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/local/fcm/token" {
			s.grants.Add(1)
		}
		if strings.HasPrefix(r.URL.Path, "/local/apns/") && r.ProtoMajor != 2 {
			s.old.Add(1)
		}
		b.ServeHTTP(w, r)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(func() { s.Server.Close(); _ = b.Close() })
	return s
}

func (s *service) settings() Settings {
	return Settings{Project: inbox.FCMProject, FCMEndpoint: s.URL + "/local/fcm", Topic: inbox.APNSTopic, KeyID: inbox.APNSKeyID, Team: inbox.APNSTeam, APNSEndpoint: s.URL + "/local/apns"}
}

// sender is one of settings over the service, with the secrets that are named and the service's own of others.
func (s *service) sender(settings Settings, secrets map[string]string, now func() time.Time) *Sender {
	if now == nil {
		now = time.Now
	}
	out := settings.Open(channel.Means{Timeout: 5 * time.Second, Now: now, Secret: func(_ context.Context, name string) (string, error) {
		if value, given := secrets[name]; given {
			return value, nil
		}
		return map[string]string{Account: inbox.FCMAccount(s.URL), Key: inbox.APNSKey()}[name], nil
	}}).(*Sender)
	out.google.client, out.google.grant.client, out.apple.client = s.Client(), s.Client(), s.Client()
	return out
}

func (s *service) taken(t *testing.T) (all []inbox.Message) {
	t.Helper()
	answer, err := s.Client().Get(s.URL + "/local/inbox.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func (s *service) mood(t *testing.T, query string) {
	t.Helper()
	answer, err := s.Client().Post(s.URL+"/local/mood/push"+query, "", nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(err, answer)
	}
	_ = answer.Body.Close()
}

var (
	android = "dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH" + strings.Repeat("x-_9", 25)
	iphone  = strings.Repeat("0123456789ABCDEF", 4)
)

func notification(to, payload string) channel.Notification {
	return channel.Notification{ID: "n1", CampaignID: "c1", Address: to, Content: liquid.Content{Subject: "上新了", Text: "春茶 <b>", Payload: json.RawMessage(payload)}}
}

func TestSendWhatArrives(t *testing.T) {
	s := open(t)
	out := s.sender(s.settings(), nil, nil)
	for _, to := range []string{android, iphone} {
		if err := out.Send(t.Context(), notification(to, `{"link":"shop://tea"}`)); err != nil {
			t.Fatalf("%s: %v", to, err)
		}
	}
	if err := out.Send(t.Context(), notification(android, "")); err != nil {
		t.Fatal(err)
	}
	all := s.taken(t)
	if len(all) != 3 {
		t.Fatalf("%d arrived", len(all))
	}
	for i, want := range []string{
		android + " local-project 上新了 春茶 <b> map[campaignId:c1 notificationId:n1]",
		strings.ToLower(iphone) + " example.shop.app 上新了 春茶 <b> map[campaignId:c1 link:shop://tea notificationId:n1]",
		android + " local-project 上新了 春茶 <b> map[campaignId:c1 link:shop://tea notificationId:n1]",
	} {
		if got := fmt.Sprint(all[i].To, " ", all[i].From, " ", all[i].Subject, " ", all[i].Text, " ", all[i].Headers); got != want {
			t.Errorf("arrived is\n%s, want\n%s", got, want)
		}
	}
	if s.grants.Load() != 1 || s.old.Load() != 0 {
		t.Errorf("an access token was asked for %d times, and %d calls were no HTTP/2", s.grants.Load(), s.old.Load())
	}
}

// TestTheAccessTokenIsKeptAndRenewed: until a minute before its end, once for all who send side by side, anew when the service takes it back and when the account changes.
func TestTheAccessTokenIsKeptAndRenewed(t *testing.T) {
	s := open(t)
	var passed atomic.Int64
	start := time.Now()
	now := func() time.Time { return start.Add(time.Duration(passed.Load())) }
	secrets := map[string]string{}
	out := s.sender(s.settings(), secrets, now)
	send := func(want int32, when string) {
		t.Helper()
		if err := out.Send(t.Context(), notification(android, "")); err != nil {
			t.Errorf("%s: %v", when, err)
		}
		if got := s.grants.Load(); got != want {
			t.Errorf("%s: a token was asked for %d times, want %d", when, got, want)
		}
	}
	var side sync.WaitGroup
	for range 8 {
		side.Go(func() { _ = out.Send(t.Context(), notification(android, "")) })
	}
	side.Wait()
	send(1, "side by side")
	s.ForgetAccess()
	send(2, "after it was taken back")
	secrets[Account] = inbox.FCMAccount(s.URL) + " "
	send(3, "after the account changed")
	passed.Store(int64(time.Hour - time.Second - time.Minute - 1))
	send(3, "just before it is renewed")
}

// TestAnOldTokenIsNotUsed: of Google a minute before its end, of Apple after 40 minutes.
func TestAnOldTokenIsNotUsed(t *testing.T) {
	s := open(t)
	at := time.Now()
	out := s.sender(s.settings(), nil, func() time.Time { return at })
	for _, to := range []string{android, iphone} {
		if err := out.Send(t.Context(), notification(to, "")); err != nil {
			t.Fatal(err)
		}
	}
	google, apple := out.google.grant.access, out.apple.provider.token
	at = at.Add(40*time.Minute - 1)
	if got, err := out.apple.provider.signed(t.Context()); got != apple || err != nil {
		t.Errorf("within 40 minutes Apple's token is another one, %v", err)
	}
	at = at.Add(1)
	if got, err := out.apple.provider.signed(t.Context()); got == apple || err != nil {
		t.Errorf("after 40 minutes Apple's token is the same, %v", err)
	}
	at = at.Add(20 * time.Minute) // 1 h, of 1 h less a second
	_, _ = out.google.grant.token(t.Context())
	if s.grants.Load() != 2 || google == "" {
		t.Errorf("an access token was asked for %d times", s.grants.Load())
	}
}

// TestSendVerified: what the services do not know is refused, and waits, since it is the deployment's trouble.
func TestSendVerified(t *testing.T) {
	s := open(t)
	with := func(change func(*Settings)) Settings {
		settings := s.settings()
		change(&settings)
		return settings
	}
	for name, c := range map[string]struct {
		settings Settings
		secrets  map[string]string
		to, want string
	}{
		"no account":            {s.settings(), map[string]string{Account: ""}, android, "retry secret"},
		"an account of no key":  {s.settings(), map[string]string{Account: `{"token_uri":"` + s.URL + `"}`}, android, "retry secret"},
		"an account of no one":  {s.settings(), map[string]string{Account: strings.Replace(inbox.FCMAccount(s.URL), "local@", "other@", 1)}, android, "retry token"},
		"another project":       {with(func(x *Settings) { x.Project = "other" }), nil, android, "retry NOT_FOUND"},
		"no key":                {s.settings(), map[string]string{Key: ""}, iphone, "retry secret"},
		"a key of another kind": {s.settings(), map[string]string{Key: pemOf(inbox.FCMAccount(s.URL))}, iphone, "retry secret"},
		"another key":           {with(func(x *Settings) { x.KeyID = "OTHER" }), nil, iphone, "retry InvalidProviderToken"},
		"another team":          {with(func(x *Settings) { x.Team = "OTHER" }), nil, iphone, "retry InvalidProviderToken"},
		"another app":           {with(func(x *Settings) { x.Topic = "other.app" }), nil, iphone, "retry TopicDisallowed"},
		"no service of Apple":   {with(func(x *Settings) { x.Topic, x.KeyID, x.Team = "", "", "" }), nil, iphone, "reject apnsOff"},
		"no service of Google":  {with(func(x *Settings) { x.Project = "" }), nil, android, "reject fcmOff"},
		"no token":              {s.settings(), nil, "token of nothing", "reject INVALID_ARGUMENT"},
	} {
		got := channel.Classify(s.sender(c.settings, c.secrets, nil).Send(t.Context(), notification(c.to, "")))
		if string(got.Class)+" "+got.Code != c.want || got.Bounce != (name == "no token") {
			t.Errorf("%s: %+v, want %s", name, *got, c.want)
		}
	}
	if all := s.taken(t); len(all) != 0 {
		t.Errorf("%d arrived", len(all))
	}
	if got := channel.Classify(s.sender(s.settings(), nil, nil).Send(t.Context(), notification(android, `[]`))); *got != (channel.Error{Class: channel.Reject, Code: "payload"}) {
		t.Errorf("no payload: %+v", *got)
	}
}

// pemOf is the private key in the file of a service account.
func pemOf(file string) string {
	var a account
	_ = json.Unmarshal([]byte(file), &a)
	return a.Key
}

// TestSendRefused has the documented words of both services, and what each means.
func TestSendRefused(t *testing.T) {
	s := open(t)
	out := s.sender(s.settings(), nil, nil)
	for word, want := range map[string]channel.Error{
		"UNREGISTERED":           {Class: channel.Reject, Bounce: true},
		"SENDER_ID_MISMATCH":     {Class: channel.Reject},
		"INVALID_ARGUMENT":       {Class: channel.Reject},
		"QUOTA_EXCEEDED":         {Class: channel.Retry, After: time.Minute},
		"UNAVAILABLE":            {Class: channel.Retry, After: time.Minute},
		"INTERNAL":               {Class: channel.Retry},
		"THIRD_PARTY_AUTH_ERROR": {Class: channel.Retry},
	} {
		s.mood(t, "?refuse="+word)
		want.Code = word
		if got := channel.Classify(out.Send(t.Context(), notification(android, ""))); *got != want {
			t.Errorf("%s: %+v, want %+v", word, *got, want)
		}
	}
	for word, want := range map[string]channel.Error{
		"Unregistered":                {Class: channel.Reject, Bounce: true},
		"ExpiredToken":                {Class: channel.Reject, Bounce: true},
		"BadDeviceToken":              {Class: channel.Reject},
		"DeviceTokenNotForTopic":      {Class: channel.Reject},
		"PayloadTooLarge":             {Class: channel.Reject},
		"TooManyRequests":             {Class: channel.Retry},
		"TooManyProviderTokenUpdates": {Class: channel.Retry},
		"InvalidProviderToken":        {Class: channel.Retry},
		"ExpiredProviderToken":        {Class: channel.Retry},
		"InternalServerError":         {Class: channel.Retry},
		"ServiceUnavailable":          {Class: channel.Retry},
		"Shutdown":                    {Class: channel.Retry},
	} {
		s.mood(t, "?refuse="+word)
		want.Code = word
		if got := channel.Classify(out.Send(t.Context(), notification(iphone, ""))); *got != want {
			t.Errorf("%s: %+v, want %+v", word, *got, want)
		}
	}
	if all := s.taken(t); len(all) != 0 {
		t.Errorf("%d arrived", len(all))
	}
	for _, to := range []string{android, iphone} {
		s.mood(t, "?lose=true")
		if got := channel.Classify(out.Send(t.Context(), notification(to, ""))); got.Class != channel.Uncertain {
			t.Errorf("a lost answer: %+v", *got)
		}
	}
	if all := s.taken(t); len(all) != 2 {
		t.Errorf("%d arrived of which the answers got lost", len(all))
	}
}

// TestAnArgumentThatIsInvalid: with the field named it is the content's fault, and not the device's.
func TestAnArgumentThatIsInvalid(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/token" {
			_, _ = io.WriteString(w, `{"access_token":"a","expires_in":3599}`)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":400,"message":"Invalid value at 'message.data[0].value' of a registration token","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"message.data[0].value"}]}]}}`)
	}))
	defer s.Close()
	file := strings.Replace(inbox.FCMAccount(s.URL), "/local/fcm/token", "/token", 1)
	out := Settings{Project: "p", FCMEndpoint: s.URL}.Open(channel.Means{Timeout: time.Second, Now: time.Now, Secret: func(context.Context, string) (string, error) { return file, nil }})
	if got := channel.Classify(out.Send(t.Context(), notification(android, ""))); *got != (channel.Error{Class: channel.Reject, Code: "INVALID_ARGUMENT"}) {
		t.Errorf("%+v", *got)
	}
	away := Settings{Project: "p", FCMEndpoint: s.URL}.Open(channel.Means{Timeout: time.Second, Now: time.Now, Secret: func(context.Context, string) (string, error) { return "", errors.New("away") }})
	if got := channel.Classify(away.Send(t.Context(), notification(android, ""))); *got != (channel.Error{Class: channel.Retry, Code: "secret"}) {
		t.Errorf("%+v", *got)
	}
}

func TestCheck(t *testing.T) {
	google, apple := Settings{Project: "p", FCMEndpoint: "https://x"}, Settings{Topic: "a", KeyID: "b", Team: "c", APNSEndpoint: "https://x"}
	for name, c := range map[string]struct {
		s    Settings
		want string
	}{
		"Google alone": {google, ""}, "Apple alone": {apple, ""},
		"no address of Google": {Settings{Project: "p"}, "FCM_ENDPOINT is not"},
		"half of Apple":        {Settings{KeyID: "b", APNSEndpoint: "https://x"}, "APNS_TOPIC is not set\nAPNS_TEAM_ID is not set"},
		"no address of Apple":  {Settings{Topic: "a", KeyID: "b", Team: "c"}, "APNS_ENDPOINT is not"},
	} {
		err := c.s.Open(channel.Means{}).Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) || !c.s.Wanted() {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if (Settings{FCMEndpoint: "https://x", APNSEndpoint: "https://x"}).Wanted() {
		t.Error("it is wanted without a project and a topic")
	}
}
