package member_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/secret"
)

func TestServerKeyIsNeeded(t *testing.T) {
	b := membertest.Start(t)
	b.Save("ann", nil)
	for _, route := range []string{"GET /v1/profiles/ann", "GET /v1/profiles/ann/events", "GET /v1/profiles/ann/decisions", "GET /v1/profiles/ann/ledger",
		"GET /v1/profiles/ann/export", "DELETE /v1/profiles/ann", "GET /v1/consents/ann", "GET /v1/referrals/ann", "GET /v1/programs/p/leaderboard"} {
		method, path, _ := strings.Cut(route, " ")
		for name, header := range map[string]string{"none": "", "another": "Bearer wrong"} {
			if w := b.Anybody(method, path, "", "Authorization", header); w.Code != 401 {
				t.Errorf("%s with key %s: %d", route, name, w.Code)
			}
		}
	}
	if len(b.Jobs()) != 0 {
		t.Errorf("sent %+v", b.Jobs())
	}
}

func TestOwnCalls(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	hash := proof.UserHash(membertest.Secret, "ann")
	own := b.Anybody("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"ann","userHash":"`+hash+`"}`)
	code := b.Want(own, 200)["code"].(string)
	b.Want(b.Anybody("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"bob","userHash":"`+hash+`"}`), 401)
	b.Want(b.Anybody("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"ann"}`), 401)
	claim := `{"code":"` + code + `","userId":"bob","userHash":"`
	b.Want(b.Anybody("POST", "/v1/referrals/claims", claim+hash+`"}`), 401)
	b.Want(b.Anybody("POST", "/v1/referrals/claims", claim+proof.UserHash(membertest.Secret, "bob")+`"}`), 201)
	b.Want(b.Anybody("GET", "/v1/referrals/ann?userHash="+hash, ""), 200, `"state":"claimed"`)
	b.Want(b.Anybody("GET", "/v1/referrals/bob?userHash="+hash, ""), 401)
	if own := b.Anybody("GET", "/v1/referrals/ann?userHash="+hash, ""); strings.Contains(own.Body.String(), "friendProfileId") {
		t.Errorf("the friend's id is shown: %s", own.Body)
	}
	b.Want(b.Anybody("GET", "/v1/programs/spring/leaderboard?userId=ann&userHash="+hash, ""), 200, `"items":[]`)
	b.Trust(secret.Fixed(nil))
	b.Want(b.Anybody("GET", "/v1/referrals/ann?userHash="+proof.UserHash("", "ann"), ""), 401)
	// What cannot be judged now is no refusal; who proves nothing by it does not wait.
	b.Trust(away{})
	b.Want(b.Anybody("GET", "/v1/referrals/ann?userHash="+hash, ""), 503)
	b.Want(b.Anybody("GET", "/v1/unsubscribe/a.email.n.x", ""), 503)
	b.Want(b.Anybody("POST", "/v1/unsubscribe/a.email.n.x", ""), 503)
	b.Want(b.Anybody("GET", "/v1/confirm/x", ""), 503)
	b.Want(b.Anybody("GET", "/v1/referrals/ann", ""), 401)
	b.Want(b.Call("GET", "/v1/referrals/ann", ""), 200)
}

// away is a store of secrets that cannot be read.
type away struct{}

func (away) Keys(context.Context) (*proof.Keys, error) { return nil, errors.New("away") }
