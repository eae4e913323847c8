package rule

import (
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestStreaks: the days in a row up to the newest, and how long it was quiet before them.
func TestStreaks(t *testing.T) {
	for name, c := range map[string]struct {
		days     []profile.Day
		run, gap int
	}{
		"nobody":                {nil, 0, 0},
		"a day":                 {[]profile.Day{100}, 1, 0},
		"three days":            {[]profile.Day{98, 99, 100}, 3, 0},
		"a day after one":       {[]profile.Day{98, 100}, 1, 1},
		"two days after a week": {[]profile.Day{90, 91, 99, 100}, 2, 7},
		"a whole byte":          {[]profile.Day{93, 94, 95, 96, 97, 98, 99, 100}, 8, 0},
		"the last bit":          {[]profile.Day{93, 100}, 1, 6},
	} {
		var d profile.Days
		for _, day := range c.days {
			d.Add(day)
		}
		if run, gap := streak(d); run != c.run || gap != c.gap {
			t.Errorf("%s: %d, %d, want %d, %d", name, run, gap, c.run, c.gap)
		}
	}
}

// TestOneOrderHasNoRhythm: nothing is due, and nothing overdue.
func TestOneOrderHasNoRhythm(t *testing.T) {
	now := at(t, "2026-11-21T04:00:00Z")
	s := &Subject{p: &profile.Profile{}, now: now, shop: shopOf(t), today: shopOf(t).Day(now)}
	s.p.Orders = profile.Orders{Count: 1, Entries: []profile.OrderEntry{{At: now.Add(-time.Hour), Net: 1, Currency: "CNY"}}}
	for name, want := range map[string]string{
		"orders.gaps": "0", "orders.gapMean": "nothing", "orders.gapDeviation": "nothing", "orders.expectedAt": "nothing", "orders.overdueDays": "nothing",
		"orders.spanDays": "0", "orders.average": "1", "orders.paid7": "1", "priceSensitivity": "low", "orders.piecesAverage": "0", "orders.max": "1",
	} {
		if got := hold(t, s, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// TestPriceSensitivity is on both sides of its lines.
func TestPriceSensitivity(t *testing.T) {
	for discounted, want := range map[int]string{0: "low", 19: "low", 20: "medium", 59: "medium", 60: "high", 100: "high"} {
		s := &Subject{p: &profile.Profile{Orders: profile.Orders{Count: 100}, Purchases: profile.Purchases{Discounted: discounted}}, shop: shopOf(t)}
		if got := hold(t, s, "priceSensitivity"); got != want {
			t.Errorf("%d%%: %s, want %s", discounted, got, want)
		}
	}
}

// TestBirthdayIsOnItsDay: that day itself is in no days, and the day after it is a year away.
func TestBirthdayIsOnItsDay(t *testing.T) {
	for birthday, want := range map[string]string{"1990-11-21": "0", "1990-11-22": "1", "1990-11-20": "364", "1990-01-01": "41", "2027-11-21": "0"} {
		s := &Subject{p: &profile.Profile{}, now: at(t, "2026-11-20T16:00:00Z"), shop: shopOf(t)} // the first moment of the 21st there
		s.p.Traits = profile.Traits{"birthday": {Value: birthday}}
		if got := hold(t, s, "birthday.daysUntil"); got != want {
			t.Errorf("%s: %s, want %s", birthday, got, want)
		}
	}
}

// TestDeepTraits: what an object holds is found behind dots, and nothing where there is no object.
func TestDeepTraits(t *testing.T) {
	s := &Subject{p: &profile.Profile{}, shop: shopOf(t)}
	s.p.Traits = profile.Traits{"a": {Value: map[string]any{"b": map[string]any{"c": "deep", "d.e": "dotted"}, "x": nil}}, "plain": {Value: "text"}, "p.q": {Value: "whole"}}
	for name, want := range map[string]string{"a.b.c": "deep", "a.b.d.e": "dotted", "p.q": "whole", "plain": "text", "plain.b": "", "a.b.c.d": "", "none": "", "none.b": "", "a.x": "", "a.y": ""} {
		v, ok := readTrait(s, name)
		if ok != (want != "") || v.text != want {
			t.Errorf("%s: %q, %v", name, v.text, ok)
		}
	}
}

// TestPerformedBounds: a bound that is not given is none.
func TestPerformedBounds(t *testing.T) {
	for rule, want := range map[string]string{
		`{"performed":{"event":"A","atMost":0}}`:                                          "",
		`{"performed":{"event":"A","atLeast":2,"atMost":2}}`:                              "",
		`{"performed":{"event":"A","atLeast":2}}`:                                         "",
		`{"percent":{"seed":"s","from":0,"to":100}}`:                                      "",
		`{"percent":{"seed":"s","from":-1,"to":100}}`:                                     "rule.percent.from",
		`{"percent":{"seed":"s","from":0,"to":101}}`:                                      "rule.percent.to",
		`{"percent":{"seed":"s","from":"0","to":50}}`:                                     "rule.percent.from",
		`{"percent":{"seed":"` + strings.Repeat("s", 256) + `","to":50.25,"from":50}}`:    "",
		`{"percent":{"seed":"` + strings.Repeat("s", 257) + `","to":50.25,"from":50}}`:    "rule.percent.seed",
		`{"performed":{"event":"` + strings.Repeat("e", profile.MaxCounterName) + `"}}`:   "",
		`{"performed":{"event":"` + strings.Repeat("e", profile.MaxCounterName+1) + `"}}`: "rule.performed.event",
	} {
		faults := refused(rule)
		if (want == "") != (len(faults) == 0) || want != "" && faults[0].Field != want {
			t.Errorf("%s: %v, want %q", rule, faults, want)
		}
	}
}
