package people

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/packed"
)

// fullProfile has something in every field.
func fullProfile() *profile.Profile {
	p := firstProfile()
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	p.Client = profile.Client{At: t0, OS: "iOS", OSVersion: "17.1", DeviceType: "mobile", Manufacturer: "Apple", Model: "iPhone15,2", App: "shop", AppVersion: "3.2", Browser: "safari", Library: "ios"}
	p.Devices = map[string]profile.Client{"d1": p.Client, "d2": {At: t0.Add(-time.Hour), OS: "Android"}}
	p.Tokens = map[string]profile.Token{"c2a1f00dfeedc2a1f00dfeed": {At: t0, OS: "iOS"}}
	p.Categories = profile.Interests{"tea": {Last: 683, Counts: []int64{3, 0, 300}}, "*": {Last: 680, Counts: []int64{1}}}
	p.Brands = profile.Interests{"West Lake": {Last: 683, Counts: []int64{5}}}
	p.Viewed = map[string]time.Time{"p1": t0}
	p.Hours.Count(0, 1)
	p.Hours.Count(37, 300)
	p.Hours.Count(167, 2)
	p.Purchases = profile.Purchases{Discounted: 2, Coupons: 1, Cancelled: 1, Refunded: 1, Refunds: 3, Lines: 9, DiscountedLines: 4, Pieces: 12, Discount: 990}
	p.Ratings = profile.Ratings{Count: 2, Sum: 95}
	p.Search = profile.Stamped{Value: "longjing", At: t0}
	p.LeftOut = map[string]int64{"traits": 7}
	w := &p.Window
	w.Commits[0].Days, w.Commits[1].Days = profile.Stretch{From: 20513, Days: 1}, profile.Stretch{From: 20100, Days: 414}
	w.Horizon = t0.Add(-24 * time.Hour)
	w.Faded = []profile.Faded{
		{Days: profile.Stretch{From: 20513, Days: 1}, At: t0, Marks: []profile.HashMark{0, 7, 0xffff}},
		{Days: profile.Stretch{From: 16000, Days: 4514}, At: t0.Add(-time.Hour), Full: true},
	}
	p.Outbox[0].Source = "web"
	return p
}

// beforeMarks is a profile as it is read from a body that was written before windows kept marks: what was let go may be any event.
func beforeMarks(p *profile.Profile) *profile.Profile {
	w := &p.Window
	w.Horizon, w.Faded = w.Floor, []profile.Faded{{Days: profile.Stretch{From: 20512, Days: 3}, At: w.Floor, Full: true}}
	for i := range w.Commits {
		w.Commits[i].Days = profile.Stretch{}
	}
	p.Outbox[0].Source = ""
	return p
}

// erasedProfile is fullProfile of one who came back after an erasure.
func erasedProfile() *profile.Profile {
	p := fullProfile()
	p.RememberErasure("q", p.ErasedAt)
	p.RememberErasure("p", p.ErasedAt.Add(-time.Hour))
	return p
}

// newestProfile has what came since the bodies were frozen, too.
func newestProfile() *profile.Profile {
	p := taggedAnewProfile()
	p.OnLists = map[string]profile.Tagged{"spring": {At: p.FirstSeen, By: "Ann"}, "autumn": {Off: true, At: p.FirstSeen.Add(time.Minute)}}
	return p
}

// taggedAnewProfile is one that was to have certain tags alone at a time.
func taggedAnewProfile() *profile.Profile {
	p := taggedProfile()
	p.Tagging.From = p.FirstSeen.Add(-time.Hour)
	delete(p.Tagging.Words, "c") // which was said at no time
	return p
}

// taggedProfile is one that was tagged.
func taggedProfile() *profile.Profile {
	p := listedProfile()
	at := p.FirstSeen.Add(time.Second)
	p.Tagging = profile.Tagging{Lists: map[string]profile.TagList{"shopify": {At: at, Tags: []string{"big", "new"}}, "erp": {At: p.FirstSeen}}, Words: map[string]profile.Tagged{"a": {At: at, By: "Ann"}, "b": {Off: true, At: at, By: "shopify"}, "c": {}}}
	m := p.Members["doubted"]
	m.Tag = "vip"
	p.Members["doubted"] = m
	return p
}

