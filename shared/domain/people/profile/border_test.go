package profile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// The ids under which something of a person may stand, each once.
func TestKeys(t *testing.T) {
	mail := Identifier{Email, "mei@shop.example"}
	p := &Profile{ID: "p", Parts: []ID{"a", "p", "b", "a", mail.ID()}, Identifiers: []Identifier{{UserID, "mei"}, mail}}
	want := []ID{"p", "a", "b", mail.ID(), Identifier{UserID, "mei"}.ID()}
	if got := p.Keys(); !slices.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
}

// What an erasure refuses, at the very time and version of it, under a key that is known and under one that is not.
func TestErasuresAtTheirBorders(t *testing.T) {
	at := time.UnixMilli(1_772_366_400_000).UTC()
	const cs = int64(177_236_640_000)
	p := &Profile{ID: "p"}
	p.RememberErasure("k", at)
	p.RememberErasure("other", at.Add(-time.Hour))
	for key, c := range map[ID]struct{ erased, predates []bool }{
		"k": {[]bool{true, true, false}, []bool{true, false, false}}, "nobody": {[]bool{false, false, false}, []bool{false, false, false}},
	} {
		for i, d := range []int64{-1, 0, 1} {
			if got := p.Erased(key, at.Add(time.Duration(d))); got != c.erased[i] {
				t.Errorf("%s, received %d ns from then: %v", key, d, got)
			}
			if got := p.Predates(key, cs+d); got != c.predates[i] {
				t.Errorf("%s, version %d from then: %v", key, d, got)
			}
		}
	}
	if (&Profile{}).Erased("k", time.Time{}) || (&Profile{}).Predates("k", -1<<62) {
		t.Error("who was never erased is refused")
	}
	if p.Erased("other", at) || !p.ErasedAt.Equal(at) {
		t.Errorf("one key's erasure is another's; erased at %v", p.ErasedAt)
	}
	p.RememberErasure("k", at.Add(-1))
	if !p.Erasures["k"].Equal(at) || len(p.Erasures) != 2 {
		t.Errorf("an earlier time took the place of a later one: %v", p.Erasures)
	}
	heir := &Profile{}
	heir.Inherit(p)
	if !reflect.DeepEqual(heir.Erasures, p.Erasures) || !heir.ErasedAt.Equal(at) {
		t.Errorf("inherited %v", heir.Erasures)
	}
	for version, want := range map[int64]int64{0: cs, cs - 2: cs, cs - 1: cs, cs: cs + 1, cs + 5: cs + 6} {
		if got := (&Profile{Version: version}).TombstoneVersion(at.Add(9 * time.Millisecond)); got != want {
			t.Errorf("the tombstone of version %d has %d, want %d", version, got, want)
		}
	}
}

// What a conditional write asks is how the item stood when it was read, whatever became of the profile since.
func TestMarks(t *testing.T) {
	at := time.UnixMilli(1_772_366_400_000).UTC()
	const cs = int64(177_236_640_000)
	for version, counts := range map[int64]int64{7: cs, cs - 1: cs, cs: cs, cs + 3: cs + 3} {
		p := &Profile{ID: "p"}
		m := Mark{Version: version, Erased: at}
		p.Bury(m)
		if p.Version != counts || p.Mark() != m || !p.Erasures["p"].Equal(at) {
			t.Errorf("buried at %d: counts on from %d, mark %+v, erasures %v", version, p.Version, p.Mark(), p.Erasures)
		}
		p.Stored(Mark{Version: counts + 1, Erased: at.Add(1)})
		if p.Version != counts+1 || p.Mark() != (Mark{counts + 1, at.Add(1)}) {
			t.Errorf("stored: %d, %+v", p.Version, p.Mark())
		}
	}
}

// Which of two survives, value by value.
func TestWhoSurvives(t *testing.T) {
	known, anonymous := &Profile{ID: "z", Memory: Memory{FirstSeen: t0.Add(9)}, Identifiers: []Identifier{{UserID, "u"}}}, &Profile{ID: "a", Memory: Memory{FirstSeen: t0}}
	early, late := &Profile{ID: "z", Memory: Memory{FirstSeen: t0}}, &Profile{ID: "a", Memory: Memory{FirstSeen: t0.Add(1)}}
	lower, upper := &Profile{ID: "a", Memory: Memory{FirstSeen: t0}}, &Profile{ID: "b", Memory: Memory{FirstSeen: t0}}
	for _, pair := range [][2]*Profile{{known, anonymous}, {early, late}, {lower, upper}} {
		for i := range 2 {
			if keep, absorb := Survivor(pair[i], pair[1-i]); keep != pair[0] || absorb != pair[1] {
				t.Errorf("of %v the other survives", pair)
			}
		}
	}
}

