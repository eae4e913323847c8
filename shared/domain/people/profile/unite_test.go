package profile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// detail is a memory that has something of each kind, told by its name and at times of its own.
func detail(name string, at int) Memory {
	var m Memory
	m.FirstSeen, m.LastSeen = minute(at), minute(at+9)
	m.device("device-"+name, Client{At: minute(at), OS: "OS of " + name})
	m.Client = Client{At: minute(at), OS: "OS of " + name}
	m.Categories.add("category of "+name, minute(at), 2)
	m.Categories.add("both", minute(at), 1)
	m.Brands.add("brand of "+name, minute(at), 3)
	m.view("product-"+name, minute(at))
	m.Hours.Count(at%HoursOfWeek, 2)
	m.count("Own "+name, minute(at), DayOf(minute(at)))
	m.count("both", minute(at), DayOf(minute(at)))
	m.join("group-"+name, minute(at))
	m.line("line-"+name, CartLine{At: minute(at), Quantity: 1})
	m.Touch = map[string]Touch{"first": {At: minute(at), Source: name}, "last": {At: minute(at), Source: name}}
	m.Active.Add(Day(20000 + at))
	m.Traits = Traits{"trait of " + name: {Value: name, At: minute(at)}}
	m.Ratings = Ratings{Count: 1, Sum: int64(at)}
	m.Search, m.Locale, m.Zone = Stamped{name, minute(at)}, Stamped{name, minute(at)}, Stamped{name, minute(at)}
	return m
}

// TestAMergeOfTheDetail unites two memories, the earlier into the later and the other way, and one into an empty one: nothing of either is lost.
func TestAMergeOfTheDetail(t *testing.T) {
	for name, c := range map[string]struct{ own, other Memory }{
		"the later into the earlier": {detail("a", 1), detail("b", 5)},
		"the earlier into the later": {detail("b", 5), detail("a", 1)},
	} {
		m := c.own
		m.Absorb(&c.other)
		for what, pair := range map[string][2]any{
			"seen":       {[]time.Time{m.FirstSeen, m.LastSeen}, []time.Time{minute(1), minute(14)}},
			"devices":    {m.Devices, map[string]Client{"device-a": {At: minute(1), OS: "OS of a"}, "device-b": {At: minute(5), OS: "OS of b"}}},
			"client":     {m.Client, Client{At: minute(5), OS: "OS of b"}},
			"categories": {len(m.Categories), 3},
			"in common":  {m.Categories["both"].Counts, []int64{2}},
			"brands":     {len(m.Brands), 2},
			"a's brand":  {m.Brands["brand of a"].Counts, []int64{3}},
			"viewed":     {m.Viewed, map[string]time.Time{"product-a": minute(1), "product-b": minute(5)}},
			"hours":      {[]uint32{m.Hours[1], m.Hours[5]}, []uint32{2, 2}},
			"counters":   {[]int64{m.Counters["Own a"].Total, m.Counters["Own b"].Total, m.Counters["both"].Total, int64(len(m.Counters))}, []int64{1, 1, 2, 3}},
			"groups":     {m.Groups, map[string]time.Time{"group-a": minute(1), "group-b": minute(5)}},
			"cart":       {m.Cart, map[string]CartLine{"line-a": {At: minute(1), Quantity: 1}, "line-b": {At: minute(5), Quantity: 1}}},
			"touches":    {[]string{m.Touch["first"].Source, m.Touch["last"].Source}, []string{"a", "b"}},
			"days":       {[]bool{m.Active.Has(20001), m.Active.Has(20005), m.Active.Has(20003)}, []bool{true, true, false}},
			"traits":     {len(m.Traits), 2},
			"ratings":    {m.Ratings, Ratings{Count: 2, Sum: 6}},
			"stamps":     {[]string{m.Search.Value, m.Locale.Value, m.Zone.Value}, []string{"b", "b", "b"}},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Errorf("%s, %s: %+v, want %+v", name, what, pair[0], pair[1])
			}
		}
	}
	full := detail("a", 1)
	var m Memory
	m.Absorb(&full)
	m.ShopDays, m.Unknown = full.ShopDays, full.Unknown
	if !reflect.DeepEqual(m, full) {
		t.Errorf("an empty half became %+v, want %+v", m, full)
	}
	none := Memory{}
	m.Absorb(&none)
	m.ShopDays, m.Unknown = full.ShopDays, full.Unknown
	if !reflect.DeepEqual(m, full) {
		t.Errorf("with an empty half it became %+v, want %+v", m, full)
	}
	// What the other half has bought since empties this one's cart, and what it bought before does not.
	for cleared, left := range map[int]int{0: 1, 1: 0, 2: 0} {
		m := detail("a", 1)
		m.Absorb(&Memory{CartClearedAt: minute(cleared)})
		if len(m.Cart) != left || !m.CartClearedAt.Equal(minute(cleared)) {
			t.Errorf("emptied at %d: %v, %v", cleared, m.Cart, m.CartClearedAt)
		}
		m.Absorb(&Memory{CartClearedAt: minute(-1)})
		if !m.CartClearedAt.Equal(minute(cleared)) {
			t.Errorf("emptied at %d, and then before: %v", cleared, m.CartClearedAt)
		}
	}
	// Of more than fit the bounds hold, and names that no longer fit count together.
	a, b := Memory{}, Memory{}
	for i := range 40 {
		for name, m := range map[string]*Memory{"a": &a, "b": &b} {
			key := fmt.Sprintf("%s %d", name, i)
			m.Traits.set(key, Trait{Value: int64(i), At: minute(i)})
			m.count(key, minute(i), DayOf(minute(i)))
			m.Categories.add(key, minute(i), 1)
		}
	}
	a.Absorb(&b)
	var counted, weight int64
	for _, c := range a.Counters {
		counted += c.Total
	}
	for _, i := range a.Categories {
		for _, n := range i.Counts {
			weight += n
		}
	}
	if len(a.Traits) != MaxTraits || a.LeftOut["traits"] != 80-MaxTraits || len(a.Counters) != MaxCounters+1 || counted != 80 || len(a.Categories) != MaxInterests+1 || weight != 80 {
		t.Errorf("%d traits, %d left out; %d counters of %d; %d categories of %d", len(a.Traits), a.LeftOut["traits"], len(a.Counters), counted, len(a.Categories), weight)
	}
	if got := a.Categories.Favourites(minute(0)); len(got) != MaxInterests || slices.Contains(got, OtherEvents) {
		t.Errorf("favourites %v", got)
	}
}

