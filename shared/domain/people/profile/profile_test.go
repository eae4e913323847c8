package profile

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/people/event"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestIDIsDerived(t *testing.T) {
	if got := (Identifier{UserID, "mei"}).ID(); got != "gbOBfCNI2WeriD7lUXFExQ" {
		t.Errorf("id %s: stored profiles would not be found again", got)
	}
	if (Identifier{UserID, "x"}).ID() == (Identifier{AnonymousID, "x"}).ID() {
		t.Error("kinds share ids")
	}
}

func TestDayOf(t *testing.T) {
	for _, c := range []struct {
		at   string
		want string
	}{
		{"2026-03-01T00:00:00Z", "20260301"}, {"2026-02-28T23:59:59.999Z", "20260228"}, {"1969-12-31T23:59:59Z", "19691231"}, {"1970-01-01T00:00:00Z", "19700101"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := DayOf(at).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.at, got, c.want)
		}
	}
}

// TestDaysAreASet adds days in any sequence and compares with a plain set of the newest 400 days.
func TestDaysAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.SliceOfN(rapid.Int32Range(20000, 20900), 1, 60).Draw(t, "days")
		var d Days
		newest := slices.Max(days)
		for _, x := range days {
			d.Add(Day(x))
		}
		want := 0
		for x := newest - 900; x <= newest; x++ {
			in := slices.Contains(days, x) && newest-x < MaxActiveDays
			if in {
				want++
			}
			if d.Has(Day(x)) != in {
				t.Fatalf("day %d: %v, want %v", x, d.Has(Day(x)), in)
			}
		}
		if got := d.Count(Day(newest - 900)); got != want {
			t.Fatalf("count %d, want %d", got, want)
		}
		if len(d.Bits) > MaxActiveDays/8 {
			t.Fatalf("%d bytes", len(d.Bits))
		}
	})
}

func TestCounterSince(t *testing.T) {
	var c Counter
	for d := range Day(MaxRecentDays + 3) {
		c.add(2, (100 + d).Time(), 100+d)
	}
	c.add(5, Day(100).Time(), 100)
	if c.Total != 2*(MaxRecentDays+3)+5 || len(c.Recent) != MaxRecentDays {
		t.Fatalf("total %d, %d days", c.Total, len(c.Recent))
	}
	if got := c.Since(100 + MaxRecentDays); got != 6 {
		t.Errorf("since: %d, want 6", got)
	}
	if got := c.Since(0); got != 2*MaxRecentDays {
		t.Errorf("since ever: %d, want those of the tracked days", got)
	}
}

// TestOrdersAreASum replaces contributions in any sequence and compares with plain sums.
func TestOrdersAreASum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, MaxOrderEntries+40).Draw(t, "orders")
		var o Orders
		current := make([]*OrderEntry, n)
		for step := range rapid.IntRange(n, 2*n).Draw(t, "steps") {
			i := step
			if i >= n {
				i = rapid.IntRange(0, n-1).Draw(t, "which")
			}
			next := &OrderEntry{At: t0.Add(time.Duration(i) * time.Hour), Net: rapid.Int64Range(0, 900).Draw(t, "net"), Currency: "CNY"}
			o.Replace(current[i], next)
			current[i] = next
		}
		var sum int64
		for _, e := range current {
			sum += e.Net
		}
		if o.Count != n || o.Revenue()[0].Minor != sum {
			t.Fatalf("count %d revenue %v, want %d and %d", o.Count, o.Revenue(), n, sum)
		}
		if len(o.Entries) > MaxOrderEntries || !slices.IsSortedFunc(o.Entries, compareEntries) {
			t.Fatalf("%d entries", len(o.Entries))
		}
		if !o.FirstAt().Equal(t0) || !o.LastAt().Equal(t0.Add(time.Duration(n-1)*time.Hour)) {
			t.Fatalf("first %v last %v", o.FirstAt(), o.LastAt())
		}
	})
}

