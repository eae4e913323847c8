package segmentation

import (
	"context"
	"errors"
	"testing"

	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/queue"
)

func TestAPartThatStandsStays(t *testing.T) {
	w := newWorld(t, 1, 2, nil)
	run := score.Run{ID: "r", CreatedAt: w.Now(), Shards: 2, InBucket: true}
	one := runs.RunPart{Shard: 1, Number: 3, Next: "p#a|b", Body: []byte("body")}
	if _, err := w.process.partAt(w.Context(), run, 1, 3); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("a part that nobody has collected: %v", err)
	}
	if next, err := w.process.keepPart(w.Context(), run, one); err != nil || next != "p#a|b" {
		t.Errorf("the first goes on at %q, %v", next, err)
	}
	if next, err := w.process.keepPart(w.Context(), run, runs.RunPart{Shard: 1, Number: 3, Next: "p#c", Body: []byte("other")}); err != nil || next != "p#a|b" {
		t.Errorf("a second one goes on at %q, %v, not where the first ends", next, err)
	}
	if got, err := w.process.partAt(w.Context(), run, 1, 3); err != nil || got.Next != one.Next || string(got.Body) != "body" || got.Shard != 1 || got.Number != 3 {
		t.Errorf("it reads as %+v, %v", got, err)
	}
	if len(w.runs.parts) != 0 {
		t.Errorf("%d runs have items", len(w.runs.parts))
	}
	// Two plannings of one id are two runs.
	run.CreatedAt = run.CreatedAt.Add(1)
	if _, err := w.process.partAt(w.Context(), run, 1, 3); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("a part of another planning: %v", err)
	}
}

// TestAPartBrokenBothWays loses the write, or the answer to it: the job comes again and goes on alike.
func TestAPartBrokenBothWays(t *testing.T) {
	for _, persisted := range []bool{false, true} {
		w := newWorld(t, 1, 1, nil)
		for range 7 {
			w.buyer(3, 500)
		}
		w.invoke(`{"kind":"plan","runId":"r"}`)
		body, _ := w.take()
		w.objects.Fail(1, persisted)
		if !w.invoke(body) {
			t.Fatal("the job does not come again")
		}
		if w.invoke(body) {
			t.Fatal("the job comes a third time")
		}
		w.drain(0)
		if run := w.runs.runs["r"]; run.Outcome == nil || run.Profiles != 7 || run.Buyers != 7 {
			t.Errorf("persisted %v: the run is %+v", persisted, run)
		}
	}
}

// underWay is a bucket in which another write of the same object is under way, which comes to nothing.
type underWay struct{ Objects }

func (underWay) Replace(context.Context, string, []byte, string) (string, error) {
	return "", bucket.ErrConflict
}

func TestAPartThatAnotherIsWriting(t *testing.T) {
	w := newWorld(t, 1, 1, nil)
	w.process.Objects = underWay{w.objects}
	run := score.Run{ID: "r", CreatedAt: w.Now(), Shards: 1, InBucket: true}
	if _, err := w.process.keepPart(w.Context(), run, runs.RunPart{Body: []byte("x")}); !errors.Is(err, queue.ErrNotYet) {
		t.Errorf("it is answered %v", err)
	}
}

func TestAPartThatIsTorn(t *testing.T) {
	w := newWorld(t, 1, 1, nil)
	run := score.Run{ID: "r", CreatedAt: w.Now(), Shards: 1, InBucket: true}
	for _, body := range []string{"", "\x05p#a", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"} {
		w.Must(w.objects.Put(w.Context(), partName(run, 0, 0), []byte(body)))
		if _, err := w.process.partAt(w.Context(), run, 0, 0); !errors.Is(err, errColumns) {
			t.Errorf("%q reads with %v", body, err)
		}
	}
	if err := w.process.parts(w.Context(), run, func(summary, []row) error { return nil }); !errors.Is(err, errColumns) {
		t.Errorf("closing over it: %v", err)
	}
}
