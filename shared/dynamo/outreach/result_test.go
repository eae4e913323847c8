package outreach_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/outreach"
)

func results(t *testing.T, s outreach.Deliveries, campaign string) delivery.Results {
	t.Helper()
	found, err := outreach.Results{DB: s.DB, Table: s.Results}.Of(t.Context(), campaign)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func summary(t *testing.T, s outreach.Deliveries, campaign string) delivery.Summary {
	t.Helper()
	return results(t, s, campaign).Summary()
}

// sideBySide lets four workers decide, each so many times, while every seventh write is broken one way or the other.
func sideBySide(db *dynamotest.DB, seed uint64, times int, decide func(*rand.Rand)) {
	for i := range 60 {
		db.Fail("TransactWriteItems", 7*i+3, []dynamotest.How{dynamotest.Persisted, dynamotest.NotPersisted}[i%2])
	}
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), seed))
			for range times {
				decide(random)
			}
		})
	}
	workers.Wait()
}

// TestCountsAreTheDecisionsOnRecord lets workers decide the same attempts side by side, over and over, by every way and under lost answers and failures, and then counts
// what is on record.
func TestCountsAreTheDecisionsOnRecord(t *testing.T) {
	s, db, _ := deliveries(t)
	outcomes := []delivery.Outcome{delivery.Sent, delivery.Deferred, delivery.Skipped, delivery.Failed, delivery.Unknown}
	reasons := []delivery.Reason{"", delivery.NoConsent, delivery.Expired}
	people := []profile.ID{"p0", "p1", "p2"}
	decide := func(random *rand.Rand) {
		n := random.IntN(12)
		d := delivery.Decision{
			NotificationID: fmt.Sprint("n", n%6), ProfileID: people[n%3], CampaignID: fmt.Sprint("c", n%2), Asked: deliveryNoon.Add(time.Duration(n/6) * time.Minute),
			Variant: []string{"", "a", "b"}[random.IntN(3)], Outcome: outcomes[random.IntN(5)], Reason: reasons[random.IntN(3)], Attempt: n / 6,
		}
		if n%2 == 0 {
			d.Step = "audience@2026-11-27T02:00:00Z"
		}
		switch random.IntN(3) {
		case 0:
			_ = s.Decide(t.Context(), d)
		case 1:
			_, _ = s.DecideFirst(t.Context(), d, delivery.Unknown, delivery.Deferred)
		default:
			if c, err := s.Contact(t.Context(), d.ProfileID); err == nil {
				_ = s.DecideWhile(t.Context(), d, c, delivery.Unknown, delivery.Skipped)
			}
		}
	}
	sideBySide(db, 5, 150, decide)

	onRecord, begun := map[string]int64{}, map[string]int64{}
	list, _, err := s.Decisions(t.Context(), people, 100, "")
	if err != nil || len(list) != 12 {
		t.Fatalf("%d on record, %v", len(list), err)
	}
	for _, d := range list {
		onRecord[fmt.Sprint(d.CampaignID, d.Variant, d.Outcome, d.Reason)]++
		if begun[d.CampaignID]++; d.Attempt > 0 {
			begun[d.CampaignID]--
		}
	}
	for _, campaign := range []string{"c0", "c1"} {
		found := results(t, s, campaign)
		for _, arm := range found.Arms() {
			for _, tally := range arm.Tallies {
				k := fmt.Sprint(campaign, arm.Variant, tally.Outcome, tally.Reason)
				if onRecord[k] != tally.Count {
					t.Errorf("%s is counted %d times and on record %d times", k, tally.Count, onRecord[k])
				}
				delete(onRecord, k)
			}
		}
		if sum := found.Summary(); sum.Begun != begun[campaign] {
			t.Errorf("%s has begun %d notifications, on record are %d", campaign, sum.Begun, begun[campaign])
		}
	}
	if len(onRecord) > 0 {
		t.Errorf("not counted are %v", onRecord)
	}
	if all := results(t, s, "c0"); all.Of(func(of string) bool { return of == "2026-11-27T02:00:00Z" }).Summary() != all.Summary() || all.Of(func(of string) bool { return of == "" }).Summary() != (delivery.Summary{}) {
		t.Errorf("of its audience: %+v", all.Of(func(of string) bool { return of == "" }).Summary())
	}
}

// TestWhatTheVersionBeforeDecided is counted once this one replaces it, and not before.
func TestWhatTheVersionBeforeDecided(t *testing.T) {
	s, db, _ := deliveries(t)
	d := delivery.Decision{NotificationID: "n", ProfileID: "p", CampaignID: "c", Asked: deliveryNoon, Outcome: delivery.Unknown}
	if err := s.Decide(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	i := key.Decision("p", deliveryNoon, "n")
	if err := dynamo.Do(t.Context(), db, dynamo.Update("Deliveries", i, "REMOVE #n", dynamo.Condition{Names: map[string]string{"#n": "n"}})); err != nil {
		t.Fatal(err)
	}
	if err := dynamo.Do(t.Context(), db, dynamo.Remove("Results", key.Results("c", key.ResultLane("n", 0), "", ""), dynamo.Present())); err != nil {
		t.Fatal(err)
	}
	d.Outcome = delivery.Sent
	if err := s.Decide(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if sum := summary(t, s, "c"); sum != (delivery.Summary{Begun: 1, Sent: 1}) {
		t.Errorf("counted as %+v", sum)
	}
}

func TestHowFarAnAudienceIsListed(t *testing.T) {
	s, db, now := deliveries(t)
	a := outreach.Audiences{DB: db, Table: "Results", Now: func() time.Time { return *now }}
	far := func() outreach.Listing {
		t.Helper()
		l, err := a.Of(t.Context(), "c", "audience-c-1")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if far() != (outreach.Listing{}) {
		t.Errorf("before: %+v", far())
	}
	for i, c := range []struct {
		note func() error
		want outreach.Listing
	}{
		{func() error { return a.Begin(t.Context(), "c", "audience-c-1", 2) }, outreach.Listing{Shards: 2}},
		{func() error { return a.Read(t.Context(), "c", "audience-c-1", 1, 2, 40) }, outreach.Listing{Shards: 2, Done: 1, Listed: 40}},
		{func() error { return a.Begin(t.Context(), "c", "audience-c-1", 2) }, outreach.Listing{Shards: 2, Done: 1, Listed: 40}},
		{func() error { return a.Read(t.Context(), "c", "audience-c-1", 1, 2, 41) }, outreach.Listing{Shards: 2, Done: 1, Listed: 41}},
		{func() error { return a.Read(t.Context(), "c", "audience-c-1", 0, 2, 0) }, outreach.Listing{Shards: 2, Done: 2, Listed: 41}},
		{func() error { return a.Read(t.Context(), "c", "audience-c-2", 0, 2, 7) }, outreach.Listing{Shards: 2, Done: 2, Listed: 41}},
	} {
		c.want.BegunAt = deliveryNoon
		if err := c.note(); err != nil || far() != c.want || far().Finished() != (i > 3) {
			t.Errorf("after note %d: %+v, %v, want %+v", i, far(), err, c.want)
		}
		*now = now.Add(time.Minute)
	}
	if sum := summary(t, s, "c"); sum != (delivery.Summary{}) {
		t.Errorf("a listing counts as %+v", sum)
	}
}
