package projection

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// TestOrdersOfOneWhoWasErased keeps the shop's figures without the person: whatever is reported of the order later counts for nobody, also
// where somebody has come back with an order just like it. The order of a referral keeps its owner's pseudonym.
func TestOrdersOfOneWhoWasErased(t *testing.T) {
	s := newShop(t)
	completed := func(id, userID string, n int, properties string) events.SQSMessage {
		return envelope(t, "web", hour(n, track("c-"+id, userID, "Order Completed", t0, fmt.Sprintf(`{"order_id":"%s"%s}`, id, properties))))
	}
	mei := user("mei").ID()
	s.settle(completed("A", "mei", -1, `,"total":10`), completed("R", "mei", -2, `,"total":20`), completed("L", "li", -2, `,"total":5`))
	s.settle(envelope(t, "web", hour(-1, track("p", "mei", "Order Placed", t0, `{"order_id":"P","total":7}`))))
	s.settle(envelope(t, "hook", hour(-1, track("seen", "mei", "Order Refunded", t0, `{"order_id":"L","total":1}`))))
	put(t, s.DB, "Referrals", map[string]string{"pk": "f#" + string(mei), "sk": "spring", "program": "spring", "friend": string(mei), "order": "R", "state": "settled"}, map[string]int64{"v": 3})
	s.rest()
	s.erase("mei", t0)
	// Somebody comes back with the same figures at the same second, and pays what was placed before.
	again := hour(1, track("again", "mei", "Order Completed", t0, `{"order_id":"B","total":10}`))
	again.Timestamp = t0.Add(-time.Hour)
	s.settle(envelope(t, "web", again), completed("P", "mei", 2, `,"total":7`))
	s.rest()
	refund := envelope(t, "hook", hour(3, track("late", "till", "Order Refunded", t0, `{"order_id":"A","total":4}`)), hour(3, track("own", "mei", "Order Refunded", t0, `{"order_id":"A","total":1}`)))
	s.live([]events.SQSMessage{refund})

	for id, want := range map[string]struct {
		owner  profile.ID
		net    int64
		erased bool
	}{"A": {"nobody", 500, false}, "R": {mei, 2000, true}, "L": {user("li").ID(), 400, false}, "B": {mei, 1000, false}, "P": {mei, 700, false}} {
		o, err := s.Orders.Load(t.Context(), id)
		if err != nil || o.Owner != want.owner || o.Net() != want.net || o.OwnerErased != want.erased {
			t.Errorf("order %s is of %s, worth %d, its owner erased: %v, %v; want %v", id, o.Owner, o.Net(), o.OwnerErased, err, want)
		}
	}
	for i, want := range map[profile.Identifier][2]int64{user("mei"): {2, 1700}, user("till"): {0, 0}, user("li"): {1, 400}} {
		p := s.load(i)
		var net int64
		for _, r := range p.Orders.Revenue() {
			net += r.Minor
		}
		if got := [2]int64{int64(p.Orders.Count), net}; got != want {
			t.Errorf("%v has %v, want %v", i, got, want)
		}
	}
}

// TestAnOrderThatKeptItsOwner: whoever stands under the owner's key by now is somebody else, and hears nothing of the order; the order hears of everything.
func TestAnOrderThatKeptItsOwner(t *testing.T) {
	for name, c := range map[string]struct {
		user, anonymous string
		of              profile.Identifier
	}{
		"seen by another person": {"till", "", user("till")},
		"seen by nobody":         {"", order.Guest("shopify", "R"), anonymous(order.Guest("shopify", "R"))},
	} {
		s := newShop(t)
		mei := user("mei").ID()
		s.settle(envelope(t, "web", hour(-2, track("c", "mei", "Order Completed", t0, `{"order_id":"R","total":20}`))))
		put(t, s.DB, "Referrals", map[string]string{"pk": "f#" + string(mei), "sk": "spring", "program": "spring", "friend": string(mei), "order": "R", "state": "settled"}, map[string]int64{"v": 3})
		s.rest()
		s.erase("mei", t0)
		s.rest()
		s.settle(envelope(t, "web", hour(1, seen("back", "mei"))))
		late := hour(3, track("late", c.user, "Order Refunded", t0, `{"order_id":"R","total":4}`))
		late.AnonymousID = c.anonymous
		s.settle(envelope(t, "hook", late))
		s.rest()
		s.live(nil)
		o, err := s.Orders.Load(t.Context(), "R")
		if err != nil || o.Owner != mei || o.Net() != 1600 {
			t.Errorf("%s: the order is of %s, worth %d, %v", name, o.Owner, o.Net(), err)
		}
		if k := s.knows(user("mei")); len(k.Timeline) != 1 || k.Profile.Orders.Count != 0 || k.Profile.Counters["Order Refunded"].Total != 0 {
			t.Errorf("%s: who came back has %d orders and the timeline %v", name, k.Profile.Orders.Count, k.Timeline)
		}
		if k := s.knows(c.of); len(k.Timeline) != 1 || k.Profile.Orders.Count != 0 {
			t.Errorf("%s: who told of it has %d orders and the timeline %v", name, k.Profile.Orders.Count, k.Timeline)
		}
	}
}

