package score

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

func TestObserve(t *testing.T) {
	shop := profile.Shop{Zone: zone(t, "Asia/Shanghai"), Currency: "CNY"}
	asOf, err := profile.ParseDay("2026-11-21") // ends at 2026-11-21T16:00:00Z
	if err != nil {
		t.Fatal(err)
	}
	when := func(s string) time.Time { return at(t, s) }
	entry := func(s string, net int64) profile.OrderEntry {
		return profile.OrderEntry{At: when(s), Net: net, Currency: "CNY"}
	}
	seen := func(first, last string) profile.Profile {
		p := profile.Profile{Memory: profile.Memory{FirstSeen: when(first), LastSeen: when(last)}}
		p.Active.Add(profile.DayOf(p.FirstSeen))
		p.Active.Add(profile.DayOf(p.LastSeen))
		return p
	}
	old := func() profile.Profile { return seen("2026-01-01T00:00:00Z", "2026-11-21T00:00:00Z") }

	for name, c := range map[string]struct {
		make    func() profile.Profile
		scoring Scoring
		want    Facts
		absent  bool
	}{
		"never seen": {make: func() profile.Profile { return profile.Profile{} }, absent: true},
		"seen in the date's last instant": {make: func() profile.Profile {
			return seen("2026-11-21T15:59:59.999Z", "2026-11-21T15:59:59.999Z")
		}, want: Facts{}},
		"first seen after the date": {make: func() profile.Profile { return seen("2026-11-21T16:00:00Z", "2026-11-21T16:00:00Z") }, absent: true},
		"orders": {make: func() profile.Profile {
			p := old()
			p.Orders.Entries = []profile.OrderEntry{entry("2026-11-01T00:00:00Z", 500), entry("2026-11-11T15:59:59Z", 250)}
			return p
		}, want: Facts{R: 10, F: 2, M: 750, SinceFirst: 324}},
		"a minute later is another day": {make: func() profile.Profile {
			p := old()
			p.Orders.Entries = []profile.OrderEntry{entry("2026-11-11T16:00:00Z", 250)}
			return p
		}, want: Facts{R: 9, F: 1, M: 250, SinceFirst: 324}},
		"a full refund takes recency back": {make: func() profile.Profile {
			p := old()
			p.Orders.Entries = []profile.OrderEntry{entry("2026-11-01T00:00:00Z", 500), entry("2026-11-11T00:00:00Z", 0)}
			return p
		}, want: Facts{R: 20, F: 1, M: 500, SinceFirst: 324}},
		"below zero and another currency": {make: func() profile.Profile {
			p := old()
			p.Orders.Entries = []profile.OrderEntry{entry("2026-11-11T00:00:00Z", -3), {At: when("2026-11-12T00:00:00Z"), Net: 9, Currency: "USD"}}
			return p
		}, want: Facts{SinceFirst: 324}},
		"an order after the date": {make: func() profile.Profile {
			p := old()
			p.Orders.Entries = []profile.OrderEntry{entry("2026-11-20T00:00:00Z", 5), entry("2026-11-21T16:00:00Z", 7)}
			return p
		}, want: Facts{R: 1, F: 1, M: 5, SinceFirst: 324}},
		"collapsed orders": {make: func() profile.Profile {
			p := old()
			p.Orders.Entries = []profile.OrderEntry{entry("2026-11-20T00:00:00Z", 5)}
			p.Orders.Base = []profile.Collapsed{
				{Currency: "CNY", Orders: 4, Count: 3, Net: 100, FirstAt: when("2026-01-01T00:00:00Z"), LastAt: when("2026-02-01T00:00:00Z")},
				{Currency: "USD", Orders: 9, Count: 9, Net: 900, FirstAt: when("2026-01-01T00:00:00Z"), LastAt: when("2026-02-01T00:00:00Z")},
			}
			return p
		}, want: Facts{R: 1, F: 4, M: 105, SinceFirst: 324}},
		"collapsed orders on both sides of the date": {make: func() profile.Profile {
			p := old()
			p.Orders.Base = []profile.Collapsed{{Currency: "CNY", Orders: 3, Count: 3, Net: 100, FirstAt: when("2026-01-01T00:00:00Z"), LastAt: when("2026-12-01T00:00:00Z")}}
			return p
		}, want: Facts{R: 0, F: 3, M: 100, SinceFirst: 324, Approximate: true}},
		"collapsed orders after the date": {make: func() profile.Profile {
			p := old()
			p.Orders.Base = []profile.Collapsed{{Currency: "CNY", Orders: 3, Count: 3, Net: 100, FirstAt: when("2026-11-21T16:00:00Z"), LastAt: when("2026-12-01T00:00:00Z")}}
			return p
		}, want: Facts{SinceFirst: 324}},
		"a window's edge": {make: func() profile.Profile {
			p := old()
			p.Orders.Entries = []profile.OrderEntry{entry("2026-10-21T00:00:00Z", 1), entry("2026-10-22T00:00:00Z", 10)}
			return p
		}, scoring: Scoring{WindowDays: 30}, want: Facts{R: 30, F: 1, M: 10, SinceFirst: 324}},
		"a window through collapsed orders": {make: func() profile.Profile {
			p := old()
			p.Orders.Base = []profile.Collapsed{{Currency: "CNY", Orders: 3, Count: 3, Net: 100, FirstAt: when("2026-01-01T00:00:00Z"), LastAt: when("2026-11-01T00:00:00Z")}}
			return p
		}, scoring: Scoring{WindowDays: 30}, want: Facts{R: 20, F: 3, M: 100, SinceFirst: 324, Approximate: true}},
		"activity after the date is cut by days": {make: func() profile.Profile {
			p := seen("2026-01-01T00:00:00Z", "2026-12-05T00:00:00Z")
			p.Active.Add(profile.DayOf(when("2026-11-11T00:00:00Z")))
			return p
		}, want: Facts{SinceFirst: 324, SinceLast: 10}},
		"activity so much later that its days are gone": {make: func() profile.Profile {
			return seen("2026-01-01T00:00:00Z", "2028-12-05T00:00:00Z")
		}, want: Facts{SinceFirst: 324, SinceLast: 324, Approximate: true}},
		"engaged on the last day": {make: func() profile.Profile {
			p := old()
			p.Counters = map[string]profile.Counter{event.ProductViewed: {Total: 1, Last: when("2026-10-22T00:00:00Z")}}
			return p
		}, want: Facts{SinceFirst: 324, Engaged: true}},
		"engaged a day too early": {make: func() profile.Profile {
			p := old()
			p.Counters = map[string]profile.Counter{event.ProductAdded: {Total: 1, Last: when("2026-10-21T00:00:00Z")}}
			return p
		}, want: Facts{SinceFirst: 324}},
		"engaged before the date and after": {make: func() profile.Profile {
			p := old()
			day := profile.DayOf(when("2026-11-01T00:00:00Z"))
			p.Counters = map[string]profile.Counter{event.ProductWishlisted: {Total: 2, Last: when("2026-12-01T00:00:00Z"),
				Recent: []profile.DayCount{{Day: day, Count: 1}, {Day: day + 30, Count: 1}}}}
			return p
		}, want: Facts{SinceFirst: 324, Engaged: true}},
		"engaged after the date only": {make: func() profile.Profile {
			p := old()
			p.Counters = map[string]profile.Counter{event.ProductViewed: {Total: 1, Last: when("2026-12-01T00:00:00Z"),
				Recent: []profile.DayCount{{Day: profile.DayOf(when("2026-12-01T00:00:00Z")), Count: 1}}}}
			return p
		}, want: Facts{SinceFirst: 324}},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.make()
			got, ok := Observe(&p, asOf, c.scoring, shop)
			got.Buys, got.Activity, got.Explored = Buys{}, 0, false // TestBuys, TestActivity and TestStage look at them
			if ok == c.absent || got != c.want {
				t.Errorf("Observe = %+v, %v, want %+v, %v", got, ok, c.want, !c.absent)
			}
		})
	}
}

