package projection

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

func eraseJob(t *testing.T, id profile.ID, at time.Time, nobody bool) events.SQSMessage {
	t.Helper()
	return events.SQSMessage{Body: functiontest.Body(t, job.Events{Command: &job.Command{ID: "e", Kind: job.CommandErase, ProfileID: id, At: at, Nobody: nobody}})}
}

// hour is an event that was received so many hours after t0, and happened then.
func hour(n int, e event.Event) event.Event {
	e.ReceivedAt = t0.Add(time.Duration(n) * time.Hour)
	e.Timestamp, e.OriginalTimestamp = e.ReceivedAt, e.ReceivedAt
	return e
}

func seen(id, userID string) event.Event { return track(id, userID, "Product Viewed", t0, "") }

// rest lets time pass and delivers what projection has put on its own queue and kept for later, until nothing is left. It answers the
// passes of wipes that came.
func (s *shop) rest() (passes []int) {
	s.Helper()
	for round := 0; ; round++ {
		if round == 20 {
			s.Fatal("projection's own jobs go on for ever")
		}
		if err := s.worker().Minute(context.Background()); err != nil {
			s.Fatal(err)
		}
		for ; s.rested < len(s.reports.Bodies()); s.rested++ {
			var j job.Events
			if err := json.Unmarshal([]byte(s.reports.Bodies()[s.rested]), &j); err != nil {
				s.Fatal(err)
			}
			if j.Command.Wipe != nil {
				passes = append(passes, j.Command.Wipe.Pass)
			}
			s.settle(events.SQSMessage{Body: s.reports.Bodies()[s.rested]})
		}
		kept := 0
		s.DB.Each(s, "Due", func(item map[string]types.AttributeValue) {
			if ownEntry(item) {
				kept++
			}
		})
		if kept == 0 {
			return passes
		}
		s.Pass(5 * time.Minute)
	}
}

