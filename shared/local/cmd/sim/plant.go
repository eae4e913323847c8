package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// plantedVariable is the environment's name of the fault that is awake.
const plantedVariable = "USEROPS_PLANTED"

// bed is the files of an overlay in which faults are planted, each asleep until the environment names it: one build serves all of them, and the
// product as it is. A function with a fault stands there twice, as it is and as the fault makes it, and begins by asking which of the
// two is wanted. So a fault that is not within a function needs a build of its own.
type bed struct {
	texts  map[string]string // by path below the root
	asleep map[string]bool   // the faults that are in it
}

// sow makes the bed of faults.
func sow(root string, all []mutant) (*bed, error) {
	byFile := map[string][]mutant{}
	for _, m := range all {
		byFile[m.File] = append(byFile[m.File], m)
	}
	b := &bed{texts: map[string]string{}, asleep: map[string]bool{}}
	switches := map[string]*strings.Builder{} // by folder
	for _, file := range slices.Sorted(maps.Keys(byFile)) {
		body, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return nil, err
		}
		text, pkg, planted, err := sowFile(file, string(body), byFile[file])
		if err != nil {
			return nil, err
		}
		folder := filepath.Dir(file)
		if len(planted) > 0 && switches[folder] == nil {
			switches[folder] = &strings.Builder{}
			fmt.Fprintf(switches[folder], "package %s\n\nimport \"os\"\n\n", pkg)
		}
		for _, m := range planted {
			b.asleep[m.Name] = true
			fmt.Fprintf(switches[folder], "var %s = os.Getenv(%q) == %q\n", m.awake(), plantedVariable, m.Name)
		}
		b.texts[file] = text
	}
	for folder, text := range switches {
		b.texts[filepath.Join(folder, "planted.go")] = text.String()
	}
	return b, nil
}

// awake is the variable that says whether a fault is wanted, and the beginning of what its function is called.
func (m mutant) awake() string { return "planted_" + strings.NewReplacer("-", "_").Replace(m.Name) }

// edit puts a text into another.
type edit struct {
	at   int
	text string
}

// sowFile plants faults in a file and tells which of them it could.
func sowFile(file, body string, all []mutant) (text, pkg string, planted []mutant, err error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, body, parser.SkipObjectResolution)
	if err != nil {
		return "", "", nil, err
	}
	offset := func(p token.Pos) int { return set.Position(p).Offset }
	var edits []edit
	var faulty strings.Builder
	for _, m := range all {
		if n := strings.Count(body, m.Old); n != 1 {
			return "", "", nil, fmt.Errorf("%s: %q is there %d times in %s, not once", m.Name, m.Old, n, file)
		}
		at := strings.Index(body, m.Old)
		for _, d := range tree.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil || at <= offset(f.Body.Lbrace) || at+len(m.Old) > offset(f.Body.Rbrace) {
				continue
			}
			ask, ok := asks(f, m.awake())
			if !ok {
				continue
			}
			changed := body[offset(f.Pos()):offset(f.Name.Pos())] + m.awake() + "_" + f.Name.Name +
				body[offset(f.Name.End()):at] + m.New + body[at+len(m.Old):offset(f.End())]
			edits = append(edits, edit{offset(f.Body.Lbrace) + 1, ask})
			faulty.WriteString("\n" + changed + "\n")
			planted = append(planted, m)
		}
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(b.at, a.at) })
	for _, e := range edits {
		body = body[:e.at] + e.text + body[e.at:]
	}
	return body + faulty.String(), tree.Name.Name, planted, nil
}

// asks is what a function begins with that goes by a fault when it is wanted. There is none where the function's arguments have no names.
func asks(f *ast.FuncDecl, awake string) (text string, ok bool) {
	var arguments []string
	for _, field := range f.Type.Params.List {
		more := ""
		if _, variadic := field.Type.(*ast.Ellipsis); variadic {
			more = "..."
		}
		for _, name := range field.Names {
			arguments = append(arguments, name.Name+more)
		}
		if len(field.Names) == 0 {
			return "", false
		}
	}
	if slices.Contains(arguments, "_") || f.Type.TypeParams != nil {
		return "", false
	}
	call := awake + "_" + f.Name.Name
	if f.Recv != nil {
		if len(f.Recv.List[0].Names) == 0 || f.Recv.List[0].Names[0].Name == "_" {
			return "", false
		}
		call = f.Recv.List[0].Names[0].Name + "." + call
	}
	call += "(" + strings.Join(arguments, ", ") + ")"
	if f.Type.Results == nil {
		return fmt.Sprintf(" if %s { %s; return };", awake, call), true
	}
	return fmt.Sprintf(" if %s { return %s };", awake, call), true
}
