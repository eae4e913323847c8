package archive

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/job"
)

// TestTheFirstEventsAreThereAtOnce: a shop that has just begun is not let wait for an hour; what comes later is gathered for one.
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
