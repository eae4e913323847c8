package rule

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// calendar counts by what a wall calendar in the zone shows, and by nothing of the package's own.
type calendar struct{ zone *time.Location }

func (c calendar) day(t time.Time) string { return t.In(c.zone).Format(time.DateOnly) }

// before is the date so many days before a date.
func (c calendar) before(date string, days int) string {
	t, _ := time.Parse(time.DateOnly, date)
	return t.AddDate(0, 0, -days).Format(time.DateOnly)
}

// interval is the first date of the day, week or month that holds the date, and that of the one before.
func (c calendar) interval(i score.Interval, date string) (start, previous string) {
	t, _ := time.Parse(time.DateOnly, date)
	switch i {
	case score.Weekly:
		for t.Weekday() != time.Monday {
			t = t.AddDate(0, 0, -1)
		}
		return t.Format(time.DateOnly), t.AddDate(0, 0, -7).Format(time.DateOnly)
	case score.Monthly:
		first := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
		return first.Format(time.DateOnly), first.AddDate(0, -1, 0).Format(time.DateOnly)
	}
	return date, t.AddDate(0, 0, -1).Format(time.DateOnly)
}

func (c calendar) state(i score.Interval, times []time.Time, asOf string) string {
	start, previous := c.interval(i, asOf)
	now, before, first := false, false, "9"
	for _, t := range times {
		day := c.day(t)
		first = min(first, day)
		now = now || day >= start && day <= asOf
		before = before || day >= previous && day < start
	}
	switch {
	case now && first >= start:
		return score.New
	case now && before:
		return score.Returning
	case now:
		return score.Resurrecting
	case before:
		return score.Lapsing
	}
	return ""
}

// TestDaysAreTheShops folds random events in zones of every kind and recounts by a wall calendar.
func TestDaysAreTheShops(t *testing.T) {
	for _, name := range []string{"UTC", "Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Kiritimati",
		"America/St_Johns", "America/New_York", "America/Sao_Paulo", "Pacific/Marquesas", "Europe/London"} {
		t.Run(name, func(t *testing.T) {
			shop := profile.Shop{Zone: zone(t, name), Currency: "CNY"}
			wall := calendar{shop.Zone}
			random := rand.New(rand.NewPCG(7, uint64(len(name))))
			// About clock changes of both halves of the world, and about one at midnight (Sao Paulo, 2018-11-04).
			for _, anchor := range []string{"2018-11-04T03:00:00Z", "2026-03-29T01:00:00Z", "2026-04-05T00:00:00Z", "2026-11-01T06:00:00Z"} {
				asked := at(t, anchor)
				for range 40 {
					var times []time.Time
					p := &profile.Profile{}
					for range 1 + random.IntN(14) {
						when := asked.Add(-time.Duration(random.IntN(70*24*60)) * time.Minute)
						if random.IntN(3) == 0 { // near a midnight of the shop
							midnight, _ := time.ParseInLocation(time.DateOnly, wall.day(when), shop.Zone)
							when = midnight.Add(time.Duration(random.IntN(3)-1) * time.Minute)
						}
						if when.After(asked) {
							continue
						}
						times = append(times, when)
						p.Fold(&event.Event{Kind: event.Track, Name: "Signed In", Timestamp: when}, shop)
					}
					if len(times) == 0 {
						continue
					}
					checkDays(t, wall, shop, p, times, asked)
				}
			}
		})
	}
}

func checkDays(t *testing.T, wall calendar, shop profile.Shop, p *profile.Profile, times []time.Time, asked time.Time) {
	t.Helper()
	today := wall.day(asked)
	for back := range 3 {
		date := wall.before(today, back)
		asOf, err := profile.ParseDay(date)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range score.Intervals() {
			if got, want := i.State(p, asOf, shop), wall.state(i, times, date); got != want {
				t.Errorf("%s of %s: %q, want %q; events %v", i, date, got, want, times)
			}
		}
		facts, known := score.Observe(p, asOf, score.Scoring{}, shop)
		newest := ""
		for _, one := range times {
			if day := wall.day(one); day <= date {
				newest = max(newest, day)
			}
		}
		if known != (newest != "") || known && wall.before(date, facts.SinceLast) != newest {
			t.Errorf("as of %s the last day is %d days ago (known: %v), want %s; events %v", date, facts.SinceLast, known, newest, times)
		}
	}
	for _, days := range []int{1, 6, 7, 29, 30} {
		times30, active := int64(0), map[string]bool{}
		for _, one := range times {
			if wall.day(one) > wall.before(today, days) {
				times30++
				active[wall.day(one)] = true
			}
		}
		s := &Subject{p: p, now: asked, today: shop.Day(asked), shop: shop}
		if got, _ := recentEvents(days)(s, "Signed In"); len(active) < profile.MaxRecentDays && got.num.whole != times30 {
			t.Errorf("%d sign-ins on the last %d days, want %d; events %v", got.num.whole, days, times30, times)
		}
		if got, _ := activeDays(days)(s, ""); got.num.whole != int64(len(active)) {
			t.Errorf("%d active days of the last %d, want %d; events %v", got.num.whole, days, len(active), times)
		}
		// withinDays counts the days before the day itself.
		rule := fmt.Sprintf(`{"performed":{"event":"Signed In","atLeast":%d,"withinDays":%d}}`, max(times30, 1), max(days-1, 1))
		if days > 1 && len(active) < profile.MaxRecentDays && times30 > 0 && times30 <= profile.MaxRecentDays {
			if !meets(t, rule, p, asked, shop) {
				t.Errorf("%s is not met; events %v", rule, times)
			}
		}
	}
}
