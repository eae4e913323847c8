package people

import (
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

// packTagging writes what was said of the person's tags, and which of them are there because of a segment. The version before reads the plain tags alone.
func packTagging(w *packed.Writer, p *profile.Profile, plain []string) {
	if t := &p.Tagging; len(plain) > 0 || !t.Empty() {
		w.Section(sectionTagging, func(w *packed.Writer) {
			w.Uint(uint64(len(t.Lists)))
			for _, by := range slices.Sorted(maps.Keys(t.Lists)) {
				list := t.Lists[by]
				w.Text(by)
				w.Time(list.At)
				w.Uint(uint64(len(list.Tags)))
				for _, tag := range list.Tags {
					w.Text(tag)
				}
			}
			packWords(w, t.Words)
		})
	}
	if from := p.Tagging.From; !from.IsZero() {
		w.Section(sectionTaggedFrom, func(w *packed.Writer) { w.Time(from) })
	}
	w.Section(sectionOnLists, func(w *packed.Writer) { packWords(w, p.OnLists) })
	w.Section(sectionGiven, func(w *packed.Writer) {
		for _, id := range slices.Sorted(maps.Keys(p.Members)) {
			if m := p.Members[id]; m.Tag != "" {
				w.Text(id)
				w.Time(m.Since)
				w.Text(m.Tag)
			}
		}
	})
}

// packWords writes words by what they are about.
func packWords(w *packed.Writer, words map[string]profile.Tagged) {
	for _, about := range slices.Sorted(maps.Keys(words)) {
		word := words[about]
		w.Text(about)
		w.Flag(word.Off)
		w.Time(word.At)
		w.Text(word.By)
	}
}

// unpackWords is what packWords has written; nil for none.
func unpackWords(s *packed.Reader) (words map[string]profile.Tagged) {
	for s.More() {
		if words == nil {
			words = map[string]profile.Tagged{}
		}
		about := s.Text()
		words[about] = profile.Tagged{Off: s.Flag(), At: s.Time(), By: s.Text()}
	}
	return words
}

// taggings collects what the sections say: two of each kind after the version before has merged two people.
type taggings struct {
	plain  []string
	said   bool // in a section of its own
	people []profile.Tagging
	given  []given
}

// given is the tag of a membership, beside its time: the version before may have ended that one and begun another.
type given struct {
	segment string
	since   time.Time
	tag     string
}

func (t *taggings) unpack(s *packed.Reader) {
	one := profile.Tagging{}
	for range s.Count() {
		by, list := s.Text(), profile.TagList{At: s.Time()}
		for range s.Count() {
			list.Tags = append(list.Tags, s.Text())
		}
		if one.Lists == nil {
			one.Lists = map[string]profile.TagList{}
		}
		one.Lists[by] = list
	}
	one.Words = unpackWords(s)
	t.people, t.said = append(t.people, one), true
}

func (t *taggings) unpackFrom(s *packed.Reader) {
	t.people = append(t.people, profile.Tagging{From: s.Time()})
}

func (t *taggings) unpackGiven(s *packed.Reader) {
	for s.More() {
		t.given = append(t.given, given{s.Text(), s.Time(), s.Text()})
	}
}

// unite gives the profile its tags. What the version before has said of them it said at no time.
func (t *taggings) unite(p *profile.Profile) {
	for _, one := range t.people {
		p.Tagging.Absorb(one)
	}
	for _, tag := range t.plain {
		if !t.said {
			p.Tagging.Say(tag, profile.Tagged{})
		}
	}
	for _, g := range t.given {
		if m, in := p.Members[g.segment]; in && m.Since.Equal(g.since) {
			m.Tag = g.tag
			p.Members[g.segment] = m
		}
	}
}
