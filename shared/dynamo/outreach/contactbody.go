package outreach

import (
	"encoding/base64"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

// The sections of a contact's body. A number is never used again for another layout.
const (
	sectionIntents      = 1
	sectionSuppressions = 2
	sectionWithdrawn    = 3
	sectionUnited       = 4
	sectionOlderIntents = 5
	sectionOfIntents    = 6
)

const (
	// The newest intents are written in full, up to so many and so many bytes; the version before reads only these.
	plainIntents = 128
	plainBytes   = 16 << 10
	// holderLife is how long it may matter who made an intent: longer than an invocation.
	holderLife = 15 * time.Minute
)

func packContact(c *delivery.Contact, now time.Time) []byte {
	w := &packed.Writer{}
	older, plain := divideIntents(c.Intents)
	w.Section(sectionIntents, func(w *packed.Writer) {
		for _, i := range plain {
			packIntent(w, i)
		}
	})
	w.Section(sectionSuppressions, func(w *packed.Writer) {
		for _, channel := range slices.Sorted(maps.Keys(c.Suppressions)) {
			one := c.Suppressions[channel]
			w.Text(string(channel))
			w.Text(one.Reason)
			w.Time(one.At)
			w.Text(one.Address)
		}
	})
	w.Section(sectionWithdrawn, func(w *packed.Writer) {
		for _, channel := range slices.Sorted(maps.Keys(c.Withdrawn)) {
			w.Text(string(channel))
			w.Time(c.Withdrawn[channel])
		}
	})
	w.Section(sectionUnited, func(w *packed.Writer) {
		for _, id := range c.United {
			w.Text(string(id))
		}
	})
	w.Section(sectionOlderIntents, func(w *packed.Writer) {
		for _, i := range older {
			packOlder(w, i, now)
		}
	})
	w.Section(sectionOfIntents, func(w *packed.Writer) {
		for _, i := range c.Intents {
			if i.Of != "" {
				w.Text(i.ID)
				w.Text(string(i.Of))
			}
		}
	})
	return append(w.Out, c.Unknown...)
}

// divideIntents finds the newest intents that are written in full.
func divideIntents(all []delivery.Intent) (older, plain []delivery.Intent) {
	size, first := 0, len(all)
	for first > 0 && len(all)-first < plainIntents {
		i := all[first-1]
		size += 40 + len(i.ID) + len(i.Holder) + len(i.Channel)
		for _, tag := range i.Tags {
			size += 1 + len(tag)
		}
		if size > plainBytes {
			break
		}
		first--
	}
	return all[:first], all[first:]
}

func packIntent(w *packed.Writer, i delivery.Intent) {
	w.Text(i.ID)
	packUse(w, i, func(tag string) string { return tag })
}

// packOlder writes an intent so short that a record that is full stays far below what an item may hold: a tag as its mark, an id of
// ours as its sixteen bytes.
func packOlder(w *packed.Writer, i delivery.Intent, now time.Time) {
	raw, err := base64.RawURLEncoding.DecodeString(i.ID)
	ours := err == nil && len(raw) == 16 && base64.RawURLEncoding.EncodeToString(raw) == i.ID
	if !ours {
		raw = []byte(i.ID)
	}
	if now.Sub(i.At) > holderLife {
		i.Holder = ""
	}
	w.Flag(ours)
	w.Bytes(raw)
	packUse(w, i, delivery.TagMark)
}

// packUse is what follows an intent's id: when and by whom it was reserved, and what it counts for.
func packUse(w *packed.Writer, i delivery.Intent, tagged func(string) string) {
	w.Time(i.Asked)
	w.Time(i.At)
	w.Text(i.Holder)
	w.Text(string(i.Channel))
	w.Flag(i.Counted)
	w.Uint(uint64(len(i.Tags)))
	for _, tag := range i.Tags {
		w.Text(tagged(tag))
	}
}

func unpackOlder(s *packed.Reader) delivery.Intent {
	ours, raw := s.Flag(), s.Bytes()
	i := delivery.Intent{ID: string(raw), Asked: s.Time(), At: s.Time(), Holder: s.Text(), Channel: delivery.Channel(s.Text()), Counted: s.Flag()}
	if ours {
		i.ID = base64.RawURLEncoding.EncodeToString(raw)
	}
	for range s.Count() {
		i.Tags = append(i.Tags, s.Text())
	}
	return i
}

func unpackContact(body []byte, c *delivery.Contact) error {
	var older []delivery.Intent
	of := map[string]profile.ID{}
	err := packed.Sections(body, func(number uint64, s *packed.Reader) (known bool) {
		switch number {
		case sectionIntents:
			for s.More() {
				i := delivery.Intent{ID: s.Text(), Asked: s.Time(), At: s.Time(), Holder: s.Text(), Channel: delivery.Channel(s.Text()), Counted: s.Flag()}
				for range s.Count() {
					i.Tags = append(i.Tags, s.Text())
				}
				c.Intents = append(c.Intents, i)
			}
		case sectionSuppressions:
			c.Suppressions = map[delivery.Channel]delivery.Suppression{}
			for s.More() {
				channel := delivery.Channel(s.Text())
				c.Suppressions[channel] = delivery.Suppression{Reason: s.Text(), At: s.Time(), Address: s.Text()}
			}
		case sectionWithdrawn:
			for s.More() {
				c.Withdraw(delivery.Channel(s.Text()), s.Time())
			}
		case sectionUnited:
			for s.More() {
				c.United = append(c.United, profile.ID(s.Text()))
			}
		case sectionOlderIntents:
			for s.More() {
				older = append(older, unpackOlder(s))
			}
		case sectionOfIntents:
			for s.More() {
				of[s.Text()] = profile.ID(s.Text())
			}
		default:
			return false
		}
		return true
	}, &c.Unknown)
	if len(older) > 0 {
		c.Intents = append(older, c.Intents...)
	}
	for n := range c.Intents {
		c.Intents[n].Of = of[c.Intents[n].ID]
	}
	return err
}
