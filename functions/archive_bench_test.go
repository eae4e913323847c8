//go:build unix

package functions

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// What a shard of the archive holds here: people of whom each does something on some of the days, in visits of a few events.
const (
	archiveDays   = 4
	archivePeople = 4_000
)

var archiveFirst = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// archived are the events of a shard by day, as the timeline has them.
func archived(b *testing.B) (days [archiveDays][]columns.Event) {
	b.Helper()
	c, random := newCrowd(9), rand.New(rand.NewPCG(9, 9))
	newID := func() string { return c.uuid() }
	for n := range archivePeople {
		d := c.device(fmt.Sprintf("user-%08d", n))
		person, err := columns.PersonOf(profile.Identifier{Kind: profile.UserID, Value: d.user}.ID())
		if err != nil {
			b.Fatal(err)
		}
		for day := range days {
			if random.IntN(3) == 0 {
				continue
			}
			for range 1 + random.IntN(3) {
				c.clock = archiveFirst.AddDate(0, 0, day).Add(time.Duration(random.Int64N(int64(23 * time.Hour))))
				var texts []string
				for range 1 + random.IntN(10) {
					c.clock = c.clock.Add(time.Duration(random.Int64N(int64(2 * time.Minute))))
					texts = append(texts, c.event(d))
				}
				if random.IntN(12) == 0 {
					texts = append(texts, c.order(d, c.clock.Add(time.Second)))
				}
				received := c.clock.Add(2 * time.Second)
				batch, err := event.ParseBatch([]byte(`{"batch":[`+strings.Join(texts, ",")+`],"sentAt":"`+stamp(received)+`"}`), event.Arrival{ReceivedAt: received, NewID: newID})
				if err != nil || len(batch.Refused) > 0 {
					b.Fatal(err, batch.Refused)
				}
				for _, e := range batch.Events {
					e.Source = "app"
					days[day] = append(days[day], columns.Event{Person: person, Event: e})
				}
			}
		}
	}
	return days
}

// archiveQuestions are what is asked of the files.
var archiveQuestions = map[string]string{
	"funnel": `{"kind":"funnel","from":"2026-11-02","to":"2026-11-05","steps":[{"event":"Product List Viewed"},{"event":"Product Viewed"},{"event":"Product Added"},{"event":"Order Completed"}]}`,
	"where": `{"kind":"funnel","from":"2026-11-02","to":"2026-11-05","split":"context.device.model","steps":[{"event":"Product List Viewed"},{"event":"Product Viewed","where":[{"field":"properties.price","op":"gte","value":100}]},
		{"event":"Product Added","where":[{"field":"properties.category","op":"in","value":["Tea/Green","Tea/Black"]}]},{"event":"Order Completed"}]}`,
	"count":     `{"kind":"count","from":"2026-11-02","to":"2026-11-05","by":"day"}`,
	"sessions":  `{"kind":"sessions","from":"2026-11-02","to":"2026-11-05","by":"day"}`,
	"retention": `{"kind":"retention","from":"2026-11-02","to":"2026-11-05","by":"day","first":{"event":"*"},"return":{"event":"*"},"periods":3}`,
}

// BenchmarkArchive writes a shard's events into a file a day, and asks questions of all of them: nanoseconds of processor time an event, decompression included, of the
// round that was disturbed least.
func BenchmarkArchive(b *testing.B) {
	days := archived(b)
	events, size, raw := 0, 0, 0
	for _, day := range days {
		events += len(day)
		for i := range day {
			raw += len(day[i].AppendJSON(nil))
		}
	}
	var files []*columns.File
	began := cpuTime()
	for day := range days {
		text, counts, err := columns.Merging{Head: columns.Head{Day: profile.DayOf(archiveFirst) + profile.Day(day), Shards: 1}}.Merge(columns.Sorted(days[day]))
		if err != nil || counts.Written != len(days[day]) {
			b.Fatal(err, counts)
		}
		f, err := columns.Open(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			b.Fatal(err)
		}
		files, size = append(files, f), size+len(text)
	}
	figures := map[string]float64{"archive.write_us_per_event": float64((cpuTime() - began).Nanoseconds()) / 1e3 / float64(events), "archive.bytes_per_event": float64(size) / float64(events), "archive.json_bytes_per_event": float64(raw) / float64(events)}
	days = [archiveDays][]columns.Event{} // who asks holds files, and no events for the garbage collector to go through
	runtime.GC()
	for name, definition := range archiveQuestions {
		best := time.Duration(math.MaxInt64)
		for range 3 * b.N {
			q, err := fold.Compile([]byte(definition), profile.Shop{}, profile.DayOf(archiveFirst)+archiveDays-1)
			if err != nil {
				b.Fatal(err)
			}
			began := cpuTime()
			if err := (columns.Reading{Shards: 1}).Fold(q, files...); err != nil {
				b.Fatal(err)
			}
			best = min(best, cpuTime()-began)
		}
		figures["archive."+name+"_ns_per_event"] = float64(best.Nanoseconds()) / float64(events)
	}
	report(b, figures)
}
