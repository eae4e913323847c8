// Package refusal is what is remembered of events that were not taken, and of what the answers to taken ones warned of, for the operators who look for why a shop's numbers stand still: SDKs
// tell nobody what a 200 says of single events. It judges nothing, and of what was sent it holds two ids alone, by which the sender finds the event again: its messageId and its order_id.
// The surprising thing: all its other texts are ones of ours, a few dozen fields, names of standard events and codes, so that neither a person's data nor a flood of invented names gets
// into what it makes.
package refusal

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Code is why, in one word: what the refusal's reason comes to, whichever field it is about. It is a dimension of a metric, so it is one of few.
type Code string

// The codes.
const (
	Malformed  Code = "malformed" // no JSON, or JSON with what nobody can read: a name twice, bytes that are no UTF-8
	Type       Code = "type"      // another type of JSON value than the field's
	Missing    Code = "missing"
	Size       Code = "size" // too long, too large, too many
	Call       Code = "call" // none of the six calls
	Time       Code = "time"
	Amount     Code = "amount"
	Currency   Code = "currency"
	Consent    Code = "consent"   // a channel or purpose that there is not
	NotAllowed Code = "allowed"   // not among the source's allowedEvents
	Reserved   Code = "reserved"  // the name of news of ours
	Proof      Code = "proof"     // a userHash that is not the userId's
	Guest      Code = "guest"     // speaks as an order's guest
	Origin     Code = "origin"    // the whole request: a page that the source does not allow
	Disabled   Code = "disabled"  // the whole request: the source is disabled
	Signature  Code = "signature" // the whole request: a shop system's notice that is not signed by its secret
	Other      Code = "other"
)

// The codes of warnings alone. Missing, Time, Amount, Currency and Other are of both.
const (
	NoMoney  Code = "noMoney"  // an order event by a key that may not move money
	Name     Code = "name"     // nearly a standard one
	Zone     Code = "zone"     // a time without one
	Address  Code = "address"  // an e-mail address or a number that is none
	Birthday Code = "birthday" // none, or in the future
)

// Codes lists the codes of refusals.
func Codes() []Code {
	return []Code{Malformed, Type, Missing, Size, Call, Time, Amount, Currency, Consent, NotAllowed, Reserved, Proof, Guest, Origin, Disabled, Signature, Other}
}

// Warnings lists the codes of warnings.
func Warnings() []Code {
	return []Code{NoMoney, Name, Zone, Time, Missing, Amount, Currency, Address, Birthday, Other}
}

// mark is what a reason of a code holds. Of several the first one that is found decides.
type mark struct {
	text string
	code Code
}

var marks = []mark{
	{"is not valid JSON", Malformed}, {"nests deeper", Malformed}, {"has the key ", Malformed}, {"not UTF-8", Malformed}, {"number that is out of range", Malformed},
	{"is not track, identify", Call},
	{"is not a time", Time}, {"is before 1970", Time},
	{"ISO 4217", Currency},
	{"is not a decimal", Amount}, {"is negative", Amount}, {"than an order may be", Amount},
	{"is not a channel", Consent}, {"is not a purpose", Consent}, {"profiling has none", Consent}, {"channels is not read", Consent}, {"is no text or number", Consent},
	{"the source may send", NotAllowed},
	{"is the name of news", Reserved},
	{"is not that of the userId", Proof},
	{"the guest of an order", Guest},
	{"has more than", Size}, {"more than", Size}, {"larger than", Size},
	{"missing", Missing},
	{"is not a string", Type}, {"is not an object", Type}, {"is not a list", Type}, {"is not an array", Type}, {"neither a string nor", Type},
}

var markedWarnings = []mark{
	{"moves no money", NoMoney}, {"is no standard name", Name}, {"has no zone", Zone}, {"and counts as now", Time},
	{"is no e-mail address", Address}, {"is no phone number", Address}, {"is no date", Birthday}, {"lies in the future", Birthday},
	{"ISO 4217", Currency}, {"is not a decimal", Amount}, {"is not a whole number", Amount}, {"than an order may be", Amount}, {"is missing", Missing},
}

// CodeOf is the code of a reason that a verdict gave, Other of one that is not known.
func CodeOf(reason string) Code { return codeBy(marks, reason) }

// WarningOf is the code of a warning's reason, Other of one that is not known.
func WarningOf(reason string) Code { return codeBy(markedWarnings, reason) }

func codeBy(marks []mark, reason string) Code {
	for _, m := range marks {
		if strings.Contains(reason, m.text) {
			return m.code
		}
	}
	return Other
}

// fields are those that a refusal may be remembered by. A client may have invented any other one.
var fields = func() map[string]bool {
	m := map[string]bool{"": true}
	for _, field := range strings.Fields(`type messageId userId anonymousId previousId groupId event name category channel properties traits context integrations originalTimestamp timestamp
		sentAt writeKey batch context.userHash properties.order_id properties.total properties.revenue properties.subtotal properties.currency properties.products properties.products.price
		properties.products.quantity properties.channel properties.purpose properties.textVersion properties.price properties.quantity properties.discount properties.products.discount
		traits.email traits.phone traits.birthday traits.birthdate traits.dateOfBirth context.traits.email context.traits.phone context.traits.birthday context.traits.birthdate
		context.traits.dateOfBirth`) {
		m[field] = true
	}
	return m
}()

