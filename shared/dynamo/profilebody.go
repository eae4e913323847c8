package dynamo

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// The sections of a profile's body. A number is never used again for another layout.
const (
	sectionIdentifiers = 1
	sectionParts       = 2
	sectionSeen        = 3
	sectionTraits      = 4
	sectionConsent     = 5
	sectionTags        = 6
	sectionOrders      = 7
	sectionCounters    = 8
	sectionGroups      = 9
	sectionCart        = 10
	sectionMembers     = 11
	sectionScores      = 12
	sectionTouch       = 13
	sectionActive      = 14
	sectionCartCleared = 15
	sectionPlace       = 16
	sectionErased      = 17
	sectionClient      = 18
	sectionDevices     = 19
	sectionTokens      = 20
	sectionCategories  = 21
	sectionBrands      = 22
	sectionViewed      = 23
	sectionHours       = 24
	sectionPurchases   = 25
	sectionRatings     = 26
	sectionSearch      = 27
	sectionLeftOut     = 28
	sectionErasures    = 29
	sectionWindow      = 30
	sectionOutbox      = 31
	sectionShopDays    = 45
	sectionWideFaded   = 32
	sectionSources     = 33
	sectionHeard       = 52
	sectionFaded       = 53
	// Who says what: the memory of public events, which traits the person said, and what devices said of addresses and of a userId that they claim.
	sectionUnproven     = 54
	sectionSaidByPerson = 55
	sectionUnconfirmed  = 56
	sectionClaims       = 57
	sectionClaimsFrom   = 58
	sectionDoubted      = 59 // what of the outbox and of the memberships only public events make so
	sectionConfirmed    = 60 // the address that was confirmed, and the one that was asked for
	sectionOff          = 61 // devices that were taken off, by key
	sectionProofs       = 62 // of the consents, of what devices claim too
)

// packProfile is the body of a profile's item.
func packProfile(p *profile.Profile) []byte { return squeeze(packSections(p)) }

// packSections gives the body and how much of it can be compressed: hashes and marks stand at the end.
func packSections(p *profile.Profile) (body []byte, compressible int) {
	w := &packer{out: make([]byte, 0, 1024), scratch: make([]byte, 0, 512)}
	w.section(sectionIdentifiers, func(w *packer) {
		for _, i := range p.Identifiers {
			w.text(string(i.Kind))
			w.text(i.Value)
		}
	})
	w.section(sectionParts, func(w *packer) {
		for _, id := range p.Parts {
			w.text(string(id))
		}
	})
	packReach(w, p)
	w.section(sectionOff, func(w *packer) {
		for _, key := range slices.Sorted(maps.Keys(p.Off)) {
			w.text(string(key))
			w.time(p.Off[key])
		}
	})
	w.section(sectionTags, func(w *packer) {
		for _, t := range p.Tags {
			w.text(t)
		}
	})
	if p.Orders.Count != 0 || len(p.Orders.Entries) > 0 || len(p.Orders.Base) > 0 {
		w.section(sectionOrders, func(w *packer) { packOrders(w, p.Orders) })
	}
	if s := p.Purchases; s != (profile.Purchases{}) {
		w.section(sectionPurchases, func(w *packer) {
			for _, n := range []int{s.Discounted, s.Coupons, s.Cancelled, s.Refunded, s.Refunds, s.Lines, s.DiscountedLines} {
				w.int(int64(n))
			}
			w.int(s.Pieces)
			w.int(s.Discount)
		})
	}
	w.section(sectionMembers, func(w *packer) {
		for _, k := range slices.Sorted(maps.Keys(p.Members)) {
			w.text(k)
			w.time(p.Members[k].Since)
			w.text(p.Members[k].Run)
		}
	})
	if s := p.Scores; s != (profile.Scores{}) {
		w.section(sectionScores, func(w *packer) {
			w.text(s.Run)
			w.int(int64(s.R))
			w.int(int64(s.F))
			w.int(int64(s.M))
			w.text(s.Class8)
			w.text(s.Segment11)
			w.text(s.Class15)
			w.text(s.Lifecycle)
		})
	}
	if !p.ErasedAt.IsZero() {
		w.section(sectionErased, func(w *packer) { w.time(p.ErasedAt) })
		w.section(sectionErasures, func(w *packer) {
			for _, key := range slices.Sorted(maps.Keys(p.Erasures)) {
				w.text(string(key))
				w.time(p.Erasures[key])
			}
		})
	}
	w.section(sectionOutbox, func(w *packer) {
		for _, f := range p.Outbox {
			w.text(string(f.Part))
			w.text(string(f.Kind))
			w.text(f.Ref)
			w.int(f.Version)
			w.uint(uint64(f.N))
			w.time(f.At)
			w.text(f.Event)
			w.text(f.Run)
		}
	})
	w.section(sectionSources, func(w *packer) { packSources(w, p.Outbox) })
	w.section(sectionDoubted, func(w *packer) { packDoubted(w, p) })
	w.section(sectionSaidByPerson, func(w *packer) { packSaidByPerson(w, p.Traits) })
	packMemories(w, p) // ends with what this version does not know
	compressible = len(w.out)
	if !p.Window.Floor.IsZero() || len(p.Window.Commits) > 0 {
		w.section(sectionWindow, func(w *packer) { packWindow(w, p.Window) })
		w.section(sectionFaded, func(w *packer) { packFaded(w, p.Window) })
	}
	return w.out, compressible
}