// An explicit word goes beyond the limits of kinds and no further; what is there already is always taken.
func TestLimitsOfIdentifiers(t *testing.T) {
	many := func(kind IdentifierKind, n int) (out []Identifier) {
		for i := range n {
			out = append(out, Identifier{kind, fmt.Sprint(kind, i)})
		}
		return out
	}
	one := Identifier{Email, "new"}
	for n, taken := range map[int]bool{MaxUnited - 1: true, MaxUnited: false} {
		p := &Profile{Identifiers: many(Email, n)}
		if got := p.Unite(one); got != taken || p.Has(one) != taken {
			t.Errorf("with %d: united %v, has %v", n, got, p.Has(one))
		}
		before := len(p.Identifiers)
		if !p.Unite(p.Identifiers[0]) || len(p.Identifiers) != before {
			t.Errorf("with %d: what is there was not taken, or twice", n)
		}
	}
	for name, c := range map[string]struct {
		a, b           []Identifier
		fits, explicit bool
	}{
		"two nobodies":             {nil, nil, true, true},
		"one kind to its limit":    {many(Email, MaxIdentifiers-1), many(Email, 1), true, true},
		"one kind over its limit":  {many(Email, MaxIdentifiers), many(Email, 1), false, true},
		"two kinds at their limit": {many(Email, MaxIdentifiers), many(Phone, MaxIdentifiers), true, true},
		"two users":                {many(UserID, 1), many(UserID, 1), false, true},
		"a user and a device":      {many(UserID, 1), many(AnonymousID, 1), true, true},
		"as many as may be":        {many(Email, MaxUnited-1), many(Phone, 1), true, true},
		"one more than may be":     {many(Email, MaxUnited), many(Phone, 1), false, false},
		"the second is full alone": {nil, many(Email, MaxIdentifiers), true, true},
	} {
		p, q := &Profile{Identifiers: c.a}, &Profile{Identifiers: c.b}
		if got := p.Fits(q, false); got != c.fits {
			t.Errorf("%s: fits %v", name, got)
		}
		if got := p.Fits(q, true); got != c.explicit {
			t.Errorf("%s: fits on an explicit word %v", name, got)
		}
	}
}

// Shapes of identifiers that the cases of TestNamed leave out.
func TestShapesOfIdentifiers(t *testing.T) {
	host := strings.Repeat("h", 250)
	for text, want := range map[string]string{
		"a@b": "a@b", " A@B ": "a@b", "a@" + host + "hh": "a@" + host + "hh", "a@" + host + "hhh": "", "a@b c": "", "a\t@b": "", "a<x@b": "", "a@b>": "", "a,b@c": "", "a;b@c": "",
		"a@null": "", "null@b": "", "a\n@b": "", "a\r@b": "", "@": "", "a@b@c": "",
	} {
		i, ok := email(text)
		if ok != (want != "") || i.Value != want || ok && i.Kind != Email {
			t.Errorf("e-mail %q is %v, %v", text, i, ok)
		}
	}
	for text, want := range map[string]string{
		" 138.1234/5678 ": "13812345678", "(0)12-34 56": "0123456", "+49123456": "+49123456", "0012345": "", "00123456": "+123456", "12:3456": "", "12+3456": "", "1234567x": "",
		"/123456": "123456", "999999": "", "999998": "999998", "+00123456": "+00123456", "0000": "", "": "", " ": "",
	} {
		i, ok := phone(text)
		if ok != (want != "") || i.Value != want || ok && i.Kind != Phone {
			t.Errorf("phone %q is %v, %v", text, i, ok)
		}
	}
	for text, want := range map[string]string{
		" abcdefghijklmnop ": "abcdefghijklmnop", "aaaaaaaaaaaaaaaa": "", "aaaaaaaaaaaaaaab": "aaaaaaaaaaaaaaab", "abcdefghijklmno": "", "": "",
	} {
		i, ok := token(Device, text)
		if ok != (want != "") || i.Value != want || ok && i.Kind != Device {
			t.Errorf("token %q is %v, %v", text, i, ok)
		}
	}
	const id = "abcdefghijklmnop"
	for kind, want := range map[string]IdentifierKind{
		"Device_Token": Device, "push-token": Device, "android.push token": Device, "iosPushToken": Device, "openid": OpenID, "wechat openid": OpenID, "weixin.openid": OpenID,
		"unionid": UnionID, "weChat-UnionID": UnionID, "weixin_unionid": UnionID, "userid": "", "": "",
	} {
		for collection, taken := range map[string]bool{``: true, `,"collection":"users"`: true, `,"collection":"accounts"`: false, `,"collection":""`: true} {
			i, ok := external([]byte(`{"id":"` + id + `","type":"` + kind + `"` + collection + `}`))
			if ok != (taken && want != "") || ok && i != (Identifier{want, id}) {
				t.Errorf("%s%s: %v, %v", kind, collection, i, ok)
			}
		}
	}
	if i, ok := external([]byte(`{"id":13812345678,"type":"mobile"}`)); !ok || i != (Identifier{Phone, "13812345678"}) {
		t.Errorf("a mobile number is %v, %v", i, ok)
	}
}

