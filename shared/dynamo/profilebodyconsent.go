package dynamo

import (
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/profile"
)

// packHeard writes when consents were received, each beside what it belongs to: the version before writes a consent anew and knows
// nothing of this section, and then what stands here belongs to a word that is no longer there.
func packHeard(w *packer, all map[string]profile.Consent) {
	for _, channel := range slices.Sorted(maps.Keys(all)) {
		c := all[channel]
		if c.ReceivedAt.IsZero() {
			continue
		}
		w.text(channel)
		w.flag(c.Granted)
		w.time(c.At)
		w.int(c.ReceivedAt.Sub(c.At).Milliseconds())
	}
}

// consents collects what two sections say of consent.
type consents struct{ words, heard []word }

type word struct {
	channel string
	consent profile.Consent
}

func (c *consents) unpack(s *unpacker) {
	for s.more() {
		c.words = append(c.words, word{s.text(), profile.Consent{Granted: s.flag(), At: s.time(), Reason: s.text()}})
	}
}

func (c *consents) unpackHeard(s *unpacker) {
	for s.more() {
		w := word{channel: s.text(), consent: profile.Consent{Granted: s.flag(), At: s.time()}}
		w.consent.ReceivedAt = w.consent.At.Add(time.Duration(s.int()) * time.Millisecond)
		c.heard = append(c.heard, w)
	}
}

// unite gives the profile its consents. The version before knew "Email" and "email" as two channels; here they are one.
func (c *consents) unite(p *profile.Profile) {
	if len(c.words) > 0 {
		p.Consent = map[string]profile.Consent{}
	}
	for _, w := range c.words {
		at := slices.IndexFunc(c.heard, func(h word) bool {
			return h.channel == w.channel && h.consent.Granted == w.consent.Granted && h.consent.At.Equal(w.consent.At)
		})
		if at >= 0 {
			w.consent.ReceivedAt = c.heard[at].consent.ReceivedAt
		}
		p.SetConsent(w.channel, w.consent)
	}
}
