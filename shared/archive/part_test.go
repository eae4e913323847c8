package archive

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"
)

// object is one that says how often it is read.
type object struct {
	Reader
	body  []byte
	calls int
}

func (o *object) ReadPart(_ context.Context, _ string, from, length int64) ([]byte, int64, error) {
	o.calls++
	return o.body[from:min(from+length, int64(len(o.body)))], int64(len(o.body)), nil
}

// TestPartsAreTheObject reads any stretches of it, across the borders of windows too, and columns side by side with few calls.
func TestPartsAreTheObject(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	body := make([]byte, 5*window+17)
	for i := range body {
		body[i] = byte(random.Uint32())
	}
	o := &object{body: body}
	kept := &room{left: 4 * window}
	p := &parts{ctx: t.Context(), objects: o, size: int64(len(body)), window: window, room: kept}
	check := func(at, n int64) {
		t.Helper()
		got := make([]byte, n)
		if read, err := p.ReadAt(got, at); err != nil || read != len(got) || !bytes.Equal(got, body[at:at+n]) {
			t.Fatalf("%d bytes at %d: %d, %v", n, at, read, err)
		}
	}
	for range 300 {
		at := random.Int64N(p.size)
		check(at, 1+random.Int64N(min(3*window, p.size-at)))
	}
	check(p.size-1, 1)
	if _, err := p.ReadAt(make([]byte, 2), p.size-1); err != io.ErrUnexpectedEOF {
		t.Errorf("behind the end: %v", err)
	}
	o.calls, p.kept = 0, nil
	kept.left, kept.files, kept.row = 4*window, nil, -64 // reads in a row: that is another test
	for at := range int64(16) {                          // of four columns, sixteen blocks each
		for column := range int64(4) {
			check(column*window+at*(window/16), window/16)
		}
	}
	if o.calls != 4 {
		t.Errorf("four columns of a window each took %d calls", o.calls)
	}
}

// TestNoMoreIsKeptThanThereIsRoomFor: of two files that were opened together the windows used last stay, whosever they are.
func TestNoMoreIsKeptThanThereIsRoomFor(t *testing.T) {
	kept := &room{left: 3}
	o := &object{body: []byte("abcdef")}
	one, other := &parts{ctx: t.Context(), objects: o, size: 6, window: 1, room: kept}, &parts{ctx: t.Context(), objects: o, size: 6, window: 1, room: kept}
	for _, read := range []struct {
		of    *parts
		at    int64
		calls int
	}{{one, 0, 1}, {one, 1, 2}, {other, 0, 3}, {one, 0, 3}, {other, 5, 4}, {one, 0, 4}, {one, 1, 5}, {other, 5, 5}, {other, 0, 6}} {
		got := make([]byte, 1)
		if _, err := read.of.ReadAt(got, read.at); err != nil || got[0] != o.body[read.at] || o.calls != read.calls {
			t.Fatalf("reading at %d: %q, %v, %d calls, want %d", read.at, got, err, o.calls, read.calls)
		}
		held := int64(0)
		for _, f := range []*parts{one, other} {
			for _, k := range f.kept {
				held += int64(len(k.body))
			}
		}
		if held > 3 || held+kept.left != 3 {
			t.Fatalf("%d bytes are kept, %d are left", held, kept.left)
		}
	}
}

// TestAFileByItselfIsReadInLargeWindows: who reads one file and no other reads more at once.
func TestAFileByItselfIsReadInLargeWindows(t *testing.T) {
	kept := &room{left: roomBytes}
	o := &object{body: make([]byte, 2*aloneWindow)}
	one, other := &parts{ctx: t.Context(), objects: o, size: int64(len(o.body)), window: least, room: kept}, &parts{ctx: t.Context(), objects: o, size: int64(len(o.body)), window: least, room: kept}
	read := func(p *parts, from, to int64) (calls int) {
		t.Helper()
		before := o.calls
		for at := from; at < to; at += least {
			if _, err := p.ReadAt(make([]byte, least), at); err != nil {
				t.Fatal(err)
			}
		}
		return o.calls - before
	}
	if got := read(one, 0, aloneAfter*least); got != aloneAfter {
		t.Errorf("the first %d windows took %d calls", aloneAfter, got)
	}
	if got := read(one, aloneAfter*least, aloneAfter*least+aloneWindow); got > 2 {
		t.Errorf("read by itself, the next took %d calls", got)
	}
	if got := read(other, 0, 3*least); got != 3 {
		t.Errorf("read after another, three windows took %d calls", got)
	}
}
