package member

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

var reads = []string{"GetItem", "BatchGetItem", "Query", "Scan"}

// TestEveryReadThatFails has each read of each request fail once. Nothing half is answered, and the next try is answered as if nothing had
// been.
func TestEveryReadThatFails(t *testing.T) {
	b := start(t)
	b.whole()
	b.settle("friend of bea", "bea", noon)
	b.pass(time.Minute)
	paths := []string{"/v1/profiles/ann", "/v1/profiles/ann/events", "/v1/profiles/ann/decisions", "/v1/profiles/ann/ledger", "/v1/consents/ann", "/v1/referrals/ann", "/v1/programs/spring/leaderboard"}
	for section := range b.process.sections() {
		paths = append(paths, fmt.Sprintf("/v1/profiles/ann/export?cursor=%d:", section))
	}
	for _, path := range paths {
		want := b.call("GET", path, "")
		b.want(want, 200)
		broken := 0
		for _, op := range reads {
			for nth := 1; ; nth++ {
				before := b.db.Calls(op)
				b.db.Fail(op, nth, dynamotest.NotPersisted)
				w := b.call("GET", path, "")
				b.db.Heal()
				// What is read side by side may read less after a failure: asking until nothing fails finds the end.
				if w.Code == 200 && b.db.Calls(op)-before < nth {
					break
				}
				broken++
				b.want(w, 503, "try again")
				if w.Header().Get("Retry-After") == "" {
					t.Errorf("%s, %s %d: no Retry-After", path, op, nth)
				}
			}
		}
		if again := b.call("GET", path, ""); again.Body.String() != want.Body.String() || broken == 0 {
			t.Errorf("%s: %d reads were broken, and then it answers %s, want %s", path, broken, again.Body, want.Body)
		}
	}
}

