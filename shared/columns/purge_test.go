package columns

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

// crowdFile is a file of several blocks of many people, each with events before and after an hour.
func crowdFile(t testing.TB, people int) (all []Event, raw []byte) {
	t.Helper()
	for n := range people {
		for i := range 10 {
			at := noon.Add(time.Duration(n*10+i) * time.Second)
			all = append(all, Event{person(fmt.Sprint("crowd ", n)), event.Event{MessageID: fmt.Sprintf("%06d-%d", n, i), Kind: event.Track, Name: "Product Viewed", Timestamp: at, ReceivedAt: noon.Add(time.Duration(i) * time.Minute),
				Properties: fmt.Appendf(nil, `{"price":%d.5,"text":"%x"}`, i%90, n*7919)}})
		}
	}
	all = sorted(all)
	return all, written(t, Head{Day: 7, Shards: 1, Made: []string{"packs/a"}}, all)
}

// TestPurged: of whoever was erased what was received until then is gone, all others have every event as it was, and the blocks of others are taken over byte by byte.
func TestPurged(t *testing.T) {
	all, raw := crowdFile(t, 7000)
	f := opened(t, raw)
	if len(f.stats) < 5 {
		t.Fatalf("%d blocks", len(f.stats))
	}
	// Of the first block's first one half is gone, of the last block's last one all, and all of the second block.
	gone := Erasures{f.stats[0].first: noon.Add(4 * time.Minute), f.stats[len(f.stats)-1].last: noon.Add(time.Hour), person("a stranger"): noon.Add(time.Hour)}
	second, _, err := f.people(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range second {
		gone[p] = noon.Add(time.Hour)
	}
	gone[f.stats[1].first] = noon.Add(2 * time.Minute)
	var want []Event
	for _, e := range all {
		if at, is := gone[e.Person]; !is || e.ReceivedAt.After(at) {
			want = append(want, e)
		}
	}
	if holds, err := gone.Hold(f); err != nil || !holds {
		t.Fatalf("it holds somebody: %v, %v", holds, err)
	}
	out, counts, err := gone.Purge(f)
	if err != nil {
		t.Fatal(err)
	}
	again := opened(t, out)
	if got := rows(t, again); len(got) != len(want) || !reflect.DeepEqual(got, want) || counts != (Counts{Written: len(want), Erased: len(all) - len(want)}) {
		t.Errorf("%d events are left, %+v; want %d", len(got), counts, len(want))
	}
	if !reflect.DeepEqual(again.Head, f.Head) {
		t.Errorf("the head is %+v, was %+v", again.Head, f.Head)
	}
	const untouched = 3
	now := slices.IndexFunc(again.stats, func(s stat) bool { return s.first == f.stats[untouched].first })
	for name, places := range f.places {
		a, b := places[untouched], again.places[name][now]
		if a.size != b.size || !bytes.Equal(raw[a.offset:a.offset+int64(a.size)], out[b.offset:b.offset+int64(b.size)]) {
			t.Errorf("column %s of a block that nobody was erased of is another", name)
		}
	}
	if holds, err := gone.Hold(again); err != nil || holds {
		t.Errorf("it holds somebody still: %v, %v", holds, err)
	}
	same, _, err := gone.Purge(opened(t, raw))
	if err != nil || !bytes.Equal(same, out) {
		t.Errorf("done again it is another file: %v", err)
	}
	// A file of which nothing is left.
	for _, e := range all {
		gone[e.Person] = noon.Add(time.Hour)
	}
	if _, counts, err := gone.Purge(f); err != nil || counts.Written != 0 || counts.Erased != len(all) {
		t.Errorf("of nobody is left %+v, %v", counts, err)
	}
}

// TestALookReadsWhoIsInAFile, of the blocks in whose range somebody is, and nothing else.
func TestALookReadsWhoIsInAFile(t *testing.T) {
	_, raw := crowdFile(t, 6000)
	from := &counting{ReaderAt: bytes.NewReader(raw)}
	f, err := Open(from, int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	before := from.bytes
	stranger := person("a stranger")
	if holds, err := (Erasures{stranger: noon.Add(time.Hour)}).Hold(f); err != nil || holds {
		t.Fatalf("a stranger is in it: %v, %v", holds, err)
	}
	if most := f.places[colPerson][0].size; from.bytes-before > most+100 {
		t.Errorf("%d bytes are read for a stranger; who is in a block are %d", from.bytes-before, most)
	}
	before = from.bytes
	if holds, err := (Erasures{person("crowd 17"): noon.Add(-time.Second)}).Hold(f); err != nil || holds {
		t.Errorf("what came after an erasure is gone: %v, %v", holds, err)
	}
	if from.bytes-before > len(raw)/10 {
		t.Errorf("%d bytes of %d are read for one person", from.bytes-before, len(raw))
	}
	from.fails = errors.New("the store is away")
	if _, err := (Erasures{person("crowd 17"): noon}).Hold(f); !errors.Is(err, from.fails) {
		t.Errorf("a store that is away: %v", err)
	}
	if _, _, err := (Erasures{person("crowd 17"): noon}).Purge(f); !errors.Is(err, from.fails) {
		t.Errorf("a store that is away: %v", err)
	}
	from.fails = nil
	// A block that is taken over is looked at as one that is read is.
	for _, places := range f.places {
		if at := places[2]; at.size > 0 {
			torn := bytes.Clone(raw)
			torn[at.offset] ^= 1
			if _, _, err := (Erasures{}).Purge(opened(t, torn)); err == nil {
				t.Error("a torn block is taken over")
			}
			break
		}
	}
}
