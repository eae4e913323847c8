package export

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/functiontest/client"
)

// statements are the blocks of a language in a page.
func statements(t *testing.T, page, language string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		t.Fatalf("%s has no statements of %s", page, language)
	}
	return all
}

// TestTheStatementsOfTheDocsRun runs what the page shows, on a day of both formats.
func TestTheStatementsOfTheDocsRun(t *testing.T) {
	client.Needs(t)
	folder := t.TempDir()
	for _, format := range []Format{Parquet, NDJSON} {
		exported(t, Target{Folder: filepath.Join(folder, string(format)), Format: format, Currency: "CNY"}, 3, accepted(t))
	}
	// By a word of the statement, what it answers of the day's events, counted by hand.
	want := map[string]string{"visitors": `{"day":"2026-11-21","visitors":3,"views":2}`, "paid": `{"currency":"CNY","campaign_source":"kol","orders":1,"paid":128.5000}`,
		"unnest": `{"product":"tea","lines":1}`, "read_json": `{"day":"2026-11-21","count_star()":13}`}
	all := statements(t, "export.md", "sql")
	if !slices.Equal(all, statements(t, filepath.Join("zh", "export.md"), "sql")) {
		t.Error("the two languages show other statements")
	}
	view := ""
	for _, statement := range all {
		statement = strings.TrimSuffix(strings.TrimSpace(strings.ReplaceAll(statement, "'export/", "'"+folder+"/")), ";")
		if strings.HasPrefix(statement, "CREATE VIEW") {
			view = statement
			continue
		}
		var rows []map[string]string
		client.DuckDB(t, &rows, view, "create table answer as "+statement, "select to_json(answer)::varchar as line from answer")
		for word, line := range want {
			if strings.Contains(statement, word) {
				if len(rows) != 1 || rows[0]["line"] != line {
					t.Errorf("%s\nanswers %v, want %s", statement, rows, line)
				}
				delete(want, word)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("the page has no statement for %v", want)
	}
}

// TestTheTableOfAthenaHasTheColumns holds the table that the page lets Athena make to the columns of a file, as another reader tells them.
func TestTheTableOfAthenaHasTheColumns(t *testing.T) {
	client.Needs(t)
	folder := t.TempDir()
	exported(t, Target{Folder: folder, Format: Parquet, Currency: "CNY"}, 1, accepted(t))
	var described []struct {
		Name string `json:"column_name"`
		Type string `json:"column_type"`
	}
	client.DuckDB(t, &described, "describe select * from read_parquet('"+filepath.Join(folder, "day=2026-11-21", "000of001.parquet")+"', hive_partitioning = false)")
	types := map[string]string{"VARCHAR": "string", "TIMESTAMP WITH TIME ZONE": "timestamp", "DECIMAL(18,4)": "decimal(18,4)"}
	var want []string
	for _, c := range described {
		want = append(want, c.Name+" "+types[c.Type])
	}
	for _, page := range []string{"export.md", filepath.Join("zh", "export.md")} {
		declared := regexp.MustCompile(`(?s)EXTERNAL TABLE events \((.*?)\n\)\nPARTITIONED BY \(day string\)`).FindStringSubmatch(statements(t, page, "athena")[0])
		if declared == nil {
			t.Fatalf("%s makes no table", page)
		}
		got := regexp.MustCompile(`,\s+`).Split(strings.TrimSpace(declared[1]), -1)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the table has %q, a file %q", page, got, want)
		}
	}
}

// TestTheColumnsAreDocumented: each has a row of its meaning.
func TestTheColumnsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "export.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := ""
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| `") {
			rows += line
		}
	}
	for _, column := range columnNames() {
		if !strings.Contains(rows, "`"+column+"`") {
			t.Errorf("docs/export.md does not say what %s is", column)
		}
	}
}
