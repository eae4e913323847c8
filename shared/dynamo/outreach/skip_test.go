package outreach_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

func skipsOf(s outreach.Deliveries) outreach.Skips {
	return outreach.Skips{DB: s.DB, Table: s.Table, Results: s.Results, Now: s.Now}
}

// listedOf is all that a stop lists.
func listedOf(t *testing.T, s outreach.Deliveries, stop string) (all []outreach.Skip) {
	t.Helper()
	for cursor, more := "", true; more; more = cursor != "" {
		page, unreadable, next, err := skipsOf(s).Page(t.Context(), stop, cursor, 2)
		if err != nil || unreadable != 0 || len(page) > 2 {
			t.Fatal(len(page), unreadable, err)
		}
		all, cursor = append(all, page...), next
	}
	return all
}

func tallies(t *testing.T, s outreach.Deliveries, stop string) string {
	t.Helper()
	all, err := outreach.Results{DB: s.DB, Table: s.Results}.Stopped(t.Context(), stop)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all)
}

// stopped is a decision of a notification that a stop has skipped.
func stopped(id profile.ID, notification, campaign, stop string) delivery.Decision {
	entry, err := json.Marshal(job.Notification{ID: notification, ProfileID: id, CampaignID: campaign, Step: "once", At: deliveryNoon})
	if err != nil {
		panic(err)
	}
	return delivery.Decision{NotificationID: notification, ProfileID: id, CampaignID: campaign, Step: "once", Channel: delivery.Email, Outcome: delivery.Skipped, Reason: delivery.KillSwitch, Detail: stop,
		Asked: deliveryNoon, At: deliveryNoon.Add(time.Second), Stop: stop, Entry: string(entry)}
}

// TestAStopListsWhatStandsSkippedByIt lets workers decide the same attempts side by side, under lost answers and failures, while somebody enters again; then each decision on record is listed where it
// says so, and nothing else is.
func TestAStopListsWhatStandsSkippedByIt(t *testing.T) {
	s, db, _ := deliveries(t)
	ids := []profile.ID{"p0", "p1", "p2"}
	decide := func(random *rand.Rand) {
		n := random.IntN(12)
		d := stopped(ids[n%3], fmt.Sprint("n", n), fmt.Sprint("c", n%2), []string{"s1", "s2"}[random.IntN(2)])
		if random.IntN(3) == 0 {
			d.Outcome, d.Reason, d.Detail, d.Stop, d.Entry = []delivery.Outcome{delivery.Unknown, delivery.Sent}[random.IntN(2)], "", "", "", ""
		}
		switch random.IntN(3) {
		case 0:
			_ = s.Decide(t.Context(), d)
		case 1:
			_, _ = s.DecideFirst(t.Context(), d, delivery.Unknown)
		default:
			if c, err := s.Contact(t.Context(), d.ProfileID); err == nil {
				_ = s.DecideWhile(t.Context(), d, c, delivery.Unknown, delivery.Skipped)
			}
		}
	}
	sideBySide(db, 7, 120, decide)
	list, _, err := s.Decisions(t.Context(), ids, 100, "")
	if err != nil || len(list) != 12 {
		t.Fatalf("%d on record, %v", len(list), err)
	}
	want, counts := map[string]bool{}, map[string]int{}
	for _, d := range list {
		if d.Reason == delivery.KillSwitch {
			want[d.Detail+" "+string(d.ProfileID)+" "+d.NotificationID] = true
			counts[d.Detail+d.CampaignID]++
		}
	}
	for _, stop := range []string{"s1", "s2"} {
		for _, one := range listedOf(t, s, stop) {
			name := stop + " " + string(one.ProfileID) + " " + one.Entry.ID
			if !want[name] || one.Channel != delivery.Email || !one.At.Equal(deliveryNoon.Add(time.Second)) || one.Entry.ProfileID != one.ProfileID {
				t.Errorf("listed is %s: %+v", name, one)
			}
			delete(want, name)
		}
		told := []string{}
		for _, c := range []string{"c0", "c1"} {
			if n := counts[stop+c]; n > 0 {
				told = append(told, fmt.Sprintf("{%s %d 0}", c, n))
			}
		}
		if got := tallies(t, s, stop); got != fmt.Sprint(told) {
			t.Errorf("of %s %s are counted, %v are on record", stop, got, told)
		}
	}
	if len(want) > 0 {
		t.Errorf("not listed are %v", want)
	}
}

