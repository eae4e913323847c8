package event

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/rawjson"
)

const (
	// maxDepth is how deep an event may nest, the event itself being the first level.
	maxDepth = 32
	// hardDepth is where the scanner gives up on the whole body: it calls itself once a level.
	hardDepth = 512
)

// scanner checks JSON and finds where its values lie, in one pass and without building anything. It tells two kinds of wrong
// apart: what makes the rest of the body unreadable (an error), and what only spoils the value that holds it (a defect,
// noted once, after which it goes on). It is stricter than encoding/json: a key that stands twice, bytes that are not UTF-8,
// numbers beyond a float64 and deep nesting are defects.
type scanner struct {
	data   []byte
	pos    int
	depth  int
	origin int    // the depth at which the event under the scanner begins
	place  int    // that event's place in the body, -1 outside any
	defect string // the first since it was last cleared
	drafts []draft
	keyAt  int    // where the key of the member just begun is written
	keys   []key  // of the objects that are open, innermost last
	text   []byte // decoded form of the keys that were written with escapes
}

// key is a member's name: where it lies in data, or in text when it was written with escapes.
type key struct {
	hash       uint64
	start, end int32
	escaped    bool
}

// seed makes the keys' hashes differ between processes, so that nobody can prepare collisions.
var seed = maphash.MakeSeed()

var scanners = sync.Pool{New: func() any { return new(scanner) }}

func newScanner(data []byte) *scanner {
	s := scanners.Get().(*scanner)
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // some editors and tills write a byte order mark
	*s = scanner{data: data, place: -1, drafts: s.drafts[:0], keys: s.keys[:0], text: s.text[:0]}
	return s
}

func (s *scanner) release() {
	s.data = nil
	scanners.Put(s)
}

func (s *scanner) syntax(what string) error {
	return &Malformed{Index: s.place, Reason: fmt.Sprintf("is not valid JSON: %s at byte %d", what, s.pos)}
}

func (s *scanner) note(defect string) {
	if s.defect == "" {
		s.defect = defect
	}
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek is the next byte that is no white space, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// value passes one value of any kind.
func (s *scanner) value() error {
	switch c := s.peek(); {
	case c == '"':
		_, err := s.str()
		return err
	case c == '{':
		return s.object(nil)
	case c == '[':
		return s.array(nil)
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	case s.pos >= len(s.data):
		return s.syntax("it ends too early")
	}
	return s.syntax("unexpected character")
}

// end passes the white space after the body's value.
func (s *scanner) end() error {
	if s.space(); s.pos < len(s.data) {
		return s.syntax("more follows")
	}
	return nil
}

func (s *scanner) word(w string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(w)) {
		return s.syntax("unexpected character")
	}
	s.pos += len(w)
	return nil
}

func (s *scanner) enter() error {
	s.depth++
	if s.depth > hardDepth {
		return &Malformed{Index: s.place, Reason: fmt.Sprintf("nests deeper than %d levels", hardDepth)}
	}
	if s.depth-s.origin > maxDepth {
		s.note(fmt.Sprintf("nests deeper than %d levels", maxDepth))
	}
	s.pos++
	return nil
}

// object passes an object. For each member it calls f, which must pass the value; a nil f passes any.
func (s *scanner) object(f func(name []byte) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	keys, text := len(s.keys), len(s.text)
	if s.peek() != '}' {
		for {
			if s.peek() != '"' {
				return s.syntax("a key is missing")
			}
			s.keyAt = s.pos
			start := s.pos + 1
			escaped, err := s.str()
			if err != nil {
				return err
			}
			k := key{start: int32(start), end: int32(s.pos - 1)}
			if escaped {
				k.escaped, k.start = true, int32(len(s.text))
				s.text = rawjson.Unescape(s.text, s.data[start:s.pos-1])
				k.end = int32(len(s.text))
			}
			name := s.name(k)
			k.hash = maphash.Bytes(seed, name)
			s.keys = append(s.keys, k)
			if s.peek() != ':' {
				return s.syntax("a colon is missing")
			}
			s.pos++
			if f != nil {
				err = f(name)
			} else {
				err = s.value()
			}
			if err != nil {
				return err
			}
			if c := s.peek(); c == '}' {
				break
			} else if c != ',' {
				return s.syntax("a comma or brace is missing")
			}
			s.pos++
		}
	}
	s.pos++
	if twice := s.twice(s.keys[keys:]); twice != nil {
		s.note("has the key " + strconv.Quote(clip.Shown(string(twice))) + " twice")
	}
	s.keys, s.text = s.keys[:keys], s.text[:text]
	s.depth--
	return nil
}