// TestAMergeOfBothParts: what is unproven of either half stays unproven, and a membership is proven if either half's is; the earlier one stands.
func TestAMergeOfBothParts(t *testing.T) {
	for _, c := range []struct{ own, other, want bool }{{true, true, true}, {true, false, false}, {false, true, false}, {false, false, false}} {
		for _, since := range []int{-1, 0, 1} {
			p := &Profile{ID: "p", Members: map[string]Membership{"vip": {Since: minute(0), Run: "own", Unproven: c.own}}}
			p.Absorb(&Profile{ID: "q", Members: map[string]Membership{"vip": {Since: minute(since), Run: "other", Unproven: c.other}}})
			want := Membership{Since: minute(min(since, 0)), Run: "own", Unproven: c.want}
			if since < 0 {
				want.Run = "other"
			}
			if got := p.Members["vip"]; got != want {
				t.Errorf("unproven %v and %v, since %d: %+v, want %+v", c.own, c.other, since, got, want)
			}
		}
	}
	p := &Profile{ID: "p"}
	p.Absorb(&Profile{ID: "q", Unproven: detail("b", 5)})
	if !p.Memory.Empty() || p.Unproven.Counters["Own b"].Total != 1 {
		t.Errorf("proven %+v, unproven %+v", p.Memory, p.Unproven)
	}
	p.Absorb(&Profile{ID: "r"})
	if p.Unproven.ShopDays = 0; !reflect.DeepEqual(fieldsOfMemory(p.Unproven), fieldsOfMemory(detail("b", 5))) {
		t.Errorf("after a half of which nobody says anything: %+v", p.Unproven)
	}
}

func fieldsOfMemory(m Memory) string {
	m.ShopDays, m.Unknown = 0, nil
	return fmt.Sprintf("%+v", m)
}

