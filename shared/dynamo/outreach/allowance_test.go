package outreach_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
)

func allowances(t *testing.T) (outreach.Allowances, *dynamotest.DB) {
	db := dynamotest.New(t)
	return outreach.Allowances{DB: db, Table: "Results"}, db
}

// TestNoRateIsPassed: however many ask, and in whatever blocks, all get the limit together and nobody more.
func TestNoRateIsPassed(t *testing.T) {
	s, _ := allowances(t)
	var got atomic.Int64
	var all sync.WaitGroup
	for n := range 12 {
		all.Go(func() {
			for range 5 {
				taken, err := s.Rate(t.Context(), delivery.Email, deliveryNoon, int64(1+n%4), 50)
				if err != nil {
					t.Error(err)
				}
				got.Add(taken)
			}
		})
	}
	all.Wait()
	if got.Load() != 50 {
		t.Errorf("%d places were taken of 50", got.Load())
	}
	for name, c := range map[string]struct {
		channel delivery.Channel
		second  time.Time
		want    int64
	}{"the same second": {delivery.Email, deliveryNoon, 0}, "the next": {delivery.Email, deliveryNoon.Add(time.Second), 7}, "another channel": {delivery.Social, deliveryNoon, 7}} {
		if taken, err := s.Rate(t.Context(), c.channel, c.second, 7, 50); err != nil || taken != c.want {
			t.Errorf("%s: %d taken, %v, want %d", name, taken, err, c.want)
		}
	}
}

// TestABudgetIsTakenAndGivenBack: the last block is what there is room for, what costs nothing is never short, and what is back is taken again.
func TestABudgetIsTakenAndGivenBack(t *testing.T) {
	s, _ := allowances(t)
	b, begin := delivery.Budget{ID: "b", Per: delivery.EachDay}, deliveryNoon
	take := func(n, each, want int64) {
		t.Helper()
		if got, err := s.Budget(t.Context(), b, begin, n, each, 100); err != nil || got != want {
			t.Errorf("%d taken, %v, want %d", got, err, want)
		}
	}
	take(5, 7, 5)
	take(16, 7, 9) // 65 are left
	take(1, 7, 0)  // 2 are
	take(16, 0, 16)
	if err := s.GiveBack(t.Context(), b, begin, 3, 7); err != nil {
		t.Error(err)
	}
	if n, err := outreach.Results(s).Spent(t.Context(), b, begin); err != nil || n != 77 {
		t.Errorf("%d is spent, %v", n, err)
	}
	take(16, 7, 3)
	if err := s.GiveBack(t.Context(), b, begin, 99, 7); err == nil {
		t.Error("more was given back than was taken")
	}
	begin = begin.Add(24 * time.Hour)
	take(16, 7, 14)
}

// TestABrokenAllowanceIsNeverPassed: what a write has taken whose answer was lost is lost, and what could not be given back too.
func TestABrokenAllowanceIsNeverPassed(t *testing.T) {
	b := delivery.Budget{ID: "b", Per: delivery.EachDay}
	for how, left := range map[dynamotest.How]int64{dynamotest.NotPersisted: 10, dynamotest.Persisted: 6} {
		s, db := allowances(t)
		db.Fail("UpdateItem", 1, how)
		if got, err := s.Budget(t.Context(), b, deliveryNoon, 4, 1, 10); err == nil || got != 0 {
			t.Errorf("%s: %d taken, %v", how, got, err)
		}
		db.Heal()
		if got, err := s.Budget(t.Context(), b, deliveryNoon, 16, 1, 10); err != nil || got != left {
			t.Errorf("%s: %d are left, %v, want %d", how, got, err, left)
		}
		db.Fail("TransactWriteItems", 1, how)
		if err := s.GiveBack(t.Context(), b, deliveryNoon, 4, 1); err == nil {
			t.Errorf("%s: nothing is said of it", how)
		}
		db.Heal()
		back := map[dynamotest.How]int64{dynamotest.NotPersisted: 0, dynamotest.Persisted: 4}[how]
		if got, err := s.Budget(t.Context(), b, deliveryNoon, 16, 1, 10); err != nil || got != back {
			t.Errorf("%s: %d came back, %v, want %d", how, got, err, back)
		}
	}
}

// TestTurns: who waits comes in a line at the channel's rate, not before now, and nobody stands in line for longer than is said.
func TestTurns(t *testing.T) {
	s, db := allowances(t)
	now, most := deliveryNoon, deliveryNoon.Add(time.Minute)
	for i, c := range []struct {
		now  time.Duration
		n    int64
		want time.Duration
	}{{0, 10, 0}, {0, 20, 2 * time.Second}, {time.Second, 5, 6 * time.Second}, {30 * time.Second, 200, 30 * time.Second}, {30 * time.Second, 1, time.Minute}, {30 * time.Second, 1, time.Minute}} {
		if at, err := s.Turn(t.Context(), delivery.Email, now.Add(c.now), most, c.n, 5); err != nil || !at.Equal(now.Add(c.want)) {
			t.Errorf("turn %d is at %s, %v, want %s", i, at, err, now.Add(c.want))
		}
	}
	db.Fail("UpdateItem", 1, dynamotest.NotPersisted)
	if _, err := s.Turn(t.Context(), delivery.Social, now, most, 1, 5); err == nil {
		t.Error("a table that is away is no turn")
	}
}
