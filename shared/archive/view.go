package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
)

// View is the archive as a reader sees it, for all of the reading: which files each day has, who became whom, and whom to leave out. Written as JSON it is the same archive for somebody who reads it later, up to
// Rest after At: until then nothing that it names is taken away.
type View struct {
	// Number is that of the head. At is up to when what was accepted is surely in the files.
	Number int64                `json:"number"`
	At     time.Time            `json:"at"`
	Days   map[profile.Day]*Day `json:"days"`
	Merges []string             `json:"merges,omitempty"`
	Erased string               `json:"erased,omitempty"`
	// Since are the erasures that the list Erased does not have yet.
	Since []job.Erasure `json:"since,omitempty"`
}

// Waiting reads what is filed for an owner and takes none of it away.
type Waiting interface {
	Look(ctx context.Context, owner string) ([]due.Entry, error)
}

// Look is the archive as it is now. Who was erased goes from what is due into an object, and from there into the head; whoever looks in this order meets each at one of the three.
func Look(ctx context.Context, objects Reader, waiting Waiting) (*View, error) {
	filed, err := waiting.Look(ctx, due.OwnerArchive)
	if err != nil {
		return nil, err
	}
	bodies := map[string][]byte{}
	for _, e := range filed {
		bodies[ErasureName(e.Body)] = e.Body
	}
	listed, err := objects.List(ctx, ErasedPrefix)
	if err != nil {
		return nil, err
	}
	h, _, err := Load(ctx, objects)
	if err != nil {
		return nil, err
	}
	for _, o := range h.Fresh(listed) {
		if bodies[o.Key] == nil {
			if bodies[o.Key], _, err = objects.Read(ctx, o.Key); err != nil {
				return nil, err
			}
		}
	}
	v := &View{Number: h.Number, At: h.At, Days: map[profile.Day]*Day{}, Merges: h.Merges, Erased: h.Erased}
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		if slices.ContainsFunc(h.Taken, func(t Named) bool { return t.Name == name }) {
			continue
		}
		var e job.Erasure
		if err := json.Unmarshal(bodies[name], &e); err != nil {
			return nil, fmt.Errorf("reading an erasure: %w", err)
		}
		v.Since = append(v.Since, e)
	}
	for n, d := range h.Days {
		day := *d
		day.Files = slices.DeleteFunc(slices.Clone(d.Files), func(f File) bool { return f.Late })
		v.Days[n] = &day
	}
	return v, nil
}

// Erasures names the erasures that the view knows: two views of one name leave out the same.
func (v *View) Erasures() string {
	raw, err := json.Marshal(v.Since)
	if err != nil {
		return v.Erased // ids and times have no error
	}
	return v.Erased + " " + digest(raw)
}

// Public is the view without who was erased, which is not to be stored beside what is asked. Whoever reads it leaves out whom another view knows of: see With.
func (v *View) Public() *View {
	out := *v
	out.Erased, out.Since = "", nil
	return &out
}

// With is the view, of whom another one knows who was erased: one of later, which knows all that this one knew.
func (v *View) With(erasures *View) *View {
	out := *v
	out.Erased, out.Since = erasures.Erased, erasures.Since
	return &out
}

// Between leaves of the view the days from one to another, both included.
func (v *View) Between(from, to profile.Day) *View {
	out := *v
	out.Days = maps.Clone(v.Days)
	maps.DeleteFunc(out.Days, func(d profile.Day, _ *Day) bool { return d < from || d > to })
	return &out
}

// Where leaves of the view the days that are wanted.
func (v *View) Where(wanted func(profile.Day) bool) *View {
	out := *v
	out.Days = maps.Clone(v.Days)
	maps.DeleteFunc(out.Days, func(d profile.Day, _ *Day) bool { return !wanted(d) })
	return &out
}

// jobs is into how many shards a question's people are divided at most, by up to how many events it reads. Somebody who was merged may lie in any file, so whoever reads a shard reads of the files of the others
// too: few large jobs read less than many small ones. Of few events that costs little and the answer is there sooner; of very many, a job has to end in its time.
//
// Where a job of many days would hold blocks of too many files at once, there are more shards.
var jobs = []struct{ events, most int }{{500_000_000, 8}, {6_000_000_000, 4}, {math.MaxInt, 16}}

// jobEvents is how many events a job reads at most: with the reads of S3 and of who was merged it has a third of its time for them.
const jobEvents = 600_000_000

// Ranges is into how many ranges of ids each of so many shards is divided, so that every job ends in its time, however many days are asked.
func (v *View) Ranges(shards int) int {
	most := max(shards, 1) * jobEvents
	return (v.events() + most - 1) / most
}

// events is how many events the view has.
func (v *View) events() (n int) {
	for _, d := range v.Days {
		for _, f := range d.Files {
			n += f.Events
		}
	}
	return n
}

// Shards is into how many shards the people are divided that a question is asked of: as most files have them, or a part of that by which it can be divided, so that each has the files of several.
func (v *View) Shards() int {
	files, events := map[int]int{}, v.events()
	for _, d := range v.Days {
		files[max(d.Shards, 1)] += max(len(d.Files), 1)
	}
	best := 1
	for _, shards := range slices.Sorted(maps.Keys(files)) {
		if files[shards] >= files[best] {
			best = shards
		}
	}
	most := 1
	for _, j := range slices.Backward(jobs) {
		if events <= j.events {
			most = j.most
		}
	}
	for n := most; n > 1 && best > most; n-- {
		if best%n == 0 {
			return n
		}
	}
	return best
}

