package columns

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

var noon = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)

// person is somebody by a name.
func person(name string) (p Person) {
	h := fnv.New128a()
	_, _ = h.Write([]byte(name))
	copy(p[:], h.Sum(nil))
	return p
}

// parse reads a body as ingest does; a body that it refuses has no events.
func parse(body []byte) []Event {
	n := 0
	arrival := event.Arrival{ReceivedAt: noon, NewID: func() string { n++; return fmt.Sprintf("made-%d", n) }}
	batch, err := event.ParseBatch(body, arrival)
	if err != nil || len(batch.Events) == 0 {
		if batch, err = event.ParseOne(body, "", arrival); err != nil {
			return nil
		}
	}
	out := make([]Event, len(batch.Events))
	for i, e := range batch.Events {
		e.Source, e.Trust = []string{"", "site", "till"}[i%3], []trust.Level{"", trust.Public, trust.Person}[i%3]
		out[i] = Event{person(e.UserID + "\x00" + e.AnonymousID), e}
	}
	return out
}

// sorted brings events into a file's order, the same ones once.
func sorted(events []Event) []Event {
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b Event) int { return a.Compare(&b) })
	return slices.CompactFunc(events, func(a, b Event) bool { return a.Compare(&b) == 0 })
}

var (
	oneShard = Head{Day: 20778, Shards: 1}
	zone     = profile.Shop{Zone: time.UTC, Currency: "CNY"}
)

func written(t testing.TB, head Head, events []Event) []byte {
	t.Helper()
	w, err := NewWriter(head)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := w.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	return w.Finish()
}

