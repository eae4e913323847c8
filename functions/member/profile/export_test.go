package profile_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

func TestExportGivesEverythingInPages(t *testing.T) {
	b := membertest.Start(t)
	b.Whole()
	kinds, texts := map[string]int{}, map[string]string{}
	cursor, pages := "", 0
	for ; pages < 40; pages++ {
		body := b.Want(b.Call("GET", "/v1/profiles/ann/export?limit=2&cursor="+cursor, ""), 200)
		for _, item := range body["items"].([]any) {
			kind := item.(map[string]any)["kind"].(string)
			kinds[kind]++
			text, err := json.Marshal(item.(map[string]any)["value"])
			b.Must(err)
			texts[kind] += string(text)
		}
		if cursor, _ = body["next"].(string); cursor == "" {
			break
		}
	}
	want := map[string]int{"profile": 1, "detail": 1, "ledger": 1, "entry": 2, "referralAsFriend": 1, "referralAsAdvocate": 3, "decision": 3, "event": 7, "code": 1, "campaign": 1, "contact": 1, "wait": 1}
	orders := kinds["order"]
	delete(kinds, "order")
	if !maps.Equal(kinds, want) || cursor != "" || orders < 1 || orders > 2 {
		t.Errorf("got %v and %d orders in %d pages, want %v", kinds, orders, pages, want)
	}
	for kind, part := range map[string]string{"order": `"net":{"amount":900,"currency":"CNY"}`, "code": `"programId":"spring"`, "campaign": `"campaignId":"welcome","notBefore":"` + membertest.Noon.Add(time.Hour).UTC().Format(time.RFC3339),
		"contact": `"notificationId":"n1"`, "wait": `"notificationId":"n9"`, "detail": `"counters"`} {
		if !strings.Contains(texts[kind], part) || strings.Contains(texts[kind], `"orderId":"B"`) {
			t.Errorf("%s: %s; want %s", kind, texts[kind], part)
		}
	}
	if part := `"refunds":[{"amount":{"amount":100,"currency":"CNY"},`; !strings.Contains(texts["order"], part) || !strings.Contains(texts["order"], `{"amount":14000,"currency":"USD"}`) {
		t.Errorf("refunds of the order: %s", texts["order"])
	}
	for _, bad := range []string{"x", "9:", "-1:", "1", "5:!"} {
		b.Want(b.Call("GET", "/v1/profiles/ann/export?cursor="+bad, ""), 400, "cursor")
	}
	b.Want(b.Call("GET", "/v1/profiles/nobody/export", ""), 404)
	b.Want(b.Call("GET", "/v1/profiles/ann/events?limit=2", ""), 200, `"messageId":"m0"`, `"next"`)
	b.Want(b.Call("GET", "/v1/profiles/ann/decisions?limit=2", ""), 200, `"notificationId":"n2"`, `"next"`)
	b.Want(b.Call("GET", "/v1/profiles/nobody/events", ""), 404)
	b.Want(b.Call("GET", "/v1/profiles/nobody/decisions", ""), 404)
}

// TestTheExportInFull asserts values that nothing else shows.
func TestTheExportInFull(t *testing.T) {
	b := membertest.Start(t)
	p := b.Save("ann", func(p *profile.Profile) {
		p.Active.Add(100)
		p.Active.Add(97)
		p.Active.Add(91)
		p.Tokens = map[string]profile.Token{"later": {At: membertest.Noon.Add(time.Minute)}, "b": {At: membertest.Noon}, "a": {At: membertest.Noon}}
		p.CartClearedAt = membertest.Noon
	})
	export := func(section int) string {
		return b.Call("GET", fmt.Sprintf("/v1/profiles/ann/export?cursor=%d:", section), "").Body.String()
	}
	has := func(text string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("no %s in %s", part, text)
			}
		}
	}
	has(export(0), `"activeDays":["`+profile.Day(100).String()+`","`+profile.Day(97).String()+`","`+profile.Day(91).String()+`"]`, `"cartClearedAt":"2026-11-21T12:00:00Z"`,
		`"pushTokens":[{"token":"later",`, `"orderEntries":[]`, `"olderOrders":[]`, `"balance":[]`, `"entries":[]`)
	if text := export(0); strings.Index(text, `"token":"a"`) > strings.Index(text, `"token":"b"`) {
		t.Errorf("tokens of one time are out of order: %s", text)
	}

	o := &order.Order{ID: "A", Owner: p.ID, Currency: "CNY", Total: 1000, Revenue: 900, Discount: 50, Coupon: "X", PlacedAt: membertest.Noon.Add(-time.Hour), CompletedAt: membertest.Noon,
		Products: []order.Product{{ID: "p1", Name: "Tea", Category: "Drinks", Quantity: 2, Price: 450}}, Refunds: []order.Refund{{Amount: 100, At: membertest.Noon}, {Whole: true, At: membertest.Noon.Add(time.Hour)}}}
	b.Must(b.Profiles.Commit(t.Context(), people.Change{Profile: p, Orders: []*order.Order{o}}))
	e := event.Event{MessageID: "m", Kind: event.Track, Name: "Order Completed", UserID: "ann", Timestamp: membertest.Noon, ReceivedAt: membertest.Noon, Properties: []byte(`{"order_id":"A"}`)}
	pack := people.Pack{Profile: p.ID, Day: profile.DayOf(membertest.Noon), Version: 9, Events: []people.PackedEvent{{Source: "web", Event: e}}}
	b.Must(b.Process.Timeline.Write(t.Context(), pack))
	cny := func(n int) string { return fmt.Sprintf(`{"amount":%d,"currency":"CNY"}`, n) }
	has(export(7), `"orderId":"A","placedAt":"2026-11-21T11:00:00Z","completedAt":"2026-11-21T12:00:00Z","cancelledAt":null,"total":`+cny(1000)+`,"revenue":`+cny(900)+`,"net":`,
		`"discount":`+cny(50)+`,"coupon":"X","products":[{"productId":"p1","name":"Tea","category":"Drinks","quantity":2,"price":`+cny(450)+`}],"refunds":[{"amount":`+cny(100)+`,"whole":false,"at":"2026-11-21T12:00:00Z"},{"amount":`+cny(1000)+`,"whole":true`)

	// A record of a part that was never written is none.
	b.Save("bob", func(p *profile.Profile) { p.Parts = []profile.ID{"part"} })
	b.Must(b.Process.Deliveries.SaveContact(t.Context(), &delivery.Contact{ProfileID: "part", Suppressions: map[delivery.Channel]delivery.Suppression{delivery.Email: {Reason: "bounce", At: membertest.Noon}}}))
	notes := b.Want(b.Call("GET", "/v1/profiles/bob/export?cursor=6:", ""), 200, `"profileId":"part"`, `"bounce"`)
	if n := len(notes["items"].([]any)); n != 1 {
		t.Errorf("%d notes of bob: %v", n, notes)
	}
}

