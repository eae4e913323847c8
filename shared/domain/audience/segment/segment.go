// Package segment is a named rule over profiles, as an operator wrote it, and who is in it. All rules of a shop are asked as one set, since one may ask for
// another; what somebody enters and leaves is news for others. The language of the rules is package rule, and the classes of everybody are package score's. The
// surprising thing: classes are segments too. A profile of class 111 is in the segment "class8:111" without any membership being stored, because its scores
// say so.
package segment

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/slug"
)

// ID names a segment: one that an operator defined ("big-spenders"), or a derived one, which holds a colon ("class8:111",
// "segment11:champions", "class15:engaged", "lifecycle:churned").
type ID string

// Definition is a segment that an operator wrote, as it is saved.
type Definition struct {
	ID          ID              `json:"id"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Rule        json.RawMessage `json:"rule"`
	// Tag is what whoever is in the segment is tagged with, as long as they are.
	Tag string `json:"tag,omitempty"`
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
	parsed, _ := rule.Parse(d.Rule)
	return parsed.Unsure
}

// OfTheRun are the places of a rule that only a run can answer, of the archive, as faults of whoever has to be answered at once.
func (d Definition) OfTheRun() fault.Faults {
	parsed, _ := rule.Parse(d.Rule)
	var faults fault.Faults
	for _, one := range parsed.Recalls {
		faults.Add(one.Path, "is answered by runs only: put it in a segment, and ask for that")
	}
	return faults
}

// Asks are the fields that the rule asks by itself, each once, in the order of the alphabet. What somebody performed counts as a field of that event.
func (d Definition) Asks() []string {
	parsed, _ := rule.Parse(d.Rule)
	slices.Sort(parsed.Fields)
	return slices.Compact(parsed.Fields)
}

// Segments are the defined segments that the rule asks by itself, each once; none where it cannot be read.
func (d Definition) Segments() []ID {
	parsed, faults := rule.Parse(d.Rule)
	if len(faults) > 0 {
		return nil
	}
	var ids []ID
	for _, ref := range parsed.Refs {
		if id := ID(ref.ID); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Tags are those that the rule asks for; an empty one stands for any.
func (d Definition) Tags() (tags []string) {
	parsed, _ := rule.Parse(d.Rule)
	for _, ref := range parsed.Tags {
		tags = append(tags, ref.ID)
	}
	return tags
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
	if d.Tag != "" {
		if reason := profile.JudgeTag(d.Tag); reason != "" {
			faults.Add("tag", reason)
		}
	}
	_, ruleFaults := rule.Parse(d.Rule)
	return append(faults, ruleFaults...)
}

// Derived says whether the id is one of the derived segments that exist.
func (id ID) Derived() bool { return score.ID(id).Exists() }

// In says whether the profile is in the segment now, by its stored memberships and scores. Who refuses profiling has no class, whatever a run of the
// version before has stored.
func In(p *profile.Profile, id ID) bool {
	if derived := score.ID(id); strings.Contains(string(id), ":") {
		return derived.Holds(p.Scores) && !p.RefusesProfiling()
	}
	_, in := p.Members[string(id)]
	return in
}

// Proven says whether the profile is in the segment by what is proven.
func Proven(p *profile.Profile, id ID) bool { return In(p, id) && !p.Members[string(id)].Unproven }
