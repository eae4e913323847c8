package archive

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Reader reads objects of the archive's bucket, consistently.
type Reader interface {
	Bodies
	// ReadPart reads length bytes from an offset on, or the last ones where the offset is below zero; fewer where the object has no more. size is that of the object.
	ReadPart(ctx context.Context, key string, from, length int64) (part []byte, size int64, err error)
	List(ctx context.Context, prefix string) ([]bucket.Object, error)
}

const (
	// tail is how much of a file's end is read when it is opened: its index, and of a small file all.
	tail = 32 << 10
	// window is how much is read at once of a column. A question goes through a file's columns side by side.
	window = 1 << 20
	// windows is how many of them a file keeps.
	windows = 8
	// opens is how many files are opened side by side.
	opens = 16
)

// open opens the files of days, in the order of days and of the head.
func open(ctx context.Context, objects Reader, days map[profile.Day]*Day) ([]*columns.File, error) {
	var names []string
	for _, day := range slices.Sorted(maps.Keys(days)) {
		for _, f := range days[day].Files {
			names = append(names, f.Name)
		}
	}
	files := make([]*columns.File, len(names))
	group, opening := errgroup.WithContext(ctx)
	group.SetLimit(opens)
	for i, name := range names {
		group.Go(func() (err error) {
			end, size, err := objects.ReadPart(opening, name, -1, tail)
			if err != nil {
				return err
			}
			p := &parts{ctx: ctx, objects: objects, name: name, size: size, kept: []part{{size - int64(len(end)), end}}}
			if files[i], err = columns.Open(p, size); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	return files, group.Wait()
}

// parts is an object that is read a window at a time. Many may read it at once; they wait for each other.
type parts struct {
	ctx     context.Context // of whoever reads: a file is read while its question is answered and no longer
	objects Reader
	name    string
	size    int64

	mu   sync.Mutex
	kept []part // the one used last is the last
}

type part struct {
	from int64
	body []byte
}

func (p part) has(from, to int64) bool { return from >= p.from && to <= p.from+int64(len(p.body)) }

// ReadAt is io.ReaderAt.
func (p *parts) ReadAt(into []byte, at int64) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	to := at + int64(len(into))
	if to > p.size {
		return 0, io.ErrUnexpectedEOF
	}
	i := slices.IndexFunc(p.kept, func(k part) bool { return k.has(at, to) })
	if i < 0 {
		body, _, err := p.objects.ReadPart(p.ctx, p.name, at, max(min(window, p.size-at), int64(len(into))))
		if err != nil {
			return 0, err
		}
		if p.kept = append(p.kept, part{at, body}); len(p.kept) > windows {
			p.kept = slices.Delete(p.kept, 0, 1)
		}
		i = len(p.kept) - 1
	}
	found := p.kept[i]
	p.kept = append(slices.Delete(p.kept, i, i+1), found)
	if !found.has(at, to) {
		return 0, io.ErrUnexpectedEOF
	}
	return copy(into, found.body[at-found.from:]), nil
}
