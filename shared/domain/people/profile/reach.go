package profile

import (
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/domain/rawjson"
)

const (
	// MaxClaims bounds the devices that are claimed. What a device that is the person's has said is no claim, and never let go for one.
	MaxClaims = 5
	// maxClaimer bounds the ids of devices that may claim, in bytes: those that clients make have 36.
	maxClaimer = 128
)

// absorb unites what was said on two ways. It tells how many were let go.
func (r *Reach) absorb(q *Reach) (left leftOut) {
	for key, c := range q.Consent {
		left.consent += r.hear(key, c)
	}
	for token, t := range q.Tokens {
		left.tokens += r.token(token, t)
	}
	r.Unconfirmed.Unite(q.Unconfirmed)
	r.Confirm(q.Confirmed, q.Asked)
	return left
}

// Confirm takes up what is kept elsewhere of an address that was confirmed, and of one that was asked for.
func (r *Reach) Confirm(confirmed, asked Stamped) {
	r.Confirmed.later(confirmed)
	r.Asked.later(asked)
}

// Unite takes of each address the one that was said later.
func (a *Addresses) Unite(b Addresses) {
	a.Email.later(b.Email)
	a.Phone.later(b.Phone)
}

// after is what was heard after a time.
func (r *Reach) after(until time.Time) (later Reach) {
	for key, c := range r.Consent {
		if c.Heard().After(until) {
			later.hear(key, c)
		}
	}
	for token, t := range r.Tokens {
		if t.At.After(until) {
			later.token(token, t)
		}
	}
	if r.Unconfirmed.Email.At.After(until) {
		later.Unconfirmed.Email = r.Unconfirmed.Email
	}
	if r.Unconfirmed.Phone.At.After(until) {
		later.Unconfirmed.Phone = r.Unconfirmed.Phone
	}
	return later
}

// leftOut counts what was let go of a Reach.
type leftOut struct{ consent, tokens int }

func (p *Profile) leaveAll(n leftOut) {
	p.leave("consent", n.consent)
	p.leave("tokens", n.tokens)
}

func (r *Reach) token(token string, t Token) (left int) {
	if old, known := r.Tokens[token]; known && (t.At.Before(old.At) || t.At.Equal(old.At) && t.OS <= old.OS) {
		return 0
	}
	if r.Tokens == nil {
		r.Tokens = map[string]Token{}
	}
	r.Tokens[token] = t
	return dropOldest(r.Tokens, MaxTokens, func(t Token) time.Time { return t.At })
}

// silent tells whether nothing was said.
func (r *Reach) silent() bool {
	return r.Consent == nil && r.Tokens == nil && r.Unconfirmed == Addresses{}
}

// reach folds what an event says of consent, tokens and addresses, and which device claims the person's userId. os is the system of its device. A
// public word goes by its receipt alone, since nothing else of it is known to be true.
func (p *Profile) reach(e *event.Event, c *eventContext, os string, own bool, at time.Time) {
	public := trust.May(e.Trust, own, trust.JoinDevice) == trust.Apart
	if public {
		at = receipt(e, at)
	}
	claim := Claim{At: at}
	if c.token != nil || e.Kind == event.Identify || e.Kind == event.Track && (e.Name == event.EmailMarkedAsSpam || e.Name == event.EmailConfirmed || speaksOfConsent(e.Name)) {
		claim.Reach = p.said(e, c, os, own, public, at)
	}
	if public && e.UserID != "" {
		p.claim(e.AnonymousID, claim)
		if e.Kind == event.Alias && !p.Has(Identifier{UserID, e.PreviousID}) {
			p.claim(e.PreviousID, Claim{At: at})
		}
	}
}

