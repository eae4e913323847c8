package member_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/httpapi"
)

// TestGoldenRequests hands over what the gateway does, as `sam local invoke -e` would.
func TestGoldenRequests(t *testing.T) {
	const folder = "../../events/member"
	want := map[string]struct {
		status int
		answer string // a part of it
	}{
		"get-profile":             {200, `"ids":[{"kind":"user","value":"ann"}]`},
		"get-profile-missing":     {404, `"detail":"there is no profile with this id"`},
		"get-profile-anonymous":   {404, `"status":404`},
		"get-events":              {200, `{"items":[]}`},
		"get-decisions":           {200, `{"items":[]}`},
		"get-ledger":              {200, `"balance":[]`},
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
		"get-unsubscribe-forged":  {404, `This link is not valid`},
		"get-devices":             {200, `{"items":[]}`},
		"delete-device-unknown":   {409, `"reason":"is not the person's"`},
		"get-confirm-forged":      {404, `This link is not valid, or no longer`},
		"no-key":                  {401, `"title":"Unauthorized"`},
	}
	files, err := filepath.Glob(folder + "/*.json")
	if err != nil || len(files) != len(want) {
		t.Errorf("%d files in %s, %d expected", len(files), folder, len(want))
	}
	b := membertest.Start(t)
	b.Save("ann", nil)
	b.Program("spring", "")
	if err := b.Process.Codes.PutCode(t.Context(), "GELDENC2", "spring", subject.UserKey("zoe"), membertest.Noon, nil); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var in events.APIGatewayV2HTTPRequest
			if err := json.Unmarshal(raw, &in); err != nil {
				t.Fatal(err)
			}
			out, err := httpapi.Lambda(b.Handler)(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			expected, known := want[name]
			if !known || out.StatusCode != expected.status || !strings.Contains(out.Body, expected.answer) {
				t.Errorf("got %d %s, want %d with %s", out.StatusCode, out.Body, expected.status, expected.answer)
			}
			if instance := `"instance":"/requests/` + in.RequestContext.RequestID + `"`; strings.Contains(out.Headers["content-type"], "problem") && !strings.Contains(out.Body, instance) {
				t.Errorf("the problem %s has no %s", out.Body, instance)
			}
		})
	}
}
