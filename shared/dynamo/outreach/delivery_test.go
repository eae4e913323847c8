package outreach_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
)

var deliveryNoon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func deliveries(t *testing.T) (outreach.Deliveries, *dynamotest.DB, *time.Time) {
	now := deliveryNoon
	db := dynamotest.New(t)
	return outreach.Deliveries{DB: db, Table: "Deliveries", Results: "Results", Now: func() time.Time { return now }}, db, &now
}

func TestContactComesBackAsItWas(t *testing.T) {
	s, _, _ := deliveries(t)
	empty, err := s.Contact(t.Context(), "p1")
	if err != nil || empty.Version != 0 || empty.ProfileID != "p1" || len(empty.Intents) != 0 {
		t.Fatalf("nobody's contact: %+v, %v", empty, err)
	}
	c := &delivery.Contact{ProfileID: "p1", Unknown: []byte{99, 2, 'h', 'i'}}
	c.Add(delivery.Intent{ID: "n1", Asked: deliveryNoon, At: deliveryNoon.Add(time.Millisecond), Holder: "h", Channel: delivery.Email, Tags: []string{"a", "b"}, Counted: true})
	c.Add(delivery.Intent{ID: "n2", Asked: deliveryNoon, At: deliveryNoon, Channel: delivery.Social})
	c.Suppress(delivery.Email, delivery.Suppression{Reason: "bounce", At: deliveryNoon, Address: "ab"})
	if err := s.SaveContact(t.Context(), c); err != nil || c.Version != 1 {
		t.Fatalf("version %d, %v", c.Version, err)
	}
	got, err := s.Contact(t.Context(), "p1")
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, c)
	}
}

