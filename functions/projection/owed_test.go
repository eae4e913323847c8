package projection

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// deaf is a timeline that takes nothing.
type deaf struct{ Timeline }

func (deaf) Write(context.Context, ...people.Pack) error { return dynamotest.ErrInjected }

// TestWhatIsOwedIsBounded lets the timeline take nothing for a while: the person's item does not grow for ever, and in the end everything is
// there once.
func TestWhatIsOwedIsBounded(t *testing.T) {
	s := newShop(t)
	var jobs []events.SQSMessage
	for m := range 9 {
		var list []event.Event
		for i := range profile.MaxCommitEvents {
			list = append(list, track(fmt.Sprint(m, "-", i), "mei", "x", t0.Add(time.Duration(m*1000+i)*time.Second), ""))
		}
		jobs = append(jobs, envelope(t, "web", list...))
	}
	for range 2 {
		for _, j := range jobs {
			p := s.worker()
			p.Timeline = deaf{p.Timeline}
			if again := deliver(t, p, j); len(again) != 1 {
				t.Fatal("a job whose packs are owed did not come back")
			}
		}
	}
	p := s.load(user("mei"))
	if want := int64(profile.MaxOwedHashes/profile.MaxCommitEvents + 1); p.Version != want || p.Window.Owing() != int(want)*profile.MaxCommitEvents {
		t.Errorf("%d commits, %d hashes are owed, want %d commits", p.Version, p.Window.Owing(), want)
	}
	for _, j := range jobs {
		s.settle(j)
	}
	if k := s.knows(user("mei")); k.Profile.Counters["x"].Total != 1800 || len(k.Timeline) != 1800 {
		t.Errorf("%d events are counted, %d in the timeline; want 1800", k.Profile.Counters["x"].Total, len(k.Timeline))
	}
}

// crowd is one event each of many people, as one job each.
func crowd(t *testing.T, n int, id string) (jobs []events.SQSMessage) {
	for i := range n {
		jobs = append(jobs, envelope(t, "web", track(fmt.Sprint(id, i), fmt.Sprint("p", i), "x", t0, "")))
	}
	return jobs
}

// TestManyPeopleTakeFewCalls counts the calls of a batch of people whose packs another process has written.
func TestManyPeopleTakeFewCalls(t *testing.T) {
	const n = 2*people.PacksTogether + 10
	s := newShop(t)
	s.settle(crowd(t, n, "a")...)
	before := map[string]int{}
	for _, op := range []string{"GetItem", "BatchGetItem", "Query", "PutItem", "BatchWriteItem"} {
		before[op] = s.DB.Calls(op)
	}
	s.settle(crowd(t, n, "b")...)
	for op, want := range map[string]int{
		"GetItem": 0, "Query": 0, "PutItem": n, // the commits
		"BatchGetItem":   2, // profiles, packs
		"BatchWriteItem": 3,
	} {
		if got := s.DB.Calls(op) - before[op]; got != want {
			t.Errorf("%s: %d calls, want %d", op, got, want)
		}
	}
	for i := range n {
		who := user(fmt.Sprint("p", i))
		if p := s.load(who); len(p.Window.Commits[0].Owed) != 0 || len(p.Window.Commits[1].Owed) != 1 {
			t.Errorf("%v: %+v is owed, want the last commit's day", who, p.Window.Commits)
		}
		if k := s.knows(who); len(k.Timeline) != 2 {
			t.Errorf("%v: timeline %v", who, k.Timeline)
		}
	}
}

// choosy is a timeline that cannot pack one person's events.
type choosy struct {
	Timeline
	not profile.ID
}

func (c choosy) Write(ctx context.Context, packs ...people.Pack) error {
	for _, p := range packs {
		if p.Profile == c.not {
			panic("nobody foresaw this")
		}
	}
	return c.Timeline.Write(ctx, packs...)
}

