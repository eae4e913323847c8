package archive

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/job"
)

// slow is a bucket whose calls take time off the invocation that makes them; a call that finds none left ends as a killed function's does, before it reached the bucket.
type slow struct {
	*bench
	call, left time.Duration
	cut        int // calls that found no time
}

func (s *slow) spend() error {
	if s.left -= s.call; s.left < 0 {
		s.cut++
		return context.DeadlineExceeded
	}
	return nil
}

func (s *slow) Put(ctx context.Context, key string, body []byte) error {
	if err := s.spend(); err != nil {
		return err
	}
	return s.bench.Put(ctx, key, body)
}

func (s *slow) Replace(ctx context.Context, key string, body []byte, tag string) (string, error) {
	if err := s.spend(); err != nil {
		return "", err
	}
	return s.bench.Replace(ctx, key, body, tag)
}

func (s *slow) Read(ctx context.Context, key string) ([]byte, string, error) {
	if err := s.spend(); err != nil {
		return nil, "", err
	}
	return s.bench.Read(ctx, key)
}

func (s *slow) ReadPart(ctx context.Context, key string, from, length int64) ([]byte, int64, error) {
	if err := s.spend(); err != nil {
		return nil, 0, err
	}
	return s.bench.ReadPart(ctx, key, from, length)
}

func (s *slow) List(ctx context.Context, prefix string) ([]bucket.Object, error) {
	if err := s.spend(); err != nil {
		return nil, err
	}
	return s.bench.List(ctx, prefix)
}

func (s *slow) Delete(ctx context.Context, keys ...string) error {
	if err := s.spend(); err != nil {
		return err
	}
	return s.bench.Delete(ctx, keys...)
}

// invocation is a context whose deadline comes nearer with the bucket's calls, and with no clock.
type invocation struct {
	context.Context
	s *slow
}

func (i invocation) Deadline() (time.Time, bool) { return time.Now().Add(i.s.left), true }

// invoke lets the schedule come so many times; each run has as long as the template gives the function.
func (s *slow) invoke(times int) {
	s.t.Helper()
	for range times {
		s.left = 15 * time.Minute
		p := s.process()
		p.Objects = s
		if err := p.Run(invocation{s.t.Context(), s}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestASlowBucket answers each call after ten seconds, so that an invocation has 90 of them: none begins what it cannot end, and one after the other they come to what one does whose bucket is quick.
func TestASlowBucket(t *testing.T) {
	const days = 30
	quick := newBench(t)
	b := &slow{bench: newBench(t), call: 10 * time.Second}
	for _, at := range []*bench{quick, b.bench} {
		at.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1", "2"), pack(t, "li", noon, "1", "3")}})
		for day := range days {
			at.take(job.Archive{Packs: []job.Pack{pack(t, "an", noon.AddDate(0, 0, -day), fmt.Sprint("a", day)), pack(t, "bo", noon.AddDate(0, 0, -day), fmt.Sprint("b", day))}, Merges: []job.Follow{merge("li", "an", noon)}})
		}
		at.erase(noon, "bo")
		at.now = midnight.Add(3 * time.Hour)
	}
	quick.run()
	b.invoke(1)
	if n := len(b.head().Days); n == 0 || n == days {
		t.Errorf("the first invocation has filed %d days of %d", n, days)
	}
	b.invoke(30)
	for _, at := range []*bench{quick, b.bench} {
		at.now = at.now.Add(purgeAfter)
	}
	quick.run()
	b.invoke(30)
	if b.cut != 0 {
		t.Errorf("%d calls found no time", b.cut)
	}
	for day := today - days + 1; day <= today; day++ {
		if got, want := b.content(day), quick.content(day); !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("day %d has %q, want %q", day, got, want)
		}
		if got, want := b.head().Days[day].Closes, quick.head().Days[day].Closes; got != want {
			t.Errorf("day %d was closed %d times, want %d", day, got, want)
		}
	}
}
