package rule

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/fields.md anew")

// document is docs/fields.md.
func document() string {
	var b strings.Builder
	fields, named := Fields(), 0
	for _, f := range fields {
		if !strings.Contains(f.Name, "<") {
			named++
		}
	}
	fmt.Fprintf(&b, `# Fields

What a rule can ask of a profile: %d fields by name, and %d whose name has a part in angle brackets, which stands for any. Their operations, by
kind, are in [segments](segments.md). Fields marked *run* come from the last segmentation run, and a rule that asks one, however deep, changes with
runs only. All other rules are live: a membership changes with the event that brings the change, and what changes by the mere passage of
time is seen by the next run. A day is a day of the shop's calendar (TIME_ZONE). Fields marked *profiling* are concluded of what somebody did: of who
[refuses profiling](privacy.md#profiling) a condition on one is not met, and neither is its opposite.

Bounds: a profile keeps the newest 64 traits, 10 groups, 20 cart lines, 5 devices, 5 push tokens, 8 viewed products and 256 orders one by one; 64 names of events
beside the known ones, 32 categories and 32 brands, which stay by a hash of their name so that the sequence of events does not matter. What is beyond
is counted (`+"`events.others`, `detail.leftOut`"+`). Sums of money and orders leave nothing out.
A text of a trait has at most 256 bytes, a list or object 1 KB: a rule asks of a longer one the elements or members that are whole within it.

This page is generated: `+"`go test ./shared/domain/audience/rule -run TestFieldsAreDocumented -update`"+`.

| field | kind | meaning |
|---|---|---|
`, named, len(fields)-named)
	for _, f := range fields {
		kind := string(f.Kind)
		if !f.Live {
			kind += ", *run*"
		}
		if f.Profiling {
			kind += ", *profiling*"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, kind, f.Meaning)
	}
	return b.String()
}

func TestFieldsAreDocumented(t *testing.T) {
	path := filepath.Join("..", "..", "..", "..", "docs", "fields.md")
	if *update {
		if err := os.WriteFile(path, []byte(document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != document() {
		t.Error("docs/fields.md is stale: run the test with -update")
	}
}

func TestAtLeastTwoHundredFields(t *testing.T) {
	named := 0
	for _, f := range Fields() {
		if strings.Contains(f.Meaning, "|") {
			t.Errorf("%s: its meaning breaks the table", f.Name)
		}
		if strings.Contains(f.Name, "<") {
			continue
		}
		named++
		if found, key, ok := lookUp(f.Name); !ok || key != "" || found.name != f.Name {
			t.Errorf("%s is taken for another field", f.Name)
		}
	}
	if named < 200 {
		t.Errorf("%d fields, want at least 200", named)
	}
}
