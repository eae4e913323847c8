package columns

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/event"
)

// probe asks for columns and nothing else.
type probe []string

func (p probe) Columns() []string   { return p }
func (p probe) Prepare(*fold.Block) {}

// told is an event as a probe sees it.
func told(p probe, b *fold.Block, i int) string {
	text := fmt.Sprint(b.Times[i], " ", b.Names[b.Events[i]].Kind, " ", b.Names[b.Events[i]].Name)
	for n := range p {
		v := &b.Columns[n]
		from, to := i, i+1
		if v.Starts != nil {
			from, to = int(v.Starts[i]), int(v.Starts[i+1])
		}
		text += " |"
		for ; from < to; from++ {
			if v.Codes != nil {
				text += " " + v.Words[v.Codes[from]].Text
			} else {
				text += fmt.Sprint(" ", float64(v.Whole[from])/v.Power)
			}
		}
	}
	return text
}

// fataler is what rapid's tests and others have in common.
type fataler interface {
	Errorf(string, ...any)
	Fatalf(string, ...any)
	Helper()
}

func readAll(t fataler, r Reading, p probe, files ...*File) map[Person][]string {
	t.Helper()
	all := map[Person][]string{}
	last := Person{}
	err := r.Each(p, func(person Person, events []fold.Stretch) error {
		if last.Compare(person) >= 0 || all[person] != nil {
			t.Errorf("%v comes after %v", person, last)
		}
		last = person
		for _, s := range events {
			for i := s.From; i < s.To; i++ {
				all[person] = append(all[person], told(p, s.Block, i))
			}
		}
		return nil
	}, files...)
	if err != nil {
		t.Fatalf("reading: %v", err)
	}
	return all
}

// TestReading holds what is read to the events that were written, sorted and filtered here, over files of several days, shards and closes, with merges, erasures and people who count nowhere.
func TestReading(t *testing.T) {
	asked := probe{"properties.price", "source", "properties.products[].id", "context.page.path"}
	rapid.Check(t, func(t *rapid.T) {
		shards := rapid.SampledFrom([]int{1, 2, 4, 6}).Draw(t, "shards")
		var all []Event
		seenAs := map[string]string{} // of each messageId, what a probe sees
		filed := map[[3]int][]Event{} // by day, shard and close
		for i := range rapid.IntRange(0, 60).Draw(t, "events") {
			day := rapid.IntRange(0, 2).Draw(t, "day")
			at := noon.Add(time.Duration(day)*24*time.Hour + time.Duration(rapid.IntRange(0, 2).Draw(t, "at"))*time.Second)
			price, path := rapid.SampledFrom([]string{`1.5`, `20`, `"x"`}).Draw(t, "price"), rapid.SampledFrom([]string{`/`, `/p`}).Draw(t, "path")
			e := Event{person(fmt.Sprint(rapid.IntRange(0, 4).Draw(t, "person"))), event.Event{MessageID: fmt.Sprintf("m%d", (i*37)%100), Kind: event.Track, Name: "N" + fmt.Sprint(i%3), Source: []string{"", "site", "77"}[i%3],
				Timestamp: at, ReceivedAt: at.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "late")) * time.Hour),
				Properties: fmt.Appendf(nil, `{"price": %s ,"products":[{"id":"a%d"},{"id":"b"}]}`, price, i), Context: fmt.Appendf(nil, `{"page":{"path":%q}}`, path)}}
			seenAs[e.MessageID] = fmt.Sprintf("%d track %s | %s | %s | a%d b | %s", at.UnixMilli(), e.Name, strings.Trim(price, `"`), e.Source, i, path)
			if rapid.IntRange(0, 5).Draw(t, "bare") == 0 {
				e.Properties, e.Context = nil, []byte("\x01")
				seenAs[e.MessageID] = fmt.Sprintf("%d track %s | | %s | |", at.UnixMilli(), e.Name, e.Source)
			}
			all = append(all, e)
			k := [3]int{day, e.Person.Shard(shards), rapid.IntRange(0, 1).Draw(t, "close")}
			filed[k] = append(filed[k], e)
		}
		var files []*File
		for k, events := range filed {
			raw, _, err := Merging{Head: Head{Day: oneShard.Day, Shard: k[1], Shards: shards}}.Merge(Sorted(slices.Clone(events)))
			if err != nil {
				t.Fatal(err)
			}
			f, err := Open(bytes.NewReader(raw), int64(len(raw)))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		merged := map[Person]Person{}
		for range rapid.IntRange(0, 4).Draw(t, "merges") {
			// Nobody is merged into who was merged into them.
			from := rapid.IntRange(0, 3).Draw(t, "from")
			merged[person(fmt.Sprint(from))] = person(fmt.Sprint(rapid.IntRange(from+1, 5).Draw(t, "into")))
		}
		erased := Erasures{}
		for range rapid.IntRange(0, 3).Draw(t, "erasures") {
			erased[person(fmt.Sprint(rapid.IntRange(0, 8).Draw(t, "who")))] = noon.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "until")) * time.Hour)
		}
		without := person(fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "without")))
		cut := person(fmt.Sprint(rapid.IntRange(0, 8).Draw(t, "cut")))
		asking := rapid.SampledFrom([]int{1, 2, 3, shards}).Draw(t, "asking")

		want := map[Person][]Event{}
		for _, e := range all {
			now := e.Person
			for i := 0; i < 20; i++ {
				if next, is := merged[now]; is {
					now = next
				}
			}
			if at, is := erased[e.Person]; now == without || is && !e.ReceivedAt.After(at) {
				continue
			}
			want[now] = append(want[now], e)
		}
		seen := 0
		for shard := range asking {
			r := Reading{Shard: shard, Shards: asking, Merged: merged, Erased: erased, Without: func(p Person) bool { return p == without }}
			below, above := r, r
			below.Before, above.From = cut, cut
			here := readAll(t, below, asked, files...)
			for p := range here {
				if p.Compare(cut) >= 0 {
					t.Fatalf("%v is not before %v", p, cut)
				}
			}
			for p, got := range readAll(t, above, asked, files...) {
				if p.Compare(cut) < 0 || here[p] != nil {
					t.Fatalf("%v is before %v, or read twice", p, cut)
				}
				here[p] = got
			}
			for p, got := range here {
				events := want[p]
				seen++
				slices.SortFunc(events, func(a, b Event) int {
					if c := a.Timestamp.Compare(b.Timestamp); c != 0 {
						return c
					}
					return strings.Compare(a.MessageID, b.MessageID)
				})
				var texts []string
				for _, e := range events {
					texts = append(texts, seenAs[e.MessageID])
				}
				if !slices.Equal(got, texts) {
					t.Fatalf("of %v are read\n%s\nwant\n%s", p, strings.Join(got, "\n"), strings.Join(texts, "\n"))
				}
			}
		}
		if seen != len(want) {
			t.Fatalf("%d people are read, want %d", seen, len(want))
		}
		whole(t, Reading{Shards: asking, Merged: merged, Erased: erased, Without: func(p Person) bool { return p == without }}, want, files)
	})
}

