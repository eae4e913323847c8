package profile

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// mei has the device "own"; "foreign" is somebody's.
func mei() *Profile {
	p := &Profile{ID: "mei"}
	p.Attach(Identifier{UserID, "mei"})
	p.Attach(Identifier{AnonymousID, "own"})
	return p
}

const pushToken = "a-token-of-some-length"

// everything is a call of each kind that says something about reaching the person.
func everything(level trust.Level, user, device string) []event.Event {
	var list []event.Event
	for i, e := range []event.Event{
		{Kind: event.Identify, Traits: json.RawMessage(`{"name":"Mei","email":"mei@shop.example","phone":"13800000000"}`)},
		{Kind: event.Track, Name: event.ConsentGranted, Properties: json.RawMessage(`{"channel":"email"}`)},
		{Kind: event.Track, Name: event.Unsubscribed, Properties: json.RawMessage(`{"channel":"sms"}`)},
		{Kind: event.Group, GroupID: "g"},
		{Kind: event.Page, Context: json.RawMessage(`{"locale":"zh-CN","device":{"token":"` + pushToken + `"},"traits":{"city":"Hangzhou"}}`)},
		{Kind: event.Track, Name: event.EmailMarkedAsSpam},
	} {
		e.UserID, e.AnonymousID, e.Trust, e.Timestamp, e.ReceivedAt = user, device, level, minute(i), minute(i)
		list = append(list, e)
	}
	return list
}

// TestWhatBecomesOfAWord holds each level to the table: what counts, what stands apart, what is claimed and what has no effect.
func TestWhatBecomesOfAWord(t *testing.T) {
	type outcome struct {
		proven, unproven          bool // name, group, locale, events
		email, sms                string
		token, unconfirmed, claim bool
	}
	revoked := Consent{At: minute(5), ReceivedAt: minute(5), Reason: "complaint"}
	for name, c := range map[string]struct {
		level        trust.Level
		user, device string
		want         outcome
	}{
		"the shop":                    {trust.Shop, "mei", "", outcome{proven: true, email: "complaint", sms: "unsubscribe", token: true}},
		"the version before":          {"", "mei", "foreign", outcome{proven: true, email: "complaint", sms: "unsubscribe", token: true}},
		"an operator":                 {trust.Operator, "mei", "", outcome{proven: true, email: "complaint", sms: "unsubscribe", token: true}},
		"the person":                  {trust.Person, "mei", "foreign", outcome{proven: true, email: "granted", sms: "unsubscribe", token: true}},
		"her device":                  {trust.Public, "", "own", outcome{unproven: true, email: "granted", sms: "unsubscribe", token: true, unconfirmed: true}},
		"her device, with her id":     {trust.Public, "mei", "own", outcome{unproven: true, email: "granted", sms: "unsubscribe", token: true, unconfirmed: true}},
		"a foreign device":            {trust.Public, "mei", "foreign", outcome{unproven: true, claim: true}},
		"nobody's device":             {trust.Public, "mei", "", outcome{unproven: true}},
		"a level of the next version": {"guardian", "mei", "own", outcome{unproven: true, email: "granted", sms: "unsubscribe", token: true, unconfirmed: true}},
	} {
		t.Run(name, func(t *testing.T) {
			p := mei()
			for _, e := range everything(c.level, c.user, c.device) {
				p.Fold(&e, Shop{})
			}
			for part, m := range map[string]struct {
				*Memory
				has bool
			}{"proven": {&p.Memory, c.want.proven}, "unproven": {&p.Unproven, c.want.unproven}} {
				if m.has != (m.Traits["name"].Value == "Mei") || m.has != (len(m.Groups) == 1) || m.has != (m.Locale.Value == "zh-CN") || m.has != (m.Counters["page"].Total == 1) || m.has == m.Empty() {
					t.Errorf("%s: %+v", part, *m.Memory)
				}
				if _, said := m.Traits["city"]; said {
					t.Errorf("%s: a page sets a trait", part)
				}
			}
			if by := p.Traits["name"].By; (by == trust.Person) != (c.level == trust.Person) {
				t.Errorf("the name is said by %q", by)
			}
			for about, word := range p.Consent {
				if want := map[trust.Level]trust.Level{"": trust.Shop, "guardian": trust.Public}[c.level]; word.By != c.level && word.By != want {
					t.Errorf("consent to %s was said by %q", about, word.By)
				}
			}
			email := p.Consent["email"]
			email.Proof = Proof{}
			wantEmail := map[string]Consent{"complaint": revoked, "granted": {Granted: true, At: minute(1), ReceivedAt: minute(1)}, "": {}}[c.want.email]
			if email != wantEmail || p.Consent["sms"].Reason != c.want.sms {
				t.Errorf("consent %+v", p.Consent)
			}
			if _, token := p.Tokens[pushToken]; token != c.want.token {
				t.Errorf("tokens %v", p.Tokens)
			}
			if got := p.Address(ChannelEmail); (got == "mei@shop.example") != c.want.proven {
				t.Errorf("address %q", got)
			}
			if u := p.Unconfirmed; c.want.unconfirmed != (u == Addresses{Stamped{"mei@shop.example", minute(0)}, Stamped{"13800000000", minute(0)}}) || !c.want.unconfirmed && u != (Addresses{}) {
				t.Errorf("unconfirmed %+v", u)
			}
			claim, claimed := p.Claims["foreign"]
			if claimed != c.want.claim || claimed && (!claim.At.Equal(minute(5)) || !claim.Consent["email"].Granted || claim.Consent["sms"].Granted || len(claim.Tokens) != 1 || claim.Unconfirmed.Email.Value == "") {
				t.Errorf("claims %+v", p.Claims)
			}
		})
	}
}

