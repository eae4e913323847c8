package score

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// BenchmarkObserve is of somebody with 30 active days in half a year, four orders and a dozen counters.
func BenchmarkObserve(b *testing.B) {
	shop := profile.Shop{Zone: time.UTC, Currency: "CNY"}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	today := profile.DayOf(now)
	p := profile.Profile{Memory: profile.Memory{FirstSeen: now.AddDate(-1, 0, 0), LastSeen: now, Counters: map[string]profile.Counter{}}}
	for i := range 30 {
		p.Active.Add(today - profile.Day(6*i))
	}
	for i := range 4 {
		p.Orders.Replace(nil, &profile.OrderEntry{At: now.AddDate(0, -i, 0), Net: 12300, Currency: "CNY"})
	}
	for _, name := range []string{event.ProductViewed, event.ProductAdded, event.OrderCompleted, "page", "screen", "Cart Viewed", "Checkout Started"} {
		c := profile.Counter{Total: 40, Last: now}
		for i := range 12 {
			c.Recent = append(c.Recent, profile.DayCount{Day: today - profile.Day(72-6*i), Count: 3})
		}
		p.Counters[name] = c
	}
	b.Run("observe", func(b *testing.B) {
		for b.Loop() {
			if _, ok := Observe(&p, today, Scoring{}, shop); !ok {
				b.Fatal("nobody")
			}
		}
	})
	b.Run("activity", func(b *testing.B) {
		for b.Loop() {
			Activity(&p, today)
		}
	})
}
