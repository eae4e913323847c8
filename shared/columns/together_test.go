package columns

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestTogetherIsEachByItself: questions of several kinds and days that are asked in one pass answer byte by byte what each answers alone, of merged and erased people, of files of several shards and days, and of events
// that are filed under another day than theirs.
func TestTogetherIsEachByItself(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	first := profile.DayOf(noon)
	var files []*File
	for day := range 6 {
		shards := [2][]Event{}
		for n := range 400 {
			p := person(fmt.Sprint("one of ", random.IntN(60)))
			at := (first + profile.Day(day)).Time().Add(time.Duration(random.IntN(86400)) * time.Second)
			if n%40 == 0 {
				at = at.AddDate(0, 0, 1-2*random.IntN(2)) // a copy that claimed another day
			}
			e := Event{p, event.Event{MessageID: fmt.Sprint(day, "-", n), Kind: event.Track, Name: []string{"Product Viewed", "Product Added", "Order Completed"}[random.IntN(3)], Source: "app", Timestamp: at, ReceivedAt: at.Add(time.Minute),
				Properties: fmt.Appendf(nil, `{"order_id":"%d","total":%d,"currency":"CNY","category":"c%d"}`, n, random.IntN(90), random.IntN(4))}}
			shards[p.Shard(2)] = append(shards[p.Shard(2)], e)
		}
		for shard, events := range shards {
			files = append(files, opened(t, written(t, Head{Day: first + profile.Day(day), Shard: shard, Shards: 2}, sorted(events))))
		}
	}
	date := func(n int) string { return (first + profile.Day(n)).Time().Format(time.DateOnly) }
	asked := []string{
		fmt.Sprintf(`{"kind":"count","from":%q,"to":%q,"by":"day"}`, date(0), date(5)),
		fmt.Sprintf(`{"kind":"count","from":%q,"to":%q,"by":"day","split":"properties.category"}`, date(2), date(2)),
		fmt.Sprintf(`{"kind":"funnel","from":%q,"to":%q,"window":"1d","steps":[{"event":"Product Viewed"},{"event":"Product Added","where":[{"field":"properties.category","op":"eq","value":"c1"}]}],"split":"properties.category"}`, date(1), date(2)),
		fmt.Sprintf(`{"kind":"sessions","from":%q,"to":%q,"by":"day"}`, date(3), date(4)),
		fmt.Sprintf(`{"kind":"trade","from":%q,"to":%q,"by":"day"}`, date(0), date(3)),
		fmt.Sprintf(`{"kind":"retention","from":%q,"to":%q,"by":"day","first":{"event":"Order Completed"},"return":{"event":"*"},"periods":2,"recurring":true}`, date(1), date(5)),
		`{"kind":"performed","event":"Order Completed","where":[{"field":"properties.total","op":"gte","value":40}],"withinDays":3,"atLeast":2}`,
	}
	compiled := func(definition string) fold.Fold {
		q, err := fold.Compile([]byte(definition), profile.Shop{}, first+5)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	encoded := func(q fold.Fold) []byte {
		raw, err := fold.Encode(q.Partial())
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for shard := range 2 {
		r := Reading{Shard: shard, Shards: 2, Merged: map[Person]Person{}, Erased: Erasures{person("one of 7"): noon.AddDate(0, 0, 2)}}
		for n := range 12 {
			r.Merged[person(fmt.Sprint("one of ", n*3))] = person(fmt.Sprint("one of ", 59-n))
		}
		all := []fold.Fold{}
		for _, definition := range asked {
			all = append(all, compiled(definition))
		}
		if err := r.FoldAll(all, files...); err != nil {
			t.Fatal(err)
		}
		for i, definition := range asked {
			alone := compiled(definition)
			if err := r.Fold(alone, files...); err != nil {
				t.Fatal(err)
			}
			if got, want := encoded(all[i]), encoded(alone); !bytes.Equal(got, want) {
				t.Errorf("%s together is\n%s, alone\n%s", definition, got, want)
			}
		}
	}
}

// TestTogetherReadsOnce: what several questions ask is read once.
func TestTogetherReadsOnce(t *testing.T) {
	_, raw := crowdFile(t, 300)
	date := profile.Day(7).Time().Format(time.DateOnly)
	definition := fmt.Sprintf(`{"kind":"count","from":%q,"to":%q,"by":"day","split":"properties.price"}`, date, date)
	read := func(times int) int {
		from := &counting{ReaderAt: bytes.NewReader(raw)}
		f, err := Open(from, int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		var all []fold.Fold
		for range times {
			q, err := fold.Compile([]byte(definition), profile.Shop{}, 7)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, q)
		}
		if err := (Reading{Shards: 1}).FoldAll(all, f); err != nil {
			t.Fatal(err)
		}
		return from.bytes
	}
	if one, many := read(1), read(8); one != many {
		t.Errorf("one question reads %d bytes, eight of them %d", one, many)
	}
}
