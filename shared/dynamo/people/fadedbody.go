package people

import (
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

// What the window and the outbox hold beside their sections stands in sections of its own. The version before does not know these and
// keeps them as they are, while it goes on to write window and outbox. So they name what they speak of, and where they do not fit to
// the window any more, that is made up for when they are read.

// fadedMemory is the section of what has faded, as it was read.
type fadedMemory struct {
	floor   time.Time // the window's, when the section was written
	horizon time.Time
	days    map[int64]profile.Stretch // by the versions of the commits
	faded   []profile.Faded
}

// What the section begins with: whether there are a floor and a horizon.
const (
	hasFloor   = 1
	hasHorizon = 2
)

// packFaded writes times as differences from the floor, which is the newest of them, and marks with as few bits as there can be.
func packFaded(w *packed.Writer, v profile.Window) {
	has, base := uint64(0), packed.Epoch
	if !v.Floor.IsZero() {
		has, base = hasFloor, v.Floor
	}
	if !v.Horizon.IsZero() {
		has |= hasHorizon
	}
	w.Uint(has)
	if has&hasFloor != 0 {
		w.Time(v.Floor)
	}
	if has&hasHorizon != 0 {
		w.Int(v.Horizon.UnixMilli() - base.UnixMilli())
	}
	w.Uint(uint64(len(v.Commits)))
	version, day := int64(0), profile.DayOf(packed.Epoch)
	for _, c := range v.Commits {
		w.Int(c.Version - version)
		w.Uint(uint64(c.Days.Days))
		if version = c.Version; c.Days.Days > 0 {
			w.Int(int64(c.Days.From - day))
			day = c.Days.From
		}
	}
	for _, f := range v.Faded {
		w.Int(int64(f.Days.From - day))
		day = f.Days.From
		w.Uint(uint64(f.Days.Days))
		w.Int(f.At.UnixMilli() - base.UnixMilli())
		packMarks(w, f)
	}
}

// unpackFaded adds a section to what was read of others: a merge by a version that does not know them leaves two.
func unpackFaded(r *packed.Reader, m *fadedMemory) *fadedMemory {
	base, floor, horizon := packed.Epoch, time.Time{}, time.Time{}
	has := r.Uint()
	if has&hasFloor != 0 {
		floor = r.Time()
		base = floor
	}
	if has&hasHorizon != 0 {
		horizon = since(r, base)
	}
	m = m.with(floor, horizon)
	day := m.unpackDays(r)
	for r.More() {
		day += profile.Day(r.Int())
		f := profile.Faded{Days: profile.Stretch{From: day, Days: stretch(r)}, At: since(r, base)}
		unpackMarks(r, &f)
		m.faded = append(m.faded, f)
	}
	return m
}

func since(r *packed.Reader, base time.Time) time.Time {
	return time.UnixMilli(base.UnixMilli() + r.Int()).UTC()
}

// unpackWideFaded reads the section as it was with marks of whole bytes.
func unpackWideFaded(r *packed.Reader, m *fadedMemory) *fadedMemory {
	m = m.with(r.Time(), r.Time())
	day := m.unpackDays(r)
	for r.More() {
		day += profile.Day(r.Int())
		f := profile.Faded{Days: profile.Stretch{From: day, Days: stretch(r)}, At: r.Time(), Full: r.Flag()}
		last := profile.HashMark(0)
		for range r.Count() {
			last += profile.HashMark(r.Uint())
			f.Marks = append(f.Marks, last)
		}
		m.faded = append(m.faded, f)
	}
	return m
}

// with is the memory with the later ones of two sections' times.
func (m *fadedMemory) with(floor, horizon time.Time) *fadedMemory {
	if m == nil {
		m = &fadedMemory{days: map[int64]profile.Stretch{}}
	}
	if floor.After(m.floor) {
		m.floor = floor
	}
	if horizon.After(m.horizon) {
		m.horizon = horizon
	}
	return m
}

// unpackDays reads the stretches of the commits and answers the day from which the next is told.
func (m *fadedMemory) unpackDays(r *packed.Reader) profile.Day {
	version, day := int64(0), profile.DayOf(packed.Epoch)
	for range r.Count() {
		version += r.Int()
		n := stretch(r)
		if n == 0 {
			continue
		}
		day += profile.Day(r.Int())
		s := profile.Stretch{From: day, Days: n}
		if other, twice := m.days[version]; twice {
			s = s.Union(other) // of two people, before they were one
		}
		m.days[version] = s
	}
	return day
}

// maxStretch is more days than there can be between two times that ingest lets through.
const maxStretch = 1 << 20

// stretch reads how many days a stretch has.
func stretch(r *packed.Reader) int {
	n := r.Uint()
	if n > maxStretch {
		r.Fail()
		return 0
	}
	return int(n)
}

// recall gives a window what its section does not hold. m is nil where only the version before has written the profile.
func (m *fadedMemory) recall(w *profile.Window) {
	if m == nil {
		m = &fadedMemory{}
	}
	for i := range w.Commits {
		w.Commits[i].Days = m.days[w.Commits[i].Version]
	}
	w.Faded, w.Horizon = m.faded, m.horizon
	if w.Floor.After(m.floor) {
		w.Forget(w.Floor)
	}
}

// packSources writes of the outbox's events from which source they came.
func packSources(w *packed.Writer, outbox []profile.Follow) {
	for _, f := range outbox {
		if f.Source != "" {
			w.Text(string(f.Part))
			w.Int(f.Version)
			w.Uint(uint64(f.N))
			w.Text(f.Source)
		}
	}
}

func unpackSources(r *packed.Reader, outbox []profile.Follow) {
	for r.More() {
		part, version, n, source := profile.ID(r.Text()), r.Int(), int(r.Uint()), r.Text()
		for i := range outbox {
			if f := &outbox[i]; f.Part == part && f.Version == version && f.N == n {
				f.Source = source
			}
		}
	}
}