func TestAnAliasOfAPublicSourceClaimsADevice(t *testing.T) {
	for previous, claimed := range map[string]bool{"foreign": true, "own": false, "mei": false} {
		p := mei()
		p.Fold(&event.Event{Kind: event.Alias, UserID: "mei", PreviousID: previous, AnonymousID: "own", Trust: trust.Public, Timestamp: t0, ReceivedAt: t0, Context: json.RawMessage(`{"device":{"token":"` + pushToken + `"}}`)}, Shop{})
		c, is := p.Claims[previous]
		if is != claimed || len(c.Tokens) != 0 || len(p.Claims) > 1 {
			t.Errorf("alias of %s: %+v", previous, p.Claims)
		}
		if len(p.Tokens) != 1 {
			t.Errorf("the token of the device that sends the alias is lost: %v", p.Tokens)
		}
	}
}

// TestOfTwoWordsTheMoreTrustedHolds, then the later, then the greater.
func TestOfTwoWordsTheMoreTrustedHolds(t *testing.T) {
	words := []Trait{{"b", minute(1), trust.Person}, {"a", minute(9), trust.Person}, {"b", minute(9), trust.Person}, {"a", minute(2), ""}, {"b", minute(2), ""}, {"a", minute(3), ""}}
	for i, less := range words {
		for _, more := range words[i+1:] {
			for _, pair := range [][2]Trait{{less, more}, {more, less}} {
				var m Traits
				m.set("t", pair[0])
				m.set("t", pair[1])
				if m["t"] != more {
					t.Errorf("%+v and then %+v: %+v", pair[0], pair[1], m["t"])
				}
			}
		}
	}
	// Whoever floods a person's traits pushes out none of the shop's.
	var m Traits
	m.set("email", Trait{"mei@shop.example", minute(0), ""})
	for i := range 3 * MaxTraits {
		m.set(fmt.Sprint("t", i), Trait{"x", minute(9), trust.Person})
		m.bound()
	}
	if len(m) != MaxTraits || m["email"].Value != "mei@shop.example" {
		t.Errorf("%d traits, e-mail %+v", len(m), m["email"])
	}
}

// TestAllShowsBothParts, and what is done to it changes neither.
// TestAPageMovesNobodysClock: quiet hours go by the time zone, so whoever has the public key must not move that of somebody whose zone is known.
func TestAPageMovesNobodysClock(t *testing.T) {
	place := func(level trust.Level, at time.Time, context string) *event.Event {
		return &event.Event{Kind: event.Page, UserID: "mei", Trust: level, Timestamp: at, ReceivedAt: at, Context: json.RawMessage(context)}
	}
	page := place(trust.Public, minute(5), `{"timezone":"America/New_York","locale":"en-US"}`)
	for _, c := range []struct{ said, zone, locale string }{
		{`{"timezone":"Asia/Shanghai","locale":"zh-CN"}`, "Asia/Shanghai", "zh-CN"},
		{`{"timezone":"Asia/Shanghai"}`, "Asia/Shanghai", "en-US"},
		{`{}`, "America/New_York", "en-US"},
	} {
		p := mei()
		p.Fold(place("", t0, c.said), Shop{})
		p.Fold(page, Shop{})
		if all := p.All(); all.Zone.Value != c.zone || all.Locale.Value != c.locale {
			t.Errorf("%s: %s %s", c.said, all.Zone.Value, all.Locale.Value)
		}
	}
}