// listedProfile is one that is found by what it is listed under.
func listedProfile() *profile.Profile {
	p := takenOffProfile()
	p.Listed = 0xfedcba987654
	return p
}

// takenOffProfile is one from which devices were taken off.
func takenOffProfile() *profile.Profile {
	p := confirmedProfile()
	p.RememberOff("d", p.FirstSeen.Add(time.Second))
	p.RememberOff("a", p.FirstSeen.Add(time.Hour))
	return p
}

// confirmedProfile is one of which an address was confirmed.
func confirmedProfile() *profile.Profile {
	p := trustedProfile()
	t0 := p.FirstSeen
	p.Confirmed, p.Asked = profile.Stamped{Value: "li@shop.example", At: t0.Add(time.Minute)}, profile.Stamped{Value: "mei@shop.example", At: t0}
	return p
}

// trustedProfile is one that keeps apart what public events say.
func trustedProfile() *profile.Profile {
	p := erasedProfile()
	p.ShopDays = 20510
	t0 := p.FirstSeen
	p.Unproven = fullProfile().Memory
	p.Unproven.ShopDays, p.Unproven.Traits = 20512, profile.Traits{"size": {Value: "M", At: t0}}
	p.Traits["s"] = profile.Trait{Value: "x", At: p.Traits["s"].At, By: trust.Person}
	p.Unconfirmed = profile.Addresses{Email: profile.Stamped{Value: "mei@shop.example", At: t0}, Phone: profile.Stamped{Value: "13800000000", At: t0.Add(time.Second)}}
	p.Members["doubted"] = profile.Membership{Since: t0, Unproven: true}
	p.Outbox = append(p.Outbox, profile.Follow{Kind: profile.FollowEntered, Ref: "doubted", Version: 7, N: 2, At: t0, Unproven: true})
	p.ClaimsFrom = t0.Add(-time.Hour)
	p.Claims = map[string]profile.Claim{
		"seen": {At: t0},
		"said": {At: t0, Reach: profile.Reach{
			Consent: map[string]profile.Consent{"email": {Granted: true, At: t0.Add(-time.Minute), ReceivedAt: t0.Add(-time.Second), Reason: "r"}}, Tokens: map[string]profile.Token{"t": {At: t0.Add(-time.Second), OS: "iOS"}},
			Unconfirmed: profile.Addresses{Email: profile.Stamped{Value: "eve@evil.example", At: t0}, Phone: profile.Stamped{Value: "13900000000", At: t0.Add(-time.Minute)}}}},
	}
	return p
}