// TestWhoIsEngaged: what was looked at within so many days of a date, on its day and exactly as long ago; of what came after the date the days tell.
func TestWhoIsEngaged(t *testing.T) {
	shop := profile.Shop{Zone: zone(t, "Asia/Shanghai"), Currency: "CNY"}
	asOf, err := profile.ParseDay("2026-11-21")
	if err != nil {
		t.Fatal(err)
	}
	o := observer{asOf: asOf, end: (asOf + 1).Start(shop.Zone), shop: shop}
	before := func(days int) time.Time { return o.end.AddDate(0, 0, -days).Add(-time.Hour) }
	day := func(days, count int) profile.DayCount {
		return profile.DayCount{Day: profile.Day(asOf) - profile.Day(days), Count: count}
	}
	after := o.end.Add(time.Hour)
	for name, c := range map[string]struct {
		counters map[string]profile.Counter
		want     bool
	}{
		"nothing":                      {nil, false},
		"something else":               {map[string]profile.Counter{"page": {Last: before(0)}}, false},
		"a product, today":             {map[string]profile.Counter{event.ProductViewed: {Last: before(0)}}, true},
		"a cart, exactly as long ago":  {map[string]profile.Counter{event.ProductAdded: {Last: before(7)}}, true},
		"a wishlist, a day longer":     {map[string]profile.Counter{event.ProductWishlisted: {Last: before(8)}}, false},
		"since, and today":             {map[string]profile.Counter{event.ProductViewed: {Last: after, Recent: []profile.DayCount{day(0, 1), day(-1, 1)}}}, true},
		"since, and exactly as long":   {map[string]profile.Counter{event.ProductViewed: {Last: after, Recent: []profile.DayCount{day(7, 1), day(-1, 1)}}}, true},
		"since, and a day longer":      {map[string]profile.Counter{event.ProductViewed: {Last: after, Recent: []profile.DayCount{day(8, 1), day(-1, 1)}}}, false},
		"since alone":                  {map[string]profile.Counter{event.ProductViewed: {Last: after, Recent: []profile.DayCount{day(-1, 1)}}}, false},
		"since, and a day without any": {map[string]profile.Counter{event.ProductViewed: {Last: after, Recent: []profile.DayCount{day(3, 0)}}}, false},
		"since, and before otherwise":  {map[string]profile.Counter{event.ProductViewed: {Last: after}, event.ProductAdded: {Last: before(1)}}, true},
	} {
		if got := o.happened(&profile.Profile{Memory: profile.Memory{Counters: c.counters}}, 7, engagements[:]...); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestScoringValidate(t *testing.T) {
	if err := (Scoring{}).Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	good := Scoring{Class8: Business, Lines: &BusinessLines{R: 30, F: 2, M: 10000}, Quintiles: &FixedQuintiles{R: [4]int64{7, 30, 90, 180}, F: [4]int64{1, 1, 2, 5}, M: [4]int64{0, 1, 2, 3}}}
	if err := good.Validate(); err != nil {
		t.Errorf("business lines: %v", err)
	}
	for want, bad := range map[string]Scoring{
		"activeDays is -1, not between 0 and 3650":                                           {ActiveDays: -1},
		"windowDays is 3651, not between 0 and 3650":                                         {WindowDays: 3651},
		"coolingDays is 30, not above activeDays (30)":                                       {CoolingDays: 30},
		`class8 is "mode", not one of mean, median, business`:                                {Class8: "mode"},
		"lines is missing, and class8 is business":                                           {Class8: Business},
		"lines has a line below zero":                                                        {Class8: Business, Lines: &BusinessLines{R: -1}},
		"quintiles.f is not four numbers from zero upwards, each at least the one before":    {Quintiles: &FixedQuintiles{F: [4]int64{1, 3, 2, 5}}},
		"newDays is -2, not between 0 and 3650; coolingDays is 5, not above activeDays (30)": {NewDays: -2, CoolingDays: 5},
	} {
		err := bad.Validate()
		if err == nil || err.Error() != want {
			t.Errorf("Validate(%+v) = %v, want %s", bad, err, want)
		}
	}
}

func TestModelsOfTheMethods(t *testing.T) {
	fit := func(s Scoring) Model {
		return Fit([]int32{9, 1, 2}, []int32{1, 1, 4}, []int64{1000, 10, 90}, s)
	}
	for name, c := range map[string]struct {
		scoring Scoring
		want    string
	}{
		"mean":     {Scoring{}, "100"},                      // lines 4, 2, 366.67
		"median":   {Scoring{Class8: AgainstMedian}, "111"}, // lines 2, 1, 90
		"business": {Scoring{Class8: Business, Lines: &BusinessLines{R: 1, F: 1, M: 90}}, "011"},
	} {
		if got := fit(c.scoring).Score(Facts{R: 2, F: 1, M: 90}).Class8; got != c.want {
			t.Errorf("%s: class8 = %s, want %s", name, got, c.want)
		}
	}
	fixed := fit(Scoring{Quintiles: &FixedQuintiles{R: [4]int64{1, 2, 3, 4}, F: [4]int64{1, 2, 3, 4}, M: [4]int64{10, 90, 91, 92}}})
	got := fixed.Score(Facts{R: 2, F: 3, M: 90})
	if got.R != 4 || got.F != 3 || got.M != 2 {
		t.Errorf("with fixed borders R F M = %d %d %d, want 4 3 2", got.R, got.F, got.M)
	}
	if nobody := Fit(nil, nil, nil, Scoring{}); nobody.Score(Facts{SinceFirst: 3}).Class15 != New || nobody.Buyers != 0 {
		t.Errorf("a model of nobody = %+v", nobody)
	}
}
