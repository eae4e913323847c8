package delivery

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/fault/faulttest"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
)

// fuzzKeys are those of a deployment whose secret was changed once.
var fuzzKeys = proof.New([]string{"present", "before"}, []string{"given"})

// FuzzUnsubscribe reads any text as a token: one of ours, which is made of what it says, or ErrToken. What is signed says what went in, and one letter
// changed says nothing.
func FuzzUnsubscribe(f *testing.F) {
	ours := Unsubscribe{"gbOBfCNI2WeriD7lUXFExQ", Email, "n-1"}
	f.Add(ours.Token(fuzzKeys), "gbOBfCNI2WeriD7lUXFExQ", "email", "n-1", uint16(3))
	f.Add(ours.Token(proof.New([]string{"before"}, nil)), "", "", "", uint16(0))
	f.Add("a.b.c.d", "p", "sms", "x", uint16(9))
	f.Add("....", "p.q", "e\x00", "é", uint16(0))
	f.Fuzz(func(t *testing.T, token, id, channel, notification string, place uint16) {
		u, err := ParseUnsubscribe(fuzzKeys, token)
		switch {
		case err != nil && (!errors.Is(err, ErrToken) || u != Unsubscribe{}):
			t.Fatalf("%q: %+v, %v", token, u, err)
		case err == nil:
			text := token[:strings.LastIndexByte(token, '.')]
			if text != strings.Join([]string{string(u.ProfileID), string(u.Channel), u.NotificationID}, ".") || !fuzzKeys.Signed(proof.Unsubscribe, text, token[len(text)+1:]) {
				t.Fatalf("%q is read as %+v", token, u)
			}
		}
		said := Unsubscribe{profile.ID(id), Channel(channel), notification}
		made := said.Token(fuzzKeys)
		got, err := ParseUnsubscribe(fuzzKeys, made)
		if plain := strings.Count(id+channel+notification, ".") == 0; plain != (err == nil) || plain && got != said {
			t.Fatalf("%+v comes back as %+v, %v", said, got, err)
		}
		at := int(place) % len(made)
		if _, err := ParseUnsubscribe(fuzzKeys, made[:at]+string(made[at]^1)+made[at+1:]); err == nil {
			t.Fatalf("%q holds with the letter %d changed", made, at)
		}
	})
}

// FuzzConfirmation does the same with the sealed token.
func FuzzConfirmation(f *testing.F) {
	ours := Confirmation{"gbOBfCNI2WeriD7lUXFExQ", Email, "ann@example.com", time.Unix(1764000000, 0).UTC()}
	f.Add(ours.Token(fuzzKeys), "gbOBfCNI2WeriD7lUXFExQ", "email", "ann@example.com", int64(1764000000), uint16(3))
	f.Add(ours.Token(proof.New(nil, []string{"given"})), "", "", "", int64(0), uint16(0))
	f.Add("", "p", "sms", "a.b.c@d", int64(-1), uint16(9))
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "p.q", "e", "", int64(1)<<60, uint16(0))
	f.Fuzz(func(t *testing.T, token, id, channel, address string, sent int64, place uint16) {
		if c, err := ParseConfirmation(fuzzKeys, token); err != nil && (!errors.Is(err, ErrToken) || c != Confirmation{}) || err == nil && c.Token(fuzzKeys) == "" {
			t.Fatalf("%q: %+v, %v", token, c, err)
		}
		said := Confirmation{profile.ID(id), Channel(channel), address, time.Unix(sent, 0).UTC()}
		made := said.Token(fuzzKeys)
		if address != "" && strings.Contains(made, address) && len(address) > 3 {
			t.Fatalf("%q shows the address", made)
		}
		got, err := ParseConfirmation(fuzzKeys, made)
		if plain := strings.Count(id+channel, ".") == 0; plain && (err != nil || got != said) {
			t.Fatalf("%+v comes back as %+v, %v", said, got, err)
		}
		// The last letter may hold bits that say nothing.
		at := int(place) % (len(made) - 1)
		if c, err := ParseConfirmation(fuzzKeys, made[:at]+string(next(made[at]))+made[at+1:]); err == nil {
			t.Fatalf("%q holds with the letter %d changed, as %+v", made, at, c)
		}
	})
}

// next is another letter of base64url.
func next(c byte) byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return letters[(strings.IndexByte(letters, c)+1)%len(letters)]
}

// FuzzSettings reads any text as each settings document and as a time of day. What is refused says which fields and why; what is taken is the same once written
// and read again.
func FuzzSettings(f *testing.F) {
	for _, body := range []string{
		`{"quietHours":{"start":"21:30","end":"08:30"},"caps":[{"limit":1,"channel":"email","per":1,"unit":"days"},{"limit":5,"channel":"any","per":1,"unit":"weeks","over":"defer"}],"transactional":{"ignoreCaps":true}}`,
		`{"killSwitch":true,"stopped":["email"],"consent":{"sms":"optOut"},"confirmationsOff":true}`, `{"caps":[]}`, `{"caps":null}`, `{"share":0.05,"season":"2026Q4"}`, `{"share":1e300}`, `{"quietHours":{"start":"24:00"}}`, `{"Caps":[]}`, `[]`, `{`,
	} {
		f.Add([]byte(body), "21:30")
	}
	f.Add([]byte(`{}`), "1:30")
	f.Add([]byte(`{}`), "+1:30")
	f.Fuzz(func(t *testing.T, body []byte, clock string) {
		if s, err := ParseSettings(body); !faulttest.Refused(t, body, err) {
			if again, err := ParseSettings(written(t, s)); err != nil || !reflect.DeepEqual(again, s) {
				t.Fatalf("%s is read as %+v, and that again as %+v, %v", body, s, again, err)
			}
		}
		if h, err := ParseHoldout(body); !faulttest.Refused(t, body, err) {
			if again, err := ParseHoldout(written(t, h)); err != nil || again != h {
				t.Fatalf("%s is read as %+v, and that again as %+v, %v", body, h, again, err)
			}
		}
		var c Clock
		if c.UnmarshalText([]byte(clock)) == nil {
			if text, err := c.MarshalText(); err != nil || string(text) != clock || c < 0 || c >= 24*60 {
				t.Fatalf("%q is read as %d, which is written %q, %v", clock, c, text, err)
			}
		}
	})
}

func written(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%+v cannot be written: %v", v, err)
	}
	return text
}
