package profile

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

// hashOf spreads numbers as SHA-256 does.
func hashOf(n int) event.Hash { return event.Fingerprint("web", time.Unix(int64(n), 0).String()) }

// at is an event that was received at a time and says of itself when it happened.
func received(at, happened time.Time) *event.Event {
	return &event.Event{Timestamp: happened, ReceivedAt: at}
}

func TestWindowLetsFadeWhatIsNotOwed(t *testing.T) {
	var w Window
	hash := event.Hash(0)
	commit := func(version int64, n int, at time.Time, owed ...Day) {
		c := Commit{Version: version, At: at, Owed: owed, Days: Stretch{DayOf(at), 1}}
		for range n {
			hash++
			c.Hashes = append(c.Hashes, hash)
		}
		w.Record(c)
	}
	versions := func() (list []int64) {
		for _, c := range w.Commits {
			list = append(list, c.Version)
		}
		return list
	}
	commit(1, 30, t0, 7) // owed for good
	commit(2, 34, t0.Add(time.Minute))
	commit(3, 30, t0.Add(2*time.Minute))
	if got := versions(); !slices.Equal(got, []int64{1, 2, 3}) || !w.Floor.IsZero() || w.Faded != nil {
		t.Fatalf("%v, floor %v, faded %v: 64 hashes before the newest commit may stay", got, w.Floor, w.Faded)
	}
	commit(4, 1, t0.Add(3*time.Minute))
	if got := versions(); !slices.Equal(got, []int64{1, 3, 4}) || !w.Floor.Equal(t0.Add(time.Minute)) || !w.Horizon.IsZero() {
		t.Fatalf("%v, floor %v, horizon %v", got, w.Floor, w.Horizon)
	}
	if len(w.Faded) != 1 || len(w.Faded[0].Marks) != 34 || !w.Faded[0].At.Equal(t0.Add(time.Minute)) || w.Faded[0].Days != (Stretch{DayOf(t0), 1}) {
		t.Fatalf("faded %+v, want 34 marks of today", w.Faded)
	}
	commit(5, 1, t0.Add(WindowAge+3*time.Minute))
	if got := versions(); !slices.Equal(got, []int64{1, 4, 5}) {
		t.Errorf("%v: a commit as old as WindowAge stays, an older one goes", got)
	}
	if len(w.Faded) != 0 || !w.Horizon.Equal(t0.Add(2*time.Minute)) {
		t.Errorf("faded %+v, horizon %v: marks older than WindowAge go, and the horizon says until when", w.Faded, w.Horizon)
	}
	if w.Seen(1) == nil || w.Seen(31) != nil {
		t.Error("what is owed must be seen, what was let go must not")
	}
	if w.Owing() != 30 {
		t.Errorf("%d hashes are owed, want 30", w.Owing())
	}
}

func TestMarksStayAsLongAsTheirNewest(t *testing.T) {
	w := Window{Faded: []Faded{{Days: Stretch{7, 1}, At: t0, Marks: []HashMark{1}}}}
	w.Record(Commit{At: t0.Add(WindowAge)})
	if len(w.Faded) != 1 || !w.Horizon.IsZero() {
		t.Errorf("marks as old as WindowAge are gone: %+v", w)
	}
	w.Record(Commit{At: t0.Add(WindowAge + 1)})
	if len(w.Faded) != 0 || !w.Horizon.Equal(t0) {
		t.Errorf("marks older than WindowAge stay: %+v", w)
	}
}

