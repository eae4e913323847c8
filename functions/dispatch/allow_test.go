package dispatch

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/functiontest"
)

// house saves the setting messaging.
func (b *bench) house(body string) {
	b.Helper()
	b.define("setting", delivery.SettingsID, body)
}

// TestNoRateIsPassedByTwoInstances: of what two instances hand over at once no second has more than the rate, all of it is sent once in the end, and waiting uses up no receive.
func TestNoRateIsPassedByTwoInstances(t *testing.T) {
	for name, took := range map[string]time.Duration{"at once": 0, "over the end of the second": 700 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, welcome)
			b.house(`{"caps":[],"rates":[{"channel":"email","perSecond":5}]}`)
			again := &functiontest.Queue{}
			var mu sync.Mutex
			calls := map[int64]int{}
			b.provider.answer = func(int) error {
				mu.Lock()
				calls[time.Now().Unix()]++
				mu.Unlock()
				time.Sleep(took)
				return nil
			}
			var workers []*Process
			for range 2 {
				p := b.another()
				p.Now, p.Again = time.Now, again
				workers = append(workers, p)
			}
			bodies := b.crowd(8, 10)
			begun, rounds := time.Now(), 0
			for ; len(bodies) > 0 && rounds < 40; rounds++ {
				var both sync.WaitGroup
				for i, p := range workers {
					half := bodies[i*len(bodies)/2 : (i+1)*len(bodies)/2]
					both.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
						defer cancel()
						if failed := functiontest.Deliver(ctx, b, p.Handle, half...); len(failed) > 0 {
							t.Errorf("%s: %d messages use up a receive", name, len(failed))
						}
					})
				}
				both.Wait()
				bodies = again.Take()
				for _, delay := range again.Delays() {
					if delay < time.Second || delay > 15*time.Minute {
						t.Errorf("%s: something comes again after %v", name, delay)
					}
				}
				time.Sleep(time.Second)
			}
			if len(b.provider.taken) != 80 || b.provider.calls != 80 {
				t.Errorf("%s: %d sent by %d calls, want 80", name, len(b.provider.taken), b.provider.calls)
			}
			for second, n := range calls {
				if n > 5 {
					t.Errorf("%s: %d were handed over within second %d", name, n, second)
				}
			}
			if least := 80 / 5 * time.Second; time.Since(begun) > 3*least {
				t.Errorf("%s: it took %v", name, time.Since(begun))
			}
		})
	}
}

// TestAPlaceThatIsOverIsTakenAnew: where the second ends while the intent is stored, another place is taken, and without one the intent is given back.
func TestAPlaceThatIsOverIsTakenAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, welcome)
		b.house(`{"caps":[],"rates":[{"channel":"email","perSecond":1}]}`)
		p := b.another()
		p.Now, p.Again = time.Now, &functiontest.Queue{}
		store := outreach.Allowances{DB: b.DB, Table: "Results"}
		b.DB.Interrupt("PutItem", 1, func() { // the intent's
			time.Sleep(time.Second)
			for s := range 3 {
				if n, err := store.Rate(t.Context(), delivery.Email, time.Now().Truncate(time.Second).Add(time.Duration(s)*time.Second), 1, 1); n != 1 || err != nil {
					t.Error(n, err)
				}
			}
		})
		var turn *paced
		if err := p.Dispatch(t.Context(), b.ask("s1")); !errors.As(err, &turn) || turn.perSecond != 1 || b.provider.calls != 0 {
			t.Fatalf("%v, after %d calls", err, b.provider.calls)
		}
		b.expect(0)
		time.Sleep(3 * time.Second)
		if err := p.Dispatch(t.Context(), b.ask("s1")); err != nil {
			t.Fatal(err)
		}
		b.expect(1, "sent")
	})
}

