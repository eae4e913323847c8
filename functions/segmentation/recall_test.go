package segmentation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// deed is an event as a recount reads it.
type deed struct {
	who, id, name string
	at, received  time.Time
	public        bool
	category      string
	total         float64
}

func (d deed) day() string { return d.at.In(time.FixedZone("Shanghai", 8*3600)).Format(time.DateOnly) }

// shelves is an archive that is written by hand, and what waits for it.
type shelves struct {
	*buckettest.Bucket
	faults *faults
	filed  []due.Entry
}

func (s *shelves) Look(context.Context, string) ([]due.Entry, error) {
	return slices.Clone(s.filed), nil
}

// Replace fails as told.
func (s *shelves) Replace(ctx context.Context, key string, body []byte, tag string) (newTag string, err error) {
	err = s.faults.around(func() (err error) { newTag, err = s.Bucket.Replace(ctx, key, body, tag); return err })
	return newTag, err
}

// Read fails as told.
func (s *shelves) Read(ctx context.Context, key string) (body []byte, tag string, err error) {
	err = s.faults.around(func() (err error) { body, tag, err = s.Bucket.Read(ctx, key); return err })
	return body, tag, err
}

func profileOf(name string) profile.ID {
	return profile.Identifier{Kind: profile.UserID, Value: name}.ID()
}

func personOf(t testing.TB, name string) columns.Person {
	t.Helper()
	p, err := columns.PersonOf(profileOf(name))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// past draws what people did in the last fifty days, up to half an hour before the run.
func past(random *rand.Rand, now time.Time, people int) (all []deed) {
	for n := range people {
		for i := range random.IntN(14) {
			d := deed{who: fmt.Sprintf("u%d", n), name: []string{"Product Viewed", "Order Completed", "Checked In"}[random.IntN(3)], at: now.Add(-time.Duration(30+random.IntN(50*24*60)) * time.Minute), category: fmt.Sprint("c", random.IntN(3)), total: float64(random.IntN(40)) / 4, public: random.IntN(3) == 0}
			d.id, d.received = fmt.Sprintf("%s-%02d", d.who, i), d.at.Add(time.Minute)
			all = append(all, d)
		}
	}
	return all
}

// archived writes the events into files of so many shards, with who became whom.
func (w *world) archived(shards int, all []deed, merged map[string]string) *shelves {
	w.Helper()
	s := w.objects
	type place struct {
		day   profile.Day
		shard int
	}
	files := map[place][]columns.Event{}
	for _, d := range all {
		who := personOf(w, d.who)
		at := place{w.process.Shop.Day(d.at), who.Shard(shards)}
		e := event.Event{Kind: event.Track, Name: d.name, MessageID: d.id, Timestamp: d.at, ReceivedAt: d.received, Source: "shop", Properties: json.RawMessage(fmt.Sprintf(`{"category":%q,"total":%v,"currency":"CNY"}`, d.category, d.total))}
		if d.public {
			e.Trust = trust.Public
		}
		files[at] = append(files[at], columns.Event{Person: who, Event: e})
	}
	head := &archive.Head{Version: 1, Number: 3, At: w.Now().Add(-10 * time.Minute), Days: map[profile.Day]*archive.Day{}}
	for _, at := range slices.SortedFunc(maps.Keys(files), func(a, b place) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.shard, b.shard)) }) {
		raw, counts, err := columns.Merging{Head: columns.Head{Day: at.day, Shard: at.shard, Shards: shards}}.Merge(columns.Sorted(files[at]))
		w.Must(err)
		f := archive.File{Name: archive.FileName(at.day, at.shard, shards, raw), Shard: at.shard, Events: counts.Written}
		w.Must(s.Put(w.Context(), f.Name, raw))
		if head.Days[at.day] == nil {
			head.Days[at.day] = &archive.Day{Shards: shards, At: w.Now()}
		}
		head.Days[at.day].Files = append(head.Days[at.day].Files, f)
	}
	merges := map[columns.Person]archive.Merge{}
	for absorbed, into := range merged {
		merges[personOf(w, absorbed)] = archive.Merge{Into: personOf(w, into), At: w.Now().Add(-time.Hour)}
	}
	lists := &archive.Merges{}
	lists.Change(merges, nil)
	w.Must(lists.Save(w.Context(), s.Bucket, head, w.Now()))
	raw, err := json.Marshal(head)
	w.Must(err)
	w.Must(s.Put(w.Context(), "head.json", raw))
	return s
}

