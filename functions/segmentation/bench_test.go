package segmentation

import (
	"fmt"
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// BenchmarkRun is a nightly run over 20,000 people in memory, three in ten of them buyers, of whom two in a hundred change. It leaves out
// the SDK, the network and the decoding of items.
func BenchmarkRun(b *testing.B) {
	const people = 20_000
	w := newWorld(b, 1, 4, defined)
	w.profiles.page = 1000
	for i := range people {
		if i%10 < 3 {
			w.buyer(i%150, int64(i%977)*100, int64(i%31)*10)
			continue
		}
		p := w.visitor(i % 150)
		p.Counters = map[string]profile.Counter{event.ProductViewed: {Total: 1, Last: p.LastSeen}}
	}
	w.run(job.Segmentation{RunID: "first"}, 0)
	b.ResetTimer()
	for n := range b.N {
		b.StopTimer()
		i := 0
		for _, p := range w.profiles.all {
			p.Outbox = nil
			if i++; i%50 == 0 {
				p.Scores.Lifecycle = "before"
			}
		}
		b.StartTimer()
		run := w.run(job.Segmentation{RunID: fmt.Sprint("r", n)}, 0)
		if run.Changed != people/50 {
			b.Fatalf("%d changed, want %d", run.Changed, people/50)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/people, "us/profile")
}
