package profile

import (
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

// Bounds of the commit protocol's record in the item.
const (
	// MaxWindowHashes is how many hashes stay beyond the newest commit's; what is owed stays in any case.
	MaxWindowHashes = 64
	// WindowAge is for how long after its receipt an event is known again whatever a retry says of its times.
	WindowAge = 26 * time.Hour
	// MaxCommitEvents is how many events one commit folds at most.
	MaxCommitEvents = 200
	// MaxOwedHashes is how many hashes of events whose pack was not seen written a profile may hold; no further commit is made then.
	MaxOwedHashes = 1024
	// MaxMarks is how many marks of hashes that were let go stay.
	MaxMarks = 4096
	// MaxFaded is how many stretches of days are told apart of which marks stay.
	MaxFaded = 8
)

// Window remembers which events were folded. The newest commits stand there with their events' hashes. Of older ones a mark of
// each hash is left, and where their packs lie in the timeline; of those older than WindowAge nothing but Horizon.
type Window struct {
	Commits []Commit // oldest first
	// Floor is the newest receivedAt of an event whose hash was let go. The version before goes by it alone.
	Floor time.Time
	Faded []Faded
	// Horizon is the newest receivedAt of an event of which no mark is left: one received until then may have been folded.
	Horizon time.Time
}

// Commit is one write of the profile with the events that it folded.
type Commit struct {
	Part    ID // the profile that was written, when it was merged into this one since; else empty
	Version int64
	At      time.Time // newest receivedAt among its events
	Hashes  []event.Hash
	// Owed lists the days whose timeline pack has not been seen written. Its hashes are not let go before that.
	Owed []Day
	// Days is the stretch on which its events happened; empty if the version before made the commit.
	Days Stretch
}

// Stretch is a number of days in a row.
type Stretch struct {
	From Day
	Days int // 0 where it is not known
}

// Last is the last day of the stretch.
func (s Stretch) Last() Day { return s.From + Day(s.Days) - 1 }

// Around is a day and both neighbours.
func Around(day Day) Stretch { return Stretch{day - 1, 3} }

// Union is the shortest stretch that holds both.
func (s Stretch) Union(t Stretch) Stretch {
	from := min(s.From, t.From)
	return Stretch{from, int(max(s.Last(), t.Last())-from) + 1}
}

// StretchOf is the shortest stretch that holds all of the days.
func StretchOf(days []Day) Stretch {
	if len(days) == 0 {
		return Stretch{}
	}
	first := slices.Min(days)
	return Stretch{first, int(slices.Max(days)-first) + 1}
}

// Faded is what is left of commits whose hashes were let go: when and where, and a mark of each hash. An event of another mark is
// none of theirs; of one with the same mark the timeline decides.
type Faded struct {
	Days  Stretch
	At    time.Time  // newest receivedAt
	Marks []HashMark // sorted, each once
	// Full says that there were more marks than are kept, so that any event may be one of them.
	Full bool
}

// HashMark is a part of a hash, so small that many can be kept.
type HashMark uint16

// MarkBits is how many bits a mark has.
const MarkBits = 16

func markOf(h event.Hash) HashMark { return HashMark(h) }

// may tells whether an event may be one of those that have faded.
func (f *Faded) may(h event.Hash, receivedAt time.Time) bool {
	if receivedAt.Sub(f.At) > WindowAge {
		return false
	}
	if f.Full {
		return true
	}
	_, found := slices.BinarySearch(f.Marks, markOf(h))
	return found
}

func (f Faded) union(g Faded) Faded {
	u := Faded{Days: f.Days.Union(g.Days), At: event.Latest(f.At, g.At), Full: f.Full || g.Full}
	if !u.Full {
		u.Marks = slices.Concat(f.Marks, g.Marks)
		slices.Sort(u.Marks)
		u.Marks = slices.Compact(u.Marks)
	}
	return u
}

// Seen finds the commit that folded an event, or nil.
func (w *Window) Seen(h event.Hash) *Commit {
	for i := range w.Commits {
		if slices.Contains(w.Commits[i].Hashes, h) {
			return &w.Commits[i]
		}
	}
	return nil
}

// Whereabouts are the days on which an event that the window does not hold may stand in the timeline. It is new if there are none. likely tells
// that something speaks for it: its mark, or when it was received; else nothing is known but that too many others came.
func (w *Window) Whereabouts(e *event.Event, h event.Hash) (places []Stretch, likely bool) {
	for i := range w.Faded {
		if f := &w.Faded[i]; f.may(h, e.ReceivedAt) {
			places = append(places, f.Days)
			likely = likely || !f.Full
		}
	}
	// What comes again after weeks is the very message that came then, with the times that it had.
	likely = likely || !w.Horizon.IsZero() && !e.ReceivedAt.After(w.Horizon)
	if likely {
		places = append(places, Around(DayOf(e.Timestamp)))
	}
	return places, likely
}

// Owing is how many hashes stay because the packs of their events were not seen written.
func (w *Window) Owing() int {
	n := 0
	for _, c := range w.Commits {
		if len(c.Owed) > 0 {
			n += len(c.Hashes)
		}
	}
	return n
}

// Record adds a commit and lets the oldest fade that is neither owed nor within the bounds.
func (w *Window) Record(c Commit) {
	hashes := 0
	for _, old := range w.Commits {
		hashes += len(old.Hashes)
	}
	w.keep(func(old *Commit) bool {
		if len(old.Owed) > 0 || hashes <= MaxWindowHashes && c.At.Sub(old.At) <= WindowAge {
			return true
		}
		hashes -= len(old.Hashes)
		return false
	})
	w.Commits = append(w.Commits, c)
	w.age(c.At)
}

// Newest is the window without the hashes of commits that nothing is owed of, but for the last one; shorter tells whether that is less.
func (w Window) Newest() (short Window, shorter bool) {
	n := len(w.Commits)
	last := 0
	w.keep(func(c *Commit) bool {
		last++
		return last == n || len(c.Owed) > 0
	})
	return w, len(w.Commits) < n
}

// keep lets the commits fade that stay does not hold.
func (w *Window) keep(stay func(*Commit) bool) {
	kept := make([]Commit, 0, len(w.Commits)+1)
	for i := range w.Commits {
		c := &w.Commits[i]
		if stay(c) {
			kept = append(kept, *c)
			continue
		}
		w.fade(c)
	}
	w.Commits = kept
	w.bound()
}

// fade leaves the marks of a commit's hashes.
func (w *Window) fade(c *Commit) {
	w.Floor = event.Latest(w.Floor, c.At)
	f := Faded{Days: c.Days, At: c.At}
	if f.Days.Days == 0 {
		f.Days = Around(DayOf(c.At))
	}
	for _, h := range c.Hashes {
		f.Marks = append(f.Marks, markOf(h))
	}
	slices.Sort(f.Marks)
	f.Marks = slices.Compact(f.Marks)
	w.add(f)
}

// add puts marks to those of the same days. It leaves the list that it finds as it is, since a copy of the window may share it.
func (w *Window) add(f Faded) {
	w.Faded = slices.Clone(w.Faded)
	if at := slices.IndexFunc(w.Faded, func(old Faded) bool { return old.Days == f.Days }); at >= 0 {
		w.Faded[at] = w.Faded[at].union(f)
		return
	}
	w.Faded = append(w.Faded, f)
}

// Forget says that hashes were let go of which no mark was left, received until a time and in packs around its day, as the version
// before does.
func (w *Window) Forget(until time.Time) {
	w.Floor, w.Horizon = event.Latest(w.Floor, until), event.Latest(w.Horizon, until)
	w.add(Faded{Days: Around(DayOf(until)), At: until, Full: true})
	w.bound()
}

// age drops the marks that are older than WindowAge.
func (w *Window) age(now time.Time) {
	w.Faded = slices.DeleteFunc(slices.Clone(w.Faded), func(f Faded) bool {
		old := now.Sub(f.At) > WindowAge
		if old {
			w.Horizon = event.Latest(w.Horizon, f.At)
		}
		return old
	})
}

// bound keeps Faded small: neighbours become one stretch, and the longest list of marks goes, for a look at the timeline each time.
func (w *Window) bound() {
	for len(w.Faded) > MaxFaded {
		a, b := w.closest()
		w.Faded[a] = w.Faded[a].union(w.Faded[b])
		w.Faded = slices.Delete(w.Faded, b, b+1)
	}
	marks := 0
	for _, f := range w.Faded {
		marks += len(f.Marks)
	}
	for marks > MaxMarks {
		longest := 0
		for i, f := range w.Faded {
			if len(f.Marks) > len(w.Faded[longest].Marks) {
				longest = i
			}
		}
		marks -= len(w.Faded[longest].Marks)
		w.Faded[longest].Marks, w.Faded[longest].Full = nil, true
	}
}

// closest finds the two stretches whose union is the shortest.
func (w *Window) closest() (a, b int) {
	best := -1
	for i := range w.Faded {
		for j := i + 1; j < len(w.Faded); j++ {
			if n := w.Faded[i].Days.Union(w.Faded[j].Days).Days; best < 0 || n < best {
				a, b, best = i, j, n
			}
		}
	}
	return a, b
}

// absorb unites the record of another profile's commits with this one's: neither forgets an event that it folded, nor a pack that it
// owes.
func (w *Window) absorb(v Window, part ID) {
	commits := slices.Clone(w.Commits)
	for _, c := range v.Commits {
		if c.Part == "" {
			c.Part = part
		}
		commits = append(commits, c)
	}
	slices.SortStableFunc(commits, func(a, b Commit) int { return a.At.Compare(b.At) })
	w.Commits = commits
	w.Floor, w.Horizon = event.Latest(w.Floor, v.Floor), event.Latest(w.Horizon, v.Horizon)
	for _, f := range v.Faded {
		w.add(f)
	}
	w.bound()
}
