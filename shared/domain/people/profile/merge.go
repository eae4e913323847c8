package profile

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Keys lists the ids under which something of the person may stand: the profile's own first, then those of its parts, of its
// identifiers, and of the devices that were taken off: what they did before is the person's.
func (p *Profile) Keys() []ID {
	keys := []ID{p.ID}
	add := func(id ID) {
		if !slices.Contains(keys, id) {
			keys = append(keys, id)
		}
	}
	for _, id := range p.Parts {
		add(id)
	}
	for _, i := range p.Identifiers {
		add(i.ID())
	}
	for _, id := range slices.Sorted(maps.Keys(p.Off)) {
		add(id)
	}
	return keys
}

// Survivor tells which of two profiles absorbs the other: the known one before the anonymous one, then the one seen first, then
// the one whose id sorts first. It is the same whichever is named first.
func Survivor(a, b *Profile) (keep, absorb *Profile) {
	knownA, knownB := a.UserID() != "", b.UserID() != ""
	firstA, _ := a.Seen()
	firstB, _ := b.Seen()
	switch {
	case knownA != knownB:
		if knownA {
			return a, b
		}
		return b, a
	case !firstA.Equal(firstB):
		if firstA.Before(firstB) {
			return a, b
		}
		return b, a
	case a.ID < b.ID:
		return a, b
	}
	return b, a
}

// Twice counts the messages that both profiles remember: a client has sent them again under another id. They stay counted twice, since
// neither profile can be undone by an event.
func (p *Profile) Twice(q *Profile) int {
	n := 0
	for _, c := range q.Window.Commits {
		for _, h := range c.Hashes {
			if p.Window.Seen(h) != nil {
				n++
			}
		}
	}
	return n
}

// Absorb unites another profile into this one. Sums add up, traits go by their newest change, consents by what was heard last.
// Of two userIds this profile's stays the one that it is known by; the other's key forwards here all the same.
func (p *Profile) Absorb(q *Profile) {
	p.Parts = append(append(slices.Clone(p.Parts), q.Parts...), q.ID)
	for _, i := range q.Identifiers {
		// Limits keep new identifiers out; those that two profiles already have are both kept.
		if !p.Has(i) {
			p.Identifiers = append(slices.Clone(p.Identifiers), i)
		}
	}
	p.Memory.Absorb(&q.Memory)
	if !q.Unproven.Empty() {
		p.Unproven.Absorb(&q.Unproven)
	}
	p.leaveAll(p.Reach.absorb(&q.Reach))
	p.absorbClaims(q)
	p.leave("tags", p.Tagging.Absorb(q.Tagging))
	p.absorbLists(q)
	p.absorbOrders(q)
	p.Purchases.absorb(q.Purchases)
	if p.Members == nil && len(q.Members) > 0 {
		p.Members = map[string]Membership{}
	}
	for id, m := range q.Members {
		if old, in := p.Members[id]; in {
			m.Unproven, m.Tag = m.Unproven && old.Unproven, cmp.Or(old.Tag, m.Tag)
			if !m.Since.Before(old.Since) {
				m.Since, m.Run = old.Since, old.Run
			}
		}
		p.Members[id] = m
	}
	for key, at := range q.Erasures {
		p.RememberErasure(key, at)
	}
	for key, at := range q.Off {
		p.RememberOff(key, at)
	}
	if q.Listed != 0 {
		p.Listed = Relist // what the other is listed under leads here
	}
	p.absorbWindow(q)
}

func (p *Profile) absorbOrders(q *Profile) {
	for _, e := range q.Orders.Entries {
		p.Orders.insert(e)
	}
	for _, b := range q.Orders.Base {
		p.Orders.Count += b.Orders
		at := slices.IndexFunc(p.Orders.Base, func(x Collapsed) bool { return x.Currency == b.Currency })
		if at < 0 {
			p.Orders.Base = append(slices.Clone(p.Orders.Base), b)
			slices.SortFunc(p.Orders.Base, func(x, y Collapsed) int { return strings.Compare(string(x.Currency), string(y.Currency)) })
			continue
		}
		p.Orders.Base = slices.Clone(p.Orders.Base)
		x := &p.Orders.Base[at]
		x.Orders, x.Count, x.Net = x.Orders+b.Orders, x.Count+b.Count, x.Net+b.Net
		if b.FirstAt.Before(x.FirstAt) {
			x.FirstAt = b.FirstAt
		}
		if b.LastAt.After(x.LastAt) {
			x.LastAt = b.LastAt
		}
	}
	p.Orders.sink()
}

// absorbWindow unites the records of both commit protocols, and what both still owe.
func (p *Profile) absorbWindow(q *Profile) {
	p.Window.absorb(q.Window, q.ID)
	p.Outbox = slices.Clone(p.Outbox)
	for _, f := range q.Outbox {
		if f.Part == "" {
			f.Part = q.ID
		}
		p.Outbox = append(p.Outbox, f)
	}
}

// Attach adds an identifier. It tells whether the limit of its kind allowed it.
func (p *Profile) Attach(i Identifier) bool {
	if p.Has(i) {
		return true
	}
	if p.Full(i.Kind) {
		return false
	}
	p.Identifiers = append(slices.Clone(p.Identifiers), i)
	p.acknowledge()
	return true
}

// Unite adds an identifier on an explicit word, which may go beyond the limits of kinds. It tells whether MaxUnited allowed it.
func (p *Profile) Unite(i Identifier) bool {
	if len(p.Identifiers) >= MaxUnited {
		return p.Has(i)
	}
	if !p.Has(i) {
		p.Identifiers = append(slices.Clone(p.Identifiers), i)
		p.acknowledge()
	}
	return true
}

// Fits tells whether two profiles may become one: by an explicit merge if they have at most MaxUnited identifiers, else within the
// limits of every kind.
func (p *Profile) Fits(q *Profile, explicit bool) bool {
	if len(p.Identifiers)+len(q.Identifiers) > MaxUnited {
		return false
	}
	for _, i := range q.Identifiers {
		if !explicit && p.kinds(i.Kind)+q.kinds(i.Kind) > limit(i.Kind) {
			return false
		}
	}
	return true
}

// absorbClaims unites what devices have claimed of two people who are one.
func (p *Profile) absorbClaims(q *Profile) {
	p.acknowledge()
	p.forgetClaims(q.ClaimsFrom)
	for device, c := range q.Claims {
		p.Claim(device, c)
	}
}