// said takes what counts of an event, and answers what is only claimed.
func (p *Profile) said(e *event.Event, c *eventContext, os string, own, public bool, at time.Time) (claimed Reach) {
	place := func(f trust.Fact) *Reach {
		switch trust.May(e.Trust, own, f) {
		case trust.Yes, trust.Confirm:
			return &p.Reach
		case trust.Apart:
			return &claimed
		}
		return nil
	}
	if token := rawjson.Plain(c.token); len(token) >= minToken && len(token) <= maxValue && event.Meaningful(token) != "" {
		if r := place(trust.Token); r != nil {
			p.leave("tokens", r.token(token, Token{At: at, OS: os}))
		}
	}
	if fact, key, word, speaks := consentOf(e, at); speaks && (!public || consentKeys[key]) {
		if r := place(fact); r != nil {
			p.leave("consent", r.hear(key, word))
		}
	}
	if e.Kind == event.Identify && trust.May(e.Trust, own, trust.Address) != trust.Yes {
		if r := place(trust.Address); r != nil {
			r.Unconfirmed.say(c.traits, at)
			r.Unconfirmed.say(e.Traits, at)
		}
	}
	if e.Kind == event.Track && e.Name == event.EmailConfirmed && trust.May(e.Trust, own, trust.Address) == trust.Yes {
		var address []byte
		pick(e.Properties, member{"email", &address})
		if i, ok := email(rawjson.Plain(address)); ok {
			p.Confirmed.later(Stamped{i.Value, receipt(e, at)})
		}
	}
	return claimed
}

// receipt is when an event was received, as it is stored.
func receipt(e *event.Event, otherwise time.Time) time.Time {
	if e.ReceivedAt.IsZero() {
		return otherwise
	}
	return e.ReceivedAt.UTC().Truncate(time.Millisecond)
}

func (a *Addresses) say(traits []byte, at time.Time) {
	rawjson.Members(traits, func(name, value []byte) {
		switch string(name) {
		case "email":
			if i, ok := email(rawjson.Plain(value)); ok {
				a.Email.later(Stamped{i.Value, at})
			}
		case "phone":
			if i, ok := phone(rawjson.Plain(value)); ok {
				a.Phone.later(Stamped{i.Value, at})
			}
		}
	})
}

// claim notes what a device says of the person's userId, unless it is the person's. Of too many devices those go that were heard of last but long
// ago, and with them what the others said until then: so what is left is the same in whatever sequence it was said.
func (p *Profile) claim(device string, c Claim) {
	if device == "" || len(device) > maxClaimer || !c.At.After(p.ClaimsFrom) || p.Owns(device, c.At) {
		return
	}
	all, known := p.Claims[device]
	if known && !c.At.After(all.At) && c.silent() {
		return
	}
	said := c.Reach.after(p.ClaimsFrom)
	all.At = event.Latest(all.At, c.At)
	all.Reach.absorb(&said)
	if p.Claims == nil {
		p.Claims = map[string]Claim{}
	}
	p.Claims[device] = all
	if len(p.Claims) <= MaxClaims {
		return
	}
	oldest := c.At
	for _, c := range p.Claims {
		if c.At.Before(oldest) {
			oldest = c.At
		}
	}
	p.forgetClaims(oldest)
}

// forgetClaims lets go of what was claimed until a time.
func (p *Profile) forgetClaims(until time.Time) {
	p.ClaimsFrom = event.Latest(p.ClaimsFrom, until)
	for device, c := range p.Claims {
		if !c.At.After(p.ClaimsFrom) {
			delete(p.Claims, device)
			continue
		}
		c.Reach = c.Reach.after(p.ClaimsFrom)
		p.Claims[device] = c
	}
	if len(p.Claims) == 0 {
		p.Claims = nil // as it is read back
	}
}

// Claim takes up what was kept of a claim elsewhere. It counts where the device is the person's by now.
func (p *Profile) Claim(device string, c Claim) {
	if p.Owns(device, c.At) {
		p.leaveAll(p.Reach.absorb(&c.Reach))
		return
	}
	p.claim(device, c)
}

// acknowledge takes up what the devices have claimed that are the person's by now.
func (p *Profile) acknowledge() {
	for device, c := range p.Claims {
		if p.Owns(device, c.At) {
			p.leaveAll(p.Reach.absorb(&c.Reach))
			delete(p.Claims, device)
		}
	}
	if len(p.Claims) == 0 {
		p.Claims = nil // as it is read back
	}
}
