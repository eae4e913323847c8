package profile

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/domain/slug"
)

// MaxOnLists bounds the lists of which a profile remembers whether it is on them, those that it was taken off too: the newest words stay.
const MaxOnLists = 32

// ListChange are the properties of the event that puts somebody on a list which operators upload, or takes them off.
type ListChange struct {
	List string `json:"list"`
	Off  bool   `json:"off,omitempty"`
	By   string `json:"by,omitempty"`
}

// enlist folds a change of a list.
func (p *Profile) enlist(e *event.Event, own bool, at time.Time) {
	var c ListChange
	if trust.May(e.Trust, own, trust.Tag) != trust.Yes || json.Unmarshal(e.Properties, &c) != nil || slug.Fault(c.List) != "" {
		return
	}
	p.leave("lists", p.Enlist(c.List, Tagged{Off: c.Off, At: at, By: clip.To(c.By, maxTagBy)}))
}

// Enlist takes in a word about a list: of each list the newest counts, in whatever sequence they come. It answers how many words were let go for it.
func (p *Profile) Enlist(list string, word Tagged) (left int) {
	return say(&p.OnLists, MaxOnLists, list, word)
}

// absorbLists unites what was said of two people who are one.
func (p *Profile) absorbLists(q *Profile) {
	p.OnLists = maps.Clone(p.OnLists)
	left := 0
	for _, list := range slices.Sorted(maps.Keys(q.OnLists)) {
		left += p.Enlist(list, q.OnLists[list])
	}
	p.leave("lists", left)
}

// OnList is when somebody was put on a list; false where they are not on it.
func (p *Profile) OnList(list string) (at time.Time, on bool) {
	word, said := p.OnLists[list]
	return word.At, said && !word.Off
}

// lists counts those that somebody is on.
func (p *Profile) lists() (n int) {
	for _, word := range p.OnLists {
		if !word.Off {
			n++
		}
	}
	return n
}
