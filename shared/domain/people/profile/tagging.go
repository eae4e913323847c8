package profile

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
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
	// From is when somebody was said last to have certain tags and no other by a word: what was said before counts no more, whenever it comes. Words of that very time stand beside them.
	From time.Time `json:"from,omitzero"`
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
	if word.At.Before(t.From) {
		return 0
	}
	return say(&t.Words, MaxTags, tag, word)
}

// say takes a word about a thing in, of which the newest are kept. It answers how many words were let go for it.
func say(words *map[string]Tagged, most int, about string, word Tagged) (left int) {
	if old, known := (*words)[about]; known && old.compare(word) >= 0 {
		return 0
	}
	if *words == nil {
		*words = map[string]Tagged{}
	}
	(*words)[about] = word
	return trim(*words, most, func(w Tagged) time.Time { return w.At })
}

// Only takes in that somebody has these tags and no other by a word, as of the word's time.
func (t *Tagging) Only(tags []string, word Tagged) (left int) {
	t.forget(word.At)
	for _, tag := range tags {
		left += t.Say(tag, word)
	}
	return left
}

// forget lets go what was said before a time.
func (t *Tagging) forget(from time.Time) {
	if from.After(t.From) {
		t.From = from
		maps.DeleteFunc(t.Words, func(_ string, word Tagged) bool { return word.At.Before(from) })
	}
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
	t.forget(u.From)
	for _, tag := range slices.Sorted(maps.Keys(u.Words)) {
		left += t.Say(tag, u.Words[tag])
	}
	for _, by := range slices.Sorted(maps.Keys(u.Lists)) {
		left += t.List(by, u.Lists[by])
	}
	return left
}

// Empty tells whether nothing was ever said.
func (t *Tagging) Empty() bool { return len(t.Words)+len(t.Lists) == 0 && t.From.IsZero() }

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
