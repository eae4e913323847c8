package score

import (
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestDaysOfTheVersionBefore reads a profile whose days were kept by UTC's calendar, alone and after the next event.
func TestDaysOfTheVersionBefore(t *testing.T) {
	shop := shopOf(t)
	morning := at(t, "2026-11-19T23:00:00Z") // 7 h of the 20th in Shanghai
	p := &profile.Profile{Memory: profile.Memory{FirstSeen: morning, LastSeen: morning}}
	p.Active.Add(profile.DayOf(morning))
	date := func(s string) profile.Day { d, _ := profile.ParseDay(s); return d }
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
