// Package pagefile tells whether a store's file, one of bbolt, is whole. It neither opens a store nor mends one.
//
// The surprising thing: it reads the file by itself. bbolt maps the file and trusts it, and walks it in a goroutine of its own, so that
// a damaged page ends the whole process in a way that no caller can catch.
package pagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"slices"
	"time"
)

// Damage says what is wrong with a file, in one line.
type Damage struct{ Path, Why string }

func (d *Damage) Error() string { return d.Path + " is damaged: " + d.Why }

// ErrInUse is what Check gives for a file that another process has open.
var ErrInUse = errors.New("another process has the file open")

const (
	pageHead  = 16
	metaSize  = 64
	magic     = 0xED0CDAED
	version   = 2
	noList    = math.MaxUint64 // the free pages are not written down
	isBranch  = 0x01
	isLeaf    = 0x02
	isList    = 0x10
	isBucket  = 0x01 // of an element of a leaf
	deepest   = 200
	patience  = time.Second
	askEvery  = 20 * time.Millisecond
	maxPageOf = 1024 << 14 // the largest page that is looked for
)

var order = binary.NativeEndian

// Check reads the file once, only up to what its last commit holds. What is wrong with its pages is a *Damage; a file that is not there or
// is empty has nothing wrong with it, since opening it makes a new store. It changes nothing.
func Check(path string) error {
	file, err := os.Open(path)
	if err != nil {
		// Opening the store tells it better.
		return nil
	}
	defer func() { _ = file.Close() }()
	for until := time.Now().Add(patience); lock(file) != nil; time.Sleep(askEvery) {
		if time.Now().After(until) {
			return ErrInUse
		}
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return err
	}
	w := &walk{file: file, size: info.Size()}
	if err := w.all(); err != nil {
		return &Damage{Path: path, Why: err.Error()}
	}
	return nil
}

type walk struct {
	file     io.ReaderAt
	size     int64
	pageSize int64
	pages    uint64 // page numbers end below it
	seen     []uint64
	buffers  [][]byte // by depth
}

type meta struct {
	pageSize          uint32
	root, list, pages uint64
	transaction       uint64
}

func (w *walk) meta(at int64) (meta, bool) {
	b := make([]byte, pageHead+metaSize)
	if _, err := w.file.ReadAt(b, at); err != nil {
		return meta{}, false
	}
	b = b[pageHead:]
	sum := fnv.New64a()
	_, _ = sum.Write(b[:56])
	m := meta{
		pageSize: order.Uint32(b[8:]), root: order.Uint64(b[16:]), list: order.Uint64(b[32:]), pages: order.Uint64(b[40:]), transaction: order.Uint64(b[48:]),
	}
	ok := order.Uint32(b) == magic && order.Uint32(b[4:]) == version && order.Uint64(b[56:]) == sum.Sum64()
	return m, ok && m.pageSize >= 512 && m.pageSize <= maxPageOf
}

func (w *walk) all() error {
	last, ok := w.meta(0)
	for at := int64(1024); !ok && at <= maxPageOf && at < w.size; at *= 2 {
		last, ok = w.meta(at)
	}
	if !ok {
		return errors.New("neither of its first two pages is that of a store")
	}
	w.pageSize = int64(last.pageSize)
	if other, ok := w.meta(w.pageSize); ok && other.transaction > last.transaction {
		last = other
	}
	w.pages = last.pages
	if w.pages > math.MaxInt64/uint64(w.pageSize) || w.pages > uint64(w.size/w.pageSize)*1024+1024 {
		return fmt.Errorf("it ends at byte %d and should have %d pages of %d bytes", w.size, w.pages, w.pageSize)
	}
	w.seen = make([]uint64, w.pages/64+1)
	w.seen[0] = 3
	if last.list != noList {
		if err := w.freeList(last.list); err != nil {
			return err
		}
	}
	_, err := w.page(last.root, 0, bound{})
	return err
}

func (w *walk) freeList(id uint64) error {
	p, err := w.read(id, 0)
	if err != nil {
		return err
	}
	if order.Uint16(p[8:]) != isList {
		return fmt.Errorf("page %d is no list of free pages", id)
	}
	n, ids := uint64(order.Uint16(p[10:])), p[pageHead:]
	if n == math.MaxUint16 {
		n, ids = order.Uint64(ids), ids[8:]
	}
	if n > uint64(len(ids)/8) {
		return fmt.Errorf("the list of free pages in page %d is cut off", id)
	}
	for i := range n {
		if free := order.Uint64(ids[8*i:]); free < 2 || free >= w.pages {
			return fmt.Errorf("page %d lists page %d as free, which is not there", id, free)
		}
	}
	return nil
}

