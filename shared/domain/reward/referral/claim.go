package referral

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/userops/userops/shared/domain/people/address"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Person is what the rules ask of somebody: under which ids they may stand, and what would give them away.
type Person struct {
	Keys []profile.ID // all of a profile's keys, its own id first
	// Emails and Phones are all that the person is or ever was known by, on a word that is trusted.
	Emails []string
	Phones []string
	Orders int // paid orders
	// Gone says that the person was erased and has not come back.
	Gone bool
}

// PersonOf is what the rules ask of a profile and all of its keys: every address that ever joined, and those that the person or the shop says now. What only public events say neither
// passes a rule nor breaks one.
func PersonOf(p *profile.Profile, keys []profile.ID) Person {
	known := func(kind profile.IdentifierKind, trait string) (all []string) {
		for _, i := range p.Identifiers {
			if i.Kind == kind {
				all = append(all, i.Value)
			}
		}
		if s := p.TraitText(trait); s != "" {
			all = append(all, s)
		}
		return all
	}
	return Person{
		Keys: keys, Emails: known(profile.Email, "email"), Phones: known(profile.Phone, "phone"), Orders: p.Orders.Count,
		Gone: !p.ErasedAt.IsZero() && len(p.Identifiers) == 0,
	}
}

// Same tells whether two: they share a key, an e-mail address or a phone number.
func (p Person) Same(q Person) bool {
	if slices.ContainsFunc(p.Keys, func(id profile.ID) bool { return slices.Contains(q.Keys, id) }) {
		return true
	}
	return common(address.Email, p.Emails, q.Emails) || common(address.Phone, p.Phones, q.Phones)
}

// Alike tells whether two may be one person though no rule says so: their mail usually reaches one mailbox.
func (p Person) Alike(q Person) bool { return common(address.Mailbox, p.Emails, q.Emails) }

// common tells whether two lists have something in common that means anything.
func common(form func(string) string, a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return form(x) != "" && slices.ContainsFunc(b, func(y string) bool { return form(x) == form(y) })
	})
}

// Claim is what the rules ask before a friend is bound to an advocate.
type Claim struct {
	Program  *Program // nil: the definition was deleted
	Friend   Person
	Advocate Person
	Referred bool // the friend has a referral in this program already
	Circle   bool
}

// Refusal is the first rule that forbids the claim; empty when none does.
func (c Claim) Refusal() Reason {
	switch {
	case c.Program == nil || c.Program.State != Running:
		return ProgramClosed
	case c.Advocate.Gone:
		return UnknownCode
	case c.Referred:
		return AlreadyReferred
	case c.Friend.Same(c.Advocate):
		return SelfReferral
	case c.Friend.Orders > 0:
		return ExistingCustomer
	case c.Circle:
		return Circle
	}
	return ""
}

// Flags are the reasons for a person to look at the claim.
func (c Claim) Flags() []Flag {
	if c.Friend.Alike(c.Advocate) {
		return []Flag{LookAlike}
	}
	return nil
}

// New is the referral that a claim makes. Friend and advocate are their present profile ids.
func New(p Program, code string, friend, advocate profile.ID, now time.Time) Referral {
	return Referral{
		Program: p.ID, Friend: friend, Advocate: advocate, Code: code, State: Claimed,
		ClaimedAt: now, ExpiresAt: now.Add(time.Duration(p.AttributionWindow)),
	}
}

// alphabet has no two characters that are read for each other: no I, O, 0 or 1.
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// CodeLength is how many characters a code has: 40 bits.
const CodeLength = 8

// Code is the advocate's code in a program: the same for the same pair, so that asking twice makes one. attempt counts from 0
// and goes up when another pair has the code already: of a million new codes one, when a million are given out.
func Code(program string, advocate profile.ID, attempt int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", program, advocate, attempt))
	var b [CodeLength]byte
	for i := range b {
		b[i] = alphabet[sum[i]%byte(len(alphabet))]
	}
	return string(b[:])
}

// ParseCode reads a code as people type it: any case, full-width letters, with blanks or dashes. ok is false for what can be no code.
func ParseCode(text string) (code string, ok bool) {
	if len(text) > 8*CodeLength {
		return "", false
	}
	code = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case unicode.Is(unicode.Dash, r) || unicode.IsSpace(r):
			return -1
		}
		return r
	}, address.Narrow(text))
	if len(code) != CodeLength {
		return "", false
	}
	for i := range code {
		if strings.IndexByte(alphabet, code[i]) < 0 {
			return "", false
		}
	}
	return code, true
}
