package people

import (
	"maps"
	"slices"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
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
	tags := p.Tags()
	w.Section(sectionTags, func(w *packed.Writer) {
		for _, t := range tags {
			w.Text(t)
		}
	})
	packTagging(w, p, tags)
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
			if s.Activity != "" || s.Stage != "" || s.Alive != "" || s.ValueDecile != 0 {
				w.Text(s.Activity)
				w.Text(s.Stage)
				w.Text(s.Alive)
				w.Int(int64(s.ValueDecile))
			}
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
	if p.Listed != 0 {
		w.Section(sectionListed, func(w *packed.Writer) { w.Uint(p.Listed) })
	}
	if !p.Window.Floor.IsZero() || len(p.Window.Commits) > 0 {
		w.Section(sectionWindow, func(w *packed.Writer) { packWindow(w, p.Window) })
		w.Section(sectionFaded, func(w *packed.Writer) { packFaded(w, p.Window) })
	}
	return w.Out, compressible
}

// unpackProfile reads a body into a profile; sections that it does not know are kept in Unknown.
func unpackProfile(body []byte, p *profile.Profile) error { return unpack(body, p, false) }

// skim is unpackProfile without the record of the commit protocol, which only a writer asks for, but of whom something is owed: a run looks for how long. The profile cannot be saved.
func skim(body []byte, p *profile.Profile) error {
	p.Skim()
	return unpack(body, p, true)
}

// commits says whether a section is of the record of commits.
func commits(section uint64) bool {
	return section == sectionWindow || section == sectionFaded || section == sectionWideFaded
}

func unpack(body []byte, p *profile.Profile, skimmed bool) error {
	body, err := packed.Decompress(body)
	if err != nil {
		return err
	}
	var memory *fadedMemory
	var person map[uint32]bool
	var apart memories
	words, claims, doubted, tags := consents{}, claims{}, doubted{}, taggings{}
	err = packed.Sections(body, func(number uint64, s *packed.Reader) (known bool) {
		if skimmed && commits(number) && len(p.Outbox) == 0 {
			return true
		}
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
				tags.plain = append(tags.plain, s.Text())
			}
		case sectionTagging:
			tags.unpack(s)
		case sectionTaggedFrom:
			tags.unpackFrom(s)
		case sectionOnLists:
			// The version before keeps both where it merges two people.
			for list, word := range unpackWords(s) {
				p.Enlist(list, word)
			}
		case sectionGiven:
			tags.unpackGiven(s)
		case sectionOrders:
			p.Orders = unpackOrders(s)
		case sectionPurchases:
			for _, n := range []*int{&p.Purchases.Discounted, &p.Purchases.Coupons, &p.Purchases.Cancelled, &p.Purchases.Refunded, &p.Purchases.Refunds, &p.Purchases.Lines, &p.Purchases.DiscountedLines} {
				*n = int(s.Int())
			}
			p.Purchases.Pieces, p.Purchases.Discount = s.Int(), s.Int()
		case sectionMembers:
			fresh(&p.Members)
			for s.More() {
				k := s.Text()
				p.Members[k] = profile.Membership{Since: s.Time(), Run: s.Text()}
			}
		case sectionScores:
			p.Scores = profile.Scores{Run: s.Text(), R: int(s.Int()), F: int(s.Int()), M: int(s.Int()),
				Class8: s.Text(), Segment11: s.Text(), Class15: s.Text(), Lifecycle: s.Text()}
			if s.More() {
				p.Scores.Activity, p.Scores.Stage, p.Scores.Alive, p.Scores.ValueDecile = s.Text(), s.Text(), s.Text(), int(s.Int())
			}
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
		case sectionListed:
			// The version before keeps both where it merges two people.
			if listed := s.Uint(); p.Listed == 0 {
				p.Listed = listed
			} else {
				p.Listed = profile.Relist
			}
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
	tags.unite(p)
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
