package format

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/userops/userops/shared/domain/money"
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

// flags are the words that tables have for yes and no.
var flags = map[string]bool{"yes": true, "y": true, "true": true, "1": true, "是": true, "有": true, "√": true, "no": false, "n": false, "false": false, "0": false, "否": false, "无": false}

// typed is a trait's or property's name without its kind, and the value: number(points), flag(vip), date(birthday), time(createdAt); anything else is a text. birthday
// and createdAt are a date and a time by themselves.
func typed(field, text string, o Options) (name string, value any, reason string) {
	kind, name := "", field
	if before, rest, ok := strings.Cut(field, "("); ok && strings.HasSuffix(rest, ")") {
		kind, name = before, strings.TrimSuffix(rest, ")")
	} else if field == "birthday" {
		kind = "date"
	} else if field == "createdAt" {
		kind = "time"
	}
	switch kind {
	case "":
		if name == "phone" && rounded.MatchString(text) {
			return name, nil, errRounded.Error()
		}
	case "number":
		digits, err := ungrouped(strings.TrimPrefix(norm.NFKC.String(text), "-"))
		n, numberErr := money.ReadDecimal(digits)
		if err != nil || numberErr != nil {
			return name, nil, "is no number"
		}
		if value := plainDecimal(n); strings.HasPrefix(text, "-") {
			return name, "-" + value, ""
		}
		return name, plainDecimal(n), ""
	case "flag":
		flag, known := flags[strings.ToLower(text)]
		if !known {
			return name, nil, "is neither yes nor no (是 nor 否)"
		}
		return name, flag, ""
	case "date":
		at, err := timeIn(text, Options{Zone: time.UTC, Dates: o.Dates, Now: o.Now})
		if err != nil {
			return name, nil, "is no date such as 1990-05-31 or 1990/5/31"
		}
		return name, at.Format(time.DateOnly), ""
	case "time":
		at, err := timeIn(text, o)
		if err != nil {
			return name, nil, err.Error()
		}
		return name, at.Format(time.RFC3339), ""
	}
	return name, text, ""
}
