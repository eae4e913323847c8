package profile

import (
	"slices"
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// TestWordsOfAnotherKind: an event is known by its call too. Who screens, groups or identifies under the name of a word says no such word.
func TestWordsOfAnotherKind(t *testing.T) {
	for _, name := range []string{event.ConsentGranted, event.ConsentRevoked, event.Unsubscribed, event.EmailMarkedAsSpam, event.EmailBounced, event.EmailConfirmed} {
		for _, kind := range []event.Kind{event.Page, event.Screen, event.Group, event.Alias} {
			e := event.Event{Kind: kind, Name: name, UserID: "mei", GroupID: "g", Timestamp: minute(1), ReceivedAt: minute(1),
				Properties: []byte(`{"channel":"nowhere","email":"mei@shop.example"}`), Traits: []byte(`{"email":"mei@shop.example"}`)}
			p := mei()
			p.Fold(&e, Shop{})
			public := e
			public.Trust = trust.Public
			public.AnonymousID = "own"
			p.Fold(&public, Shop{})
			if p.Consent != nil || p.Confirmed.Value != "" || p.Unconfirmed != (Addresses{}) {
				t.Errorf("%s named %s: %+v", kind, name, p.Reach)
			}
			if field, _ := JudgeConsent(&e); field != "" {
				t.Errorf("%s named %s is refused", kind, name)
			}
			if got := WithdrawalOf(&e); got != (Withdrawal{}) {
				t.Errorf("%s named %s is %+v", kind, name, got)
			}
		}
	}
}

// TestWordsAtTheirBorders has what stands beside the words that count.
func TestWordsAtTheirBorders(t *testing.T) {
	track := func(name, properties string) *event.Event {
		return &event.Event{Kind: event.Track, Name: name, UserID: "mei", Timestamp: minute(9), ReceivedAt: minute(5), Properties: []byte(properties)}
	}
	// What a client dates after its receipt counts as of the receipt.
	p := mei()
	p.Fold(track(event.ConsentGranted, `{"channel":"sms"}`), Shop{})
	if got := p.Consent["sms"]; !got.At.Equal(minute(5)) || !got.ReceivedAt.Equal(minute(5)) {
		t.Errorf("consent %+v", got)
	}
	// A complaint is about mail, whatever channel it names.
	if got := WithdrawalOf(track(event.EmailMarkedAsSpam, `{"channel":"sms","email":" mei@shop.example "}`)); got != (Withdrawal{Channel: ChannelEmail, Reason: "complaint", Address: "mei@shop.example", At: minute(5)}) {
		t.Errorf("a complaint is %+v", got)
	}
	for properties, soft := range map[string]bool{
		`{"type":"Soft bounce","severity":"hard"}`: true, `{"severity":"hard","type":"soft"}`: true, `{"type":"s~o{f}t"}`: true, `{"type":"hard","severity":"permanent"}`: false,
		`{"type":"5.soft"}`: true, `{"kind":"soft"}`: false, `{"type":"not soft"}`: false, `{}`: false,
	} {
		if got := WithdrawalOf(track(event.EmailBounced, properties)) == (Withdrawal{}); got != soft {
			t.Errorf("%s is soft: %v", properties, got)
		}
	}
	// Of public words about channels that nobody knows nothing is kept; of the shop's they are, as the version before did.
	for level, want := range map[trust.Level]int{trust.Public: 0, trust.Shop: 1} {
		p := mei()
		e := track(event.ConsentGranted, `{"channel":"pigeon"}`)
		e.Trust, e.AnonymousID = level, "own"
		p.Fold(e, Shop{})
		if len(p.Consent) != want {
			t.Errorf("said by %s: %v", level, p.Consent)
		}
	}
	// A device speaks for itself where it names nobody, also one that is not joined.
	p = mei()
	e := track(event.ConsentGranted, `{"channel":"sms"}`)
	e.UserID, e.AnonymousID, e.Trust = "", "not joined", trust.Public
	p.Fold(e, Shop{})
	if !p.Consent["sms"].Granted || p.Claims != nil {
		t.Errorf("consent %v, claims %v", p.Consent, p.Claims)
	}
	// An address that is none is not waited for.
	p = mei()
	p.Fold(&event.Event{Kind: event.Identify, UserID: "mei", AnonymousID: "own", Trust: trust.Public, Timestamp: minute(9), ReceivedAt: minute(9),
		Traits: []byte(`{"email":"nobody","phone":"12"}`), Context: []byte(`{"traits":{"email":"mei@shop.example"}}`)}, Shop{})
	if want := (Addresses{Email: Stamped{"mei@shop.example", minute(9)}}); p.Unconfirmed != want {
		t.Errorf("waits for %+v", p.Unconfirmed)
	}
	p.Fold(track(event.EmailConfirmed, `{"email":"nobody"}`), Shop{})
	p.Fold(track("Signed In", `{"email":"mei@shop.example"}`), Shop{})
	if p.Confirmed.Value != "" || !p.Confirmed.At.IsZero() {
		t.Errorf("confirmed %+v", p.Confirmed)
	}
	var a Addresses
	a.Unite(Addresses{Email: Stamped{"e", minute(1)}, Phone: Stamped{"p", minute(2)}})
	if a != (Addresses{Stamped{"e", minute(1)}, Stamped{"p", minute(2)}}) {
		t.Errorf("united %+v", a)
	}
	// A trait says by whom it is where that is the person.
	for level, want := range map[trust.Level]trust.Level{trust.Shop: "", trust.Operator: "", "": "", trust.Person: trust.Person} {
		p := &Profile{}
		p.Fold(&event.Event{Kind: event.Identify, UserID: "mei", Trust: level, Timestamp: t0, Traits: []byte(`{"city":"Hangzhou"}`)}, Shop{})
		if got, there := p.Traits["city"]; !there || got.By != want {
			t.Errorf("said by %q: %+v", level, got)
		}
	}
}

// TestDetailAtItsBorders has values beside those that are read.
func TestDetailAtItsBorders(t *testing.T) {
	for _, c := range []struct{ old, raw, want string }{{"23", "1231", "1231"}, {"23", "-230", "-230"}, {"a", `"a"`, "a"}, {"", `{}`, ""}} {
		if got := same(c.old, []byte(c.raw)); got != c.want {
			t.Errorf("%s after %q is %q", c.raw, c.old, got)
		}
	}
	if p := person0().in(`{"library":{"name":"analytics.js"},"os":{"name":"iOS"}}`, 0); p.Client.Library != "analytics.js" || p.Client.OS != "iOS" {
		t.Errorf("client %+v", p.Client)
	}
	// A touch that is earlier is not the last one, whatever it is called.
	a, b := Touch{At: minute(5), Source: "a"}, Touch{At: minute(1), Source: "z"}
	if latestTouch(a, b) != a || latestTouch(b, a) != a || earliestTouch(a, b) != b || earliestTouch(b, a) != b {
		t.Error("touches go by their time")
	}
	// Of one product the newest line stands; of two of one time the one with fewer pieces, and of these the dearer.
	for name, c := range map[string]struct {
		line CartLine
		wins bool
	}{
		"newer, with more pieces":         {CartLine{At: minute(6), Quantity: 9, Price: 5}, true},
		"newer, and the same":             {CartLine{At: minute(6), Quantity: 2, Price: 5}, true},
		"newer, and cheaper":              {CartLine{At: minute(6), Quantity: 2, Price: 1}, true},
		"older, with fewer pieces":        {CartLine{At: minute(4), Quantity: 1, Price: 9}, false},
		"at once, with more pieces":       {CartLine{At: minute(5), Quantity: 3, Price: 9}, false},
		"at once, fewer and cheaper":      {CartLine{At: minute(5), Quantity: 1, Price: 1}, true},
		"at once, as many and dearer":     {CartLine{At: minute(5), Quantity: 2, Price: 6}, true},
		"at once, as many and as dear":    {CartLine{At: minute(5), Quantity: 2, Price: 5, Name: "other"}, false},
		"at once, as many and cheaper":    {CartLine{At: minute(5), Quantity: 2, Price: 4}, false},
		"at once, with more and cheaper":  {CartLine{At: minute(5), Quantity: 3, Price: 1}, false},
		"newer, with fewer, and as cheap": {CartLine{At: minute(6), Quantity: 1, Price: 5}, true},
	} {
		m := Memory{Cart: map[string]CartLine{"tea": {At: minute(5), Quantity: 2, Price: 5}}}
		m.line("tea", c.line)
		if got := m.Cart["tea"] == c.line; got != c.wins {
			t.Errorf("%s: %+v", name, m.Cart["tea"])
		}
	}
	// A profile begins to go by the shop's calendar with its first event, or the day behind those that it has.
	m := Memory{}
	m.do(&event.Event{Kind: event.Page}, minute(0), Shop{})
	old := Memory{Active: Days{Last: 20, Bits: []byte{1}}}
	old.do(&event.Event{Kind: event.Page}, minute(0), Shop{})
	if m.ShopDays != 1 || old.ShopDays != 21 {
		t.Errorf("from day %d, and from day %d", m.ShopDays, old.ShopDays)
	}
	// Who is named by a call, and who is not.
	const id = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"
	for name, c := range map[string]struct {
		e    event.Event
		want []Identifier
	}{
		"traits beside a page":     {event.Event{Kind: event.Page, Context: []byte(`{"traits":{"email":"mei@shop.example"}}`)}, nil},
		"traits beside a track":    {event.Event{Kind: event.Track, Context: []byte(`{"traits":{"phone":"13800000000"}}`)}, nil},
		"an e-mail address":        {event.Event{Kind: event.Track, Context: []byte(`{"externalIds":[{"type":"email","id":"Mei@shop.example","collection":"users"}]}`)}, []Identifier{{Email, "mei@shop.example"}}},
		"an openid":                {event.Event{Kind: event.Track, Context: []byte(`{"externalIds":[{"type":"openid","id":"` + id + `"}]}`)}, []Identifier{{OpenID, id}}},
		"a placeholder for one":    {event.Event{Kind: event.Track, Context: []byte(`{"externalIds":[{"type":"openid","id":"[object Undefined]"}]}`)}, nil},
		"an address without a box": {event.Event{Kind: event.Identify, Traits: []byte(`{"email":"mei@"}`)}, nil},
	} {
		if got := Named(&c.e); !slices.Equal(got, c.want) {
			t.Errorf("%s names %v, want %v", name, got, c.want)
		}
	}
	for text, want := range map[string]string{"\t+86 138 0000 0000\n": "+8613800000000", "x13800000000": "", "1+3800000000": "", "+13800000000": "+13800000000", "008613800000000": "+8613800000000"} {
		if got, _ := phone(text); got.Value != want {
			t.Errorf("%q is %q", text, got.Value)
		}
	}
}
