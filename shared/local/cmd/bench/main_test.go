package main

import (
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	got, err := parse("goos: linux\nBenchmarkCost/device20-2         \t       1\t         0.05075 rru_per_event\t         2e-05 usd_per_million\nBenchmarkStack \t 1\t 10 stack.events_per_s\nPASS\n")
	want := []named{{"cost.device20.rru_per_event", 0.05075}, {"cost.device20.usd_per_million", 2e-05}, {"stack.events_per_s", 10}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v %v, want %v", got, err, want)
	}
	for _, text := range []string{"", "PASS\n", "BenchmarkX-2 \t 1\t ten things\n"} {
		if got, err := parse(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

func TestUnitOf(t *testing.T) {
	for name, want := range map[string]string{
		"cost.single.usd_per_million": "USD", "cost.single.wru_per_event": "write units", "ingest.cpu_us_per_event": "us", "archive.funnel_ns_per_event": "ns", "stack.events_per_s": "1/s",
		"cost.single.bytes_per_event": "bytes", "assumptions.sqs_call_ms": "ms", "segmentation.changed": "1",
	} {
		if got := unitOf(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