// TestErasuresAreByKey erases somebody at three o'clock, in stories that begin or end otherwise, and asks what is known in the end of a
// userId or a device, and whom it leads to.
func TestErasuresAreByKey(t *testing.T) {
	at := t0.Add(3 * time.Hour)
	web := func(list ...event.Event) events.SQSMessage { return envelope(t, "web", list...) }
	server := func(list ...event.Event) events.SQSMessage { return envelope(t, "server", list...) }
	erase := func(i profile.Identifier) events.SQSMessage { return eraseJob(t, i.ID(), at, false) }
	phone := anonymous("phone")
	after := func(d time.Duration, e event.Event) event.Event { // the erasure was asked for
		e.ReceivedAt = at.Add(d)
		e.Timestamp, e.OriginalTimestamp = e.ReceivedAt, e.ReceivedAt
		return e
	}
	for name, c := range map[string]struct {
		jobs []events.SQSMessage
		who  profile.Identifier
		want []string // the timeline, sorted
		also []profile.Identifier
	}{
		"somebody signs in on a phone that came back": {
			[]events.SQSMessage{web(hour(1, identify("1", "old", "phone", t0, `{}`))), erase(user("old")), web(hour(4, browse("2", "phone", t0))), web(hour(1, seen("3", "new"))),
				web(hour(5, identify("4", "new", "phone", t0, `{}`))), web(hour(5, identify("5", "new", "phone", t0, `{}`)))},
			user("new"), []string{"2", "3", "4", "5"}, []profile.Identifier{phone}},
		"what is under way for the half that was never erased is taken": {
			[]events.SQSMessage{web(hour(1, browse("1", "phone", t0))), erase(phone), web(hour(4, browse("2", "phone", t0))), web(hour(1, seen("3", "new"))),
				web(hour(5, identify("4", "new", "phone", t0, `{}`))), web(hour(2, seen("5", "new"))), web(hour(3, seen("6", "new"))), web(hour(2, browse("7", "phone", t0)))},
			user("new"), []string{"2", "3", "4", "5", "6"}, nil},
		"a device that was erased is attached: the old events of it stay out": {
			[]events.SQSMessage{web(hour(1, browse("1", "phone", t0))), erase(phone), web(hour(1, seen("2", "new"))), web(hour(4, identify("3", "new", "phone", t0, `{}`))),
				web(hour(1, browse("1", "phone", t0)), hour(3, browse("4", "phone", t0)), hour(2, seen("5", "new"))), web(hour(4, browse("6", "phone", t0)))},
			user("new"), []string{"2", "3", "5", "6"}, []profile.Identifier{phone}},
		"the same in one batch with the join": {
			[]events.SQSMessage{web(hour(1, browse("1", "phone", t0))), erase(phone), web(hour(1, seen("2", "new"))),
				web(hour(1, browse("1", "phone", t0)), hour(3, browse("4", "phone", t0)), hour(4, identify("3", "new", "phone", t0, `{}`)))},
			user("new"), []string{"2", "3"}, []profile.Identifier{phone}},
		"an erasure that comes again leaves who took the device on": {
			[]events.SQSMessage{web(hour(1, browse("1", "phone", t0))), erase(phone), web(hour(1, seen("2", "new"))), web(hour(4, identify("3", "new", "phone", t0, `{}`))), erase(phone)},
			user("new"), []string{"2", "3"}, []profile.Identifier{phone}},
		"an erasure that comes again leaves who the erased one was merged into since": {
			[]events.SQSMessage{server(hour(1, seen("1", "old"))), erase(user("old")), server(hour(4, seen("2", "old"))), server(hour(1, seen("3", "new"))), server(hour(5, alias("4", "new", "old"))), erase(user("old"))},
			user("new"), []string{"2", "3", "4"}, []profile.Identifier{user("old")}},
		"an erasure goes for whom the person was merged into before it was asked for": {
			[]events.SQSMessage{server(hour(1, seen("1", "old"))), server(hour(1, seen("2", "new"))), server(hour(2, alias("3", "new", "old"))), erase(user("old")), server(hour(4, seen("4", "new")))},
			user("new"), []string{"4"}, nil},
		"and for whom the person is merged into before it is done: the two cannot be told apart any more": {
			[]events.SQSMessage{server(hour(1, seen("1", "old"))), server(hour(1, seen("2", "new"))), server(hour(4, alias("3", "new", "old"))), erase(user("old")), server(hour(5, seen("4", "new")))},
			user("new"), []string{"4"}, nil},
		"who was nobody when the erasure was asked for, and joined somebody since, takes nobody along": {
			[]events.SQSMessage{web(hour(1, seen("1", "new"))), web(hour(4, identify("2", "new", "phone", t0, `{}`))), eraseJob(t, phone.ID(), at, true), web(hour(2, browse("3", "phone", t0))), web(hour(4, browse("4", "phone", t0))),
				eraseJob(t, phone.ID(), at, true)},
			user("new"), []string{"1", "2", "4"}, []profile.Identifier{phone}},
		"who was nobody when the erasure was asked for, and is somebody by events that were under way, goes": {
			[]events.SQSMessage{web(hour(2, seen("1", "new"))), eraseJob(t, user("new").ID(), at, true), web(hour(4, seen("2", "new")))},
			user("new"), []string{"2"}, nil},
		"who came first a day after an erasure that was never carried out stays when it is": {
			[]events.SQSMessage{web(after(25*time.Hour, seen("1", "new"))), erase(user("new")), web(hour(2, seen("2", "new"))), web(hour(50, seen("3", "new"))), erase(user("new"))},
			user("new"), []string{"1", "3"}, nil},
		"and so does who was nobody then": {
			[]events.SQSMessage{web(after(24*time.Hour+time.Millisecond, seen("1", "new"))), eraseJob(t, user("new").ID(), at, true), web(hour(3, seen("2", "new")))},
			user("new"), []string{"1"}, nil},
		"whose first event may have been under way goes": {
			[]events.SQSMessage{web(after(24*time.Hour, seen("1", "new"))), eraseJob(t, user("new").ID(), at, true), web(hour(50, seen("2", "new")))},
			user("new"), []string{"2"}, nil},
		"who was there before and after goes whole": {
			[]events.SQSMessage{web(hour(1, seen("1", "new")), hour(50, seen("2", "new"))), erase(user("new")), web(hour(51, seen("3", "new")))},
			user("new"), []string{"3"}, nil},
		"a redrive of everything finds the door shut": {
			[]events.SQSMessage{web(hour(1, identify("1", "old", "phone", t0, `{}`))), erase(user("old")), web(hour(4, seen("2", "old"))), web(hour(1, identify("1", "old", "phone", t0, `{}`))), erase(user("old")), web(hour(1, identify("1", "old", "phone", t0, `{}`)))},
			user("old"), []string{"2"}, nil},
		"a third one takes on who signed in on a phone that came back": {
			[]events.SQSMessage{web(hour(1, identify("1", "old", "phone", t0, `{}`))), erase(user("old")), web(hour(4, browse("2", "phone", t0))), web(hour(1, seen("3", "new"))),
				web(hour(5, identify("4", "new", "phone", t0, `{}`))), web(hour(1, seen("5", "third"))), server(hour(6, alias("6", "third", "new"))),
				web(hour(2, seen("7", "third")), hour(2, seen("8", "new")), hour(2, browse("9", "phone", t0)), hour(2, seen("10", "old")))},
			user("third"), []string{"2", "3", "4", "5", "6", "7", "8"}, []profile.Identifier{phone, user("new")}},
		"two who were erased come back as one": {
			[]events.SQSMessage{web(hour(1, seen("1", "old"))), web(hour(1, browse("2", "phone", t0))), erase(user("old")), erase(phone), web(hour(5, identify("3", "old", "phone", t0, `{}`))),
				web(hour(2, seen("4", "old")), hour(2, browse("5", "phone", t0)), hour(6, browse("6", "phone", t0))), erase(phone), erase(user("old"))},
			user("old"), []string{"3", "6"}, []profile.Identifier{phone}},
		"an address that was erased with its person joins another": {
			[]events.SQSMessage{server(hour(1, identify("1", "old", "", t0, `{"email":"a@shop.example"}`))), erase(user("old")), server(hour(5, identify("2", "new", "", t0, `{"email":"a@shop.example"}`))),
				server(hour(2, identify("3", "old", "", t0, `{"email":"a@shop.example"}`)), hour(2, seen("4", "new"))), erase(user("old"))},
			user("new"), []string{"2", "4"}, []profile.Identifier{{Kind: profile.Email, Value: "a@shop.example"}}},
		"an alias that was under way unites nobody with who was erased": {
			[]events.SQSMessage{server(hour(1, seen("1", "old"))), server(hour(1, seen("2", "new"))), erase(user("old")), server(hour(2, alias("3", "new", "old"))), server(hour(4, seen("4", "old"))),
				server(hour(2, alias("3", "new", "old"))), server(hour(2, seen("5", "old")))},
			user("new"), []string{"2", "3"}, nil},
		"three who were one go with all their keys": {
			[]events.SQSMessage{server(hour(1, seen("1", "old"))), server(hour(1, seen("2", "new"))), web(hour(1, browse("3", "phone", t0))), server(hour(2, alias("4", "new", "old"))), web(hour(2, identify("5", "new", "phone", t0, `{}`))),
				erase(phone), server(hour(2, seen("6", "old"))), server(hour(2, seen("7", "new"))), web(hour(2, browse("8", "phone", t0))), server(hour(4, seen("9", "new"))), server(hour(2, alias("4", "new", "old")))},
			user("new"), []string{"9"}, nil},
		"a command that comes again weeks after a third one took the phone on": {
			[]events.SQSMessage{web(hour(1, browse("1", "phone", t0))), erase(phone), web(hour(4, browse("2", "phone", t0))), web(hour(5, identify("3", "new", "phone", t0, `{}`))), server(hour(1, seen("4", "third"))),
				server(hour(6, alias("5", "third", "new"))), erase(phone), web(hour(700, seen("6", "third")))},
			user("third"), []string{"2", "3", "4", "5", "6"}, []profile.Identifier{phone, user("new")}},
		"erased twice, with a life between": {
			[]events.SQSMessage{web(hour(1, seen("1", "old"))), erase(user("old")), web(hour(4, seen("2", "old"))), eraseJob(t, user("old").ID(), t0.Add(5*time.Hour), false), erase(user("old")), web(hour(4, seen("3", "old")), hour(6, seen("4", "old")))},
			user("old"), []string{"4"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			worker := s.worker() // one process sees it all, so what it remembers counts
			for n, j := range c.jobs {
				s.Set(t0.Add(time.Duration(10+n) * time.Hour))
				for round, jobs := 0, []events.SQSMessage{j}; len(jobs) > 0; round++ {
					if round == 10 {
						t.Fatalf("job %d comes back for ever", n)
					}
					jobs = deliver(t, worker, jobs...)
				}
				s.rest()
			}
			k := s.knows(c.who)
			slices.Sort(k.Timeline)
			if !slices.Equal(k.Timeline, c.want) {
				t.Errorf("the timeline is %v, want %v", k.Timeline, c.want)
			}
			for _, i := range c.also {
				if p := s.load(i); p.ID != k.Profile.ID {
					t.Errorf("%v leads to somebody else", i)
				}
			}
			var counted int64
			for _, counter := range k.Profile.Counters {
				counted += counter.Total
			}
			told := 0
			for _, id := range c.want {
				if e := s.event(c.who, id); e.Kind == event.Track || e.Kind == event.Page {
					told++
				}
			}
			if counted != int64(told) {
				t.Errorf("%d events are counted, the timeline holds %d", counted, told)
			}
		})
	}
}

