package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/userops/userops/shared/standin/schedule"
)

// schedules runs what the template wants done at times.
func (w *world) schedules() {
	for _, f := range w.template.Functions {
		for _, s := range f.Schedules {
			e, err := schedule.Parse(s.Expression, zoneOr(s.Timezone))
			check(err)
			// No two things may happen at the very same time.
			apart := time.Duration(hash(w.seed, "apart", f.Folder, s.Event)%1000 + 1)
			go func() {
				for n := 0; !w.stopped; n++ {
					next := e.Next(time.Now(), w.begun)
					if next.IsZero() {
						return
					}
					w.sleep(time.Until(next) + apart)
					if w.stopped {
						return
					}
					w.tick(f.Folder, s.Input, fmt.Sprintf("%s/%s/%d", f.Folder, s.Event, n))
				}
			}()
		}
	}
}

func zoneOr(zone string) string {
	if zone == "" {
		return "UTC"
	}
	return zone
}

// tick is one time of a schedule.
func (w *world) tick(function, input, name string) {
	d := dice{hash(w.seed, "tick", name)}
	minutely := strings.Contains(input, "minute")
	if w.drowsy && minutely && time.Now().Minute() != 0 {
		return
	}
	strikes := func(f fault) bool {
		if !w.faults.strikes(f, name) {
			return false
		}
		w.fired(f, name)
		return true
	}
	delay := d.pause(10*time.Millisecond, 2*time.Second)
	if minutely && (w.still || strikes(tickSkipped)) {
		return
	}
	if strikes(tickLate) {
		delay += d.pause(30*time.Second, 10*time.Minute)
	}
	one := func(delay time.Duration) {
		w.sleep(delay)
		if !w.stopped {
			if _, injected, err := w.invoke(function, name, []byte(input)); err != nil && !injected {
				w.violate(schedulesSucceed, "", "%s failed without a fault: %v", name, err)
			}
		}
	}
	go one(delay)
	if strikes(tickTwice) {
		go one(delay + d.pause(time.Microsecond, time.Second))
	}
}