// whole holds what is read whole to the events of everybody, sorted, under who they are by now.
func whole(t fataler, r Reading, want map[Person][]Event, files []*File) {
	t.Helper()
	var moved []Event
	of := r.Moved()
	for _, f := range files {
		some, err := of.Of(f)
		if err != nil {
			t.Fatalf("reading who was merged: %v", err)
		}
		moved = append(moved, some...)
	}
	got := map[Person][]string{}
	for r.Shard = range r.Shards {
		sources := []Sequence{Sorted(slices.DeleteFunc(slices.Clone(moved), func(e Event) bool { return e.Person.Shard(r.Shards) != r.Shard }))}
		for _, f := range files {
			sources = append(sources, r.Rows(f))
		}
		last := Event{}
		for e, err := range Together(sources...) {
			if err != nil {
				t.Fatalf("reading: %v", err)
			}
			if e.Person.Shard(r.Shards) != r.Shard || last.MessageID != "" && last.Compare(&e) >= 0 {
				t.Errorf("%s of %v comes in shard %d behind %s", e.MessageID, e.Person, r.Shard, last.MessageID)
			}
			last = e
			got[e.Person] = append(got[e.Person], e.Source+string(e.AppendJSON(nil)))
		}
	}
	for p, events := range want {
		var texts []string
		for _, e := range events {
			texts = append(texts, e.Source+string(e.AppendJSON(nil)))
		}
		if !slices.Equal(got[p], texts) {
			t.Fatalf("of %v whole are read\n%s\nwant\n%s", p, strings.Join(got[p], "\n"), strings.Join(texts, "\n"))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d people are read whole, want %d", len(got), len(want))
	}
}

// counting is a file that tells what is read of it.
type counting struct {
	io.ReaderAt
	bytes int
	fails error
}

func (c *counting) ReadAt(into []byte, at int64) (int, error) {
	if c.fails != nil {
		return 0, c.fails
	}
	c.bytes += len(into)
	return c.ReaderAt.ReadAt(into, at)
}

// TestOnlyWhatIsAskedIsRead: of a file with long texts, a question about prices reads the prices.
func TestOnlyWhatIsAskedIsRead(t *testing.T) {
	var all []Event
	for i := range 2000 {
		all = append(all, Event{person(fmt.Sprint(i % 90)), event.Event{MessageID: fmt.Sprint(i), Kind: event.Track, Name: "A", Timestamp: noon.Add(time.Duration(i) * time.Second), ReceivedAt: noon.Add(time.Hour),
			Properties: fmt.Appendf(nil, `{"price":%d,"text":"%x"}`, i%7, bytes.Repeat([]byte{byte(i), byte(i * 7), byte(i / 3)}, 100))}})
	}
	raw := written(t, oneShard, sorted(all))
	from := &counting{ReaderAt: bytes.NewReader(raw)}
	f, err := Open(from, int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, Reading{Shards: 1}, probe{"properties.price"}, f); len(got) != 90 {
		t.Errorf("%d people are read", len(got))
	}
	if from.bytes*3 > len(raw) {
		t.Errorf("%d bytes are read of %d", from.bytes, len(raw))
	}
	from.fails = errors.New("the store is away")
	if err := (Reading{Shards: 1}).Each(probe{}, func(Person, []fold.Stretch) error { return nil }, f); !errors.Is(err, from.fails) {
		t.Errorf("a store that is away: %v", err)
	}
	if _, err := Open(from, int64(len(raw))); !errors.Is(err, from.fails) {
		t.Errorf("a store that is away: %v", err)
	}
	for range f.Rows() {
		break
	}
	for _, err := range f.Rows() {
		if !errors.Is(err, from.fails) {
			t.Errorf("a store that is away: %v", err)
		}
	}
	from.fails = nil
	for _, column := range []string{"price", "props.price"} {
		if err := (Reading{Shards: 1}).Each(probe{column}, func(Person, []fold.Stretch) error { return nil }, f); err == nil || err.Error() != "column "+column+" cannot be asked" {
			t.Errorf("asking %s: %v", column, err)
		}
	}
	if err := (Reading{}).Each(probe{}, nil); err == nil || err.Error() != "reading shard 0 of 0" {
		t.Error(err)
	}
	enough := errors.New("enough")
	if err := (Reading{Shards: 1}).Each(probe{}, func(Person, []fold.Stretch) error { return enough }, f); !errors.Is(err, enough) {
		t.Error(err)
	}
}

// TestAtOnce: what happened at once is in the order of the messageIds, wherever it lies.
func TestAtOnce(t *testing.T) {
	at := func(who, id string) Event {
		return Event{person(who), event.Event{MessageID: id, Kind: event.Track, Name: id, Timestamp: noon, ReceivedAt: noon}}
	}
	one := opened(t, written(t, oneShard, sorted([]Event{at("a", "2"), at("a", "4"), at("b", "1"), at("b", "5"), at("c", "3")})))
	late := opened(t, written(t, oneShard, []Event{at("a", "0"), at("a", "3x")}))
	r := Reading{Shards: 1, Merged: map[Person]Person{person("b"): person("a"), person("c"): person("b")}}
	names := ""
	for _, text := range readAll(t, r, probe{}, late, one)[person("a")] {
		names += text[strings.LastIndex(text, " ")+1:] + " "
	}
	if names != "0 1 2 3 3x 4 5 " {
		t.Errorf("the order is %s", names)
	}
	// A circle of merges ends, and nothing is counted twice.
	r.Merged[person("a")] = person("c")
	circle := 0
	for _, events := range readAll(t, r, probe{}, one) {
		circle += len(events)
	}
	if circle != 5 {
		t.Errorf("%d events of a circle, want 5", circle)
	}
}

// TestRareValuesAreFound: of a path that has no column of its own the values are read where they stand, beside those of blocks where it has one.
func TestRareValuesAreFound(t *testing.T) {
	var all []Event
	for i := range maxBlockEvents + 3000 {
		properties := fmt.Appendf(nil, `{"n":%d}`, i)
		if i == 7 || i > maxBlockEvents {
			properties = fmt.Appendf(nil, `{"rare":%d.5,"a":{"rare":"x"}}`, i)
		}
		if i == 8 {
			properties = []byte(`{"rare": "text" }`)
		}
		all = append(all, Event{person("a"), event.Event{MessageID: fmt.Sprintf("%06d", i), Kind: event.Track, Name: "A", Timestamp: noon.Add(time.Duration(i)), ReceivedAt: noon, Properties: properties}})
	}
	f := comesBack(t, all)
	if f.places["properties.rare"][0].size != 0 || f.places["properties.rare"][1].size == 0 {
		t.Fatal("it was to be rare in the first block alone")
	}
	got := readAll(t, Reading{Shards: 1}, probe{"properties.rare", "properties.n"}, f)[person("a")]
	for i, want := range map[int]string{6: "| | 6", 7: "| 7.5 |", 8: "| text |", 9: "| | 9", maxBlockEvents + 1: "| 16385.5 |"} {
		if !strings.HasSuffix(got[i], want) {
			t.Errorf("event %d is %s, want %s", i, got[i], want)
		}
	}
}
