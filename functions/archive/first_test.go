package archive

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/job"
)

// TestTheFirstEventsAreThereAtOnce: a shop that has just begun is not let wait for an hour; what comes later to one with many events is gathered for one.
func TestTheFirstEventsAreThereAtOnce(t *testing.T) {
	b := newBench(t)
	b.run() // there is nothing yet
	b.now = b.now.Add(10 * time.Minute)
	b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1")}})
	b.run()
	if got := len(b.content(today)); got != 1 {
		t.Errorf("%d events are there, want the first one", got)
	}
	b.now = b.now.Add(10 * time.Minute)
	b.take(job.Archive{Packs: []job.Pack{pack(t, "li", noon, "2")}})
	b.run()
	if got := len(b.content(today)); got != 1 {
		t.Errorf("%d events are there: a file is made every ten minutes", got)
	}
	b.now = b.now.Add(hour)
	b.run()
	if got := len(b.content(today)); got != 2 {
		t.Errorf("%d events are there after an hour", got)
	}
}

// TestASmallShopDoesNotWait: as long as no day has more than so many events, each run takes what is there; a day that has more, though another one, ends that.
func TestASmallShopDoesNotWait(t *testing.T) {
	b := newBench(t)
	b.little = 3
	for n, c := range []struct {
		name string
		at   time.Time
		ids  []string
		has  int // of its day, after the next run
	}{
		{"the first", noon, []string{"1", "2"}, 2},
		{"up to so many", noon, []string{"3"}, 3},
		{"of another day", noon.AddDate(0, 0, -3), []string{"4"}, 1},
		{"one more than so many", noon, []string{"5"}, 4},
		{"nobody does not wait now", noon, []string{"6"}, 4},
		{"nor of another day", noon.AddDate(0, 0, -3), []string{"7"}, 1},
	} {
		b.now = noon.Add(time.Duration(n) * time.Minute)
		b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", c.at, c.ids...)}})
		b.run()
		if got := len(b.content(b.process().Shop.Day(c.at))); got != c.has {
			t.Errorf("%s: %d events are there, want %d", c.name, got, c.has)
		}
	}
}
