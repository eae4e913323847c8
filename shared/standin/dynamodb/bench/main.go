//go:build unix

// Command bench measures the DynamoDB stand-in with an SDK client: calls a second, CPU of the server alone, and the same calls
// against a server with canned replies, which is the most this client and machine can do.
//
// It prints JSON: {"standin.PutItem.per_s": {"value": 1, "unit": "1/s"}, ...}. With -items it also fills a table and reports
// scanning, memory and the time a start takes. Each server is a process of its own, started with -child.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type figure struct {
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

type report map[string]figure

func (r report) set(name, unit string, value float64) { r[name] = figure{value, unit} }

func main() {
	childKind := flag.String("child", "", "serve as a child: standin or canned")
	path := flag.String("path", "", "with -child: the store's file")
	address := flag.String("listen", "127.0.0.1:0", "with -child: where to listen")
	lag := flag.Duration("lag", 0, "with -child: the lag of expiry")
	duration := flag.Duration("dur", 2*time.Second, "how long each operation is measured in each of the rounds")
	rounds := flag.Int("rounds", 3, "how many rounds; stand-in and canned server take turns")
	workers := flag.Int("workers", 8, "connections")
	items := flag.Int("items", 0, "fill a table with so many items of about 300 bytes and measure scan, memory and start")
	only := flag.String("only", "", "only operations whose name begins so")
	profile := flag.String("profile", "", "write CPU profiles of the stand-in here, one an operation")
	flag.Parse()
	if *childKind != "" {
		if err := serve(*childKind, *path, *address, *lag); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	out := report{}
	if err := measure(out, settings{*duration, *rounds, *workers, *items, *only, *profile}); err != nil {
		fmt.Fprintln(os.Stderr, "measuring the DynamoDB stand-in:", err)
		os.Exit(1)
	}
	text, _ := json.MarshalIndent(out, "", "  ")
	fmt.Println(string(text))
}

type settings struct {
	duration time.Duration
	rounds   int
	workers  int
	items    int
	only     string
	profile  string
}

func measure(out report, s settings) error {
	dir, err := os.MkdirTemp("", "dynamodb-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	standin, err := start("standin", filepath.Join(dir, "standin.db"))
	if err != nil {
		return err
	}
	defer standin.stop()
	canned, err := start("canned", filepath.Join(dir, "canned.db"))
	if err != nil {
		return err
	}
	defer canned.stop()
	for _, c := range []*child{standin, canned} {
		if err := c.seed(ctx); err != nil {
			return fmt.Errorf("seeding: %w", err)
		}
	}
	if err := canned.control("freeze"); err != nil {
		return err
	}
	for _, op := range calls {
		if !strings.HasPrefix(op.name, s.only) {
			continue
		}
		if err := compare(ctx, out, s, op, standin, canned); err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
	}
	if s.items == 0 {
		return nil
	}
	return large(ctx, out, s, filepath.Join(dir, "large.db"))
}

// compare measures one operation on both servers in turns, so that what else the machine does hits both alike.
func compare(ctx context.Context, out report, s settings, op call, standin, canned *child) error {
	var did [2]float64
	var took [2]time.Duration
	var cpu [2]time.Duration
	for round := range s.rounds {
		for i, c := range []*child{standin, canned} {
			if s.profile != "" && i == 0 && round == 0 {
				if err := c.control("profile/start?file=" + filepath.Join(s.profile, op.name+".pprof")); err != nil {
					return err
				}
			}
			r, err := c.run(ctx, op, s.duration, s.workers, round)
			if err != nil {
				return err
			}
			if s.profile != "" && i == 0 && round == 0 {
				if err := c.control("profile/stop"); err != nil {
					return err
				}
			}
			did[i] += float64(r.calls)
			took[i] += r.took
			cpu[i] += r.cpu
		}
	}
	for i, kind := range []string{"standin", "canned"} {
		name := kind + "." + op.name
		out.set(name+".per_s", "1/s", did[i]/took[i].Seconds())
		out.set(name+".server_cpu_us", "us", float64(cpu[i].Microseconds())/did[i])
	}
	out.set("standin."+op.name+".of_canned", "%", 100*(did[0]/took[0].Seconds())/(did[1]/took[1].Seconds()))
	return nil
}

// large fills a table and measures what only shows with many items.
func large(ctx context.Context, out report, s settings, path string) error {
	c, err := start("standin", path)
	if err != nil {
		return err
	}
	began := time.Now()
	before := c.usage()
	if err := c.fill(ctx, s.items, s.workers); err != nil {
		c.stop()
		return err
	}
	n := float64(s.items)
	out.set("standin.load.items_per_s", "1/s", n/time.Since(began).Seconds())
	out.set("standin.load.server_cpu_us_per_item", "us", float64((c.usage().CPU-before.CPU).Microseconds())/n)
	out.set("standin.load.rss_mb", "MB", float64(c.usage().RSS>>20))
	before, began = c.usage(), time.Now()
	got, err := c.scanAll(ctx)
	if err != nil {
		c.stop()
		return err
	}
	out.set("standin.scan.items_per_s", "1/s", float64(got)/time.Since(began).Seconds())
	out.set("standin.scan.server_cpu_us_per_item", "us", float64((c.usage().CPU-before.CPU).Microseconds())/float64(got))
	out.set("standin.scan.rss_mb", "MB", float64(c.usage().RSS>>20))
	if info, err := os.Stat(path); err == nil {
		out.set("standin.file_mb", "MB", float64(info.Size()>>20))
	}
	c.kill()
	began = time.Now()
	if c, err = start("standin", path); err != nil {
		return err
	}
	out.set("standin.start_after_kill.seconds", "s", time.Since(began).Seconds())
	out.set("standin.start_after_kill.rss_mb", "MB", float64(c.usage().RSS>>20))
	c.stop()
	return nil
}