func opened(t testing.TB, raw []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func rows(t testing.TB, f *File) (all []Event) {
	t.Helper()
	for e, err := range f.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// comesBack writes events and holds what is read to them, byte by byte, empty parts being none as they are in a timeline.
func comesBack(t testing.TB, events []Event) *File {
	t.Helper()
	want := sorted(events)
	raw := written(t, oneShard, want)
	if again := written(t, oneShard, want); !bytes.Equal(raw, again) {
		t.Error("the same events give other bytes")
	}
	f := opened(t, raw)
	got := rows(t, f)
	if len(got) != len(want) || f.Events() != len(want) {
		t.Fatalf("%d events come back of %d; the index says %d", len(got), len(want), f.Events())
	}
	for i := range want {
		for _, part := range []*json.RawMessage{&want[i].Properties, &want[i].Traits, &want[i].Context, &want[i].Integrations} {
			if len(*part) == 0 {
				*part = nil
			}
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("event %d comes back as\n%+v %s\nwant\n%+v %s", i, got[i], got[i].AppendJSON(nil), want[i], want[i].AppendJSON(nil))
		}
	}
	return f
}

// bodies are what the project shows and tests: the samples of ingest, and every object and batch of the pages.
func bodies(t testing.TB) (all [][]byte) {
	t.Helper()
	samples, _ := filepath.Glob("../../events/ingest/*.json")
	for _, name := range samples {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var call struct{ Body string }
		if json.Unmarshal(text, &call) == nil {
			all = append(all, []byte(call.Body))
		}
	}
	pages, _ := filepath.Glob("../../docs/*.md")
	for _, name := range pages {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?s)-d '(\{.*?\})'`).FindAllSubmatch(text, -1) {
			all = append(all, found[1])
		}
	}
	return all
}

func TestEveryEventOfTheSamplesAndPagesComesBack(t *testing.T) {
	var all []Event
	for _, body := range bodies(t) {
		all = append(all, parse(body)...)
	}
	if len(all) < 25 {
		t.Fatalf("only %d events were found", len(all))
	}
	comesBack(t, all)
	for range 5 {
		// Enough of each for columns of their own.
		for _, e := range all[:min(len(all), 400)] {
			e.MessageID += "+"
			all = append(all, e)
		}
	}
	comesBack(t, all)
}

// hostile are parts that no client should send, and what only looks like what a file marks its own with.
var hostile = []string{
	``, `{}`, ` { } `, `{"a":null}`, `{"a":1,"a":"2","a":null}`, `{"a.b":1,"a":{"b":2}}`, `{"":""}`, `{"a":[]}`, `{"a":[[1,2],[3,[4]]],"b":[{},{"c":[true,false]}]}`, "{\"a\" :\t1.50 ,\n\"b\":-0}",
	`{"a":1e999,"b":-0.0,"c":0.10,"d":123456789012345678901234567890,"e":1E2}`, `{"a":"\u0001\u0002\\\"","b":"\ud83d"}`, "{\"a\":\"\x01\"}", "\x01", "\x02", "{\x01}", `{"\u0061":1,"a":2}`, `nonsense`, `{"a":1`, `{"a":1}}`, `[1,2]`,
	`{"` + strings.Repeat("long", 60) + `":1}`, strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), `{"a":"` + strings.Repeat("x", 70_000) + `"}`,
	`{"a[]":1,"a":[2]}`, `{"a":tru,"b":nul,"c":n}`,
}

func TestHostilePartsComeBack(t *testing.T) {
	var all []Event
	for i, a := range hostile {
		for j, b := range hostile {
			e := event.Event{MessageID: fmt.Sprintf("m-%d-%d", i, j), Kind: event.Track, Name: "X", Properties: json.RawMessage(a), Context: json.RawMessage(b), Traits: json.RawMessage(b), Timestamp: noon, ReceivedAt: noon}
			all = append(all, Event{person(fmt.Sprint(i % 7)), e})
		}
	}
	comesBack(t, all)
}

func TestTimesAndIDsComeBack(t *testing.T) {
	var all []Event
	times := []time.Time{{}, noon, noon.Add(-time.Nanosecond), noon.Add(time.Hour), time.Unix(0, 0).UTC(), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)}
	ids := []string{"", "m", "6f1c1a4e-3a52-4f7b-9d8e-0a1b2c3d4e5f", "ajs-6f1c1a4e-3a52-4f7b-9d8e-0a1b2c3d4e5f", "6F1C1A4E-3A52-4F7B-9D8E-0A1B2C3D4E5F", "0123456789abcdef0123456789abcdef", "x0123456789abcdef0123456789abcdef",
		"0123456789abcdef0123456789abcdeg", "6f1c1a4e-3a52-4f7b-9d8e-0a1b2c3d4e5-", "6f1c1a4e3a52-4f7b-9d8e--0a1b2c3d4e5f", "--------------------------------"}
	n := 0
	for _, stamp := range times {
		for _, received := range times {
			for _, said := range times {
				e := event.Event{MessageID: ids[n%len(ids)] + map[bool]string{true: fmt.Sprint(n)}[n%2 == 0], Kind: event.Page, UserID: fmt.Sprint(1000 + n), Timestamp: stamp, ReceivedAt: received, OriginalTimestamp: said, SentAt: times[(n+3)%len(times)]}
				all = append(all, Event{person(fmt.Sprint(n % 3)), e})
				n++
			}
		}
	}
	comesBack(t, all)
}

func TestManyBlocks(t *testing.T) {
	var all []Event
	for i := range maxBlockEvents*2 + 100 {
		name := fmt.Sprint(i % 50)
		if i%3 == 0 {
			name = "one with more events than a block has"
		}
		all = append(all, Event{person(name), event.Event{MessageID: fmt.Sprintf("%06d", i), Kind: event.Track, Name: "Product Viewed", Timestamp: noon.Add(time.Duration(i) * time.Second), ReceivedAt: noon.Add(48 * time.Hour),
			Properties: fmt.Appendf(nil, `{"price":%d.5,"product_id":"p-%d"}`, i%90, i%300)}})
	}
	if f := comesBack(t, all); len(f.stats) != 3 {
		t.Errorf("%d blocks, want 3", len(f.stats))
	}
	// Blocks are also bounded by bytes.
	all = all[:40]
	for i := range all {
		all[i].Properties = fmt.Appendf(nil, `{"text":%q}`, strings.Repeat(fmt.Sprint(i), 200_000))
	}
	if f := comesBack(t, all); len(f.stats) != 2 {
		t.Errorf("%d blocks, want 2", len(f.stats))
	}
}

func TestNobody(t *testing.T) {
	head := Head{Day: -3, Shard: 4, Shards: 64, Made: []string{"b", "a", "b"}}
	f := opened(t, written(t, head, nil))
	head.Made = []string{"a", "b"}
	if !reflect.DeepEqual(f.Head, head) || f.Events() != 0 || len(rows(t, f)) != 0 {
		t.Errorf("an empty file is %+v", f.Head)
	}
}
