package projection

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// terms are what the table Search lists, as "term profileId".
func (s *shop) terms() (all []string) {
	s.DB.Each(s, "Search", func(i map[string]types.AttributeValue) {
		if pk := dynamo.TextOf(i, "pk"); !strings.HasPrefix(pk, "p#") {
			all = append(all, strings.ReplaceAll(dynamo.TextOf(i, "sk"), "#", " "))
		}
	})
	slices.Sort(all)
	return all
}

// listsOnly holds the table to names of people, by their userIds: each term is somebody's, and each of them is there.
func (s *shop) listsOnly(want map[string]string) {
	s.Helper()
	var all []string
	for id, name := range want {
		for _, term := range (search.Facts{Names: []string{name}}).Terms(nil) {
			all = append(all, term.Text+" "+string(s.load(user(id)).ID))
		}
	}
	slices.Sort(all)
	if got := s.terms(); !slices.Equal(got, all) {
		s.Errorf("listed are\n%v\nwant\n%v", got, all)
	}
}

// pass delivers what projection has put on its own queue so far.
func (s *shop) pass() {
	s.Helper()
	for ; s.rested < len(s.reports.Bodies()); s.rested++ {
		s.settle(events.SQSMessage{Body: s.reports.Bodies()[s.rested]})
	}
}

func list(t *testing.T, id profile.ID) events.SQSMessage {
	return events.SQSMessage{Body: functiontest.Body(t, job.List("l", id, t0))}
}

// TestWhoIsNamedIsListed follows somebody from the first name to another one, a merge, an erasure and a new beginning.
func TestWhoIsNamedIsListed(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "server", identify("1", "mei", "", t0, `{"name":"Mei Lin"}`), identify("2", "old", "", t0.Add(time.Second), `{"name":"May"}`)))
	s.pass()
	s.listsOnly(map[string]string{"mei": "Mei Lin", "old": "May"})
	s.settle(envelope(t, "server", identify("3", "mei", "", t0.Add(time.Minute), `{"name":"Mei Wu"}`)))
	s.pass()
	s.listsOnly(map[string]string{"mei": "Mei Wu", "old": "May"})
	s.settle(envelope(t, "server", track("v", "old", "x", t0.Add(time.Minute), ""), track("w", "mei", "x", t0.Add(time.Minute), ""))) // which clears what both owed
	s.pass()
	s.settle(envelope(t, "server", alias("4", "mei", "old")))
	s.pass()
	s.listsOnly(map[string]string{"mei": "Mei Wu"})
	s.erase("mei", t0.Add(time.Hour))
	s.listsOnly(nil)
	s.settle(envelope(t, "server", hour(5, identify("5", "mei", "", t0, `{"name":"Mei Wu"}`))))
	s.rest()
	s.listsOnly(map[string]string{"mei": "Mei Wu"})
}

// TestWhatChangesNothingCostsNothing: an event that changes nothing of what somebody is found by sends no job, and a job that comes again writes nothing.
func TestWhatChangesNothingCostsNothing(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "server", identify("1", "mei", "", t0, `{"name":"Mei Lin"}`)))
	s.pass()
	jobs := len(s.reports.Bodies())
	p := s.worker()
	for n, e := range []string{`{"name":"Mei Lin"}`, `{"size":"M"}`} {
		if again := deliver(t, p, envelope(t, "server", identify(fmt.Sprint("i", n), "mei", "", t0.Add(time.Hour), e))); len(again) > 0 {
			t.Fatal("came back")
		}
	}
	deliver(t, p, envelope(t, "server", seen("v", "mei"), browse("b", "somebody", t0)))
	if n := len(s.reports.Bodies()); n != jobs+1 { // the outbox, which another worker had sent
		t.Errorf("%d jobs, want %d", n, jobs+1)
	}
	before := s.DB.Calls(dynamotest.AnyWrite)
	s.settle(list(t, user("mei").ID()))
	if n := s.DB.Calls(dynamotest.AnyWrite); n != before {
		t.Errorf("a job that comes again writes %d times", n-before)
	}
}

// TestPagesListNobody: a public event makes nobody found of whom nobody else speaks, and no address ever.
func TestPagesListNobody(t *testing.T) {
	s := newShop(t)
	said := func(by trust.Level, list ...event.Event) events.SQSMessage {
		return events.SQSMessage{Body: functiontest.Body(t, job.Events{Source: "web", Trust: by, Events: list})}
	}
	public := identify("1", "eve", "d", t0, `{"name":"Mei Lin","email":"mei@shop.example","phone":"13800001111"}`)
	s.settle(said(trust.Public, public, seen("2", "eve")))
	s.pass()
	if got := s.terms(); len(got) > 0 || len(s.reports.Bodies()) > 0 {
		t.Errorf("listed are %v", got)
	}
	s.settle(said(trust.Person, identify("3", "eve", "", t0, `{"email":"mei@shop.example"}`)))
	s.pass()
	// By now the person speaks of herself: what pages say is her name, and not her number.
	id := string(user("eve").ID())
	if got, want := s.terms(), []string{"2 " + id, "lin " + id, "meilin " + id}; !slices.Equal(got, want) {
		t.Errorf("listed are %v, want %v", got, want)
	}
}

