package member_test

import (
	"strings"
	"testing"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/functiontest"
)

// TestGoldenRequests hands over what the gateway does, as `sam local invoke -e` would.
func TestGoldenRequests(t *testing.T) {
	type wanted struct {
		status int
		answer string // a part of it
	}
	want := map[string]wanted{
		"get-profile":             {200, `"ids":[{"kind":"user","value":"ann"}]`},
		"get-profile-missing":     {404, `"detail":"there is no profile with this id"`},
		"get-profile-anonymous":   {404, `"status":404`},
		"get-people":              {200, `{"items":[],"masked":true}`},
		"get-events":              {200, `{"items":[]}`},
		"get-decisions":           {200, `{"items":[]}`},
		"get-ledger":              {200, `"balance":[]`},
		"get-profile-orders":      {200, `{"items":[]}`},
		"get-profile-referrals":   {200, `{"asAdvocate":[],"asFriend":[]}`},
		"get-export":              {200, `"kind":"profile"`},
		"delete-profile":          {202, `"receipt":"receipt-1"`},
		"post-code":               {200, `"programId":"spring","code":"`},
		"post-code-no-program":    {422, `"reason":"programClosed"`},
		"post-code-misspelt":      {400, `"field":"programmeId"`},
		"post-claim-unknown-code": {422, `"reason":"unknownCode"`},
		"post-claim-own-call":     {201, `"state":"claimed"`},
		"post-claim-not-json":     {400, `"detail":"the body is not valid JSON: it ends too early at byte 8"`},
		"get-consents":            {200, `{"consent":{}}`},
		"get-referrals":           {200, `{"asAdvocate":[],"asFriend":[]}`},
		"get-leaderboard":         {200, `{"items":[]}`},
		"get-skipped":             {200, `{"items":[],"masked":true}`},
		"get-unsubscribe-forged":  {404, `This link is not valid`},
		"get-devices":             {200, `{"items":[]}`},
		"delete-device-unknown":   {409, `"reason":"is not the person's"`},
		"put-tags-upload":         {202, `"lines":2,"matched":1,"twice":[],"unmatched":[{"line":3,"reason":"nobody is known by it"}]`},
		"put-list":                {202, `"lines":2,"matched":1,"twice":[],"unmatched":[{"line":3,"reason":"nobody is known by it"}]`},
		"put-tags":                {202, `"add":["vip"],"remove":["new"]}`},
		"get-confirm-forged":      {404, `This link is not valid, or no longer`},
		"no-key":                  {401, `"title":"Unauthorized"`},
	}
	b := membertest.Start(t)
	b.Process.Auth.OperatorKeyHash = "4a7c449d22a99026fac16a47621ff68792ff589f72334ea3950ce186a5615e9a" // of the operator key of `make run`
	b.Handler = b.Process.Handler()
	b.Save("ann", nil)
	b.Program("spring", "")
	b.Must(b.Process.Codes.PutCode(t.Context(), "GELDENC2", "spring", subject.UserKey("zoe"), membertest.Noon, nil))
	functiontest.Golden(t, "member", want, func(t *testing.T, name string, raw []byte, want wanted) {
		out := functiontest.Ask(t, b.Handler, raw)
		if out.StatusCode != want.status || !strings.Contains(out.Body, want.answer) {
			t.Errorf("got %d %s, want %d with %s", out.StatusCode, out.Body, want.status, want.answer)
		}
	})
}
