package columns

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/people/event"
)

// drawEvent is an event of few people, ids and times, so that many are copies of one another.
func drawEvent(t *rapid.T) Event {
	at := noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "at")) * time.Second)
	return Event{person(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "person")), event.Event{
		MessageID: fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "id")), Source: rapid.SampledFrom([]string{"", "s"}).Draw(t, "source"), Kind: event.Track,
		Name: rapid.SampledFrom([]string{"X", "Y"}).Draw(t, "name"), Timestamp: at, ReceivedAt: at.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "late")) * time.Minute),
	}}
}

// firsts recounts a merging: by identity, the first in order.
func firsts(events []Event, known map[[3]string]bool, gone func(Event) bool) (left []Event) {
	seen := map[[3]string]bool{}
	for _, e := range sorted(events) {
		is := [3]string{string(e.Person[:]), e.Source, e.MessageID}
		if !known[is] && !seen[is] && !gone(e) {
			seen[is] = true
			left = append(left, e)
		}
	}
	return left
}

func TestMergingIsOfASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(drawEvent), 0, 40).Draw(t, "events")
		cut, known := rapid.IntRange(0, len(all)).Draw(t, "cut"), rapid.SliceOfN(rapid.Custom(drawEvent), 0, 8).Draw(t, "known")
		erased := Erasures{person("b"): noon.Add(time.Minute)}
		beside, _, err := Merging{Head: oneShard}.Merge(Sorted(slices.Clone(known)))
		if err != nil {
			t.Fatal(err)
		}
		knownFile, err := Open(bytes.NewReader(beside), int64(len(beside)))
		if err != nil {
			t.Fatal(err)
		}
		m := Merging{Head: oneShard, Known: []*File{knownFile}, Erased: erased}
		at, counts, err := m.Merge(Sorted(slices.Clone(all)))
		if err != nil {
			t.Fatal(err)
		}
		// The same in two steps, the files of which come in the other sequence, over what the first step has left of one half.
		half, _, err := Merging{Head: oneShard, Erased: erased}.Merge(Sorted(slices.Clone(all[:cut])))
		if err != nil {
			t.Fatal(err)
		}
		halfFile, err := Open(bytes.NewReader(half), int64(len(half)))
		if err != nil {
			t.Fatal(err)
		}
		steps, _, err := m.Merge(Sorted(slices.Clone(all[cut:])), halfFile.Rows(), Sorted(slices.Clone(all[cut:])))
		if err != nil || !bytes.Equal(at, steps) {
			t.Fatalf("in steps it is another file: %v", err)
		}
		ids := map[[3]string]bool{}
		gone := func(e Event) bool { return e.Person == person("b") && !e.ReceivedAt.After(noon.Add(time.Minute)) }
		for e := range knownFile.Rows() {
			if !gone(e) {
				ids[[3]string{string(e.Person[:]), e.Source, e.MessageID}] = true
			}
		}
		want := firsts(all, ids, gone)
		f, err := Open(bytes.NewReader(at), int64(len(at)))
		if err != nil {
			t.Fatal(err)
		}
		var got []Event
		for e := range f.Rows() {
			got = append(got, e)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("merged to %v, want %v", got, want)
		}
		if counts.Written != len(want) || counts.Written+counts.Duplicate+counts.Erased != len(all) {
			t.Fatalf("%+v of %d events, of which %d stay", counts, len(all), len(want))
		}
	})
}

