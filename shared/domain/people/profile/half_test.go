package profile

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
)

// Who may still be somebody else: whoever knows what others may know too.
func TestClaimedKinds(t *testing.T) {
	for kind, want := range map[IdentifierKind]bool{UserID: true, Email: true, Phone: true, OpenID: true, UnionID: true, AnonymousID: false, Device: false} {
		if kind.Claimed() != want {
			t.Errorf("%s is claimed: %v", kind, !want)
		}
	}
}

// Each name under which a trait or the context may give an identifier.
func TestNamesOfIdentifiers(t *testing.T) {
	const id = "abcdefghijklmnop"
	for raw, want := range map[string][]Identifier{
		`{"openid":"` + id + `"}`: {{OpenID, id}}, `{"openId":"` + id + `"}`: {{OpenID, id}}, `{"unionid":"` + id + `"}`: {{UnionID, id}}, `{"unionId":"` + id + `"}`: {{UnionID, id}},
		`{"OpenID":"` + id + `"}`: nil, `{"token":"` + id + `"}`: nil,
	} {
		if got := Named(&event.Event{Kind: event.Identify, Traits: json.RawMessage(raw)}); !slices.Equal(got, want) {
			t.Errorf("traits %s name %v, want %v", raw, got, want)
		}
	}
	for raw, want := range map[string][]Identifier{
		`{"device":{"token":"` + id + `"}}`: {{Device, id}}, `{"device":{"id":"` + id + `"}}`: nil, `{"app":{"token":"` + id + `"}}`: nil,
	} {
		if got := Named(&event.Event{Kind: event.Identify, Context: json.RawMessage(raw)}); !slices.Equal(got, want) {
			t.Errorf("context %s names %v, want %v", raw, got, want)
		}
	}
}

// From which day on a profile goes by the shop's calendar.
func TestDaysOfTheShop(t *testing.T) {
	shop := Shop{Zone: time.FixedZone("", 8*3600)}
	evening := time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC) // the second of March in the shop
	first := DayOf(evening)
	if got := (Shop{}).Day(evening); got != first {
		t.Errorf("without a zone: day %d, want %d", got, first)
	}
	if got := shop.Day(evening); got != first+1 {
		t.Errorf("in the shop: day %d, want %d", got, first+1)
	}
	active := func(days ...Day) (d Days) {
		for _, day := range days {
			d.Add(day)
		}
		return d
	}
	for name, c := range map[string]struct {
		profile Profile
		from    Day // shopDays
		day     Day // of that evening
	}{
		"never folded":               {Profile{}, 1, first},
		"days of before":             {Profile{Memory: Memory{Active: active(5, 9)}}, 10, first},
		"by the shop since long":     {Profile{Memory: Memory{ShopDays: 3, Active: active(5)}}, 3, first + 1},
		"by the shop since the day":  {Profile{Memory: Memory{ShopDays: first + 1}}, first + 1, first + 1},
		"by the shop since later":    {Profile{Memory: Memory{ShopDays: first + 2}}, first + 2, first},
		"by the shop from the first": {Profile{Memory: Memory{ShopDays: 1}}, 1, first + 1},
	} {
		if got := c.profile.shopDays(); got != c.from {
			t.Errorf("%s: by the shop's calendar from %d, want %d", name, got, c.from)
		}
		if got := c.profile.Day(evening, shop); got != c.day {
			t.Errorf("%s: day %d, want %d", name, got, c.day)
		}
	}
}

