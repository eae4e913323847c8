package event

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// The limits of the protocol. A body of MaxBody bytes and an event of MaxBytes are still taken, of a source that may move money one of
// MaxMoneyBytes: an invoice of a wholesaler has hundreds of lines.
const (
	MaxBody  = 500 << 10
	MaxBytes = 32 << 10
	// MaxMoneyBytes is what a parser lets pass; who takes the batch judges by the source.
	MaxMoneyBytes = 256 << 10
	MaxProperties = 10_000
	MaxEvents     = 2500
	MaxMessageID  = 100 // characters
	// MaxName bounds, in characters, what becomes part of a profile: ids and event names.
	MaxName = 512
	// maxExpanded bounds what a body may grow to when the batch's context is merged into every event.
	maxExpanded = 4 << 20
)

// Arrival is what only the server knows of a request.
type Arrival struct {
	ReceivedAt time.Time
	// Zone is the shop's, in which a time is read that names none; nil is UTC.
	Zone *time.Location
	// NewID makes a messageId for an event that came without. It is never the same twice, so such an event that is sent again by its
	// client is another one.
	NewID func() string
}

// Batch is what came of a body: the accepted events in their order, and for every other one why not. The raw parts of the
// events lie in the body, which must not change after.
type Batch struct {
	WriteKey string // as the body had it, empty if it had none
	Events   []Event
	Refused  []Refusal     // by Index
	said     map[int]Named // of Refused
	warnings []Warning
	places   []int  // of Events
	sent     []Sent // of Events
}

// Sent is what an event came with and does not keep.
type Sent struct {
	Index int // the event's place in the body
	Size  int // in bytes, with what the batch says for all
	// UserHash is the proof of who speaks. It is a credential, so it is taken out of the context.
	UserHash string
	// Unnamed says that the event came without a messageId, so that its sender does not know the one it has.
	Unnamed bool
}

// Refusal is the verdict on an event that was not accepted. Field is empty when it is about the event as a whole.
type Refusal struct {
	Index  int
	Field  string
	Reason string
}

// Warning says that something of an accepted event counts otherwise than its sender may think, or not at all. Index is -1 when it is about the batch as a
// whole.
type Warning struct {
	Index  int
	Field  string
	Reason string
}

// MaxWarnings bounds the warnings of a body: they are for whoever builds a client, who mends the first and sees the next.
const MaxWarnings = 100

// Warn notes a warning; without a reason there is none.
func (b *Batch) Warn(index int, field, reason string) {
	if reason != "" && len(b.warnings) < MaxWarnings {
		b.warnings = append(b.warnings, Warning{index, field, reason})
	}
}

// Warnings are those of the batch and of its accepted events, by Index.
func (b *Batch) Warnings() []Warning {
	kept := slices.DeleteFunc(b.warnings, func(w Warning) bool {
		_, refused := slices.BinarySearchFunc(b.Refused, w.Index, func(r Refusal, index int) int { return r.Index - index })
		return refused
	})
	slices.SortStableFunc(kept, func(x, y Warning) int { return x.Index - y.Index })
	b.warnings = kept
	return kept
}

// Named is what tells an event from others, as far as it could be read.
type Named struct {
	Kind       Kind
	Name       string
	MessageID  string
	Properties json.RawMessage // a part of the body
}

func named(e *Event) Named { return Named{e.Kind, e.Name, e.MessageID, e.Properties} }

// Said is what a refused event was.
func (b *Batch) Said(r Refusal) Named { return b.said[r.Index] }

// Taken is what the accepted event at a place of the body is; nothing of the batch as a whole.
func (b *Batch) Taken(index int) Named {
	at, found := slices.BinarySearch(b.places, index)
	if !found {
		return Named{}
	}
	return named(&b.Events[at])
}

func (b *Batch) refuse(r Refusal, as Named) {
	b.Refused = append(b.Refused, r)
	if b.said == nil {
		b.said = map[int]Named{}
	}
	b.said[r.Index] = as
}

// Malformed says that a body as a whole cannot be taken. Index is the place of the event at which that showed, -1 outside any.
type Malformed struct {
	Index  int
	Field  string
	Reason string
}

// Error is the field and the reason.
func (m *Malformed) Error() string {
	if m.Field == "" {
		return "the body " + m.Reason
	}
	return m.Field + " " + m.Reason
}

// Judge asks a further verdict on every accepted event; one for which reason is not empty is refused after all.
func (b *Batch) Judge(judge func(e *Event, as Sent) (field, reason string)) {
	kept := 0
	for i := range b.Events {
		if field, reason := judge(&b.Events[i], b.sent[i]); reason != "" {
			as := named(&b.Events[i])
			if b.sent[i].Unnamed {
				as.MessageID = ""
			}
			b.refuse(Refusal{b.places[i], field, reason}, as)
			continue
		}
		b.Events[kept], b.places[kept], b.sent[kept] = b.Events[i], b.places[i], b.sent[i]
		kept++
	}
	b.Events, b.places, b.sent = b.Events[:kept], b.places[:kept], b.sent[:kept]
	slices.SortFunc(b.Refused, func(x, y Refusal) int { return x.Index - y.Index })
}

func tooLarge(size, most int) string { return fmt.Sprintf("has %d bytes, more than %d", size, most) }

// Fits says why an event of so many bytes is too large for a source, empty if it is not.
func Fits(size int, money bool) (reason string) {
	switch {
	case money && size > MaxMoneyBytes:
		return tooLarge(size, MaxMoneyBytes)
	case !money && size > MaxBytes:
		return tooLarge(size, MaxBytes)
	}
	return ""
}
