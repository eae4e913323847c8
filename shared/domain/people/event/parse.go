package event

import (
	"fmt"

	"github.com/userops/userops/shared/domain/clip"
)

// ParseOne reads the body of a single call. The error is a *Malformed.
func ParseOne(body []byte, kind Kind, arrival Arrival) (*Batch, error) {
	s := newScanner(body)
	defer s.release()
	if err := s.draft(0); err != nil {
		return nil, err
	}
	s.place = -1
	if err := s.end(); err != nil {
		return nil, err
	}
	d := &s.drafts[0]
	key, reason := s.string(d.at[fieldWriteKey])
	d.refuse("writeKey", reason)
	b := &Batch{WriteKey: key}
	s.build(b, d, kind, &shared{}, arrival)
	return b, nil
}

// ParseBatch reads the body of a batch call. The error is a *Malformed.
func ParseBatch(body []byte, arrival Arrival) (*Batch, error) {
	s := newScanner(body)
	defer s.release()
	if s.peek() != '{' {
		if err := s.value(); err != nil {
			return nil, err
		}
		return nil, &Malformed{Index: -1, Reason: "is not an object"}
	}
	var batch, key, context, integrations, sentAt span
	err := s.object(func(name []byte) error {
		var at span
		var err error
		if string(name) == "batch" && s.peek() == '[' {
			at.from = s.pos
			err = s.array(s.draft)
			s.place, s.origin = -1, 0
		} else {
			at, err = s.span()
		}
		if err != nil {
			return err
		}
		switch string(name) {
		case "batch":
			batch = at
		case "writeKey":
			key = at
		case "context":
			context = at
		case "integrations":
			integrations = at
		case "sentAt":
			sentAt = at
		}
		if defect := s.take(); defect != "" {
			return &Malformed{Index: -1, Field: clip.Shown(string(name)), Reason: defect}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	if defect := s.take(); defect != "" {
		return nil, &Malformed{Index: -1, Reason: defect}
	}
	if s.data[batch.from] != '[' { // without a batch this is the body's first byte
		return nil, &Malformed{Index: -1, Field: "batch", Reason: "is not an array of events"}
	}
	b := &Batch{Events: make([]Event, 0, len(s.drafts)), places: make([]int, 0, len(s.drafts))}
	var common shared
	var reason string
	fail := func(field string) error { return &Malformed{Index: -1, Field: field, Reason: reason} }
	if b.WriteKey, reason = s.string(key); reason != "" {
		return nil, fail("writeKey")
	}
	var doubt string
	if common.sentAt, doubt, reason = s.time(sentAt, arrival.Zone); reason != "" {
		return nil, fail("sentAt")
	}
	b.Warn(-1, "sentAt", doubt)
	if common.context, reason = s.base(context); reason != "" {
		return nil, fail("context")
	}
	if common.userHash, reason = common.context.take("userHash"); reason != "" {
		return nil, fail("context.userHash")
	}
	if common.integrations, reason = s.base(integrations); reason != "" {
		return nil, fail("integrations")
	}
	for i := range s.drafts {
		s.build(b, &s.drafts[i], "", &common, arrival)
	}
	return b, nil
}

// draft passes one event and appends where its fields lie.
func (s *scanner) draft(place int) error {
	if place >= MaxEvents {
		return &Malformed{Index: place, Field: "batch", Reason: fmt.Sprintf("has more than %d events", MaxEvents)}
	}
	s.drafts = append(s.drafts, draft{place: place})
	d := &s.drafts[place]
	c := s.peek()
	s.place, s.origin = place, s.depth
	start := s.pos
	if c != '{' {
		err := s.value()
		s.take()
		d.refuse("", "is not an object")
		return err
	}
	err := s.object(func(name []byte) error {
		f := fieldOf(name)
		var at span
		var err error
		if f == fieldContext && s.peek() == '{' {
			at, err = s.context(d)
		} else {
			at, err = s.span()
		}
		d.at[f] = at
		if defect := s.take(); defect != "" {
			d.refuse(clip.Shown(string(name)), defect)
		}
		return err
	})
	if err != nil {
		return err
	}
	d.refuse("", s.take())
	if d.size = s.pos - start; d.size > MaxMoneyBytes {
		d.refuse("", tooLarge(d.size, MaxMoneyBytes))
	}
	return nil
}

// context passes an event's context and notes what in it concerns the event.
func (s *scanner) context(d *draft) (span, error) {
	at := span{from: s.pos}
	err := s.object(func(name []byte) error {
		key := s.keyAt
		inner, err := s.span()
		switch string(name) {
		case "traits":
			d.contextTraits = inner
		case "userHash":
			d.userHash, d.proving = inner, span{key, inner.to}
		}
		return err
	})
	at.to = s.pos
	return at, err
}
