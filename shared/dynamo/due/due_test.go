package due_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// duty is a list with a clock to step, and what Ready handed over.
type duty struct {
	due.Due
	now  time.Time
	seen []string
}

func newDuty(t *testing.T) *duty {
	d := &duty{now: noon}
	d.Due = due.Due{DB: dynamotest.New(t), Table: "Due", Now: func() time.Time { return d.now }}
	return d
}

// look is one Ready that is done with everything but the ids in again.
func (d *duty) look(t *testing.T, owner string, again map[string]time.Time) []string {
	t.Helper()
	d.seen = nil
	err := d.Ready(t.Context(), owner, func(_ context.Context, e due.Entry) (time.Time, error) {
		d.seen = append(d.seen, e.ID+string(e.Body))
		return again[e.ID], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d.seen
}

func (d *duty) put(t *testing.T, at time.Time, id string) {
	t.Helper()
	if err := d.Put(t.Context(), "settlement", at, id, []byte("!")); err != nil {
		t.Fatal(err)
	}
}

// TestAMinuteIsSpread files what a big audience has to wait for: a partition takes a thousand writes a second, and all of it comes in one minute.
func TestAMinuteIsSpread(t *testing.T) {
	d := newDuty(t)
	const all = 400
	for i := range all {
		d.put(t, noon.Add(time.Hour), fmt.Sprint("n", i))
	}
	held := map[string]int{}
	d.DB.(*dynamotest.DB).Each(t, "Due", func(i map[string]types.AttributeValue) {
		held[i["pk"].(*types.AttributeValueMemberS).Value]++
	})
	for partition, n := range held {
		if n > all/3 {
			t.Errorf("%s holds %d of %d", partition, n, all)
		}
	}
	d.now = noon.Add(time.Hour)
	if got := d.look(t, "settlement", nil); len(got) != all {
		t.Errorf("%d of %d came", len(got), all)
	}
}

func TestDueComesWithItsMinute(t *testing.T) {
	for name, c := range map[string]struct {
		at     time.Duration // after noon
		before time.Duration // still nothing
		from   time.Duration
	}{
		"on the minute":  {5 * time.Minute, 5*time.Minute - 1, 5 * time.Minute},
		"just after it":  {5*time.Minute + 1, 6*time.Minute - 1, 6 * time.Minute},
		"in the past":    {-time.Hour, -1, 0},
		"now":            {0, -1, 0},
		"in three hours": {3 * time.Hour, 3*time.Hour - 1, 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDuty(t)
			d.look(t, "settlement", nil)
			d.put(t, noon.Add(c.at), "a")
			d.now = noon.Add(c.before)
			if got := d.look(t, "settlement", nil); got != nil {
				t.Fatalf("came too soon: %v", got)
			}
			d.now = noon.Add(c.from)
			if got := d.look(t, "settlement", nil); !slices.Equal(got, []string{"a!"}) {
				t.Errorf("got %v", got)
			}
			if again := d.look(t, "settlement", nil); again != nil {
				t.Errorf("came again: %v", again)
			}
		})
	}
}

func TestDueKeepsOwnersApart(t *testing.T) {
	d := newDuty(t)
	d.put(t, noon, "a")
	if got := d.look(t, "orchestration", nil); got != nil {
		t.Errorf("another owner got %v", got)
	}
	if got := d.look(t, "settlement", nil); !slices.Equal(got, []string{"a!"}) {
		t.Errorf("the owner got %v", got)
	}
}

func TestDueIsFiledAgain(t *testing.T) {
	d := newDuty(t)
	d.put(t, noon, "stuck")
	d.put(t, noon, "fine")
	for minute := range 5 {
		d.now = noon.Add(time.Duration(minute) * time.Minute)
		got := d.look(t, "settlement", map[string]time.Time{"stuck": d.now.Add(time.Second)})
		if !slices.Contains(got, "stuck!") || slices.Contains(got, "fine!") != (minute == 0) {
			t.Errorf("minute %d: %v", minute, got)
		}
	}
	// Filed again for the very minute in which it came, it is not lost.
	d.now = noon.Add(5 * time.Minute)
	d.look(t, "settlement", map[string]time.Time{"stuck": d.now})
	if got := d.look(t, "settlement", nil); !slices.Equal(got, []string{"stuck!"}) {
		t.Errorf("got %v", got)
	}
}

func TestDueCatchesUpAfterAnOutage(t *testing.T) {
	d := newDuty(t)
	d.look(t, "settlement", nil)
	d.put(t, noon.Add(time.Hour), "a")
	d.put(t, noon.Add(13*time.Hour), "b")
	d.now = noon.Add(14 * time.Hour)
	var got []string
	for range 2 {
		got = append(got, d.look(t, "settlement", nil)...)
	}
	if !slices.Equal(got, []string{"a!", "b!"}) {
		t.Errorf("got %v", got)
	}
}

func TestDueSurvivesErrors(t *testing.T) {
	d := newDuty(t)
	d.put(t, noon, "a")
	err := d.Ready(t.Context(), "settlement", func(context.Context, due.Entry) (time.Time, error) {
		return time.Time{}, dynamotest.ErrInjected
	})
	if !errors.Is(err, dynamotest.ErrInjected) {
		t.Errorf("error %v", err)
	}
	d.now = noon.Add(time.Hour)
	if got := d.look(t, "settlement", nil); !slices.Equal(got, []string{"a!"}) {
		t.Errorf("after an hour: %v", got)
	}
}

// TestAnEntryThatAlwaysFailsHoldsUpNothing: it stands where it is, for longer than a sweep reaches back, and what is filed later is done in
// its time all the same.
func TestAnEntryThatAlwaysFailsHoldsUpNothing(t *testing.T) {
	d := newDuty(t)
	look := func() []string {
		d.seen = nil
		if err := d.Ready(t.Context(), "settlement", func(_ context.Context, e due.Entry) (time.Time, error) {
			if e.ID == "bad" {
				return time.Time{}, errors.New("never")
			}
			d.seen = append(d.seen, e.ID)
			return time.Time{}, nil
		}); err == nil {
			t.Error("the fault is not told")
		}
		return d.seen
	}
	d.put(t, d.now, "bad")
	look()
	for _, hours := range []time.Duration{11, 12, 13, 40} {
		d.now = noon.Add(hours*time.Hour + time.Minute)
		d.put(t, d.now.Add(time.Minute), "good")
		d.now = d.now.Add(time.Minute)
		if got := look(); !slices.Equal(got, []string{"good"}) {
			t.Errorf("after %d hours %v came, want the one that is due", hours, got)
		}
		d.now = d.now.Add(time.Minute)
		if got := look(); len(got) != 0 {
			t.Errorf("after %d hours %v came again", hours, got)
		}
	}
}
