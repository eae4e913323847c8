package archive

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// meter tells which files are read whole, and how much is read of others.
type meter struct {
	archive.Objects
	mu    sync.Mutex
	whole []string
	parts int
}

func (m *meter) Read(ctx context.Context, key string) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if strings.HasPrefix(key, archive.FilesPrefix) {
		m.whole = append(m.whole, key)
	}
	return m.Objects.Read(ctx, key)
}

func (m *meter) ReadPart(ctx context.Context, key string, from, length int64) ([]byte, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	part, size, err := m.Objects.ReadPart(ctx, key, from, length)
	m.parts += len(part)
	return part, size, err
}

// TestAPurgeReadsWhoseFilesTheyAre: an erasure rewrites the files that hold the person, reads no other one whole, and leaves all others as they are.
func TestAPurgeReadsWhoseFilesTheyAre(t *testing.T) {
	b := newBench(t)
	const days = 6
	start := noon
	for n := range days {
		at := start.AddDate(0, 0, n)
		b.now = at.Add(time.Minute)
		packs := []job.Pack{pack(t, "mei", at, fmt.Sprint("m", n)), pack(t, "bo", at, fmt.Sprint("b", n)), pack(t, "chen", at, fmt.Sprint("c", n))}
		if n == 2 {
			packs = append(packs, pack(t, "li", at, "the only one"))
		}
		b.take(job.Archive{Packs: packs})
		b.now = at.Add(13 * time.Hour)
		b.run()
	}
	before := map[string]bool{}
	for n := range days {
		for _, name := range b.files(today + profile.Day(n)) {
			before[name] = true
		}
	}
	b.erase(b.now, "li")
	b.run()
	b.now = b.now.Add(purgeAfter)
	m := &meter{Objects: b}
	p := b.process()
	p.Objects = m
	b.must(p.Run(t.Context()))
	var anew []string
	for n := range days {
		for _, name := range b.files(today + profile.Day(n)) {
			if !before[name] {
				anew = append(anew, name)
			}
		}
	}
	if len(anew) > 1 || len(m.whole) != 1 || !strings.Contains(m.whole[0], (today+2).String()) || m.parts == 0 {
		t.Errorf("files %q are written anew, %q are read whole, and %d bytes of others", anew, m.whole, m.parts)
	}
	if got := b.content(today + 2); slices.Contains(got, "li the only one") || len(got) != 3 {
		t.Errorf("the day has %q", got)
	}
	// And once is enough: nothing is looked for any more.
	m.whole, m.parts = nil, 0
	b.must(p.Run(t.Context()))
	if len(m.whole)+m.parts != 0 {
		t.Errorf("%q are read again, and %d bytes", m.whole, m.parts)
	}
}

// TestAPurgeGoesOn: where the time goes between two days, and where any write fails, before or after it happened, the next run does the rest.
func TestAPurgeGoesOn(t *testing.T) {
	for _, persisted := range []bool{false, true} {
		for n := 1; n <= 8; n++ {
			b := newBench(t)
			play(b)
			b.now = b.now.Add(purgeAfter)
			// A run without time begins nothing and loses nothing.
			short, cancel := context.WithTimeout(t.Context(), time.Minute)
			b.must(b.process().Run(short))
			cancel()
			if !slices.Contains(b.content(today), "li 1") {
				t.Fatal("a run without time has purged")
			}
			b.Fail(n, persisted)
			b.run()
			b.run()
			if got, want := b.content(today), []string{"bo 5", "chen 8", "mei 1", "mei 2"}; !slices.Equal(got, want) {
				t.Errorf("write %d, %t: today has %q, want %q", n, persisted, got, want)
			}
			erased, err := archive.LoadErased(t.Context(), b, b.head())
			b.must(err)
			for _, name := range []string{"li", "an"} {
				if e := erased[user(name)]; !e.Gone {
					t.Errorf("write %d, %t: %s is not gone: %+v", n, persisted, name, e)
				}
			}
		}
	}
}
