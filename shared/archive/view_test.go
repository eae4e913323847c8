package archive_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
)

// shelf is an archive that is written by hand.
type shelf struct {
	*buckettest.Bucket
	t     *testing.T
	head  *archive.Head
	filed []due.Entry
	// before, where it is set, is called when the list of objects is asked for: what the archive does meanwhile.
	before func()
}

func newShelf(t *testing.T) *shelf {
	return &shelf{Bucket: buckettest.New(), t: t, head: &archive.Head{Version: 1, Number: 3, At: noon, Days: map[profile.Day]*archive.Day{}}}
}

func (s *shelf) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) Look(context.Context, string) ([]due.Entry, error) { return slices.Clone(s.filed), nil }

func (s *shelf) view() *archive.View {
	s.t.Helper()
	v, err := archive.Look(s.t.Context(), s, s)
	s.must(err)
	// As a job that comes later reads it.
	raw, err := json.Marshal(v)
	s.must(err)
	again := &archive.View{}
	s.must(json.Unmarshal(raw, again))
	return again
}

func id(name string) profile.ID { return profile.Identifier{Kind: profile.UserID, Value: name}.ID() }

func person(name string) columns.Person {
	p, err := columns.PersonOf(id(name))
	if err != nil {
		panic(err)
	}
	return p
}

// day writes files of a day, one a shard, of events that are told as "who message"; late ones no answer reads.
func (s *shelf) day(day profile.Day, shards int, late bool, told ...[2]string) {
	s.t.Helper()
	parts := make([][]columns.Event, shards)
	for n, one := range told {
		at := day.Time().Add(time.Duration(n) * time.Minute)
		e := event.Event{Kind: event.Track, Name: "Seen", MessageID: one[1], Timestamp: at, ReceivedAt: at, Source: "shop"}
		p := person(one[0])
		parts[p.Shard(shards)] = append(parts[p.Shard(shards)], columns.Event{Person: p, Event: e})
	}
	d := s.head.Days[day]
	if d == nil {
		d = &archive.Day{Shards: shards, At: noon}
		s.head.Days[day] = d
	}
	for shard, events := range parts {
		if len(events) == 0 {
			continue
		}
		raw, counts, err := columns.Merging{Head: columns.Head{Day: day, Shard: shard, Shards: shards}}.Merge(columns.Sorted(events))
		s.must(err)
		f := archive.File{Name: archive.FileName(day, shard, shards, raw), Shard: shard, Events: counts.Written, Late: late}
		s.must(s.Put(s.t.Context(), f.Name, raw))
		d.Files = append(d.Files, f)
	}
	s.save()
}

func (s *shelf) save() {
	s.t.Helper()
	raw, err := json.Marshal(s.head)
	s.must(err)
	s.must(s.Put(s.t.Context(), "head.json", raw))
}

func (s *shelf) merge(all map[string]string) {
	s.t.Helper()
	merges := map[columns.Person]archive.Merge{}
	for absorbed, into := range all {
		merges[person(absorbed)] = archive.Merge{Into: person(into), At: noon}
	}
	s.must(mergesOf(merges).Save(s.t.Context(), s, s.head, noon))
	s.save()
}

// erasure is that of a person whose keys are named, as projection files it.
func erasure(at time.Time, names ...string) []byte {
	e := job.Erasure{At: at, Until: noon.Add(time.Hour)}
	for _, n := range names {
		e.Keys = append(e.Keys, id(n))
	}
	raw, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return raw
}

const first = profile.Day(20513)