func TestAllShowsBothParts(t *testing.T) {
	one := func(level trust.Level, name, trait string) *event.Event {
		return &event.Event{Kind: event.Identify, UserID: "mei", Trust: level, Timestamp: t0, ReceivedAt: t0, Traits: json.RawMessage(trait), Context: json.RawMessage(`{"locale":"` + name + `"}`)}
	}
	proven, unproven, both, none := mei(), mei(), mei(), mei()
	for _, p := range []*Profile{proven, both} {
		p.Fold(one("", "de", `{"name":"Mei","email":"mei@shop.example"}`), Shop{})
	}
	for _, p := range []*Profile{unproven, both} {
		p.Fold(one(trust.Public, "zh", `{"name":"Eve","email":"eve@evil.example","size":7}`), Shop{})
		p.Fold(&event.Event{Kind: event.Track, Name: event.ProductAdded, UserID: "mei", Trust: trust.Public, Timestamp: minute(1), ReceivedAt: minute(1), Properties: json.RawMessage(`{"product_id":"tea","price":1,"category":"c","brand":"b"}`)}, Shop{Currency: "CNY"})
	}
	both.Fold(&event.Event{Kind: event.Track, Name: event.ProductAdded, UserID: "mei", Timestamp: minute(2), Properties: json.RawMessage(`{"product_id":"pot","price":1,"category":"c","brand":"b"}`)}, Shop{Currency: "CNY"})
	if proven.All() != proven || none.All() != none {
		t.Error("where nothing is unproven there is more than the profile itself")
	}
	for name, c := range map[string]struct {
		p       *Profile
		name    Trait
		address string
		added   int64
		pieces  int
	}{
		"unproven": {unproven, Trait{"Eve", t0, trust.Public}, "", 1, 1},
		"both":     {both, Trait{"Mei", t0, ""}, "mei@shop.example", 2, 2},
	} {
		before, _ := json.Marshal(fields(c.p))
		all := c.p.All()
		pieces, _ := all.OpenCart()
		if all.Traits["name"] != c.name || all.Traits["size"] != (Trait{int64(7), t0, trust.Public}) || all.Address(ChannelEmail) != c.address || all.Counters[event.ProductAdded].Total != c.added || pieces != c.pieces || !all.Unproven.Empty() {
			t.Errorf("%s: %+v", name, all)
		}
		if after, _ := json.Marshal(fields(c.p)); string(after) != string(before) {
			t.Errorf("%s: looking at all changed the profile", name)
		}
	}
}

func TestSeenByWhateverEvent(t *testing.T) {
	for name, c := range map[string]struct{ proven, unproven, want [2]int }{
		"proven": {[2]int{2, 5}, [2]int{}, [2]int{2, 5}}, "unproven": {[2]int{}, [2]int{2, 5}, [2]int{2, 5}}, "both": {[2]int{2, 5}, [2]int{1, 9}, [2]int{1, 9}}, "within": {[2]int{1, 9}, [2]int{2, 5}, [2]int{1, 9}},
	} {
		span := func(m [2]int) Memory {
			if m[0] == 0 {
				return Memory{}
			}
			return Memory{FirstSeen: minute(m[0]), LastSeen: minute(m[1])}
		}
		first, last := (&Profile{Memory: span(c.proven), Unproven: span(c.unproven)}).Seen()
		if !first.Equal(minute(c.want[0])) || !last.Equal(minute(c.want[1])) {
			t.Errorf("%s: from %v to %v", name, first, last)
		}
	}
	if first, last := (&Profile{}).Seen(); !first.IsZero() || !last.IsZero() {
		t.Error("nobody was seen")
	}
}

// TestOfManyClaimsTheNewestStay, and what a device of the person's has said is none of them.
func TestOfManyClaimsTheNewestStay(t *testing.T) {
	grant := func(device string, at int) *event.Event {
		return &event.Event{Kind: event.Track, Name: event.ConsentGranted, UserID: "mei", AnonymousID: device, Trust: trust.Public, Timestamp: minute(at), ReceivedAt: minute(at), Properties: json.RawMessage(`{"channel":"sms"}`)}
	}
	p := mei()
	p.Fold(grant("own", 0), Shop{})
	for i := range 3 * MaxClaims {
		p.Fold(grant(fmt.Sprint("foreign", i), 1+i), Shop{})
	}
	if len(p.Claims) != MaxClaims || !p.ClaimsFrom.Equal(minute(2*MaxClaims)) || !p.Consent["sms"].Granted {
		t.Errorf("%d claims from %v, consent %v", len(p.Claims), p.ClaimsFrom, p.Consent)
	}
	p.Fold(grant("too late", 2*MaxClaims), Shop{})
	p.Fold(grant("in time", 2*MaxClaims+1), Shop{})
	if _, late := p.Claims["too late"]; late || p.Claims["in time"].At.IsZero() && !p.ClaimsFrom.Equal(minute(2*MaxClaims+1)) {
		t.Errorf("claims %v from %v", p.Claims, p.ClaimsFrom)
	}
}