// TestEveryCallOfAnActThatFails does the same with what writes, each read and each write.
func TestEveryCallOfAnActThatFails(t *testing.T) {
	code := func(b *bench) string { return b.code("spring", "ann") }
	for name, c := range map[string]struct {
		act    func(b *bench) *httptest.ResponseRecorder
		status int
	}{
		"a code": {func(b *bench) *httptest.ResponseRecorder {
			return b.call("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"zoe"}`, "Idempotency-Key", "k")
		}, 200},
		"a code that there is": {func(b *bench) *httptest.ResponseRecorder {
			return b.call("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"ann"}`, "Idempotency-Key", "k")
		}, 200},
		"a code of no program": {func(b *bench) *httptest.ResponseRecorder {
			return b.call("POST", "/v1/referrals/codes", `{"programId":"none","userId":"zoe"}`, "Idempotency-Key", "k")
		}, 422},
		"a claim":         {func(b *bench) *httptest.ResponseRecorder { return b.claim(code(b), "zoe", "Idempotency-Key", "k") }, 201},
		"a refused claim": {func(b *bench) *httptest.ResponseRecorder { return b.claim(code(b), "ann", "Idempotency-Key", "k") }, 409},
		"no code":         {func(b *bench) *httptest.ResponseRecorder { return b.claim("ABCDEFGH", "zoe", "Idempotency-Key", "k") }, 422},
		"a withdrawal": {func(b *bench) *httptest.ResponseRecorder {
			return b.anybody("POST", "/v1/unsubscribe/"+delivery.Unsubscribe{ProfileID: userKey("ann"), Channel: delivery.Email, NotificationID: "n1"}.Token(shopKeys), "")
		}, 200},
		"an erasure": {func(b *bench) *httptest.ResponseRecorder { return b.call("DELETE", "/v1/profiles/ann", "") }, 202},
	} {
		for _, op := range append(reads, dynamotest.AnyWrite) {
			for nth := 1; ; nth++ {
				b := start(t)
				b.whole()
				b.pass(time.Minute)
				ready := c.act
				if strings.Contains(name, "claim") {
					known := code(b) // asking for it is not what is broken
					who := map[bool]string{true: "zoe", false: "ann"}[name == "a claim"]
					ready = func(b *bench) *httptest.ResponseRecorder { return b.claim(known, who, "Idempotency-Key", "k") }
				}
				before := b.db.Calls(op)
				b.db.Fail(op, nth, dynamotest.NotPersisted)
				w := ready(b)
				reached := b.db.Calls(op)-before >= nth
				b.db.Heal()
				if !reached {
					b.want(w, c.status)
					break
				}
				b.want(w, 503)
				b.want(ready(b), c.status)
			}
		}
	}
}

// TestTheQueueIsAway: a withdrawal is not answered before its event is durable, nor an erasure before its command.
func TestTheQueueIsAway(t *testing.T) {
	b := start(t)
	p := b.save("ann", nil)
	path := "/v1/unsubscribe/" + delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Social, NotificationID: "n1"}.Token(shopKeys)
	b.sent.err = dynamotest.ErrInjected
	b.want(b.anybody("POST", path, ""), 503)
	b.want(b.call("DELETE", "/v1/profiles/ann", ""), 503)
	b.sent.err = nil
	b.want(b.anybody("POST", path, ""), 200)
	b.want(b.call("DELETE", "/v1/profiles/ann", ""), 202)
	if len(b.sent.jobs) != 2 {
		t.Errorf("%d jobs were sent", len(b.sent.jobs))
	}
}

// TestOneKeyOneAnswer has another request of the same caller and key come first, between looking for an answer and keeping one.
func TestOneKeyOneAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		path, body, other string
		status            int // of the one that came second with the same body
	}{
		"a code":                {"codes", `{"programId":"spring","userId":"ann"}`, `{"programId":"spring","userId":"ann" }`, 200},
		"a code of no program":  {"codes", `{"programId":"none","userId":"ann"}`, `{"programId":"none","userId":"ann" }`, 422},
		"a claim of no code":    {"claims", `{"code":"ABCDEFGH","userId":"bob"}`, `{"code":"ABCDEFGH","userId":"bob" }`, 422},
		"a claim of one's code": {"claims", `{"code":"CODE","userId":"ann"}`, `{"code":"CODE","userId":"ann" }`, 422},
		"a claim":               {"claims", `{"code":"CODE","userId":"bob"}`, `{"code":"CODE","userId":"bob" }`, 201},
	} {
		for _, same := range []bool{true, false} {
			b := start(t)
			b.program("spring", "")
			ours := c.body
			if c.path == "claims" {
				code := b.code("spring", "ann")
				ours, c.other = strings.Replace(c.body, "CODE", code, 1), strings.Replace(c.other, "CODE", code, 1)
			}
			theirs := ours
			if !same {
				theirs = c.other
			}
			var first *httptest.ResponseRecorder
			b.db.Interrupt(dynamotest.AnyWrite, 1, func() {
				first = b.call("POST", "/v1/referrals/"+c.path, theirs, "Idempotency-Key", "k")
			})
			second := b.call("POST", "/v1/referrals/"+c.path, ours, "Idempotency-Key", "k")
			b.want(first, c.status)
			if same {
				if b.want(second, c.status); second.Body.String() != first.Body.String() || second.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
					t.Errorf("%s: answered %s and %s", name, first.Body, second.Body)
				}
			} else {
				b.want(second, 422, "another body")
			}
		}
	}
}

