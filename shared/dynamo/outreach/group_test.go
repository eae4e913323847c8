package outreach_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
)

// gate holds the first transaction back until all others wait behind it, and notes how many items each has.
type gate struct {
	*dynamotest.DB
	open  chan struct{}
	mu    sync.Mutex
	sizes []int
	panic bool
}

func (g *gate) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	g.mu.Lock()
	g.sizes = append(g.sizes, len(in.TransactItems))
	first := len(g.sizes) == 1
	g.mu.Unlock()
	if first {
		<-g.open
		if g.panic {
			panic("torn")
		}
	}
	return g.DB.TransactWriteItems(ctx, in, o...)
}

// crowdOf are decisions of so many people, which end in the three outcomes by turns.
func crowdOf(n int) (all []delivery.Decision) {
	for i := range n {
		outcome := []delivery.Outcome{delivery.Sent, delivery.Failed, delivery.Skipped}[i%3]
		all = append(all, delivery.Decision{NotificationID: fmt.Sprint("n", i), ProfileID: profile.ID(fmt.Sprint("p", i)), CampaignID: "c", Asked: deliveryNoon, Outcome: outcome})
	}
	return all
}

// together records decisions side by side: the first is under way when the others come.
func together(t *testing.T, s outreach.Deliveries, g *gate, all []delivery.Decision) (failed int) {
	t.Helper()
	s.DB, s.Together = g, &outreach.Group{}
	var workers sync.WaitGroup
	var mu sync.Mutex
	record := func(d delivery.Decision) {
		defer func() {
			if recover() != nil {
				mu.Lock()
				failed++
				mu.Unlock()
			}
		}()
		if err := s.Decide(t.Context(), d); err != nil {
			mu.Lock()
			failed++
			mu.Unlock()
		}
	}
	workers.Go(func() { record(all[0]) })
	synctest.Wait()
	for _, d := range all[1:] {
		workers.Go(func() { record(d) })
	}
	synctest.Wait()
	close(g.open)
	workers.Wait()
	return failed
}

// TestWorkersAreWaitedFor: a decision waits for those of the other workers, until all are there or have left, and for ten milliseconds at most.
func TestWorkersAreWaitedFor(t *testing.T) {
	for name, c := range map[string]struct {
		workers, leave int
		want           string
		took           time.Duration
	}{
		"all are there":        {3, 0, "[4]", 0},
		"one is still at work": {4, 0, "[4]", 10 * time.Millisecond},
		"one has left":         {4, 1, "[4]", 0},
		"nobody works":         {0, 0, "[2 3]", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, db, _ := deliveries(t)
			g := &gate{DB: db, open: make(chan struct{})}
			close(g.open)
			s.DB, s.Together = g, &outreach.Group{}
			var leave []func()
			for range c.workers {
				leave = append(leave, s.Together.Join())
			}
			begun := time.Now()
			var all sync.WaitGroup
			for i, d := range crowdOf(3) {
				if i == 1 {
					synctest.Wait()
				}
				all.Go(func() {
					if err := s.Decide(t.Context(), d); err != nil {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
			for _, one := range leave[:c.leave] {
				one()
			}
			all.Wait()
			if got := fmt.Sprint(g.sizes); got != c.want && (name != "nobody works" || len(g.sizes) < 2) || time.Since(begun) != c.took {
				t.Errorf("%s: transactions of %s items after %v, want %s after %v", name, got, time.Since(begun), c.want, c.took)
			}
			checkCrowd(t, s, 3)
		})
	}
}

// TestDecisionsTogether: those that come while one is under way are one transaction, of at most 25 decisions, with one count for all of a kind; all are on record and counted once.
func TestDecisionsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, db, _ := deliveries(t)
		g := &gate{DB: db, open: make(chan struct{})}
		if failed := together(t, s, g, crowdOf(40)); failed > 0 {
			t.Errorf("%d failed", failed)
		}
		if fmt.Sprint(g.sizes) != "[2 26 15]" {
			t.Errorf("transactions of %v items", g.sizes)
		}
		checkCrowd(t, s, 40)
	})
}

func checkCrowd(t *testing.T, s outreach.Deliveries, n int) {
	t.Helper()
	want := delivery.Summary{Begun: int64(n)}
	for _, d := range crowdOf(n) {
		on, err := s.Decision(t.Context(), d.ProfileID, d.Asked, d.NotificationID)
		if err != nil || on.Outcome != d.Outcome {
			t.Errorf("%s is %+v on record, %v", d.NotificationID, on, err)
		}
		*map[delivery.Outcome]*int64{delivery.Sent: &want.Sent, delivery.Failed: &want.Failed, delivery.Skipped: &want.Skipped}[d.Outcome]++
	}
	if sum := summary(t, s, "c"); sum != want {
		t.Errorf("counted %+v, want %+v", sum, want)
	}
}

// TestABrokenTransactionOfMany: each is recorded alone then, and counted once, whether the transaction was written or not.
func TestABrokenTransactionOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
			s, db, _ := deliveries(t)
			db.Fail("TransactWriteItems", 2, how)
			if failed := together(t, s, &gate{DB: db, open: make(chan struct{})}, crowdOf(10)); failed > 0 {
				t.Errorf("%s: %d failed", how, failed)
			}
			checkCrowd(t, s, 10)
		}
	})
}

// TestOneThatStandsHoldsUpNoOther: where one of many is on record already, it is replaced alone, and the others are recorded.
func TestOneThatStandsHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, db, _ := deliveries(t)
		all := crowdOf(10)
		before := all[7]
		before.Outcome = delivery.Unknown
		if err := s.Decide(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		if failed := together(t, s, &gate{DB: db, open: make(chan struct{})}, all); failed > 0 {
			t.Errorf("%d failed", failed)
		}
		checkCrowd(t, s, 10)
	})
}

// TestAPanicLeavesNobodyWaiting: the one whose call panics ends so, and those behind it record theirs.
func TestAPanicLeavesNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, db, _ := deliveries(t)
		all := crowdOf(10)
		if failed := together(t, s, &gate{DB: db, open: make(chan struct{}), panic: true}, all); failed != 1 {
			t.Errorf("%d failed", failed)
		}
		if err := s.Decide(t.Context(), all[0]); err != nil {
			t.Error(err)
		}
		checkCrowd(t, s, 10)
	})
}