// TestPacksThatCannotBeWrittenKeepNobodyBack lets one person's packs fail for ever: those of the others who were written with it are there when
// their jobs have come once more.
func TestPacksThatCannotBeWrittenKeepNobodyBack(t *testing.T) {
	for _, n := range []int{2, people.PacksTogether, people.PacksTogether + 2} { // paid at the end, by the one who fills the call, and both
		s := newShop(t)
		jobs := crowd(t, n, "a")
		bad := jobs[1].Body
		for range 3 {
			p := s.worker()
			p.Timeline = choosy{p.Timeline, user("p1").ID()}
			jobs = deliver(t, p, jobs...)
		}
		if len(jobs) != 1 || jobs[0].Body != bad {
			t.Errorf("of %d jobs %d still come again, want the bad one", n, len(jobs))
		}
		for i := range n {
			if k := s.knows(user(fmt.Sprint("p", i))); i != 1 && len(k.Timeline) != 1 || k.Profile.Counters["x"].Total != 1 {
				t.Errorf("of %d person %d: %d counted, timeline %v", n, i, k.Profile.Counters["x"].Total, k.Timeline)
			}
		}
	}
}

// TestPeopleWhoAreOwedTooMuchAreNotMerged is both sides of the bound.
func TestPeopleWhoAreOwedTooMuchAreNotMerged(t *testing.T) {
	for _, c := range []struct {
		owed int
		want error
	}{{profile.MaxOwedHashes/2 - 1, nil}, {profile.MaxOwedHashes / 2, nil}, {profile.MaxOwedHashes/2 + 1, errOwing}} {
		s := newShop(t)
		worker := s.worker()
		b := newBatch(worker, 1)
		b.rules = nil
		them := map[profile.Identifier]*person{}
		for i, name := range []string{"mei", "old"} {
			p := &profile.Profile{ID: user(name).ID()}
			p.Attach(user(name))
			n := profile.MaxOwedHashes / 2
			if i == 1 {
				n = c.owed
			}
			commit := profile.Commit{Version: 1, At: t0, Owed: []profile.Day{1}}
			for h := range n {
				commit.Hashes = append(commit.Hashes, event.Hash(i*10_000+h))
			}
			p.Window.Record(commit)
			s.Must(worker.Profiles.Commit(t.Context(), people.Change{Profile: p}))
			them[user(name)] = &person{profile: s.load(user(name))}
		}
		load := func(i profile.Identifier) (*person, error) {
			if who := them[i]; who != nil {
				return who, nil
			}
			return &person{profile: &profile.Profile{ID: i.ID()}}, nil
		}
		err := b.join(t.Context(), view{user("mei"): them[user("mei")], user("old"): them[user("old")]}, join{a: user("mei"), b: user("old"), explicit: true, at: t0}, load)
		if !errors.Is(err, c.want) {
			t.Errorf("%d more hashes are owed: %v, want %v", c.owed, err, c.want)
		}
	}
}

func TestCommitSizes(t *testing.T) {
	list := func(n, name, id, source int, reports ...int) []incoming {
		all := make([]incoming, n)
		for i := range all {
			all[i] = incoming{source: strings.Repeat("s", source), event: event.Event{Name: strings.Repeat("n", name), MessageID: strings.Repeat("m", id)}}
		}
		for _, i := range reports {
			all[i].report = &order.Report{}
		}
		return all
	}
	upTo := func(n int) (all []int) {
		for i := range n {
			all = append(all, i)
		}
		return all
	}
	for name, c := range map[string]struct {
		events []incoming
		want   int
	}{
		"nothing":                  {nil, 0},
		"one":                      {list(1, 9, 9, 9), 1},
		"just enough events":       {list(profile.MaxCommitEvents, 9, 9, 9), profile.MaxCommitEvents},
		"one too many":             {list(profile.MaxCommitEvents+1, 9, 9, 9), profile.MaxCommitEvents},
		"just enough orders":       {list(60, 9, 9, 9, upTo(maxCommitOrders)...), 60},
		"an order too many":        {list(60, 9, 9, 9, upTo(maxCommitOrders+1)...), maxCommitOrders},
		"just enough names":        {list(40, 480, 400, 80), 40},
		"a byte too many":          {list(40, 480, 400, 81), 39},
		"one with a gigantic name": {list(2, 1<<20, 400, 80), 1},
	} {
		if got := commitSize(c.events); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
