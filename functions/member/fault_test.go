package member_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestEveryReadThatFails has each read of each request fail once. Nothing half is answered, and the next try is answered as if nothing had
// been.
func TestEveryReadThatFails(t *testing.T) {
	b := membertest.Start(t)
	b.Whole()
	b.Settle("friend of bea", "bea", membertest.Noon)
	b.Pass(time.Minute)
	paths := []string{"/v1/profiles/ann", "/v1/profiles/ann/events", "/v1/profiles/ann/decisions", "/v1/profiles/ann/ledger", "/v1/consents/ann", "/v1/referrals/ann", "/v1/programs/spring/leaderboard"}
	const sections = 8
	for section := range sections {
		paths = append(paths, fmt.Sprintf("/v1/profiles/ann/export?cursor=%d:", section))
	}
	b.Want(b.Call("GET", fmt.Sprintf("/v1/profiles/ann/export?cursor=%d:", sections), ""), 400)
	for _, path := range paths {
		want := b.Call("GET", path, "")
		b.Want(want, 200)
		broken := 0
		for _, op := range membertest.Reads {
			for nth := 1; ; nth++ {
				before := b.DB.Calls(op)
				b.DB.Fail(op, nth, dynamotest.NotPersisted)
				w := b.Call("GET", path, "")
				b.DB.Heal()
				// What is read side by side may read less after a failure: asking until nothing fails finds the end.
				if w.Code == 200 && b.DB.Calls(op)-before < nth {
					break
				}
				broken++
				b.Want(w, 503, "try again")
				if w.Header().Get("Retry-After") == "" {
					t.Errorf("%s, %s %d: no Retry-After", path, op, nth)
				}
			}
		}
		if again := b.Call("GET", path, ""); again.Body.String() != want.Body.String() || broken == 0 {
			t.Errorf("%s: %d membertest.Reads were broken, and then it answers %s, want %s", path, broken, again.Body, want.Body)
		}
	}
}

// TestEveryCallOfAnActThatFails does the same with what writes, each read and each write.
func TestEveryCallOfAnActThatFails(t *testing.T) {
	code := func(b *membertest.Bench) string { return b.Code("spring", "ann") }
	for name, c := range map[string]struct {
		act    func(b *membertest.Bench) *httptest.ResponseRecorder
		status int
	}{
		"a code": {func(b *membertest.Bench) *httptest.ResponseRecorder {
			return b.Call("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"zoe"}`, "Idempotency-Key", "k")
		}, 200},
		"a code that there is": {func(b *membertest.Bench) *httptest.ResponseRecorder {
			return b.Call("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"ann"}`, "Idempotency-Key", "k")
		}, 200},
		"a code of no program": {func(b *membertest.Bench) *httptest.ResponseRecorder {
			return b.Call("POST", "/v1/referrals/codes", `{"programId":"none","userId":"zoe"}`, "Idempotency-Key", "k")
		}, 422},
		"a claim": {func(b *membertest.Bench) *httptest.ResponseRecorder {
			return b.Claim(code(b), "zoe", "Idempotency-Key", "k")
		}, 201},
		"a refused claim": {func(b *membertest.Bench) *httptest.ResponseRecorder {
			return b.Claim(code(b), "ann", "Idempotency-Key", "k")
		}, 409},
		"no code": {func(b *membertest.Bench) *httptest.ResponseRecorder {
			return b.Claim("ABCDEFGH", "zoe", "Idempotency-Key", "k")
		}, 422},
		"a withdrawal": {func(b *membertest.Bench) *httptest.ResponseRecorder {
			return b.Anybody("POST", "/v1/unsubscribe/"+delivery.Unsubscribe{ProfileID: subject.UserKey("ann"), Channel: delivery.Email, NotificationID: "n1"}.Token(membertest.Keys), "")
		}, 200},
		"an erasure": {func(b *membertest.Bench) *httptest.ResponseRecorder { return b.Call("DELETE", "/v1/profiles/ann", "") }, 202},
	} {
		for _, op := range append(membertest.Reads, dynamotest.AnyWrite) {
			for nth := 1; ; nth++ {
				b := membertest.Start(t)
				b.Whole()
				b.Pass(time.Minute)
				ready := c.act
				if strings.Contains(name, "claim") {
					known := code(b) // asking for it is not what is broken
					who := map[bool]string{true: "zoe", false: "ann"}[name == "a claim"]
					ready = func(b *membertest.Bench) *httptest.ResponseRecorder {
						return b.Claim(known, who, "Idempotency-Key", "k")
					}
				}
				before := b.DB.Calls(op)
				b.DB.Fail(op, nth, dynamotest.NotPersisted)
				w := ready(b)
				reached := b.DB.Calls(op)-before >= nth
				b.DB.Heal()
				if !reached {
					b.Want(w, c.status)
					break
				}
				b.Want(w, 503)
				b.Want(ready(b), c.status)
			}
		}
	}
}

// TestTheQueueIsAway: a withdrawal is not answered before its event is durable, nor an erasure before its command.
func TestTheQueueIsAway(t *testing.T) {
	b := membertest.Start(t)
	p := b.Save("ann", nil)
	path := "/v1/unsubscribe/" + delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Social, NotificationID: "n1"}.Token(membertest.Keys)
	b.Sent.Break(dynamotest.ErrInjected)
	b.Want(b.Anybody("POST", path, ""), 503)
	b.Want(b.Call("DELETE", "/v1/profiles/ann", ""), 503)
	b.Sent.Heal()
	b.Want(b.Anybody("POST", path, ""), 200)
	b.Want(b.Call("DELETE", "/v1/profiles/ann", ""), 202)
	if len(b.Jobs()) != 2 {
		t.Errorf("%d jobs were sent", len(b.Jobs()))
	}
}
