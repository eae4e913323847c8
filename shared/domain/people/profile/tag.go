package profile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// Tags are those that somebody has, by a word or by a segment that they are in, in the order of the alphabet. The slice is the caller's.
func (p *Profile) Tags() []string {
	all := p.Tagging.On()
	for _, m := range p.Members {
		if m.Tag != "" {
			all = append(all, m.Tag)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// tag folds a change of tags, of whoever may say so.
func (p *Profile) tag(e *event.Event, own bool, at time.Time) {
	if trust.May(e.Trust, own, trust.Tag) != trust.Yes {
		return
	}
	c := tagChangeOf(e.Properties)
	if c.By == "" {
		c.By = clip.To(e.Source, maxTagBy)
	}
	left := 0
	say := func(tags []string, off bool) {
		for _, tag := range tags {
			left += p.Tagging.Say(tag, Tagged{Off: off, At: at, By: c.By})
		}
	}
	if c.Only != nil {
		left += p.Tagging.Only(*c.Only, Tagged{At: at, By: c.By})
	} else {
		say(c.Remove, true)
		say(c.Add, false)
	}
	if c.All != nil {
		left += p.Tagging.List(c.By, TagList{At: at, Tags: *c.All})
	}
	p.leave("tags", left)
}

// TagChange are the properties of a change of tags, as our own routes write them.
type TagChange struct {
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
	// Only are all tags that the person is to have by a word. Beside it our own routes write in Add and Remove what that changes of what is known, for a projection of the version before, which does not know Only.
	Only *[]string `json:"only,omitempty"`
	// All are all tags that whoever speaks gives the person, in place of those of their last list.
	All *[]string `json:"all,omitempty"`
	By  string    `json:"by,omitempty"`
}

// tagChangeOf reads a change; what is no tag is passed over.
func tagChangeOf(properties []byte) (c TagChange) {
	_ = json.Unmarshal(properties, &c) // what does not fit is left empty, which is no tag
	tags := func(list []string) []string {
		list = slices.DeleteFunc(list, func(tag string) bool { return JudgeTag(tag) != "" })
		return list[:min(len(list), MaxTagChange)]
	}
	c.Add, c.Remove, c.By = tags(c.Add), tags(c.Remove), clip.To(c.By, maxTagBy)
	if c.Only != nil {
		only := tags(*c.Only)
		c.Only = &only
	}
	if c.All != nil {
		all := tags(*c.All)
		slices.Sort(all)
		all = append([]string(nil), slices.Compact(all)...) // none is stored as nil
		c.All = &all
	}
	return c
}

// JudgeTag says why a text is no tag; empty for one that is.
func JudgeTag(tag string) string {
	switch n := utf8.RuneCountInString(tag); {
	case tag == "":
		return "is empty"
	case n > MaxTag:
		return fmt.Sprintf("has %d characters, at most %d", n, MaxTag)
	case len(tag) > MaxTagBytes:
		return fmt.Sprintf("is longer than %d bytes", MaxTagBytes)
	case !utf8.ValidString(tag) || strings.ContainsFunc(tag, unicode.IsControl):
		return "has a character that cannot be shown"
	case strings.TrimSpace(tag) != tag:
		return "begins or ends with a blank"
	}
	return ""
}

// JudgeTags refuses a change of tags that would have no effect or another one. The reason is empty for every other event.
func JudgeTags(e *event.Event) (field, reason string) {
	if e.Kind != event.Track || e.Name != event.TagsChanged {
		return "", ""
	}
	var said TagChange
	if err := json.Unmarshal(e.Properties, &said); err != nil {
		return "properties", `is not {"add": [...], "remove": [...]}, {"only": [...]} or {"all": [...]} with lists of texts`
	}
	return said.Judge("properties.")
}

// Judge says what is wrong with a change, by its field below a place.
func (c TagChange) Judge(place string) (field, reason string) {
	named, only, all := map[string]bool{}, []string(nil), []string(nil)
	if c.All != nil {
		if len(c.Add)+len(c.Remove) > 0 || c.Only != nil {
			return place + "all", "is all tags: leave out add, remove and only"
		}
		all = *c.All
	}
	if c.Only != nil {
		if len(c.Add)+len(c.Remove) > 0 {
			return place + "only", "is all tags by hand: leave out add and remove"
		}
		only = *c.Only
	}
	for _, list := range []struct {
		name string
		tags []string
	}{{"add", c.Add}, {"remove", c.Remove}, {"only", only}, {"all", all}} {
		if len(list.tags) > MaxTagChange {
			return place + list.name, fmt.Sprintf("has %d entries, at most %d", len(list.tags), MaxTagChange)
		}
		for i, tag := range list.tags {
			at := fmt.Sprintf("%s%s[%d]", place, list.name, i)
			if reason := JudgeTag(tag); reason != "" {
				return at, reason
			}
			if named[tag] {
				return at, "is there twice"
			}
			named[tag] = true
		}
	}
	if len(named) == 0 && c.All == nil && c.Only == nil {
		return place + "add", "is missing: name the tags to add, to remove, or both"
	}
	if len(c.By) > maxTagBy {
		return place + "by", fmt.Sprintf("is longer than %d bytes", maxTagBy)
	}
	return "", ""
}