// shopOf is people as projection keeps them, as far as joins go.
type shopOf map[Identifier]*Profile

func (s shopOf) of(i Identifier) *Profile {
	if s[i] == nil {
		s[i] = &Profile{ID: i.ID()}
		s[i].Attach(i)
	}
	return s[i]
}

func (s shopOf) fold(e event.Event) {
	user, device := Identifier{UserID, e.UserID}, Identifier{AnonymousID, e.AnonymousID}
	if e.UserID == "" {
		s.of(device).Fold(&e, Shop{Currency: "CNY"})
		return
	}
	if e.Trust == trust.Person && e.AnonymousID != "" {
		switch p := s.of(user); {
		case s[device] == nil:
			p.Attach(device)
			s[device] = p
		case s[device] != p:
			keep, absorbed := Survivor(p, s[device])
			keep.Absorb(absorbed)
			for i, who := range s {
				if who == absorbed {
					s[i] = keep
				}
			}
		}
	}
	s.of(user).Fold(&e, Shop{Currency: "CNY"})
}

// TestAJoinIsAsIfItHadAlwaysBeen folds the same events in many sequences, with the proofs that join devices anywhere among them: the person ends
// the same, whatever was folded beside a claim, into the device's own profile, or after the join.
func TestAJoinIsAsIfItHadAlwaysBeen(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 7))
		devices := []string{"d0", "d1", "d2", "d3"}
		list := []event.Event{{Kind: event.Page, UserID: "u", Trust: trust.Public, Timestamp: t0}} // so that the person is there
		for range 10 + r.IntN(60) {
			e := anyEvent(r)
			e.UserID, e.AnonymousID = []string{"u", ""}[r.IntN(2)], devices[r.IntN(len(devices))]
			if e.Kind == event.Alias {
				e.UserID, e.PreviousID = "u", devices[r.IntN(len(devices))]
			}
			if e.Trust == trust.Person {
				e.Trust = trust.Public
			}
			list = append(list, e)
		}
		for _, d := range devices[:1+r.IntN(len(devices))] {
			list = append(list, event.Event{Kind: event.Page, UserID: "u", AnonymousID: d, Trust: trust.Person, Timestamp: t0.Add(time.Duration(r.IntN(1000)) * time.Hour)})
		}
		for i := range list {
			list[i].ReceivedAt = list[i].Timestamp.Add(time.Duration(r.IntN(48)) * time.Hour)
		}
		ended := func() map[string]any {
			s := shopOf{}
			for _, e := range list {
				s.fold(e)
			}
			all := fields(s.of(Identifier{UserID, "u"}))
			ids := slices.Clone(all["Identifiers"].([]Identifier))
			slices.SortFunc(ids, func(a, b Identifier) int { return slices.Compare([]string{a.Value}, []string{b.Value}) })
			all["Identifiers"] = ids
			return all
		}
		want := ended()
		for range 6 {
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			got := ended()
			for name, want := range want {
				switch name {
				case "ID", "Parts", "Version", "LeftOut", "Unproven.LeftOut", "ShopDays", "Unproven.ShopDays":
					continue
				}
				if !alike(got[name], want) {
					t.Errorf("seed %d, %s:\n%+v\nwant\n%+v", seed, name, got[name], want)
				}
			}
		}
	}
}

// TestMergedClaims: what was claimed of either of two people is claimed of both, and what one's device has said counts.
func TestMergedClaims(t *testing.T) {
	say := func(p *Profile, user, device string, at int) {
		p.Fold(&event.Event{Kind: event.Page, UserID: user, AnonymousID: device, Trust: trust.Public, Timestamp: minute(at), ReceivedAt: minute(at), Context: json.RawMessage(`{"device":{"token":"token-of-` + device + `-and-more"}}`)}, Shop{})
	}
	p, q := mei(), &Profile{ID: "old"}
	q.Attach(Identifier{UserID, "old"})
	q.Attach(Identifier{AnonymousID, "phone"})
	for i, device := range []string{"phone", "both", "mine"} {
		say(p, "mei", device, i)
	}
	for i, device := range []string{"own", "both", "theirs"} {
		say(q, "old", device, 10+i)
	}
	p.Absorb(q)
	if len(p.Claims) != 3 || !p.Claims["both"].At.Equal(minute(11)) || p.Claims["mine"].At.IsZero() || p.Claims["theirs"].At.IsZero() {
		t.Errorf("claims %+v", p.Claims)
	}
	if want := map[string]Token{"token-of-phone-and-more": {At: minute(0)}, "token-of-own-and-more": {At: minute(10)}}; !reflect.DeepEqual(p.Tokens, want) {
		t.Errorf("tokens %+v", p.Tokens)
	}
}
