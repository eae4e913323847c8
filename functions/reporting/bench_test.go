package reporting

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

var (
	noon     = time.Date(2026, 11, 10, 4, 0, 0, 0, time.UTC) // in Shanghai
	shanghai = func() *time.Location {
		zone, err := time.LoadLocation("Asia/Shanghai")
		if err != nil {
			panic(err)
		}
		return zone
	}()
)

const (
	demoHash = "4a7c449d22a99026fac16a47621ff68792ff589f72334ea3950ce186a5615e9a" // of demo-operator-key, which is taken for each role
	demoKey  = "demo-operator-key"
)

// bench is the function over a bucket and tables in memory, with an archive that is written by hand.
type bench struct {
	*functiontest.Shop
	bucket  *buckettest.Bucket
	jobs    *functiontest.Queue
	process *Process
	head    *archive.Head
	filed   []due.Entry // what waits for archive
}

func newBench(t testing.TB) *bench {
	b := &bench{Shop: functiontest.Open(t, noon), bucket: buckettest.New(), jobs: &functiontest.Queue{}}
	b.bucket.Now = b.Now
	b.head = &archive.Head{Version: 1, Number: 7, At: noon.Add(-10 * time.Minute), Days: map[profile.Day]*archive.Day{}}
	b.as("owner")
	b.save()
	return b
}

// as lets the caller be an operator of a role.
func (b *bench) as(role string) {
	b.Helper()
	s := Settings{Bucket: "archive", Due: "Due", Runs: "Runs", Audit: "Audit", Catalog: "Catalog", Profiles: "Profiles", Dead: "DeadLetters", Zone: shanghai, Currency: "CNY"}
	b.Must(s.OperatorKeys.UnmarshalText([]byte("ann:" + role + ":" + demoHash)))
	b.process = New(s, b.DB, nil, nil, b.Now)
	b.process.Objects, b.process.Jobs, b.process.Consumer.Postponer.Client = b.bucket, b.jobs, nil
	b.process.Waiting = b
}

// Look is due.Due's.
func (b *bench) Look(context.Context, string) ([]due.Entry, error) { return slices.Clone(b.filed), nil }

func (b *bench) save() {
	b.Helper()
	raw, err := json.Marshal(b.head)
	b.Must(err)
	b.Must(b.bucket.Put(b.Context(), "head.json", raw))
}

// happening is an event and who it is of.
type happening struct {
	who string
	event.Event
}

func personOf(name string) columns.Person {
	p, err := columns.PersonOf(profile.Identifier{Kind: profile.UserID, Value: name}.ID())
	if err != nil {
		panic(err)
	}
	return p
}

// archive writes files of events by day and shard, in so many files each, and closes the days before today.
func (b *bench) archive(shards, files int, all []happening) {
	b.Helper()
	type part struct {
		day         profile.Day
		shard, file int
	}
	parts := map[part][]columns.Event{}
	for i, h := range all {
		p := personOf(h.who)
		at := part{profile.Shop{Zone: shanghai}.Day(h.Timestamp), p.Shard(shards), i % files}
		parts[at] = append(parts[at], columns.Event{Person: p, Event: h.Event})
	}
	for _, at := range slices.SortedFunc(maps.Keys(parts), func(a, b part) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.shard, b.shard), cmp.Compare(a.file, b.file))
	}) {
		events := parts[at]
		raw, counts, err := columns.Merging{Head: columns.Head{Day: at.day, Shard: at.shard, Shards: shards}}.Merge(columns.Sorted(slices.Clone(events)))
		b.Must(err)
		f := archive.File{Name: archive.FileName(at.day, at.shard, shards, raw), Shard: at.shard, Events: counts.Written}
		b.Must(b.bucket.Put(b.Context(), f.Name, raw))
		d := b.head.Days[at.day]
		if d == nil {
			d = &archive.Day{Shards: shards, At: noon}
			b.head.Days[at.day] = d
			if d.Open = true; at.day < b.process.Shop.Day(noon) {
				d.Open, d.Closes = false, 1
			}
		}
		d.Files = append(d.Files, f)
	}
	b.save()
}

func (b *bench) merge(all map[string]string) {
	b.Helper()
	merges := map[columns.Person]archive.Merge{}
	for absorbed, into := range all {
		merges[personOf(absorbed)] = archive.Merge{Into: personOf(into), At: noon}
	}
	lists := &archive.Merges{}
	lists.Change(merges, nil)
	b.Must(lists.Save(b.Context(), b.bucket, b.head, noon))
	b.save()
}

// erase files an erasure, as projection does.
func (b *bench) erase(at time.Time, names ...string) {
	b.Helper()
	e := job.Erasure{At: at, Until: at.Add(time.Second)}
	for _, n := range names {
		e.Keys = append(e.Keys, personOf(n).ID())
	}
	raw, err := json.Marshal(e)
	b.Must(err)
	b.filed = append(b.filed, due.Entry{Body: raw})
}

func (b *bench) call(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	b.Helper()
	return functiontest.Call(b, b.process.Handler(), method, path, body, append(headers, "Authorization", "Bearer "+demoKey)...)
}

// got is an answer as a client reads it.
type got struct {
	ID, State, Mode, AsOf string
	Kind                  string
	Open                  []string
	Shards                struct{ Done, All int }
	Head                  struct{ Number int64 }
	Sample                *sampled
	Failed                *failure
	Answer                map[string]json.RawMessage
}

func (b *bench) read(raw []byte) (g got) {
	b.Helper()
	if err := json.Unmarshal(raw, &g); err != nil {
		b.Fatalf("%s: %v", raw, err)
	}
	return g
}

// ask asks, and wants to be answered well.
func (b *bench) ask(mode, definition string) got {
	b.Helper()
	out := b.call("POST", "/v1/reports/ask", fmt.Sprintf(`{"definition":%s,"mode":%q}`, definition, mode))
	if out.Code != 200 {
		b.Fatalf("%d: %s", out.Code, out.Body)
	}
	return b.read(out.Body.Bytes())
}

func (b *bench) show(id string) got {
	b.Helper()
	out := b.call("GET", "/v1/reports/"+id, "")
	if out.Code != 200 {
		b.Fatalf("%d: %s", out.Code, out.Body)
	}
	return b.read(out.Body.Bytes())
}

// deliver hands over jobs, and answers those that are to come again.
func (b *bench) deliver(bodies ...string) (again []string) {
	b.Helper()
	for _, i := range functiontest.Deliver(b.Context(), b, b.process.Handle, bodies...) {
		again = append(again, bodies[i])
	}
	return again
}

// work does all jobs that there are, those that fail again.
func (b *bench) work() {
	b.Helper()
	for bodies := b.jobs.Take(); len(bodies) > 0; b.Pass(claimFor) {
		bodies = append(b.deliver(bodies...), b.jobs.Take()...)
	}
}

// exact is the exact answer to a definition, and its id.
func (b *bench) exact(definition string) (string, map[string]json.RawMessage) {
	b.Helper()
	id := b.ask("exact", definition).ID
	b.work()
	g := b.show(id)
	if g.State != "done" || g.Shards.Done != g.Shards.All {
		b.Fatalf("%s is %+v", definition, g)
	}
	return id, g.Answer
}
