package functions

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/userops/userops/shared/functiontest/client"
)

// block is a fenced block of a document.
type block struct {
	heading, language, text string
}

// blocks are the fenced blocks of a document below the root, in their order.
func blocks(t *testing.T, document string) []block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(document)))
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	heading, open := "", false
	for line := range strings.Lines(string(text)) {
		language, fence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case fence && !open:
			all, open = append(all, block{heading: heading, language: language}), true
		case fence:
			open = false
		case open:
			all[len(all)-1].text += line
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	if open {
		t.Fatalf("%s: a fence is not closed", document)
	}
	return all
}

// demoMachine is a stack with the keys of `make run`.
func demoMachine(t *testing.T) *machine {
	t.Helper()
	o := options(t.TempDir(), "127.0.0.1:0", "", newTestLog(t))
	o.Parameters["DefaultWriteKey"], o.Parameters["ServerKeyHash"], o.Parameters["OperatorKeyHash"] = "demo-write-key", hashed("demo-server-key"), hashed("demo-operator-key")
	return inside(t, o)
}

// here is a documented text with this machine's address in the place of the documented one.
func (m *machine) here(text string) string {
	return strings.ReplaceAll(text, "127.0.0.1:8080", strings.TrimPrefix(m.base, "http://"))
}

// run ends in time, or the test fails. It is skipped without the program.
func run(t *testing.T, folder, input, program string, arguments ...string) string {
	t.Helper()
	path := program
	if program != "sh" {
		path = client.Program(t, program)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, path, arguments...)
	command.Dir, command.Stdin = folder, strings.NewReader(input)
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", program, err, out, problems.String())
	}
	return string(out)
}

// shows says whether an output is as documented: the same but for blanks, with anything where the document has three dots.
func shows(output, documented string) bool {
	plain := func(s string) string { return regexp.MustCompile(`\s+`).ReplaceAllString(s, "") }
	var pattern strings.Builder
	for i, part := range strings.Split(plain(documented), "...") {
		if i > 0 {
			pattern.WriteString(".*")
		}
		pattern.WriteString(regexp.QuoteMeta(part))
	}
	return regexp.MustCompile("^" + pattern.String() + "$").MatchString(plain(output))
}

func TestShows(t *testing.T) {
	for documented, want := range map[string]bool{
		`{"a":1, "b":[2]}`: true, "{\"a\":1,\n \"b\":[2]}": true, `{"a":...}`: true, `{...}`: true, `{"a":1,...2]}`: true,
		`{"a":1}`: false, `{"a":2,...}`: false, `"a":1,...`: false, `{"b":...}`: false, ``: false,
	} {
		if shows("{\"a\":1,\"b\":[2]}\n", documented) != want {
			t.Errorf("%s: want %v", documented, want)
		}
	}
}

// TestTheTourAnswersAsShown pastes the tour of the READMEs into a shell as a whole.
func TestTheTourAnswersAsShown(t *testing.T) {
	client.Program(t, "curl")
	for document, heading := range map[string]string{"README.md": "Five minutes", "README.zh-CN.md": "五分钟"} {
		t.Run(document, func(t *testing.T) {
			var tour []block
			for _, b := range blocks(t, document) {
				if b.heading == heading {
					tour = append(tour, b)
				}
			}
			if len(tour) < 2 || tour[0].language != "sh" || tour[1].language != "console" {
				t.Fatalf("the tour is %+v", tour)
			}
			m := demoMachine(t)
			if out := run(t, t.TempDir(), m.here(tour[0].text), "sh"); !shows(out, tour[1].text) {
				t.Errorf("the tour answers\n%s\nand is documented to answer\n%s", out, tour[1].text)
			}
		})
	}
}
