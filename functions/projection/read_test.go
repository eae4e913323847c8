package projection

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestEveryReadBroken breaks each read once: the jobs come again, and all is as if nothing had been. What is read ahead may fail unseen: it is
// read again where it is needed.
func TestEveryReadBroken(t *testing.T) {
	for name, c := range map[string]struct {
		jobs func(*testing.T) []events.SQSMessage
		who  []profile.Identifier
	}{
		"people and orders": {scenario, []profile.Identifier{user("mei"), user("li")}},
		"merges":            {united, []profile.Identifier{user("mei"), user("till")}},
		"one order of two people, and one of nobody": {func(t *testing.T) []events.SQSMessage {
			return []events.SQSMessage{
				envelope(t, "server", track("1", "mei", "Order Completed", t0, `{"order_id":"A","total":10}`)),
				envelope(t, "server", track("2", "li", "Order Completed", t0, `{"order_id":"A","total":10}`), track("3", "li", "Store Visited", t0, "")),
				envelope(t, "shop", browse("4", "shopify-order-A", t0), track("5", "li", "Order Refunded", t0.Add(time.Minute), `{"order_id":"B","total":2}`)),
			}
		}, []profile.Identifier{user("mei"), user("li")}},
	} {
		outcome := func(s *shop) string {
			t.Helper()
			text := fmt.Sprint(s.settlement.follows(t))
			for _, i := range c.who {
				k := s.knows(i)
				slices.Sort(k.Timeline)
				text += fmt.Sprint("\n", i, k.Timeline, k.Profile.ID, k.Profile.Orders.Count, k.Profile.Orders.Revenue(), k.Profile.Counters, k.Profile.Traits)
			}
			return text
		}
		shop := func(blind bool) *shop {
			s := newShop(t)
			s.blind = blind
			return s
		}
		healthy := shop(false)
		rounds := healthy.live(c.jobs(t))
		want := outcome(healthy)
		broken := 0
		for _, blind := range []bool{false, true} {
			for _, op := range []string{"GetItem", "BatchGetItem", "Query"} {
				for nth := 1; ; nth++ {
					s := shop(blind)
					s.DB.Fail(op, nth, dynamotest.NotPersisted)
					n := s.live(c.jobs(t))
					if s.DB.Calls(op) < nth {
						break
					}
					broken++
					if op == "GetItem" && n <= rounds {
						t.Errorf("%s, %s %d: the failure was swallowed", name, op, nth)
					}
					if got := outcome(s); got != want {
						t.Errorf("%s, %s %d:\n%s\nwant\n%s", name, op, nth, got, want)
					}
				}
			}
		}
		if broken < 10 {
			t.Errorf("%s: only %d reads were broken", name, broken)
		}
	}
}

// TestWhatIsWatched is what the catalog says at the moment: the segments that one person's data decides, and the events of campaigns that run.
func TestWhatIsWatched(t *testing.T) {
	onEvent := func(state, name string) string {
		return `{"name":"C","state":"` + state + `","channel":"email","templateId":"t","trigger":{"event":{"name":"` + name + `"}}}`
	}
	now, db := t0, dynamotest.New(t)
	for id, body := range map[string]string{
		"buyers": `{"id":"buyers","name":"B","rule":{"field":"orders.count","op":"gte","value":1}}`, "broken": `{"id":7}`,
		"faulty": `{"id":"faulty","name":"F","rule":{"field":"no such field","op":"gte","value":1}}`,
	} {
		db.Define(t, definition.Segment, id, body, now)
	}
	for id, body := range map[string]string{
		"a": onEvent("running", "Signed Up"), "b": onEvent("paused", "Cart Viewed"), "c": `{"name":7}`, "d": onEvent("running", "Product Viewed"),
		"e": `{"name":"C","state":"running","channel":"email","templateId":"t","trigger":{"enteredSegment":"buyers"}}`,
		"f": strings.Replace(onEvent("running", "Tea Drunk"), "email", "pigeon", 1), // a newer program's, which hears of it
	} {
		db.Define(t, definition.Campaign, id, body, now)
	}
	shop := profile.Shop{Zone: time.UTC, Currency: "CNY"}
	d := &Definitions{Catalog: &catalog.Cache{Catalog: catalog.Catalog{DB: db, Table: "Catalog"}, Now: func() time.Time { return now }}, Shop: shop}
	w, err := d.Current(t.Context())
	if err != nil || len(w.Events) != 3 || !w.Events["Signed Up"] || !w.Events["Product Viewed"] || !w.Events["Tea Drunk"] || w.Shop != shop {
		t.Fatalf("watched %+v, %v", w, err)
	}
	p := &profile.Profile{ID: "p", Memory: profile.Memory{FirstSeen: t0}, Orders: profile.Orders{Count: 1}}
	if got := w.memberships(p, t0); len(got) != 1 || got[0].Ref != "buyers" || got[0].Kind != profile.FollowEntered {
		t.Errorf("who buys enters %+v", got)
	}
	now = now.Add(catalog.TTL)
	if again, err := d.Current(t.Context()); err != nil || again != w {
		t.Errorf("compiled again without a change, %v", err)
	}
	db.Define(t, definition.Campaign, "b", onEvent("running", "Cart Viewed"), now)
	now = now.Add(catalog.TTL)
	for _, operation := range []string{"GetItem", "Query"} {
		db.Fail(operation, 1, dynamotest.NotPersisted)
		if w, err := d.Current(t.Context()); err == nil {
			t.Errorf("without %s it is watched for %+v", operation, w)
		}
		db.Heal()
	}
	if now, err := d.Current(t.Context()); err != nil || !now.Events["Cart Viewed"] {
		t.Errorf("a new version is not watched: %+v, %v", now, err)
	}
}

// TestInvocations: a batch, the minute, and what is neither.
func TestInvocations(t *testing.T) {
	s := newShop(t)
	raw, err := json.Marshal(events.SQSEvent{Records: scenario(t)})
	s.Must(err)
	if out, err := s.worker().Invoke(t.Context(), raw); err != nil || len(out.(events.SQSEventResponse).BatchItemFailures) != 0 {
		t.Errorf("a batch: %v, %v", out, err)
	}
	if got := s.load(user("mei")); got.Orders.Count != 1 {
		t.Errorf("the batch was not folded: %+v", got)
	}
	if out, err := s.worker().Invoke(t.Context(), json.RawMessage(`{"schedule":"minute"}`)); err != nil || out != nil {
		t.Errorf("the minute: %v, %v", out, err)
	}
	if _, err := s.worker().Invoke(t.Context(), json.RawMessage(`{}`)); err == nil {
		t.Error("neither is taken")
	}
}
