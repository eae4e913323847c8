package score

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestActivity holds the score to the definition, worked out in fractions over a list of days.
func TestActivity(t *testing.T) {
	today := profile.DayOf(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	rapid.Check(t, func(t *rapid.T) {
		var p profile.Profile
		active := map[int]bool{}
		for range rapid.IntRange(0, 25).Draw(t, "active days") {
			ago := rapid.IntRange(-5, 300).Draw(t, "days ago")
			active[ago] = true
			p.Active.Add(today - profile.Day(ago))
		}
		points := 0.0
		p.Counters = map[string]profile.Counter{}
		for name, worth := range map[string]float64{event.ProductViewed: 1, event.ProductAdded: 3, "Checkout Started": 5, event.OrderCompleted: 10, "page": 0} {
			if rapid.Bool().Draw(t, name) {
				ago, n := rapid.IntRange(-3, 40).Draw(t, "ago"), rapid.IntRange(1, 4).Draw(t, "times")
				p.Counters[name] = profile.Counter{Total: int64(n), Recent: []profile.DayCount{{Day: today - profile.Day(ago), Count: n}}}
				if ago >= 0 && ago < 30 {
					points += worth * float64(n)
				}
			}
		}
		var days []int // ago, newest first, of those that have been
		for ago := range 301 {
			if active[ago] {
				days = append(days, ago)
			}
		}
		recent := 0.0
		if len(days) > 0 {
			last := days[0]
			first, n, month := last, 0, 0
			for _, ago := range days {
				if ago < 180 {
					first, n = ago, n+1
				}
				if ago < 30 {
					month++
				}
			}
			rhythm := 14.0
			if n >= 3 {
				rhythm = float64(first-last) / float64(n-1)
			}
			recent = 50*math.Min(1, math.Max(0, (4-float64(last)/rhythm)/3)) + 30*math.Min(1, float64(month)/10)
		}
		want := recent + 20*math.Min(1, points/30)
		if got := Activity(&p, today); math.Abs(float64(got)-want) > 0.52 { // thousandths are cut off before they are rounded
			t.Errorf("%d, want %v", got, want)
		}
	})
}

// TestStage goes through the stages as somebody does.
func TestStage(t *testing.T) {
	s := DefaultScoring()
	for _, c := range []struct {
		facts Facts
		stage string
		band  string
	}{
		{Facts{Activity: 29}, Acquire, Warning},
		{Facts{Activity: 30, Explored: true}, Activate, Fading},
		{Facts{Activity: 59, Explored: true, F: 1, R: 3, SinceLast: 3}, Convert, Fading},
		{Facts{Activity: 60, F: 1, R: 3, SinceLast: 2}, Retain, Lively},
		{Facts{Activity: 100, F: 2, R: 3, SinceLast: 3}, Repurchase, Lively},
		{Facts{F: 2, R: 3, SinceLast: 3, Referred: true}, Refer, Warning},
		{Facts{Referred: true, SinceFirst: 200, SinceLast: 119}, Refer, Warning},
		{Facts{F: 2, R: 130, SinceFirst: 200, SinceLast: 120, Referred: true}, Churn, Warning},
	} {
		if got := (Model{Scoring: s}).Score(c.facts); got.Stage != c.stage || got.Activity != c.band {
			t.Errorf("%+v: %s %s, want %s %s", c.facts, got.Stage, got.Activity, c.stage, c.band)
		}
	}
	if err := (Scoring{LivelyFrom: 20}).Validate(); err == nil || err.Error() == "" {
		t.Error("lively from less than fading is taken")
	}
	if err := (Scoring{LivelyFrom: 101, FadingFrom: -1}).Validate(); err == nil {
		t.Error("scores beyond 0 and 100 are taken")
	}
}

// TestExplored goes by what had happened by the date.
func TestExplored(t *testing.T) {
	shop := profile.Shop{Zone: time.UTC, Currency: "CNY"}
	asOf := profile.DayOf(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	end := (asOf + 1).Start(time.UTC)
	for name, c := range map[string]struct {
		counter profile.Counter
		want    bool
	}{
		"before":           {profile.Counter{Total: 1, Last: end.Add(-time.Second)}, true},
		"after":            {profile.Counter{Total: 1, Last: end, Recent: []profile.DayCount{{Day: asOf + 1, Count: 1}}}, false},
		"before and after": {profile.Counter{Total: 2, Last: end, Recent: []profile.DayCount{{Day: asOf, Count: 1}, {Day: asOf + 1, Count: 1}}}, true},
		"never":            {profile.Counter{}, false},
	} {
		for event, of := range map[string]func(Facts) bool{event.ProductAdded: func(f Facts) bool { return f.Explored }, "Referral Settled": func(f Facts) bool { return f.Referred }} {
			p := profile.Profile{Memory: profile.Memory{FirstSeen: end.AddDate(0, -1, 0), LastSeen: end.AddDate(0, -1, 0), Counters: map[string]profile.Counter{event: c.counter}}}
			facts, ok := Observe(&p, asOf, Scoring{}, shop)
			if !ok || of(facts) != c.want {
				t.Errorf("%s %s: %+v, %v", event, name, facts, ok)
			}
		}
	}
}

func TestPredictFrom(t *testing.T) {
	if got := (Scoring{}).Gate(); got != prediction.DefaultGate {
		t.Errorf("without a word it takes %+v", got)
	}
	if got := (Scoring{PredictFromBuyers: 9, PredictFromDays: 2}).Gate(); got != (prediction.Gate{Buyers: 9, Days: 2}) {
		t.Errorf("it takes %+v", got)
	}
	for s, want := range map[Scoring]string{{PredictFromBuyers: -1}: "predictFromBuyers", {PredictFromBuyers: maxPredictFrom + 1}: "predictFromBuyers", {PredictFromDays: maxSettingDays + 1}: "predictFromDays", {PredictFromBuyers: maxPredictFrom}: ""} {
		if err := s.Validate(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
