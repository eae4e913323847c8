package settlement

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// garden is another machine: whoever signs up or orders has a tree in it.
type garden struct {
	mu       sync.Mutex
	asked    int
	advanced map[string]int // by subject
	again    time.Time
	fails    error
}

func (g *garden) Concerns(_ context.Context, f job.Follow) ([]subject, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	return []subject{{id: "tree of " + f.Ref}, {id: "pot: of " + f.Ref}}, nil
}

func (g *garden) Advance(_ context.Context, s subject) (time.Time, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fails == nil {
		g.advanced[s.id]++
	}
	return g.again, g.fails
}

// grows expects what the garden's subjects were advanced since it was last asked.
func (g *garden) grows(t *testing.T, want map[string]int) {
	t.Helper()
	if !maps.Equal(g.advanced, want) {
		t.Errorf("advanced are %v, want %v", g.advanced, want)
	}
	clear(g.advanced)
}

func (b *bench) garden() *garden {
	g := &garden{advanced: map[string]int{}}
	b.process.table = append(b.process.table, row{"garden", "garden", g})
	return g
}

// wait files something for a minute from now.
func (b *bench) wait(entry string) {
	b.Helper()
	b.Must(b.store.Due.Put(b.Context(), due.OwnerSettlement, b.Now().Add(time.Minute), entry, nil))
}

// A machine is asked once something was defined for it; it hears what the others hear, and its failures are its own.
func TestMachinesSideBySide(t *testing.T) {
	b := start(t, atOnce)
	g := b.garden()
	for _, friend := range []string{"bob", "cid"} {
		b.claim(friend, "ann")
		b.paid("of "+friend, friend, 100)
	}
	b.delivered("of bob")
	b.state("bob", referral.Settled, "")
	if g.asked > 0 {
		t.Error("a machine was asked for which nothing was defined")
	}
	b.Define("garden", "spring", `{}`)
	g.fails = errors.New("a frost")
	if b.job("of cid") {
		t.Error("the job is done though a machine failed")
	}
	b.state("cid", referral.Settled, "")
	g.fails = nil
	b.delivered("of cid", "unheard of")
	g.grows(t, map[string]int{"tree of of cid": 1, "pot: of of cid": 1, "tree of unheard of": 1, "pot: of unheard of": 1})
	b.has("ann", "200 points")
	// Kinds that no machine of before has heard of are heard by the new one.
	if again := functiontest.Deliver(t.Context(), t, b.process.Handle, `{"follows":[{"kind":"signup","ref":"dan"}]}`); len(again) != 0 {
		t.Fatal("the job comes again")
	}
	g.grows(t, map[string]int{"tree of dan": 1, "pot: of dan": 1})
}

// The machine for which something was defined is asked, also where it is not the first.
func TestOnlyTheSecondMachineIsDefined(t *testing.T) {
	b := start(t, atOnce)
	g := b.garden()
	b.process.table[0].kind = "never"
	b.Define("garden", "spring", `{}`)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	b.delivered("o1")
	b.state("bob", referral.Claimed, "")
	g.grows(t, map[string]int{"tree of o1": 1, "pot: of o1": 1})
}

// What is due goes to the machine that it names, and what names none to the first; a machine's failures and times are kept for each entry.
func TestDueEntriesFindTheirMachine(t *testing.T) {
	b := start(t, twoHours)
	g := b.garden()
	b.claim("bob", "ann")
	b.paid("o1", "bob", 10000)
	b.delivered("o1")
	b.Pass(2*time.Hour - time.Minute)
	b.wait("garden:spring#tree")
	b.wait("garden:pot: of mei")
	b.Pass(time.Minute)
	b.Must(b.tick())
	g.grows(t, map[string]int{"spring#tree": 1, "pot: of mei": 1})
	b.state("bob", referral.Settled, "")
	if left := b.waiting("garden:"); len(left) != 0 {
		t.Errorf("filed still: %v", left)
	}

	b.wait("garden:tree")
	g.fails = errors.New("a frost")
	b.Pass(time.Minute)
	if err := b.tick(); err == nil || !strings.HasPrefix(err.Error(), "advancing what is due: 1 failed") {
		t.Errorf("the error is %v", err)
	}
	g.fails, g.again = nil, b.Now().Add(time.Hour)
	b.Pass(pause)
	b.Must(b.tick())
	g.grows(t, map[string]int{"tree": 1})
	g.again = time.Time{}
	b.Pass(time.Hour - pause - time.Minute)
	b.Must(b.tick())
	g.grows(t, map[string]int{})
	b.Pass(time.Minute)
	b.Must(b.tick())
	g.grows(t, map[string]int{"tree": 1})
}

// What waits for a machine that only a newer version has is not lost, and is no failure.
func TestEntriesOfANewerVersionWait(t *testing.T) {
	b := start(t, twoHours)
	b.wait("garden:tree")
	for range 3 {
		b.Pass(pause)
		b.Must(b.tick())
	}
	if left := b.waiting("garden:tree"); len(left) != 1 {
		t.Errorf("filed for %v", left)
	}
	g := b.garden()
	b.Pass(pause)
	b.Must(b.tick())
	g.grows(t, map[string]int{"tree": 1})
	if left := b.waiting("garden:tree"); len(left) != 0 {
		t.Errorf("filed for %v", left)
	}
}

// The first machine's entries have no name; each other's name is its own, and can be no part of an id without one.
func TestNamesOfMachines(t *testing.T) {
	b := start(t, atOnce)
	var names []string
	for i, r := range b.process.table {
		if (r.name == "") != (i == 0) || strings.ContainsAny(r.name, ":#/") || r.kind == "" || slices.Contains(names, r.name) {
			t.Errorf("machine %d is %q, of kind %q", i, r.name, r.kind)
		}
		names = append(names, r.name)
	}
	subjects, err := b.machine.Concerns(t.Context(), job.Follow{Follow: profile.Follow{Kind: profile.FollowOrder, Ref: "none"}})
	if err != nil || len(subjects) != 0 {
		t.Errorf("an order that nobody has told of concerns %v, %v", subjects, err)
	}
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	subjects, err = b.machine.Concerns(t.Context(), job.Follow{Follow: profile.Follow{Kind: profile.FollowOrder, Ref: "o1"}})
	if err != nil || len(subjects) != 1 || subjects[0].id != "spring#"+string(key("bob")) || subjects[0].order.ID != "o1" {
		t.Fatalf("an order concerns %+v, %v", subjects, err)
	}
	// A subject is named as its Due entry is, and the entry finds the machine and the same subject again.
	m, s, ok := b.process.subject(subjects[0].id)
	if !ok || m != machine(b.machine) || s != (subject{id: subjects[0].id}) || len(b.waiting(s.id)) != 1 {
		t.Errorf("its entry names %+v, %v", s, ok)
	}
}