// TestCollapsedHalves unites the sums of orders that are not listed, by currency and sorted, and leaves the other half alone.
func TestCollapsedHalves(t *testing.T) {
	sums := func(first, last int) Collapsed {
		return Collapsed{Currency: "CNY", Orders: 2, Count: 1, Net: 100, FirstAt: minute(first), LastAt: minute(last)}
	}
	for name, c := range map[string]struct{ own, other, first, last int }{
		"the other is earlier":   {10, 0, 0, 15},
		"the other is later":     {0, 10, 0, 15},
		"the other lies within":  {0, 2, 0, 9},
		"the other lies outside": {2, 0, 0, 9},
	} {
		length := map[bool]int{true: 9, false: 5}
		p := &Profile{ID: "p", Orders: Orders{Count: 2, Base: []Collapsed{sums(c.own, c.own+length[name == "the other lies within"])}}}
		q := &Profile{ID: "q", Orders: Orders{Count: 2, Base: []Collapsed{sums(c.other, c.other+length[name == "the other lies outside"])}}}
		before, mine := q.Orders.Base[0], p.Orders.Base
		old := mine[0]
		p.Absorb(q)
		got := p.Orders.Base[0]
		if p.Orders.Count != 4 || len(p.Orders.Base) != 1 || got.Orders != 4 || got.Count != 2 || got.Net != 200 || !got.FirstAt.Equal(minute(c.first)) || !got.LastAt.Equal(minute(c.last)) {
			t.Errorf("%s: %+v", name, p.Orders)
		}
		if q.Orders.Base[0] != before || mine[0] != old {
			t.Errorf("%s: a table that others may share is changed", name)
		}
	}
	p := &Profile{ID: "p", Orders: Orders{Count: 1, Base: []Collapsed{{Currency: "JPY", Orders: 1, FirstAt: minute(0), LastAt: minute(0)}}}}
	p.Absorb(&Profile{ID: "q", Orders: Orders{Count: 2, Base: []Collapsed{{Currency: "CNY", Orders: 1, FirstAt: minute(0)}, {Currency: "USD", Orders: 1, FirstAt: minute(0)}}}})
	var got []string
	for _, b := range p.Orders.Base {
		got = append(got, string(b.Currency))
	}
	if !slices.Equal(got, []string{"CNY", "JPY", "USD"}) || p.Orders.Count != 3 {
		t.Errorf("%v, %d orders", got, p.Orders.Count)
	}
}

