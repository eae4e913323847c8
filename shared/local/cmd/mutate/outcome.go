package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
)

// kinds are the changes beyond those that gremlins makes unasked.
var kinds = []string{
	"--invert-logical", "--invert-loopctrl", "--invert-assignments", "--remove-self-assignments", "--invert-bitwise", "--invert-bwassign",
}

// change is one small change of the code.
type change struct {
	File string `json:"file"` // from the module's root
	Line int    `json:"line"`
	Kind string `json:"kind"`
	Code string `json:"code"` // the line as it was
}

// outcome is what became of a package's changes.
type outcome struct {
	Package     string   `json:"package"`
	Noticed     int      `json:"noticed"`    // a test failed
	Hung        int      `json:"hung"`       // a test did not end, which is noticed as well
	Equivalent  int      `json:"equivalent"` // not noticed, and found to change nothing
	NotCompiled int      `json:"notCompiled"`
	Lived       []change `json:"lived"`
	NotCovered  []change `json:"notCovered"` // in files of which no test runs a line
}

// share is the percentage of changes that the tests notice, of those that compile and change something.
func (o outcome) share() float64 {
	noticed := o.Noticed + o.Hung
	all := noticed + len(o.Lived) + len(o.NotCovered)
	if all == 0 {
		return 100
	}
	return 100 * float64(noticed) / float64(all)
}

// report is what gremlins writes.
type report struct {
	Files []struct {
		Name      string `json:"file_name"`
		Mutations []struct {
			Type, Status string
			Line         int
		}
	}
}

// options are the flags.
type options struct {
	gremlins    string
	out         string
	minimum     float64
	workers     int
	coefficient int
}

func (o options) mutate(module, path, folder string, excused map[change]bool) (outcome, error) {
	file := filepath.Join(module, "gremlins.json")
	if err := os.RemoveAll(file); err != nil {
		return outcome{}, err
	}
	arguments := append([]string{"unleash", "--silent", "--output", file, "--workers", strconv.Itoa(o.workers), "--timeout-coefficient", strconv.Itoa(o.coefficient)}, kinds...)
	cmd := exec.Command(o.gremlins, append(arguments, "./"+folder)...)
	cmd.Dir = module
	env, err := environment(path)
	if err != nil {
		return outcome{}, err
	}
	cmd.Env = env
	if text, err := cmd.CombinedOutput(); err != nil {
		return outcome{}, fmt.Errorf("%w\n%s", err, text)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return outcome{}, err
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return outcome{}, fmt.Errorf("reading what gremlins found: %w", err)
	}
	return r.outcome(module, folder, excused)
}

func (r report) outcome(module, folder string, excused map[change]bool) (outcome, error) {
	out := outcome{Package: folder}
	for _, f := range r.Files {
		if strings.Contains(f.Name, "/") {
			continue // a package below this one
		}
		name := path.Join(folder, f.Name)
		content, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return outcome{}, err
		}
		lines := strings.Split(string(content), "\n")
		for _, m := range f.Mutations {
			if m.Line < 1 || m.Line > len(lines) {
				return outcome{}, fmt.Errorf("gremlins names line %d of %s", m.Line, name)
			}
			c := change{File: name, Line: m.Line, Kind: m.Type, Code: strings.TrimSpace(lines[m.Line-1])}
			equivalent := excused[c.anywhere()]
			switch m.Status {
			case "KILLED":
				out.Noticed++
			case "TIMED OUT":
				out.Hung++
			case "NOT VIABLE":
				out.NotCompiled++
			case "LIVED", "NOT COVERED":
				switch {
				case equivalent:
					out.Equivalent++
				case m.Status == "LIVED":
					out.Lived = append(out.Lived, c)
				default:
					out.NotCovered = append(out.NotCovered, c)
				}
			case "SKIPPED":
			default:
				return outcome{}, fmt.Errorf("gremlins says %q of line %d of %s", m.Status, m.Line, name)
			}
		}
	}
	return out, nil
}

// anywhere is the change without its line's number, which moves.
func (c change) anywhere() change {
	c.Line = 0
	return c
}

// equivalentFile lists changes that change nothing anybody can see: file, kind, the line's code and the reason, divided by tabs.
const equivalentFile = "shared/local/cmd/mutate/equivalent.txt"

func readEquivalent(file string) (map[change]bool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	out := map[change]bool{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") || strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 4 || fields[3] == "" {
			return nil, fmt.Errorf("%s: %q is not file, kind, code and reason", file, lines.Text())
		}
		out[change{File: fields[0], Kind: fields[1], Code: fields[2]}] = true
	}
	return out, lines.Err()
}

func (o outcome) print(w io.Writer) {
	for _, list := range []struct {
		word    string
		changes []change
	}{{"lived", o.Lived}, {"not covered", o.NotCovered}} {
		for _, c := range list.changes {
			_, _ = fmt.Fprintf(w, "%-11s %s:%d %s\t%s\n", list.word, c.File, c.Line, c.Kind, c.Code)
		}
	}
}

func table(w io.Writer, all []outcome) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "noticed\thung\tlived\tnot covered\tequivalent\tnot compiled\tshare\t  package\t")
	for _, o := range all {
		_, _ = fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t%d\t%.1f%%\t  %s\t\n", o.Noticed, o.Hung, len(o.Lived), len(o.NotCovered), o.Equivalent, o.NotCompiled, o.share(), o.Package)
	}
	_ = t.Flush()
}

func write(file string, all []outcome) error {
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

func judge(all []outcome, minimum float64) error {
	var below []string
	for _, o := range all {
		if o.share() < minimum {
			below = append(below, fmt.Sprintf("%s (%.1f%%)", o.Package, o.share()))
		}
	}
	if len(below) > 0 {
		return fmt.Errorf("below %g%%: %s", minimum, strings.Join(below, ", "))
	}
	return nil
}
