package console

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/audience/score"
)

const docs = "../../docs"

// example is an operator's call in the documentation.
var example = regexp.MustCompile(`(?s)curl -u demo-operator-key:(?: -X (\w+))? ["']?127\.0\.0\.1:8080(/v1/[^\s"']+)["']?(?: -d '([^']*)')?`)

// elsewhere are calls of operators that member and redrive serve: TestDocumentedOperators runs them.
var elsewhere = regexp.MustCompile(`^/v1/(people|profiles/|stops/[^/]+/skipped|queues/)`)

// anyStop is the id of a stop in an example, which a reader takes from an answer of their own.
var anyStop = regexp.MustCompile(`/stops/[^/?]+`)

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTheExamplesOfTheDocumentationWork runs the operators' calls of both languages, one after the other as they come, each language on a bench of its own.
func TestTheExamplesOfTheDocumentationWork(t *testing.T) {
	for _, folder := range []string{"", "zh/"} {
		b := newBench(t)
		ran := 0
		for _, name := range []string{"operators.md", "segments.md", "campaigns.md", "referrals.md", "events.md"} {
			for _, call := range example.FindAllStringSubmatch(page(t, folder+name), -1) {
				if elsewhere.MatchString(call[2]) {
					continue
				}
				if strings.Contains(call[2], "/stops/") { // one of those that the examples before have ended
					call[2] = anyStop.ReplaceAllString(call[2], "/stops/"+b.lastEnded())
				}
				method := call[1]
				if method == "" {
					method = "GET"
				}
				ran++
				if w := b.call(method, call[2], call[3]); w.Code < 200 || w.Code > 299 {
					t.Errorf("%s%s: %s %s is answered %d %s", folder, name, method, call[2], w.Code, w.Body)
				}
			}
		}
		if ran < 21 {
			t.Errorf("%d examples were found in docs/%s, want at least 21", ran, folder)
		}
	}
}

// runnable is a call that a reader can paste: with a key of `make run`, or none, and an address that no shell reads as a pattern of file names.
var runnable = regexp.MustCompile(`curl(?: -s)?(?: -u demo-(?:operator|server|write)-key:)?(?: -s| -G| -X \w+)* (?:127\.0\.0\.1:8080[^\s"'?]*|'127\.0\.0\.1:8080[^\s']*'|"127\.0\.0\.1:8080[^\s"]*")(?:\s|$)`)

// TestTheExamplesCanBePasted: none has a key that the reader must put in, the id of somebody else's stop, or a question mark that zsh reads as a pattern.
func TestTheExamplesCanBePasted(t *testing.T) {
	for _, folder := range []string{"", "zh/"} {
		for _, name := range []string{"operators.md", "segments.md", "campaigns.md", "referrals.md", "events.md"} {
			for i, part := range strings.Split(page(t, folder+name), "```") {
				if i%2 == 0 || !strings.HasPrefix(part, "sh\n") {
					continue
				}
				for line := range strings.Lines(part) {
					if pasted(line) {
						continue
					}
					t.Errorf("%s%s: %s", folder, name, line)
				}
			}
		}
	}
	for line, want := range map[string]bool{
		"curl -u KEY: 127.0.0.1:8080/v1/people": false, "curl -u demo-operator-key: 127.0.0.1:8080/v1/stops?ended=true": false, "curl -u demo-operator-key: 127.0.0.1:8080/v1/stops/20261121T080000-GZ4KQ7MW": false,
		"curl -u demo-operator-key: '127.0.0.1:8080/v1/stops?ended=true'": true, `curl -u demo-operator-key: "127.0.0.1:8080/v1/stops/$STOP"`: true, "printf x": true,
	} {
		if pasted(line) != want {
			t.Errorf("%s: want %v", line, want)
		}
	}
}

var someStop = regexp.MustCompile(`/stops/\d`)

func pasted(line string) bool {
	return !strings.Contains(line, "curl ") || len(runnable.FindAllString(line, -1)) == strings.Count(line, "curl ") && !someStop.MatchString(line)
}

// TestWhatFriendsBringIsShownAsItIs asks for the example of referrals.md and compares the answer.
func TestWhatFriendsBringIsShownAsItIs(t *testing.T) {
	b, text := newBench(t), page(t, "referrals.md")
	for _, call := range example.FindAllStringSubmatch(text, -1) {
		if strings.HasSuffix(call[2], "/preview") {
			_, after, _ := strings.Cut(text, call[0])
			_, shown, _ := strings.Cut(after, "```json\n")
			shown, _, _ = strings.Cut(shown, "```")
			var want bytes.Buffer
			if err := json.Compact(&want, []byte(shown)); err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(b.must(200, call[1], call[2], call[3])); got != want.String() {
				t.Errorf("the answer is %s\nshown is %s", got, want.String())
			}
			return
		}
		b.call(call[1], call[2], call[3])
	}
	t.Error("there is no such example")
}

func TestTheDocumentationListsEveryClass(t *testing.T) {
	for _, name := range []string{"segments.md", "zh/segments.md"} {
		text := page(t, name)
		for _, id := range score.IDs() {
			if !strings.Contains(text, "`"+string(id)+"`") {
				t.Errorf("%s does not name the derived segment %s", name, id)
			}
		}
	}
}