// unpackProfile reads a body into a profile; sections that it does not know are kept in Unknown.
func unpackProfile(body []byte, p *profile.Profile) error {
	body, err := spread(body)
	if err != nil {
		return err
	}
	var memory *fadedMemory
	var person map[uint32]bool
	var apart memories
	words, claims, doubted := consents{}, claims{}, doubted{}
	err = sections(body, func(number uint64, s *unpacker) (known bool) {
		switch number {
		case sectionIdentifiers:
			for s.more() {
				p.Identifiers = append(p.Identifiers, profile.Identifier{Kind: profile.IdentifierKind(s.text()), Value: s.text()})
			}
		case sectionParts:
			for s.more() {
				p.Parts = append(p.Parts, profile.ID(s.text()))
			}
		case sectionConsent:
			words.unpack(s)
		case sectionHeard:
			words.unpackHeard(s)
		case sectionProofs:
			words.unpackProofs(s)
		case sectionTokens:
			p.Tokens = map[string]profile.Token{}
			for s.more() {
				token := s.text()
				p.Tokens[token] = profile.Token{At: s.time(), OS: s.text()}
			}
		case sectionUnconfirmed:
			p.Unconfirmed.Unite(profile.Addresses{Email: profile.Stamped{Value: s.text(), At: s.time()}, Phone: profile.Stamped{Value: s.text(), At: s.time()}})
		case sectionOff:
			for s.more() {
				key := profile.ID(s.text())
				p.RememberOff(key, s.time())
			}
		case sectionConfirmed:
			unpackConfirmed(s, &p.Reach)
		case sectionClaims:
			claims.unpack(s)
		case sectionClaimsFrom:
			if from := s.time(); from.After(claims.from) {
				claims.from = from
			}
		case sectionTags:
			for s.more() {
				p.Tags = append(p.Tags, s.text())
			}
		case sectionOrders:
			p.Orders = unpackOrders(s)
		case sectionPurchases:
			for _, n := range []*int{&p.Purchases.Discounted, &p.Purchases.Coupons, &p.Purchases.Cancelled, &p.Purchases.Refunded, &p.Purchases.Refunds, &p.Purchases.Lines, &p.Purchases.DiscountedLines} {
				*n = int(s.int())
			}
			p.Purchases.Pieces, p.Purchases.Discount = s.int(), s.int()
		case sectionMembers:
			p.Members = map[string]profile.Membership{}
			for s.more() {
				k := s.text()
				p.Members[k] = profile.Membership{Since: s.time(), Run: s.text()}
			}
		case sectionScores:
			p.Scores = profile.Scores{Run: s.text(), R: int(s.int()), F: int(s.int()), M: int(s.int()),
				Class8: s.text(), Segment11: s.text(), Class15: s.text(), Lifecycle: s.text()}
		case sectionErased:
			p.ErasedAt = s.time()
		case sectionErasures:
			for s.more() {
				key := profile.ID(s.text())
				p.RememberErasure(key, s.time())
			}
		case sectionWindow:
			p.Window = unpackWindow(s)
		case sectionOutbox:
			for s.more() {
				p.Outbox = append(p.Outbox, profile.Follow{Part: profile.ID(s.text()), Kind: profile.FollowKind(s.text()), Ref: s.text(),
					Version: s.int(), N: int(s.uint()), At: s.time(), Event: s.text(), Run: s.text()})
			}
		case sectionWideFaded:
			memory = unpackWideFaded(s, memory)
		case sectionFaded:
			memory = unpackFaded(s, memory)
		case sectionSources:
			unpackSources(s, p.Outbox)
		case sectionDoubted:
			doubted.unpack(s)
		case sectionSaidByPerson:
			person = unpackSaidByPerson(s, person)
		case sectionUnproven:
			apart.unpack(s)
		default:
			return unpackMemory(number, s, &p.Memory)
		}
		return true
	}, &p.Unknown)
	if err != nil {
		return err
	}
	memory.recall(&p.Window)
	words.unite(p)
	words.prove(p.Consent, "")
	for _, one := range claims.all {
		words.prove(one.claim.Consent, one.device)
	}
	claims.unite(p)
	apart.unite(p)
	doubted.mark(p)
	sayByPerson(p.Traits, person)
	return nil
}