func TestNewestKeepsWhatIsOwed(t *testing.T) {
	w := Window{Floor: t0, Commits: []Commit{
		{Version: 1, At: t0.Add(time.Minute), Owed: []Day{1}},
		{Version: 2, At: t0.Add(2 * time.Minute), Hashes: []event.Hash{0x1_0005}, Days: Stretch{7, 2}},
		{Version: 3, At: t0.Add(3 * time.Minute)}}}
	before := Window{Floor: w.Floor, Commits: slices.Clone(w.Commits)}
	short, shorter := w.Newest()
	if !shorter || len(short.Commits) != 2 || short.Commits[0].Version != 1 || short.Commits[1].Version != 3 || !short.Floor.Equal(t0.Add(2*time.Minute)) {
		t.Errorf("%+v, shorter %v", short, shorter)
	}
	if want := []Faded{{Days: Stretch{7, 2}, At: t0.Add(2 * time.Minute), Marks: []HashMark{5}}}; !reflect.DeepEqual(short.Faded, want) {
		t.Errorf("faded %+v, want %+v", short.Faded, want)
	}
	if !reflect.DeepEqual(w, before) {
		t.Errorf("the window itself became %+v", w)
	}
	if again, shorter := short.Newest(); shorter || !reflect.DeepEqual(again.Faded, short.Faded) || len(again.Commits) != 2 {
		t.Errorf("again: %+v, shorter %v", again, shorter)
	}
}

func TestWhereabouts(t *testing.T) {
	w := Window{Horizon: t0.Add(-48 * time.Hour), Faded: []Faded{
		{Days: Stretch{100, 3}, At: t0, Marks: []HashMark{4, 9}},
		{Days: Stretch{200, 1}, At: t0.Add(-time.Hour), Full: true},
	}}
	day := DayOf(t0)
	for _, c := range []struct {
		name     string
		hash     event.Hash
		received time.Time
		want     []Stretch
	}{
		{"a mark of the first, and the second has all", 0x7_0004, t0, []Stretch{{100, 3}, {200, 1}, {day - 1, 3}}},
		{"no mark", 5, t0, []Stretch{{200, 1}}},
		{"the second is just young enough", 5, t0.Add(-time.Hour + WindowAge), []Stretch{{200, 1}}},
		{"the second is too old", 5, t0.Add(-time.Hour + WindowAge + 1), nil},
		{"the first is just young enough", 9, t0.Add(WindowAge), []Stretch{{100, 3}, {day - 1, 3}}},
		{"both are too old", 9, t0.Add(WindowAge + 1), nil},
		{"received at the horizon", 5, t0.Add(-48 * time.Hour), []Stretch{{200, 1}, {day - 1, 3}}},
	} {
		got, likely := w.Whereabouts(received(c.received, t0), c.hash)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if want := slices.Contains(c.want, Stretch{day - 1, 3}); likely != want {
			t.Errorf("%s: likely %v, want %v", c.name, likely, want)
		}
	}
	w.Faded = nil
	if got, likely := w.Whereabouts(received(t0.Add(-48*time.Hour), t0), 1); !likely || !slices.Equal(got, []Stretch{{day - 1, 3}}) {
		t.Errorf("at the horizon: %v", got)
	}
	if got, likely := w.Whereabouts(received(t0.Add(-48*time.Hour+1), t0), 1); got != nil || likely {
		t.Errorf("behind the horizon: %v", got)
	}
	if got, likely := new(Window).Whereabouts(received(time.Time{}, t0), 1); got != nil || likely {
		t.Errorf("a window that forgot nothing asks %v", got)
	}
}

func TestStretches(t *testing.T) {
	if got := StretchOf(nil); got != (Stretch{}) {
		t.Errorf("of nothing %v", got)
	}
	if got := StretchOf([]Day{5, 3, 9}); got != (Stretch{3, 7}) || got.Last() != 9 {
		t.Errorf("of 5, 3, 9: %v until %d", got, got.Last())
	}
	if got := StretchOf([]Day{4}); got != (Stretch{4, 1}) || got.Last() != 4 {
		t.Errorf("of 4: %v", got)
	}
	if a, b := (Stretch{3, 2}), (Stretch{10, 1}); a.Union(b) != (Stretch{3, 8}) || b.Union(a) != (Stretch{3, 8}) {
		t.Errorf("%v and %v", a.Union(b), b.Union(a))
	}
	if a := (Stretch{3, 9}); a.Union(Stretch{4, 2}) != a {
		t.Errorf("a stretch within another makes %v", a.Union(Stretch{4, 2}))
	}
}