func TestOrdersHold(t *testing.T) {
	entry := func(minute int, net int64) OrderEntry {
		return OrderEntry{At: time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC), Net: net, Currency: "CNY"}
	}
	var few, many Orders
	few.Replace(nil, &OrderEntry{At: entry(5, 0).At, Net: 7, Currency: "CNY"})
	for i := range MaxOrderEntries + 2 {
		e := entry(i, 1)
		many.Replace(nil, &e)
	}
	for _, c := range []struct {
		name   string
		orders Orders
		e      OrderEntry
		want   bool
	}{
		{"of nobody's", Orders{}, entry(5, 7), false},
		{"as it is listed", few, entry(5, 7), true},
		{"another net", few, entry(5, 8), false},
		{"before all, none collapsed", few, entry(4, 7), false},
		{"collapsed", many, entry(0, 1), true},
		{"collapsed, of another currency", many, OrderEntry{At: entry(0, 0).At, Net: 1, Currency: "USD"}, false},
		{"listed beside collapsed ones", many, entry(MaxOrderEntries, 1), true},
		{"not listed, behind the collapsed", many, entry(MaxOrderEntries, 2), false},
	} {
		if got := c.orders.Holds(c.e); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAttachLimits(t *testing.T) {
	p := &Profile{}
	if !p.Attach(Identifier{UserID, "u"}) || p.Attach(Identifier{UserID, "v"}) || !p.Attach(Identifier{UserID, "u"}) {
		t.Error("one userId, and the same again")
	}
	for i := range MaxIdentifiers {
		if !p.Attach(Identifier{AnonymousID, fmt.Sprint(i)}) {
			t.Errorf("device %d is within the limit", i)
		}
	}
	if p.Attach(Identifier{AnonymousID, "one more"}) || len(p.Identifiers) != 1+MaxIdentifiers {
		t.Error("the limit does not hold")
	}
}

func TestSurvivorIsTheSameBothWays(t *testing.T) {
	known := &Profile{ID: "k", Identifiers: []Identifier{{UserID, "u"}}, Memory: Memory{FirstSeen: t0}}
	for _, c := range []struct {
		name       string
		a, b, want *Profile
	}{
		{"the known one", &Profile{ID: "a", Memory: Memory{FirstSeen: t0.Add(-time.Hour)}}, known, known},
		{"the older one", &Profile{ID: "z", Memory: Memory{FirstSeen: t0.Add(-time.Hour)}}, &Profile{ID: "a", Memory: Memory{FirstSeen: t0}}, nil},
		{"the first id", &Profile{ID: "a", Memory: Memory{FirstSeen: t0}}, &Profile{ID: "z", Memory: Memory{FirstSeen: t0}}, nil},
	} {
		if c.want == nil {
			c.want = c.a
		}
		k1, _ := Survivor(c.a, c.b)
		k2, _ := Survivor(c.b, c.a)
		if k1 != c.want || k2 != c.want {
			t.Errorf("%s: %s and %s, want %s", c.name, k1.ID, k2.ID, c.want.ID)
		}
	}
}

func TestBounds(t *testing.T) {
	p := &Profile{}
	for i := range 2 * MaxTraits {
		e := event.Event{Kind: event.Identify, Timestamp: t0.Add(time.Duration(i) * time.Second), Traits: json.RawMessage(fmt.Sprintf(`{"t%03d":%d}`, i, i))}
		p.Fold(&e, Shop{Currency: "CNY"})
		e = event.Event{Kind: event.Track, Name: fmt.Sprint("Event ", i), Timestamp: e.Timestamp}
		p.Fold(&e, Shop{Currency: "CNY"})
		e = event.Event{Kind: event.Group, GroupID: fmt.Sprint(i), Timestamp: e.Timestamp}
		p.Fold(&e, Shop{Currency: "CNY"})
		e = event.Event{Kind: event.Track, Name: event.ProductAdded, Timestamp: e.Timestamp, Properties: json.RawMessage(fmt.Sprintf(`{"product_id":"%d"}`, i))}
		p.Fold(&e, Shop{Currency: "CNY"})
	}
	if len(p.Traits) != MaxTraits || p.Traits[fmt.Sprintf("t%03d", 2*MaxTraits-1)].Value != int64(2*MaxTraits-1) {
		t.Errorf("%d traits; the newest must be there", len(p.Traits))
	}
	if len(p.Counters) != MaxCounters+2 || p.Counters[OtherEvents].Total == 0 {
		t.Errorf("%d counters, %d others", len(p.Counters), p.Counters[OtherEvents].Total)
	}
	if len(p.Groups) != MaxGroups || len(p.Cart) != MaxCartLines {
		t.Errorf("%d groups, %d lines", len(p.Groups), len(p.Cart))
	}
}
