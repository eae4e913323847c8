package columns

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/event"
)

// mixed is a few events with every column.
func mixed() (all []Event) {
	for i := range 40 {
		all = append(all, Event{person(fmt.Sprint(i % 5)), event.Event{MessageID: []string{fmt.Sprint("m", i), fmt.Sprintf("6f1c1a4e-3a52-4f7b-9d8e-0a1b2c3d%04x", i)}[i%2], Kind: event.Track, Name: fmt.Sprint("E", i%3), UserID: fmt.Sprint(100 + i%5),
			Source: "site", Timestamp: noon.Add(time.Duration(i) * time.Second), ReceivedAt: noon.Add(time.Duration(i) * time.Minute), SentAt: noon.Add(time.Duration(i)),
			Properties: fmt.Appendf(nil, `{"price":%d.50,"list":[{"id":"p-%d"},{"id":"q"}],"rare%d":1}`, i, i, i), Context: []byte(`{"page":{"path":"/"}}`)}})
	}
	return sorted(all)
}

// readThrough reads a file in every way, and tells the first error.
func readThrough(raw []byte) error {
	f, err := Open(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return err
	}
	var all error
	for _, err := range f.Rows() {
		all = errors.Join(all, err)
	}
	for _, err := range f.identities(nil) {
		all = errors.Join(all, err)
	}
	definition := `{"kind":"count","from":"2026-01-01","to":"2026-12-31","by":"day","split":"properties.list[].id","events":[{"event":"*","where":[{"field":"properties.price","op":"gt","value":3},{"field":"source","op":"eq","value":"site"},{"field":"properties.rare3","op":"exists","value":false}]}]}`
	q, err := fold.Compile([]byte(definition), zone, oneShard.Day)
	if err != nil {
		return err
	}
	r := Reading{Shards: 1, Erased: Erasures{person("1"): noon.Add(time.Minute)}, Merged: map[Person]Person{person("2"): person("3")}}
	return errors.Join(all, r.Fold(q, f, f))
}

func TestTornFilesAreErrors(t *testing.T) {
	raw := written(t, oneShard, mixed())
	if err := readThrough(raw); err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		if err := readThrough(raw[:i]); err == nil {
			t.Errorf("the first %d bytes are a file", i)
		}
		other := slices.Clone(raw)
		other[i] ^= 0x10
		if err := readThrough(other); err == nil && i >= len(mark)+1 {
			t.Errorf("byte %d of %d may be any", i, len(raw))
		}
	}
	newer := slices.Clone(raw)
	newer[len(raw)-len(mark)-1] = Version + 1
	if err := readThrough(newer); err == nil || err.Error() != "opening a file: its version is 2, and only 1 is known" {
		t.Error(err)
	}
}

// FuzzColumn puts any bytes where a column should be, with the right checksum: whoever can write the archive's objects could. It is an error or a file, and never ends the program.
func FuzzColumn(f *testing.F) {
	columns := build(mixed()).columns
	names := slices.Sorted(maps.Keys(columns))
	for i, name := range names {
		f.Add(i, columns[name])
		f.Add(i, columns[name][:len(columns[name])/2])
		f.Add(i, append(slices.Clone(columns[name]), 0))
		for at := range min(len(columns[name]), 24) {
			other := slices.Clone(columns[name])
			other[at] ^= 0x81
			f.Add(i, other)
		}
	}
	f.Fuzz(func(t *testing.T, which int, column []byte) {
		w, err := NewWriter(oneShard)
		if err != nil || which < 0 {
			return
		}
		b := build(mixed())
		b.columns[names[which%len(names)]] = column
		w.put(b)
		_ = readThrough(w.Finish())
	})
}

// FuzzIndex does the same with the index.
func FuzzIndex(f *testing.F) {
	w, _ := NewWriter(oneShard)
	w.put(build(mixed()))
	names := slices.Sorted(maps.Keys(w.places))
	index := w.index(names)
	f.Add(index)
	for at := range index {
		other := slices.Clone(index)
		other[at] ^= 0x81
		f.Add(other)
	}
	f.Fuzz(func(t *testing.T, index []byte) {
		file := &File{from: bytes.NewReader(make([]byte, 1<<16)), places: map[string][]place{}}
		if file.index(index, 5, 1<<16) != nil {
			return
		}
		for block := range file.stats {
			for name := range file.places {
				_, _ = file.vector(name, block, -1)
			}
		}
	})
}

// FuzzPart: whatever the open parts of an event are, they come back.
func FuzzPart(f *testing.F) {
	for _, text := range hostile {
		f.Add([]byte(text), []byte(text))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a)+len(b) > 1<<16 {
			return
		}
		var all []Event
		for i := range 10 {
			e := event.Event{MessageID: fmt.Sprint(i), Kind: event.Track, Name: "A", Timestamp: noon, ReceivedAt: noon, Properties: [][]byte{a, b}[i%2], Context: a, Traits: b}
			all = append(all, Event{person(fmt.Sprint(i % 3)), e})
		}
		comesBack(t, all)
	})
}
