package format

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/people/event"
)

// readPeople makes an identify of each line. Every field that is no id and no time is a trait.
func readPeople(s *sheet, o Options) error {
	for {
		l, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		e, fault, err := identify(l, o)
		switch {
		case err != nil:
			return err
		case fault != nil:
			s.sink.Refuse(*fault)
		default:
			if err := s.sink.Event(e); err != nil {
				return err
			}
		}
	}
}

func identify(l line, o Options) (Event, *Refusal, error) {
	var faults []*Refusal
	c := call{Type: "identify", Traits: map[string]any{}}
	for _, field := range slices.Sorted(maps.Keys(l.s.from)) {
		text, column := l.field(field)
		reason := ""
		switch field {
		case "userId", "anonymousId":
			if rounded.MatchString(text) {
				reason = errRounded.Error()
			} else if text != "" && event.Meaningful(text) == "" {
				reason = "means nobody"
			}
			if field == "userId" {
				c.UserID = text
			} else {
				c.AnonymousID = text
			}
		case "timestamp":
			if text != "" {
				at, err := timeIn(text, o)
				if err != nil {
					reason = err.Error()
				}
				c.Timestamp = &at
			}
		default:
			if text != "" {
				var name string
				var value any
				name, value, reason = typed(strings.TrimPrefix(field, "traits."), text, o)
				c.Traits[name] = value
			}
		}
		if reason != "" {
			faults = append(faults, l.fault(column, text, reason))
		}
	}
	if c.UserID == "" && c.AnonymousID == "" {
		_, column := l.field("userId")
		if _, other := l.field("anonymousId"); column == "" {
			column = other
		}
		faults = append(faults, l.fault(column, "", "is empty: whose the line is cannot be told"))
	}
	if len(faults) == 0 && len(c.Traits) == 0 {
		faults = append(faults, &Refusal{Line: l.line, Row: l.number, Reason: "the line says nothing of the person: every trait is empty"})
	}
	if len(faults) > 0 {
		return Event{}, joined(faults), nil
	}
	said, err := json.Marshal(c)
	if err != nil {
		return Event{}, nil, fmt.Errorf("naming the person of line %d: %w", l.line, err)
	}
	c.MessageID = "person-" + digest(string(said))
	e, err := c.event(l, Money{})
	return e, nil, err
}
