package due_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestAMinuteOfAnySizeIsDonePageByPage files more than the pages of a sweep hold, struck off as they are done.
func TestAMinuteOfAnySizeIsDonePageByPage(t *testing.T) {
	d := newDuty(t)
	d.look(t, "settlement", nil)
	const many = 331
	for i := range many {
		d.put(t, noon, fmt.Sprint("id", i))
	}
	seen := map[string]int{}
	largest := 0
	err := d.ReadyTogether(t.Context(), "settlement", 30, func(_ context.Context, entries []due.Entry) ([]time.Time, error) {
		largest = max(largest, len(entries))
		for _, e := range entries {
			seen[e.ID]++
		}
		return make([]time.Time, len(entries)), nil
	})
	if err != nil || len(seen) != many || largest > 30 {
		t.Errorf("%d of %d entries, %d at once, %v", len(seen), many, largest, err)
	}
	if again := d.look(t, "settlement", nil); len(again) != 0 {
		t.Errorf("%d come again", len(again))
	}
}

// TestAFullMinuteHoldsUpNoOther: while one minute holds more than an invocation can do, the entries of the minute after it are done in
// the same sweep, the sweep ends in time, and the next one goes on.
func TestAFullMinuteHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDuty(t)
		d.look(t, "settlement", nil)
		const many = 400
		for i := range many {
			d.put(t, noon.Add(time.Minute), fmt.Sprint("id", i))
		}
		d.put(t, noon.Add(5*time.Minute), "after")
		d.now = noon.Add(5 * time.Minute)
		seen := map[string]int{}
		sweep := func() {
			t.Helper()
			begun := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := d.ReadyTogether(ctx, "settlement", 25, func(_ context.Context, entries []due.Entry) ([]time.Time, error) {
				time.Sleep(7 * time.Second)
				for _, e := range entries {
					seen[e.ID]++
				}
				return make([]time.Time, len(entries)), nil
			})
			if took := time.Since(begun); err != nil || took > time.Minute {
				t.Errorf("the sweep took %v, %v", took, err)
			}
		}
		sweep()
		if seen["after"] != 1 || len(seen) >= many {
			t.Errorf("after one sweep %d are done, the later minute's %d times", len(seen), seen["after"])
		}
		for n := 0; len(seen) < many+1 && n < 6; n++ {
			d.now = d.now.Add(time.Minute) // the minute is soon outside of what every sweep looks at
			sweep()
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s was done %d times", id, n)
			}
		}
		if len(seen) != many+1 {
			t.Errorf("%d of %d were done", len(seen), many+1)
		}
	})
}

// TestAPageThatFailsHoldsUpNoOther breaks each reading and each call of the owner once.
func TestAPageThatFailsHoldsUpNoOther(t *testing.T) {
	const many = 60
	for nth := 1; nth <= 20; nth++ {
		d := newDuty(t)
		db := d.DB.(*dynamotest.DB)
		d.look(t, "settlement", nil)
		for i := range many {
			d.put(t, noon.Add(time.Duration(i%2)*time.Minute), fmt.Sprint("id", i))
		}
		d.now = noon.Add(time.Minute)
		db.Fail("Query", nth, dynamotest.NotPersisted)
		seen := map[string]bool{}
		calls := 0
		each := func(_ context.Context, e due.Entry) (time.Time, error) {
			if calls++; calls == nth {
				return time.Time{}, errOwner
			}
			seen[e.ID] = true
			return time.Time{}, nil
		}
		err := d.Ready(t.Context(), "settlement", each)
		if err == nil || len(seen) < many/2 {
			t.Errorf("fault %d: %d of %d were done, %v", nth, len(seen), many, err)
		}
		calls = 1000
		db.Heal()
		d.now = noon.Add(time.Hour)
		if err := d.Ready(t.Context(), "settlement", each); err != nil || len(seen) != many {
			t.Errorf("fault %d: an hour later %d of %d were done, %v", nth, len(seen), many, err)
		}
	}
}

var errOwner = errors.New("the owner fails")

// TestASweepGivesUpWhereAllFails: where something is away that every page needs, the rest is not tried.
func TestASweepGivesUpWhereAllFails(t *testing.T) {
	d := newDuty(t)
	d.look(t, "settlement", nil)
	for i := range 200 {
		d.put(t, noon.Add(time.Duration(i)*time.Minute), fmt.Sprint("id", i))
	}
	d.now = noon.Add(200 * time.Minute)
	calls := 0
	err := d.Ready(t.Context(), "settlement", func(context.Context, due.Entry) (time.Time, error) {
		calls++
		return time.Time{}, errOwner
	})
	if !errors.Is(err, errOwner) || calls > 100 {
		t.Errorf("%d calls, %v", calls, err)
	}
	if got := d.look(t, "settlement", nil); len(got) != 200 {
		t.Errorf("%d of 200 are still there", len(got))
	}
}
