package segmentation

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// TestTwoScorersOfAShard lets a second delivery of a shard's job run to its end after the nth load or the nth sending of the first one.
func TestTwoScorersOfAShard(t *testing.T) {
	for _, point := range []string{"load", "send"} {
		for nth := int32(1); nth <= 6; nth++ {
			w := newWorld(t, 5, 1, defined)
			for range 23 {
				anyProfile(w, w.random)
			}
			want, versions := w.recount(), w.versions()
			w.process.Late = func(context.Context) bool { return false }
			w.until(func(run score.Run) bool { return run.Findings != nil })
			score, _ := w.take()
			var (
				seen atomic.Int32
				once sync.Once
			)
			second := func() {
				if seen.Add(1) == nth {
					once.Do(func() {
						if w.invoke(score) {
							t.Error("the second delivery failed")
						}
					})
				}
			}
			if point == "load" {
				w.profiles.loaded = second
			} else {
				w.orchestration.Around = func(send func() error) error { second(); return send() }
			}
			if w.invoke(score) {
				t.Error("the first delivery failed")
			}
			w.profiles.loaded = nil
			w.drain(0)
			w.check(w.runs.runs["r"], want, versions)
		}
	}
}

// TestClosingTwice closes again after each later step, and at once from two shards that both saw themselves as the last.
func TestClosingTwice(t *testing.T) {
	body := functiontest.Body(t, job.Segmentation{Kind: job.Close, RunID: "r", Shards: 2})
	w := newWorld(t, 7, 2, defined)
	smallShop(w)
	want, versions := w.recount(), w.versions()
	w.until(func(run score.Run) bool { return len(run.Collected) == 2 })
	for len(w.jobs.Bodies()) > 0 {
		for range 2 {
			if w.invoke(body) {
				t.Error("closing again failed")
			}
		}
		next, _ := w.take()
		w.invoke(next)
		if w.runs.runs["r"].Outcome != nil {
			break
		}
	}
	w.drain(0)
	if w.invoke(body) {
		t.Error("closing a finished run failed")
	}
	w.drain(0)
	w.check(w.runs.runs["r"], want, versions)
}

// TestNoTimeLeftGoesBackWithoutFailing gives each invocation time for one step only: no job fails, and the run comes to the same end.
func TestNoTimeLeftGoesBackWithoutFailing(t *testing.T) {
	w := newWorld(t, 11, 2, defined)
	for range 700 {
		anyProfile(w, w.random)
	}
	want, versions := w.recount(), w.versions()
	w.profiles.page = 40
	asked := 0
	w.process.Late = func(context.Context) bool { asked++; return true }
	w.invoke(`{"kind":"plan","runId":"r"}`)
	invocations := 0
	for body, ok := w.take(); ok; body, ok = w.take() {
		if invocations++; w.invoke(body) {
			t.Fatalf("a job failed: %s", body)
		}
	}
	if invocations < 20 || asked < 15 {
		t.Errorf("%d invocations, asked for the time %d times", invocations, asked)
	}
	w.check(w.runs.runs["r"], want, versions)
}
