package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryMutantCompiles checks the types of each package with each of its planted faults: one that no longer compiles is a fault that nothing can notice, and in the one build
// of all faults it takes the others with it.
func TestEveryMutantCompiles(t *testing.T) {
	all, err := mutants(root)
	if err != nil {
		t.Fatal(err)
	}
	packages := checker(t)
	for folder, of := range byFolder(all) {
		if err := packages.check(folder, "", nil); err != nil {
			t.Fatalf("%s as it is: %v", folder, err)
		}
		for _, m := range of {
			body, err := os.ReadFile(filepath.Join(root, m.File))
			if err != nil {
				t.Error(err)
				continue
			}
			if err := packages.check(folder, m.File, []byte(strings.Replace(string(body), m.Old, m.New, 1))); err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
		}
	}
}

func byFolder(all []mutant) map[string][]mutant {
	folders := map[string][]mutant{}
	for _, m := range all {
		folder := filepath.Dir(m.File)
		folders[folder] = append(folders[folder], m)
	}
	return folders
}

// compiler checks packages against what is built of those that they import.
type compiler struct {
	fset   *token.FileSet
	config types.Config
}

func checker(t *testing.T) compiler {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}}\t{{.Export}}{{end}}", "./functions/...", "./shared/...")
	list.Dir = root
	var faults bytes.Buffer
	list.Stderr = &faults
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, faults.String())
	}
	built := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		built[path] = file
	}
	fset := token.NewFileSet()
	read := func(path string) (io.ReadCloser, error) {
		file, ok := built[path]
		if !ok {
			return nil, fmt.Errorf("%s is not built", path)
		}
		return os.Open(file)
	}
	return compiler{fset, types.Config{Importer: importer.ForCompiler(fset, "gc", read)}}
}

// check gives the first fault of a package whose file changed has another text.
func (c compiler) check(folder, changed string, text []byte) error {
	made, err := build.ImportDir(filepath.Join(root, folder), 0)
	if err != nil {
		return err
	}
	var files []*ast.File
	for _, name := range made.GoFiles {
		path := filepath.Join(root, folder, name)
		var from any
		if filepath.Join(folder, name) == changed {
			from = text
		}
		file, err := parser.ParseFile(c.fset, path, from, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	_, err = c.config.Check(folder, c.fset, files, nil)
	return err
}
