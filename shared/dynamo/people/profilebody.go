package people

import (
	"maps"
	"slices"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
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
func packProfile(p *profile.Profile) []byte { return packed.Compress(packSections(p)) }

// packSections gives the body and how much of it can be compressed: hashes and marks stand at the end.
func packSections(p *profile.Profile) (body []byte, compressible int) {
	w := &packed.Writer{Out: make([]byte, 0, 1024), Scratch: make([]byte, 0, 512)}
	w.Section(sectionIdentifiers, func(w *packed.Writer) {
		for _, i := range p.Identifiers {
			w.Text(string(i.Kind))
			w.Text(i.Value)
		}
	})
	w.Section(sectionParts, func(w *packed.Writer) {
		for _, id := range p.Parts {
			w.Text(string(id))
		}
	})
	packReach(w, p)
	w.Section(sectionOff, func(w *packed.Writer) {
		for _, key := range slices.Sorted(maps.Keys(p.Off)) {
			w.Text(string(key))
			w.Time(p.Off[key])
		}
	})
	w.Section(sectionTags, func(w *packed.Writer) {
		for _, t := range p.Tags {
			w.Text(t)
		}
	})
	if p.Orders.Count != 0 || len(p.Orders.Entries) > 0 || len(p.Orders.Base) > 0 {
		w.Section(sectionOrders, func(w *packed.Writer) { packOrders(w, p.Orders) })
	}
	if s := p.Purchases; s != (profile.Purchases{}) {
		w.Section(sectionPurchases, func(w *packed.Writer) {
			for _, n := range []int{s.Discounted, s.Coupons, s.Cancelled, s.Refunded, s.Refunds, s.Lines, s.DiscountedLines} {
				w.Int(int64(n))
			}
			w.Int(s.Pieces)
			w.Int(s.Discount)
		})
	}
	w.Section(sectionMembers, func(w *packed.Writer) {
		for _, k := range slices.Sorted(maps.Keys(p.Members)) {
			w.Text(k)
			w.Time(p.Members[k].Since)
			w.Text(p.Members[k].Run)
		}
	})
	if s := p.Scores; s != (profile.Scores{}) {
		w.Section(sectionScores, func(w *packed.Writer) {
			w.Text(s.Run)
			w.Int(int64(s.R))
			w.Int(int64(s.F))
			w.Int(int64(s.M))
			w.Text(s.Class8)
			w.Text(s.Segment11)
			w.Text(s.Class15)
			w.Text(s.Lifecycle)
		})
	}
	if !p.ErasedAt.IsZero() {
		w.Section(sectionErased, func(w *packed.Writer) { w.Time(p.ErasedAt) })
		w.Section(sectionErasures, func(w *packed.Writer) {
			for _, key := range slices.Sorted(maps.Keys(p.Erasures)) {
				w.Text(string(key))
				w.Time(p.Erasures[key])
			}
		})
	}
	w.Section(sectionOutbox, func(w *packed.Writer) {
		for _, f := range p.Outbox {
			w.Text(string(f.Part))
			w.Text(string(f.Kind))
			w.Text(f.Ref)
			w.Int(f.Version)
			w.Uint(uint64(f.N))
			w.Time(f.At)
			w.Text(f.Event)
			w.Text(f.Run)
		}
	})
	w.Section(sectionSources, func(w *packed.Writer) { packSources(w, p.Outbox) })
	w.Section(sectionDoubted, func(w *packed.Writer) { packDoubted(w, p) })
	w.Section(sectionSaidByPerson, func(w *packed.Writer) { packSaidByPerson(w, p.Traits) })
	packMemories(w, p) // ends with what this version does not know
	compressible = len(w.Out)
	if !p.Window.Floor.IsZero() || len(p.Window.Commits) > 0 {
		w.Section(sectionWindow, func(w *packed.Writer) { packWindow(w, p.Window) })
		w.Section(sectionFaded, func(w *packed.Writer) { packFaded(w, p.Window) })
	}
	return w.Out, compressible
}

// unpackProfile reads a body into a profile; sections that it does not know are kept in Unknown.
func unpackProfile(body []byte, p *profile.Profile) error {
	body, err := packed.Decompress(body)
	if err != nil {
		return err
	}
	var memory *fadedMemory
	var person map[uint32]bool
	var apart memories
	words, claims, doubted := consents{}, claims{}, doubted{}
	err = packed.Sections(body, func(number uint64, s *packed.Reader) (known bool) {
		switch number {
		case sectionIdentifiers:
			for s.More() {
				p.Identifiers = append(p.Identifiers, profile.Identifier{Kind: profile.IdentifierKind(s.Text()), Value: s.Text()})
			}
		case sectionParts:
			for s.More() {
				p.Parts = append(p.Parts, profile.ID(s.Text()))
			}
		case sectionConsent:
			words.unpack(s)
		case sectionHeard:
			words.unpackHeard(s)
		case sectionProofs:
			words.unpackProofs(s)
		case sectionTokens:
			p.Tokens = map[string]profile.Token{}
			for s.More() {
				token := s.Text()
				p.Tokens[token] = profile.Token{At: s.Time(), OS: s.Text()}
			}
		case sectionUnconfirmed:
			p.Unconfirmed.Unite(profile.Addresses{Email: profile.Stamped{Value: s.Text(), At: s.Time()}, Phone: profile.Stamped{Value: s.Text(), At: s.Time()}})
		case sectionOff:
			for s.More() {
				key := profile.ID(s.Text())
				p.RememberOff(key, s.Time())
			}
		case sectionConfirmed:
			unpackConfirmed(s, &p.Reach)
		case sectionClaims:
			claims.unpack(s)
		case sectionClaimsFrom:
			if from := s.Time(); from.After(claims.from) {
				claims.from = from
			}
		case sectionTags:
			for s.More() {
				p.Tags = append(p.Tags, s.Text())
			}
		case sectionOrders:
			p.Orders = unpackOrders(s)
		case sectionPurchases:
			for _, n := range []*int{&p.Purchases.Discounted, &p.Purchases.Coupons, &p.Purchases.Cancelled, &p.Purchases.Refunded, &p.Purchases.Refunds, &p.Purchases.Lines, &p.Purchases.DiscountedLines} {
				*n = int(s.Int())
			}
			p.Purchases.Pieces, p.Purchases.Discount = s.Int(), s.Int()
		case sectionMembers:
			p.Members = map[string]profile.Membership{}
			for s.More() {
				k := s.Text()
				p.Members[k] = profile.Membership{Since: s.Time(), Run: s.Text()}
			}
		case sectionScores:
			p.Scores = profile.Scores{Run: s.Text(), R: int(s.Int()), F: int(s.Int()), M: int(s.Int()),
				Class8: s.Text(), Segment11: s.Text(), Class15: s.Text(), Lifecycle: s.Text()}
		case sectionErased:
			p.ErasedAt = s.Time()
		case sectionErasures:
			for s.More() {
				key := profile.ID(s.Text())
				p.RememberErasure(key, s.Time())
			}
		case sectionWindow:
			p.Window = unpackWindow(s)
		case sectionOutbox:
			for s.More() {
				p.Outbox = append(p.Outbox, profile.Follow{Part: profile.ID(s.Text()), Kind: profile.FollowKind(s.Text()), Ref: s.Text(),
					Version: s.Int(), N: int(s.Uint()), At: s.Time(), Event: s.Text(), Run: s.Text()})
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
	body, err := packed.Decompress(body)
	if err != nil {
		return nil
	}
	r := &packed.Reader{In: body}
	for r.More() {
		number, content := r.Uint(), r.Bytes()
		if r.Err != nil || number != sectionWindow {
			continue
		}
		s := &packed.Reader{In: content}
		if w := unpackWindow(s); s.Err == nil {
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

func packValue(w *packed.Writer, v any) {
	switch v := v.(type) {
	case string:
		w.Uint(valueText)
		w.Text(v)
	case bool:
		if v {
			w.Uint(valueTrue)
		} else {
			w.Uint(valueFalse)
		}
	case int64:
		w.Uint(valueInt)
		w.Int(v)
	case float64:
		w.Uint(valueFloat)
		w.Float(v)
	default:
		w.Uint(valueNil)
	}
}

func unpackValue(r *packed.Reader) any {
	switch r.Uint() {
	case valueText:
		return r.Text()
	case valueTrue:
		return true
	case valueFalse:
		return false
	case valueInt:
		return r.Int()
	case valueFloat:
		return r.Float()
	}
	return nil
}

func packCounter(w *packed.Writer, name string, c profile.Counter) {
	w.Name(name)
	w.Int(c.Total)
	w.Time(c.Last)
	w.Uint(uint64(len(c.Recent)))
	last := profile.DayOf(packed.Epoch)
	for _, d := range c.Recent {
		w.Int(int64(d.Day - last))
		last = d.Day
		w.Uint(uint64(d.Count))
	}
}

func unpackCounter(r *packed.Reader) (string, profile.Counter) {
	name := r.Name()
	c := profile.Counter{Total: r.Int(), Last: r.Time()}
	last := profile.DayOf(packed.Epoch)
	for range r.Count() {
		last += profile.Day(r.Int())
		c.Recent = append(c.Recent, profile.DayCount{Day: last, Count: int(r.Uint())})
	}
	return name, c
}