// TestWhatWasClaimedGoesByReceipt: of what a device claims counts what was heard after the time until which claims were let go.
func TestWhatWasClaimedGoesByReceipt(t *testing.T) {
	word := func(at int) Consent { return Consent{Granted: true, At: minute(at), ReceivedAt: minute(at)} }
	reach := func(at int) Reach {
		return Reach{Consent: map[string]Consent{"email": word(at), "sms": word(at + 2)}, Tokens: map[string]Token{"old": {At: minute(at)}, "new": {At: minute(at + 2)}},
			Unconfirmed: Addresses{Email: Stamped{"mei@shop.example", minute(at)}, Phone: Stamped{"13800000000", minute(at + 2)}}}
	}
	r := reach(1)
	later := r.after(minute(1))
	if want := (Reach{Consent: map[string]Consent{"sms": word(3)}, Tokens: map[string]Token{"new": {At: minute(3)}}, Unconfirmed: Addresses{Phone: Stamped{"13800000000", minute(3)}}}); !reflect.DeepEqual(later, want) {
		t.Errorf("heard later: %+v, want %+v", later, want)
	}
	if later := r.after(minute(0)); !reflect.DeepEqual(later, r) {
		t.Errorf("all was heard later: %+v", later)
	}
	if later := r.after(minute(3)); !later.silent() {
		t.Errorf("nothing was heard later: %+v", later)
	}
	for name, one := range map[string]Reach{"consent": {Consent: r.Consent}, "tokens": {Tokens: r.Tokens}, "an address": {Unconfirmed: Addresses{Email: r.Unconfirmed.Email}}, "a number": {Unconfirmed: Addresses{Phone: r.Unconfirmed.Phone}}} {
		if one.silent() {
			t.Errorf("%s is silence", name)
		}
	}
	if r := (Reach{}); !r.silent() {
		t.Error("nothing is no silence")
	}
	// A claim is by a device that has a name of a size, later than what was let go; and one that says nothing and is not newer changes nothing.
	longest := strings.Repeat("d", maxClaimer)
	p := &Profile{ID: "p", ClaimsFrom: minute(5)}
	for _, device := range []string{"", longest + "d"} {
		p.claim(device, Claim{At: minute(9), Reach: reach(9)})
	}
	p.claim("at the border", Claim{At: minute(5), Reach: reach(9)})
	if p.Claims != nil {
		t.Errorf("claimed by %+v", p.Claims)
	}
	p.claim(longest, Claim{At: minute(6), Reach: reach(4)})
	if want := (Claim{At: minute(6), Reach: Reach{Consent: map[string]Consent{"sms": word(6)}, Tokens: map[string]Token{"new": {At: minute(6)}}, Unconfirmed: Addresses{Phone: Stamped{"13800000000", minute(6)}}}}); !reflect.DeepEqual(p.Claims[longest], want) {
		t.Errorf("claimed %+v, want %+v", p.Claims[longest], want)
	}
	p.claim(longest, Claim{At: minute(6), Reach: Reach{Consent: map[string]Consent{"push": word(6)}}}) // not newer, and something is said
	if _, heard := p.Claims[longest].Consent["push"]; !heard {
		t.Errorf("not heard: %+v", p.Claims[longest])
	}
	p.claim(longest, Claim{At: minute(8)})
	p.claim(longest, Claim{At: minute(7)})
	if got := p.Claims[longest]; !got.At.Equal(minute(8)) || len(got.Consent) != 2 {
		t.Errorf("claimed %+v", got)
	}
	// What is let go goes of each claim that stays, and no claims are none at all.
	p.forgetClaims(minute(6))
	if got := p.Claims[longest]; !got.silent() || !got.At.Equal(minute(8)) || !p.ClaimsFrom.Equal(minute(6)) {
		t.Errorf("left %+v from %v", got, p.ClaimsFrom)
	}
	p.forgetClaims(minute(8))
	if p.Claims != nil {
		t.Errorf("left %+v", p.Claims)
	}
	// A merge takes over until when the other half has let go, and what its own devices have claimed counts.
	p, q := mei(), &Profile{ID: "q", ClaimsFrom: minute(4), Identifiers: []Identifier{{AnonymousID, "theirs"}}, Claims: map[string]Claim{"new": {At: minute(9), Reach: Reach{Consent: map[string]Consent{"push": word(9)}}}}}
	p.Claims = map[string]Claim{"theirs": {At: minute(5), Reach: reach(3)}, "old": {At: minute(3)}}
	p.Absorb(q)
	if len(p.Claims) != 1 || !p.ClaimsFrom.Equal(minute(4)) || len(p.Consent) != 2 || len(p.Tokens) != 2 || p.Unconfirmed.Phone.Value == "" || p.Unconfirmed.Email.Value == "" {
		t.Errorf("claims %+v from %v, reach %+v", p.Claims, p.ClaimsFrom, p.Reach)
	}
	// So it does where the device is joined, on whichever word.
	for name, join := range map[string]func(*Profile){
		"attached": func(p *Profile) { p.Attach(Identifier{AnonymousID, "theirs"}) }, "united": func(p *Profile) { p.Unite(Identifier{AnonymousID, "theirs"}) },
	} {
		p := mei()
		p.Claims = map[string]Claim{"theirs": {At: minute(5), Reach: reach(3)}}
		join(p)
		join(p)
		if p.Claims != nil || len(p.Consent) != 2 || len(p.Identifiers) != 3 {
			t.Errorf("%s: claims %+v, consent %v, %v", name, p.Claims, p.Consent, p.Identifiers)
		}
	}
	// What is let go for a bound is counted.
	a, b := mei(), &Profile{ID: "b"}
	for i := range MaxTokens {
		a.token(fmt.Sprint("a", i), Token{At: minute(i)})
		b.token(fmt.Sprint("b", i), Token{At: minute(10 + i)})
	}
	for i := range maxConsents {
		a.SetConsent(fmt.Sprint("channel of a ", i), word(i))
		b.SetConsent(fmt.Sprint("channel of b ", i), word(i))
	}
	a.Absorb(b)
	if len(a.Tokens) != MaxTokens || a.LeftOut["tokens"] != MaxTokens || len(a.Consent) != maxConsents || a.LeftOut["consent"] != maxConsents {
		t.Errorf("%d tokens, %d consents, left out %v", len(a.Tokens), len(a.Consent), a.LeftOut)
	}
}