// TestAnExportHasOneLine goes through all pages, and tries to have pages without a line.
func TestAnExportHasOneLine(t *testing.T) {
	b := membertest.Start(t)
	b.Whole()
	b.Save("bea", nil)
	b.Hire()
	path := "/v1/profiles/ann/export?limit=2&cursor="
	count := func(what string, want int) {
		t.Helper()
		if n := strings.Count(told(b), "export#"); n != want {
			t.Errorf("%s: %d lines, want %d", what, n, want)
		}
	}
	cursor, second, pages := "", "", 0
	for ; pages < 40; pages++ {
		body := b.Want(b.Call("GET", path+cursor, ""), 200)
		if cursor, _ = body["next"].(string); cursor == "" {
			break
		}
		if pages == 0 {
			second = cursor
		}
		b.Pass(time.Minute)
	}
	if pages < 8 {
		t.Fatalf("%d pages", pages)
	}
	count("all pages", 1)
	b.Want(b.Call("GET", path+second, ""), 200)
	count("a page once more", 1)
	if status, body := b.As(access.Approver, "GET", path+second); status != 200 || body["next"] == "" {
		t.Fatalf("another caller: %d", status)
	}
	count("another caller's page", 2)
	b.Pass(time.Millisecond)
	b.Want(b.Call("GET", path+"1:", ""), 200) // as the version before gave it
	count("a cursor without a session", 3)
	b.Pass(time.Millisecond)
	b.Want(b.Call("GET", path+"x1.id-1:1:", ""), 200)
	b.Pass(time.Millisecond)
	b.Want(b.Call("GET", path+"x1."+strings.Repeat("i", 1100)+":1:", ""), 200) // no key is that long
	count("made-up sessions", 5)
	b.Want(b.Call("GET", "/v1/profiles/bea/export?cursor="+second, ""), 200)
	count("another person's page", 6)
	b.Pass(25 * time.Hour)
	b.Want(b.Call("GET", path+second, ""), 200)
	count("a day later", 7)
	for _, bad := range []string{"x", "x:", "xa.b:1:", strings.Replace(second, ":1:", ":9:", 1)} {
		b.Want(b.Call("GET", path+bad, ""), 400, "cursor")
	}
}

// TestALineThatCannotBeRead is no reason for another one: a page of an export waits until its line can be read.
func TestALineThatCannotBeRead(t *testing.T) {
	b := membertest.Start(t)
	b.Whole()
	b.Hire()
	next := b.Want(b.Call("GET", "/v1/profiles/ann/export?limit=2", ""), 200)["next"].(string)
	broken := 0
	for _, op := range membertest.Reads {
		for nth := 1; ; nth++ {
			before := b.DB.Calls(op)
			b.DB.Fail(op, nth, dynamotest.NotPersisted)
			w := b.Call("GET", "/v1/profiles/ann/export?limit=2&cursor="+next, "")
			b.DB.Heal()
			if b.DB.Calls(op)-before < nth {
				break
			}
			broken++
			b.Want(w, 503)
		}
	}
	if n := strings.Count(told(b), "export#"); n != 1 || broken < 2 {
		t.Errorf("%d lines after %d broken reads", n, broken)
	}
}
