package schema

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/reward/ledger"
)

// missing are the faults of a table beside a schema: what is not named in both languages, and rows that name nothing.
func missing(kind string, f *Field, table Table) []string {
	var faults []string
	paths := f.Rows()
	for _, path := range paths {
		row := table[path]
		words := []Words{row.Label, row.Help}
		for _, o := range row.Options {
			words = append(words, o.Words)
		}
		for _, w := range words {
			if w.English == "" || w.Chinese == "" || !chinese(w.Chinese) || chinese(w.English) {
				faults = append(faults, fmt.Sprintf("%s: the row %q of its table has %q and %q: each field has label and help in English and Chinese", kind, path, w.English, w.Chinese))
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(paths, path) {
			faults = append(faults, fmt.Sprintf("%s: the row %q of its table is of no field", kind, path))
		}
	}
	return faults
}

// chinese says whether a text has a Chinese character, or is a name that is none in either language.
func chinese(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// alike are words that are the same in both languages.
var alike = []string{"HTML"}

func TestEveryFieldHasARow(t *testing.T) {
	seen := 0
	for _, row := range definition.Rows() {
		kind, _ := row.Names()
		for id, shape := range row.Shapes() {
			filed := name(kind, id)
			table := tables()[filed]
			for _, fault := range missing(filed, New(filed, shape, table), table) {
				if !slices.ContainsFunc(alike, func(w string) bool { return strings.Contains(fault, strconv.Quote(w)+" and "+strconv.Quote(w)) }) {
					t.Error(fault)
				}
			}
			seen++
			if Of(kind, id) == nil {
				t.Errorf("%s has no schema", filed)
			}
		}
	}
	if seen != len(tables()) || seen < 8 {
		t.Errorf("%d documents have a schema, and there are %d tables", seen, len(tables()))
	}
	if Of("campaign", "whatever") == nil || Of("setting", "whatever") != nil || Of("setting", "") != nil || Of("nothing", "") != nil {
		t.Error("of what nobody reads there is a schema, or none of what somebody does")
	}
}

// later is of a kind that came without a table.
type later struct {
	ID    string         `json:"id"`
	On    *bool          `json:"on,omitempty"`
	Steps []step         `json:"steps"`
	By    map[string]int `json:"by,omitempty"`
	Any   any            `json:"any,omitempty"`
	Not   string         `json:"-"`
	Four  [4]float64     `json:"four"`
	Plain uint8          // without a tag
	Odd   map[int]string `json:"odd"`
	Self  *later         `json:"self,omitempty"`
	//lint:ignore U1000 an unexported field is none of the document
	own   string
	Texts map[string]string `json:"texts"`
}

type step struct{ Wait string }

// TestAKindWithoutATable has a schema in which each field is called by its name, and the test says what its table lacks.
func TestAKindWithoutATable(t *testing.T) {
	f := New("later", reflect.TypeFor[later](), nil)
	var got []string
	for _, part := range f.Parts {
		got = append(got, fmt.Sprintf("%s %s %v", part.Label.In(rule.Chinese), part.Type, part.Optional))
	}
	want := []string{"id text false", "on flag true", "steps list false", "by map true", "any value true", "four array false", "Plain whole false", "odd json false", "self object true", "texts map false"}
	if !slices.Equal(got, want) {
		t.Errorf("the fields are\n%q, want\n%q", got, want)
	}
	if on := f.Part("on"); on.Absent.In(rule.English) == "" || f.Part("Not") != nil || f.Part("four").Size != 4 || f.Part("steps").Of.Part("Wait").Path != "steps.Wait" || f.Label.In(rule.English) != "later" {
		t.Errorf("%+v", f)
	}
	lacks := strings.Join(missing("later", f, Table{"id": idRow, "steps.wait": idRow}), "\n")
	for _, want := range []string{`the row "" of`, `the row "steps.Wait" of`, `the row "by.*" of`, `the row "steps.wait" of its table is of no field`} {
		if !strings.Contains(lacks, want) {
			t.Errorf("what is missing does not tell %s:\n%s", want, lacks)
		}
	}
	if strings.Contains(lacks, `the row "id"`) {
		t.Error("what is there is missing")
	}
}

// typeAt is the Go type at a path.
func typeAt(t reflect.Type, path string) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if path == "" {
		return t
	}
	first, rest, _ := strings.Cut(path, ".")
	if first == "*" {
		return typeAt(t.Elem(), rest)
	}
	if t.Kind() == reflect.Map {
		return typeAt(t.Key(), path)
	}
	for _, field := range reflect.VisibleFields(t) {
		if name, _, ok := called(field); ok && name == first {
			return typeAt(field.Type, rest)
		}
	}
	return nil
}

// constants are the texts of a type that its package names, read off its source.
func constants(t *testing.T, of reflect.Type) []string {
	t.Helper()
	dir := filepath.Join("../../../..", strings.TrimPrefix(of.PkgPath(), "github.com/userops/userops"))
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no source, %v", dir, err)
	}
	var all []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if general, is := d.(*ast.GenDecl); is && general.Tok == token.CONST {
				for _, spec := range general.Specs {
					all = append(all, values(spec.(*ast.ValueSpec), of.Name())...)
				}
			}
		}
	}
	return all
}

