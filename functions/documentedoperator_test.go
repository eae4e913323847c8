package functions

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/functiontest/client"
	"github.com/userops/userops/shared/shop/play"
)

// playOne sends what `make demo` sends of one of its people by the shop's back end, in batches.
func (m *machine) playOne(userID string) {
	m.t.Helper()
	var own []play.Event
	for _, e := range play.Write(play.Seed, time.Now()).Events[""] {
		if e.UserID == userID {
			own = append(own, e)
		}
	}
	body, err := json.Marshal(map[string]any{"batch": own})
	if err != nil {
		m.t.Fatal(err)
	}
	if said := m.call(http.StatusOK, "POST", "/v1/batch", "demo-server-key", string(body), nil); len(own) < 3 || strings.Contains(said, "errors") {
		m.t.Fatalf("%d events of %s are answered %s", len(own), userID, said)
	}
}

// TestDocumentedOperators pastes the commands of docs/operators.md, block by block in one shell, into a stack with the people of `make demo` whom they name. All are answered 2xx, and whoever is
// looked for is found.
func TestDocumentedOperators(t *testing.T) {
	client.Program(t, "curl")
	status := regexp.MustCompile(`(?m)^[1-5]\d\d$`)
	for _, page := range []string{"docs/operators.md", "docs/zh/operators.md"} {
		t.Run(page, func(t *testing.T) {
			m := demoMachine(t)
			m.playOne("demo-001")
			m.playOne("demo-002")
			m.idle()
			ran := 0
			for _, b := range blocks(t, page) {
				if b.language != "sh" {
					continue
				}
				out := run(t, t.TempDir(), `curl() { command curl -sS --retry 5 -w '\n%{http_code}\n' "$@"; }`+"\n"+m.here(b.text), "sh", "-e")
				m.idle()
				answers := status.FindAllString(out, -1)
				if n := strings.Count(b.text, "curl ") - strings.Count(b.text, "$(curl "); len(answers) != n {
					t.Errorf("%s: %d answers of %d calls\n%s%s", b.heading, len(answers), n, b.text, out)
				}
				for _, answer := range answers {
					if ran++; answer[0] != '2' {
						t.Errorf("%s: %s\n%s%s", b.heading, answer, b.text, out)
					}
				}
				if n := strings.Count(b.text, "/v1/people"); n > 0 && n != strings.Count(out, `"profileId"`) {
					t.Errorf("%s: of %d who are looked for are found\n%s", b.heading, n, out)
				}
			}
			if ran < 20 {
				t.Errorf("only %d calls", ran)
			}
		})
	}
}