// firstProfile has what profiles had in the first version.
func firstProfile() *profile.Profile {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	sec := t0.Truncate(time.Second)
	return &profile.Profile{
		ID: "p", Version: 7,
		Identifiers: []profile.Identifier{{Kind: profile.UserID, Value: "mei"}, {Kind: profile.AnonymousID, Value: "d"}},
		Parts:       []profile.ID{"q"},
		Memory: profile.Memory{
			FirstSeen: t0.Add(-time.Hour), LastSeen: t0,
			Traits: map[string]profile.Trait{
				"s": {Value: "x", At: t0}, "i": {Value: int64(-5), At: t0}, "f": {Value: 2.5, At: t0},
				"b": {Value: true, At: t0}, "n": {Value: nil, At: t0}, "no": {Value: false, At: t0},
			},
			Counters: map[string]profile.Counter{
				"Order Completed": {Total: 2, Last: t0, Recent: []profile.DayCount{{Day: 20000, Count: 1}, {Day: 20005, Count: 1}}}, "Own Event": {Total: 1, Last: t0},
			},
			Groups: map[string]time.Time{"g": t0},
			Cart:   map[string]profile.CartLine{"p1": {Quantity: 2, Price: 990, At: t0, Name: "Tea"}}, CartClearedAt: t0,
			Touch:  map[string]profile.Touch{"first": {At: t0, Campaign: "c", Source: "s", Medium: "m", Referrer: "r"}},
			Active: profile.Days{Last: 20514, Bits: []byte{5, 1}},
			Locale: profile.Stamped{Value: "zh-CN", At: t0}, Zone: profile.Stamped{Value: "Asia/Shanghai", At: t0},
		},
		Reach:   profile.Reach{Consent: map[string]profile.Consent{"email": {Granted: true, At: t0}, "sms": {At: t0, Reason: "unsubscribe"}}},
		Tagging: profile.Tagging{Words: map[string]profile.Tagged{"a": {}, "b": {}}},
		Orders: profile.Orders{Count: 3, Entries: []profile.OrderEntry{{At: sec, Net: 100, Currency: "CNY"}, {At: sec.Add(time.Hour), Net: -3, Currency: "USD"}},
			Base: []profile.Collapsed{{Currency: "CNY", Orders: 1, Count: 1, Net: 5, FirstAt: t0, LastAt: t0}}},

		Members: map[string]profile.Membership{"buyers": {Since: t0, Run: "r1"}},
		Scores:  profile.Scores{Run: "r1", R: 5, F: 1, M: 2, Class8: "101", Segment11: "New", Class15: "x", Lifecycle: "active"},

		ErasedAt: t0,
		Window:   profile.Window{Floor: t0, Commits: []profile.Commit{{Part: "q", Version: 3, At: t0, Hashes: []event.Hash{1, 1 << 63}, Owed: []profile.Day{20513}}, {Version: 7, At: t0}}},
		Outbox:   []profile.Follow{{Part: "q", Kind: profile.FollowOrder, Ref: "A", Version: 7, N: 1, At: t0, Event: "m", Run: "r"}},
	}
}

