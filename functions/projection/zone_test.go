package projection

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestEventsStandOnTheShopsDays folds one event each side of the shop's midnight, with a process that is wired by its settings.
func TestEventsStandOnTheShopsDays(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	s := newShop(t)
	wired := New(Settings{Zone: zone, Currency: "CNY"}, s.DB, nil, s.Now)
	w := s.worker()
	w.Zone = wired.Zone
	midnight := time.Date(2026, 2, 28, 0, 0, 0, 0, zone) // 18:30 UTC of the 27th
	for i, at := range []time.Time{midnight.Add(-time.Second), midnight, midnight.Add(23 * time.Hour)} {
		e := track(string(rune('a'+i)), "mei", "Signed In", at.UTC(), "")
		if again := deliver(t, w, envelope(t, "server", e)); len(again) > 0 {
			t.Fatal("an event came back")
		}
	}
	p := s.load(user("mei"))
	last := profile.DayOf(time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC))
	recent := p.Counters["Signed In"].Recent
	if p.Active.Last != last || !p.Active.Has(last-1) || p.ShopDays != 1 || len(recent) != 2 || recent[0] != (profile.DayCount{Day: last - 1, Count: 1}) || recent[1] != (profile.DayCount{Day: last, Count: 2}) {
		t.Errorf("active up to %s, recent %v, the shop's days from %d", p.Active.Last, recent, p.ShopDays)
	}
}
