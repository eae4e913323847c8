package template

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// TestParse refuses what no channel can carry, everything at once and each at its place. The language of the parts is not looked at.
func TestParse(t *testing.T) {
	email := func(content string) string {
		return `{"id":"t","channel":"email","locales":{"default":` + content + `}}`
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct{ body, fields string }{
		"an e-mail":                   {email(`{"subject":"s","text":"{{ no Liquid"}`), ""},
		"of HTML alone":               {email(`{"subject":"s","html":"<p>"}`), ""},
		"a field that is unknown":     {`{"id":"t","chanel":"email"}`, "chanel channel"},
		"an id of 64 bytes":           {strings.Replace(email(`{"subject":"s","text":"t"}`), `"t"`, `"`+long(64)+`"`, 1), ""},
		"an id of 65 bytes":           {strings.Replace(email(`{"subject":"s","text":"t"}`), `"t"`, `"`+long(65)+`"`, 1), "id"},
		"no parts":                    {email(`{}`), "locales.default.subject locales.default.text"},
		"no default":                  {`{"id":"t","channel":"email","locales":{"zh":{"subject":"s","text":"t"}}}`, "locales"},
		"another channel's part":      {email(`{"subject":"s","text":"t","payload":"{}"}`), "locales.default.payload"},
		"a part of another type":      {email(`{"subject":"s","text":7}`), "locales.default.text"},
		"the longest parts":           {email(`{"subject":"` + long(1<<10) + `","text":"` + long(64<<10) + `"}`), ""},
		"longer ones":                 {email(`{"subject":"` + long(1<<10+1) + `","text":"` + long(64<<10+1) + `"}`), "locales.default.subject locales.default.text"},
		"no link to confirm":          {strings.Replace(email(`{"subject":"s","text":"t","html":"{{ confirmUrl }}"}`), `"t"`, `"confirm-address"`, 1), "locales.default.text"},
		"a push":                      {`{"id":"t","channel":"push","locales":{"default":{"subject":"s","text":"t"}}}`, ""},
		"one with data":               {`{"id":"t","channel":"push","locales":{"default":{"subject":"s","text":"t","payload":{"link":"{{ a }}"}}}}`, ""},
		"one with what is no text":    {`{"id":"t","channel":"push","locales":{"default":{"subject":"s","text":"t","payload":{"link":1}}}}`, "locales.default.payload.link"},
		"one with data in a text":     {`{"id":"t","channel":"push","locales":{"default":{"subject":"s","text":"t","payload":"{}"}}}`, "locales.default.payload"},
		"one with names of others":    {`{"id":"t","channel":"push","locales":{"default":{"subject":"s","text":"t","payload":{"aps":"","from":"","gcm.x":"","notificationId":"","a":""}}}}`, "locales.default.payload.aps locales.default.payload.from locales.default.payload.gcm.x locales.default.payload.notificationId"},
		"one without a title":         {`{"id":"t","channel":"push","locales":{"default":{"text":"t","html":"h"}}}`, "locales.default.html locales.default.subject"},
		"a text message":              {`{"id":"t","channel":"sms","locales":{"default":{"text":"${a}","payload":{"template":"SMS_1","params":{"a":"{{ b }}"}}}}}`, ""},
		"one without a code":          {`{"id":"t","channel":"sms","locales":{"default":{"text":"a"}}}`, "locales.default.payload"},
		"one that lacks a value":      {`{"id":"t","channel":"sms","locales":{"default":{"text":"${a}","payload":{"template":"SMS_1"}}}}`, "locales.default.payload.params"},
		"a confirmation by a webhook": {`{"id":"confirm-address","channel":"social","locales":{"default":{"payload":{}}}}`, "channel"},
	} {
		_, err := Parse([]byte(c.body))
		var faults fault.Faults
		if err != nil && !errors.As(err, &faults) {
			t.Fatalf("%s: %v", name, err)
		}
		var fields []string
		for _, f := range faults {
			fields = append(fields, f.Field)
		}
		if got := strings.Join(fields, " "); got != c.fields {
			t.Errorf("%s: faults in %q, want %q: %v", name, got, c.fields, err)
		}
	}
}

// TestEveryPartHasItsSource fills each part with its own name: a part that Source does not know would never be sent.
func TestEveryPartHasItsSource(t *testing.T) {
	d, err := Parse([]byte(`{"id":"t","channel":"email","locales":{"default":{"subject":"subject","text":"text","html":"html","payload":"payload"}}}`))
	if err == nil {
		t.Error("an e-mail with a payload was taken")
	}
	for _, channel := range delivery.Channels() {
		for _, group := range delivery.KindOf(channel).Parts {
			for _, p := range group {
				if got := d.Locales["default"].Source(p); got != string(p) {
					t.Errorf("the source of %s is %q", p, got)
				}
			}
		}
	}
	if got := (Content{Payload: []byte(`{"a":1}`)}).Source(delivery.Payload); got != `{"a":1}` {
		t.Errorf("a payload that is no text is %q", got)
	}
}

// TestLiquidInJSON is what its author meant: the quotes of a filter's argument are escaped as all in a JSON string is, and what stands around the Liquid is left as it is.
func TestLiquidInJSON(t *testing.T) {
	for payload, want := range map[string]string{
		`{"text":"{{ name | default: \"friend\" }} \"hi\"\n"}`:          `{"text":"{{ name | default: "friend" }} \"hi\"\n"}`,
		`{"text":"{% if a == 'b' %}\u597d{{ \"\u597d\" }}{% endif %}"}`: `{"text":"{% if a == 'b' %}\u597d{{ "好" }}{% endif %}"}`,
		`{"a":"{{ x","b":"}}"}`:       `{"a":"{{ x","b":"}}"}`,
		`"{\"text\":\"{{ name }}\"}"`: `{"text":"{{ name }}"}`,
		`{"text":"{{ x }}{{ y }}"}`:   `{"text":"{{ x }}{{ y }}"}`,
	} {
		if got := (Content{Payload: json.RawMessage(payload)}).Source(delivery.Payload); got != want {
			t.Errorf("%s is %s, want %s", payload, got, want)
		}
	}
}
