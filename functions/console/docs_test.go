package console

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/audience/score"
)

const docs = "../../docs"

// example is an operator's call in the documentation.
var example = regexp.MustCompile(`(?s)curl -u demo-operator-key:(?: -X (\w+))? 127\.0\.0\.1:8080(/v1/\S+)(?: -d '([^']*)')?`)

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheExamplesOfTheDocumentationWork(t *testing.T) {
	b := newBench(t)
	ran := 0
	for _, name := range []string{"operators.md", "segments.md", "campaigns.md", "referrals.md", "events.md"} {
		for _, call := range example.FindAllStringSubmatch(page(t, name), -1) {
			method := call[1]
			if method == "" {
				method = "GET"
			}
			ran++
			if w := b.call(method, call[2], call[3]); w.Code < 200 || w.Code > 299 {
				t.Errorf("%s: %s %s is answered %d %s", name, method, call[2], w.Code, w.Body)
			}
		}
	}
	if ran < 21 {
		t.Errorf("%d examples were found, want at least 21", ran)
	}
}

func TestTheDocumentationListsEveryClass(t *testing.T) {
	text := page(t, "segments.md")
	for _, id := range score.IDs() {
		if !strings.Contains(text, "`"+string(id)+"`") {
			t.Errorf("segments.md does not name the derived segment %s", id)
		}
	}
}
