package profile

import (
	"maps"
	"slices"
	"time"
)

// A device that is taken off somebody goes on as its own. What it did before stays where it is, under the key of its anonymousId; so it needs
// another key from then on. Each time makes a kind of its own: "anonymous", "anonymous.1", "anonymous.2" and so on, of the same anonymousId.

// MaxOff bounds how many devices are remembered that were taken off somebody.
const MaxOff = 40

// Left tells whether what was received at a time under the key of a device is no longer the person's: the device was taken off before.
func (p *Profile) Left(key ID, receivedAt time.Time) bool {
	off, is := p.Off[key]
	return is && receivedAt.After(off)
}

// Owns tells whether a device was the person's when something was received from it. What it claimed before it was joined counts as if it had always
// been.
func (p *Profile) Owns(anonymousID string, receivedAt time.Time) bool {
	if _, joined := p.joined(anonymousID); joined {
		return true
	}
	for i := (Identifier{AnonymousID, anonymousID}); len(p.Off) > 0; i = i.Next() {
		off, is := p.Off[i.ID()]
		if !is || !receivedAt.After(off) {
			return is
		}
	}
	return false
}

func (p *Profile) joined(anonymousID string) (Identifier, bool) {
	at := slices.IndexFunc(p.Identifiers, func(i Identifier) bool { return i.Kind.Base() == AnonymousID && i.Value == anonymousID })
	if at < 0 {
		return Identifier{}, false
	}
	return p.Identifiers[at], true
}

// TakeOff takes a device off the person, as of a time: what is received from it later is the device's own. Asked is when that was wished for: a
// wish that was carried out before changes nothing, also if the device has been proven to be the person's since. It counts from then at the earliest: by
// a clock that is behind, what was received before the wish would be the device's, and the wish would be carried out twice. ok is false where the
// device is not the person's, or nobody would be left.
func (p *Profile) TakeOff(anonymousID string, asked, at time.Time) (ok bool) {
	for i := (Identifier{AnonymousID, anonymousID}); ; i = i.Next() {
		off, is := p.Off[i.ID()]
		if !is {
			break
		}
		if !off.Before(asked) {
			return false
		}
	}
	device, joined := p.joined(anonymousID)
	if !joined || p.UserID() == "" || len(p.Off) >= MaxOff {
		return false
	}
	p.Identifiers = slices.DeleteFunc(slices.Clone(p.Identifiers), func(i Identifier) bool { return i == device })
	if at.Before(asked) {
		at = asked
	}
	p.RememberOff(device.ID(), at)
	return true
}

// RememberOff notes that what is received later under the key of a device is not the person's. The latest time stands.
func (p *Profile) RememberOff(key ID, at time.Time) {
	if !at.After(p.Off[key]) {
		return
	}
	off := maps.Clone(p.Off) // a copy of the profile may share it
	if off == nil {
		off = map[ID]time.Time{}
	}
	off[key] = at
	p.Off = off
}
