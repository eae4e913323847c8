package projection

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// tags is what member sends when somebody changes the tags of a key, so many minutes after t0.
func tags(t testing.TB, key profile.Identifier, id string, minutes int, change profile.TagChange) events.SQSMessage {
	t.Helper()
	properties, err := json.Marshal(change)
	if err != nil {
		t.Fatal(err)
	}
	at := t0.Add(time.Duration(minutes) * time.Minute)
	return events.SQSMessage{Body: functiontest.Body(t, job.Events{Source: "member", Command: &job.Command{ID: id, Kind: job.CommandTell, ProfileID: key.ID(), At: at,
		Event: &event.Event{MessageID: id, Kind: event.Track, Name: event.TagsChanged, Properties: properties, Timestamp: at, ReceivedAt: at, Trust: trust.Operator}}})}
}

func add(tags ...string) profile.TagChange    { return profile.TagChange{Add: tags, By: "Ann"} }
func remove(tags ...string) profile.TagChange { return profile.TagChange{Remove: tags, By: "Ann"} }

// TestTags: each change counts once and by its time, in whatever sequence it comes and however often, under any key of the person, before and after a merge; and rules hear of it in the
// same commit.
func TestTags(t *testing.T) {
	changes := func(t *testing.T) []events.SQSMessage {
		return []events.SQSMessage{
			tags(t, user("mei"), "c1", 61, add("vip", "tea")), tags(t, anonymous("phone"), "c2", 62, remove("vip")), tags(t, user("mei"), "c3", 63, add("vip")), tags(t, anonymous("phone"), "c4", 64, remove("tea")),
		}
	}
	for seed := range 24 {
		s := newShop(t)
		set, faults := segment.Compile([]segment.Definition{{ID: "vips", Rule: json.RawMessage(`{"field":"tags","op":"contains","value":"vip"}`)}})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		s.watch = &Watch{Live: set.Live(), Shop: profile.Shop{Zone: time.UTC, Currency: "CNY"}}
		s.settle(envelope(t, "web", seen("1", "mei")))
		s.settle(envelope(t, "web", browse("2", "phone", t0)))
		all := changes(t)
		merge := envelope(t, "web", identify("3", "mei", "phone", t0, `{}`))
		order := permutation(seed, 4)
		for n, i := range order {
			if n == seed%5 {
				s.settle(merge)
			}
			s.settle(all[i])
			s.settle(all[i])
		}
		s.settle(merge)
		s.settle(all...)
		p := s.load(user("mei"))
		if got := fmt.Sprint(p.Tags()); got != "[vip]" || len(p.Tagging.Words) != 2 {
			t.Errorf("%v: tags %s, %v", order, got, p.Tagging.Words)
		}
		if _, in := p.Members["vips"]; !in {
			t.Errorf("%v: not in the segment of the tag", order)
		}
		if got := s.messages(user("mei")); !slices.Equal(got, []string{"1", "2", "3", "c1", "c2", "c3", "c4"}) {
			t.Errorf("%v: the timeline has %v", order, got)
		}
		if p.Counters[event.TagsChanged].Total != 0 || p.LastSeen.After(t0) {
			t.Errorf("%v: the person did it: %v, last seen %v", order, p.Counters, p.LastSeen)
		}
	}
}

// permutation is the nth of n things.
func permutation(nth, n int) []int {
	left, out := make([]int, n), make([]int, 0, n)
	for i := range left {
		left[i] = i
	}
	for ; n > 0; n-- {
		at := nth % n
		nth /= n
		out, left = append(out, left[at]), slices.Delete(left, at, at+1)
	}
	return out
}

// TestTagsOfWhoWasErased: what was asked for before an erasure is of whoever is gone, and what comes after it of whoever came back.
func TestTagsOfWhoWasErased(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", seen("1", "mei")))
	s.settle(tags(t, user("mei"), "c1", 61, add("vip")))
	s.erase("mei", t0.Add(2*time.Hour))
	s.settle(tags(t, user("mei"), "late", 90, add("late")))
	if p := s.load(user("mei")); exists(p) {
		t.Fatalf("a change of tags has made somebody: %+v", p)
	}
	s.settle(envelope(t, "web", hour(3, seen("2", "mei"))))
	s.settle(tags(t, user("mei"), "late", 90, add("late")))
	s.settle(tags(t, user("mei"), "c2", 200, add("back")))
	if p := s.load(user("mei")); fmt.Sprint(p.Tags()) != "[back]" {
		t.Errorf("tags %v", p.Tags())
	}
}

// TestTagsBroken breaks each call of a change both ways: the job comes again, and the change counts once.
func TestTagsBroken(t *testing.T) {
	broken := 0
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for _, op := range []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "TransactWriteItems", "BatchWriteItem"} {
			for nth := 1; ; nth++ {
				s := newShop(t)
				s.settle(envelope(t, "web", seen("1", "mei")))
				before := s.DB.Calls(op)
				s.DB.Fail(op, nth, how)
				again := deliver(t, s.worker(), tags(t, user("mei"), "c1", 61, add("vip")))
				reached := s.DB.Calls(op)-before >= nth
				s.DB.Heal()
				s.settle(again...)
				s.settle(tags(t, user("mei"), "c1", 61, add("vip")))
				if got := s.messages(user("mei")); !slices.Equal(got, []string{"1", "c1"}) || fmt.Sprint(s.load(user("mei")).Tags()) != "[vip]" {
					t.Errorf("%s %d %s: %v", op, nth, how, got)
				}
				if !reached {
					break
				}
				broken++
			}
		}
	}
	if broken < 4 {
		t.Errorf("%d calls were broken", broken)
	}
}

// TestToldWithoutAnEvent: such a command is nothing that any version has sent.
func TestToldWithoutAnEvent(t *testing.T) {
	s := newShop(t)
	if again := deliver(t, s.worker(), events.SQSMessage{Body: functiontest.Body(t, job.Events{Source: "member", Command: &job.Command{ID: "x", Kind: job.CommandTell, ProfileID: user("mei").ID(), At: t0}})}); len(again) != 1 {
		t.Errorf("%d come again", len(again))
	}
}