func values(spec *ast.ValueSpec, of string) []string {
	named, is := spec.Type.(*ast.Ident)
	if !is || named.Name != of {
		return nil
	}
	var all []string
	for _, v := range spec.Values {
		if literal, is := v.(*ast.BasicLit); is && literal.Kind == token.STRING {
			text, _ := strconv.Unquote(literal.Value)
			all = append(all, text)
		}
	}
	return all
}

// TestOptionsAreTheDomains: every value that the domain names can be picked, and nothing else.
func TestOptionsAreTheDomains(t *testing.T) {
	seen := 0
	for _, row := range definition.Rows() {
		kind, _ := row.Names()
		for id, shape := range row.Shapes() {
			Of(kind, id).Walk(func(f *Field) {
				of := typeAt(shape, f.Path)
				if f.Type != Choice || f.Name == "" && f.Path != "consent.*" || of.PkgPath() == "" {
					return
				}
				seen++
				want := constants(t, of)
				if of.Name() == "Channel" && f.Path != "caps.channel" {
					want = slices.DeleteFunc(want, func(s string) bool { return s == "any" })
				}
				var got []string
				for _, o := range f.Options {
					got = append(got, o.Value)
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%s.%s can be %v, and %s is %v", name(kind, id), f.Path, got, of, want)
				}
			})
		}
	}
	if seen < 9 {
		t.Errorf("%d choices were looked at", seen)
	}
}

// TestWordsOfWhatComesByItself: channels and units are the domain's lists, each has words.
func TestWordsOfWhatComesByItself(t *testing.T) {
	for _, o := range channels() {
		if !chinese(o.Chinese) && o.English == o.Value {
			t.Errorf("the channel %s is not named: add it to channelWords", o.Value)
		}
	}
	for _, form := range ledger.Forms() {
		if w := UnitWords(form.Name); !chinese(w.Chinese) {
			t.Errorf("the unit %s is not named: add it to unitWords", form.Name)
		}
	}
	if UnitWords("water") != (Words{"water", "water"}) {
		t.Error("a unit of a newer version has no name")
	}
}

func TestTypes(t *testing.T) {
	got := map[string]Type{}
	for _, kind := range []string{"campaign", "template", "program", "segment", "source"} {
		Of(kind, "").Walk(func(f *Field) {
			if f.Name != "" {
				got[kind+" "+f.Path] = f.Type
			}
		})
	}
	for path, want := range map[string]Type{
		"campaign wait": Span, "campaign condition": Rule, "campaign trigger": Object, "campaign trigger.audience.at": Moment, "campaign trigger.enteredSegment": Reference, "campaign state": Choice,
		"campaign trigger.event.where": List, "campaign trigger.event.where.value": Value, "campaign control": Percent, "campaign variants.weight": Percent, "campaign cancelOn": List, "campaign unproven": Flag,
		"template locales": Map, "template locales.*.html": Liquid, "template locales.*.payload": Payload, "template locales.*.subject": Text, "program qualifying.minTotal": Money, "program rewards.friend": List,
		"program ladder.friends": Whole, "segment rule": Rule, "segment description": Lines, "source ratePerSecond": Decimal, "source money": Flag, "source hookSecret": Secret,
	} {
		if got[path] != want {
			t.Errorf("%s is %q, want %q", path, got[path], want)
		}
	}
	s := Of("setting", "segmentation")
	if q := s.Part("quintiles").Part("m"); q.Type != Array || q.Of.Type != Minor || q.Size != 4 {
		t.Errorf("fixed borders are %+v", q)
	}
	m := Of("setting", "messaging")
	if c := m.Part("consent"); c.Type != Map || c.Of.Type != Choice || len(c.Options) != len(delivery.Channels()) || m.Part("stopped").Of.Type != Choice {
		t.Errorf("consent is %+v of %+v", c, c.Of)
	}
	if c := m.Part("caps"); c.Absent == (Words{}) || c.Of.Absent != (Words{}) {
		t.Error("that no cap is said is not told apart")
	}
}
