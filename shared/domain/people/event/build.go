package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// shared is what a batch says for all its events.
type shared struct {
	sentAt                time.Time
	context, integrations base
	userHash              string
	expanded              int
}

// build makes an event of a draft and appends it, or its refusal, to the batch. kind is empty when the event itself must say it.
func (s *scanner) build(b *Batch, d *draft, kind Kind, common *shared, arrival Arrival) {
	b.Events = append(b.Events, Event{})
	s.fill(&b.Events[len(b.Events)-1], b, d, kind, common, &arrival)
	if e := &b.Events[len(b.Events)-1]; d.bad != "" {
		b.refuse(Refusal{d.place, d.badField, d.bad}, named(e))
		b.Events = b.Events[:len(b.Events)-1]
		return
	}
	b.places, b.sent = append(b.places, d.place), append(b.sent, Sent{d.place, d.size, d.proof, d.unnamed})
}

func (s *scanner) fill(e *Event, b *Batch, d *draft, kind Kind, common *shared, arrival *Arrival) {
	if e.Kind = kind; kind == "" {
		text := s.label(d, fieldType)
		switch e.Kind = Kind(text); e.Kind {
		case Track, Identify, Page, Screen, Group, Alias:
		default:
			d.refuse("type", "is not track, identify, page, screen, group or alias")
		}
	}
	e.MessageID = s.id(d, fieldMessageID, MaxMessageID)
	e.UserID = Meaningful(s.id(d, fieldUserID, MaxName))
	e.AnonymousID = Meaningful(s.id(d, fieldAnonymousID, MaxName))
	e.PreviousID = Meaningful(s.id(d, fieldPreviousID, MaxName))
	e.GroupID = s.id(d, fieldGroupID, MaxName)
	e.Properties = s.raw(d, fieldProperties)
	e.Traits = s.raw(d, fieldTraits)
	e.Context = s.raw(d, fieldContext)
	s.prove(e, d, common)
	e.Integrations = s.raw(d, fieldIntegrations)
	switch e.Kind {
	case Track:
		if e.Name = s.label(d, fieldEvent); strings.TrimSpace(e.Name) == "" {
			d.refuse("event", "is missing")
		}
	case Page, Screen:
		if e.Name = s.label(d, fieldName); e.Name == "" {
			e.Name = s.label(d, fieldEvent)
		}
		s.graft(&e.Properties, "category", d.at[fieldCategory])
	case Group:
		if e.GroupID == "" {
			d.refuse("groupId", "is missing")
		}
	case Alias:
		if e.UserID == "" {
			d.refuse("userId", "is missing or means nobody")
		}
		if e.PreviousID == "" {
			d.refuse("previousId", "is missing or means nobody")
		}
	case Identify:
		// Some clients put the traits of an identify call into its context only.
		if at := d.contextTraits; e.Traits == nil && at.to > 0 && s.data[at.from] == '{' {
			e.Traits = json.RawMessage(s.cut(at))
		}
	}
	if d.size > MaxBytes {
		// Fewer bytes do not hold so many.
		for _, f := range [...]field{fieldProperties, fieldTraits} {
			if n := len(newBase(s.raw(d, f)).members); n > MaxProperties {
				d.refuse(f.String(), fmt.Sprintf("has %d members, more than %d", n, MaxProperties))
			}
		}
	}
	if e.UserID == "" && e.AnonymousID == "" {
		d.refuse("userId", "and anonymousId are missing or mean nobody; one is required")
	}
	if d.bad != "" {
		return
	}
	s.widen(e, d, common)
	s.date(e, b, d, common.sentAt, arrival)
	if d.bad == "" && e.MessageID == "" {
		d.unnamed, e.MessageID = true, arrival.NewID()
	}
}

// prove takes the userHash out of the context, the event's own before the batch's.
func (s *scanner) prove(e *Event, d *draft, common *shared) {
	var reason string
	if d.userHash.to == 0 {
		d.proof = common.userHash
		return
	}
	d.proof, reason = s.string(d.userHash)
	d.refuse("context.userHash", reason)
	e.Context = s.without(d.at[fieldContext], d.proving)
}

// without is an object without one of its members.
func (s *scanner) without(object, member span) json.RawMessage {
	before, after := s.data[object.from:member.from], bytes.TrimLeft(s.data[member.to:object.to], blanks)
	if after[0] == ',' {
		after = after[1:]
	} else {
		before = bytes.TrimSuffix(bytes.TrimRight(before, blanks), []byte(","))
	}
	return append(append(make([]byte, 0, len(before)+len(after)), before...), after...)
}

const blanks = " \t\r\n"

// widen gives the event what the batch says for all, and what some clients put beside the context.
func (s *scanner) widen(e *Event, d *draft, common *shared) {
	if extra := common.context.size() + common.integrations.size(); extra > 0 {
		if common.expanded += d.size + extra; common.expanded > maxExpanded {
			d.refuse("context", fmt.Sprintf("makes the batch larger than %d bytes when it is merged into every event", maxExpanded))
			return
		}
		before := len(e.Context) + len(e.Integrations)
		e.Context = common.context.merge(e.Context)
		e.Integrations = common.integrations.merge(e.Integrations)
		if d.size += len(e.Context) + len(e.Integrations) - before; d.size > MaxMoneyBytes {
			d.refuse("context", fmt.Sprintf("makes the event larger than %d bytes when the batch's is merged into it", MaxMoneyBytes))
		}
	}
	s.graft(&e.Context, "channel", d.at[fieldChannel])
}

// label is a short string field, empty when it is absent.
func (s *scanner) label(d *draft, f field) string {
	text, reason := s.string(d.at[f])
	if utf8.RuneCountInString(text) > MaxName {
		reason = tooLong(MaxName)
	}
	d.refuse(f.String(), reason)
	return text
}

// id is a string field that some clients fill with a whole number.
func (s *scanner) id(d *draft, f field, most int) string {
	at := d.at[f]
	var text, reason string
	if raw := s.cut(at); len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		for _, c := range raw[1:] {
			if c < '0' || c > '9' {
				reason = "is neither a string nor a whole number"
			}
		}
		text = string(raw)
	} else {
		text, reason = s.string(at)
	}
	if utf8.RuneCountInString(text) > most {
		reason = tooLong(most)
	}
	d.refuse(f.String(), reason)
	return text
}

func tooLong(most int) string { return fmt.Sprintf("has more than %d characters", most) }

// raw is an object as it was written; null is none.
func (s *scanner) raw(d *draft, f field) json.RawMessage {
	raw := s.cut(d.at[f])
	switch {
	case len(raw) == 0 || raw[0] == 'n':
		return nil
	case raw[0] != '{':
		d.refuse(f.String(), "is not an object")
		return nil
	}
	return json.RawMessage(raw)
}

// graft adds a member to an object that does not have it.
func (s *scanner) graft(object *json.RawMessage, name string, at span) {
	raw := s.cut(at)
	if len(raw) == 0 || raw[0] == 'n' {
		return
	}
	member := append([]byte(`{"`+name+`":`), raw...)
	added := newBase(append(member, '}'))
	*object = added.merge(*object)
}
