// Package segment sorts profiles: by what they bought (recency, frequency, monetary value), by where they stand in their
// lifecycle, and by the rules that operators write. It is pure: profiles, a date and settings go in, classes and memberships
// come out; who reads and writes profiles is the function segmentation. The surprising thing: the classes of a run are
// segments too. A profile of class 111 is in the segment "class8:111" without any membership being stored, because its scores
// say so.
package segment

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/slug"
)

// ID names a segment: one that an operator defined ("big-spenders"), or a derived one, which holds a colon ("class8:111",
// "segment11:champions", "class15:engaged", "lifecycle:churned").
type ID string

// Shop is what the meaning of a day and of an amount depends on.
type Shop = profile.Shop

// Definition is a segment that an operator wrote, as it is saved.
type Definition struct {
	ID          ID              `json:"id"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Rule        json.RawMessage `json:"rule"`
}

const (
	maxNameLength        = 200
	maxDescriptionLength = 2000
)

// Validate checks a definition that is about to be saved by itself and returns fault.Faults. Whether the segments that it refers to exist,
// and whether they lead back to it, only Compile can say.
func (d Definition) Validate() error { return append(d.Unreadable(), d.Unanswerable()...).Err() }

// Unanswerable are the faults of a rule that asks more than profiles remember. They are a reason not to save it, and none not to ask
// one that was saved before.
func (d Definition) Unanswerable() fault.Faults {
	parsed, _ := parseRule(d.Rule)
	return parsed.unsure
}

// Asks are the fields that the rule asks by itself, each once, in the order of the alphabet. What somebody performed counts as a field of that event.
func (d Definition) Asks() []string {
	parsed, _ := parseRule(d.Rule)
	slices.Sort(parsed.fields)
	return slices.Compact(parsed.fields)
}

// Segments are the defined segments that the rule asks by itself, each once; none where it cannot be read.
func (d Definition) Segments() []ID {
	parsed, faults := parseRule(d.Rule)
	if len(faults) > 0 {
		return nil
	}
	var ids []ID
	for _, ref := range parsed.refs {
		if !slices.Contains(ids, ref.id) {
			ids = append(ids, ref.id)
		}
	}
	return ids
}

// Unreadable are the faults with which a definition cannot be asked at all.
func (d Definition) Unreadable() fault.Faults {
	var faults fault.Faults
	if reason := slug.Fault(string(d.ID)); reason != "" {
		faults.Add("id", reason)
	}
	if n := len([]rune(d.Name)); n > maxNameLength {
		faults.Addf("name", "has %d characters, at most %d", n, maxNameLength)
	}
	if n := len([]rune(d.Description)); n > maxDescriptionLength {
		faults.Addf("description", "has %d characters, at most %d", n, maxDescriptionLength)
	}
	_, ruleFaults := parseRule(d.Rule)
	return append(faults, ruleFaults...)
}

// The groups of derived segments, as their ids begin.
const (
	groupClass8    = "class8"
	groupSegment11 = "segment11"
	groupClass15   = "class15"
	groupLifecycle = "lifecycle"
)

// derivedID joins a group and one of its classes; no class, no segment.
func derivedID(group, class string) ID {
	if class == "" {
		return ""
	}
	return ID(group + ":" + class)
}

// DerivedOf lists the derived segments that scores put a profile in, at most four, in a fixed order.
func DerivedOf(s profile.Scores) []ID {
	ids := make([]ID, 0, 4)
	for _, id := range [...]ID{
		derivedID(groupClass8, s.Class8), derivedID(groupSegment11, s.Segment11),
		derivedID(groupClass15, s.Class15), derivedID(groupLifecycle, s.Lifecycle),
	} {
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// Derived says whether the id is one of the derived segments that exist.
func (id ID) Derived() bool {
	group, class, ok := strings.Cut(string(id), ":")
	if !ok {
		return false
	}
	for _, known := range classes(group) {
		if known == class {
			return true
		}
	}
	return false
}

// DerivedIDs lists every derived segment, group by group.
func DerivedIDs() []ID {
	var ids []ID
	for _, group := range [...]string{groupClass8, groupSegment11, groupClass15, groupLifecycle} {
		for _, class := range classes(group) {
			ids = append(ids, derivedID(group, class))
		}
	}
	return ids
}

func classes(group string) []string {
	switch group {
	case groupClass8:
		return Classes8()
	case groupSegment11:
		return Segments11()
	case groupClass15:
		return Classes15()
	case groupLifecycle:
		return Lifecycles()
	}
	return nil
}

// In says whether the profile is in the segment now, by its stored memberships and scores. Who refuses profiling has no class, whatever a run of the
// version before has stored.
func In(p *profile.Profile, id ID) bool {
	group, class, derived := strings.Cut(string(id), ":")
	if !derived {
		_, in := p.Members[string(id)]
		return in
	}
	return class != "" && scoredClass(p.Scores, group) == class && !p.RefusesProfiling()
}

// Proven says whether the profile is in the segment by what is proven.
func Proven(p *profile.Profile, id ID) bool { return In(p, id) && !p.Members[string(id)].Unproven }

func scoredClass(s profile.Scores, group string) string {
	switch group {
	case groupClass8:
		return s.Class8
	case groupSegment11:
		return s.Segment11
	case groupClass15:
		return s.Class15
	case groupLifecycle:
		return s.Lifecycle
	}
	return ""
}
