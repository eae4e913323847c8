package archive

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// TestYearsOfOrders: what is imported of years comes in few objects, and a file is made for each of its days. A run whose time ends after some of them has not worked in vain: the next one goes on, and in
// the end each event is there once, and each day is closed.
func TestYearsOfOrders(t *testing.T) {
	const days = 1500
	const inTime = 1100 // writes of a run, before its time is over
	b := newBench(t)
	b.now = midnight.Add(time.Hour)
	var all job.Archive
	for n := range days {
		all.Packs = append(all.Packs, pack(t, names[n%len(names)], noon.AddDate(0, 0, -n), fmt.Sprint(n)))
	}
	all.Merges = []job.Follow{merge("mei", "li", noon)}
	b.take(all)
	ended := 0
	for {
		b.Fail(inTime, false)
		err := b.process().Run(t.Context())
		if err == nil {
			break
		}
		if !errors.Is(err, buckettest.ErrInjected) {
			t.Fatal(err)
		}
		if ended++; ended > 2*days/inTime {
			t.Fatalf("after %d runs there are files of %d days of %d", ended, len(b.head().Days), days)
		}
	}
	if ended == 0 {
		t.Error("no run's time was over")
	}
	h := b.head()
	events := 0
	for _, d := range h.Days {
		for _, f := range d.Files {
			events += f.Events
		}
	}
	if len(h.Days) != days || events != days {
		t.Errorf("there are %d days and %d events", len(h.Days), events)
	}
	for n := 0; n < days; n += 31 {
		day := today - profile.Day(n)
		d := h.Days[day]
		if got, want := b.content(day), []string{fmt.Sprint(names[n%len(names)], " ", n)}; !slices.Equal(got, want) || d.Open || d.Closes != 1 {
			t.Fatalf("%s has %q, want %q; %+v", day, got, want, d)
		}
	}
	if merges, err := archive.LoadMerges(t.Context(), b, h); err != nil || len(merges) != 1 {
		t.Errorf("merges are %v, %v", merges, err)
	}
	b.now = b.now.Add(25 * time.Hour)
	b.run()
	if left := b.below(archive.PacksPrefix); len(left) > 0 {
		t.Errorf("%d objects of packs are left", len(left))
	}
}
