package profile

import "time"

// Erased tells whether what came by a key belongs to somebody who was erased since it was received. Each key has a time of its own: what
// is under way for the other half of a merged person is nobody's who was erased.
func (p *Profile) Erased(key ID, receivedAt time.Time) bool {
	at, known := p.Erasures[key]
	return known && !receivedAt.After(at)
}

// Predates tells whether a commit was of somebody under the key who was erased since.
func (p *Profile) Predates(key ID, version int64) bool {
	at, known := p.Erasures[key]
	return known && version < centiseconds(at)
}

// RememberErasure notes that who stood under a key was erased. The latest time stands.
func (p *Profile) RememberErasure(key ID, at time.Time) {
	if !at.After(p.Erasures[key]) {
		return
	}
	erasures := map[ID]time.Time{key: at}
	for other, then := range p.Erasures {
		if other != key {
			erasures[other] = then
		}
	}
	p.Erasures = erasures
	if at.After(p.ErasedAt) {
		p.ErasedAt = at
	}
}

// Inherit takes over what is known of the keys of somebody who is not there: a free key, or one under which a tombstone stands.
func (p *Profile) Inherit(vacant *Profile) {
	for key, at := range vacant.Erasures {
		p.RememberErasure(key, at)
	}
}

// TombstoneVersion is the version of the tombstones of an erasure. It is above every version that stood under any of the keys, since
// nobody is written a hundred times a second for ever: so the versions of whoever comes after go on from there, and neither a job's id
// nor a pack's key comes twice.
func (p *Profile) TombstoneVersion(now time.Time) int64 {
	return max(p.Version+1, centiseconds(now))
}

// TombstonesUntil is the latest time at which tombstones of a version can have been put, by the clock of who put them.
func TombstonesUntil(version int64) time.Time { return time.UnixMilli(10*version + 9).UTC() }

// Moment is when something of a person is noted: now, but never as early as the tombstones of who stood there before, behind which their versions begin. By
// the clock of whoever notes it those may be still to come, and what is noted would be wiped as the former person's. Nobody, nil, has no former.
func (p *Profile) Moment(now time.Time) time.Time {
	if p == nil {
		return now
	}
	if begun := time.UnixMilli(10 * p.Version); now.Before(begun) {
		return begun.UTC()
	}
	return now
}

// VersionOf is the profile's version, where the profile is the one of an id, else 0: versions of others tell nothing of it.
func (p *Profile) VersionOf(id ID) int64 {
	if p == nil || p.ID != id {
		return 0
	}
	return p.Version
}

// centiseconds since 1970 have twelve digits, as the keys of packs do.
func centiseconds(t time.Time) int64 { return t.UnixMilli() / 10 }

// Mark is what every conditional write of a profile's item asks: that the item is still so, and no pointer.
type Mark struct {
	Version int64 // 0 where there was no item
	Erased  time.Time
}

// Mark is how the item stood when the store read or last wrote it, whatever was done to the profile since.
func (p *Profile) Mark() Mark {
	if p.mark.skimmed {
		return Mark{Version: -1} // no item is so: what was skimmed is not saved
	}
	return Mark{Version: p.Version - p.mark.behind, Erased: p.mark.erased}
}

// Skim is for the store: the profile is read without its record of commits, so that it must not be saved.
func (p *Profile) Skim() { p.mark.skimmed = true }

// Stored is for the store: the profile's item is so by now.
func (p *Profile) Stored(m Mark) {
	p.Version, p.mark = m.Version, mark{erased: m.Erased}
}

// Bury is for the store: a tombstone stands where the profile would be. Its version may be one of a program that let versions begin
// anew; what comes after it counts on from the erasure all the same.
func (p *Profile) Bury(m Mark) {
	p.Version = max(m.Version, centiseconds(m.Erased))
	p.mark = mark{erased: m.Erased, behind: p.Version - m.Version}
	p.RememberErasure(p.ID, m.Erased)
}
