package referral

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/profile"
)

// Person is what the rules ask of somebody: under which ids they may stand, and what would give them away.
type Person struct {
	Keys   []profile.ID // all of a profile's keys, its own id first
	Email  string
	Phone  string
	Orders int // paid orders
}

// Same tells whether two are one person: they share a key, an e-mail address or a phone number.
func (p Person) Same(q Person) bool {
	if slices.ContainsFunc(p.Keys, func(id profile.ID) bool { return slices.Contains(q.Keys, id) }) {
		return true
	}
	if e := fold(p.Email); e != "" && e == fold(q.Email) {
		return true
	}
	phone := digits(p.Phone)
	return phone != "" && phone == digits(q.Phone)
}

func fold(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// minPhone is how many digits make a number a person's own; "0" and "110" are nobody's.
const minPhone = 7

func digits(phone string) string {
	d := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
	if len(d) < minPhone {
		return ""
	}
	return d
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

// ParseCode reads a code as people type it: any case, with blanks or hyphens. ok is false for what can be no code.
func ParseCode(text string) (code string, ok bool) {
	if len(text) > 4*CodeLength {
		return "", false
	}
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.ToUpper(text))
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