func TestProfileBodyRoundTrip(t *testing.T) {
	want := newestProfile()
	got := &profile.Profile{ID: want.ID, Version: want.Version}
	if err := unpackProfile(packProfile(want), got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	var each func(v reflect.Value)
	each = func(v reflect.Value) {
		for i := range v.NumField() {
			switch f := v.Type().Field(i); {
			case f.Anonymous || f.Type == reflect.TypeFor[profile.Memory]():
				each(v.Field(i))
			case f.Name != "Unknown" && f.IsExported() && v.Field(i).IsZero():
				t.Errorf("field %s of %s is not part of the test", f.Name, v.Type())
			}
		}
	}
	each(reflect.ValueOf(*want))
}

// TestWhatTheVersionBeforeDoesToWhoSaysWhat: it keeps the sections that it does not know, where it merges two people those of both, and joins
// devices that it knows nothing of having claimed anything.
func TestWhatTheVersionBeforeDoesToWhoSaysWhat(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	half := func(n int, at time.Time) *profile.Profile {
		p := &profile.Profile{ID: "p", ClaimsFrom: at}
		p.Unproven = profile.Memory{FirstSeen: at, LastSeen: at, ShopDays: 1, Traits: profile.Traits{fmt.Sprint("t", n): {Value: true, At: at}}, Counters: map[string]profile.Counter{"page": {Total: int64(n), Last: at}}, Unknown: []byte{99, 1, byte(n)}}
		p.Unconfirmed.Email = profile.Stamped{Value: fmt.Sprint(n, "@shop.example"), At: at}
		p.RememberOff("both", at)
		p.RememberOff(profile.ID(fmt.Sprint("off", n)), at)
		p.Confirmed, p.Asked = profile.Stamped{Value: fmt.Sprint(n, "@shop.example"), At: at}, profile.Stamped{Value: fmt.Sprint("asked", n), At: at}
		p.Claims = map[string]profile.Claim{fmt.Sprint("d", n): {At: at.Add(time.Hour)}, "both": {At: at.Add(time.Minute), Reach: profile.Reach{Tokens: map[string]profile.Token{fmt.Sprint("token", n): {At: at.Add(time.Minute)}}}}}
		p.Traits = profile.Traits{fmt.Sprint("t", n): {Value: "x", At: at, By: trust.Person}}
		return p
	}
	// What it does not know it appends to each other; of what it knows, here the traits, it has written both, and one of them anew.
	written, _ := packSections(half(1, t0))
	second, _ := packSections(half(2, t0.Add(time.Second)))
	written = append(written, second...)
	w := &packed.Writer{Out: written}
	w.Section(sectionTraits, func(w *packed.Writer) {
		for n, at := range map[int]time.Time{1: t0, 2: t0.Add(time.Minute)} {
			w.Text(fmt.Sprint("t", n))
			packValue(w, "x")
			w.Time(at)
		}
	})
	w.Section(sectionIdentifiers, func(w *packed.Writer) { w.Text("anonymous"); w.Text("d1") })
	w.Section(sectionSeen, func(w *packed.Writer) { w.Time(t0); w.Time(t0.Add(time.Second)) })
	got := &profile.Profile{ID: "p"}
	if err := unpackProfile(w.Out, got); err != nil {
		t.Fatal(err)
	}
	u := got.Unproven
	if !u.FirstSeen.Equal(t0) || !u.LastSeen.Equal(t0.Add(time.Second)) || u.Counters["page"].Total != 3 || len(u.Traits) != 2 || string(u.Unknown) != "\x63\x01\x01\x63\x01\x02" {
		t.Errorf("unproven %+v", u)
	}
	if got.Traits["t1"].By != trust.Person || got.Traits["t2"].By != "" {
		t.Errorf("traits %+v: what was written anew is the shop's", got.Traits)
	}
	if got.Unconfirmed.Email.Value != "2@shop.example" || !got.ClaimsFrom.Equal(t0.Add(time.Second)) {
		t.Errorf("unconfirmed %+v, claims from %v", got.Unconfirmed, got.ClaimsFrom)
	}
	if want := map[profile.ID]time.Time{"both": t0.Add(time.Second), "off1": t0, "off2": t0.Add(time.Second)}; !reflect.DeepEqual(got.Off, want) {
		t.Errorf("off %v, want %v", got.Off, want)
	}
	if got.Confirmed.Value != "2@shop.example" || got.Asked.Value != "asked2" {
		t.Errorf("confirmed %+v, asked %+v", got.Confirmed, got.Asked)
	}
	if _, joined := got.Claims["d1"]; joined || len(got.Claims) != 2 || len(got.Claims["both"].Tokens) != 2 {
		t.Errorf("claims %+v", got.Claims)
	}
}

// TestWhomOnlyPublicEventsKnowIsSeenByTheVersionBefore: it passes over people without times, and would drop what they triggered.
func TestWhomOnlyPublicEventsKnowIsSeenByTheVersionBefore(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	later := t0.Add(time.Minute)
	body := packProfile(&profile.Profile{ID: "p", Unproven: profile.Memory{FirstSeen: t0, LastSeen: later, ShopDays: 1}})
	var first, last time.Time
	err := packed.Sections(body, func(number uint64, s *packed.Reader) bool {
		if number == sectionSeen {
			first, last = s.Time(), s.Time()
		}
		return true
	}, nil)
	if err != nil || !first.Equal(t0) || !last.Equal(later) {
		t.Fatalf("it sees %v to %v, %v", first, last, err)
	}
	for what, c := range map[string]struct {
		before func(w *packed.Writer) // what the version before writes into it
		proven bool
	}{
		"as it was": {before: func(*packed.Writer) {}},
		"an event folded": {proven: true, before: func(w *packed.Writer) {
			w.Section(sectionActive, func(w *packed.Writer) { w.Int(20000); w.Bytes([]byte{1}) })
		}},
	} {
		w := &packed.Writer{Out: slices.Clone(body)}
		c.before(w)
		got := &profile.Profile{ID: "p"}
		if err := unpackProfile(w.Out, got); err != nil {
			t.Fatal(err)
		}
		if u := got.Unproven; !u.FirstSeen.Equal(t0) || !u.LastSeen.Equal(later) || got.FirstSeen.IsZero() == c.proven || got.LastSeen.IsZero() == c.proven {
			t.Errorf("%s: unproven %v to %v, proven %v to %v", what, u.FirstSeen, u.LastSeen, got.FirstSeen, got.LastSeen)
		}
	}
}

func TestProfileBodyOfNewerVersion(t *testing.T) {
	p := fullProfile()
	newer := append(packProfile(p), 99, 3, 'n', 'e', 'w')
	got := &profile.Profile{}
	if err := unpackProfile(newer, got); err != nil {
		t.Fatal(err)
	}
	if string(got.Unknown) != "\x63\x03new" {
		t.Fatalf("unknown %q", got.Unknown)
	}
	got.Tagging.Say("c", profile.Tagged{At: time.Unix(9, 0)})
	again := &profile.Profile{}
	if err := unpackProfile(packProfile(got), again); err != nil || string(again.Unknown) != string(got.Unknown) || len(again.Tags()) != 3 {
		t.Errorf("after a change by this version: %q %v %v", again.Unknown, again.Tags(), err)
	}
}

func TestTornBodiesAreRefused(t *testing.T) {
	whole, _ := packSections(newestProfile())
	torn := 0
	for n := range whole {
		if unpackProfile(whole[:n], &profile.Profile{}) != nil {
			torn++
		}
	}
	// A body cut at the end of a section is a shorter body; every other cut is a fault.
	if sections := 47; torn != len(whole)-sections {
		t.Errorf("%d of %d cuts are faults, want all but %d", torn, len(whole), sections)
	}
}

func FuzzUnpackProfile(f *testing.F) {
	f.Add(packProfile(fullProfile()))
	newest, _ := packSections(newestProfile())
	f.Add(newest)
	f.Fuzz(func(t *testing.T, body []byte) {
		p := &profile.Profile{}
		if unpackProfile(body, p) == nil {
			if err := unpackProfile(packProfile(p), &profile.Profile{}); err != nil {
				t.Errorf("what was read cannot be read again: %v", err)
			}
		}
	})
}

func TestOrderBodyRoundTrip(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	want := order.Order{Owner: "p", Currency: "CNY", Total: 100, Revenue: 90, Coupon: "C", Products: []order.Product{{ID: "p1", Name: "Tea", Category: "Drinks", Quantity: 2, Price: 50}},
		Discount: 20, Lines: 60, DiscountedLines: 3, ReportedAt: t0, Reporter: 77, PlacedAt: t0, CompletedAt: t0, CancelledAt: t0, Refunds: []order.Refund{{Key: "r", Amount: 5, Whole: true, At: t0}}, Told: []event.Hash{1, 1 << 63}, Unknown: []byte{99, 1, 'x'}}
	var got order.Order
	if err := unpackOrder(packOrder(&want), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// TestNewNamesAreStoredAsText adds a standard name, as the next version may, and reads what it stores as this version does.
func TestNewNamesAreStoredAsText(t *testing.T) {
	if len(packed.StandardNumbers) != packed.NumberedNames || packed.NumberedNames != 69 {
		t.Fatalf("%d of %d names are stored as numbers: a name that comes now must not be", len(packed.StandardNumbers), len(profile.StandardEvents))
	}
	if last := profile.StandardEvents[packed.NumberedNames-1]; last != "Ticket Opened" {
		t.Errorf("the last numbered name is %q", last)
	}
	before := profile.StandardEvents
	profile.StandardEvents = append(slices.Clone(before), "Coming Soon")
	defer func() { profile.StandardEvents = before }()
	w := &packed.Writer{}
	w.Name("Coming Soon")
	w.Name("Ticket Opened")
	if got := hex.EncodeToString(w.Out); got != "000b436f6d696e6720536f6f6e45" {
		t.Errorf("names are stored as %s", got)
	}
	r := &packed.Reader{In: w.Out}
	if a, b := r.Name(), r.Name(); a != "Coming Soon" || b != "Ticket Opened" || r.Err != nil {
		t.Errorf("read as %q, %q, %v", a, b, r.Err)
	}
	if r := (&packed.Reader{In: []byte{70}}); r.Name() != "" || r.Err == nil {
		t.Error("a number that was never given is read as a name")
	}
}

// TestWhatTheVersionBeforeLetGo is a profile that this version has written and the one before it after that: it keeps the section that it does
// not know, adds a commit, and lets hashes go.
func TestWhatTheVersionBeforeLetGo(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := &profile.Profile{ID: "p", Window: profile.Window{Floor: t0, Horizon: t0.Add(-time.Hour),
		Commits: []profile.Commit{{Version: 3, At: t0, Days: profile.Stretch{From: 7, Days: 2}}, {Version: 4, At: t0, Hashes: []event.Hash{1}, Days: profile.Stretch{From: 20513, Days: 1}}},
		Faded:   []profile.Faded{{Days: profile.Stretch{From: 20513, Days: 1}, At: t0, Marks: []profile.HashMark{9}}}}}
	kept := &packed.Writer{}
	kept.Section(sectionFaded, func(w *packed.Writer) { packFaded(w, p.Window) })
	rewrite := func(v profile.Window) profile.Window {
		w := &packed.Writer{}
		w.Section(sectionWindow, func(w *packed.Writer) { packWindow(w, v) })
		got := &profile.Profile{}
		if err := unpackProfile(append(w.Out, kept.Out...), got); err != nil {
			t.Fatal(err)
		}
		return got.Window
	}
	added := p.Window
	added.Commits = append(slices.Clone(p.Window.Commits[1:]), profile.Commit{Version: 5, At: t0.Add(time.Minute)})
	got := rewrite(added)
	want := added
	if !reflect.DeepEqual(got, want) {
		t.Errorf("a commit was added: got\n%+v\nwant\n%+v", got, want)
	}
	added.Floor = t0.Add(time.Minute)
	got = rewrite(added)
	want.Floor, want.Horizon = added.Floor, added.Floor
	want.Faded = append(slices.Clone(want.Faded), profile.Faded{Days: profile.Stretch{From: 20512, Days: 3}, At: added.Floor, Full: true})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("hashes were let go: got\n%+v\nwant\n%+v", got, want)
	}
	// Two of a kind, after a merge by a version that does not know them, are one.
	kept.Section(sectionFaded, func(w *packed.Writer) {
		packFaded(w, profile.Window{Floor: t0.Add(time.Hour), Commits: []profile.Commit{{Version: 4, Days: profile.Stretch{From: 20510, Days: 1}}}, Faded: []profile.Faded{{Days: profile.Stretch{From: 3, Days: 1}, At: t0, Marks: []profile.HashMark{1}}}})
	})
	got = rewrite(p.Window)
	if len(got.Faded) != 2 || got.Commits[1].Days != (profile.Stretch{From: 20510, Days: 4}) || !got.Horizon.Equal(t0.Add(-time.Hour)) {
		t.Errorf("of two: %+v", got)
	}
}

func TestStandardNamesStayWhereTheyAre(t *testing.T) {
	for i, name := range map[int]string{0: "page", 1: "screen", 2: "*", 9: "Product Viewed", 17: "Order Completed", 19: "Order Refunded", 38: "Order Placed", 66: "Consent Revoked"} {
		if profile.StandardEvents[i] != name {
			t.Errorf("name %d is %q, want %q: stored counters would change their names", i, profile.StandardEvents[i], name)
		}
	}
}