// TestNobodyIsEnteredAgainTwice by requests that go side by side, whatever fails; one that was interrupted finds its own note.
func TestNobodyIsEnteredAgainTwice(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.Persisted, dynamotest.NotPersisted} {
		s, db, _ := deliveries(t)
		for n := range 6 {
			if err := s.Decide(t.Context(), stopped(profile.ID(fmt.Sprint("p", n)), fmt.Sprint("n", n), "c", "s1")); err != nil {
				t.Fatal(err)
			}
		}
		list := listedOf(t, s, "s1")
		for i := range 10 {
			db.Fail("TransactWriteItems", 2*i+2, how)
		}
		var workers sync.WaitGroup
		for _, by := range []string{"r1", "r2"} {
			workers.Go(func() {
				for _, one := range list {
					for range 20 {
						if _, err := skipsOf(s).Enter(t.Context(), "s1", one, by, deliveryNoon.Add(time.Hour)); err == nil {
							break
						}
					}
				}
			})
		}
		workers.Wait()
		db.Heal()
		for _, one := range listedOf(t, s, "s1") {
			if !one.Again.At.Equal(deliveryNoon.Add(time.Hour)) || one.Again.By == "" {
				t.Errorf("%s was not entered again: %+v", one.Entry.ID, one.Again)
			}
			again, err := skipsOf(s).Enter(t.Context(), "s1", one, "r3", deliveryNoon.Add(2*time.Hour))
			if err != nil || again != one.Again {
				t.Errorf("somebody who asks again is told %+v, %v; it was %+v", again, err, one.Again)
			}
		}
		if got := tallies(t, s, "s1"); got != "[{c 6 6}]" {
			t.Errorf("counted are %s", got)
		}
	}
}

// TestWhoIsErasedIsListedNoMore, and whoever holds the list from before enters nobody and brings nothing back. What the first half of a broken wipe has left, the next one finds.
func TestWhoIsErasedIsListedNoMore(t *testing.T) {
	s, db, _ := deliveries(t)
	for _, id := range []profile.ID{"gone", "stays"} {
		for n := range 3 {
			if err := s.Decide(t.Context(), stopped(id, fmt.Sprint("n", n), "c", "s1")); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := listedOf(t, s, "s1")
	g := people.Gone{Key: "gone", Until: deliveryNoon.Add(time.Hour)}
	for nth := 1; nth <= 2; nth++ {
		db.Fail("BatchWriteItem", nth, dynamotest.NotPersisted)
		if _, _, err := s.Wipe(t.Context(), g, ""); err == nil {
			t.Fatal("a failure is not told")
		}
		db.Heal()
	}
	if _, _, err := s.Wipe(t.Context(), g, ""); err != nil {
		t.Fatal(err)
	}
	left := listedOf(t, s, "s1")
	if len(left) != 3 || slices.ContainsFunc(left, func(one outreach.Skip) bool { return one.ProfileID != "stays" }) {
		t.Errorf("listed are %+v", left)
	}
	for _, one := range before {
		again, err := skipsOf(s).Enter(t.Context(), "s1", one, "r1", deliveryNoon)
		if err != nil || (again.By == "") != (one.ProfileID == "gone") {
			t.Errorf("%s: %+v, %v", one.ProfileID, again, err)
		}
	}
	if got := len(listedOf(t, s, "s1")); got != 3 {
		t.Errorf("%d are listed", got)
	}
	if got := tallies(t, s, "s1"); got != "[{c 6 3}]" { // a count tells of those too who were erased since
		t.Errorf("counted are %s", got)
	}
}

// TestWhatTheListCannotReadIsPassedOver and counted; what is over by its time is not shown, though the service deletes late.
func TestWhatTheListCannotReadIsPassedOver(t *testing.T) {
	s, _, clock := deliveries(t)
	broken := stopped("p1", "n1", "c", "s1")
	broken.Entry = "{"
	for _, d := range []delivery.Decision{broken, stopped("p1", "n2", "c", "s1")} {
		if err := s.Decide(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	count := func() (read, unreadable int) {
		page, unreadable, _, err := skipsOf(s).Page(t.Context(), "s1", "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(page), unreadable
	}
	if read, bad := count(); read != 1 || bad != 1 {
		t.Errorf("%d are read, %d are not", read, bad)
	}
	*clock = clock.Add(delivery.DecisionLife)
	if read, bad := count(); read != 0 || bad != 0 {
		t.Errorf("after 90 days %d are read, %d are not", read, bad)
	}
	if strings.Contains(tallies(t, s, "s2"), "c") {
		t.Error("another stop has skipped them")
	}
}
