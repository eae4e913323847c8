// Package search says under what people are found who are not looked for by an id of theirs: their names, the last digits of their numbers, and addresses that have joined
// nobody. It reads and writes nothing, and knows no reading of a character: whoever has a table of them hands it in. The surprising thing: what only public events say is a
// name at the most, never an address or a number, and of somebody of whom nobody else speaks it is nothing. So a page cannot make itself found as somebody else.
package search

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

// Facts are what somebody is found by, as it was said.
type Facts struct {
	Names  []string
	Phones []string // as address.Number, those too that have joined
	Emails []Email  // those that have joined nobody
}

// Email is an address with how far it is proven.
type Email struct {
	Address string
	Proof   Proof
}

// Proof is how far something that somebody is found by is proven to be theirs.
type Proof string

// The proofs, the best first. Confirmed is an address at which somebody has pressed the button behind a link of ours.
const (
	ByShop    Proof = "shop"
	Confirmed Proof = "confirmed"
	ByPerson  Proof = "person"
	ByPublic  Proof = "public" // names alone
)

var proofs = []Proof{ByShop, Confirmed, ByPerson, ByPublic}

// Compare orders proofs, the best first.
func (p Proof) Compare(other Proof) int {
	return cmp.Compare(slices.Index(proofs, p), slices.Index(proofs, other))
}

func proofOf(by trust.Level) Proof {
	switch by.Or(trust.Shop) {
	case trust.Person:
		return ByPerson
	case trust.Public:
		return ByPublic
	}
	return ByShop
}

// Of are the facts of a person: none of somebody of whom nobody speaks but pages.
func Of(p *profile.Profile) (f Facts) {
	if p.Stranger() || len(p.Identifiers) < 2 && p.Memory.Empty() && p.Orders.Count == 0 && p.Confirmed.Value == "" {
		return Facts{}
	}
	for _, m := range []*profile.Memory{&p.Memory, &p.Unproven} {
		if name := NameOf(m); name != "" && !slices.Contains(f.Names, name) {
			f.Names = append(f.Names, name)
		}
	}
	for _, i := range p.Identifiers {
		if i.Kind == profile.Phone {
			f.Phones = append(f.Phones, i.Value)
		}
	}
	if i, proof := told(p, profile.Phone); proof != "" && !slices.Contains(f.Phones, i.Value) {
		f.Phones = append(f.Phones, i.Value)
	}
	if i, proof := told(p, profile.Email); proof != "" && !p.Has(i) {
		f.Emails = append(f.Emails, Email{i.Value, proof})
	}
	if c := p.Confirmed.Value; c != "" && !p.Has(profile.Identifier{Kind: profile.Email, Value: c}) {
		at := slices.IndexFunc(f.Emails, func(e Email) bool { return e.Address == c })
		switch {
		case at < 0:
			f.Emails = append(f.Emails, Email{c, Confirmed})
		case Confirmed.Compare(f.Emails[at].Proof) < 0:
			f.Emails[at].Proof = Confirmed
		}
	}
	return f
}

// told is the address of a kind that the traits tell, and by whose word; no proof where only a page says it.
func told(p *profile.Profile, kind profile.IdentifierKind) (profile.Identifier, Proof) {
	trait := p.Traits[string(kind)]
	i, means := profile.Written(kind, p.TraitText(string(kind)))
	if proof := proofOf(trait.By); means && proof != ByPublic {
		return i, proof
	}
	return profile.Identifier{}, ""
}

// ProofOf says how far one of the spellings of an address is proven to be a person's; "" where it is not theirs.
func ProofOf(p *profile.Profile, spellings []profile.Identifier) Proof {
	if slices.ContainsFunc(spellings, p.Has) {
		return ByShop // an address joins by the shop's word alone
	}
	if i, proof := told(p, spellings[0].Kind); proof != "" && slices.Contains(spellings, i) && proof != ByPerson {
		return proof
	}
	if slices.ContainsFunc(spellings, func(i profile.Identifier) bool { return i.Kind == profile.Email && i.Value == p.Confirmed.Value }) {
		return Confirmed
	}
	if i, proof := told(p, spellings[0].Kind); slices.Contains(spellings, i) {
		return proof
	}
	return ""
}

// NameOf is what somebody is called: the trait name, or the first and the last name in the order of its script.
func NameOf(m *profile.Memory) string {
	if name := m.TraitText("name"); name != "" {
		return name
	}
	first, last := m.TraitText("firstName"), m.TraitText("lastName")
	if strings.ContainsFunc(first+last, isHan) {
		return last + first
	}
	return strings.TrimSpace(first + " " + last)
}

// ProofOfName says by whom the name is that is shown of a person: the best there is.
func ProofOfName(p *profile.Profile) Proof {
	if NameOf(&p.Memory) == "" {
		return ByPublic
	}
	best := ByPublic
	for _, trait := range []string{"name", "firstName", "lastName"} {
		if p.TraitText(trait) != "" {
			return proofOf(p.Traits[trait].By)
		}
	}
	return best
}

// form counts the ways in which facts were turned into terms: another number lists everybody anew.
const form = 1

// Mark stands for the facts and the list that they stand in, in 48 bits: 0 for no facts, and never profile.Relist. A list that is begun anew has another name, so that
// nobody counts as listed in it who was in the one before.
func (f Facts) Mark(list string) uint64 {
	if len(f.Names)+len(f.Phones)+len(f.Emails) == 0 {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte{form})
	say := func(kind byte, texts ...string) {
		for _, text := range texts {
			h.Write([]byte{kind})
			h.Write([]byte(text))
			h.Write([]byte{0})
		}
	}
	say('l', list)
	say('n', f.Names...)
	say('t', f.Phones...)
	for _, e := range f.Emails {
		say('m', e.Address, string(e.Proof))
	}
	return max(h.Sum64()>>16, profile.Relist+1)
}
