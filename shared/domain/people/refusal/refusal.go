// Package refusal is what is remembered of events that were not taken, for the operators who look for why a shop's numbers stand still: SDKs tell nobody what a 200
// says of single events. It judges nothing and holds nothing of what was sent. The surprising thing: all its texts are ones of ours, a few dozen fields, names of
// standard events and codes, so that neither a person's data nor a flood of invented names gets into what it makes.
package refusal

import (
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

// Codes lists the codes.
func Codes() []Code {
	return []Code{Malformed, Type, Missing, Size, Call, Time, Amount, Currency, Consent, NotAllowed, Reserved, Proof, Guest, Origin, Disabled, Signature, Other}
}

// marks are what reasons hold, by code. The first one that is found decides.
var marks = []struct {
	mark string
	code Code
}{
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

// CodeOf is the code of a reason that a verdict gave, Other of one that is not known.
func CodeOf(reason string) Code {
	for _, m := range marks {
		if strings.Contains(reason, m.mark) {
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
		properties.products.quantity properties.channel properties.purpose properties.textVersion`) {
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

// Entry is one event that was not taken, or one request of which no event was looked at.
type Entry struct {
	At time.Time `json:"at"` // by receipt, UTC, in milliseconds
	// What is the name of a standard event, else the call; empty where neither could be read.
	What  string `json:"what,omitempty"`
	Field string `json:"field,omitempty"` // as FieldOf; empty when it is about the event as a whole
	Code  Code   `json:"reason"`
}

// MaxLast bounds the entries that are kept of the newest.
const MaxLast = 100

// Tally is what was refused within an hour: how much by each code, and the newest of it, oldest first.
type Tally struct {
	Hour   time.Time    `json:"hour"` // its first instant, UTC
	Counts map[Code]int `json:"counts"`
	Last   []Entry      `json:"last"`
}

// HourOf is the first instant of a time's hour in UTC.
func HourOf(at time.Time) time.Time { return at.UTC().Truncate(time.Hour) }

// Add counts an entry of the tally's hour.
func (t *Tally) Add(e Entry) {
	if t.Counts == nil {
		t.Counts = map[Code]int{}
	}
	t.Counts[e.Code]++
	if len(t.Last) == MaxLast {
		t.Last = append(t.Last[:0], t.Last[1:]...)
	}
	t.Last = append(t.Last, e)
}

// Total is how many were counted.
func (t *Tally) Total() (n int) {
	for _, c := range t.Counts {
		n += c
	}
	return n
}

// Report is what the tallies of several instances come to.
type Report struct {
	Items []Entry `json:"items"` // at most MaxLast, the newest first
	Hours []Hour  `json:"hours"` // those in which anything was refused, the newest first
	// Partial says that there were more tallies than were read: the oldest are left out.
	Partial bool `json:"partial,omitempty"`
}

// Hour is how much was refused within an hour.
type Hour struct {
	Hour   time.Time    `json:"hour"`
	Counts map[Code]int `json:"counts"`
}

// Sum adds tallies up.
func Sum(tallies []Tally) Report {
	r := Report{Items: []Entry{}, Hours: []Hour{}}
	hours := map[time.Time]map[Code]int{}
	for _, t := range tallies {
		if hours[t.Hour] == nil {
			hours[t.Hour] = map[Code]int{}
		}
		for code, n := range t.Counts {
			hours[t.Hour][code] += n
		}
		r.Items = append(r.Items, t.Last...)
	}
	for hour, counts := range hours {
		r.Hours = append(r.Hours, Hour{hour, counts})
	}
	slices.SortFunc(r.Hours, func(a, b Hour) int { return b.Hour.Compare(a.Hour) })
	slices.SortStableFunc(r.Items, func(a, b Entry) int { return b.At.Compare(a.At) })
	r.Items = r.Items[:min(len(r.Items), MaxLast)]
	return r
}
