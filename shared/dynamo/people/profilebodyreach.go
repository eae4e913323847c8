package people

import (
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

// packReach writes how the person can be reached, and what devices claim.
func packReach(w *packed.Writer, p *profile.Profile) {
	w.Section(sectionConsent, func(w *packed.Writer) {
		for _, k := range slices.Sorted(maps.Keys(p.Consent)) {
			c := p.Consent[k]
			w.Text(k)
			w.Flag(c.Granted)
			w.Time(c.At)
			w.Text(c.Reason)
		}
	})
	w.Section(sectionHeard, func(w *packed.Writer) { packHeard(w, p.Consent) })
	w.Section(sectionTokens, func(w *packed.Writer) {
		for _, token := range slices.Sorted(maps.Keys(p.Tokens)) {
			w.Text(token)
			w.Time(p.Tokens[token].At)
			w.Text(p.Tokens[token].OS)
		}
	})
	if p.Unconfirmed != (profile.Addresses{}) {
		w.Section(sectionUnconfirmed, func(w *packed.Writer) {
			for _, s := range []profile.Stamped{p.Unconfirmed.Email, p.Unconfirmed.Phone} {
				w.Text(s.Value)
				w.Time(s.At)
			}
		})
	}
	if p.Confirmed != (profile.Stamped{}) || p.Asked != (profile.Stamped{}) {
		w.Section(sectionConfirmed, func(w *packed.Writer) {
			for _, s := range []profile.Stamped{p.Confirmed, p.Asked} {
				w.Text(s.Value)
				w.Time(s.At)
			}
		})
	}
	w.Section(sectionClaims, func(w *packed.Writer) {
		for _, device := range slices.Sorted(maps.Keys(p.Claims)) {
			w.Text(device)
			packClaim(w, p.Claims[device])
		}
	})
	w.Section(sectionProofs, func(w *packed.Writer) {
		packProofs(w, "", p.Consent)
		for _, device := range slices.Sorted(maps.Keys(p.Claims)) {
			packProofs(w, device, p.Claims[device].Consent)
		}
	})
	if !p.ClaimsFrom.IsZero() {
		w.Section(sectionClaimsFrom, func(w *packed.Writer) { w.Time(p.ClaimsFrom) })
	}
}

// unpackConfirmed unites what it reads with what is there: the version before leaves two sections when it merges two people.
func unpackConfirmed(s *packed.Reader, r *profile.Reach) {
	r.Confirm(profile.Stamped{Value: s.Text(), At: s.Time()}, profile.Stamped{Value: s.Text(), At: s.Time()})
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
func packClaim(w *packed.Writer, c profile.Claim) {
	before := func(t time.Time) { w.Int(c.At.Sub(t).Milliseconds()) }
	w.Time(c.At)
	stamped := func(kind uint64, s profile.Stamped) {
		if s.Value != "" {
			w.Uint(kind)
			w.Text(s.Value)
			before(s.At)
		}
	}
	stamped(claimEmail, c.Unconfirmed.Email)
	stamped(claimPhone, c.Unconfirmed.Phone)
	for _, token := range slices.Sorted(maps.Keys(c.Tokens)) {
		w.Uint(claimToken)
		w.Text(token)
		before(c.Tokens[token].At)
		w.Text(c.Tokens[token].OS)
	}
	for _, channel := range slices.Sorted(maps.Keys(c.Consent)) {
		one := c.Consent[channel]
		w.Uint(claimConsent)
		w.Text(channel)
		w.Flag(one.Granted)
		before(one.At)
		before(one.ReceivedAt)
		w.Text(one.Reason)
	}
	w.Uint(claimEnd)
}

func unpackClaim(s *packed.Reader) (c profile.Claim) {
	c.At = s.Time()
	before := func() time.Time { return c.At.Add(-time.Duration(s.Int()) * time.Millisecond) }
	for {
		switch s.Uint() {
		case claimEmail:
			c.Unconfirmed.Email = profile.Stamped{Value: s.Text(), At: before()}
		case claimPhone:
			c.Unconfirmed.Phone = profile.Stamped{Value: s.Text(), At: before()}
		case claimToken:
			if c.Tokens == nil {
				c.Tokens = map[string]profile.Token{}
			}
			token := s.Text()
			c.Tokens[token] = profile.Token{At: before(), OS: s.Text()}
		case claimConsent:
			if c.Consent == nil {
				c.Consent = map[string]profile.Consent{}
			}
			channel := s.Text()
			c.Consent[channel] = profile.Consent{Granted: s.Flag(), At: before(), ReceivedAt: before(), Reason: s.Text()}
		case claimEnd:
			return c
		default:
			s.Fail()
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

func (c *claims) unpack(s *packed.Reader) {
	for s.More() {
		c.all = append(c.all, claimed{s.Text(), unpackClaim(s)})
	}
}

// unite gives the profile what was read. What a device has claimed that the version before has joined since counts.
func (c *claims) unite(p *profile.Profile) {
	p.ClaimsFrom = c.from
	for _, one := range c.all {
		p.Claim(one.device, one.claim)
	}
}