// returning is a kind of traces of three pages; mei comes back during the first.
type returning struct {
	s    *shop
	seen []bool
}

func (r *returning) Wipe(_ context.Context, gone people.Gone, _ string) (int, string, error) {
	r.seen = append(r.seen, gone.Back)
	if len(r.seen) == 1 {
		r.s.settle(envelope(r.s, "web", hour(5, seen("4", "mei"))))
	}
	if len(r.seen) == 3 {
		return 1, "", nil
	}
	return 1, "more", nil
}

// TestALongHistoryIsWipedPageByPage refuses events at once, and wipes as much in one invocation as leaves time for others.
func TestALongHistoryIsWipedPageByPage(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", hour(0, identify("1", "mei", "phone", t0, `{}`))))
	keys := s.load(user("mei")).Keys()
	traces := &long{t: t, s: s, pages: map[profile.ID]int{keys[0]: 3 * wipePages, keys[1]: 3}}
	worker := func() *Process {
		w := s.worker()
		w.Traces = []Traces{traces, outreach.Enrolments{DB: s.DB, Table: "Due"}}
		return w
	}
	if again := deliver(t, worker(), eraseJob(t, keys[0], t0.Add(time.Hour), false)); len(again) > 0 {
		t.Fatal("the command comes back")
	}
	if traces.calls != wipePages {
		t.Errorf("%d pages in one invocation, want %d", traces.calls, wipePages)
	}
	s.settle(envelope(t, "web", seen("late", "mei")))
	for n := 0; n < len(s.reports.Bodies()); n++ {
		before := traces.calls
		if again := deliver(t, worker(), events.SQSMessage{Body: s.reports.Bodies()[n]}); len(again) > 0 || n > 20 {
			t.Fatal("a wipe does not end")
		}
		if got := traces.calls - before; got > wipePages {
			t.Errorf("%d pages in one invocation", got)
		}
	}
	if traces.pages[keys[0]] > 0 || traces.pages[keys[1]] > 0 || exists(s.load(user("mei"))) {
		t.Errorf("%v pages are left", traces.pages)
	}
	// An invocation whose time is nearly over begins no page.
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(reserve/2))
	defer cancel()
	before, sent := traces.calls, len(s.reports.Bodies())
	b := newBatch(worker(), 1)
	if err := b.wipe(ctx, &job.Command{At: t0, Wipe: &job.Wipe{Keys: keys}}); err != nil || traces.calls != before || len(s.reports.Bodies()) != sent+1 {
		t.Errorf("near the deadline: %d pages, %d jobs, %v", traces.calls-before, len(s.reports.Bodies())-sent, err)
	}
}

