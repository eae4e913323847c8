//go:build linux

package functions

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

const (
	soakSample = 2 * time.Second
	// Memory is flat when a process has, over the last third of the time, at most this much more than over the second third.
	soakShare = 0.15
	soakSlack = 8 << 20
	// soakRest is how long nothing is asked of the stack at the end, and soakResident what it may hold then.
	soakRest     = 70 * time.Second
	soakResident = 300 << 20
)

// footprint is what the processes of one program had at one moment: the largest of them, anonymous pages alone. Pages of files go and come
// as the machine likes.
type footprint map[string]int64

// TestSoak is `make soak`: steady load for minutes. No process grows for good, and what an event adds to the files is stated.
func TestSoak(t *testing.T) {
	text := os.Getenv("MINUTES")
	if text == "" {
		t.Skip("make soak runs it")
	}
	minutes, err := strconv.ParseFloat(text, 64)
	if err != nil || minutes <= 0 {
		t.Fatalf("MINUTES is %q, no number above zero", text)
	}
	c := startChild(t, asDeployed)
	x := &trial{machine: &machine{t: t, base: "http://" + c.gateway}, child: c, client: &http.Client{Timeout: 20 * time.Second}, seed: 1, pause: 50 * time.Millisecond}
	x.define()
	x.rest()
	before := folderBytes(t, c.data)
	ctx, stop := context.WithTimeout(t.Context(), time.Duration(minutes*float64(time.Minute)))
	defer stop()
	var load sync.WaitGroup
	for worker := range 4 {
		load.Go(func() { x.shop(ctx, uint64(worker)) })
	}
	load.Go(func() { x.segmentations(ctx) })
	samples := x.sample(ctx)
	load.Wait()
	x.rest()
	x.account()
	events := 0
	for _, p := range x.people {
		events += p.events
	}
	t.Logf("%d events in %g minutes, %d runs; the files grew by %.0f bytes an event", events, minutes, len(x.runs), float64(folderBytes(t, c.data)-before)/float64(events))
	judgeMemory(t, samples)
	// Whoever leaves a stack running on a laptop should not notice it.
	ctx, stop = context.WithTimeout(t.Context(), soakRest)
	defer stop()
	x.sample(ctx)
	processes := append(children(c.cmd.Process.Pid), c.cmd.Process.Pid)
	resident := int64(0)
	for _, pid := range processes {
		resident += memoryOf(pid, "VmRSS:")
	}
	t.Logf("after %s of rest %d processes hold %d MB", soakRest, len(processes), resident>>20)
	if resident > soakResident {
		t.Errorf("that is more than %d MB", soakResident>>20)
	}
}

// sample looks at the processes until the time is over.
func (x *trial) sample(ctx context.Context) []footprint {
	var all []footprint
	tick := time.NewTicker(soakSample)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return all
		case <-tick.C:
		}
		now := footprint{"stack": anonymous(x.child.cmd.Process.Pid)}
		for _, pid := range children(x.child.cmd.Process.Pid) {
			command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			if err != nil {
				continue // it has ended
			}
			program, _, _ := strings.Cut(string(command), "\x00")
			name := filepath.Base(filepath.Dir(program))
			now[name] = max(now[name], anonymous(pid))
		}
		all = append(all, now)
	}
}

// anonymous is a process's memory that is not of files, in bytes.
func anonymous(pid int) int64 { return memoryOf(pid, "RssAnon:") }

// memoryOf is what the system says of a process, in bytes; zero for one that has ended.
func memoryOf(pid int, what string) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if size, found := strings.CutPrefix(line, what); found {
			n, _ := strconv.ParseInt(strings.Fields(size)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

func folderBytes(t *testing.T, folder string) int64 {
	t.Helper()
	sum := int64(0)
	err := filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// judgeMemory prints a table and fails the test where a process grew.
func judgeMemory(t *testing.T, samples []footprint) {
	third := len(samples) / 3
	if third == 0 {
		t.Fatal("the time is too short for a look at the memory")
	}
	names := map[string]bool{}
	for _, s := range samples {
		for name := range s {
			names[name] = true
		}
	}
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "process\tpeak MB\tsecond third MB\tlast third MB\tflat\t")
	for _, name := range slices.Sorted(maps.Keys(names)) {
		peak := int64(0)
		for _, s := range samples {
			peak = max(peak, s[name])
		}
		then, now := average(samples[third:2*third], name), average(samples[2*third:], name)
		flat := flatMemory(then, now)
		if !flat {
			t.Errorf("%s grows: from %.1f MB to %.1f MB", name, then/(1<<20), now/(1<<20))
		}
		_, _ = fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.1f\t%v\t\n", name, float64(peak)/(1<<20), then/(1<<20), now/(1<<20), flat)
	}
	_ = table.Flush()
	t.Logf("\n%s", out.String())
}

func flatMemory(then, now float64) bool {
	return then == 0 || now <= then*(1+soakShare)+soakSlack
}

// average is over the moments at which the program ran.
func average(samples []footprint, name string) float64 {
	sum, n := 0.0, 0
	for _, s := range samples {
		if s[name] > 0 {
			sum += float64(s[name])
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

func TestFlatMemory(t *testing.T) {
	for _, c := range []struct {
		then, now float64
		flat      bool
	}{{100 << 20, 123<<20 - 1, true}, {100 << 20, 123<<20 + 1, false}, {1 << 20, 9 << 20, true}, {0, 50 << 20, true}, {100 << 20, 10 << 20, true}} {
		if got := flatMemory(c.then, c.now); got != c.flat {
			t.Errorf("from %g to %g is flat: %v", c.then, c.now, got)
		}
	}
	samples := []footprint{{"a": 10}, {"a": 20, "b": 4}, {"b": 6}}
	if average(samples, "a") != 15 || average(samples, "b") != 5 || average(samples, "c") != 0 {
		t.Error("averages are wrong")
	}
}
