package segmentation

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// TestTheNightlyRunCountsTheShopsDays runs at 3 h of the shop and counts again by what a wall calendar shows.
func TestTheNightlyRunCountsTheShopsDays(t *testing.T) {
	for _, name := range []string{"Asia/Shanghai", "Asia/Kathmandu", "America/St_Johns"} {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, 9, 3, nil)
			w.process.Shop = profile.Shop{Zone: zone, Currency: "CNY"}
			w.Set(time.Date(2026, 11, 22, 3, 0, 0, 0, zone))
			random := rand.New(rand.NewPCG(5, 5))
			want := map[string]int{}
			for i := range 200 {
				p := &profile.Profile{Identifiers: []profile.Identifier{{Kind: profile.UserID, Value: fmt.Sprint("n", i)}}}
				p.ID = p.Identifiers[0].ID()
				days, first := map[string]bool{}, "9"
				for range 1 + random.IntN(3) {
					when := w.Now().Add(-time.Duration(random.IntN(60*60)) * time.Minute)
					p.Fold(&event.Event{Kind: event.Page, Timestamp: when}, w.process.Shop)
					day := when.In(zone).Format(time.DateOnly)
					days[day], first = true, min(first, day)
				}
				w.add(p)
				switch today, yesterday := days["2026-11-22"], days["2026-11-21"]; {
				case today && first == "2026-11-22":
					want[score.New]++
				case today && yesterday:
					want[score.Returning]++
				case today:
					want[score.Resurrecting]++
				case yesterday:
					want[score.Lapsing]++
				}
			}
			run := w.run(job.Segmentation{RunID: "2026-11-22"}, 0)
			if run.Outcome == nil || run.AsOf.String() != "2026-11-22" || !reflect.DeepEqual(run.Counts["day"], want) || len(want) < 4 {
				t.Errorf("as of %s the day holds %v, want %v", run.AsOf, run.Counts["day"], want)
			}
		})
	}
}