func TestFadedIsBounded(t *testing.T) {
	var w Window
	for i := range MaxFaded {
		w.add(Faded{Days: Stretch{Day(100 * i), 1}, Marks: []HashMark{HashMark(i)}})
	}
	before := w
	w.bound()
	if len(w.Faded) != MaxFaded {
		t.Fatalf("%d stretches, want %d", len(w.Faded), MaxFaded)
	}
	w.add(Faded{Days: Stretch{303, 2}, At: t0, Marks: []HashMark{1, 99}})
	w.bound()
	if len(w.Faded) != MaxFaded || !reflect.DeepEqual(w.Faded[3], Faded{Days: Stretch{300, 5}, At: t0, Marks: []HashMark{1, 3, 99}}) {
		t.Errorf("%d stretches, the two closest are %+v", len(w.Faded), w.Faded[3])
	}
	if before.Faded[3].Days != (Stretch{300, 1}) {
		t.Errorf("a copy of the window became %+v", before.Faded)
	}

	var many Window
	for i := 0; i <= MaxMarks/MaxCommitEvents+1; i++ {
		c := Commit{Version: int64(i), At: t0.Add(time.Duration(i)), Days: Stretch{7, 1}}
		for n := range MaxCommitEvents {
			c.Hashes = append(c.Hashes, event.Hash(i*MaxCommitEvents+n))
		}
		many.Record(c)
		marks := 0
		for _, f := range many.Faded {
			marks += len(f.Marks)
		}
		if marks > MaxMarks {
			t.Fatalf("%d marks", marks)
		}
		full := len(many.Faded) == 1 && many.Faded[0].Full
		if want := i*MaxCommitEvents > MaxMarks; full != want {
			t.Fatalf("after %d events that were let go: full %v, want %v", i*MaxCommitEvents, full, want)
		}
	}
	if places, likely := many.Whereabouts(received(t0, t0), 0xfff0); many.Faded[0].Marks != nil || len(places) != 1 || likely {
		t.Errorf("what is full may be any event: %+v", many.Faded[0])
	}
}

// TestTheWindowForgetsNothing records commits of a busy person at random, lets hashes go as the store does, merges people, and asks for every
// event of the last day again under another time: each is in the window, or the days that it names hold the event.
func TestTheWindowForgetsNothing(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 11))
		type folded struct {
			hash event.Hash
			day  Day
			at   time.Time
		}
		windows, history := make([]Window, 2), make([][]folded, 2)
		now, n := t0, 0
		for version := int64(1); version < 300; version++ {
			now = now.Add(time.Duration(r.IntN(30)) * time.Minute)
			who := r.IntN(len(windows))
			c := Commit{Version: version, At: now}
			var days []Day
			for range 1 + r.IntN(1+r.IntN(150)) {
				n++
				day := DayOf(now)
				if r.IntN(9) == 0 {
					day -= Day(r.IntN(400)) // a late event
				}
				f := folded{hashOf(n), day, now}
				c.Hashes, days = append(c.Hashes, f.hash), append(days, f.day)
				history[who] = append(history[who], f)
			}
			c.Days = StretchOf(days)
			windows[who].Record(c)
			if r.IntN(3) == 0 {
				windows[who], _ = windows[who].Newest()
			}
			if version == 200 {
				windows[0].absorb(windows[1], "other")
				windows, history = windows[:1], [][]folded{slices.Concat(history...)}
			}
		}
		misses, fresh := 0, 0
		for who := range windows {
			w := &windows[who]
			for _, f := range history[who] {
				if now.Sub(f.at) > 24*time.Hour || w.Seen(f.hash) != nil {
					continue
				}
				places, _ := w.Whereabouts(received(now, now.Add(77*time.Hour)), f.hash)
				if !slices.ContainsFunc(places, func(s Stretch) bool { return s.From <= f.day && f.day <= s.Last() }) {
					misses++
				}
			}
			for i := range 1000 {
				if places, _ := w.Whereabouts(received(now, now), hashOf(-1-i)); places != nil {
					fresh++
				}
			}
		}
		if misses > 0 {
			t.Errorf("seed %d: %d events of the last day would count twice", seed, misses)
		}
		if full := slices.ContainsFunc(windows[0].Faded, func(f Faded) bool { return f.Full }); !full && fresh > 120 {
			t.Errorf("seed %d: %d of 1000 new events are looked up", seed, fresh)
		}
	}
}

