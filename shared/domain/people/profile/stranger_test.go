package profile

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// TestWhoIsAStranger: one device and what it did, or a userId that only pages have named; each thing beside that makes somebody of them.
func TestWhoIsAStranger(t *testing.T) {
	seen := Memory{FirstSeen: t0, LastSeen: t0}
	device := func() *Profile { return &Profile{Identifiers: []Identifier{{AnonymousID, "d"}}, Memory: seen} }
	named := func() *Profile { return &Profile{Identifiers: []Identifier{{UserID, "mei"}}, Unproven: seen} }
	for name, c := range map[string]struct {
		who    func() *Profile
		change func(*Profile)
		want   bool
	}{
		"a device":                           {device, func(*Profile) {}, true},
		"a device after it was taken off":    {device, func(p *Profile) { p.Identifiers[0].Kind = "anonymous.2" }, true},
		"a device of which nothing is known": {device, func(p *Profile) { p.Memory = Memory{} }, true},
		"who is named by pages":              {named, func(*Profile) {}, true},
		"who is named by the shop":           {named, func(p *Profile) { p.Memory = seen }, false},
		"an address":                         {device, func(p *Profile) { p.Identifiers[0].Kind = Email }, false},
		"nobody":                             {device, func(p *Profile) { p.Identifiers = nil }, false},
		"two devices":                        {device, func(p *Profile) { p.Attach(Identifier{AnonymousID, "e"}) }, false},
		"who was merged":                     {device, func(p *Profile) { p.Parts = []ID{"q"} }, false},
		"of whom a device was taken off":     {device, func(p *Profile) { p.RememberOff("q", t0) }, false},
		"who has consented":                  {device, func(p *Profile) { p.SetConsent("email", Consent{Granted: true, At: t0}) }, false},
		"who has a tag":                      {device, func(p *Profile) { p.Tagging.Say("vip", Tagged{At: time.Unix(1, 0)}) }, false},
		"who has bought":                     {device, func(p *Profile) { p.Orders.Replace(nil, &OrderEntry{At: t0, Net: 1, Currency: "CNY"}) }, false},
		"who has bought what was taken back": {device, func(p *Profile) { p.Orders.Entries = []OrderEntry{{At: t0}} }, false},
		"who has a count of orders":          {device, func(p *Profile) { p.Orders.Count = 1 }, false},
		"who has confirmed an address":       {device, func(p *Profile) { p.Confirmed = Stamped{"mei@shop.example", t0} }, false},
		// Each of two things is counted, whatever the other is.
		"a part and a device": {device, func(p *Profile) { p.Parts = []ID{"q"}; p.RememberOff("q", t0) }, false},
		"a part and a word":   {device, func(p *Profile) { p.Parts = []ID{"q"}; p.SetConsent("email", Consent{At: t0}) }, false},
		"a part and a tag":    {device, func(p *Profile) { p.Parts = []ID{"q"}; p.Tagging.Say("vip", Tagged{At: time.Unix(1, 0)}) }, false},
		"a part and an order": {device, func(p *Profile) { p.Parts = []ID{"q"}; p.Orders.Count = 1 }, false},
		"a part and a list":   {device, func(p *Profile) { p.Parts = []ID{"q"}; p.Orders.Entries = []OrderEntry{{At: t0}} }, false},
	} {
		p := c.who()
		c.change(p)
		if got := p.Stranger(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestHeardOf is the latest of all that the profile remembers, each of them alone.
func TestHeardOf(t *testing.T) {
	for name, p := range map[string]*Profile{
		"an event":                     {Memory: Memory{FirstSeen: t0, LastSeen: minute(9)}},
		"an unproven one":              {Unproven: Memory{FirstSeen: t0, LastSeen: minute(9)}},
		"a commit":                     {Window: Window{Commits: []Commit{{At: minute(9)}, {At: minute(1)}}}},
		"a later one":                  {Window: Window{Commits: []Commit{{At: minute(1)}, {At: minute(9)}}}},
		"what was let go":              {Window: Window{Floor: minute(9)}},
		"what went without a trace":    {Window: Window{Horizon: minute(9)}},
		"an event beside others":       {Memory: Memory{FirstSeen: t0, LastSeen: minute(9)}, Window: Window{Floor: minute(2), Horizon: minute(1), Commits: []Commit{{At: minute(3)}}}},
		"a commit beside others":       {Memory: Memory{FirstSeen: t0, LastSeen: minute(1)}, Window: Window{Floor: minute(2), Horizon: minute(3), Commits: []Commit{{At: minute(9)}}}},
		"what was let go beside those": {Memory: Memory{FirstSeen: t0, LastSeen: minute(1)}, Window: Window{Floor: minute(9), Horizon: minute(3), Commits: []Commit{{At: minute(2)}}}},
	} {
		if got := p.HeardOf(); !got.Equal(minute(9)) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := (&Profile{}).HeardOf(); !got.IsZero() {
		t.Errorf("of nobody: %v", got)
	}
}

// TestWhatAPersonIsReadFrom has what stands beside the values that are read.
func TestWhatAPersonIsReadFrom(t *testing.T) {
	with := func(traits map[string]Trait) *Profile { return &Profile{Memory: Memory{Traits: traits}} }
	for text, want := range map[string][3]int{
		"1990-05-17": {1990, 5, 17}, "05-17": {0, 5, 17}, "--05-17": {0, 5, 17}, "02-29": {0, 2, 29}, "--12-01": {0, 12, 1}, "1901-01-02": {1901, 1, 2},
	} {
		year, month, day, ok := with(map[string]Trait{"birthday": {Value: text}}).Birthday()
		if !ok || year != want[0] || int(month) != want[1] || day != want[2] {
			t.Errorf("%s is %d, %v, %d, %v", text, year, month, day, ok)
		}
	}
	for _, text := range []string{"", "1900-05-17", "soon", "13-40"} {
		if year, month, day, ok := with(map[string]Trait{"birthday": {Value: text}}).Birthday(); ok || year != 0 || month != 0 || day != 0 {
			t.Errorf("%q is %d, %v, %d, %v", text, year, month, day, ok)
		}
	}
	if got := with(map[string]Trait{"address": {Value: `{"state":"Zhejiang","province":"Jiangsu","region":"x","city":{"a":1}}`}}); got.Place("province") != "Zhejiang" || got.Place("city") != "" {
		t.Errorf("lives in %q, %q", got.Place("province"), got.Place("city"))
	}
	// An address that the shop names stands before one that only a page has named.
	p := with(map[string]Trait{"phone": {Value: "13800000000", By: trust.Public}})
	if got := p.Address(ChannelSMS); got != "" {
		t.Errorf("a number that only a page has named is written to: %q", got)
	}
	p.Attach(Identifier{Phone, "+8613900000000"})
	if got := p.Address(ChannelSMS); got != "+8613900000000" {
		t.Errorf("written to %q", got)
	}
	p.SetConsent(ChannelSMS, Consent{Granted: true, At: t0})
	p.SetConsent(ChannelPush, Consent{Granted: true, At: t0})
	if !p.Reachable(ChannelSMS) || p.Reachable(ChannelPush) || p.Reachable(ChannelEmail) {
		t.Errorf("by sms %v, by push %v, by e-mail %v", p.Reachable(ChannelSMS), p.Reachable(ChannelPush), p.Reachable(ChannelEmail))
	}
	p.Tokens = map[string]Token{"a": {At: minute(1)}, "b": {At: minute(3)}, "c": {At: minute(2)}, "": {At: minute(9)}}
	delete(p.Tokens, "")
	if got := p.Address(ChannelPush); got != "b" {
		t.Errorf("the newest token is %q", got)
	}
	p.Tokens = map[string]Token{"a": {At: minute(3)}, "c": {At: minute(3)}, "b": {At: minute(3)}}
	for range 20 { // in whatever sequence the table is read
		if got := p.Address(ChannelPush); got != "c" {
			t.Fatalf("of three of one time it is %q", got)
		}
	}
	p.Tokens = map[string]Token{"a": {}} // of a time that nobody has told
	if got := p.Address(ChannelPush); got != "a" {
		t.Errorf("the only token is %q", got)
	}
	if got := (&Profile{}).AbandonedAt(); !got.IsZero() {
		t.Errorf("no cart was abandoned at %v", got)
	}
}

// TestAnUnprovenHalf: of a profile of which only public events speak, traits show by whom they are, and what is proven stands in any case.
func TestAnUnprovenHalf(t *testing.T) {
	public := Memory{FirstSeen: t0, LastSeen: t0, Traits: Traits{"city": {Value: "Hangzhou"}, "name": {Value: "Mai"}}}
	p := &Profile{Unproven: public, Memory: Memory{Traits: Traits{"name": {Value: "Mei"}}}} // a trait that an operator gave before any event
	all := p.All()
	if all.Traits["name"] != (Trait{Value: "Mei"}) || all.Traits["city"] != (Trait{Value: "Hangzhou", By: trust.Public}) || !all.Unproven.Empty() {
		t.Errorf("all is %+v", all.Traits)
	}
	if p.Unproven.Traits["city"].By != "" || len(p.Traits) != 1 {
		t.Errorf("the profile is changed: %+v", p.Traits)
	}
	q := &Profile{Unproven: public}
	q.Unproven.Counters = map[string]Counter{"page": {Total: 3}}
	if all := q.All(); all.Traits["name"] != (Trait{Value: "Mai", By: trust.Public}) || all.Counters["page"].Total != 3 || !all.LastSeen.Equal(t0) {
		t.Errorf("all is %+v", all.Memory)
	}
}

// TestWhatNobodyOfThatKindMaySay: a provider names no traits and no groups, and nothing breaks.
func TestWhatNobodyOfThatKindMaySay(t *testing.T) {
	p := &Profile{}
	for _, e := range []event.Event{
		{Kind: event.Identify, Traits: []byte(`{"name":"Mei"}`), Context: []byte(`{"timezone":"Asia/Shanghai","traits":{"city":"Hangzhou"}}`)},
		{Kind: event.Group, GroupID: "g"},
		{Kind: event.Track, Name: event.ConsentGranted, Properties: []byte(`{"channel":"sms"}`), Context: []byte(`{"device":{"token":"` + pushToken + `"}}`)},
	} {
		e.Trust, e.Timestamp, e.ReceivedAt = trust.Provider, t0, t0
		p.Fold(&e, Shop{})
	}
	for name, m := range map[string]*Memory{"proven": &p.Memory, "unproven": &p.Unproven} {
		if len(m.Traits)+len(m.Groups) != 0 || m.Zone.Value != "" {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if len(p.Consent)+len(p.Tokens) != 0 || p.Memory.Empty() || p.Counters[event.ConsentGranted].Total != 1 {
		t.Errorf("reach %+v, counters %v", p.Reach, p.Counters)
	}
}

// TestReceiptOfAnEventWithoutOne: what the version before has queued has none; a public word goes by its receipt alone.
func TestReceiptOfAnEventWithoutOne(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for name, c := range map[string]struct{ received, want time.Time }{
		"none":                        {time.Time{}, minute(5)},
		"one":                         {minute(7), minute(7)},
		"one with a zone and more of": {minute(7).In(zone).Add(999 * time.Microsecond), minute(7)},
	} {
		got := receipt(&event.Event{ReceivedAt: c.received}, minute(5))
		if !got.Equal(c.want) || got.Location() != time.UTC {
			t.Errorf("%s: %v", name, got)
		}
	}
	// The client says later, and earlier, than it was received.
	for _, claimed := range []int{-60, 60} {
		p := mei()
		p.Fold(&event.Event{Kind: event.Page, AnonymousID: "own", Trust: trust.Public, Timestamp: minute(claimed), ReceivedAt: minute(1),
			Context: []byte(`{"device":{"token":"` + pushToken + `"},"os":{"name":"iOS"}}`)}, Shop{})
		if got := p.Tokens[pushToken]; got != (Token{At: minute(1), OS: "iOS"}) {
			t.Errorf("claimed %d minutes: the token is %+v", claimed, got)
		}
	}
}