// recollections are segments that ask the archive, each with a recount of its own over one person's events in order, proven or all. The run is planned on 2026-11-22 at three in the morning in Shanghai.
var recollections = map[string]struct {
	rule    string
	recount func(all []deed) bool
}{
	"tea": {`{"performed":{"event":"Order Completed","where":[{"field":"properties.category","op":"eq","value":"c1"}],"atLeast":2,"withinDays":30}}`, func(all []deed) bool {
		n := 0
		for _, d := range all {
			if d.name == "Order Completed" && d.category == "c1" && d.day() >= "2026-10-23" {
				n++
			}
		}
		return n >= 2
	}},
	"never": {`{"performed":{"event":"Order Completed","where":[{"field":"properties.category","op":"in","value":["c0","c2"]}],"atMost":0}}`, func(all []deed) bool {
		return !slices.ContainsFunc(all, func(d deed) bool { return d.name == "Order Completed" && d.category != "c1" })
	}},
	"often": {`{"performed":{"event":"Product Viewed","where":[{"field":"source","op":"exists"}],"atLeast":1,"atMost":2,"between":["2026-10-20","2026-11-10"]}}`, func(all []deed) bool {
		n := 0
		for _, d := range all {
			if d.name == "Product Viewed" && d.day() >= "2026-10-20" && d.day() <= "2026-11-10" {
				n++
			}
		}
		return n == 1 || n == 2
	}},
	"spent": {`{"performed":{"event":"Order Completed","sum":{"field":"properties.total","atLeast":{"money":"9.75"}},"since":"2026-10-25"}}`, func(all []deed) bool {
		sum := 0.0
		for _, d := range all {
			if d.name == "Order Completed" && d.day() >= "2026-10-25" {
				sum += d.total
			}
		}
		return sum >= 9.75
	}},
	"few": {`{"performed":{"event":"Product Viewed","sum":{"field":"properties.total","atMost":3.25}}}`, func(all []deed) bool {
		sum := 0.0
		for _, d := range all {
			if d.name == "Product Viewed" {
				sum += d.total
			}
		}
		return sum <= 3.25
	}},
	"begun": {`{"performed":{"event":"Order Completed","only":"first","withinDays":20}}`, func(all []deed) bool {
		i := slices.IndexFunc(all, func(d deed) bool { return d.name == "Order Completed" })
		return i >= 0 && all[i].day() >= "2026-11-02"
	}},
	"lapsed": {`{"performed":{"event":"Order Completed","only":"last","before":"2026-11-01"}}`, func(all []deed) bool {
		last := ""
		for _, d := range all {
			if d.name == "Order Completed" {
				last = d.day()
			}
		}
		return last != "" && last < "2026-11-01"
	}},
	"left": {`{"performed":{"event":"Product Viewed","thenNot":{"event":"Order Completed","within":"3d"},"withinDays":25}}`, func(all []deed) bool {
		for i, d := range all {
			followed := slices.ContainsFunc(all[i+1:], func(o deed) bool { return o.name == "Order Completed" && o.at.Sub(d.at) <= 72*time.Hour })
			// The archive surely knows what happened up to ten minutes before the run.
			if d.name == "Product Viewed" && d.day() >= "2026-10-28" && !followed && !d.at.Add(72*time.Hour).After(time.Date(2026, 11, 21, 18, 50, 0, 0, time.UTC)) {
				return true
			}
		}
		return false
	}},
	"came": {`{"performed":{"event":"Checked In","then":{"event":"Order Completed","within":"36h","where":[{"field":"properties.total","op":"gte","value":2}]}}}`, func(all []deed) bool {
		for i, d := range all {
			if d.name == "Checked In" && slices.ContainsFunc(all[i+1:], func(o deed) bool {
				return o.name == "Order Completed" && o.total >= 2 && o.at.Sub(d.at) <= 36*time.Hour
			}) {
				return true
			}
		}
		return false
	}},
}

// told is what somebody did by who they are now, in order.
func told(all []deed, merged map[string]string, erased map[string]time.Time, who string, public bool) (out []deed) {
	for _, d := range all {
		name := d.who
		if at, gone := erased[name]; gone && !d.received.After(at) {
			continue
		}
		for into, is := merged[name]; is; into, is = merged[name] {
			name = into
		}
		if name == who && (public || !d.public) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b deed) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id, b.id)) })
	return out
}

