package pages_test

import (
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/shared/functiontest"
)

// demoOperatorHash is the hex SHA-256 of the operator key of `make run`.
const demoOperatorHash = "4a7c449d22a99026fac16a47621ff68792ff589f72334ea3950ce186a5615e9a"

// TestGoldenRequests hands over what the gateway does, as `sam local invoke -e` would, to pages that nobody has signed in to.
func TestGoldenRequests(t *testing.T) {
	type wanted struct {
		status int
		to     string // where it leads
		cookie string // the beginning of what is to be kept
		body   string // a part of it
	}
	functiontest.Golden(t, "pages", map[string]wanted{
		"get-home-stranger":      {303, "/console/sign-in?next=%2Fconsole", "", ""},
		"get-page-stranger":      {303, "/console/sign-in?next=%2Fconsole%2Fpeople%3Fq%3Dmei", "", ""},
		"get-page-forged":        {303, "/console/sign-in?next=%2Fconsole%2Fpeople", "", ""},
		"get-door":               {200, "", "", `name="next" value="/console/people"`},
		"post-sign-in":           {303, "/console/people", "__Host-userops=", ""},
		"post-sign-in-wrong-key": {403, "", "", "密钥不正确"},
		"post-sign-in-elsewhere": {403, "", "", "another site"},
		"post-language":          {303, "/console/sign-in", "userops-language=en;", ""},
	}, func(t *testing.T, _ string, raw []byte, want wanted) {
		b := pagestest.Start(t)
		b.Pages.Door.Auth.OperatorKeyHash = demoOperatorHash
		b.Trust()
		out := functiontest.Ask(t, b.Pages.Handler(), raw)
		kept := strings.Join(out.Cookies, "\n")
		if out.StatusCode != want.status || out.Headers["location"] != want.to || !strings.HasPrefix(kept, want.cookie) || (want.cookie == "") != (kept == "") || !strings.Contains(out.Body, want.body) {
			t.Errorf("got %d to %q with %q: %s", out.StatusCode, out.Headers["location"], kept, out.Body)
		}
	})
}