// commitsOf are the commits of a body's window, without the rest of it; none where it cannot be read.
func commitsOf(body []byte) []profile.Commit {
	body, err := spread(body)
	if err != nil {
		return nil
	}
	r := &unpacker{in: body}
	for r.more() {
		number, content := r.uint(), r.bytes()
		if r.err != nil || number != sectionWindow {
			continue
		}
		s := &unpacker{in: content}
		if w := unpackWindow(s); s.err == nil {
			return w.Commits
		}
	}
	return nil
}

// kinds of a packed value
const (
	valueNil   = 0
	valueText  = 1
	valueTrue  = 2
	valueFalse = 3
	valueInt   = 4
	valueFloat = 5
)

func packValue(w *packer, v any) {
	switch v := v.(type) {
	case string:
		w.uint(valueText)
		w.text(v)
	case bool:
		if v {
			w.uint(valueTrue)
		} else {
			w.uint(valueFalse)
		}
	case int64:
		w.uint(valueInt)
		w.int(v)
	case float64:
		w.uint(valueFloat)
		w.float(v)
	default:
		w.uint(valueNil)
	}
}

func unpackValue(r *unpacker) any {
	switch r.uint() {
	case valueText:
		return r.text()
	case valueTrue:
		return true
	case valueFalse:
		return false
	case valueInt:
		return r.int()
	case valueFloat:
		return r.float()
	}
	return nil
}