// told is what the view says of everybody, by who they are now; asked through Events, and shard by shard through Reading.
func (s *shelf) told(v *archive.View, shards int) (byEvents, byReading map[string]int) {
	s.t.Helper()
	names := map[columns.Person]string{}
	for _, n := range []string{"mei", "li", "an", "bo", "chen", "dong"} {
		names[person(n)] = n
	}
	byEvents, byReading = map[string]int{}, map[string]int{}
	for day := range v.Days {
		for e, err := range v.Events(s.t.Context(), s, day) {
			s.must(err)
			byEvents[names[e.Person]]++
		}
	}
	for shard := range shards {
		r, err := v.Reading(s.t.Context(), s, shard, shards)
		s.must(err)
		files, err := v.OpenFor(s.t.Context(), s, &r)
		s.must(err)
		s.must(r.Each(nothing{}, func(p columns.Person, events []fold.Stretch) error {
			for _, e := range events {
				byReading[names[p]] += e.To - e.From
			}
			return nil
		}, files...))
	}
	return byEvents, byReading
}

type nothing struct{}

func (nothing) Columns() []string   { return nil }
func (nothing) Prepare(*fold.Block) {}

// TestAViewIsWhoPeopleAreNow leaves out who was erased, wherever that stands by now, what came too late, and gives people under the name that they have.
func TestAViewIsWhoPeopleAreNow(t *testing.T) {
	s := newShelf(t)
	s.day(first, 2, false, [2]string{"mei", "1"}, [2]string{"li", "2"}, [2]string{"an", "3"}, [2]string{"bo", "4"}, [2]string{"chen", "5"}, [2]string{"dong", "6"})
	s.day(first+1, 3, false, [2]string{"mei", "7"}, [2]string{"li", "8"}, [2]string{"dong", "9"})
	s.day(first+1, 3, true, [2]string{"mei", "late"})
	s.merge(map[string]string{"li": "an", "an": "mei", "dong": "chen"})
	check := func(what string, want map[string]int) {
		t.Helper()
		for _, shards := range []int{1, 2, 3, 7} {
			byEvents, byReading := s.told(s.view(), shards)
			if !reflect.DeepEqual(byEvents, want) || !reflect.DeepEqual(byReading, want) {
				t.Errorf("%s, at %d shards: by events %v, by reading %v; want %v", what, shards, byEvents, byReading, want)
			}
		}
	}
	check("at first", map[string]int{"mei": 5, "bo": 1, "chen": 3})

	// Chen was dong too; one key is enough that the merge is none any more, so dong's second day, which is later than the erasure, is dong's.
	raw := erasure(first.Time().Add(12*time.Hour), "chen", "dong")
	want := map[string]int{"mei": 5, "bo": 1, "dong": 1}
	s.filed = []due.Entry{{ID: "erased", Body: raw}}
	check("while it is due", want)
	s.must(s.Put(t.Context(), archive.ErasureName(raw), raw))
	check("while it is due and an object", want)
	s.filed = nil
	check("as an object", want)
	s.head.Taken = append(s.head.Taken, archive.Named{Name: archive.ErasureName(raw), At: noon})
	var e job.Erasure
	s.must(json.Unmarshal(raw, &e))
	all := map[profile.ID]archive.Erased{}
	for _, k := range e.Keys {
		all[k] = archive.Erased{ID: k, At: e.At, Until: e.Until, Since: noon}
	}
	s.must(archive.SaveErased(t.Context(), s, s.head, noon, all))
	s.save()
	check("in the list", want)
	if v := s.view(); len(v.Since) != 0 {
		t.Errorf("what the list has is told again: %v", v.Since)
	}
}

// List lets the archive go on between what a reader has seen of what is due and what it sees of the bucket.
func (s *shelf) List(ctx context.Context, prefix string) ([]bucket.Object, error) {
	if s.before != nil {
		s.before()
		s.before = nil
	}
	return s.Bucket.List(ctx, prefix)
}