// overtaken is the store of a worker that another one overtakes between its look at the person and its tombstones.
type overtaken struct {
	Profiles
	by func()
}

func (o *overtaken) Erase(ctx context.Context, p *profile.Profile, at time.Time, version int64, with ...dynamo.Write) error {
	o.by()
	o.by = func() {}
	return o.Profiles.Erase(ctx, p, at, version, with...)
}

// TestTwoWorkersEraseAtOnce hands one command to two workers. The clock of the one that loses is ahead, so its tombstones would have stood above
// the versions of who came back meanwhile: nothing that it has filed may take them for those of the erased.
func TestTwoWorkersEraseAtOnce(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", seen("1", "mei")))
	command := eraseJob(t, user("mei").ID(), t0.Add(time.Hour), false)
	loser := s.worker()
	loser.Now = func() time.Time { return s.Now().Add(2 * time.Second) }
	loser.Profiles = &overtaken{loser.Profiles, func() {
		s.settle(command)
		s.settle(envelope(t, "web", hour(2, seen("2", "mei"))))
	}}
	s.settle(deliver(t, loser, command)...)
	s.rest()
	if got := s.knows(user("mei")).Timeline; !slices.Equal(got, []string{"2"}) {
		t.Errorf("the timeline of who came back is %v, want 2 alone", got)
	}
}