func recalling() shelf {
	out := shelf{}
	for id, a := range recollections {
		out = out.with(definition.Segment, id, fmt.Sprintf(`{"id":%q,"rule":%s}`, id, a.rule))
	}
	// One beside them asks what they ask, and one asks one of them.
	out = out.with(definition.Segment, "other", fmt.Sprintf(`{"id":"other","rule":{"not":%s}}`, recollections["tea"].rule))
	return out.with(definition.Segment, "asks", `{"id":"asks","rule":{"all":[{"segment":"left"},{"field":"lastSeen","op":"within","days":3650}]}}`)
}

// TestWhatTheArchiveAnswersEqualsARecount runs segments that ask the archive over any number of its shards and of the run's, with people who became others, who were erased and came back, jobs doubled and failing, and
// holds every membership, and whether it is proven, against loops over the events that were accepted.
func TestWhatTheArchiveAnswersEqualsARecount(t *testing.T) {
	in, unproven := 0, 0
	for n, shards := range []int{1, 4, 64, 1, 4, 64} {
		t.Run(fmt.Sprint(n, ": ", shards, " shards"), func(t *testing.T) {
			w := newWorld(t, uint64(n), []int{1, 4, 64, 64, 1, 4}[n], recalling())
			w.process.Late = func(context.Context) bool { return w.random.Float64() < 0.2 }
			const people = 70
			all := past(w.random, w.Now(), people)
			merged := map[string]string{"u1": "u2", "u2": "u3", "u10": "u11", "u20": "u50"}
			erased := map[string]time.Time{"u5": w.Now(), "u7": w.daysAgo(20), "u60": w.daysAgo(1)}
			s := w.archived(shards, all, merged)
			for who, at := range erased {
				raw, err := json.Marshal(job.Erasure{At: at, Until: at.Add(time.Second), Keys: []profile.ID{profileOf(who)}})
				w.Must(err)
				s.filed = append(s.filed, due.Entry{Body: raw})
			}
			for i := range people + 5 { // the last ones never did anything
				who := fmt.Sprint("u", i)
				if merged[who] != "" || who == "u5" {
					continue
				}
				w.add(&profile.Profile{ID: profileOf(who), Identifiers: []profile.Identifier{{Kind: profile.UserID, Value: who}}, Memory: profile.Memory{FirstSeen: w.daysAgo(60), LastSeen: w.daysAgo(1)}, ErasedAt: erased[who]})
			}
			w.faults.rate = []float64{0, 0.03}[n%2]
			run := w.run(job.Segmentation{RunID: "r"}, 0.1)
			if run.Outcome == nil || run.Unasked || run.Asks < 1 || len(run.Asked) != run.Asks {
				t.Fatalf("the run is %+v", run)
			}
			for id, p := range w.profiles.all {
				who := p.UserID()
				want := map[string]bool{}
				for name, a := range recollections {
					if a.recount(told(all, merged, erased, who, true)) {
						want[name] = a.recount(told(all, merged, erased, who, false))
					}
				}
				if sure, is := want["left"]; is {
					want["asks"] = sure
				}
				if _, is := want["tea"]; !is {
					want["other"] = !recollections["tea"].recount(told(all, merged, erased, who, false))
				}
				got := map[string]bool{}
				for name, m := range p.Members {
					if got[name] = !m.Unproven; m.Unproven {
						unproven++
					}
					in++
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s (%s) is in %v, recounted %v", who, id, got, want)
				}
			}
			for id := range recollections {
				members := 0
				for _, p := range w.profiles.all {
					if _, is := p.Members[id]; is {
						members++
					}
				}
				if run.Segments[id] != members {
					t.Errorf("the run counts %d in %s, of %d", run.Segments[id], id, members)
				}
			}
		})
	}
	if in < 500 || unproven < 50 {
		t.Errorf("only %d memberships, %d of them unproven", in, unproven)
	}
}

// small is a shop with few people and an archive.
func small(t *testing.T) (*world, *shelves) {
	w := newWorld(t, 5, 2, recalling())
	all := past(w.random, w.Now(), 12)
	s := w.archived(2, all, nil)
	for i := range 12 {
		who := fmt.Sprint("u", i)
		w.add(&profile.Profile{ID: profileOf(who), Identifiers: []profile.Identifier{{Kind: profile.UserID, Value: who}}, Memory: profile.Memory{FirstSeen: w.daysAgo(60), LastSeen: w.daysAgo(1)}})
	}
	return w, s
}

func (w *world) memberships() map[profile.ID][]string {
	out := map[profile.ID][]string{}
	for id, p := range w.profiles.all {
		out[id] = slices.Sorted(maps.Keys(p.Members))
	}
	return out
}

