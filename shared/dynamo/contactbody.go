package dynamo

import (
	"encoding/base64"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
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
	w := &packer{}
	older, plain := divideIntents(c.Intents)
	w.section(sectionIntents, func(w *packer) {
		for _, i := range plain {
			packIntent(w, i)
		}
	})
	w.section(sectionSuppressions, func(w *packer) {
		for _, channel := range slices.Sorted(maps.Keys(c.Suppressions)) {
			one := c.Suppressions[channel]
			w.text(string(channel))
			w.text(one.Reason)
			w.time(one.At)
			w.text(one.Address)
		}
	})
	w.section(sectionWithdrawn, func(w *packer) {
		for _, channel := range slices.Sorted(maps.Keys(c.Withdrawn)) {
			w.text(string(channel))
			w.time(c.Withdrawn[channel])
		}
	})
	w.section(sectionUnited, func(w *packer) {
		for _, id := range c.United {
			w.text(string(id))
		}
	})
	w.section(sectionOlderIntents, func(w *packer) {
		for _, i := range older {
			packOlder(w, i, now)
		}
	})
	w.section(sectionOfIntents, func(w *packer) {
		for _, i := range c.Intents {
			if i.Of != "" {
				w.text(i.ID)
				w.text(string(i.Of))
			}
		}
	})
	return append(w.out, c.Unknown...)
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

func packIntent(w *packer, i delivery.Intent) {
	w.text(i.ID)
	packUse(w, i, func(tag string) string { return tag })
}

// packOlder writes an intent so short that a record that is full stays far below what an item may hold: a tag as its mark, an id of
// ours as its sixteen bytes.
func packOlder(w *packer, i delivery.Intent, now time.Time) {
	raw, err := base64.RawURLEncoding.DecodeString(i.ID)
	ours := err == nil && len(raw) == 16 && base64.RawURLEncoding.EncodeToString(raw) == i.ID
	if !ours {
		raw = []byte(i.ID)
	}
	if now.Sub(i.At) > holderLife {
		i.Holder = ""
	}
	w.flag(ours)
	w.bytes(raw)
	packUse(w, i, delivery.TagMark)
}

// packUse is what follows an intent's id: when and by whom it was reserved, and what it counts for.
func packUse(w *packer, i delivery.Intent, tagged func(string) string) {
	w.time(i.Asked)
	w.time(i.At)
	w.text(i.Holder)
	w.text(string(i.Channel))
	w.flag(i.Counted)
	w.uint(uint64(len(i.Tags)))
	for _, tag := range i.Tags {
		w.text(tagged(tag))
	}
}

func unpackOlder(s *unpacker) delivery.Intent {
	ours, raw := s.flag(), s.bytes()
	i := delivery.Intent{ID: string(raw), Asked: s.time(), At: s.time(), Holder: s.text(), Channel: delivery.Channel(s.text()), Counted: s.flag()}
	if ours {
		i.ID = base64.RawURLEncoding.EncodeToString(raw)
	}
	for range s.count() {
		i.Tags = append(i.Tags, s.text())
	}
	return i
}

func unpackContact(body []byte, c *delivery.Contact) error {
	var older []delivery.Intent
	of := map[string]profile.ID{}
	err := sections(body, func(number uint64, s *unpacker) (known bool) {
		switch number {
		case sectionIntents:
			for s.more() {
				i := delivery.Intent{ID: s.text(), Asked: s.time(), At: s.time(), Holder: s.text(), Channel: delivery.Channel(s.text()), Counted: s.flag()}
				for range s.count() {
					i.Tags = append(i.Tags, s.text())
				}
				c.Intents = append(c.Intents, i)
			}
		case sectionSuppressions:
			c.Suppressions = map[delivery.Channel]delivery.Suppression{}
			for s.more() {
				channel := delivery.Channel(s.text())
				c.Suppressions[channel] = delivery.Suppression{Reason: s.text(), At: s.time(), Address: s.text()}
			}
		case sectionWithdrawn:
			for s.more() {
				c.Withdraw(delivery.Channel(s.text()), s.time())
			}
		case sectionUnited:
			for s.more() {
				c.United = append(c.United, profile.ID(s.text()))
			}
		case sectionOlderIntents:
			for s.more() {
				older = append(older, unpackOlder(s))
			}
		case sectionOfIntents:
			for s.more() {
				of[s.text()] = profile.ID(s.text())
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
