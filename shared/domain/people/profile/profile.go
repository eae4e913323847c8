// Package profile is what is known of one person, and how events change it. It is not the person's history (the timeline
// keeps that) and not the order itself (package order): it is the small item that everything else reads first. The
// surprising thing: a profile's id is derived from the first identifier that was seen, so the id of a person exists
// before the profile does, and an identifier's own key either holds the profile or points to it.
package profile

import (
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

// Profile is what is known of one person.
type Profile struct {
	ID          ID
	Version     int64 // of the stored item; 0 when it is not stored yet
	Identifiers []Identifier
	Parts       []ID   // profiles that were merged into this one, oldest first
	Memory             // what is proven: said by the person, the shop, an operator or a provider
	Unproven    Memory // what public events say
	Reach              // how the person can be reached, and over what they may be
	// Claims are the devices that public events name together with the person's userId, by anonymousId. Nothing of them has an effect until the
	// device is the person's. Of those at most MaxClaims are left that were heard of last; what was heard until ClaimsFrom is let go.
	Claims     map[string]Claim
	ClaimsFrom time.Time
	// Off says of the keys of devices that were taken off the person since when what is received under them is no longer the person's.
	Off map[ID]time.Time

	Tagging   Tagging
	OnLists   map[string]Tagged // the last word about each list that operators upload
	Orders    Orders
	Purchases Purchases             // what the orders say beside their sums
	Members   map[string]Membership // segments the profile is in
	Scores    Scores                // what the last segmentation run said

	// Erasures says when who stood under a key before was erased: what was received by that key until then is refused. Written by
	// RememberErasure.
	Erasures map[ID]time.Time
	// ErasedAt is the newest of Erasures. The version before knows nothing else.
	ErasedAt time.Time

	// Listed stands for what the person is listed under for those who look for somebody, as the last commit that changed it has told: package search says
	// what it is. Zero is nothing.
	Listed uint64

	// What follows is the record of the commit protocol, not of the person.
	Window Window
	Outbox []Follow
	mark   mark
}

// Relist is what Listed is where nobody knows what the person is listed under: all of it is listed anew.
const Relist = 1

// mark is what a profile's item was when it was read or last written, as far as the profile itself does not say it any more.
type mark struct {
	erased time.Time
	// behind is how far the item's version lies below Version.
	behind int64
	// skimmed says that the record of commits was not read.
	skimmed bool
}

// Reach is how somebody can be reached: what they want to get, on which devices, and which addresses wait to be confirmed. The addresses that are
// written to are traits and identifiers.
type Reach struct {
	Consent map[string]Consent `json:"consent"` // by ConsentKey
	Tokens  map[string]Token   `json:"tokens"`  // push tokens
	// Unconfirmed are the addresses that the person's devices have named last. They have no effect: who is written to is asked first. The times
	// are those of receipt.
	Unconfirmed Addresses `json:"unconfirmed"`
	// Confirmed is the e-mail address at which somebody has confirmed last that it is a device's of this person. It is written to where nobody who
	// is trusted more names another.
	Confirmed Stamped `json:"-"`
	// Asked is the address that was to be confirmed last, with when the device had said what that needs. It is no word of anybody.
	Asked Stamped `json:"-"`
}

// Addresses are an e-mail address and a phone number, each with when it was said.
type Addresses struct {
	Email Stamped `json:"email"`
	Phone Stamped `json:"phone"`
}

// Claim is what a device said of a userId that it only claims. Once the device is the person's, it counts as if it always had been.
type Claim struct {
	At time.Time `json:"at"` // when the device was heard of last, by receipt
	Reach
}

// Orders sums the person's orders. Count counts every completed order; Entries are the newest of them in order of time, at
// most MaxOrderEntries; older ones live on in Base.
type Orders struct {
	Count   int          `json:"count"`
	Entries []OrderEntry `json:"entries,omitempty"`
	Base    []Collapsed  `json:"base,omitempty"`
}

// OrderEntry is one completed order: when, and what is left of its total after refunds. A net of zero or less leaves the
// order out of frequency and monetary value.
type OrderEntry struct {
	At       time.Time      `json:"at"`
	Net      int64          `json:"net"`
	Currency money.Currency `json:"currency"`
}

// Collapsed sums, for one currency, the orders that are too old to be listed one by one.
type Collapsed struct {
	Currency money.Currency `json:"currency"`
	Orders   int            `json:"orders"` // all of them
	Count    int            `json:"count"`  // those with a net above zero
	Net      int64          `json:"net"`
	FirstAt  time.Time      `json:"firstAt"` // of all
	LastAt   time.Time      `json:"lastAt"`  // of those with a net above zero
}

// Membership is a profile's being in a segment.
type Membership struct {
	Since time.Time `json:"since"`
	Run   string    `json:"run,omitempty"` // the run that entered it; empty when the fold did
	// Unproven says that what is proven alone would not do.
	Unproven bool `json:"unproven,omitempty"`
	// Tag is the one that the segment gives to who is in it, as it said when that was last seen.
	Tag string `json:"tag,omitempty"`
}

// Scores are a segmentation run's results for one profile. Zero values mean "not scored yet".
type Scores struct {
	Run       string `json:"run,omitempty"`
	R         int    `json:"r,omitempty"` // 1..5, 0 for those who have not bought
	F         int    `json:"f,omitempty"`
	M         int    `json:"m,omitempty"`
	Class8    string `json:"class8,omitempty"`
	Segment11 string `json:"segment11,omitempty"`
	Class15   string `json:"class15,omitempty"`
	Lifecycle string `json:"lifecycle,omitempty"`
	// Activity is the band of how lively somebody is, Stage how far the shop's relation with them has come.
	Activity string `json:"activity,omitempty"`
	Stage    string `json:"stage,omitempty"`
	// Alive is the band of whether a buyer still buys, ValueDecile the tenth of the buyers that they are in by what they will bring within a year, 10 the most. Both are missing where a run has no predictions.
	Alive       string `json:"alive,omitempty"`
	ValueDecile int    `json:"valueDecile,omitempty"`
}

// UserID is the person's userId, or empty while the person is anonymous.
func (p *Profile) UserID() string { return p.Identifier(UserID) }

// Identifier is the first value of a kind, empty where there is none.
func (p *Profile) Identifier(kind IdentifierKind) string {
	for _, i := range p.Identifiers {
		if i.Kind == kind {
			return i.Value
		}
	}
	return ""
}

// Has tells whether the identifier is one of the profile's.
func (p *Profile) Has(i Identifier) bool { return slices.Contains(p.Identifiers, i) }

// Full tells whether the limit of a kind is reached: one userId, MaxIdentifiers of the others.
func (p *Profile) Full(kind IdentifierKind) bool { return p.kinds(kind) >= limit(kind) }

func (p *Profile) kinds(kind IdentifierKind) int {
	n := 0
	for _, i := range p.Identifiers {
		if i.Kind.Base() == kind.Base() {
			n++
		}
	}
	return n
}

// Reuse makes the profile one of an id of whom nothing is known, as a new one would be, and keeps its tables to be filled again: a run reads ten million people. Whatever was read of it before is no more.
func (p *Profile) Reuse(id ID) {
	m := &p.Memory
	for _, table := range []map[string]time.Time{m.Groups, m.Viewed} {
		clear(table)
	}
	clear(m.Traits)
	clear(m.Counters)
	clear(m.Cart)
	clear(m.Touch)
	clear(m.Devices)
	clear(m.Categories)
	clear(m.Brands)
	clear(m.LeftOut)
	clear(p.Members)
	*p = Profile{ID: id, Identifiers: p.Identifiers[:0], Members: p.Members, Memory: Memory{
		Traits: m.Traits, Counters: m.Counters, Groups: m.Groups, Cart: m.Cart, Touch: m.Touch, Devices: m.Devices, Categories: m.Categories, Brands: m.Brands, Viewed: m.Viewed, LeftOut: m.LeftOut, Hours: m.Hours[:0],
	}}
}