// TestEveryObjectBrokenBothWays breaks each write of what a run asks and is answered: not written, and written without an answer.
func TestEveryObjectBrokenBothWays(t *testing.T) {
	clean, s := small(t)
	before := s.Writes()
	clean.run(job.Segmentation{RunID: "r"}, 0)
	want, writes := clean.memberships(), s.Writes()-before
	if writes < 3 {
		t.Fatalf("a run writes %d objects", writes)
	}
	for nth := 1; nth <= writes; nth++ {
		for _, persisted := range []bool{false, true} {
			w, s := small(t)
			s.Fail(nth, persisted)
			if run := w.run(job.Segmentation{RunID: "r"}, 0); run.Outcome == nil || run.Unasked || !reflect.DeepEqual(w.memberships(), want) {
				t.Errorf("with write %d broken (%v) the run is %+v, and the memberships %v, want %v", nth, persisted, run, w.memberships(), want)
			}
		}
	}
}

// TestAnArchiveThatCannotBeAsked holds nobody up: whoever was in a segment that asks it stays in it, and the rest of the run is as it is.
func TestAnArchiveThatCannotBeAsked(t *testing.T) {
	give := func(w *world, receives string) {
		for range 1000 {
			body, ok := w.take()
			if !ok {
				return
			}
			record := events.SQSMessage{MessageId: "m", Body: body, Attributes: map[string]string{"ApproximateReceiveCount": receives}}
			if w.process.record(w.Context(), record) != nil && strings.Contains(body, `"ask"`) {
				receives = "10"
				w.jobs.Put(body)
			}
		}
	}
	for name, spoil := range map[string]func(w *world, s *shelves) string{
		"it fails each time": func(*world, *shelves) string { return "10" },
		"a file is gone":     func(w *world, s *shelves) string { w.Must(s.Delete(w.Context(), filesOf(s)...)); return "1" },
		"a file cannot be read": func(w *world, s *shelves) string {
			w.Must(s.Put(w.Context(), filesOf(s)[0], []byte("no file")))
			return "1"
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := small(t)
			first := w.profiles.all[profileOf("u0")]
			first.Members = map[string]profile.Membership{"tea": {Run: "before"}, "left": {Run: "before", Unproven: true}}
			w.jobs.Put(functiontest.Body(t, job.Segmentation{Kind: job.Plan, RunID: "r"}))
			plan, _ := w.take()
			w.invoke(plan)
			give(w, spoil(w, s))
			run := w.runs.runs["r"]
			if run.Outcome == nil || !run.Unasked || run.Profiles != 12 {
				t.Fatalf("the run is %+v", run)
			}
			for id, p := range w.profiles.all {
				want := []string(nil)
				if id == first.ID {
					want = []string{"asks", "left", "tea"}
				}
				if got := slices.Sorted(maps.Keys(p.Members)); !slices.Equal(got, want) || id == first.ID && (p.Members["tea"].Run != "before" || !p.Members["left"].Unproven || !p.Members["asks"].Unproven) {
					t.Errorf("%s is in %v", id, p.Members)
				}
			}
		})
	}
}

func filesOf(s *shelves) (names []string) {
	for name := range s.All() {
		if strings.HasPrefix(name, archive.FilesPrefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// TestWhoCameBackIsAskedAsSomebodyElse: an erasure that a run did not know of when it asked takes away what was done before it.
func TestWhoCameBackIsAskedAsSomebodyElse(t *testing.T) {
	w, _ := small(t)
	w.until(func(run score.Run) bool { return run.Asks > 0 && len(run.Asked) == run.Asks })
	for _, p := range w.profiles.all {
		p.ErasedAt = w.Now()
	}
	w.drain(0)
	for _, p := range w.profiles.all {
		if got := slices.Sorted(maps.Keys(p.Members)); !slices.Equal(got, []string{"few", "never", "other"}) {
			t.Errorf("%s, who has done nothing since, is in %v", p.UserID(), got)
		}
	}
}

func TestAnswersOfOthersAreRefused(t *testing.T) {
	for _, body := range [][]byte{{2, 0, 0, 0, 0, 0, 0, 0, 0}, {1, 0}, make([]byte, 9+23), append([]byte{1}, make([]byte, 8+23)...)} {
		if _, err := (&recalled{}).take(body); err == nil {
			t.Errorf("%v is taken", body)
		}
	}
	if taken, err := (&recalled{lines: maxLines}).take(append([]byte{1}, make([]byte, 8+24)...)); taken || err != nil {
		t.Errorf("one line too many is taken: %v %v", taken, err)
	}
}
