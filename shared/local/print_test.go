package local

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/userops/userops/shared/standin/sam"
)

// TestTheTableFitsIntoATerminal prints what `make run` starts: no line is wider than 100 columns, and everything that feeds a function is there.
func TestTheTableFitsIntoATerminal(t *testing.T) {
	template, err := sam.Load("../../template.yaml", sam.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	s := &Stack{o: Options{Concurrency: 8, Notes: func(Addresses) []Note {
		return []Note{{"keys", "write demo-write-key, server demo-server-key, operator demo-operator-key"}}
	}}, tmpl: template, folder: &folder{path: "/home/shop/userops/.userops"}, addresses: Addresses{Gateway: "http://127.0.0.1:8080", Lambda: "http://127.0.0.1:45679", Inbox: "http://127.0.0.1:8080/local/inbox", SMTP: "127.0.0.1:1025"}}
	table := s.started()
	for line := range strings.Lines(table) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	_, functions, _ := strings.Cut(table, "FUNCTION ")
	rows := map[string]string{}
	var of string
	for line := range strings.Lines(functions) {
		if !strings.HasPrefix(line, " ") {
			of = strings.Fields(line)[0]
		}
		rows[of] += line
	}
	for _, f := range template.Functions {
		for _, fed := range s.sources(f) {
			if !strings.Contains(rows[f.LogicalID], " "+fed) {
				t.Errorf("%s is not said to be fed by %s:\n%s", f.LogicalID, fed, rows[f.LogicalID])
			}
		}
	}
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		parts []string
		want  []string
	}{
		{nil, []string{""}}, {[]string{"a"}, []string{"a"}}, {[]string{"abc", "def"}, []string{"abc; def"}}, {[]string{"abc", "defg"}, []string{"abc", "defg"}},
		{[]string{"longer than it", "a", "b"}, []string{"longer than it", "a; b"}},
	} {
		if got := lines(c.parts, "; ", 8); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.parts, got, c.want)
		}
	}
}
