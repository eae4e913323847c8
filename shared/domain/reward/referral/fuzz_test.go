package referral

import (
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/fault/faulttest"
)

// FuzzParse reads any text as a program: refused with fields and reasons, or the same once written and read again, with rewards that can be paid.
func FuzzParse(f *testing.F) {
	for _, body := range []string{
		`{"id":"invite","name":"Invite","state":"running","hold":"14d","attributionWindow":"30d","qualifying":{"event":"Order Completed","minTotal":{"amount":100,"currency":"CNY"}},
		"rewards":{"advocate":[{"points":500}],"friend":[{"voucher":{"amount":2000,"currency":"CNY"}}]},"ladder":[{"friends":3,"advocate":[{"points":100}]},{"friends":10,"advocate":[{"points":100}]}],"budget":[{"points":100000}],"maxPerAdvocate":50}`,
		`{"id":"a","name":"A","state":"draft","attributionWindow":"1s","rewards":{"friend":[{"points":1}]}}`, `{"rewards":{"friend":[{"points":1,"voucher":{}}]}}`, `{"hold":"1d1d"}`, `{"ladder":[{"friends":-1}]}`, `[]`, `{`, `{"budget":{}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := Parse(body)
		if faulttest.Refused(t, body, err) {
			return
		}
		faulttest.ReadBack(t, body, p, Parse)
		for _, q := range append(p.charged(p.Rewards), p.Rewards.Friend...) {
			if q.Amount <= 0 {
				t.Fatalf("%s charges %+v", body, q)
			}
		}
	})
}

// FuzzCode: what people type is a code of our alphabet or none, and blanks, dashes and case make no other one of it.
func FuzzCode(f *testing.F) {
	for _, text := range []string{Code("invite", "p", 0), " " + strings.ToLower(Code("invite", "p", 0)) + "\n", "ＡＢＣＤＥＦＧＨ", "", "----", "\xff\xff\xff\xff\xff\xff\xff\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, ok := ParseCode(text)
		if !ok {
			if code != "" {
				t.Fatalf("%q is none, and %q", text, code)
			}
			return
		}
		if len(code) != CodeLength || strings.Trim(code, alphabet) != "" {
			t.Fatalf("%q is the code %q", text, code)
		}
		for _, other := range []string{code, strings.ToLower(code), " " + code[:2] + "-" + code[2:] + " "} {
			if again, ok := ParseCode(other); !ok || again != code {
				t.Fatalf("%q is the code %q, and %q is %q", text, code, other, again)
			}
		}
	})
}