// packOrders writes the entries as differences in seconds: an order takes seven bytes or so.
func packOrders(w *packer, o profile.Orders) {
	w.int(int64(o.Count))
	var currencies []money.Currency
	for _, e := range o.Entries {
		if !slices.Contains(currencies, e.Currency) {
			currencies = append(currencies, e.Currency)
		}
	}
	w.uint(uint64(len(currencies)))
	for _, c := range currencies {
		w.text(string(c))
	}
	w.uint(uint64(len(o.Entries)))
	last := epoch.Unix()
	for _, e := range o.Entries {
		w.int(e.At.Unix() - last)
		last = e.At.Unix()
		w.int(e.Net)
		if len(currencies) > 1 {
			w.uint(uint64(slices.Index(currencies, e.Currency)))
		}
	}
	w.uint(uint64(len(o.Base)))
	for _, b := range o.Base {
		w.text(string(b.Currency))
		w.int(int64(b.Orders))
		w.int(int64(b.Count))
		w.int(b.Net)
		w.time(b.FirstAt)
		w.time(b.LastAt)
	}
}

func unpackOrders(r *unpacker) profile.Orders {
	o := profile.Orders{Count: int(r.int())}
	currencies := make([]money.Currency, r.count())
	for i := range currencies {
		currencies[i] = money.Currency(r.text())
	}
	if n := r.count(); n > 0 {
		o.Entries = make([]profile.OrderEntry, n)
	}
	last := epoch.Unix()
	for i := range o.Entries {
		last += r.int()
		e := profile.OrderEntry{At: time.Unix(last, 0).UTC(), Net: r.int()}
		at := uint64(0)
		if len(currencies) > 1 {
			at = r.uint()
		}
		if at >= uint64(len(currencies)) {
			r.fail()
			return o
		}
		e.Currency = currencies[at]
		o.Entries[i] = e
	}
	for range r.count() {
		o.Base = append(o.Base, profile.Collapsed{Currency: money.Currency(r.text()), Orders: int(r.int()), Count: int(r.int()),
			Net: r.int(), FirstAt: r.time(), LastAt: r.time()})
	}
	return o
}

func packCounter(w *packer, name string, c profile.Counter) {
	w.name(name)
	w.int(c.Total)
	w.time(c.Last)
	w.uint(uint64(len(c.Recent)))
	last := profile.DayOf(epoch)
	for _, d := range c.Recent {
		w.int(int64(d.Day - last))
		last = d.Day
		w.uint(uint64(d.Count))
	}
}

func unpackCounter(r *unpacker) (string, profile.Counter) {
	name := r.name()
	c := profile.Counter{Total: r.int(), Last: r.time()}
	last := profile.DayOf(epoch)
	for range r.count() {
		last += profile.Day(r.int())
		c.Recent = append(c.Recent, profile.DayCount{Day: last, Count: int(r.uint())})
	}
	return name, c
}

func packWindow(w *packer, v profile.Window) {
	w.time(v.Floor)
	for _, c := range v.Commits {
		w.text(string(c.Part))
		w.int(c.Version)
		w.time(c.At)
		w.uint(uint64(len(c.Hashes)))
		for _, h := range c.Hashes {
			w.fixed(uint64(h))
		}
		w.uint(uint64(len(c.Owed)))
		for _, d := range c.Owed {
			w.int(int64(d))
		}
	}
}

func unpackWindow(r *unpacker) profile.Window {
	v := profile.Window{Floor: r.time()}
	for r.more() {
		c := profile.Commit{Part: profile.ID(r.text()), Version: r.int(), At: r.time()}
		for range r.count() {
			c.Hashes = append(c.Hashes, event.Hash(r.fixed()))
		}
		for range r.count() {
			c.Owed = append(c.Owed, profile.Day(r.int()))
		}
		v.Commits = append(v.Commits, c)
	}
	return v
}

// packHashes is a list of hashes, eight bytes each.
func packHashes(hashes []event.Hash) []byte {
	out := make([]byte, 0, 8*len(hashes))
	for _, h := range hashes {
		out = binary.BigEndian.AppendUint64(out, uint64(h))
	}
	return out
}

func unpackHashes(b []byte) []event.Hash {
	var hashes []event.Hash
	for len(b) >= 8 {
		hashes = append(hashes, event.Hash(binary.BigEndian.Uint64(b)))
		b = b[8:]
	}
	return hashes
}