// TestAnErasureOnItsWayIsMet moves one on while a reader looks: from what is due into an object, or past it into the head.
func TestAnErasureOnItsWayIsMet(t *testing.T) {
	raw := erasure(noon, "mei")
	for _, far := range []bool{false, true} {
		t.Run(fmt.Sprint(far), func(t *testing.T) {
			s := newShelf(t)
			s.day(first, 1, false, [2]string{"mei", "1"}, [2]string{"bo", "2"})
			s.filed = []due.Entry{{ID: "erased", Body: raw}}
			s.before = func() {
				s.filed = nil
				s.must(s.Put(t.Context(), archive.ErasureName(raw), raw))
				if far {
					s.head.Taken = []archive.Named{{Name: archive.ErasureName(raw), At: noon}}
					s.must(archive.SaveErased(t.Context(), s, s.head, noon, map[profile.ID]archive.Erased{id("mei"): {ID: id("mei"), At: noon, Until: noon, Since: noon}}))
					s.save()
				}
			}
			if byEvents, _ := s.told(s.view(), 1); !reflect.DeepEqual(byEvents, map[string]int{"bo": 1}) {
				t.Errorf("%v, want bo alone", byEvents)
			}
		})
	}
}

// TestOnlyTheFilesOfAShardAreOpened, and those of who was merged into somebody of it.
func TestOnlyTheFilesOfAShardAreOpened(t *testing.T) {
	s := newShelf(t)
	var told [][2]string
	for n, who := range []string{"mei", "li", "an", "bo", "chen", "dong"} {
		told = append(told, [2]string{who, fmt.Sprint(n)})
	}
	s.day(first, 4, false, told...)
	files := func(shard int) (all []int) {
		t.Helper()
		r, err := s.view().Reading(t.Context(), s, shard, 4)
		s.must(err)
		opened, err := s.view().OpenFor(t.Context(), s, &r)
		s.must(err)
		for f, err := range r.Aside {
			s.must(err)
			opened = append(opened, f)
		}
		slices.SortFunc(opened, func(a, b *columns.File) int { return a.Shard - b.Shard })
		for _, f := range opened {
			all = append(all, f.Shard)
		}
		return all
	}
	mei, bo := person("mei").Shard(4), person("bo").Shard(4)
	if mei == bo {
		t.Fatal("two of the test lie in one shard")
	}
	if got := files(mei); !slices.Equal(got, []int{mei}) {
		t.Errorf("of shard %d are opened %v", mei, got)
	}
	s.merge(map[string]string{"bo": "mei"})
	want := []int{min(mei, bo), max(mei, bo)}
	if got := files(mei); !slices.Equal(got, want) {
		t.Errorf("of shard %d are opened %v, want %v", mei, got, want)
	}
	if got := files(bo); !slices.Equal(got, []int{bo}) {
		t.Errorf("of shard %d are opened %v", bo, got)
	}
}

// TestTheShardsOfAView are those that most files have, or a part of them.
func TestTheShardsOfAView(t *testing.T) {
	s := newShelf(t)
	for n := range 3 {
		s.day(first+profile.Day(n), 4, false, [2]string{"mei", "1"})
	}
	s.day(first+9, 16, false, [2]string{"mei", "1"})
	v := s.view()
	if got := v.Shards(); got != 4 {
		t.Errorf("%d shards, want 4", got)
	}
	if got := v.Between(first+3, first+9).Shards(); got != 8 {
		t.Errorf("of the last day: %d shards, want 8", got)
	}
	const few, dear = 500_000_000, 6_000_000_000
	for _, one := range []struct{ shards, events, want int }{
		{8, 1, 8}, {9, 1, 3}, {11, 1, 11}, {50, 1, 5}, {64, 1, 8}, {16, few, 8}, {16, few + 1, 4}, {4, few + 1, 4}, {1, few + 1, 1}, {16, dear, 4}, {16, dear + 1, 16}, {4, dear + 1, 4},
	} {
		v := archive.View{Days: map[profile.Day]*archive.Day{first: {Shards: one.shards, Files: []archive.File{{Events: 1}, {Events: one.events - 1}}}}}
		if got := v.Shards(); got != one.want {
			t.Errorf("of %d events in %d shards: %d, want %d", one.events, one.shards, got, one.want)
		}
	}
	if got := v.Between(first+20, first+30); got.Shards() != 1 || len(got.Days) != 0 || len(v.Days) != 4 {
		t.Errorf("of no day: %d shards, %v", got.Shards(), got.Days)
	}
}

