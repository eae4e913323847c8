package play

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

var now = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheScriptIsTheSameForTheSameSeed(t *testing.T) {
	one, two, other := text(t, Write(Seed, now)), text(t, Write(Seed, now)), text(t, Write(Seed+1, now))
	if one != two {
		t.Error("two scripts of one seed differ")
	}
	if one == other {
		t.Error("scripts of two seeds are the same")
	}
}

func TestTheScriptOnlyMovesWithThePresent(t *testing.T) {
	const later = 31*24*time.Hour + 5*time.Hour
	a, b := Write(Seed, now), Write(Seed, now.Add(later))
	for source, events := range a.Events {
		moved := b.Events[source]
		if len(moved) != len(events) {
			t.Fatalf("source %q has %d events and then %d", source, len(events), len(moved))
		}
		for i, e := range events {
			if moved[i].MessageID != e.MessageID || !moved[i].Timestamp.Equal(e.Timestamp.Add(later)) {
				t.Fatalf("event %d of %q is %+v and then %+v", i, source, e, moved[i])
			}
		}
	}
}

func TestTheScriptIsAWholeShop(t *testing.T) {
	s := Write(Seed, now)
	ids, kinds, people := map[string]bool{}, map[string]int{}, map[string]bool{}
	completed, given := map[string]int64{}, map[string]int64{}
	for source, events := range s.Events {
		for i, e := range events {
			key := source + "/" + e.MessageID
			if ids[key] {
				t.Errorf("messageId %s comes twice", key)
			}
			ids[key] = true
			if e.Timestamp.After(now) || e.Timestamp.Before(now.AddDate(0, 0, -400)) {
				t.Errorf("%s happens at %s", key, e.Timestamp)
			}
			if i > 0 && e.Timestamp.Before(events[i-1].Timestamp) {
				t.Errorf("%s comes out of time", key)
			}
			if e.UserID == "" && e.AnonymousID == "" {
				t.Errorf("%s is nobody's", key)
			}
			people[e.UserID] = true
			kinds[e.Type+" "+e.Event]++
			book := completed
			switch e.Event {
			case "Order Refunded":
				book = given
				fallthrough
			case orderCompleted:
				sum, err := money.ParseDecimal(string(e.Properties["total"].(json.Number)), "CNY")
				if err != nil {
					t.Fatal(err)
				}
				book[e.Properties["order_id"].(string)] += sum.Minor
			}
		}
	}
	revenue := int64(0)
	for id, total := range completed {
		if total <= 0 || given[id] > total {
			t.Errorf("order %s: %d, refunded %d", id, total, given[id])
		}
		revenue += total - given[id]
	}
	if len(completed) != s.Orders || revenue != s.Revenue || s.People != 310 {
		t.Errorf("the script says %d orders, revenue %d, %d people; its events %d and %d", s.Orders, s.Revenue, s.People, len(completed), revenue)
	}
	// 300 people without 14 guests, 10 who are welcomed, and "" for the anonymous.
	if len(people) != 297 {
		t.Errorf("%d userIds, want 297", len(people))
	}
	for kind, least := range map[string]int{"page ": 310, "identify ": 296, "track Signed Up": 296, "track Consent Granted": 200, "track Consent Revoked": 5,
		"track Product Viewed": 1500, "track Product Added": 1000, "track Order Completed": 800, "track Order Refunded": 20} {
		if kinds[kind] < least {
			t.Errorf("%d of %q, want at least %d", kinds[kind], kind, least)
		}
	}
	if len(s.Events) != len(clientSources)+1 {
		t.Errorf("%d sources have events, want all %d and the back end", len(s.Events), len(clientSources))
	}
}

func TestThePresentIsFoundAgain(t *testing.T) {
	earliest, signedUp := now, time.Time{}
	for _, events := range Write(Seed, now).Events {
		for _, e := range events {
			if e.UserID != first && e.AnonymousID != "anon-"+first {
				continue
			}
			if e.Timestamp.Before(earliest) {
				earliest = e.Timestamp
			}
			if e.Type == "identify" {
				signedUp = e.Timestamp
			}
		}
	}
	if got := presentOf(Seed, earliest); !got.Equal(now) {
		t.Errorf("from the first visit the present is %s, want %s", got, now)
	}
	if got := presentOf(Seed, signedUp); !signedUp.After(earliest) || !got.Equal(now) {
		t.Errorf("from the sign-up the present is %s, want %s", got, now)
	}
}

func TestAmount(t *testing.T) {
	for minor, want := range map[int64]string{0: "0.00", 5: "0.05", 100: "1.00", 12345: "123.45"} {
		if got := string(amount(minor)); got != want {
			t.Errorf("amount(%d) = %s, want %s", minor, got, want)
		}
	}
}