// FieldOf is a field as it is remembered: without the places of lists, and "other" for one that the protocol does not know.
func FieldOf(field string) string {
	if at := strings.IndexByte(field, '['); at >= 0 {
		if end := strings.IndexByte(field, ']'); end > at {
			field = field[:at] + field[end+1:]
		}
	}
	if !fields[field] {
		return string(Other)
	}
	return field
}

// maxID bounds an id that is kept, in bytes: the longest messageId that is taken, and no order's id is longer in practice.
const maxID = 100

// IDOf is an id as it is remembered: empty for one that has not the form of an id, or the form of a mobile number. Some clients make ids of addresses, names and numbers of people.
func IDOf(id string) string {
	if len(id) > maxID || len(id) == len("13800138000") && id[0] == '1' && id[1] >= '3' && strings.Trim(id, "0123456789") == "" {
		return ""
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.:#", rune(c)) {
			return ""
		}
	}
	return id
}

// Entry is one event that was not taken, one request of which no event was looked at, or one warning.
type Entry struct {
	At time.Time `json:"at"` // by receipt, UTC, in milliseconds
	// What is the name of a standard event, else the call; empty where neither could be read.
	What  string `json:"what,omitempty"`
	Field string `json:"field,omitempty"` // as FieldOf; empty when it is about the event as a whole
	Code  Code   `json:"reason"`
	// MessageID and OrderID are as IDOf; empty also where the event says none, and of a whole request.
	MessageID string `json:"messageId,omitempty"`
	OrderID   string `json:"orderId,omitempty"`
}

// MaxLast bounds the entries that are kept of the newest.
const MaxLast = 100

// Noted is how much was noted by each code, and the newest of it, oldest first.
type Noted struct {
	Counts map[Code]int `json:"counts"`
	Last   []Entry      `json:"last"`
}

// Add counts an entry.
func (n *Noted) Add(e Entry) {
	if n.Counts == nil {
		n.Counts = map[Code]int{}
	}
	n.Counts[e.Code]++
	if len(n.Last) == MaxLast {
		n.Last = append(n.Last[:0], n.Last[1:]...)
	}
	n.Last = append(n.Last, e)
}

// Clone shares nothing with the original.
func (n *Noted) Clone() Noted { return Noted{maps.Clone(n.Counts), slices.Clone(n.Last)} }

func (n *Noted) total() (sum int) {
	for _, c := range n.Counts {
		sum += c
	}
	return sum
}

// Tally is what was refused within an hour, and what was warned of.
type Tally struct {
	Hour   time.Time `json:"hour"` // its first instant, UTC
	Noted            // the refused
	Warned Noted     `json:"warned,omitzero"`
}

// HourOf is the first instant of a time's hour in UTC.
func HourOf(at time.Time) time.Time { return at.UTC().Truncate(time.Hour) }

// Total is how many were counted of both, which only grows: by it the later of two tallies is known.
func (t *Tally) Total() int { return t.total() + t.Warned.total() }

// Told is what the tallies of several instances come to, of refusals or of warnings.
type Told struct {
	Items []Entry `json:"items"` // at most MaxLast, the newest first
	Hours []Hour  `json:"hours"` // those in which there was anything, the newest first
}

// Report is what was refused and warned of.
type Report struct {
	Told          // the refused
	Warnings Told `json:"warnings"`
	// Partial says that there were more tallies than were read: the oldest are left out.
	Partial bool `json:"partial,omitempty"`
}

// Hour is how much was noted within an hour.
type Hour struct {
	Hour   time.Time    `json:"hour"`
	Counts map[Code]int `json:"counts"`
}

// Sum adds tallies up.
func Sum(tallies []Tally) Report {
	return Report{
		Told:     sum(tallies, func(t *Tally) *Noted { return &t.Noted }),
		Warnings: sum(tallies, func(t *Tally) *Noted { return &t.Warned }),
	}
}

func sum(tallies []Tally, of func(*Tally) *Noted) Told {
	told := Told{Items: []Entry{}, Hours: []Hour{}}
	hours := map[time.Time]map[Code]int{}
	for i := range tallies {
		noted, hour := of(&tallies[i]), tallies[i].Hour
		if len(noted.Counts) > 0 && hours[hour] == nil {
			hours[hour] = map[Code]int{}
		}
		for code, n := range noted.Counts {
			hours[hour][code] += n
		}
		told.Items = append(told.Items, noted.Last...)
	}
	for hour, counts := range hours {
		told.Hours = append(told.Hours, Hour{hour, counts})
	}
	slices.SortFunc(told.Hours, func(a, b Hour) int { return b.Hour.Compare(a.Hour) })
	slices.SortStableFunc(told.Items, func(a, b Entry) int { return b.At.Compare(a.At) })
	told.Items = told.Items[:min(len(told.Items), MaxLast)]
	return told
}
