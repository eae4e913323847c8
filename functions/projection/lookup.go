package projection

import (
	"context"
	"errors"
	"slices"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/telemetry"
)

// doubts are events of which the window cannot say whether they were folded, and the days on which the timeline would show it.
type doubts struct {
	events []incoming
	places []profile.Stretch
	likely bool // something speaks for one of them
}

// take takes in an event that the window does not hold, if it may have been folded all the same.
func (d *doubts) take(w *profile.Window, e incoming) (taken bool) {
	places, likely := w.Whereabouts(&e.event, e.hash)
	if len(places) == 0 {
		return false
	}
	d.events, d.places, d.likely = append(d.events, e), append(d.places, places...), d.likely || likely
	return true
}

const (
	// lookUpGap is how many days may lie between two stretches that are asked for together: one query over a quiet month costs less
	// than two.
	lookUpGap = 31
	// lookUpPages is how many megabytes of one person's packs a batch reads for duplicates at most: some 60,000 events that came one by one,
	// or ten times as many that came in batches. What is beyond it counts as new; see docs/adr/0011.
	lookUpPages = 64
	// briefPages is the same bound where only one thing speaks for a duplicate: the person has more events a day than the window keeps
	// marks of. A partition is read at 12 MB a second, and the packs of somebody who sends thousands of events one by one must not be read
	// whole for each.
	briefPages = 2
)

// lookUp asks the timeline about the doubtful events and answers those that it does not know.
func (b *batch) lookUp(ctx context.Context, p *profile.Profile, d *doubts) ([]incoming, error) {
	open := map[event.Hash]bool{}
	for _, e := range d.events {
		open[e.hash] = true
	}
	pages := briefPages
	if d.likely {
		pages = lookUpPages
	}
	for _, place := range slices.Backward(gather(d.places)) {
		for _, id := range append([]profile.ID{p.ID}, p.Parts...) {
			if len(open) == 0 {
				break
			}
			err := b.process.Timeline.Around(ctx, id, place.From, place.Last(), &pages, func(h event.Hash) bool {
				delete(open, h)
				return len(open) > 0
			})
			if errors.Is(err, dynamo.ErrTooMuch) {
				telemetry.Count("duplicate_unsettled", len(open), "function", "projection")
				return stillOpen(d.events, open), nil
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return stillOpen(d.events, open), nil
}

func stillOpen(events []incoming, open map[event.Hash]bool) []incoming {
	return slices.DeleteFunc(events, func(e incoming) bool { return !open[e.hash] })
}

// gather makes as few stretches as can be asked for at once, oldest first.
func gather(places []profile.Stretch) []profile.Stretch {
	slices.SortFunc(places, func(a, b profile.Stretch) int { return int(a.From) - int(b.From) })
	var out []profile.Stretch
	for _, place := range places {
		if n := len(out); n > 0 && place.From-out[n-1].Last() <= lookUpGap {
			out[n-1] = out[n-1].Union(place)
			continue
		}
		out = append(out, place)
	}
	return out
}
