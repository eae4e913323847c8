package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// counted notes how many writes each transaction of a table has, and may answer in its place.
type counted struct {
	dynamo.API
	mu     sync.Mutex
	sizes  []int
	answer func(call int) error // before the table is asked; nil asks it
	lose   func(call int) error // in place of the table's answer
}

func (c *counted) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	c.mu.Lock()
	c.sizes = append(c.sizes, len(in.TransactItems))
	call := len(c.sizes)
	c.mu.Unlock()
	if c.answer != nil {
		if err := c.answer(call); err != nil {
			return nil, err
		}
	}
	out, err := c.API.TransactWriteItems(ctx, in, o...)
	if c.lose != nil && err == nil {
		if lost := c.lose(call); lost != nil {
			return nil, lost
		}
	}
	return out, err
}

// shoppers lets n people commit an order each, at the same time, and answers what each was told. The named ones bring a profile that is stale.
func shoppers(t *testing.T, c *counted, n int, stale ...int) (told []error, profiles []profile.ID) {
	t.Helper()
	together := &dynamo.Together{API: c}
	s := people.Profiles{DB: together, Table: "Profiles"}
	told = make([]error, n)
	var workers sync.WaitGroup
	var dones []func()
	for i := range n {
		dones = append(dones, together.Work(t.Context()))
		id := profile.Identifier{Kind: profile.UserID, Value: fmt.Sprint("u", i)}
		profiles = append(profiles, id.ID())
	}
	for i := range n {
		workers.Go(func() {
			defer dones[i]()
			p := &profile.Profile{ID: profiles[i], Identifiers: []profile.Identifier{{Kind: profile.UserID, Value: fmt.Sprint("u", i)}}}
			for _, x := range stale {
				if x == i {
					p.Stored(profile.Mark{Version: 7})
				}
			}
			told[i] = s.Commit(t.Context(), people.Change{Profile: p, Orders: []*order.Order{{ID: fmt.Sprint("o", i)}}})
		})
	}
	workers.Wait()
	return told, profiles
}

func stored(t *testing.T, db dynamo.API, profiles []profile.ID) (n int) {
	t.Helper()
	for _, id := range profiles {
		p, err := people.Profiles{DB: db, Table: "Profiles"}.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		n += int(p.Version)
	}
	return n
}

func TestTransactionsGoTogether(t *testing.T) {
	for n, want := range map[int][]int{1: {2}, 7: {14}, 50: {100}, 60: {100, 20}} {
		synctest.Test(t, func(t *testing.T) { // in which a busy machine takes no time
			c := &counted{API: dynamotest.New(t)}
			told, profiles := shoppers(t, c, n)
			if err := errors.Join(told...); err != nil {
				t.Errorf("%d people: %v", n, err)
			}
			if got := stored(t, c.API, profiles); got != n {
				t.Errorf("%d of %d people are stored", got, n)
			}
			if fmt.Sprint(c.sizes) != fmt.Sprint(want) {
				t.Errorf("%d people: transactions of %v writes, want %v", n, c.sizes, want)
			}
		})
	}
}

// TestOneConflictIsOnesOwn: who lost a condition is told so, and nobody else.
func TestOneConflictIsOnesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in which a busy machine takes no time
		c := &counted{API: dynamotest.New(t)}
		told, profiles := shoppers(t, c, 5, 3)
		for i, err := range told {
			if errors.Is(err, dynamo.ErrConflict) != (i == 3) || i != 3 && err != nil {
				t.Errorf("person %d is told %v", i, err)
			}
		}
		if got := stored(t, c.API, profiles); got != 4 {
			t.Errorf("%d of 4 people are stored", got)
		}
	})
}

