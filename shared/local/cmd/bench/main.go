// Command bench runs every benchmark of the project and writes build/bench.json: {"name": {"value": 1, "unit": "us"}, ...}. It measures nothing
// of the product itself: the benchmarks of package functions do, and those of the stand-ins, and it takes what they say; only starts and sizes
// of the programs are its own. Each figure is printed as soon as it is known.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// part is one of the things that are measured.
type part struct {
	name    string
	measure func(figures) error
}

var parts = []part{
	{"zip", zips},
	{"coldstart", starts},
	{"functions", functions},
	{"dynamodb", standIn("github.com/userops/userops/shared/standin/dynamodb/bench", "-dur", "1s", "-rounds", "3", "-items", "200000")},
	{"sqs", standIn("github.com/userops/userops/shared/standin/sqs/bench", "-round", "1s", "-rounds", "3")},
}

func main() {
	out := flag.String("out", filepath.Join("build", "bench.json"), "where the figures go")
	only := flag.String("only", "", "measure one part alone: zip, coldstart, functions, dynamodb or sqs; the other figures in the file stay")
	flag.Parse()
	if err := run(*out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(out, only string) error {
	if only != "" && !slices.ContainsFunc(parts, func(p part) bool { return p.name == only }) {
		return fmt.Errorf("there is no part %s", only)
	}
	all := figures{}
	if only != "" {
		text, err := os.ReadFile(out)
		if err == nil {
			err = json.Unmarshal(text, &all)
		}
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("reading %s: %w", out, err)
		}
	}
	began := time.Now()
	for _, p := range parts {
		if only != "" && p.name != only {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s (%.0f s)\n", p.name, time.Since(began).Seconds())
		if err := p.measure(all); err != nil {
			return fmt.Errorf("measuring %s: %w", p.name, err)
		}
	}
	fmt.Fprintf(os.Stderr, "%d figures in %s after %.0f s\n", len(all), out, time.Since(began).Seconds())
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}

// functions runs the benchmarks of package functions: those of a whole stack once, those of processor time alone five times.
func functions(all figures) error {
	const alone = "^Benchmark(Ingest|Projection|Archive)$"
	for _, which := range [][]string{{"-bench", alone, "-benchtime", "5x"}, {"-bench", ".", "-skip", alone, "-benchtime", "1x"}} {
		text, err := output("go", append([]string{"test", "-run", "^$", "-timeout", "20m", "./functions"}, which...)...)
		if err != nil {
			return err
		}
		for _, said := range complaint.FindAllString(text, -1) {
			fmt.Fprintln(os.Stderr, said)
		}
		found, err := parse(text)
		if err != nil {
			return err
		}
		for _, f := range found {
			all.set(f.name, unitOf(f.name), f.value)
		}
	}
	return nil
}

// complaint is a line of a benchmark's log: what a function warned of while it was measured, which explains a figure that is off.
var complaint = regexp.MustCompile(`(?m)^ +\S+_test\.go:\d+: .*$`)

type named struct {
	name  string
	value float64
}

var line = regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s+\d+\t(.*)$`)

// parse reads the lines of `go test -bench`: BenchmarkCost/single-2  1  0.42 wru_per_event is cost.single.wru_per_event. What has a dot is a whole name.
func parse(text string) ([]named, error) {
	var out []named
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		prefix := strings.ToLower(strings.ReplaceAll(m[1], "/", "."))
		fields := strings.Fields(m[2])
		for i := 0; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, fmt.Errorf("reading %q: %w", m[0], err)
			}
			name := fields[i+1]
			if !strings.Contains(name, ".") {
				name = prefix + "." + name
			}
			out = append(out, named{name, value})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no figure in %q", text)
	}
	return out, nil
}

// units by what a name says, the first that fits.
var units = []struct{ part, unit string }{
	{"usd", "USD"}, {"wru", "write units"}, {"rru", "read units"}, {"_ns", "ns"}, {"_us", "us"}, {"_ms", "ms"}, {"kb_", "KB"}, {"bytes", "bytes"}, {"per_s", "1/s"},
}

func unitOf(name string) string {
	if name == "cost.segmentation10m.usd" {
		return "USD a run over 10M people, scaled from 20,000 by what a profile and a change take: 30% buyers, 2% change"
	}
	last := name[strings.LastIndex(name, ".")+1:]
	for _, u := range units {
		if strings.Contains(last, u.part) {
			return u.unit
		}
	}
	return "1"
}

// standIn runs a stand-in's own bench, which prints its figures as JSON.
func standIn(pkg string, args ...string) func(figures) error {
	return func(all figures) error {
		text, err := output("go", append([]string{"run", pkg}, args...)...)
		if err != nil {
			return err
		}
		var found figures
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			return fmt.Errorf("reading what %s says: %w", pkg, err)
		}
		names := make([]string, 0, len(found))
		for name := range found {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			all.set(name, found[name].Unit, found[name].Value)
		}
		return nil
	}
}
