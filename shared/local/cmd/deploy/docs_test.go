package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/standin/sam"
)

var update = flag.Bool("update", false, "write the table of parameters into docs/deploy.md")

const root = "../../../.."

func text(t *testing.T, path string) string {
	t.Helper()
	out, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// declared are the template's parameters with their defaults.
func declared(t *testing.T) []sam.Parameter {
	t.Helper()
	out, refused, err := sam.Check(templateFile, []byte(text(t, templateFile)), sam.Environment{})
	if err != nil || len(refused) > 0 {
		t.Fatal(err, refused)
	}
	return out
}

var parameterRow = regexp.MustCompile("(?m)^\\| `([A-Z][A-Za-z0-9]+)` \\| (.*?) \\| .+ \\|$\n?")

// TestParametersAreDocumented holds the tables of both languages to the template: every parameter in its order with its default, in English with the template's own sentence.
func TestParametersAreDocumented(t *testing.T) {
	var want []string
	table := ""
	for _, p := range declared(t) {
		fallback := "empty"
		if p.Value != "" {
			fallback = "`" + p.Value + "`"
		}
		want = append(want, p.Name+" "+fallback)
		table += fmt.Sprintf("| `%s` | %s | %s |\n", p.Name, fallback, strings.ReplaceAll(strings.TrimSuffix(p.Description, "."), "|", `\|`))
	}
	english := text(t, "docs/deploy.md")
	if *update {
		first := parameterRow.FindStringIndex(english)
		if first == nil {
			t.Fatal("docs/deploy.md has no row of a parameter")
		}
		rest := parameterRow.ReplaceAllString(english[first[0]:], "")
		if err := os.WriteFile(filepath.Join(root, "docs/deploy.md"), []byte(english[:first[0]]+table+rest), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !strings.Contains(english, table) {
		t.Error("docs/deploy.md does not have the parameters as the template has them: go test ./shared/local/cmd/deploy -run TestParametersAreDocumented -update")
	}
	var got []string
	for _, m := range parameterRow.FindAllStringSubmatch(text(t, "docs/zh/deploy.md"), -1) {
		got = append(got, m[1]+" "+strings.ReplaceAll(m[2], "空", "empty"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/zh/deploy.md has %q, want %q", got, want)
	}
}

// words splits a line as a shell does, as far as the documents need it.
func words(line string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?:[^\s"']|"[^"]*"|'[^']*')+`).FindAllString(line, -1) {
		out = append(out, strings.NewReplacer(`"`, "", "'", "").Replace(m))
	}
	return out
}

// TestDocumentedCommandsAreRead: each make deploy of the documents is one that the program takes.
func TestDocumentedCommandsAreRead(t *testing.T) {
	parameters := declared(t)
	command := regexp.MustCompile("(?m)make deploy[^\n`#]*")
	for _, path := range []string{"README.md", "README.zh-CN.md", "docs/deploy.md", "docs/zh/deploy.md"} {
		lines := command.FindAllString(text(t, path), -1)
		for _, line := range lines {
			arguments := words(strings.ReplaceAll(line, "$TOPIC", "arn:aws:sns:eu-central-1:123456789012:userops"))[2:]
			if len(arguments) == 0 || !strings.Contains(line, "STACK=shop") && !strings.Contains(line, "=") {
				continue // the name of the command in a sentence
			}
			w, faults := read(slices.DeleteFunc(slices.Clone(arguments), func(a string) bool { return strings.HasPrefix(a, "PARAMETERS=") }), []string{"STACK=shop"})
			if len(faults) > 0 {
				t.Errorf("%s: %s: %v", path, line, faults)
			}
			for name := range w.values {
				if !slices.ContainsFunc(parameters, func(p sam.Parameter) bool { return p.Name == name }) {
					t.Errorf("%s: %s: there is no parameter %s", path, line, name)
				}
			}
			if _, refused, err := sam.Check(templateFile, []byte(text(t, templateFile)), sam.Environment{Parameters: w.values}); err != nil || len(refused) > 0 {
				t.Errorf("%s: %s: %v %v", path, line, refused, err)
			}
		}
		if least := map[string]int{"docs/deploy.md": 8, "docs/zh/deploy.md": 8}[path]; len(lines) < max(1, least) {
			t.Errorf("%s has %d commands", path, len(lines))
		}
	}
}

// TestExampleOfSettings: sam reads the example's overrides, and the template takes them.
func TestExampleOfSettings(t *testing.T) {
	values := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^  '(.*)',$`).FindAllStringSubmatch(text(t, "docs/samconfig.example.toml"), -1) {
		o := overridden.FindStringSubmatch(m[1])
		if o == nil {
			t.Fatalf("sam does not read %s", m[1])
		}
		values[o[1]] = strings.Trim(o[2], `"`)
	}
	if _, refused, err := sam.Check(templateFile, []byte(text(t, templateFile)), sam.Environment{Parameters: values}); err != nil || len(refused) > 0 || len(values) < 4 {
		t.Errorf("%v: %v %v", values, refused, err)
	}
}

// TestDocumentsHaveTheSameParts, and link to each other and from the READMEs.
func TestDocumentsHaveTheSameParts(t *testing.T) {
	parts := func(path string) int { return strings.Count(text(t, path), "\n## ") }
	if e, c := parts("docs/deploy.md"), parts("docs/zh/deploy.md"); e != c || e < 8 {
		t.Errorf("%d parts in English, %d in Chinese", e, c)
	}
	for path, link := range map[string]string{"README.md": "](docs/deploy.md)", "README.zh-CN.md": "](docs/zh/deploy.md)", "docs/deploy.md": "](zh/deploy.md)", "docs/zh/deploy.md": "](../deploy.md)"} {
		if !strings.Contains(text(t, path), link) {
			t.Errorf("%s has no link %s", path, link)
		}
	}
}
