package profile

import (
	"fmt"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/event"
)

// Bounds of the commit protocol's record in the item.
const (
	// MaxWindowHashes is how many hashes stay beyond the newest commit's; what is owed stays in any case.
	MaxWindowHashes = 64
	// WindowAge is how long a hash stays at most, if nothing is owed of its commit.
	WindowAge = 26 * time.Hour
	// MaxCommitEvents is how many events one commit folds at most.
	MaxCommitEvents = 200
)

// Seen finds the commit that folded an event, or nil.
func (w *Window) Seen(h event.Hash) *Commit {
	for i := range w.Commits {
		if slices.Contains(w.Commits[i].Hashes, h) {
			return &w.Commits[i]
		}
	}
	return nil
}

// MustLookUp tells whether the window alone cannot say that an event which it does not hold is new: some hash was let go that
// may have been this event's. The timeline decides then.
func (w *Window) MustLookUp(e *event.Event) bool {
	if w.Floor.IsZero() {
		return false
	}
	first := e.Timestamp
	if e.ReceivedAt.Before(first) {
		first = e.ReceivedAt
	}
	if !first.After(w.Floor) {
		return true
	}
	// Without a time of the client's own, a retry carries the time of the retry: only its messageId can tell.
	return e.Timestamp.Equal(e.ReceivedAt) && e.ReceivedAt.Sub(w.Floor) < WindowAge
}

// Record adds a commit and lets the oldest go that is neither owed nor within the bounds.
func (w *Window) Record(c Commit) {
	w.Commits = append(slices.Clone(w.Commits), c)
	w.trim(c.At)
}

func (w *Window) trim(now time.Time) {
	hashes := 0
	for _, c := range w.Commits[:len(w.Commits)-1] {
		hashes += len(c.Hashes)
	}
	kept := w.Commits[:0:0]
	for i, c := range w.Commits {
		last := i == len(w.Commits)-1
		if !last && len(c.Owed) == 0 && (hashes > MaxWindowHashes || now.Sub(c.At) > WindowAge) {
			hashes -= len(c.Hashes)
			if c.At.After(w.Floor) {
				w.Floor = c.At
			}
			continue
		}
		kept = append(kept, c)
	}
	w.Commits = kept
}

// Newest is the window without the commits that nothing is owed of, but for the last one; shorter tells whether that is less.
func (w *Window) Newest() (short Window, shorter bool) {
	short.Floor = w.Floor
	for i, c := range w.Commits {
		if i == len(w.Commits)-1 || len(c.Owed) > 0 {
			short.Commits = append(short.Commits, c)
			continue
		}
		if c.At.After(short.Floor) {
			short.Floor = c.At
		}
	}
	return short, len(short.Commits) < len(w.Commits)
}

// JobID names what follows from a commit of a profile: the same however often it is sent.
func (f Follow) JobID(p ID) string {
	if f.Part != "" {
		p = f.Part
	}
	return fmt.Sprintf("%s.%d.%d", p, f.Version, f.N)
}

// Append puts what follows from the coming commit into the outbox. Version is the one that the commit will have.
func (p *Profile) Append(version int64, follows ...Follow) {
	n := 0
	for _, f := range p.Outbox {
		if f.Part == "" && f.Version == version {
			n++
		}
	}
	p.Outbox = slices.Clone(p.Outbox)
	for _, f := range follows {
		f.Part, f.Version, f.N = "", version, n
		p.Outbox = append(p.Outbox, f)
		n++
	}
}