// TestTheRangesOfAView: no job reads more than it can in its time, however many days are asked.
func TestTheRangesOfAView(t *testing.T) {
	for _, one := range []struct{ shards, events, want int }{{16, 1, 1}, {1, 600_000_000, 1}, {1, 600_000_001, 2}, {4, 90 * 50_000_000, 2}, {16, 395 * 50_000_000, 3}, {4, 0, 0}, {0, 1, 1}} {
		v := archive.View{Days: map[profile.Day]*archive.Day{first: {Shards: 16, Files: []archive.File{{Events: one.events / 2}, {Events: one.events - one.events/2}}}}}
		if got := v.Ranges(one.shards); got != one.want {
			t.Errorf("of %d events in %d shards: %d ranges, want %d", one.events, one.shards, got, one.want)
		}
	}
}

// TestMergesOfBefore: whoever was merged days before the first day of a view has nothing in it, and is not loaded. The others are, however their merges follow one another.
func TestMergesOfBefore(t *testing.T) {
	s := newShelf(t)
	s.day(first+10, 1, false, [2]string{"mei", "1"})
	begin := (first + 10).Time()
	merges := map[columns.Person]archive.Merge{
		person("old"):  {Into: person("mid"), At: begin.Add(-48*time.Hour - time.Millisecond)},
		person("last"): {Into: person("mid"), At: begin.Add(-48 * time.Hour)},
		person("mid"):  {Into: person("mei"), At: begin.Add(time.Hour)},
	}
	s.must(mergesOf(merges).Save(t.Context(), s, s.head, noon))
	s.save()
	r, err := s.view().Reading(t.Context(), s, 0, 1)
	s.must(err)
	if len(r.Merged) != 2 || r.Merged[person("last")] != person("mei") || r.Merged[person("mid")] != person("mei") {
		t.Errorf("merged are %v", r.Merged)
	}
	s.day(first, 1, false, [2]string{"old", "2"})
	if r, err = s.view().Reading(t.Context(), s, 0, 1); err != nil || r.Merged[person("old")] != person("mei") {
		t.Errorf("of a view that goes back further, merged are %v, %v", r.Merged, err)
	}
	if r, err = s.view().Between(first+10, first+10).Reading(t.Context(), s, 0, 1); err != nil || len(r.Merged) != 2 {
		t.Errorf("of its last day, merged are %v, %v", r.Merged, err)
	}
}

// TestWhoWasMergedBeforeADayThatIsAhead: what somebody sends is dated a day ahead at most, in zones that are up to fourteen hours ahead of UTC. A question about that day alone knows that they were merged just after they had sent it.
func TestWhoWasMergedBeforeADayThatIsAhead(t *testing.T) {
	for _, offset := range []int{-12, 0, 8, 14} {
		zone := profile.Shop{Zone: time.FixedZone("", offset*3600)}
		for hour := range 24 {
			sent := noon.Add(time.Duration(hour) * time.Hour)
			day := zone.Day(sent.Add(event.MaxAhead))
			s := newShelf(t)
			s.day(day, 1, false, [2]string{"li", "1"}, [2]string{"mei", "2"})
			s.must(mergesOf(map[columns.Person]archive.Merge{person("li"): {Into: person("mei"), At: sent}}).Save(t.Context(), s, s.head, noon))
			s.save()
			r, err := s.view().Between(day, day).Reading(t.Context(), s, 0, 1)
			s.must(err)
			if r.Merged[person("li")] != person("mei") {
				t.Fatalf("UTC%+d, sent at %s: of %s alone they are two", offset, sent, day)
			}
		}
	}
}