// read reads a page and what overflows from it, and sees to it that nothing is read twice.
func (w *walk) read(id uint64, depth int) ([]byte, error) {
	if depth >= deepest {
		return nil, fmt.Errorf("page %d is nested too deep", id)
	}
	if id >= w.pages {
		return nil, fmt.Errorf("page %d is pointed to and not there", id)
	}
	if int64(id+1)*w.pageSize > w.size {
		return nil, fmt.Errorf("page %d lies beyond its end at byte %d", id, w.size)
	}
	for len(w.buffers) <= depth {
		w.buffers = append(w.buffers, make([]byte, w.pageSize))
	}
	p := w.buffers[depth][:w.pageSize]
	if _, err := w.file.ReadAt(p, int64(id)*w.pageSize); err != nil {
		return nil, fmt.Errorf("page %d cannot be read: %w", id, err)
	}
	if own := order.Uint64(p); own != id {
		return nil, fmt.Errorf("page %d says that it is page %d", id, own)
	}
	more := uint64(order.Uint32(p[12:]))
	if id+more >= w.pages || int64(id+more+1)*w.pageSize > w.size {
		return nil, fmt.Errorf("page %d with the %d after it lies beyond its end at byte %d", id, more, w.size)
	}
	for at := id; at <= id+more; at++ {
		if w.seen[at/64]&(1<<(at%64)) != 0 {
			return nil, fmt.Errorf("page %d is used twice", at)
		}
		w.seen[at/64] |= 1 << (at % 64)
	}
	if more > 0 {
		p = slices.Grow(p, int(more)*int(w.pageSize))[:int64(more+1)*w.pageSize]
		if _, err := w.file.ReadAt(p[w.pageSize:], int64(id+1)*w.pageSize); err != nil {
			return nil, fmt.Errorf("page %d cannot be read: %w", id, err)
		}
		w.buffers[depth] = p
	}
	return p, nil
}

// bound is what the keys of a page have to keep: not below least, below end; nil is open.
type bound struct{ least, end []byte }

// page checks a page and everything below it and gives its largest key.
func (w *walk) page(id uint64, depth int, b bound) ([]byte, error) {
	p, err := w.read(id, depth)
	if err != nil {
		return nil, err
	}
	return w.elements(p, fmt.Sprintf("page %d", id), depth, b)
}

func (w *walk) elements(p []byte, what string, depth int, b bound) (largest []byte, err error) {
	kind, n := order.Uint16(p[8:]), int(order.Uint16(p[10:]))
	if kind != isBranch && kind != isLeaf {
		return nil, fmt.Errorf("%s is of kind %#x", what, kind)
	}
	if pageHead+16*n > len(p) || kind == isBranch && n == 0 {
		return nil, fmt.Errorf("%s has %d entries", what, n)
	}
	key := func(i int) (k, value []byte, ok bool) {
		at := pageHead + 16*i
		e := p[at:]
		pos, size, rest := uint64(order.Uint32(e)), uint64(order.Uint32(e[4:])), uint64(0)
		if kind == isLeaf {
			pos, size, rest = size, uint64(order.Uint32(e[8:])), uint64(order.Uint32(e[12:]))
		}
		from := uint64(at) + pos
		if from+size+rest > uint64(len(p)) {
			return nil, nil, false
		}
		return p[from : from+size], p[from+size : from+size+rest], true
	}
	previous := b.least
	for i := range n {
		k, value, ok := key(i)
		if !ok {
			return nil, fmt.Errorf("entry %d of %s reaches out of it", i, what)
		}
		if c := bytes.Compare(previous, k); previous != nil && (c > 0 || c == 0 && i > 0) || b.end != nil && bytes.Compare(k, b.end) >= 0 {
			return nil, fmt.Errorf("entry %d of %s is out of order", i, what)
		}
		previous = k
		e := p[pageHead+16*i:]
		switch {
		case kind == isBranch:
			below := bound{k, b.end}
			if i < n-1 {
				next, _, ok := key(i + 1)
				if !ok {
					return nil, fmt.Errorf("entry %d of %s reaches out of it", i+1, what)
				}
				below.end = next
			}
			previous, err = w.page(order.Uint64(e[8:]), depth+1, below)
		case order.Uint32(e) == isBucket:
			err = w.bucket(value, fmt.Sprintf("entry %d of %s", i, what), depth+1)
		case order.Uint32(e) != 0:
			err = fmt.Errorf("entry %d of %s is of kind %#x", i, what, order.Uint32(e))
		}
		if err != nil {
			return nil, err
		}
	}
	return slices.Clone(previous), nil
}

// bucket checks what an entry says of a bucket: a small one lies in the entry itself.
func (w *walk) bucket(value []byte, what string, depth int) error {
	if len(value) < pageHead {
		return fmt.Errorf("%s is no bucket", what)
	}
	root := order.Uint64(value)
	if root != 0 {
		_, err := w.page(root, depth, bound{})
		return err
	}
	inside := value[16:]
	if len(inside) < pageHead || depth >= deepest || order.Uint64(inside) != 0 || order.Uint16(inside[8:]) != isLeaf {
		return fmt.Errorf("%s is no bucket", what)
	}
	_, err := w.elements(inside, what, depth, bound{})
	return err
}

// Guard runs what first reads a store and turns a panic into a *Damage: what Check finds in order can still hold records that nobody wrote.
func Guard(path string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Damage{Path: path, Why: fmt.Sprint(r)}
		}
	}()
	return f()
}