func TestWhatIsNotWritten(t *testing.T) {
	ok := Event{person("a"), event.Event{MessageID: "1", Kind: event.Track, Name: "X", Timestamp: noon, ReceivedAt: noon}}
	for name, c := range map[string]struct {
		head  Head
		after func(*Event)
		want  string
	}{
		"no shards":         {Head{}, nil, "shards is 0, not within 1 and 65536"},
		"shard":             {Head{Shard: 4, Shards: 4}, nil, "shard is 4, not within 0 and 3"},
		"a name":            {Head{Shards: 1, Made: []string{"a", ""}}, nil, "made[1] is empty or has more than 512 bytes"},
		"the same again":    {oneShard, func(*Event) {}, `event "1" does not come after event "1"`},
		"earlier":           {oneShard, func(e *Event) { e.Timestamp = noon.Add(-time.Millisecond) }, `event "1" does not come after event "1"`},
		"another's":         {Head{Shard: person("a").Shard(7), Shards: 7}, func(e *Event) { e.Person = person("b") }, fmt.Sprintf(`event "1" is of shard %d, the file of %d`, person("b").Shard(7), person("a").Shard(7))},
		"the far future":    {oneShard, func(e *Event) { e.SentAt = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }, `sentAt of event "1" has a year that is not within 0 and 9999`},
		"more than can be":  {oneShard, func(e *Event) { e.Properties = make([]byte, maxEvent) }, `event "1" has 1048778 bytes, more than 1048576`},
		"before the others": {oneShard, func(e *Event) { e.MessageID = "0" }, `event "0" does not come after event "1"`},
	} {
		w, err := NewWriter(c.head)
		if err == nil {
			err = w.Add(ok)
		}
		if err == nil {
			next := ok
			c.after(&next)
			err = w.Add(next)
		}
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestPeopleAndShards(t *testing.T) {
	p := person("somebody")
	if again, err := PersonOf(p.ID()); err != nil || again != p {
		t.Errorf("%v comes back as %v, %v", p, again, err)
	}
	if _, err := PersonOf("u-1001"); err == nil || err.Error() != `person "u-1001" is not the id of a profile` {
		t.Error(err)
	}
	counts := make([]int, 64)
	for i := range 64_000 {
		counts[person(fmt.Sprint(i)).Shard(64)]++
	}
	if slices.Min(counts) < 850 || slices.Max(counts) > 1150 || p.Shard(1) != 0 || p.Shard(0) != 0 {
		t.Errorf("shards have %d to %d of a thousand people", slices.Min(counts), slices.Max(counts))
	}
}

// TestErasedUpToTheMoment: what was received at the very moment of an erasure is gone, a millisecond later it is of somebody who has come back.
func TestErasedUpToTheMoment(t *testing.T) {
	var all []Event
	for i := range 3 {
		all = append(all, Event{person("a"), event.Event{MessageID: fmt.Sprint(i), Kind: event.Track, Name: "A", Timestamp: noon, ReceivedAt: noon.Add(time.Duration(i) * time.Millisecond)}})
	}
	erased := Erasures{person("a"): noon.Add(time.Millisecond)}
	whole := opened(t, written(t, oneShard, all))
	raw, counts, err := Merging{Head: oneShard, Erased: erased}.Merge(whole.Rows())
	if err != nil || counts != (Counts{Written: 1, Erased: 2}) {
		t.Errorf("%+v %v", counts, err)
	}
	if left := rows(t, opened(t, raw)); len(left) != 1 || left[0].MessageID != "2" {
		t.Errorf("left is %v", left)
	}
	if left := readAll(t, Reading{Shards: 1, Erased: erased}, probe{}, whole)[person("a")]; len(left) != 1 {
		t.Errorf("read is %v", left)
	}
}

// TestWhatCameAgainAfterAnErasureIsNoCopy of what came before it: neither of a file beside the new one nor of one that it is made of.
func TestWhatCameAgainAfterAnErasureIsNoCopy(t *testing.T) {
	told := func(at time.Time) []Event {
		return []Event{{person("a"), event.Event{MessageID: "1", Kind: event.Track, Name: "A", Timestamp: noon, ReceivedAt: at}}}
	}
	first, again := opened(t, written(t, oneShard, told(noon))), told(noon.Add(time.Hour))
	for name, c := range map[string]struct {
		erased time.Time
		want   int
	}{"not erased": {noon.Add(-time.Hour), 0}, "erased in between": {noon.Add(time.Minute), 1}, "erased since": {noon.Add(2 * time.Hour), 0}} {
		erased := Erasures{person("a"): c.erased, person("b"): noon}
		if _, counts, err := (Merging{Head: oneShard, Known: []*File{first}, Erased: erased}).Merge(Sorted(again)); err != nil || counts.Written != c.want {
			t.Errorf("%s, beside its copy: %+v %v", name, counts, err)
		}
		both := 1
		if name == "erased since" {
			both = 0
		}
		if _, counts, err := (Merging{Head: oneShard, Erased: erased}).Merge(first.Rows(), Sorted(again)); err != nil || counts.Written != both {
			t.Errorf("%s, made of both: %+v %v", name, counts, err)
		}
	}
}
