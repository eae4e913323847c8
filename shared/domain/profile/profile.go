// Package profile is what is known of one person, and how events change it. It is not the person's history (the timeline
// keeps that) and not the order itself (package order): it is the small item that everything else reads first. The
// surprising thing: a profile's id is derived from the first identifier that was seen, so the id of a person exists
// before the profile does, and an identifier's own key either holds the profile or points to it.
package profile

import (
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/userops/userops/shared/domain/event"
	"github.com/userops/userops/shared/domain/money"
)

// ID names a profile: 22 characters of base64url, 128 bits. It is a pseudonym and may appear in logs.
type ID string

// IdentifierKind says in which system an identifier's value is unique.
type IdentifierKind string

// The identifier kinds. The API spells a profile by userId bare, `anonymous:<anonymousId>` or `profile:<profileId>`.
const (
	UserID      IdentifierKind = "user"
	AnonymousID IdentifierKind = "anonymous"
)

// Identifier is one name of a person.
type Identifier struct {
	Kind  IdentifierKind `json:"kind" cbor:"1,keyasint"`
	Value string         `json:"value" cbor:"2,keyasint"`
}

// ID is the profile id that this identifier founds, and the key under which its pointer stands if it joined another.
func (i Identifier) ID() ID {
	sum := sha256.Sum256([]byte(string(i.Kind) + ":" + i.Value))
	return ID(base64.RawURLEncoding.EncodeToString(sum[:16]))
}

// Profile is what is known of one person. The integers in the tags are the stored names of the fields: a number is never
// used again for another meaning, and a writer of an older version keeps numbers that it does not know.
type Profile struct {
	ID          ID           `cbor:"-"`
	Version     int64        `cbor:"-"` // of the stored item; 0 when it is not stored yet
	Identifiers []Identifier `cbor:"1,keyasint,omitempty"`
	Parts       []ID         `cbor:"2,keyasint,omitempty"` // profiles that were merged into this one, oldest first
	FirstSeen   time.Time    `cbor:"3,keyasint,omitzero"`  // earliest timestamp of an event
	LastSeen    time.Time    `cbor:"4,keyasint,omitzero"`  // latest timestamp of an event

	Traits   map[string]Trait          `cbor:"5,keyasint,omitempty"`
	Consent  map[string]Consent        `cbor:"6,keyasint,omitempty"` // by channel
	Tags     []string                  `cbor:"7,keyasint,omitempty"` // sorted
	Orders   Orders                    `cbor:"8,keyasint,omitempty"`
	Counters map[string]Counter        `cbor:"9,keyasint,omitempty"`  // by event name; track events, and "page", "screen" for those calls
	Groups   map[string]time.Time      `cbor:"10,keyasint,omitempty"` // groupId -> last joined
	Cart     map[string]CartLine       `cbor:"11,keyasint,omitempty"` // open cart by product
	Members  map[string]Membership     `cbor:"12,keyasint,omitempty"` // segments the profile is in
	Scores   Scores                    `cbor:"13,keyasint,omitempty"` // what the last segmentation run said
	Touch    map[string]Touch          `cbor:"14,keyasint,omitempty"` // "first" and "last"
	Active   Days                      `cbor:"15,keyasint,omitempty"` // days with any event, UTC
	CartAt   time.Time                 `cbor:"16,keyasint,omitzero"`  // last change of the cart
	Locale   Stamped                   `cbor:"17,keyasint,omitempty"` // from context.locale
	Zone     Stamped                   `cbor:"18,keyasint,omitempty"` // from context.timezone, a tzdata name
	Views    map[string]DecayedCounter `cbor:"19,keyasint,omitempty"` // favourite categories

	// What follows is the record of the commit protocol, not of the person.
	Window Window   `cbor:"30,keyasint,omitempty"`
	Outbox []Follow `cbor:"31,keyasint,omitempty"`
}

// Trait is one attribute of a person with the time of its last change. Value is a string, bool, float64 or int64; other JSON
// is kept as its text.
type Trait struct {
	Value any       `json:"value" cbor:"1,keyasint"`
	At    time.Time `json:"at" cbor:"2,keyasint"`
}

// Consent says whether a person may be contacted over a channel, and since when that holds.
type Consent struct {
	Granted bool      `json:"granted" cbor:"1,keyasint"`
	At      time.Time `json:"at" cbor:"2,keyasint"`
	Reason  string    `json:"reason,omitempty" cbor:"3,keyasint,omitempty"` // what revoked it: unsubscribe, complaint, bounce
}

// Orders sums the person's orders. Count counts every completed order; Entries are the newest of them in order of time, at
// most MaxOrderEntries; older ones live on in Base.
type Orders struct {
	Count   int          `json:"count" cbor:"1,keyasint,omitempty"`
	Entries []OrderEntry `json:"entries,omitempty" cbor:"2,keyasint,omitempty"`
	Base    []Collapsed  `json:"base,omitempty" cbor:"3,keyasint,omitempty"`
	Refunds int          `json:"refunds" cbor:"4,keyasint,omitempty"` // refund reports counted
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
	Currency money.Currency `json:"currency" cbor:"1,keyasint"`
	Count    int            `json:"count" cbor:"2,keyasint"` // those with a net above zero
	Net      int64          `json:"net" cbor:"3,keyasint"`
	FirstAt  time.Time      `json:"firstAt" cbor:"4,keyasint"` // of all collapsed ones
	LastAt   time.Time      `json:"lastAt" cbor:"5,keyasint"`  // of those with a net above zero
	Days     int            `json:"days" cbor:"6,keyasint"`    // distinct days with an order
}

