package referral_test

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

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

func TestIdempotencyKeys(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	code := b.Code("spring", "ann")
	first := b.Claim(code, "bob", "Idempotency-Key", "k1")
	b.Want(first, 201)
	again := b.Claim(code, "bob", "Idempotency-Key", "k1")
	if b.Want(again, 201); again.Body.String() != first.Body.String() {
		t.Errorf("answered %s, then %s", first.Body, again.Body)
	}
	b.Want(b.Claim(code, "cid", "Idempotency-Key", "k1"), 422, "another body")
	b.Want(b.Claim(code, "bob", "Idempotency-Key", "k2"), 409)
	b.Want(b.Claim(code, "bob", "Idempotency-Key", strings.Repeat("x", 256)), 400, "Idempotency-Key")

	// A refusal is an answer too: it stays although the reason has gone.
	b.Program("late", `{"name":"P","state":"paused","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}]}}`)
	ask := func(key string) *httptest.ResponseRecorder {
		return b.Call("POST", "/v1/referrals/codes", `{"programId":"late","userId":"ann"}`, "Idempotency-Key", key)
	}
	b.Want(ask("k1"), 422, "programClosed")
	b.Program("late", "")
	refusal := ask("k1")
	b.Want(refusal, 422, "programClosed")
	if got := refusal.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type of the second refusal: %s", got)
	}
	b.Want(ask("k2"), 200)
	b.Pass(24*time.Hour - time.Second)
	b.Want(ask("k1"), 422)
	b.Pass(time.Second)
	b.Want(ask("k1"), 200)

	// Keys of one caller are not those of another.
	own := `{"code":"` + code + `","userId":"dan","userHash":"` + proof.UserHash(membertest.Secret, "dan") + `"}`
	b.Want(b.Anybody("POST", "/v1/referrals/claims", own, "Idempotency-Key", "k1"), 201)
}

// TestAKeyIsItsCallers: what one person sends under an Idempotency-Key stands in nobody else's way, nor in the shop's.
func TestAKeyIsItsCallers(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	codes := map[any]bool{}
	for _, who := range []string{"ann", "bob"} {
		body := fmt.Sprintf(`{"programId":"spring","userId":%q,"userHash":%q}`, who, proof.UserHash(membertest.Secret, who))
		for range 2 {
			codes[b.Want(b.Anybody("POST", "/v1/referrals/codes", body, "Idempotency-Key", "k"), 200)["code"]] = true
		}
	}
	codes[b.Want(b.Call("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"cid"}`, "Idempotency-Key", "k"), 200)["code"]] = true
	if len(codes) != 3 {
		t.Errorf("codes %v", codes)
	}
}

// Each write is broken both ways; the caller comes again with the same key, and hears the same in the end.
func TestClaimSurvivesFaults(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for _, key := range []string{"", "k1"} {
			t.Run(fmt.Sprint(how, " key=", key), func(t *testing.T) {
				b := membertest.Start(t)
				b.Program("spring", "")
				b.DB.Fail(dynamotest.AnyWrite, 1, how)
				ask := `{"programId":"spring","userId":"ann"}`
				b.Want(b.Call("POST", "/v1/referrals/codes", ask, "Idempotency-Key", key), 503)
				code := b.Want(b.Call("POST", "/v1/referrals/codes", ask, "Idempotency-Key", key), 200)["code"].(string)
				b.DB.Fail(dynamotest.AnyWrite, 1, how)
				b.Want(b.Claim(code, "bob", "Idempotency-Key", key), 503)
				status := 201
				if how == dynamotest.Persisted && key == "" {
					status = 409 // without a key, nobody knows that it was the same caller
				}
				b.Want(b.Claim(code, "bob", "Idempotency-Key", key), status)
				listed := b.Want(b.Call("GET", "/v1/referrals/ann", ""), 200)["asAdvocate"].([]any)
				if len(listed) != 1 {
					t.Errorf("%d referrals listed", len(listed))
				}
			})
		}
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
			b := membertest.Start(t)
			b.Program("spring", "")
			ours := c.body
			if c.path == "claims" {
				code := b.Code("spring", "ann")
				ours, c.other = strings.Replace(c.body, "CODE", code, 1), strings.Replace(c.other, "CODE", code, 1)
			}
			theirs := ours
			if !same {
				theirs = c.other
			}
			var first *httptest.ResponseRecorder
			b.DB.Interrupt(dynamotest.AnyWrite, 1, func() {
				first = b.Call("POST", "/v1/referrals/"+c.path, theirs, "Idempotency-Key", "k")
			})
			second := b.Call("POST", "/v1/referrals/"+c.path, ours, "Idempotency-Key", "k")
			b.Want(first, c.status)
			if same {
				if b.Want(second, c.status); second.Body.String() != first.Body.String() || second.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
					t.Errorf("%s: answered %s and %s", name, first.Body, second.Body)
				}
			} else {
				b.Want(second, 422, "another body")
			}
		}
	}
}

// TestABodyThatCannotBeRead is the caller's fault: the connection broke.
func TestABodyThatCannotBeRead(t *testing.T) {
	b := membertest.Start(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/referrals/codes", io.MultiReader(strings.NewReader(`{"programId"`), iotest.ErrReader(errors.New("gone"))))
	r.Header.Set("Authorization", "Bearer "+membertest.ServerKey)
	w := httptest.NewRecorder()
	b.Handler.ServeHTTP(w, r)
	b.Want(w, 400, "could not be read")
}
