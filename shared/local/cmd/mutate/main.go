// Command mutate changes the code of packages in small ways, one at a time, and tells which changes no test of the package notices.
// The changes are made by gremlins; this program gives it a copy of the module, reads what it found, and judges by package.
//
// The surprising thing: the program also plays the go command for gremlins. To gremlins every end with code 1 is a failing test, and go
// ends so as well where a change does not compile; such changes would count as noticed.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") == "go" {
		os.Exit(playGo(os.Args[1:]))
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run() error {
	var o options
	flag.StringVar(&o.gremlins, "gremlins", "build/tools/gremlins", "the gremlins program")
	flag.StringVar(&o.out, "out", "build/mutate.json", "file for the outcome")
	flag.Float64Var(&o.minimum, "min", 0, "percent of changes that each package's tests must notice")
	flag.IntVar(&o.workers, "workers", 2, "tests that run side by side")
	flag.IntVar(&o.coefficient, "patience", 10, "a test that runs this many times as long as without a change hangs, which is noticed")
	flag.Parse()
	if flag.NArg() == 0 {
		return fmt.Errorf("name the packages, such as ./shared/domain/people/order")
	}
	gremlins, err := filepath.Abs(o.gremlins)
	if err != nil {
		return err
	}
	o.gremlins = gremlins
	folders, err := folders(flag.Args())
	if err != nil {
		return err
	}
	excused, err := readEquivalent(equivalentFile)
	if err != nil {
		return err
	}
	temporary, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	module, path := filepath.Join(temporary, "module"), filepath.Join(temporary, "path")
	if err := copyModule(".", module); err != nil {
		return fmt.Errorf("copying the module: %w", err)
	}
	if err := standIn(path); err != nil {
		return err
	}
	var all []outcome
	for _, folder := range folders {
		one, err := o.mutate(module, path, folder, excused)
		if err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
		one.print(os.Stdout)
		all = append(all, one)
	}
	table(os.Stdout, all)
	if err := write(o.out, all); err != nil {
		return err
	}
	return judge(all, o.minimum)
}

// folders are the packages that the patterns name and that have tests, as folders of the module.
func folders(patterns []string) ([]string, error) {
	list := exec.Command("go", append([]string{"list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}"}, patterns...)...)
	list.Stderr = os.Stderr
	text, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("listing packages: %w", err)
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var out []string
	for dir := range strings.Lines(string(text)) {
		if dir = strings.TrimSpace(dir); dir == "" {
			continue
		}
		relative, err := filepath.Rel(here, dir)
		if err != nil {
			return nil, err
		}
		out = append(out, filepath.ToSlash(relative))
	}
	return out, nil
}

// copyModule copies what tests may read. What was built is large and left out.
func copyModule(from, to string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, path)
		switch {
		case d.IsDir() && (path == "build" || path == "data" || strings.HasPrefix(d.Name(), ".") && path != "."):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o644)
	})
}