// An order is found among the listed by all that it is, and among the collapsed by its time and currency.
func TestOrdersAtTheirBorders(t *testing.T) {
	at := func(h int) time.Time { return t0.Add(time.Duration(h) * time.Hour) }
	entry := func(h int, net int64, c money.Currency) OrderEntry {
		return OrderEntry{At: at(h), Net: net, Currency: c}
	}
	sorted := []OrderEntry{entry(1, 5, "CNY"), entry(1, 5, "USD"), entry(1, 6, "CNY"), entry(2, 1, "CNY")}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := compareEntries(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%v against %v: %d", a, b, got)
			}
		}
	}
	o := Orders{Count: 3, Base: []Collapsed{{Currency: "CNY", Orders: 1, Count: 1, Net: 9, FirstAt: at(1), LastAt: at(1)}, {Currency: "USD", FirstAt: at(0)}}, Entries: []OrderEntry{entry(5, 1, "CNY"), entry(6, 2, "CNY")}}
	for e, want := range map[OrderEntry]bool{
		entry(5, 1, "CNY"): true, entry(6, 2, "CNY"): true, entry(6, 3, "CNY"): false, entry(4, 7, "CNY"): true, entry(5, 7, "CNY"): true, entry(4, 7, "USD"): false, entry(4, 7, "EUR"): false,
	} {
		if got := o.Holds(e); got != want {
			t.Errorf("holds %v: %v", e, got)
		}
	}
	bare := Orders{Base: o.Base}
	if !bare.Holds(entry(99, 1, "CNY")) || (&Orders{}).Holds(entry(1, 1, "CNY")) {
		t.Error("without listed orders every collapsed one may be meant, and none without those")
	}
	// The same before and after changes nothing; one thing else changes that one.
	before := entry(5, 1, "CNY")
	for _, c := range []struct {
		after *OrderEntry
		want  []OrderEntry
		count int
	}{
		{&before, []OrderEntry{entry(5, 1, "CNY"), entry(6, 2, "CNY")}, 3}, {ptr(entry(5, 4, "CNY")), []OrderEntry{entry(5, 4, "CNY"), entry(6, 2, "CNY")}, 3},
		{ptr(entry(7, 1, "CNY")), []OrderEntry{entry(6, 2, "CNY"), entry(7, 1, "CNY")}, 3}, {nil, []OrderEntry{entry(6, 2, "CNY")}, 2},
	} {
		x := Orders{Count: 3, Entries: slices.Clone(o.Entries)}
		x.Replace(&before, c.after)
		if !reflect.DeepEqual(x.Entries, c.want) || x.Count != c.count || x.Base != nil {
			t.Errorf("replaced by %v: %+v", c.after, x)
		}
	}
	// What is older than the listed sinks where something has sunk, and is listed where nothing has.
	o.insert(entry(2, 0, "USD"))
	if want := []Collapsed{o.Base[0], {Currency: "USD", Orders: 1, FirstAt: at(0)}}; !reflect.DeepEqual(o.Base, want) || o.Count != 4 || len(o.Entries) != 2 {
		t.Errorf("sank into %+v", o)
	}
	fresh := Orders{Entries: []OrderEntry{entry(5, 1, "CNY")}}
	fresh.insert(entry(2, 3, "USD"))
	if !slices.Equal(fresh.Entries, []OrderEntry{entry(2, 3, "USD"), entry(5, 1, "CNY")}) || fresh.Base != nil {
		t.Errorf("listed %+v", fresh)
	}
	if got, want := (Orders{Base: o.Base, Entries: []OrderEntry{entry(5, 1, "CNY"), entry(6, 2, "EUR")}}).Revenue(), []money.Amount{{Minor: 10, Currency: "CNY"}, {Minor: 2, Currency: "EUR"}, {Currency: "USD"}}; !slices.Equal(got, want) {
		t.Errorf("revenue %v, want %v", got, want)
	}
	if got := o.FirstAt(); !got.Equal(at(0)) {
		t.Errorf("first at %v", got)
	}
	if first, last := (Orders{Entries: sorted}).FirstAt(), (Orders{Entries: sorted}).LastAt(); !first.Equal(at(1)) || !last.Equal(at(2)) {
		t.Errorf("from %v to %v", first, last)
	}
	if got := (Orders{Base: []Collapsed{{LastAt: at(2)}, {LastAt: at(4)}, {LastAt: at(3)}}}).LastAt(); !got.Equal(at(4)) {
		t.Errorf("last of the collapsed at %v", got)
	}
}