// TestEveryWriteOfAListingBroken breaks each write and each read on the way from a name to its entries, both ways, and puts another name, a merge or an erasure before each: in the
// end the table says what the profiles say.
func TestEveryWriteOfAListingBroken(t *testing.T) {
	begin := func() *shop {
		s := newShop(t)
		s.settle(envelope(t, "server", identify("1", "mei", "", t0, `{"name":"Mei Lin"}`), identify("2", "old", "", t0, `{"name":"May"}`)))
		s.pass()
		s.settle(envelope(t, "server", identify("3", "mei", "", t0.Add(time.Minute), `{"name":"Mei Wu"}`)))
		return s
	}
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for _, op := range []string{dynamotest.AnyWrite, "GetItem", "BatchGetItem"} {
			for nth := 1; nth <= 3; nth++ {
				s := begin()
				s.DB.Fail(op, nth, how)
				s.pass()
				s.DB.Heal()
				s.listsOnly(map[string]string{"mei": "Mei Wu", "old": "May"})
			}
		}
	}
	for what, act := range map[string]struct {
		do   func(*shop)
		want map[string]string
	}{
		"another name": {func(s *shop) {
			s.settle(envelope(t, "server", identify("4", "mei", "", t0.Add(time.Hour), `{"name":"Mei Xu"}`)))
		}, map[string]string{"mei": "Mei Xu", "old": "May"}},
		"a merge":      {func(s *shop) { s.settle(envelope(t, "server", alias("4", "mei", "old"))) }, map[string]string{"mei": "Mei Wu"}},
		"a merge into": {func(s *shop) { s.settle(envelope(t, "server", alias("4", "old", "mei"))) }, map[string]string{"mei": "Mei Wu"}},
		"an erasure":   {func(s *shop) { s.erase("mei", t0.Add(time.Hour)) }, map[string]string{"old": "May"}},
		"a comeback": {func(s *shop) {
			s.erase("mei", t0.Add(time.Hour))
			s.settle(envelope(t, "server", hour(5, identify("5", "mei", "", t0, `{"name":"Mei Xu"}`))))
		}, map[string]string{"mei": "Mei Xu", "old": "May"}},
	} {
		for _, op := range []string{"GetItem", "TransactWriteItems", "BatchGetItem"} {
			for nth := 1; nth <= 4; nth++ {
				s := begin()
				came := false
				s.DB.Interrupt(op, nth, func() {
					if came {
						return
					}
					came = true
					act.do(s)
					for s.rested+1 < len(s.reports.Bodies()) { // all other jobs are over before this one writes
						s.rested++
						s.settle(events.SQSMessage{Body: s.reports.Bodies()[s.rested]})
					}
				})
				s.pass()
				if !came {
					act.do(s)
				}
				s.rest()
				if s.listsOnly(act.want); t.Failed() {
					t.Fatalf("after %s before %s %d", what, op, nth)
				}
			}
		}
	}
}

// TestWhoWasThereBeforeIsListed when a nightly run asks, and notes it so that none asks again.
func TestWhoWasThereBeforeIsListed(t *testing.T) {
	s := newShop(t)
	s.Person("mei", func(p *profile.Profile) { p.Traits = profile.Traits{"name": {Value: "Mei Lin", At: t0}} })
	for range 2 {
		s.settle(list(t, user("mei").ID()))
		s.listsOnly(map[string]string{"mei": "Mei Lin"})
		if p := s.load(user("mei")); p.Listed != search.Of(p).Mark("list") || p.Version != 2 {
			t.Errorf("version %d is listed as %d", p.Version, p.Listed)
		}
	}
	s.settle(list(t, user("nobody").ID()))
}

// TestAFewTermsAPerson measures what a name of three characters with a number costs: the write units of its transaction, of which each counts twice.
func TestAFewTermsAPerson(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "server", identify("1", "mei", "", t0, `{"name":"王小明","phone":"13800001111","email":"mei@shop.example"}`)))
	s.pass()
	if got := s.terms(); len(got) != 7 {
		t.Errorf("%d entries: %v", len(got), got)
	}
	found, _, err := (people.Search{DB: s.DB, Table: "Search"}).Find(s.Context(), question("wang xiaoming"), "", people.MaxHits)
	if err != nil || len(found) != 1 || found[0].ID != user("mei").ID() {
		t.Errorf("found are %v, %v", found, err)
	}
}

func question(name string) search.Question {
	q, _ := search.ByName(name)
	return q
}

// TestTheFormerListIsWrittenAnew: who comes back with the name of before, as the wipe has not come so far yet, has a list of their own, which the wipe spares.
func TestTheFormerListIsWrittenAnew(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "server", identify("1", "mei", "", t0, `{"name":"Mei Lin"}`)))
	s.pass()
	gone := s.load(user("mei"))
	s.Must(s.Profiles.Erase(t.Context(), gone, t0.Add(time.Hour), gone.TombstoneVersion(s.Now())))
	s.settle(envelope(t, "server", hour(5, identify("2", "mei", "", t0, `{"name":"Mei Lin"}`))))
	s.pass()
	s.erase("mei", t0.Add(time.Hour)) // begins no new erasure, and wipes
	g := people.Gone{Key: gone.ID, Version: gone.Version, Back: true}
	_, _, err := (people.Search{DB: s.DB, Table: "Search"}).Wipe(t.Context(), g, "")
	s.Must(err)
	s.listsOnly(map[string]string{"mei": "Mei Lin"})
}
