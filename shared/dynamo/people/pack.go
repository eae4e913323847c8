package people

import (
	"errors"
	"fmt"
	"slices"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Pack is one day's events of one commit of one profile. Part tells apart packs that hold only some of the commit's events, as
// a redelivery may bring them.
type Pack struct {
	Profile profile.ID
	Day     profile.Day
	Version int64
	Part    string
	Events  []PackedEvent
	body    []byte // of Packed
}

// maxPackBody keeps a pack below 300 KB, with room for keys and hashes; an item may have 400 KB.
const maxPackBody = 290 << 10

// ErrPackTooLarge says that one event does not fit into an item.
var ErrPackTooLarge = errors.New("the pack is over 290 KB")

// Packed makes the bodies of packs, once for all who store them: each as it is, or in parts where it is too large for one item. What is packed already stays as it is.
func Packed(packs []Pack) ([]Pack, error) {
	out := make([]Pack, 0, len(packs))
	for _, p := range packs {
		parts, err := p.parts()
		if err != nil {
			return nil, fmt.Errorf("packing events of %s: %w", p.Profile, err)
		}
		out = append(out, parts...)
	}
	return out, nil
}

// Body is what Packed has made of the pack's events, with their sources. EventsOf reads it.
func (p Pack) Body() []byte { return p.body }

// EventsOf reads the body of a pack. An error may mean that a newer version wrote it.
func EventsOf(body []byte) ([]PackedEvent, error) { return unpackBody(body) }

func (p Pack) parts() ([]Pack, error) {
	if p.body != nil {
		return []Pack{p}, nil
	}
	slices.SortStableFunc(p.Events, func(a, b PackedEvent) int { return a.Event.Timestamp.Compare(b.Event.Timestamp) })
	if p.body = packEvents(p.Events); len(p.body) <= maxPackBody {
		return []Pack{p}, nil
	}
	if len(p.Events) == 1 {
		return nil, ErrPackTooLarge
	}
	half := len(p.Events) / 2
	a, b := p, p
	a.Events, a.Part, a.body = p.Events[:half], p.Part+"a", nil
	b.Events, b.Part, b.body = p.Events[half:], p.Part+"b", nil
	first, err := a.parts()
	if err != nil {
		return nil, err
	}
	second, err := b.parts()
	return append(first, second...), err
}