func TestScalars(t *testing.T) {
	long := strings.Repeat("x", MaxTraitText+1)
	for text, want := range map[string]any{
		`"a"`: "a", `"\u00e4"`: "ä", `true`: true, `false`: false, `null`: nil, ``: nil, `1`: int64(1), `-5`: int64(-5), `1.5`: 1.5, `1e400`: nil, `9223372036854775808`: 9223372036854775808.0,
		`{ "a" : [ 1 ] }`: `{"a":[1]}`, `[ 1, 2 ]`: `[1,2]`, `{"a"`: nil, `"` + long + `"`: long[:MaxTraitText], `["` + long + `"]`: `["` + long + `"]`,
		`["` + strings.Repeat("x", MaxTraitTree) + `"]`: `["` + strings.Repeat("x", MaxTraitTree-2), `NaN`: nil, `Inf`: nil, `-Inf`: nil, `x`: nil,
	} {
		if got := scalar([]byte(text)); got != want {
			t.Errorf("%s is %#v, want %#v", text, got, want)
		}
	}
}

// A zone is remembered by its name, a name that is none too, and the shop's stands in for it.
func TestZonesByName(t *testing.T) {
	shop := time.FixedZone("shop", 3600)
	for range 2 {
		for name, want := range map[string]string{"Asia/Tokyo": "Asia/Tokyo", "": "shop", "Local": "shop", "No/Where": "shop", "UTC": "UTC"} {
			p := &Profile{}
			p.Zone.Value = name
			if got := p.Location(shop); got.String() != want {
				t.Errorf("%q: %s, want %s", name, got, want)
			}
		}
	}
}

// What was stored before words had a time of receipt: a grant proves nothing against a refusal, a refusal counts from its own time.
func TestWordsWithoutAReceipt(t *testing.T) {
	at := func(h int) time.Time { return t0.Add(time.Duration(h) * time.Hour) }
	for name, c := range map[string]struct {
		word           Consent
		heard          time.Time
		unproven, over bool // over: outweighs a refusal of hour 5
	}{
		"a grant, received":         {Consent{Granted: true, At: at(1), ReceivedAt: at(6)}, at(6), false, true},
		"a grant, received then":    {Consent{Granted: true, At: at(1), ReceivedAt: at(5)}, at(5), false, false},
		"a grant, nobody knows":     {Consent{Granted: true, At: at(9)}, at(9), true, false},
		"a refusal, received":       {Consent{At: at(1), ReceivedAt: at(6)}, at(6), false, false},
		"a refusal, nobody knows":   {Consent{At: at(9)}, at(9), false, false},
		"a grant of before history": {Consent{Granted: true, ReceivedAt: at(6)}, at(6), false, true},
	} {
		if w := c.word; !w.Heard().Equal(c.heard) || w.unproven() != c.unproven || w.Outweighs(at(5)) != c.over {
			t.Errorf("%s: heard %v, unproven %v, outweighs %v", name, w.Heard(), w.unproven(), w.Outweighs(at(5)))
		}
	}
	// An event that tells no receipt was received when it happened; one that happened later than it was received did not.
	for name, c := range map[string]struct{ happened, received, at, heard time.Time }{
		"no receipt":      {at(2), time.Time{}, at(2), at(2)},
		"received later":  {at(2), at(3), at(2), at(3)},
		"dated ahead":     {at(9), at(3), at(3), at(3)},
		"at the same":     {at(3), at(3), at(3), at(3)},
		"in milliseconds": {at(2), at(3).Add(1_999_999), at(2), at(3).Add(time.Millisecond)},
	} {
		p := &Profile{}
		p.Fold(&event.Event{Kind: event.Track, Name: event.ConsentGranted, Timestamp: c.happened, ReceivedAt: c.received, Properties: json.RawMessage(`{"channel":"sms","reason":"asked"}`)}, Shop{})
		if got := p.Consent["sms"]; got != (Consent{Granted: true, At: c.at, Reason: "asked", ReceivedAt: c.heard, Proof: Proof{By: trust.Shop}}) {
			t.Errorf("%s: %+v", name, p.Consent)
		}
	}
}
