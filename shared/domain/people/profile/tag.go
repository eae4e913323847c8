package profile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/domain/rawjson"
)

// Bounds of the tags that somebody has.
const (
	MaxTags      = 128 // words about tags that a profile remembers, those that took one away too
	MaxTag       = 64  // characters of a tag
	MaxTagBytes  = 192 // and bytes
	MaxTagChange = 250 // tags that one change names
	MaxTagLists  = 4
	maxTagBy     = 64 // bytes of who says it
)

// Tagged is the last word about one tag of somebody: that they have it or that it was taken away, when, and who said so.
type Tagged struct {
	Off bool      `json:"off,omitempty"`
	At  time.Time `json:"at"`
	By  string    `json:"by,omitempty"`
}

// compare orders words by their time. Of two of one time the one holds that takes the tag away.
func (t Tagged) compare(u Tagged) int {
	off := func(t Tagged) int {
		if t.Off {
			return 1
		}
		return 0
	}
	return cmp.Or(t.At.Compare(u.At), cmp.Compare(off(t), off(u)), cmp.Compare(t.By, u.By))
}

// Tagging is what was said of somebody's tags. It follows from the set of all that was said, whatever the sequence in which it came: what is let go is older than all that stays.
type Tagging struct {
	Words map[string]Tagged `json:"words,omitempty"` // by tag, the MaxTags newest
	// Lists are those of whoever tells all the tags that they give at once, such as a shop system; the MaxTagLists newest, by who they are.
	Lists map[string]TagList `json:"lists,omitempty"`
}

// TagList is all that one system tags somebody with.
type TagList struct {
	At   time.Time `json:"at"`
	Tags []string  `json:"tags"`
}

// Say takes a word in. It answers how many words were let go for it.
func (t *Tagging) Say(tag string, word Tagged) (left int) {
	if old, known := t.Words[tag]; known && old.compare(word) >= 0 {
		return 0
	}
	if t.Words == nil {
		t.Words = map[string]Tagged{}
	}
	t.Words[tag] = word
	return trim(t.Words, MaxTags, func(w Tagged) time.Time { return w.At })
}

// List takes in all the tags that somebody gives. Of two lists of one time the greater holds.
func (t *Tagging) List(by string, list TagList) (left int) {
	if old, known := t.Lists[by]; known && cmp.Or(old.At.Compare(list.At), slices.Compare(old.Tags, list.Tags)) >= 0 {
		return 0
	}
	if t.Lists == nil {
		t.Lists = map[string]TagList{}
	}
	t.Lists[by] = list
	return trim(t.Lists, MaxTagLists, func(l TagList) time.Time { return l.At })
}

// trim lets the oldest go, and of those of one time the one whose key comes first.
func trim[V any](all map[string]V, most int, at func(V) time.Time) (left int) {
	for ; len(all) > most; left++ {
		oldest, first := "", true
		for key, one := range all {
			if first || cmp.Or(at(one).Compare(at(all[oldest])), strings.Compare(key, oldest)) < 0 {
				oldest, first = key, false
			}
		}
		delete(all, oldest)
	}
	return left
}

// Absorb unites what was said of two people who are one.
func (t *Tagging) Absorb(u Tagging) (left int) {
	t.Words, t.Lists = maps.Clone(t.Words), maps.Clone(t.Lists)
	for _, tag := range slices.Sorted(maps.Keys(u.Words)) {
		left += t.Say(tag, u.Words[tag])
	}
	for _, by := range slices.Sorted(maps.Keys(u.Lists)) {
		left += t.List(by, u.Lists[by])
	}
	return left
}

// Empty tells whether nothing was ever said.
func (t *Tagging) Empty() bool { return len(t.Words)+len(t.Lists) == 0 }

// On are the tags that somebody has by a word or by a list, in no order, some twice.
func (t *Tagging) On() (tags []string) {
	for tag, word := range t.Words {
		if !word.Off {
			tags = append(tags, tag)
		}
	}
	for _, list := range t.Lists {
		tags = append(tags, list.Tags...)
	}
	return tags
}

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
func (p *Profile) tag(e *event.Event, at time.Time) {
	if trust.May(e.Trust, p.own(e), trust.Tag) != trust.Yes {
		return
	}
	c := tagChangeOf(e.Properties)
	if c.by == "" {
		c.by = clip.To(e.Source, maxTagBy)
	}
	left := 0
	say := func(tags []string, off bool) {
		for _, tag := range tags {
			left += p.Tagging.Say(tag, Tagged{Off: off, At: at, By: c.by})
		}
	}
	say(c.remove, true)
	say(c.add, false)
	if c.whole {
		left += p.Tagging.List(c.by, TagList{At: at, Tags: c.all})
	}
	p.leave("tags", left)
}

// TagChange are the properties of a change of tags, as our own routes write them.
type TagChange struct {
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
	// All are all tags that whoever speaks gives the person, in place of those of their last list.
	All *[]string `json:"all,omitempty"`
	By  string    `json:"by,omitempty"`
}

// tagChange is what is read of them; what is no tag is passed over.
type tagChange struct {
	add, remove, all []string
	whole            bool // all is told
	by               string
}

func tagChangeOf(properties []byte) (c tagChange) {
	var add, remove, all, by []byte
	pick(properties, member{"add", &add}, member{"remove", &remove}, member{"all", &all}, member{"by", &by})
	of := func(list []byte) (tags []string) {
		rawjson.Elements(list, func(value []byte) {
			if tag := rawjson.Text(value); JudgeTag(tag) == "" && len(tags) < MaxTagChange {
				tags = append(tags, tag)
			}
		})
		return tags
	}
	c = tagChange{add: of(add), remove: of(remove), all: of(all), whole: len(all) > 0 && all[0] == '[', by: clip.To(rawjson.Text(by), maxTagBy)}
	slices.Sort(c.all)
	c.all = slices.Compact(c.all)
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
		return "properties", `is not {"add": [...], "remove": [...]} or {"all": [...]} with lists of texts`
	}
	return said.Judge("properties.")
}

// Judge says what is wrong with a change, by its field below a place.
func (c TagChange) Judge(place string) (field, reason string) {
	named, all := map[string]bool{}, []string(nil)
	if c.All != nil {
		if len(c.Add)+len(c.Remove) > 0 {
			return place + "all", "is all tags: leave out add and remove"
		}
		all = *c.All
	}
	for _, list := range []struct {
		name string
		tags []string
	}{{"add", c.Add}, {"remove", c.Remove}, {"all", all}} {
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
	if len(named) == 0 && c.All == nil {
		return place + "add", "is missing: name the tags to add, to remove, or both"
	}
	if len(c.By) > maxTagBy {
		return place + "by", fmt.Sprintf("is longer than %d bytes", maxTagBy)
	}
	return "", ""
}
