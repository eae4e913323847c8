package people

import (
	"encoding/binary"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/packed"
)

// packHeard writes when consents were received, each beside what it belongs to: the version before writes a consent anew and knows
// nothing of this section, and then what stands here belongs to a word that is no longer there.
func packHeard(w *packed.Writer, all map[string]profile.Consent) {
	for _, channel := range slices.Sorted(maps.Keys(all)) {
		c := all[channel]
		if c.ReceivedAt.IsZero() {
			continue
		}
		w.Text(channel)
		w.Flag(c.Granted)
		w.Time(c.At)
		w.Int(c.ReceivedAt.Sub(c.At).Milliseconds())
	}
}

// levels are who may have said a consent, by the number that stands in a proof; what is not among them is 0. A number is never used again.
var levels = []trust.Level{"", trust.Public, trust.Person, trust.Shop, trust.Operator, trust.Provider}

// packProofs writes the proofs of what a device claims, or of the person's own words for no device, each beside a mark of the word that it is of: the
// version before keeps the section and may have written another word since, or have joined the device.
func packProofs(w *packed.Writer, device string, all map[string]profile.Consent) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		c := all[key]
		if c.Proof == (profile.Proof{}) {
			continue
		}
		w.Text(device)
		w.Text(key)
		w.Uint(wordMark(c))
		w.Uint(uint64(max(slices.Index(levels, c.By), 0)))
		w.Text(c.Source)
		w.Text(c.TextVersion)
	}
}

// wordMark tells a word from those that come before and after it: 28 bits of a hash, as many as fit into four bytes.
func wordMark(c profile.Consent) uint64 {
	b := binary.AppendVarint([]byte(c.Reason+"\x00"), c.At.UnixMilli())
	b = binary.AppendVarint(b, c.ReceivedAt.UnixMilli())
	if c.Granted {
		b = append(b, 1)
	}
	h := fnv.New32a()
	_, _ = h.Write(b) // never fails
	return uint64(h.Sum32() >> 4)
}

// proven is one entry of the section.
type proven struct {
	device, key string
	mark        uint64
	proof       profile.Proof
}

// consents collects what the sections say of consent.
type consents struct {
	words, heard []word
	proofs       []proven
}

type word struct {
	channel string
	consent profile.Consent
}

func (c *consents) unpackProofs(s *packed.Reader) {
	for s.More() {
		one := proven{device: s.Text(), key: s.Text(), mark: s.Uint()}
		if by := s.Uint(); by < uint64(len(levels)) {
			one.proof.By = levels[by]
		}
		one.proof.Source, one.proof.TextVersion = s.Text(), s.Text()
		c.proofs = append(c.proofs, one)
	}
}

// prove gives the words of a device, or the person's own for no device, the proofs that are theirs. What the version before has made the person's own
// keeps the device's.
func (c *consents) prove(all map[string]profile.Consent, device string) {
	if len(c.proofs) == 0 {
		return // as of most people; a run reads them all
	}
	for key, word := range all {
		mark := wordMark(word)
		for _, one := range c.proofs {
			if one.key == key && one.mark == mark && (one.device == device || device == "" && word.Proof == profile.Proof{}) {
				word.Proof = one.proof
			}
		}
		all[key] = word
	}
}

func (c *consents) unpack(s *packed.Reader) {
	for s.More() {
		c.words = append(c.words, word{s.Text(), profile.Consent{Granted: s.Flag(), At: s.Time(), Reason: s.Text()}})
	}
}

func (c *consents) unpackHeard(s *packed.Reader) {
	for s.More() {
		w := word{channel: s.Text(), consent: profile.Consent{Granted: s.Flag(), At: s.Time()}}
		w.consent.ReceivedAt = w.consent.At.Add(time.Duration(s.Int()) * time.Millisecond)
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
