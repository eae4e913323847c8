package main

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

var analyzer = &analysis.Analyzer{
	Name: "circles",
	Doc:  "reports files of a package that need one another in a circle",
	Run:  run,
}

// needs are the files that each file needs.
type needs map[string][]string

func run(pass *analysis.Pass) (any, error) {
	of := needsOf(pass)
	begins := map[string]token.Pos{}
	for _, f := range pass.Files {
		begins[name(pass.Fset, f.Package)] = f.Package
	}
	for _, circle := range of.circles() {
		pass.Reportf(begins[circle[0]], "files need one another in a circle: %s", strings.Join(circle, ", "))
	}
	return nil, nil
}

func name(files *token.FileSet, at token.Pos) string {
	return filepath.Base(files.Position(at).Filename)
}

func needsOf(pass *analysis.Pass) needs {
	of := needs{}
	for _, f := range pass.Files {
		from := name(pass.Fset, f.Package)
		if strings.HasSuffix(from, "_test.go") {
			continue
		}
		of[from] = nil
		ast.Inspect(f, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			if used := pass.TypesInfo.Uses[id]; used != nil && used.Pkg() == pass.Pkg && atTop(used) {
				of.add(from, name(pass.Fset, used.Pos()))
			}
			return true
		})
	}
	return of
}

// atTop tells whether something is declared at the top of a file. The methods of an interface are not: who calls one needs to know no file.
func atTop(used types.Object) bool {
	if f, ok := used.(*types.Func); ok {
		if recv := f.Origin().Signature().Recv(); recv != nil {
			return !types.IsInterface(recv.Type())
		}
	}
	return used.Parent() == used.Pkg().Scope()
}

func (of needs) add(from, to string) {
	if from != to && !strings.HasSuffix(to, "_test.go") && !slices.Contains(of[from], to) {
		of[from] = append(of[from], to)
	}
}

// circles are the files that lead to one another, each circle in the order of names.
func (of needs) circles() [][]string {
	reach := map[string]map[string]bool{}
	for from := range of {
		reach[from] = map[string]bool{}
		of.walk(from, reach[from])
	}
	var all [][]string
	for from := range of {
		circle := []string{from}
		for to := range reach[from] {
			if to != from && reach[to][from] {
				circle = append(circle, to)
			}
		}
		// Told once, by its first file.
		if slices.Sort(circle); len(circle) > 1 && circle[0] == from {
			all = append(all, circle)
		}
	}
	slices.SortFunc(all, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return all
}

func (of needs) walk(from string, seen map[string]bool) {
	for _, to := range of[from] {
		if !seen[to] {
			seen[to] = true
			of.walk(to, seen)
		}
	}
}
