package archive

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/columns"
)

const (
	// tail is how much of a file's end is read when it is opened: its index, and of a small file all.
	tail = 32 << 10
	// window is how much is read at once of a column at most, and least how much at least. A question goes through a file's columns side by side, and through as many files.
	window = 1 << 20
	least  = 128 << 10
	// columnsAsked is how many columns a question is taken to read.
	columnsAsked = 5
	// aloneWindow is how much is read at once of a file that is gone through by itself, as for people who were merged, and aloneAfter how many reads in a row tell that one is.
	aloneWindow = 4 << 20
	aloneAfter  = 4 * columnsAsked
	// roomBytes is how much of all files that were opened together is kept.
	roomBytes = 512 << 20
	// asideBytes is how much is kept of those that are gone through one after the other, opens of them at once.
	asideBytes = 64 << 20
	// opens is how many files are opened side by side.
	opens = 16
)

// open opens files that are read side by side, of which so much is kept.
func open(ctx context.Context, objects Reader, names []string, bytes int64) ([]*columns.File, error) {
	files, kept, each := make([]*columns.File, len(names)), &room{left: bytes}, min(window, max(least, bytes/columnsAsked/int64(len(names)+1)))
	group, opening := errgroup.WithContext(ctx)
	group.SetLimit(opens)
	for i, name := range names {
		group.Go(func() (err error) {
			end, size, err := objects.ReadPart(opening, name, -1, tail)
			if err != nil {
				return err
			}
			p := &parts{ctx: ctx, objects: objects, name: name, size: size, window: each, room: kept}
			kept.keep(p, part{from: size - int64(len(end)), body: end})
			if files[i], err = columns.Open(p, size); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	return files, group.Wait()
}

// OpenDay opens files of a day, and reads of them what is asked.
func OpenDay(ctx context.Context, objects Reader, files []File) ([]*columns.File, error) {
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	return open(ctx, objects, names, roomBytes)
}

// parts is an object that is read a window at a time. Many may read it at once; they wait for each other.
type parts struct {
	ctx     context.Context // of whoever reads: a file is read while its question is answered and no longer
	objects Reader
	name    string
	size    int64
	window  int64
	room    *room

	mu   sync.Mutex
	kept []part // for whoever has the room's lock
}

type part struct {
	from int64
	body []byte
	used int64 // when it was read last
}

func (p part) has(from, to int64) bool { return from >= p.from && to <= p.from+int64(len(p.body)) }

// room is what is kept of files that were opened together: of all their windows the ones used last.
type room struct {
	mu    sync.Mutex
	left  int64
	clock int64
	files []*parts
	last  *parts // which was read last, and how often in a row
	row   int
}

// window is how much is read at once of a file that is read now.
func (r *room) window(p *parts) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == p && r.row >= aloneAfter {
		return max(p.window, aloneWindow)
	}
	return p.window
}

// copy gives bytes of an object that are kept.
func (r *room) copy(p *parts, into []byte, at int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.row++; r.last != p {
		r.last, r.row = p, 1
	}
	i := slices.IndexFunc(p.kept, func(k part) bool { return k.has(at, at+int64(len(into))) })
	if i < 0 {
		return false
	}
	r.clock++
	p.kept[i].used = r.clock
	copy(into, p.kept[i].body[at-p.kept[i].from:])
	return true
}

// keep takes a window, and lets go of those that were used longest ago.
func (r *room) keep(p *parts, one part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock++
	one.used = r.clock
	if len(p.kept) == 0 {
		r.files = append(r.files, p)
	}
	p.kept, r.left = append(p.kept, one), r.left-int64(len(one.body))
	for r.left < 0 {
		var of *parts
		oldest := 0
		for _, f := range r.files {
			for i := range f.kept {
				if of == nil || f.kept[i].used < of.kept[oldest].used {
					of, oldest = f, i
				}
			}
		}
		r.left += int64(len(of.kept[oldest].body))
		of.kept = slices.Delete(of.kept, oldest, oldest+1)
		r.files = slices.DeleteFunc(r.files, func(f *parts) bool { return len(f.kept) == 0 })
	}
}

// ReadAt is io.ReaderAt.
func (p *parts) ReadAt(into []byte, at int64) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at+int64(len(into)) > p.size {
		return 0, io.ErrUnexpectedEOF
	}
	if p.room.copy(p, into, at) {
		return len(into), nil
	}
	body, _, err := p.objects.ReadPart(p.ctx, p.name, at, max(min(p.room.window(p), p.size-at), int64(len(into))))
	if err != nil {
		return 0, err
	}
	if len(body) < len(into) {
		return 0, io.ErrUnexpectedEOF
	}
	p.room.keep(p, part{from: at, body: body})
	return copy(into, body), nil
}
