package form

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/definition/schema"
	"github.com/userops/userops/shared/domain/fault"
)

// tree is a document as a value to compare: the sequence of names and blanks count for nothing, and every digit of a number counts.
func tree(t *testing.T, raw string) any {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return v
}

func isSame(t *testing.T, got, want string) bool {
	t.Helper()
	return reflect.DeepEqual(tree(t, got), tree(t, want))
}

// schemas are those of all kinds, and of each setting.
func schemas() map[string]*schema.Field {
	all := map[string]*schema.Field{}
	for _, row := range definition.Rows() {
		kind, plural := row.Names()
		for id := range row.Shapes() {
			all[strings.TrimSuffix(plural+"/"+id, "/")] = schema.Of(kind, id)
		}
	}
	return all
}

// documented are the documents that the pages of the documentation save, by their addresses: "campaigns/welcome".
func documented(t *testing.T) map[string][]string {
	t.Helper()
	example := regexp.MustCompile(`(?s)-X PUT 127\.0\.0\.1:8080/v1/(\S+) -d '([^']*)'`)
	all := map[string][]string{}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	chinese, err := filepath.Glob("../../docs/zh/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, chinese...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range example.FindAllStringSubmatch(string(text), -1) {
			all[call[1]] = append(all[call[1]], call[2])
		}
	}
	return all
}

