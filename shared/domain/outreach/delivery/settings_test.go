package delivery

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/proof"
)

func TestParseSettings(t *testing.T) {
	got, err := ParseSettings([]byte(`{"killSwitch":true,"stopped":["social"],"quietHours":{"start":"22:00","end":"08:30"},
		"caps":[{"limit":2,"channel":"email","tag":"promo","per":7,"unit":"days","over":"defer"}],
		"transactional":{"countCaps":true},"consent":{"email":"optOut"}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		KillSwitch: true, Stopped: []Channel{Social}, QuietHours: QuietHours{22 * 60, 8*60 + 30},
		Caps:          []Cap{{2, Email, "promo", 7, Days, DeferOver}},
		Transactional: Transactional{IgnoreCaps: true, CountCaps: true}, Consent: map[Channel]Basis{Email: OptOut},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestParseSettingsDefaults(t *testing.T) {
	for body, caps := range map[string]int{`{}`: 1, `{"caps":[]}`: 0} {
		got, err := ParseSettings([]byte(body))
		if err != nil || len(got.Caps) != caps || !got.Transactional.IgnoreCaps {
			t.Errorf("%s: %+v, %v; want %d caps", body, got, err, caps)
		}
	}
}

func TestParseSettingsFaults(t *testing.T) {
	for _, c := range []struct{ name, body, fields string }{
		{"unknown field", `{"killswitchh":true}`, "killswitchh"},
		{"wrong type", `{"killSwitch":"yes"}`, "killSwitch"},
		{"two values", `{} {}`, ""},
		{"bad clock", `{"quietHours":{"start":"24:00","end":"08:00"}}`, "quietHours.start"},
		{"two faults of two kinds", `{"quietHours":{"start":"soon","end":"08:00"},"stopped":["fax"]}`, "quietHours.start stopped[0]"},
		{"unknown channels", `{"stopped":["fax"],"consent":{"fax":"optIn"}}`, "stopped[0] consent.fax"},
		{"unknown basis", `{"consent":{"email":"maybe"}}`, "consent.email"},
		{"cap of nothing", `{"caps":[{}]}`, "caps[0].limit caps[0].unit"},
		{"cap of 31 days", `{"caps":[{"limit":1,"per":31,"unit":"days"}]}`, "caps[0].per"},
		{"cap of 5 weeks", `{"caps":[{"limit":1,"per":5,"unit":"weeks"}]}`, "caps[0].per"},
		{"cap of 43201 minutes", `{"caps":[{"limit":1,"per":43201,"unit":"minutes"}]}`, "caps[0].per"},
		{"cap over what", `{"caps":[{"limit":1,"per":1,"unit":"days","over":"drop","channel":"fax"}]}`, "caps[0].channel caps[0].over"},
		{"eleven caps", `{"caps":[` + strings.Repeat(`{"limit":1,"per":1,"unit":"days"},`, 10) + `{"limit":1,"per":1,"unit":"days"}]}`, "caps"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseSettings([]byte(c.body))
			if got := fieldsOf(t, err); got != c.fields {
				t.Errorf("faults in %q, want %q: %v", got, c.fields, err)
			}
		})
	}
	for _, ok := range []string{`{"limit":1,"per":30,"unit":"days"}`, `{"limit":1,"per":4,"unit":"weeks"}`, `{"limit":1,"per":43200,"unit":"minutes"}`} {
		if _, err := ParseSettings([]byte(`{"caps":[` + ok + `]}`)); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
}

func fieldsOf(t *testing.T, err error) string {
	t.Helper()
	var faults fault.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("error %v holds no faults", err)
	}
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	return strings.Join(fields, " ")
}

func TestParseHoldout(t *testing.T) {
	for body, ok := range map[string]bool{
		`{"share":0.05,"season":"2026Q4"}`: true, `{"share":0}`: true, `{"share":0.5,"season":"s"}`: true,
		`{"share":0.51,"season":"s"}`: false, `{"share":-0.1,"season":"s"}`: false, `{"share":0.1}`: false,
	} {
		if _, err := ParseHoldout([]byte(body)); (err == nil) != ok {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestUnsubscribeToken(t *testing.T) {
	u := Unsubscribe{ProfileID: "p-_1", Channel: Email, NotificationID: "n1"}
	token := u.Token(keysOf("secret"))
	got, err := ParseUnsubscribe(keysOf("secret"), token)
	if err != nil || got != u {
		t.Fatalf("got %+v, %v", got, err)
	}
	cut := strings.LastIndexByte(token, '.')
	for name, bad := range map[string]string{
		"another person": "x" + token, "no signature": token[:cut], "empty signature": token[:cut+1], "empty": "",
		"cut signature": token[:len(token)-1], "three parts signed as one": "a." + keysOf("secret").Sign(proof.Unsubscribe, "a"),
	} {
		if _, err := ParseUnsubscribe(keysOf("secret"), bad); !errors.Is(err, ErrToken) {
			t.Errorf("%s was taken: %v", name, err)
		}
	}
	if _, err := ParseUnsubscribe(keysOf("other"), token); !errors.Is(err, ErrToken) {
		t.Errorf("another secret was taken: %v", err)
	}
	if got := u.Token(keysOf("")); got != "" {
		t.Errorf("a token without a secret: %q", got)
	}
	if _, err := ParseUnsubscribe(keysOf(""), "p.email.n."+keysOf("").Sign(proof.Unsubscribe, "p.email.n")); !errors.Is(err, ErrToken) {
		t.Error("a token signed with nothing was taken")
	}
}