// TestWhatIsRefusedIsOnesOwn: an item that the service does not take keeps nobody else's from being written.
func TestWhatIsRefusedIsOnesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counted{API: dynamotest.New(t)}
		together := &dynamo.Together{API: c}
		s := people.Profiles{DB: together, Table: "Profiles"}
		told, profiles := make([]error, 4), make([]profile.ID, 4)
		var dones []func()
		for range told {
			dones = append(dones, together.Work(t.Context()))
		}
		var workers sync.WaitGroup
		for i := range told {
			profiles[i] = profile.ID(fmt.Sprint("p", i))
			workers.Go(func() {
				defer dones[i]()
				o := &order.Order{ID: fmt.Sprint("o", i)}
				if i == 2 {
					o.Unknown = make([]byte, 401<<10)
				}
				told[i] = s.Commit(t.Context(), people.Change{Profile: &profile.Profile{ID: profiles[i]}, Orders: []*order.Order{o}})
			})
		}
		workers.Wait()
		for i, err := range told {
			if (err != nil) != (i == 2) || errors.Is(err, dynamo.ErrConflict) {
				t.Errorf("person %d is told %v", i, err)
			}
		}
		if got := stored(t, c.API, profiles); got != 3 || c.sizes[0] != 8 {
			t.Errorf("%d of 3 people are stored, after transactions of %v writes", got, c.sizes)
		}
	})
}

// TestAnAnswerThatIsLostIsLostForAll: it happened, and nobody is told that it did not.
func TestAnAnswerThatIsLostIsLostForAll(t *testing.T) {
	lost := errors.New("lost")
	for name, c := range map[string]*counted{
		"before": {answer: func(int) error { return lost }}, "after": {lose: func(int) error { return lost }},
	} {
		synctest.Test(t, func(t *testing.T) {
			c.API = dynamotest.New(t)
			told, profiles := shoppers(t, c, 3)
			for i, err := range told {
				if !errors.Is(err, lost) {
					t.Errorf("%s: person %d is told %v", name, i, err)
				}
			}
			if got, want := stored(t, c.API, profiles), map[string]int{"before": 0, "after": 3}[name]; got != want || len(c.sizes) != 1 {
				t.Errorf("%s: %d people are stored after %d calls", name, got, len(c.sizes))
			}
		})
	}
}

// TestAPanicLeavesNobodyWaiting breaks the call of one: the others hear that there is no answer.
func TestAPanicLeavesNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in which a busy machine takes no time
		c := &counted{API: dynamotest.New(t), answer: func(int) error { panic("the power is gone") }}
		together := &dynamo.Together{API: c}
		s := people.Profiles{DB: together, Table: "Profiles"}
		var workers sync.WaitGroup
		var mu sync.Mutex
		var told []error
		panics := 0
		dones := []func(){together.Work(t.Context()), together.Work(t.Context()), together.Work(t.Context())}
		for i, done := range dones {
			workers.Go(func() {
				defer func() {
					if recover() != nil {
						mu.Lock()
						panics++
						mu.Unlock()
					}
				}()
				defer done()
				err := s.Commit(t.Context(), people.Change{Profile: &profile.Profile{ID: profile.ID(fmt.Sprint(i))}, Orders: []*order.Order{{ID: fmt.Sprint(i)}}})
				mu.Lock()
				told = append(told, err)
				mu.Unlock()
			})
		}
		workers.Wait()
		if panics != 1 || len(told) != 2 || told[0] == nil || told[1] == nil {
			t.Errorf("%d panics, and told %v", panics, told)
		}
	})
}

// TestNobodyWaitsLong: one worker is at something else, and takes long; one and the same item is never written twice by one transaction.
func TestNobodyWaitsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counted{API: dynamotest.New(t)}
		together := &dynamo.Together{API: c}
		s := people.Profiles{DB: together, Table: "Profiles"}
		defer together.Work(t.Context())() // the one at something else
		begun := time.Now()
		var workers sync.WaitGroup
		told := make([]error, 2)
		dones := []func(){together.Work(t.Context()), together.Work(t.Context())}
		for i, done := range dones {
			workers.Go(func() {
				defer done()
				told[i] = s.Commit(t.Context(), people.Change{Profile: &profile.Profile{ID: profile.ID(fmt.Sprint(i))}, Orders: []*order.Order{{ID: "same"}}})
			})
		}
		workers.Wait()
		if took := time.Since(begun); took > 100*time.Millisecond {
			t.Errorf("they waited %v", took)
		}
		if (told[0] == nil) == (told[1] == nil) || !errors.Is(errors.Join(told...), dynamo.ErrConflict) {
			t.Errorf("of two who write one order: %v", told)
		}
		if len(c.sizes) != 2 {
			t.Errorf("transactions of %v writes", c.sizes)
		}
	})
}
