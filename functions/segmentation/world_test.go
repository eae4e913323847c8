package segmentation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/domain/audience/listing"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/outbox"
)

// shelf is fixed.
type shelf map[string][]definition.Document

func (c shelf) All(_ context.Context, kind string) ([]definition.Document, error) {
	return c[kind], nil
}

func (c shelf) with(kind, id, body string) shelf {
	out := maps.Clone(c)
	if out == nil {
		out = shelf{}
	}
	out[kind] = append(slices.Clone(out[kind]), definition.Document{Kind: kind, ID: id, Version: 1, Body: json.RawMessage(body)})
	return out
}

// world is a process with everything around it in memory.
type world struct {
	functiontest.Bench
	random        *rand.Rand
	faults        *faults
	profiles      *memoryProfiles
	runs          *memoryRuns
	audiences     *memoryAudiences
	lists         *memoryLists
	objects       *shelves
	jobs          *functiontest.Queue
	orchestration *functiontest.Queue
	settlement    *functiontest.Queue
	events        *functiontest.Queue
	process       *Process
}

func newWorld(t testing.TB, seed uint64, shards int, defined shelf) *world {
	random := rand.New(rand.NewPCG(seed, 1))
	f := &faults{random: rand.New(rand.NewPCG(seed, 2))}
	w := &world{
		Bench: functiontest.At(t, time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)), random: random, faults: f,
		profiles: &memoryProfiles{faults: f, all: map[profile.ID]*profile.Profile{}, moved: map[profile.ID]profile.ID{}, saves: map[profile.ID]int{}, torn: map[profile.ID]bool{}, since: map[profile.ID]int64{}, page: 3},
		runs: &memoryRuns{faults: f, runs: map[string]score.Run{}, definitions: map[string][]byte{},
			parts: map[string]map[[2]int]runs.RunPart{}, results: map[string]map[int]runs.RunResult{}},
		audiences: &memoryAudiences{faults: f, shards: map[string]int{}, read: map[string]map[int]int{}},
		lists:     &memoryLists{faults: f, all: map[string]listing.List{}, parts: map[string]runs.ListPart{}},
		jobs:      &functiontest.Queue{Around: f.around}, orchestration: &functiontest.Queue{Around: f.around}, settlement: &functiontest.Queue{Around: f.around}, events: &functiontest.Queue{Around: f.around},
	}
	w.runs.before = seed%2 == 0
	w.objects = &shelves{Bucket: buckettest.New(), faults: f}
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	w.process = &Process{
		Profiles: w.profiles, Runs: w.runs, Catalog: defined, Audiences: w.audiences, Lists: w.lists, Objects: w.objects, Waiting: w.objects, Jobs: w.jobs, Orchestration: w.orchestration, Events: w.events,
		Outbox: outbox.Queues{job.ToSettlement: w.settlement, job.ToOrchestration: w.orchestration},
		Shop:   profile.Shop{Zone: shanghai, Currency: "CNY"}, Shards: shards,
		Now: w.Now, Late: func(context.Context) bool { return false },
	}
	return w
}

// invoke hands the process one record, as Lambda does, and says whether it is to come again.
func (w *world) invoke(body string) (again bool) {
	w.Helper()
	return len(functiontest.Deliver(w.Context(), w, w.process.Handle, body)) > 0
}

// take removes a job from the function's queue, any of them.
func (w *world) take() (string, bool) {
	all := w.jobs.Take()
	if len(all) == 0 {
		return "", false
	}
	i := w.random.IntN(len(all))
	body := all[i]
	w.jobs.Put(slices.Delete(all, i, i+1)...)
	return body, true
}

// maxDoubled bounds how many jobs that succeeded come again: where each hands over to the next, a doubled one doubles all behind it.
const maxDoubled = 200

// drain handles jobs in any order until none is left. A failed one comes again; some that succeeded do too.
func (w *world) drain(duplicates float64) {
	w.Helper()
	doubled := 0
	for range 20_000 {
		body, ok := w.take()
		if !ok {
			return
		}
		failed, again := w.invoke(body), doubled < maxDoubled && w.random.Float64() < duplicates
		if again {
			doubled++
		}
		if failed || again {
			w.jobs.Put(body)
		}
	}
	w.Fatal("the jobs do not come to an end")
}

// run plans a run and handles its jobs until none is left.
func (w *world) run(j job.Segmentation, duplicates float64) score.Run {
	w.Helper()
	j.Kind = job.Plan
	w.jobs.Put(functiontest.Body(w, j))
	w.drain(duplicates)
	return w.runs.runs[j.RunID]
}

// told are the follows that orchestration heard of, by job id.
func (w *world) told() map[string]job.Follow {
	w.Helper()
	out := map[string]job.Follow{}
	for _, o := range functiontest.Jobs[job.Orchestration](w, w.orchestration) {
		for _, f := range o.Follows {
			if was, ok := out[f.ID]; ok && !reflect.DeepEqual(was, f) {
				w.Fatalf("job %s was told as %+v and as %+v", f.ID, was, f)
			}
			out[f.ID] = f
		}
	}
	return out
}

func (w *world) add(p *profile.Profile) *profile.Profile {
	if p.ID == "" {
		p.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: fmt.Sprint("u", len(w.profiles.all))}}
		p.ID = p.Identifiers[0].ID()
	}
	if p.Version == 0 {
		p.Version = 1
	}
	w.profiles.all[p.ID] = p
	return p
}

func (w *world) daysAgo(days int) time.Time { return w.Now().AddDate(0, 0, -days) }

// buyer adds a profile with orders of these amounts, the last of them so many days ago and a week apart.
func (w *world) buyer(days int, amounts ...int64) *profile.Profile {
	p := &profile.Profile{Memory: profile.Memory{LastSeen: w.daysAgo(days)}}
	for i, net := range amounts {
		at := w.daysAgo(days + 7*(len(amounts)-1-i))
		p.Orders.Replace(nil, &profile.OrderEntry{At: at, Net: net, Currency: "CNY"})
		if i == 0 {
			p.FirstSeen = at
		}
		p.Active.Add(profile.DayOf(at))
	}
	return w.add(p)
}

// visitor adds a profile that has not bought, seen on one day only.
func (w *world) visitor(days int) *profile.Profile {
	p := &profile.Profile{Memory: profile.Memory{FirstSeen: w.daysAgo(days), LastSeen: w.daysAgo(days)}}
	p.Active.Add(profile.DayOf(p.FirstSeen))
	return w.add(p)
}

// members are n people, every second of the segment vip and every fifth of tea.
func (w *world) members(n int) {
	for i := range n {
		p := w.visitor(1)
		p.Members = map[string]profile.Membership{}
		if i%2 == 0 {
			p.Members["vip"] = profile.Membership{}
		}
		if i%5 == 0 {
			p.Members["tea"] = profile.Membership{}
		}
	}
}