// TestAWipeWaitsForTheTombstone brings the wipe before the erasure that it belongs to has been written, as the version before may: it filed the
// one before the other.
func TestAWipeWaitsForTheTombstone(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", seen("1", "mei")))
	mei := s.load(user("mei"))
	at := t0.Add(time.Hour)
	s.DB.Fail("TransactWriteItems", 1, dynamotest.NotPersisted)
	again := deliver(t, s.worker(), eraseJob(t, mei.ID, at, false))
	if s.tick(2 * time.Minute); len(again) != 1 || len(s.reports.Bodies()) != 0 {
		t.Fatalf("%d jobs come again, %d wipes are on the queue; want the job alone", len(again), len(s.reports.Bodies()))
	}
	filed, err := wipeEntry(&job.Command{ID: "e", Kind: job.CommandWipe, ProfileID: mei.ID, At: at,
		Wipe: &job.Wipe{Keys: mei.Keys(), Version: mei.TombstoneVersion(at), Until: s.Now()}})
	s.Must(err)
	wipe := events.SQSMessage{Body: string(filed.Body)}
	if back := deliver(t, s.worker(), wipe); len(back) != 1 || len(s.knows(user("mei")).Timeline) != 1 {
		t.Error("somebody is wiped who is not erased")
	}
	s.settle(again...)
	s.settle(wipe)
	if k := s.knows(user("mei")); exists(&k.Profile) || len(k.Timeline) != 0 {
		t.Errorf("left: %+v", k)
	}
}

// TestAWipeGoesOnBehindTheVersionBefore lets a worker of the version before, which knows nothing of erasures by key, make a tombstone a pointer to
// somebody between two passes. The wipe comes to its end, takes nothing from who has the key now, and what was received before stays refused.
func TestAWipeGoesOnBehindTheVersionBefore(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", seen("1", "mei"), seen("2", "ali")))
	mei, ali := s.load(user("mei")).ID, s.load(user("ali")).ID
	s.settle(eraseJob(t, mei, t0.Add(time.Hour), false))
	text := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	table := "Profiles"
	if _, err := s.DB.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: map[string]types.AttributeValue{
		"pk": text("p#" + string(mei)), "sk": text("p"), "to": text(string(ali))}}); err != nil {
		t.Fatal(err)
	}
	s.rest()
	s.settle(envelope(t, "web", seen("late", "mei")))
	if got := s.knows(user("ali")).Timeline; !slices.Equal(got, []string{"2"}) {
		t.Errorf("the timeline of who has the key is %v, want 2 alone", got)
	}
}

// TestTwoWorkersEraseAndFold erases somebody while others write.
func TestTwoWorkersEraseAndFold(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", identify("0", "mei", "phone", t0, `{}`)))
	mei := s.load(user("mei"))
	jobs := []events.SQSMessage{eraseJob(t, mei.ID, t0.Add(time.Hour), false), eraseJob(t, mei.ID, t0.Add(time.Hour), false)}
	for n := range 10 {
		jobs = append(jobs, envelope(t, "web", seen(fmt.Sprint("v", n), "mei"), identify(fmt.Sprint("i", n), "mei", fmt.Sprint("phone", n%3), t0, `{}`)))
	}
	done := make(chan struct{})
	for _, j := range jobs {
		go func() {
			defer func() { done <- struct{}{} }()
			for round, records := 0, []events.SQSMessage{j}; len(records) > 0; round++ {
				if round == 50 {
					t.Error("a job still comes back after fifty rounds")
					return
				}
				records = deliver(t, s.worker(), records...)
			}
		}()
	}
	for range jobs {
		<-done
	}
	s.rest()
	for _, i := range []profile.Identifier{user("mei"), anonymous("phone"), anonymous("phone0"), anonymous("phone1"), anonymous("phone2")} {
		// A phone that was never joined before the erasure keeps what it sent itself, which is nothing here.
		if p := s.load(i); exists(p) {
			t.Errorf("%v is %+v", i, p.Identifiers)
		}
	}
	if list, _, err := s.Timeline.Events(t.Context(), mei.Keys(), 100, ""); err != nil || len(list) != 0 {
		t.Errorf("the timeline holds %d events, %v", len(list), err)
	}
}