func ptr[T any](v T) *T { return &v }

// A profile with nothing takes everything of the other; nothing takes nothing of it away.
func TestAnEmptyHalf(t *testing.T) {
	full := func() *Profile {
		p := &Profile{ID: "f", Memory: Memory{FirstSeen: t0, LastSeen: t0.Add(1), Touch: map[string]Touch{"first": {At: t0, Source: "a"}, "last": {At: t0.Add(1), Source: "b"}}}, Members: map[string]Membership{"m": {Since: t0}}}
		p.Traits.set("k", Trait{Value: "v", At: t0})
		p.count("page", t0, 7)
		p.count("My Own", t0, 7)
		p.join("g", t0)
		p.line("tea", CartLine{Quantity: 2, Price: 3, At: t0})
		p.stamp(&p.Locale, "zh", t0)
		p.stamp(&p.Zone, "Asia/Tokyo", t0)
		p.stamp(&p.Search, "tea", t0)
		p.Ratings.Count, p.Ratings.Sum = 2, 9
		p.Active.Add(7)
		p.Active.Add(9)
		p.ShopDays = 3
		p.Client = Client{OS: "ios", At: t0}
		p.Orders = Orders{Count: 3, Base: []Collapsed{{Currency: "CNY", Orders: 2, Count: 1, Net: 5, FirstAt: t0, LastAt: t0}}, Entries: []OrderEntry{{At: t0.Add(2), Net: 1, Currency: "CNY"}}}
		return p
	}
	tell := func(p *Profile) []any {
		return []any{p.FirstSeen, p.LastSeen, p.Members, p.Touch, p.Traits, p.Counters, p.Groups, p.Cart, p.Locale, p.Zone, p.Search, p.Ratings, p.Active, p.ShopDays, p.Client, p.Orders}
	}
	want := tell(full())
	taken, kept := &Profile{ID: "e"}, full()
	taken.Absorb(full())
	kept.Absorb(&Profile{ID: "e"})
	for i := range want {
		if got := tell(taken)[i]; !reflect.DeepEqual(got, want[i]) {
			t.Errorf("taken: %+v, want %+v", got, want[i])
		}
		if got := tell(kept)[i]; !reflect.DeepEqual(got, want[i]) {
			t.Errorf("kept: %+v, want %+v", got, want[i])
		}
	}
	if empty := (&Profile{ID: "a"}); true {
		empty.Absorb(&Profile{ID: "b"})
		if empty.Members != nil || empty.Touch != nil || empty.Counters != nil || empty.Orders.Base != nil || !empty.FirstSeen.IsZero() {
			t.Errorf("nothing and nothing make %+v", empty)
		}
	}
	both := full()
	both.Absorb(full())
	if b := both.Orders; b.Count != 6 || !reflect.DeepEqual(b.Base, []Collapsed{{Currency: "CNY", Orders: 4, Count: 2, Net: 10, FirstAt: t0, LastAt: t0}}) || len(b.Entries) != 2 || both.Counters["My Own"].Total != 2 {
		t.Errorf("twice: %+v, %+v", b, both.Counters)
	}
}

// Which keys stay in a full table is a function of their FNV-1a hash: these were computed by another program.
func TestRanksAreFrozen(t *testing.T) {
	for key, want := range map[string]uint32{"": 0x811c9dc5, "a": 0xe40c292c, "foobar": 0xbf9cf968} {
		if got := rank(key); got != want {
			t.Errorf("the rank of %q is %x, want %x", key, got, want)
		}
	}
	if compareRank("foobar", "a") >= 0 || compareRank("a", "foobar") <= 0 || compareRank("a", "a") != 0 {
		t.Error("keys do not go by their ranks")
	}
}