// Counter counts the events of one name; Recent holds the newest active days, so that "at least N times within D days"
// can be asked.
type Counter struct {
	Total  int64      `json:"total" cbor:"1,keyasint"`
	Last   time.Time  `json:"last" cbor:"2,keyasint"`
	Recent []DayCount `json:"recent,omitempty" cbor:"3,keyasint,omitempty"` // newest last, at most MaxRecentDays
}

// DayCount is how often something happened on one day.
type DayCount struct {
	Day   Day `json:"day"`
	Count int `json:"count"`
}

// CartLine is one product in the open cart.
type CartLine struct {
	Quantity int       `json:"quantity" cbor:"1,keyasint"`
	Price    int64     `json:"price" cbor:"2,keyasint,omitempty"` // minor units of the shop's currency
	At       time.Time `json:"at" cbor:"3,keyasint"`
	Name     string    `json:"name,omitempty" cbor:"4,keyasint,omitempty"`
}

// Membership is a profile's being in a segment.
type Membership struct {
	Since time.Time `json:"since" cbor:"1,keyasint"`
	Run   string    `json:"run,omitempty" cbor:"2,keyasint,omitempty"` // the run that entered it; empty when the fold did
}

// Scores are a segmentation run's results for one profile. Zero values mean "not scored yet".
type Scores struct {
	Run       string `json:"run,omitempty" cbor:"1,keyasint,omitempty"`
	R         int    `json:"r,omitempty" cbor:"2,keyasint,omitempty"` // 1..5, 0 for those who have not bought
	F         int    `json:"f,omitempty" cbor:"3,keyasint,omitempty"`
	M         int    `json:"m,omitempty" cbor:"4,keyasint,omitempty"`
	Class8    string `json:"class8,omitempty" cbor:"5,keyasint,omitempty"`
	Segment11 string `json:"segment11,omitempty" cbor:"6,keyasint,omitempty"`
	Class15   string `json:"class15,omitempty" cbor:"7,keyasint,omitempty"`
	Lifecycle string `json:"lifecycle,omitempty" cbor:"8,keyasint,omitempty"`
}

// Touch is what brought the person here.
type Touch struct {
	At       time.Time `json:"at" cbor:"1,keyasint"`
	Campaign string    `json:"campaign,omitempty" cbor:"2,keyasint,omitempty"`
	Source   string    `json:"source,omitempty" cbor:"3,keyasint,omitempty"`
	Medium   string    `json:"medium,omitempty" cbor:"4,keyasint,omitempty"`
	Referrer string    `json:"referrer,omitempty" cbor:"5,keyasint,omitempty"`
}

// Stamped is a text with the time of its last change.
type Stamped struct {
	Value string    `json:"value" cbor:"1,keyasint"`
	At    time.Time `json:"at" cbor:"2,keyasint"`
}

// DecayedCounter is a weight that halves every 30 days since At.
type DecayedCounter struct {
	Weight float64   `json:"weight" cbor:"1,keyasint"`
	At     time.Time `json:"at" cbor:"2,keyasint"`
}

// Day is a whole day since 1970-01-01 UTC.
type Day int32

// DayOf is the UTC day of a time.
func DayOf(t time.Time) Day {
	s := t.Unix()
	if s < 0 {
		s -= 86399
	}
	return Day(s / 86400)
}

// Time is the day's first instant.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is the day as YYYYMMDD.
func (d Day) String() string { return d.Time().Format("20060102") }

// Days is a set of days as a bitmap that ends on Last: bit i of Bits is the day Last-i.
type Days struct {
	Last Day    `json:"last" cbor:"1,keyasint"`
	Bits []byte `json:"bits" cbor:"2,keyasint"`
}

// Window remembers which events were folded: the commits of the last day with their events' hashes, oldest first.
type Window struct {
	Commits []Commit `cbor:"1,keyasint,omitempty"`
	// Floor is the newest receivedAt of an event whose hash was let go. An event that happened at or before it is looked up in
	// the timeline.
	Floor time.Time `cbor:"2,keyasint,omitzero"`
}

// Commit is one write of the profile with the events that it folded.
type Commit struct {
	Version int64        `cbor:"1,keyasint"`
	At      time.Time    `cbor:"2,keyasint"` // newest receivedAt among its events
	Hashes  []event.Hash `cbor:"3,keyasint"`
	// Owed lists the days whose timeline pack has not been seen written. Its hashes are not let go before that.
	Owed []Day `cbor:"4,keyasint,omitempty"`
}

// FollowKind says what follows from a commit.
type FollowKind string

// What can follow. The first three go to settlement, the others to orchestration.
const (
	FollowOrder   FollowKind = "order"   // an order was completed, refunded or cancelled; Ref is its order_id
	FollowSignUp  FollowKind = "signup"  // the person signed up
	FollowEvent   FollowKind = "event"   // an event that a campaign listens to; Ref is its name
	FollowEntered FollowKind = "entered" // Ref is the segment
	FollowExited  FollowKind = "exited"  // Ref is the segment
)

// Follow is an entry of the outbox: the reference of a job, without a body. The job's id is profile, Version and N.
type Follow struct {
	Kind    FollowKind `json:"kind" cbor:"1,keyasint"`
	Ref     string     `json:"ref,omitempty" cbor:"2,keyasint,omitempty"`
	Version int64      `json:"version" cbor:"3,keyasint"` // the commit that wrote it
	N       int        `json:"n" cbor:"4,keyasint"`       // its place among that commit's follows
	At      time.Time  `json:"at" cbor:"5,keyasint"`      // when what it speaks of happened
	// Event finds the event in the timeline (day At, pack Version) for follows that came from one.
	Event string `json:"event,omitempty" cbor:"6,keyasint,omitempty"` // messageId
	Run   string `json:"run,omitempty" cbor:"7,keyasint,omitempty"`   // the segmentation run, for entered and exited
}