func (s *scanner) name(k key) []byte {
	if k.escaped {
		return s.text[k.start:k.end]
	}
	return s.data[k.start:k.end]
}

// take returns the defect noted since the last call, empty if there was none.
func (s *scanner) take() string {
	defect := s.defect
	s.defect = ""
	return defect
}

// twice returns a name that two of the keys have, nil if there is none.
func (s *scanner) twice(keys []key) []byte {
	const few = 12
	if len(keys) > few {
		slices.SortFunc(keys, func(a, b key) int { return cmp.Compare(a.hash, b.hash) })
	}
	for i := range keys {
		for j := i + 1; j < len(keys) && (len(keys) <= few || keys[j].hash == keys[i].hash); j++ {
			if keys[i].hash == keys[j].hash && bytes.Equal(s.name(keys[i]), s.name(keys[j])) {
				return s.name(keys[i])
			}
		}
	}
	return nil
}

// array passes an array. For each element it calls f with its place, which must pass the element; a nil f passes any.
func (s *scanner) array(f func(place int) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.peek() != ']' {
		for place := 0; ; place++ {
			var err error
			if f != nil {
				err = f(place)
			} else {
				err = s.value()
			}
			if err != nil {
				return err
			}
			if c := s.peek(); c == ']' {
				break
			} else if c != ',' {
				return s.syntax("a comma or bracket is missing")
			}
			s.pos++
		}
	}
	s.pos++
	s.depth--
	return nil
}

// str passes a string and says whether it has escapes.
func (s *scanner) str() (escaped bool, err error) {
	data, start := s.data, s.pos+1
	i, wide := start, false
	for {
		for i < len(data) && rawjson.Bare(data[i]) {
			i++
		}
		if i >= len(data) {
			s.pos = len(data)
			return false, s.syntax("a string does not end")
		}
		switch c := data[i]; {
		case c == '"':
			s.pos = i + 1
			if wide && !utf8.Valid(data[start:i]) {
				s.note("has bytes that are not UTF-8")
			}
			return escaped, nil
		case c >= 0x80:
			wide = true
			i++
		case c == '\\':
			escaped = true
			n := rawjson.Escape(data[i:])
			if n == 0 {
				s.pos = i
				return false, s.syntax("unknown escape")
			}
			i += n
		default:
			s.pos = i
			return false, s.syntax("bare control character in a string")
		}
	}
}

// number passes a number.
func (s *scanner) number() error {
	data, start := s.data, s.pos
	i := start
	if data[i] == '-' {
		i++
	}
	whole := i
	i = digits(data, i)
	if i == whole || data[whole] == '0' && i > whole+1 {
		return s.syntax("malformed number")
	}
	if i < len(data) && data[i] == '.' {
		from := i + 1
		if i = digits(data, from); i == from {
			return s.syntax("malformed number")
		}
	}
	exponent := false
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		exponent = true
		from := i + 1
		if from < len(data) && (data[from] == '+' || data[from] == '-') {
			from++
		}
		if i = digits(data, from); i == from {
			return s.syntax("malformed number")
		}
	}
	s.pos = i
	const safe = 300 // digits that no float64 overflows
	if exponent || i-start > safe {
		if _, err := strconv.ParseFloat(string(data[start:i]), 64); err != nil {
			s.note("has a number that is out of range")
		}
	}
	return nil
}

func digits(data []byte, i int) int {
	for i < len(data) && data[i] >= '0' && data[i] <= '9' {
		i++
	}
	return i
}

// string is the text of a JSON string; null and no value are the empty one.
func (s *scanner) string(at span) (text, reason string) {
	raw := s.cut(at)
	switch {
	case len(raw) == 0 || raw[0] == 'n':
		return "", ""
	case raw[0] != '"':
		return "", "is not a string"
	}
	return rawjson.Text(raw), ""
}

func (s *scanner) cut(at span) []byte { return s.data[at.from:at.to:at.to] }

// span passes one value of any kind.
func (s *scanner) span() (span, error) {
	s.space()
	from := s.pos
	err := s.value()
	return span{from, s.pos}, err
}
