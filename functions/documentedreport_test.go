package functions

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/functiontest/client"
)

// TestDocumentedReports pastes the commands of docs/reports.md into a stack whose archive has an order of the month that they ask about: all are answered 200, and somebody is behind the number.
func TestDocumentedReports(t *testing.T) {
	client.Program(t, "curl")
	status := regexp.MustCompile(`(?m)^[1-5]\d\d$`)
	now := time.Now().UTC()
	for _, page := range []string{"docs/reports.md", "docs/zh/reports.md"} {
		t.Run(page, func(t *testing.T) {
			m := demoMachine(t)
			m.call(http.StatusOK, "POST", "/v1/track", "demo-server-key", `{"messageId":"r1","userId":"demo-001","event":"Order Completed","properties":{"order_id":"R-1","total":5}}`, nil)
			m.idle()
			m.archived()
			ran := 0
			for _, b := range blocks(t, page) {
				if b.language != "sh" {
					continue
				}
				text := strings.NewReplacer(`"from":"2026-11-01"`, `"from":"`+now.AddDate(0, 0, -3).Format(time.DateOnly)+`"`, `"to":"2026-11-30"`, `"to":"`+now.AddDate(0, 0, 2).Format(time.DateOnly)+`"`).Replace(b.text)
				out := run(t, t.TempDir(), `curl() { command curl -sS --retry 5 -w '\n%{http_code}\n' "$@"; }`+"\n"+m.here(text), "sh", "-e")
				m.idle()
				for _, answer := range status.FindAllString(out, -1) {
					if ran++; answer != "200" {
						t.Errorf("%s: %s\n%s%s", b.heading, answer, text, out)
					}
				}
				if strings.Contains(text, "/people") && strings.Count(out, `"profileId"`) != 1 {
					t.Errorf("behind the number is %s", out)
				}
			}
			if ran != 3 {
				t.Errorf("%d calls are answered", ran)
			}
		})
	}
}
