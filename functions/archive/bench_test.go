package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

var shanghai = time.FixedZone("Shanghai", 8*3600)

// bench is the function over a bucket in memory, with a clock to step. It is its own list of erasures, its gauge and its letters.
type bench struct {
	*buckettest.Bucket
	t      testing.TB
	now    time.Time
	filed  []due.Entry
	queued int
	dead   int
	little int
	old    []people.StoredPack // of the timeline, in pages of two
}

func newBench(t testing.TB) *bench {
	b := &bench{Bucket: buckettest.New(), t: t, now: noon}
	b.Bucket.Now = func() time.Time { return b.now }
	return b
}

func (b *bench) process() *Process {
	return &Process{Objects: b, Later: b, Gauge: b, Queues: []string{"events", "archive"}, Letters: b, Timeline: b, Shop: profile.Shop{Zone: shanghai}, Shards: 2, Little: b.little, Now: func() time.Time { return b.now }}
}

func (b *bench) Ready(ctx context.Context, _ string, each func(context.Context, due.Entry) (time.Time, error)) error {
	for len(b.filed) > 0 {
		if _, err := each(ctx, b.filed[0]); err != nil {
			return err
		}
		b.filed = b.filed[1:]
	}
	return nil
}

func (b *bench) Depth(context.Context, string) (queue.Depth, error) {
	return queue.Depth{InFlight: b.queued}, nil
}

// Scan gives pages of two packs; a place names how many were given.
func (b *bench) Scan(_ context.Context, from people.Place) (packs []people.StoredPack, next people.Place, err error) {
	n := 0
	if from.PK != "" {
		_, _ = fmt.Sscan(from.PK, &n)
	}
	to := min(n+2, len(b.old))
	if to < len(b.old) {
		next.PK = fmt.Sprint(to)
	}
	return b.old[n:to], next, nil
}

func (b *bench) Count(context.Context, string) (int, error) { return b.dead, nil }

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// take hands packs to the function, until they are kept.
func (b *bench) take(jobs ...any) {
	b.t.Helper()
	for failed(b.process().Take(b.t.Context(), batchOf(b.t, jobs...))) != nil {
	}
}

func (b *bench) erase(at time.Time, names ...string) {
	var e job.Erasure
	for _, name := range names {
		e.Keys = append(e.Keys, user(name))
	}
	e.At, e.Until = at, at.Add(time.Second)
	b.filed = append(b.filed, due.Entry{ID: fmt.Sprint(names, at), Body: []byte(functiontest.Body(b.t, e))})
}

// run lets the schedule come until one run ends well.
func (b *bench) run() {
	b.t.Helper()
	for range 10 {
		err := b.process().Run(b.t.Context())
		if err == nil {
			return
		}
		if !errors.Is(err, buckettest.ErrInjected) {
			b.t.Fatal(err)
		}
	}
	b.t.Fatal("no run ends well")
}

func (b *bench) head() *archive.Head {
	b.t.Helper()
	h, _, err := archive.Load(b.t.Context(), b)
	b.must(err)
	return h
}

// content is what the files of a day hold that answers read, as "person messageId", in their order.
func (b *bench) content(day profile.Day) (all []string) {
	b.t.Helper()
	d := b.head().Days[day]
	if d == nil {
		return nil
	}
	for _, one := range d.Files {
		if one.Late {
			continue
		}
		f, err := archive.OpenFile(b.t.Context(), b, one.Name)
		b.must(err)
		n := 0
		for e, err := range f.Rows() {
			b.must(err)
			all = append(all, fmt.Sprintf("%s %s", name(e.Person), e.MessageID))
			n++
		}
		if n != one.Events || f.Day != day || f.Shard != one.Shard || f.Shards != d.Shards {
			b.t.Errorf("%s has %d events of day %s, shard %d of %d; the head says %+v", one.Name, n, f.Day, f.Shard, f.Shards, one)
		}
	}
	slices.Sort(all)
	return all
}

var names = []string{"mei", "li", "an", "bo", "chen", "dong"}

func name(p columns.Person) string {
	for _, n := range names {
		if user(n) == p.ID() {
			return n
		}
	}
	return string(p.ID())
}

// files are the names of a day's files.
func (b *bench) files(day profile.Day) (all []string) {
	for _, f := range b.head().Days[day].Files {
		all = append(all, f.Name)
	}
	slices.Sort(all)
	return all
}

// below are the objects below a prefix.
func (b *bench) below(prefix string) (all []string) {
	list, err := b.List(b.t.Context(), prefix)
	b.must(err)
	for _, o := range list {
		all = append(all, o.Key)
	}
	return all
}