func TestSaveContactOnlyOverWhatWasRead(t *testing.T) {
	s, _, _ := deliveries(t)
	first, second := &delivery.Contact{ProfileID: "p1"}, &delivery.Contact{ProfileID: "p1"}
	if err := s.SaveContact(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveContact(t.Context(), second); !errors.Is(err, dynamo.ErrConflict) || second.Version != 0 {
		t.Errorf("a second first version: %v", err)
	}
	stale := *first
	if err := s.SaveContact(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveContact(t.Context(), &stale); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("over a newer one: %v", err)
	}
}

func TestDecisions(t *testing.T) {
	s, _, now := deliveries(t)
	at := func(minute int) time.Time { return deliveryNoon.Add(time.Duration(minute) * time.Minute) }
	for i := range 7 {
		id := profile.ID([]string{"p1", "p2"}[i%2])
		d := delivery.Decision{NotificationID: fmt.Sprint("n", i), ProfileID: id, Outcome: delivery.Sent, Asked: at(i), At: at(i)}
		if err := s.Decide(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{1, 2, 3, 6, 7, 8} {
		var seen []string
		cursor := ""
		for pages := 0; ; pages++ {
			page, next, err := s.Decisions(t.Context(), []profile.ID{"p1", "p2", "p3"}, limit, cursor)
			if err != nil || len(page) > limit || pages > 7 {
				t.Fatalf("limit %d: page %d of %d, %v", limit, pages, len(page), err)
			}
			for _, d := range page {
				seen = append(seen, d.NotificationID)
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		if got := fmt.Sprint(seen); got != "[n6 n5 n4 n3 n2 n1 n0]" {
			t.Errorf("limit %d: %s", limit, got)
		}
	}
	if _, _, err := s.Decisions(t.Context(), []profile.ID{"p1"}, 5, "!"); !errors.Is(err, dynamo.ErrCursor) {
		t.Errorf("a cursor of nobody's: %v", err)
	}
	// The stand-in shows expired items for a while, as AWS does.
	*now = deliveryNoon.Add(delivery.DecisionLife)
	if page, _, err := s.Decisions(t.Context(), []profile.ID{"p1"}, 5, ""); err != nil || len(page) != 0 {
		t.Errorf("after their life: %v, %v", page, err)
	}
}

func TestDecideReplacesAndDecideFirstDoesNot(t *testing.T) {
	s, _, _ := deliveries(t)
	d := delivery.Decision{NotificationID: "n", ProfileID: "p", Asked: deliveryNoon.Add(time.Microsecond), Outcome: delivery.Unknown,
		Detail: `"outcome":"deferred"`} // what somebody else says is no outcome
	over := func(outcomes ...delivery.Outcome) func(delivery.Decision) (bool, error) {
		return func(d delivery.Decision) (bool, error) { return s.DecideFirst(t.Context(), d, outcomes...) }
	}
	replace := func(d delivery.Decision) (bool, error) { return true, s.Decide(t.Context(), d) }
	steps := []struct {
		record  func(delivery.Decision) (bool, error)
		outcome delivery.Outcome
		want    delivery.Outcome
	}{
		{over(), delivery.Unknown, delivery.Unknown},
		{replace, delivery.Sent, delivery.Sent},
		{over(), delivery.Skipped, delivery.Sent},
		{over(delivery.Unknown, delivery.Deferred), delivery.Skipped, delivery.Sent},
		{over(delivery.Unknown, delivery.Sent), delivery.Deferred, delivery.Deferred},
		{over(delivery.Deferred), delivery.Unknown, delivery.Unknown},
	}
	for i, step := range steps {
		d.Outcome = step.outcome
		if first, err := step.record(d); err != nil || first != (step.outcome == step.want) {
			t.Fatalf("step %d: %v, %v", i, first, err)
		}
		one, err := s.Decision(t.Context(), "p", d.Asked.Truncate(time.Millisecond), "n")
		if err != nil || one.Outcome != step.want {
			t.Errorf("step %d: %+v, %v", i, one, err)
		}
		got, _, err := s.Decisions(t.Context(), []profile.ID{"p"}, 5, "")
		if err != nil || len(got) != 1 || got[0].Outcome != step.want {
			t.Errorf("step %d: %+v, %v", i, got, err)
		}
	}
}

// TestWhoseADecisionIs: the version that was judged tells it, whatever the clocks of its writers said; without one, its time does.
func TestWhoseADecisionIs(t *testing.T) {
	s, _, _ := deliveries(t)
	const tombstones = 500
	for id, d := range map[string]delivery.Decision{
		"theirs, late":  {Version: tombstones - 1, At: deliveryNoon.Add(time.Minute)},
		"the border":    {Version: tombstones, At: deliveryNoon.Add(time.Minute)},
		"another's":     {Version: tombstones + 1, At: deliveryNoon.Add(-time.Minute)},
		"older, theirs": {At: deliveryNoon},
		"older":         {At: deliveryNoon.Add(time.Millisecond)},
	} {
		d.NotificationID, d.ProfileID, d.Asked = id, "p", deliveryNoon
		if err := s.Decide(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if found, _, err := s.Wipe(t.Context(), people.Gone{Key: "p", Version: tombstones, Until: deliveryNoon, Back: true}, ""); err != nil || found != 3 {
		t.Errorf("found %d, %v", found, err)
	}
	list, _, err := s.Decisions(t.Context(), []profile.ID{"p"}, 9, "")
	if err != nil || len(list) != 2 || list[0].NotificationID+list[1].NotificationID != "olderanother's" && list[0].NotificationID+list[1].NotificationID != "another'solder" {
		t.Errorf("left are %v, %v", list, err)
	}
}

// TestWipeOfDeliveries wipes one of two people, with a contact record and a decision before the erasure and after it. Each is asked for
// at the other side of the erasure than it was made: a client's clock is ahead, or it tells of last week.
func TestWipeOfDeliveries(t *testing.T) {
	before, after := deliveryNoon, deliveryNoon.Add(time.Hour)
	claimed := map[string]time.Time{"old": after, "border": after.Add(time.Hour), "new": before.Add(-time.Hour)}
	for name, c := range map[string]struct {
		back             bool
		found            int
		intents, decided []string
	}{
		"nobody is there":        {found: 4},
		"somebody is there anew": {back: true, found: 3, intents: []string{"new"}, decided: []string{"new"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, _ := deliveries(t)
			for _, id := range []profile.ID{"p", "q"} {
				contact := &delivery.Contact{ProfileID: id, Suppressions: map[delivery.Channel]delivery.Suppression{"sms": {Reason: "bounce", At: before}}}
				for n, at := range map[string]time.Time{"old": before.Add(-time.Second), "border": before, "new": after} {
					contact.Intents = append(contact.Intents, delivery.Intent{ID: n, Asked: claimed[n], At: at})
					if err := s.Decide(t.Context(), delivery.Decision{NotificationID: n, ProfileID: id, Asked: claimed[n], At: at}); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.SaveContact(t.Context(), contact); err != nil {
					t.Fatal(err)
				}
			}
			gone := people.Gone{Key: "p", Until: before, Back: c.back}
			for _, want := range []int{c.found, 0} {
				if found, next, err := s.Wipe(t.Context(), gone, ""); err != nil || found != want || next != "" {
					t.Fatalf("found %d, %q, %v; want %d", found, next, err, want)
				}
			}
			for id, want := range map[profile.ID][2][]string{"p": {c.intents, c.decided}, "q": {{"border", "new", "old"}, {"border", "new", "old"}}} {
				contact, err := s.Contact(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				var intents, decided []string
				for _, i := range contact.Intents {
					intents = append(intents, i.ID)
				}
				list, _, err := s.Decisions(t.Context(), []profile.ID{id}, 5, "")
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range list {
					decided = append(decided, d.NotificationID)
				}
				slices.Sort(intents)
				slices.Sort(decided)
				if got := [2][]string{intents, decided}; !reflect.DeepEqual(got, want) || (id == "p") == (len(contact.Suppressions) > 0) {
					t.Errorf("%s: left are %v and %v; want %v", id, got, contact.Suppressions, want)
				}
			}
		})
	}
}

func TestEnrol(t *testing.T) {
	s := outreach.Enrolments{DB: dynamotest.New(t), Table: "Due"}
	enrol := func(ids []profile.ID, cause string, until, now time.Time) bool {
		t.Helper()
		as, err := s.Enrol(t.Context(), outreach.Enrolment{IDs: ids, CampaignID: "c", Cause: cause, Until: until}, now)
		if err != nil || as != "" && as != cause {
			t.Fatal(as, err)
		}
		return as != ""
	}
	p, day := []profile.ID{"p"}, 24*time.Hour
	for _, c := range []struct {
		name  string
		ids   []profile.ID
		cause string
		until time.Time
		now   time.Time
		want  bool
	}{
		{"first", p, "f1", deliveryNoon.Add(day), deliveryNoon, true},
		{"the same cause again", p, "f1", deliveryNoon.Add(day), deliveryNoon.Add(time.Second), true},
		{"the same cause again, later", p, "f1", deliveryNoon.Add(2 * day), deliveryNoon.Add(day - time.Second), true},
		{"another cause", p, "f2", deliveryNoon.Add(day), deliveryNoon.Add(day - time.Second), false},
		{"another person", []profile.ID{"q"}, "f2", deliveryNoon.Add(day), deliveryNoon, true},
		{"merged into another", []profile.ID{"r", "p"}, "f2", deliveryNoon.Add(day), deliveryNoon, false},
		{"merged, the same cause", []profile.ID{"r", "p"}, "f1", deliveryNoon.Add(day), deliveryNoon, true},
		{"when it is over", p, "f2", time.Time{}, deliveryNoon.Add(day), true},
		{"never again", p, "f3", time.Time{}, deliveryNoon.Add(1000 * day), false},
		{"never again, the same cause", p, "f2", time.Time{}, deliveryNoon.Add(1000 * day), true},
	} {
		if got := enrol(c.ids, c.cause, c.until, c.now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestNobodyTakesThePlaceOfAnAct: what only public events have brought refuses its like; a proven cause replaces it, under the name of
// what stood there, so that it is the same notification, and keeps it.
func TestNobodyTakesThePlaceOfAnAct(t *testing.T) {
	for name, ids := range map[string][]profile.ID{"one id": {"p"}, "two ids": {"p", "q"}} {
		for _, until := range []time.Time{{}, deliveryNoon.Add(time.Hour)} {
			s := outreach.Enrolments{DB: dynamotest.New(t), Table: "Due"}
			for i, c := range []struct {
				ids      []profile.ID
				cause    string
				unproven bool
				as       string
			}{
				{ids[:1], "page 1", true, "page 1"}, {ids, "page 2", true, ""}, {ids, "page 1", true, "page 1"},
				{ids, "shop 1", false, "page 1"}, {ids, "shop 1", false, "page 1"}, {ids[:1], "shop 1", false, "page 1"},
				{ids, "shop 2", false, ""}, {ids, "page 1", true, ""}, {ids, "page 3", true, ""},
			} {
				as, err := s.Enrol(t.Context(), outreach.Enrolment{IDs: c.ids, CampaignID: "c", Cause: c.cause, Until: until, Unproven: c.unproven}, deliveryNoon)
				if err != nil || as != c.as {
					t.Errorf("%s, until %v, %d: %s as %q, %v; want %q", name, until, i, c.cause, as, err, c.as)
				}
			}
			if until.IsZero() {
				continue
			}
			// A new time is everybody's, and nothing of the former one is taken over.
			if as, err := s.Enrol(t.Context(), outreach.Enrolment{IDs: ids, CampaignID: "c", Cause: "shop 3", Until: until.Add(time.Hour)}, until); err != nil || as != "shop 3" {
				t.Errorf("%s, afterwards: %q, %v", name, as, err)
			}
		}
	}
}

// TestWipeOfEnrolments: of who came back the notes since the erasure stay, and those of the version before, which have no time.
func TestWipeOfEnrolments(t *testing.T) {
	for _, back := range []bool{false, true} {
		db := dynamotest.New(t)
		s := outreach.Enrolments{DB: db, Table: "Due"}
		enrol := func(campaign, cause string, at time.Time) bool {
			as, err := s.Enrol(t.Context(), outreach.Enrolment{IDs: []profile.ID{"p"}, CampaignID: campaign, Cause: cause}, at)
			if err != nil {
				t.Fatal(err)
			}
			return as != ""
		}
		enrol("before", "f1", deliveryNoon)
		enrol("after", "f1", deliveryNoon.Add(time.Millisecond))
		if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: new("Due"), Item: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "orchestration#taken#p"}, "sk": &types.AttributeValueMemberS{Value: "timeless"},
			"cause": &types.AttributeValueMemberS{Value: "f1"}, "until": &types.AttributeValueMemberN{Value: "0"}}}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Wipe(t.Context(), people.Gone{Key: "p", Until: deliveryNoon, Back: back}, ""); err != nil {
			t.Fatal(err)
		}
		for campaign, want := range map[string]bool{"before": true, "after": !back, "timeless": !back} {
			if got := enrol(campaign, "f2", deliveryNoon.Add(time.Second)); got != want {
				t.Errorf("back %v: whom %s has enrolled may be enrolled again: %v", back, campaign, got)
			}
		}
	}
}

func TestEnrolOnceAtTheSameTime(t *testing.T) {
	s := outreach.Enrolments{DB: dynamotest.New(t), Table: "Due"}
	var wg sync.WaitGroup
	var mu sync.Mutex
	enrolled := 0
	for i := range 8 {
		wg.Go(func() {
			as, err := s.Enrol(t.Context(), outreach.Enrolment{IDs: []profile.ID{"p"}, CampaignID: "c", Cause: fmt.Sprint(i)}, deliveryNoon)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if as != "" {
				enrolled++
			}
		})
	}
	wg.Wait()
	if enrolled != 1 {
		t.Errorf("%d of 8 causes enrolled the person", enrolled)
	}
}

func TestAskedForAnAudience(t *testing.T) {
	s := outreach.Enrolments{DB: dynamotest.New(t), Table: "Due"}
	for range 2 {
		if err := s.Ask(t.Context(), "c", deliveryNoon); err != nil {
			t.Fatal(err)
		}
	}
	for at, want := range map[time.Time]bool{deliveryNoon: true, deliveryNoon.Add(time.Second): false} {
		if got, err := s.Asked(t.Context(), "c", at); err != nil || got != want {
			t.Errorf("at %v: %v, %v", at, got, err)
		}
	}
}

// busy is a table whose next transactions meet those of somebody else.
type busy struct {
	dynamo.API
	meets int
}

func (b *busy) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if b.meets > 0 {
		b.meets--
		none := types.CancellationReason{Code: aws.String("None")}
		return nil, &types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{none, {Code: aws.String("TransactionConflict")}}}
	}
	return b.API.TransactWriteItems(ctx, in, opts...)
}

// TestADecisionThatMeetsTransactions is recorded and counted once where it meets a few, and is no decision on record where it meets too many: then the job has to come again.
func TestADecisionThatMeetsTransactions(t *testing.T) {
	s, _, _ := deliveries(t)
	d := delivery.Decision{NotificationID: "n", ProfileID: "p", CampaignID: "c", Asked: deliveryNoon, Outcome: delivery.Skipped}
	table := s.DB
	s.DB = &busy{table, 10}
	if first, err := s.DecideFirst(t.Context(), d); err == nil || first {
		t.Error("a decision that was not written is taken for one that is there")
	}
	s.DB = &busy{table, 9}
	if first, err := s.DecideFirst(t.Context(), d); err != nil || !first {
		t.Error(err)
	}
	if sum := summary(t, s, "c"); sum != (delivery.Summary{Begun: 1, Skipped: 1}) {
		t.Errorf("counted as %+v", sum)
	}
	if list, _, err := s.Decisions(t.Context(), []profile.ID{"p"}, 5, ""); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}