func TestForgetting(t *testing.T) {
	w := Window{Floor: t0.Add(-time.Hour), Horizon: t0.Add(time.Hour)}
	w.Forget(t0)
	if !w.Floor.Equal(t0) || !w.Horizon.Equal(t0.Add(time.Hour)) {
		t.Errorf("floor %v, horizon %v", w.Floor, w.Horizon)
	}
	if want := []Faded{{Days: Stretch{DayOf(t0) - 1, 3}, At: t0, Full: true}}; !reflect.DeepEqual(w.Faded, want) {
		t.Errorf("faded %+v", w.Faded)
	}
}

func TestCommitsOfTheVersionBeforeFadeAroundTheirDay(t *testing.T) {
	w := Window{Commits: []Commit{{Version: 1, At: t0, Hashes: []event.Hash{5}}, {Version: 2, At: t0}}}
	short, _ := w.Newest()
	if want := []Faded{{Days: Stretch{DayOf(t0) - 1, 3}, At: t0, Marks: []HashMark{5}}}; !reflect.DeepEqual(short.Faded, want) {
		t.Errorf("faded %+v, want %+v", short.Faded, want)
	}
}

func TestWindowsUnite(t *testing.T) {
	w := Window{Floor: t0, Horizon: t0.Add(-time.Hour), Commits: []Commit{{Version: 3, At: t0.Add(time.Minute), Hashes: []event.Hash{1, 2, 3}}},
		Faded: []Faded{{Days: Stretch{7, 1}, At: t0, Marks: []HashMark{1, 5}}}}
	v := Window{Floor: t0.Add(time.Second), Horizon: t0, Commits: []Commit{{Version: 8, At: t0.Add(time.Second), Hashes: []event.Hash{3, 2, 9}}, {Part: "r", Version: 9, At: t0.Add(time.Hour)}},
		Faded: []Faded{{Days: Stretch{7, 1}, At: t0.Add(time.Second), Marks: []HashMark{2, 5}}, {Days: Stretch{9, 1}, At: t0, Full: true}}}
	w.absorb(v, "q")
	want := Window{Floor: t0.Add(time.Second), Horizon: t0,
		Commits: []Commit{{Part: "q", Version: 8, At: t0.Add(time.Second), Hashes: []event.Hash{3, 2, 9}}, {Version: 3, At: t0.Add(time.Minute), Hashes: []event.Hash{1, 2, 3}}, {Part: "r", Version: 9, At: t0.Add(time.Hour)}},
		Faded:   []Faded{{Days: Stretch{7, 1}, At: t0.Add(time.Second), Marks: []HashMark{1, 2, 5}}, {Days: Stretch{9, 1}, At: t0, Full: true}}}
	if !reflect.DeepEqual(w, want) {
		t.Errorf("got\n%+v\nwant\n%+v", w, want)
	}
	u := Window{Floor: t0.Add(time.Hour), Horizon: t0.Add(time.Hour)}
	u.absorb(v, "q")
	if !u.Floor.Equal(t0.Add(time.Hour)) || !u.Horizon.Equal(t0.Add(time.Hour)) {
		t.Errorf("an older floor of the other's stands: %+v", u)
	}
}
