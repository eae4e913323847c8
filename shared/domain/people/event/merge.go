package event

import (
	"bytes"
	"encoding/json"
	"slices"
)

// base is an object whose members go into others that do not have them.
type base struct {
	raw     json.RawMessage
	members [][]byte       // as written, name and value
	places  map[string]int // of members, by decoded name
}

// base reads a batch's object; null and no value are an empty one.
func (s *scanner) base(at span) (b base, reason string) {
	raw := s.cut(at)
	switch {
	case len(raw) == 0 || raw[0] == 'n':
		return base{}, ""
	case raw[0] != '{':
		return base{}, "is not an object"
	}
	return newBase(raw), ""
}

// newBase splits an object, which has passed a scanner.
func newBase(raw []byte) base {
	b := base{raw: raw, places: make(map[string]int)}
	s := newScanner(raw)
	defer s.release()
	// A value that has passed once cannot fail.
	_ = s.object(func(name []byte) error {
		b.places[string(name)] = len(b.members)
		from := s.keyAt
		err := s.value()
		b.members = append(b.members, raw[from:s.pos:s.pos])
		return err
	})
	return b
}

// take takes a text out of the object: empty where there is none.
func (b *base) take(name string) (text, reason string) {
	at, there := b.places[name]
	if !there {
		return "", ""
	}
	s := newScanner(b.members[at])
	defer s.release()
	_, _ = s.str() // it has passed
	s.space()
	s.pos++ // the colon
	value, _ := s.span()
	text, reason = s.string(value)
	rest := []byte{'{'}
	for _, member := range slices.Delete(b.members, at, at+1) {
		rest = append(append(rest, member...), ',')
	}
	*b = newBase(append(bytes.TrimSuffix(rest, []byte(",")), '}'))
	return text, reason
}

func (b base) size() int {
	if len(b.members) == 0 {
		return 0
	}
	return len(b.raw)
}

// merge is own with the members of the base that it does not have. Only whole members are merged, not what is in them.
func (b base) merge(own json.RawMessage) json.RawMessage {
	if len(b.members) == 0 {
		return own
	}
	if len(own) == 0 {
		return b.raw
	}
	has := make([]bool, len(b.members))
	empty := true
	s := newScanner(own)
	defer s.release()
	_ = s.object(func(name []byte) error {
		empty = false
		if i, ok := b.places[string(name)]; ok {
			has[i] = true
		}
		return s.value()
	})
	out := make([]byte, 0, len(own)+len(b.raw))
	out = append(out, own[:len(own)-1]...)
	for i, member := range b.members {
		if has[i] {
			continue
		}
		if !empty {
			out = append(out, ',')
		}
		out, empty = append(out, member...), false
	}
	return append(out, '}')
}