// inTests are the JSON objects that stand as texts in the tests of the code.
func inTests(t *testing.T, folders ...string) []string {
	t.Helper()
	var all []string
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
					if text, err := strconv.Unquote(literal.Value); err == nil && strings.HasPrefix(text, "{") && json.Valid([]byte(text)) && len(text) < 20_000 {
						all = append(all, text)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestWhatIsDocumentedComesBack: every document of the documentation is the same after it was shown, sent back, and nobody has typed anything.
func TestWhatIsDocumentedComesBack(t *testing.T) {
	found := 0
	for at, bodies := range documented(t) {
		plural, _, _ := strings.Cut(at, "/")
		f := schemas()[at]
		if f == nil {
			f = schemas()[plural]
		}
		if f == nil {
			continue // no definition
		}
		for _, body := range bodies {
			found++
			got, back := through(t, f, body)
			if !isSame(t, got, body) {
				t.Errorf("%s\n%s became\n%s", at, body, got)
			}
			back.Root.walk(func(n *Node) {
				if n.Odd {
					t.Errorf("%s: %s is shown as JSON: %s", at, n.Path, n.Typed.Text)
				}
				if n.Rule != nil {
					n.Rule.walk(func(r *Rule) {
						if r.Kind == Written {
							t.Errorf("%s: %s is shown as JSON: %s", at, r.Path, r.Typed[inText])
						}
					})
				}
			})
		}
	}
	if found < 30 {
		t.Errorf("%d documents were found", found)
	}
}

// TestAnythingComesBack: every object that stands in a test of the definitions, whether it is a document of the kind or not, comes back the same by the form of every kind.
func TestAnythingComesBack(t *testing.T) {
	all := inTests(t, "../domain/audience", "../domain/outreach", "../domain/reward/referral", "../domain/people/source", "../domain/definition", "../../functions/console")
	if len(all) < 300 {
		t.Fatalf("%d objects were found", len(all))
	}
	seen := map[string]bool{}
	for _, body := range all {
		if seen[body] {
			continue
		}
		seen[body] = true
		for at, f := range schemas() {
			if !speaks(f, body) {
				continue
			}
			if got, _ := through(t, f, body); !isSame(t, got, body) {
				t.Errorf("%s\n%s became\n%s", at, body, got)
			}
		}
	}
}

// speaks says whether an object has a name of the kind beside its id.
func speaks(f *schema.Field, body string) bool {
	all, _ := members(json.RawMessage(body))
	return slices.ContainsFunc(all, func(m member) bool { return m.name != "id" && m.name != "name" && f.Part(m.name) != nil })
}

// TestEveryRuleComesBack does the same for whatever stands in the tests, as a rule.
func TestEveryRuleComesBack(t *testing.T) {
	f := schemas()["segments"]
	rows := 0
	for _, body := range inTests(t, "../domain/audience", "../domain/outreach", "../domain/definition", "../../functions/console", "../../functions/segmentation") {
		doc := `{"rule":` + body + `}`
		form := Show(f, []byte(doc), shop)
		form.Root.Part("rule").Rule.walk(func(r *Rule) {
			if r.Kind != Written {
				rows++
			}
		})
		if got, _ := through(t, f, doc); !isSame(t, got, doc) {
			t.Errorf("%s became\n%s", doc, got)
		}
	}
	if rows < 200 {
		t.Errorf("%d rows were shown", rows)
	}
}

// Part is the node of a member, for tests.
func (n *Node) Part(name string) *Node {
	for _, part := range n.Parts {
		if part.Field.Name == name {
			return part
		}
	}
	return nil
}

// FuzzDocument: whatever a document is, it comes back.
func FuzzDocument(f *testing.F) {
	kinds := schemas()
	for _, body := range []string{
		`{"id":"x","name":"C","state":"running","trigger":{"event":{"name":"E","where":[{"property":"a","op":"in","value":[1,"x"]},{"property":"b","op":"eq","value":true}]}},"wait":"1.5h","control":0.10,"tags":[],"unproven":false}`,
		`{"locales":{"default":{"subject":"a\nb","text":"\r\n x\n","payload":{"a":[1.0]}},"":{},"zh":null}}`,
		`{"rule":{"not":{"any":[{"field":"traits.a","op":"in","value":["x","y"]},{"percent":{"seed":"s","from":0,"to":1e1}},{"not":{"not":{}}}]}}}`,
		`{"qualifying":{"minTotal":{"amount":1,"currency":"jpy"}},"rewards":{"friend":[{"voucher":{"amount":500,"currency":"CNY"}},{"water":1},null]},"ladder":[{}],"hold":"90m"}`,
		`{"caps":[],"quietHours":{"start":"9:00"},"consent":{},"stopped":["social","email","fax"]}`, `{"quintiles":{"m":[1,2,3,4],"r":[1]},"windowDays":1e2,"share":1e-3}`,
		`{"trigger":{"audience":{"at":"2036-11-27T02:00:00.5+08:00"}},"state":"\ud800","name":"  "}`, `{}`, `{"rule":7}`, `{"rule":{"all":[]}}`, `{"rule":{"":7}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !json.Valid(body) || !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) || twice(body) || len(body) > 4000 {
			return // no document
		}
		for at, kind := range kinds {
			if got, _ := through(t, kind, string(body)); !isSame(t, got, string(body)) {
				t.Errorf("%s\n%s became\n%s", at, body, got)
			}
		}
	})
}

// twice says whether a name stands twice in an object, which no document that was saved has.
func twice(body []byte) bool { return len(fault.Repeated(body)) > 0 }

// FuzzRead: whatever a request sends, there is a form of it, a document of JSON, and a page, and no button breaks it.
func FuzzRead(f *testing.F) {
	kinds := schemas()
	for _, query := range []string{
		"doc.rule~kind=group&doc.rule~n=3&doc.rule~mode=x&doc.rule[0]~kind=field&doc.rule[0]~field=orders.revenue&doc.rule[0]~op=in&doc.rule[0]~value=1&doc.rule[1]~kind=json&doc.rule[2]~kind=group&doc.rule[2]~n=9",
		"doc.rule~kind=field&doc.rule~field=events.<event>.lastAt&doc.rule~key=E&doc.rule~op=within&doc.rule~value=x&doc.rule~kept={&doc.rule~not=1", "doc~odd=1&doc={", "doc~rest=[1]&doc~kept=7&doc.name~odd=1&doc.name=x",
		"doc.variants~n=2&doc.variants[0].weight=x&doc.ladder~n=9&doc.ladder[0].advocate~n=9&doc.caps~n=-1&doc.caps~as=set", "doc.locales~n=2&doc.locales[0]~key=a&doc.locales[1]~key=a", "doc.quintiles.m[0]=1&doc.quintiles.m[1]=", "doc.budget~n=1&doc.budget[0]=5&doc.budget[0]~as=water",
		"doc.trigger~as=event&doc.trigger.event.where~n=1&doc.trigger.event.where[0].value=[&doc.trigger.event.where[0].value~as=json",
	} {
		for _, do := range []string{"add doc.variants", "field doc.rule", "remove doc.rule[1]", "up doc.rule[2]", "remove doc.locales[0]", "group doc.rule"} {
			f.Add(query, do)
		}
	}
	f.Fuzz(func(t *testing.T, query, do string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for at, kind := range kinds {
			form := Read(kind, values, shop)
			for range 2 {
				raw, faults := form.Document()
				if !json.Valid(raw) {
					t.Fatalf("%s: %q is no JSON: %s", at, query, raw)
				}
				form.Blame(faults)
				if _, err := form.HTML(Page{Language: "zh"}); err != nil {
					t.Fatalf("%s: %q: %v", at, query, err)
				}
				form.Act(do)
			}
			Differences(kind, nil, json.RawMessage("{}"), shop, Page{Language: "en"})
		}
	})
}