// people are who is left out and who became whom.
type people struct {
	erased columns.Erasures
	until  map[columns.Person]time.Time // when an erasure was carried out
}

func (v *View) people(ctx context.Context, objects Reader) (out people, err error) {
	all, err := LoadErased(ctx, objects, &Head{Erased: v.Erased})
	if err != nil {
		return out, err
	}
	for _, e := range v.Since {
		for _, id := range e.Keys {
			was := all[id]
			all[id] = Erased{ID: id, At: event.Latest(was.At, e.At), Until: event.Latest(was.Until, e.Until)}
		}
	}
	out = people{Erasures(all), map[columns.Person]time.Time{}}
	for id, e := range all {
		if p, err := columns.PersonOf(id); err == nil {
			out.until[p] = e.Until
		}
	}
	return out, nil
}

// Reading is how files of the view are read for the people of a shard. It holds the merges of those people alone.
func (v *View) Reading(ctx context.Context, objects Reader, shard, shards int) (r columns.Reading, err error) {
	who, err := v.people(ctx, objects)
	if err != nil {
		return r, err
	}
	r = columns.Reading{Shard: shard, Shards: shards, Erased: who.erased, Merged: map[columns.Person]columns.Person{}}
	oldest := v.oldest()
	for i := range v.Merges {
		// Whoever became the same person stands in the same list, so each list is gone through by itself.
		list, err := LoadMerges(ctx, objects, &Head{Merges: v.Merges}, i)
		if err != nil {
			return r, err
		}
		maps.DeleteFunc(list, func(absorbed columns.Person, m Merge) bool {
			until, erased := who.until[absorbed]
			return erased && !m.At.After(until)
		})
		for absorbed, m := range list {
			if m.At.Before(oldest) {
				continue // nothing of them is in these days
			}
			if now := Survivor(list, absorbed); absorbed.Shard(shards) == shard || now.Shard(shards) == shard {
				r.Merged[absorbed] = now
			}
		}
	}
	return r, nil
}

// oldest is from when on somebody who has events in the view may have been merged: from then on all of theirs is the other's. Days are the shop's, and clocks are not all right.
func (v *View) oldest() (at time.Time) {
	for day := range v.Days {
		if begin := day.Time().Add(-48 * time.Hour); at.IsZero() || begin.Before(at) {
			at = begin
		}
	}
	return at
}

// Open opens the files of the view, of all shards: who was merged may lie in any. What it reads of them it reads when it is asked.
func (v *View) Open(ctx context.Context, objects Reader) ([]*columns.File, error) {
	return open(ctx, objects, v.names(func(*Day, File) bool { return true }), roomBytes)
}

// names are the files of the view that are wanted, in the order of days and of the head.
func (v *View) names(wanted func(*Day, File) bool) (names []string) {
	for _, n := range slices.Sorted(maps.Keys(v.Days)) {
		for _, f := range v.Days[n].Files {
			if wanted(v.Days[n], f) {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

// OpenFor opens the files of the view that a reading reads side by side: those of its shard. Those in which somebody else lies who was merged into somebody that it asks about are the reading's from then on, to be opened one
// after the other.
func (v *View) OpenFor(ctx context.Context, objects Reader, r *columns.Reading) ([]*columns.File, error) {
	others := map[[2]int]bool{} // by number of shards, and shard
	for _, d := range v.Days {
		if others[[2]int{d.Shards, -1}] {
			continue
		}
		others[[2]int{d.Shards, -1}] = true
		for absorbed, now := range r.Merged {
			if r.Asks(now) {
				others[[2]int{d.Shards, absorbed.Shard(d.Shards)}] = true
			}
		}
	}
	beside := func(d *Day, f File) bool { return d.Shards%r.Shards != 0 || f.Shard%r.Shards == r.Shard }
	aside := v.names(func(d *Day, f File) bool { return !beside(d, f) && others[[2]int{d.Shards, f.Shard}] })
	r.Aside = func(yield func(*columns.File, error) bool) {
		for names := range slices.Chunk(aside, opens) {
			files, err := open(ctx, objects, names, asideBytes)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, f := range files {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
	return open(ctx, objects, v.names(beside), roomBytes)
}

// Events are the events of a day, each under who its person is now, without those that are gone. They are in the order of the day's files, which is not that of who people are now. What is given behind an
// error is no event.
func (v *View) Events(ctx context.Context, objects Reader, day profile.Day) iter.Seq2[columns.Event, error] {
	return func(yield func(columns.Event, error) bool) {
		who, err := v.people(ctx, objects)
		if err != nil {
			yield(columns.Event{}, err)
			return
		}
		everybody, err := v.Reading(ctx, objects, 0, 1)
		if err != nil {
			yield(columns.Event{}, err)
			return
		}
		files, err := v.Between(day, day).Open(ctx, objects)
		if err != nil {
			yield(columns.Event{}, err)
			return
		}
		for _, f := range files {
			for e, err := range f.Rows() {
				if err != nil {
					yield(columns.Event{}, err)
					return
				}
				if at, gone := who.erased[e.Person]; gone && !e.ReceivedAt.After(at) {
					continue
				}
				if now, merged := everybody.Merged[e.Person]; merged {
					e.Person = now
				}
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}