// TestNoBudgetIsPassed: what is sent, and what may have been, is never more than the budget; what a provider refuses or a cap ends is given back.
func TestNoBudgetIsPassed(t *testing.T) {
	const three = `"budgets":[{"id":"b","per":"day","notifications":3}]`
	lost := &channel.Error{Class: channel.Uncertain, Code: "lost"}
	for name, c := range map[string]struct {
		house, campaign string
		answer          func(int) error
		want            []string
		spent           int64
	}{
		"three of five": {`{"caps":[],` + three + `}`, welcome, nil, []string{"sent", "sent", "sent", "skipped budget", "skipped budget"}, 3},
		"for money": {`{"caps":[],"pricesPerThousand":{"email":{"amount":400,"currency":"CNY"}},"budgets":[{"id":"b","per":"day","money":{"amount":1,"currency":"CNY"}}]}`, welcome, nil,
			[]string{"sent", "sent", "skipped budget", "skipped budget", "skipped budget"}, 800},
		"refused ones are given back": {`{"caps":[],` + three + `}`, welcome, func(call int) error {
			if call <= 2 {
				return &channel.Error{Class: channel.Reject, Code: "550"}
			}
			return nil
		}, []string{"failed rejected", "failed rejected", "sent", "sent", "sent"}, 3},
		"lost ones are not": {`{"caps":[],` + three + `}`, welcome, func(int) error { return lost }, []string{"unknown timedOut", "unknown timedOut", "unknown timedOut", "skipped budget", "skipped budget"}, 3},
		"a cap gives back":  {`{"caps":[{"limit":2,"per":1,"unit":"days"}],` + three + `}`, welcome, nil, []string{"sent", "sent", "skipped frequencyCap", "skipped frequencyCap", "skipped frequencyCap"}, 2},
		"of another campaign": {`{"caps":[],"budgets":[{"id":"b","per":"day","notifications":3,"campaign":"other"}]}`, welcome, nil,
			[]string{"sent", "sent", "sent", "sent", "sent"}, 0},
		"two budgets": {`{"caps":[],"budgets":[{"id":"b","per":"day","notifications":3},{"id":"c","per":"day","notifications":1}]}`, welcome, nil,
			[]string{"sent", "skipped budget", "skipped budget", "skipped budget", "skipped budget"}, 1},
		"what somebody asked for": {`{"caps":[],` + three + `}`, `{"name":"Welcome","state":"running","transactional":true,"trigger":{"event":{"name":"Signed Up"}},"channel":"email","templateId":"hello"}`, nil,
			[]string{"sent", "sent", "sent", "sent", "sent"}, 0},
	} {
		b := start(t, c.campaign)
		b.house(c.house)
		b.provider.answer = c.answer
		for _, step := range []string{"s1", "s2", "s3", "s4", "s5"} {
			if again := deliver(b, b.process, b.ask(step)); len(again) > 0 {
				t.Errorf("%s: %s comes again", name, step)
			}
		}
		b.expectOutcomes(name, c.want)
		budget := delivery.Budget{ID: "b", Per: delivery.EachDay}
		begin, _ := budget.Period(noon, shanghai)
		if n, err := (outreach.Results{DB: b.DB, Table: "Results"}).Spent(t.Context(), budget, begin); err != nil || n != c.spent {
			t.Errorf("%s: %d is spent, %v, want %d", name, n, err, c.spent)
		}
	}
}

// expectOutcomes compares decisions without their order: those of one time have none.
func (b *bench) expectOutcomes(name string, want []string) {
	b.Helper()
	count := map[string]int{}
	for _, d := range b.decisions() {
		count[d]++
	}
	for _, d := range want {
		count[d]--
	}
	for d, n := range count {
		if n != 0 {
			b.Errorf("%s: %d more than wanted are %s", name, n, d)
		}
	}
}

// TestWhatABudgetHasNoRoomForWaits until the next period of the shop's calendar, and is sent then.
func TestWhatABudgetHasNoRoomForWaits(t *testing.T) {
	b := start(t, welcome)
	b.house(`{"caps":[],"budgets":[{"id":"b","per":"day","notifications":1,"over":"defer"}]}`)
	settle(b, b.process, b.ask("s1"), b.ask("s2"))
	d := b.lastDecision()
	midnight := time.Date(2026, 11, 22, 0, 0, 0, 0, shanghai)
	waiting := b.waiting()
	if len(waiting) != 1 || b.provider.calls != 1 {
		t.Fatalf("%d wait and %d calls, the last decision is %+v", len(waiting), b.provider.calls, d)
	}
	if !waiting[0].At.Equal(midnight) {
		t.Errorf("it comes again at %s", waiting[0].At)
	}
	b.Set(midnight)
	settle(b, b.process, waiting...)
	if b.provider.calls != 2 {
		t.Errorf("%d calls", b.provider.calls)
	}
}

// TestABrokenTableOfAllowances: a notification whose part of a budget could not be taken for certain comes again; none is sent without its part.
func TestABrokenTableOfAllowances(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		b := start(t, welcome)
		b.house(`{"caps":[],"budgets":[{"id":"b","per":"day","notifications":3}]}`)
		b.DB.Fail("UpdateItem", 1, how)
		if again := deliver(b, b.process, b.ask("s1")); len(again) != 1 || b.provider.calls != 0 {
			t.Errorf("%s: %d come again, %d calls", how, len(again), b.provider.calls)
		}
		b.DB.Heal()
		for _, step := range []string{"s1", "s2", "s3"} {
			settle(b, b.process, b.ask(step))
		}
		if want := map[dynamotest.How]int{dynamotest.NotPersisted: 3, dynamotest.Persisted: 2}[how]; b.provider.calls != want {
			t.Errorf("%s: %d were sent, want %d", how, b.provider.calls, want)
		}
	}
}

// TestABudgetThatIsRaisedIsInForceWithinFiveSeconds, though the instance remembers that there was no room.
func TestABudgetThatIsRaisedIsInForceWithinFiveSeconds(t *testing.T) {
	b := start(t, welcome)
	b.house(`{"caps":[],"budgets":[{"id":"b","per":"day","notifications":1}]}`)
	p := b.process
	settle(b, p, b.ask("s1"), b.ask("s2"))
	b.Define("setting", delivery.SettingsID, `{"caps":[],"budgets":[{"id":"b","per":"day","notifications":2}]}`)
	b.Set(noon.Add(5 * time.Second))
	settle(b, p, b.ask("s3"))
	if b.provider.calls != 2 {
		t.Errorf("%d were sent, want 2", b.provider.calls)
	}
}
