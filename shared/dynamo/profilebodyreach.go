package dynamo

import (
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// packReach writes how the person can be reached, and what devices claim.
func packReach(w *packer, p *profile.Profile) {
	w.section(sectionConsent, func(w *packer) {
		for _, k := range slices.Sorted(maps.Keys(p.Consent)) {
			c := p.Consent[k]
			w.text(k)
			w.flag(c.Granted)
			w.time(c.At)
			w.text(c.Reason)
		}
	})
	w.section(sectionHeard, func(w *packer) { packHeard(w, p.Consent) })
	w.section(sectionTokens, func(w *packer) {
		for _, token := range slices.Sorted(maps.Keys(p.Tokens)) {
			w.text(token)
			w.time(p.Tokens[token].At)
			w.text(p.Tokens[token].OS)
		}
	})
	if p.Unconfirmed != (profile.Addresses{}) {
		w.section(sectionUnconfirmed, func(w *packer) {
			for _, s := range []profile.Stamped{p.Unconfirmed.Email, p.Unconfirmed.Phone} {
				w.text(s.Value)
				w.time(s.At)
			}
		})
	}
	if p.Confirmed != (profile.Stamped{}) || p.Asked != (profile.Stamped{}) {
		w.section(sectionConfirmed, func(w *packer) {
			for _, s := range []profile.Stamped{p.Confirmed, p.Asked} {
				w.text(s.Value)
				w.time(s.At)
			}
		})
	}
	w.section(sectionClaims, func(w *packer) {
		for _, device := range slices.Sorted(maps.Keys(p.Claims)) {
			w.text(device)
			packClaim(w, p.Claims[device])
		}
	})
	w.section(sectionProofs, func(w *packer) {
		packProofs(w, "", p.Consent)
		for _, device := range slices.Sorted(maps.Keys(p.Claims)) {
			packProofs(w, device, p.Claims[device].Consent)
		}
	})
	if !p.ClaimsFrom.IsZero() {
		w.section(sectionClaimsFrom, func(w *packer) { w.time(p.ClaimsFrom) })
	}
}

// unpackConfirmed unites what it reads with what is there: the version before leaves two sections when it merges two people.
func unpackConfirmed(s *unpacker, r *profile.Reach) {
	r.Confirm(profile.Stamped{Value: s.text(), At: s.time()}, profile.Stamped{Value: s.text(), At: s.time()})
}

// The kinds of what a device claims beside its own name.
const (
	claimEnd     = 0
	claimEmail   = 1
	claimPhone   = 2
	claimToken   = 3
	claimConsent = 4
)

// packClaim writes times as how long before the claim's own they are.
func packClaim(w *packer, c profile.Claim) {
	before := func(t time.Time) { w.int(c.At.Sub(t).Milliseconds()) }
	w.time(c.At)
	stamped := func(kind uint64, s profile.Stamped) {
		if s.Value != "" {
			w.uint(kind)
			w.text(s.Value)
			before(s.At)
		}
	}
	stamped(claimEmail, c.Unconfirmed.Email)
	stamped(claimPhone, c.Unconfirmed.Phone)
	for _, token := range slices.Sorted(maps.Keys(c.Tokens)) {
		w.uint(claimToken)
		w.text(token)
		before(c.Tokens[token].At)
		w.text(c.Tokens[token].OS)
	}
	for _, channel := range slices.Sorted(maps.Keys(c.Consent)) {
		one := c.Consent[channel]
		w.uint(claimConsent)
		w.text(channel)
		w.flag(one.Granted)
		before(one.At)
		before(one.ReceivedAt)
		w.text(one.Reason)
	}
	w.uint(claimEnd)
}

func unpackClaim(s *unpacker) (c profile.Claim) {
	c.At = s.time()
	before := func() time.Time { return c.At.Add(-time.Duration(s.int()) * time.Millisecond) }
	for {
		switch s.uint() {
		case claimEmail:
			c.Unconfirmed.Email = profile.Stamped{Value: s.text(), At: before()}
		case claimPhone:
			c.Unconfirmed.Phone = profile.Stamped{Value: s.text(), At: before()}
		case claimToken:
			if c.Tokens == nil {
				c.Tokens = map[string]profile.Token{}
			}
			token := s.text()
			c.Tokens[token] = profile.Token{At: before(), OS: s.text()}
		case claimConsent:
			if c.Consent == nil {
				c.Consent = map[string]profile.Consent{}
			}
			channel := s.text()
			c.Consent[channel] = profile.Consent{Granted: s.flag(), At: before(), ReceivedAt: before(), Reason: s.text()}
		case claimEnd:
			return c
		default:
			s.fail()
			return c
		}
	}
}

// claims collects what the sections say of devices that claim. The version before leaves two of each when it merges two people.
type claims struct {
	all  []claimed
	from time.Time
}

type claimed struct {
	device string
	claim  profile.Claim
}

func (c *claims) unpack(s *unpacker) {
	for s.more() {
		c.all = append(c.all, claimed{s.text(), unpackClaim(s)})
	}
}

// unite gives the profile what was read. What a device has claimed that the version before has joined since counts.
func (c *claims) unite(p *profile.Profile) {
	p.ClaimsFrom = c.from
	for _, one := range c.all {
		p.Claim(one.device, one.claim)
	}
}