// TestCodesThatAreTaken: six people have the codes that would be a person's first ones.
func TestCodesThatAreTaken(t *testing.T) {
	for taken, status := range map[int]int{1: 200, maxTries - 1: 200, maxTries: 503} {
		b := start(t)
		b.program("spring", "")
		for attempt := range taken {
			code := referral.Code("spring", userKey("ann"), attempt)
			if err := b.process.Referrals.PutCode(t.Context(), code, "spring", profile.ID(fmt.Sprint("other", attempt)), noon, nil); err != nil {
				t.Fatal(err)
			}
		}
		w := b.call("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"ann"}`)
		if b.want(w, status); status == 200 && b.code("spring", "ann") != referral.Code("spring", userKey("ann"), taken) {
			t.Errorf("with %d taken: %s", taken, w.Body)
		}
	}
}

// TestAClaimThatAlwaysMoves: the friend's profile changes before each try.
func TestAClaimThatAlwaysMoves(t *testing.T) {
	for moves, status := range map[int]int{maxTries - 1: 201, maxTries: 503} {
		b := start(t)
		b.program("spring", "")
		code := b.code("spring", "ann")
		p := b.save("bob", nil)
		for nth := range moves {
			b.db.Interrupt("TransactWriteItems", nth+1, func() {
				if err := b.process.Referrals.Profiles.Save(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			})
		}
		b.want(b.claim(code, "bob"), status)
	}
}

// TestABodyThatCannotBeRead is the caller's fault: the connection broke.
func TestABodyThatCannotBeRead(t *testing.T) {
	b := start(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/referrals/codes", io.MultiReader(strings.NewReader(`{"programId"`), iotest.ErrReader(errors.New("gone"))))
	r.Header.Set("Authorization", "Bearer "+serverKey)
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	b.want(w, 400, "could not be read")
}

// TestWhoIsKnownByADeviceOnly withdraws, too: the event names the device.
func TestWhoIsKnownByADeviceOnly(t *testing.T) {
	b := start(t)
	phone := profile.Identifier{Kind: profile.AnonymousID, Value: "phone"}
	p := b.save("x", func(p *profile.Profile) { p.ID, p.Identifiers = phone.ID(), []profile.Identifier{phone} })
	b.want(b.anybody("POST", "/v1/unsubscribe/"+delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Social, NotificationID: "n1"}.Token(shopKeys), ""), 200)
	if len(b.sent.jobs) != 1 || b.sent.jobs[0].Events[0].AnonymousID != "phone" || b.sent.jobs[0].Events[0].UserID != "" {
		t.Errorf("sent %+v", b.sent.jobs)
	}
}

// TestTheExportInFull asserts values that nothing else shows.
func TestTheExportInFull(t *testing.T) {
	b := start(t)
	p := b.save("ann", func(p *profile.Profile) {
		p.Active.Add(100)
		p.Active.Add(97)
		p.Active.Add(91)
		p.Tokens = map[string]profile.Token{"later": {At: noon.Add(time.Minute)}, "b": {At: noon}, "a": {At: noon}}
		p.CartClearedAt = noon
	})
	export := func(section int) string {
		return b.call("GET", fmt.Sprintf("/v1/profiles/ann/export?cursor=%d:", section), "").Body.String()
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

	o := &order.Order{ID: "A", Owner: p.ID, Currency: "CNY", Total: 1000, Revenue: 900, Discount: 50, Coupon: "X", PlacedAt: noon.Add(-time.Hour), CompletedAt: noon,
		Products: []order.Product{{ID: "p1", Name: "Tea", Category: "Drinks", Quantity: 2, Price: 450}}, Refunds: []order.Refund{{Amount: 100, At: noon}, {Whole: true, At: noon.Add(time.Hour)}}}
	if err := b.process.Referrals.Profiles.Commit(t.Context(), people.Change{Profile: p, Orders: []*order.Order{o}}); err != nil {
		t.Fatal(err)
	}
	e := event.Event{MessageID: "m", Kind: event.Track, Name: "Order Completed", UserID: "ann", Timestamp: noon, ReceivedAt: noon, Properties: []byte(`{"order_id":"A"}`)}
	pack := people.Pack{Profile: p.ID, Day: profile.DayOf(noon), Version: 9, Events: []people.PackedEvent{{Source: "web", Event: e}}}
	if err := b.process.Timeline.Write(t.Context(), pack); err != nil {
		t.Fatal(err)
	}
	cny := func(n int) string { return fmt.Sprintf(`{"amount":%d,"currency":"CNY"}`, n) }
	has(export(7), `"orderId":"A","placedAt":"2026-11-21T11:00:00Z","completedAt":"2026-11-21T12:00:00Z","cancelledAt":null,"total":`+cny(1000)+`,"revenue":`+cny(900)+`,"net":`,
		`"discount":`+cny(50)+`,"coupon":"X","products":[{"productId":"p1","name":"Tea","category":"Drinks","quantity":2,"price":`+cny(450)+`}],"refunds":[{"amount":`+cny(100)+`,"whole":false,"at":"2026-11-21T12:00:00Z"},{"amount":`+cny(1000)+`,"whole":true`)

	// A record of a part that was never written is none.
	b.save("bob", func(p *profile.Profile) { p.Parts = []profile.ID{"part"} })
	if err := b.process.Deliveries.SaveContact(t.Context(), &delivery.Contact{ProfileID: "part", Suppressions: map[delivery.Channel]delivery.Suppression{delivery.Email: {Reason: "bounce", At: noon}}}); err != nil {
		t.Fatal(err)
	}
	notes := b.want(b.call("GET", "/v1/profiles/bob/export?cursor=6:", ""), 200, `"profileId":"part"`, `"bounce"`)
	if n := len(notes["items"].([]any)); n != 1 {
		t.Errorf("%d notes of bob: %v", n, notes)
	}
}

// spend takes points from somebody's lots.
func (b *bench) spend(id, userID string, points int64) {
	b.Helper()
	account := ledger.Person(userKey(userID))
	lots, err := b.process.Referrals.Ledger.Lots(b.Context(), account)
	if err != nil {
		b.Fatal(err)
	}
	p, ok, err := ledger.Redeem(ledger.Effect{Kind: "test", ID: id}, noon, account, ledger.House("spring"), ledger.Quantity{Unit: ledger.Points, Amount: points}, lots, 0)
	if !ok {
		b.Fatal("there is not so much", err)
	}
	b.book(p, err)
}

// takeBack reverses what was granted to somebody.
func (b *bench) takeBack(id, userID string) {
	b.Helper()
	account := ledger.Person(userKey(userID))
	lots, err := b.process.Referrals.Ledger.Lots(b.Context(), account)
	if err != nil {
		b.Fatal(err)
	}
	entries, err := b.process.Referrals.Ledger.EffectEntries(b.Context(), ledger.Effect{Kind: "test", ID: id})
	if err != nil {
		b.Fatal(err)
	}
	p, err := ledger.Reverse(ledger.Effect{Kind: "test", ID: id + "-back"}, noon, entries, lots, nil)
	b.book(p, err)
}

// TestWhatIsOwed shows a debt, over all ids of a person.
func TestWhatIsOwed(t *testing.T) {
	b := start(t)
	b.grant("1", "ann", noon)
	b.grant("2", "anna", noon)
	b.spend("3", "ann", 70)
	b.spend("4", "anna", 100)
	b.takeBack("1", "ann")
	ann, anna := b.save("ann", nil), b.save("anna", nil)
	ann.Absorb(anna)
	if err := b.process.Referrals.Profiles.Merge(t.Context(), ann, anna, people.Pack{}); err != nil {
		t.Fatal(err)
	}
	w := b.call("GET", "/v1/profiles/ann/ledger", "")
	b.want(w, 200, `"balance":[{"voucher":{"amount":500,"currency":"CNY"}},{"points":-70}],"owed":[{"points":70}],"lifetime":[{"voucher":{"amount":500,"currency":"CNY"}},{"points":100}]`)
	if strings.Contains(w.Body.String(), `"remaining":{"points":0}`) {
		t.Errorf("a lot that is used up is shown: %s", w.Body)
	}
}
