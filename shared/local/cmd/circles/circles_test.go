package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"testing"

	"golang.org/x/tools/go/analysis"
)

// TestCircles: what each way of needing a file comes to.
func TestCircles(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"two functions": {map[string]string{
			"a.go": "package p\nfunc A() { B() }", "b.go": "package p\nfunc B() { if false { A() } }", "c.go": "package p\nfunc C() { A() }"},
			[]string{"files need one another in a circle: a.go, b.go"}},
		"through a third": {map[string]string{
			"a.go": "package p\nvar A = B", "b.go": "package p\nconst B = 1\ntype T struct{ U }", "c.go": "package p\nfunc C(T) {}", "d.go": "package p\ntype U struct{}\nfunc (U) M() { C(T{}) }"},
			[]string{"files need one another in a circle: b.go, c.go, d.go"}},
		"a method apart from its type": {map[string]string{
			"a.go": "package p\ntype T struct{}\nfunc A(t T) { t.M() }", "b.go": "package p\nfunc (t *T) M() {}"},
			[]string{"files need one another in a circle: a.go, b.go"}},
		"an interface's method leads nowhere": {map[string]string{
			"a.go": "package p\ntype I interface{ M() }\nfunc A(i I) { i.M() }", "b.go": "package p\ntype T struct{}\nfunc (T) M() { A(T{}) }"}, nil},
		"fields and locals are no files' business": {map[string]string{
			"a.go": "package p\ntype T struct{ F int }", "b.go": "package p\nfunc B() int { A := T{F: 1}; return A.F }"}, nil},
		"tests are left out": {map[string]string{
			"a.go": "package p\nfunc A() {}", "a_test.go": "package p\nfunc B() { A() }"}, nil},
	} {
		pass := &analysis.Pass{Analyzer: analyzer, Fset: token.NewFileSet(), TypesInfo: &types.Info{Uses: map[*ast.Ident]types.Object{}}}
		for file, text := range c.files {
			parsed, err := parser.ParseFile(pass.Fset, file, text, 0)
			if err != nil {
				t.Fatal(err)
			}
			pass.Files = append(pass.Files, parsed)
		}
		var err error
		if pass.Pkg, err = (&types.Config{Importer: importer.Default()}).Check("p", pass.Fset, pass.Files, pass.TypesInfo); err != nil {
			t.Fatal(name, err)
		}
		var got []string
		pass.Report = func(d analysis.Diagnostic) { got = append(got, d.Message) }
		if _, err := run(pass); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q, %v", name, got, c.want, err)
		}
	}
}