// TestCodesOfOneWhoWasErased takes codes and the list of friends away, and leaves what the person has as friend, and what came since.
func TestCodesOfOneWhoWasErased(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", seen("1", "mei")))
	mei := s.load(user("mei")).ID
	for _, c := range []struct {
		code, program string
		who           profile.ID
		at            time.Time
	}{{"OLD", "spring", mei, t0}, {"LI", "spring", "li", t0}, {"NEW", "autumn", mei, t0.Add(2 * time.Hour)}} {
		s.Must((reward.Codes{DB: s.DB, Table: "Referrals"}).PutCode(t.Context(), c.code, c.program, c.who, c.at, nil))
	}
	put(t, s.DB, "Referrals", map[string]string{"pk": "f#" + string(mei), "sk": "spring", "program": "spring", "friend": string(mei), "state": "claimed"}, map[string]int64{"v": 1})
	put(t, s.DB, "Referrals", map[string]string{"pk": "a#" + string(mei), "sk": "r#spring#li", "program": "spring", "friend": "li", "at": t0.Format(time.RFC3339)}, nil)
	s.erase("mei", t0)
	s.rest()
	var left []string
	s.DB.Each(t, "Referrals", func(item map[string]types.AttributeValue) {
		left = append(left, item["pk"].(*types.AttributeValueMemberS).Value)
	})
	slices.Sort(left)
	if want := []string{"a#" + string(mei), "a#li", "c#LI", "c#NEW", "f#" + string(mei)}; !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
}

// TestAnErasureThatComesAgainTakesNothingSince: each wipe that is filed, an hour later too, ends with the tombstones and not with when it was filed.
func TestAnErasureThatComesAgainTakesNothingSince(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", hour(1, seen("1", "old"))))
	buried := t0.Add(2 * time.Hour)
	for range 3 {
		s.Set(buried)
		if len(s.reports.Bodies()) > 0 {
			s.Set(buried.Add(time.Hour))
		}
		s.settle(eraseJob(t, user("old").ID(), t0.Add(90*time.Minute), false))
		s.Must(s.reports.SendBody(t.Context(), []byte("seen")))
	}
	wipes := 0
	s.DB.Each(t, "Due", func(item map[string]types.AttributeValue) {
		body, is := item["b"].(*types.AttributeValueMemberB)
		if !is || !ownEntry(item) {
			return
		}
		var j job.Events
		s.Must(json.Unmarshal(body.Value, &j))
		wipes++
		if until := j.Command.Wipe.Until; until.Before(buried) || until.After(buried.Add(10*time.Millisecond)) {
			t.Errorf("a wipe takes what was noted until %s; the tombstones stood at %s", until, buried)
		}
	})
	if wipes < 3 {
		t.Errorf("%d wipes were filed", wipes)
	}
}

// put writes an item as another version of the program would.
func put(t *testing.T, db *dynamotest.DB, table string, texts map[string]string, numbers map[string]int64) {
	t.Helper()
	item := map[string]types.AttributeValue{}
	for name, text := range texts {
		item[name] = &types.AttributeValueMemberS{Value: text}
	}
	for name, n := range numbers {
		item[name] = &types.AttributeValueMemberN{Value: fmt.Sprint(n)}
	}
	if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item}); err != nil {
		t.Fatal(err)
	}
}

// TestAReportOfOneWhoWasErasedSince finds the pack of a reported event gone with its reporter; one that is only late comes again.
func TestAReportOfOneWhoWasErasedSince(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10}`)))
	s.settle(envelope(t, "hook", track("r", "till", "Order Refunded", t0, `{"order_id":"A","total":4}`)))
	report := events.SQSMessage{Body: s.reports.Bodies()[0]}
	s.erase("till", t0.Add(time.Hour))
	if again := deliver(t, s.worker(), report); len(again) != 0 {
		t.Error("the report comes back for ever")
	}
	var j job.Events
	s.Must(json.Unmarshal([]byte(report.Body), &j))
	s.settle(envelope(t, "hook", hour(2, seen("back", "till"))))
	if again := deliver(t, s.worker(), report); len(again) != 0 {
		t.Error("the report comes back for ever, since the till is there again")
	}
	j.Command.Report.Version = s.load(user("till")).Version + 1
	body := functiontest.Body(t, j)
	if again := deliver(t, s.worker(), events.SQSMessage{Body: body}); len(again) != 1 {
		t.Error("a pack that is not there yet is given up")
	}
}
