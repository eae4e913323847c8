package segment

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

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
func (c calendar) interval(i Interval, date string) (start, previous string) {
	t, _ := time.Parse(time.DateOnly, date)
	switch i {
	case Weekly:
		for t.Weekday() != time.Monday {
			t = t.AddDate(0, 0, -1)
		}
		return t.Format(time.DateOnly), t.AddDate(0, 0, -7).Format(time.DateOnly)
	case Monthly:
		first := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
		return first.Format(time.DateOnly), first.AddDate(0, -1, 0).Format(time.DateOnly)
	}
	return date, t.AddDate(0, 0, -1).Format(time.DateOnly)
}

func (c calendar) state(i Interval, times []time.Time, asOf string) string {
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
		return New
	case now && before:
		return Returning
	case now:
		return Resurrecting
	case before:
		return Lapsing
	}
	return ""
}

// TestDaysAreTheShops folds random events in zones of every kind and recounts by a wall calendar.
func TestDaysAreTheShops(t *testing.T) {
	for _, name := range []string{"UTC", "Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Kiritimati",
		"America/St_Johns", "America/New_York", "America/Sao_Paulo", "Pacific/Marquesas", "Europe/London"} {
		t.Run(name, func(t *testing.T) {
			shop := Shop{Zone: zone(t, name), Currency: "CNY"}
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

func checkDays(t *testing.T, wall calendar, shop Shop, p *profile.Profile, times []time.Time, asked time.Time) {
	t.Helper()
	today := wall.day(asked)
	for back := range 3 {
		date := wall.before(today, back)
		asOf, err := ParseDate(date)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range Intervals() {
			if got, want := i.State(p, asOf, shop), wall.state(i, times, date); got != want {
				t.Errorf("%s of %s: %q, want %q; events %v", i, date, got, want, times)
			}
		}
		facts, known := Observe(p, asOf, Scoring{}, shop)
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
		s := &subject{p: p, now: asked, today: DateOf(asked, shop.Zone), shop: shop}
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

func meets(t *testing.T, rule string, p *profile.Profile, now time.Time, shop Shop) bool {
	t.Helper()
	set, faults := Compile(define(map[ID]string{"s": rule}))
	if len(faults) > 0 {
		t.Fatalf("%s: %v", rule, faults)
	}
	return set.Members(p, now, shop)["s"]
}

// TestDaysOfTheVersionBefore reads a profile whose days were kept by UTC's calendar, alone and after the next event.
func TestDaysOfTheVersionBefore(t *testing.T) {
	shop := shopOf(t)
	morning := at(t, "2026-11-19T23:00:00Z") // 7 h of the 20th in Shanghai
	p := &profile.Profile{Memory: profile.Memory{FirstSeen: morning, LastSeen: morning}}
	p.Active.Add(profile.DayOf(morning))
	date := func(s string) Date { d, _ := ParseDate(s); return d }
	for day, want := range map[string]string{"2026-11-19": New, "2026-11-20": Lapsing, "2026-11-21": ""} {
		if got := Daily.State(p, date(day), shop); got != want {
			t.Errorf("before the next event, %s: %q, want %q as the version before said", day, got, want)
		}
	}
	p.Fold(&event.Event{Kind: event.Page, Timestamp: at(t, "2026-11-20T17:00:00Z")}, shop) // 1 h of the 21st
	if p.ShopDays != profile.DayOf(morning)+1 {
		t.Errorf("the shop's days begin on %s", p.ShopDays)
	}
	for day, want := range map[string]string{"2026-11-19": New, "2026-11-20": Lapsing, "2026-11-21": Resurrecting, "2026-11-22": Lapsing} {
		if got := Daily.State(p, date(day), shop); got != want {
			t.Errorf("after it, %s: %q, want %q", day, got, want)
		}
	}
	fresh := &profile.Profile{}
	fresh.Fold(&event.Event{Kind: event.Page, Timestamp: morning}, shop)
	if got := Daily.State(fresh, date("2026-11-20"), shop); got != New || fresh.ShopDays != 1 {
		t.Errorf("who is new at 7 h is %q, with the shop's days from %d", got, fresh.ShopDays)
	}
	for name, pair := range map[string][2]*profile.Profile{
		"both of the version before": {{Memory: profile.Memory{Active: profile.Days{Last: 100, Bits: []byte{1}}}}, {Memory: profile.Memory{Active: profile.Days{Last: 90, Bits: []byte{1}}}}},
		"one of it":                  {{Memory: profile.Memory{Active: profile.Days{Last: 80, Bits: []byte{1}}, ShopDays: 1}}, {Memory: profile.Memory{Active: profile.Days{Last: 100, Bits: []byte{1}}}}},
		"both marked":                {{Memory: profile.Memory{ShopDays: 101}}, {Memory: profile.Memory{ShopDays: 7}}},
		"one without days":           {{}, {Memory: profile.Memory{Active: profile.Days{Last: 200, Bits: []byte{1}}, ShopDays: 101}}},
	} {
		for _, p := range [][2]profile.Profile{{*pair[0], *pair[1]}, {*pair[1], *pair[0]}} {
			if p[0].Absorb(&p[1]); p[0].ShopDays != 101 {
				t.Errorf("merging %s: the shop's days begin on %d, want 101", name, p[0].ShopDays)
			}
		}
	}
}
