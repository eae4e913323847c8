package dynamodb

import (
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON without building it. The first error sticks and ends every loop.
type scanner struct {
	b     []byte
	i     int
	first bool
	err   error
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = badJSON(format, args...)
		s.i = len(s.b)
	}
}

func (s *scanner) space() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// begin enters an object or array; more must be asked next.
func (s *scanner) begin(open byte) bool {
	c := s.space()
	if s.err != nil {
		return false
	}
	if c != open {
		s.mismatch(map[byte]string{'{': "Start of structure or map", '[': "Start of list"}[open])
		return false
	}
	s.i++
	s.first = true
	return true
}

func (s *scanner) mismatch(want string) {
	switch c := s.space(); {
	case c == '"':
		s.fail("%s found where not expected: STRING_VALUE, expected %s", "Unexpected token", want)
	case c == '{':
		s.fail("Start of structure or map found where not expected.")
	case c == '[':
		s.fail("Unrecognized collection type: list found where not expected, expected %s", want)
	case c == 't' || c == 'f':
		s.fail("%s cannot be converted to %s", map[byte]string{'t': "TRUE_VALUE", 'f': "FALSE_VALUE"}[c], want)
	case c == '-' || c >= '0' && c <= '9':
		s.fail("NUMBER_VALUE cannot be converted to %s", want)
	default:
		s.fail("Unexpected character in the request body at offset %d", s.i)
	}
}

// more says whether another element follows and consumes the comma, or the end.
func (s *scanner) more(end byte) bool {
	c := s.space()
	if s.err != nil {
		return false
	}
	if c == end {
		s.i++
		s.first = false
		return false
	}
	if s.first {
		s.first = false
		return true
	}
	if c != ',' {
		s.fail("Unexpected character in the request body at offset %d", s.i)
		return false
	}
	s.i++
	return true
}

// key reads a member's name and the colon.
func (s *scanner) key() []byte {
	k := s.text()
	if s.space() != ':' {
		s.fail("Unexpected character in the request body at offset %d", s.i)
		return nil
	}
	s.i++
	return k
}

// null consumes a null.
func (s *scanner) null() bool {
	if s.space() == 'n' && s.i+4 <= len(s.b) && string(s.b[s.i:s.i+4]) == "null" {
		s.i += 4
		return true
	}
	return false
}

// text reads a string; the result may share the request's bytes.
func (s *scanner) text() []byte {
	if s.space() != '"' {
		s.mismatch("String")
		return nil
	}
	s.i++
	start := s.i
	ascii := true
	for s.i < len(s.b) {
		c := s.b[s.i]
		switch {
		case c == '"':
			t := s.b[start:s.i]
			s.i++
			if !ascii && !utf8.Valid(t) {
				s.fail("Invalid UTF-8 in a string of the request body")
				return nil
			}
			return t
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			s.fail("Illegal unquoted character in a string of the request body")
			return nil
		case c >= 0x80:
			ascii = false
		}
		s.i++
	}
	s.fail("Unexpected end of the request body")
	return nil
}

func (s *scanner) escaped(start int) []byte {
	out := append(make([]byte, 0, 2*(s.i-start)+32), s.b[start:s.i]...)
	for s.i < len(s.b) {
		c := s.b[s.i]
		switch {
		case c == '"':
			s.i++
			if !utf8.Valid(out) {
				s.fail("Invalid UTF-8 in a string of the request body")
				return nil
			}
			return out
		case c < ' ':
			s.fail("Illegal unquoted character in a string of the request body")
			return nil
		case c != '\\':
			out = append(out, c)
			s.i++
			continue
		}
		if s.i+1 >= len(s.b) {
			break
		}
		s.i += 2
		switch e := s.b[s.i-1]; e {
		case '"', '\\', '/':
			out = append(out, e)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := s.hex()
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if s.i+1 < len(s.b) && s.b[s.i] == '\\' && s.b[s.i+1] == 'u' {
					mark := s.i
					s.i += 2
					low = s.hex()
					if utf16.DecodeRune(r, low) == utf8.RuneError && s.err == nil {
						s.i = mark
					}
				}
				r = utf16.DecodeRune(r, low)
			}
			out = utf8.AppendRune(out, r)
		default:
			s.fail("Unrecognized character escape in the request body")
			return nil
		}
	}
	s.fail("Unexpected end of the request body")
	return nil
}

func (s *scanner) hex() rune {
	if s.i+4 > len(s.b) {
		s.fail("Unexpected end of the request body")
		return 0
	}
	n, err := strconv.ParseUint(string(s.b[s.i:s.i+4]), 16, 16)
	if err != nil {
		s.fail("Unrecognized character escape in the request body")
		return 0
	}
	s.i += 4
	return rune(n)
}

func (s *scanner) bool() bool {
	s.space()
	rest := s.b[s.i:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "true":
		s.i += 4
		return true
	case len(rest) >= 5 && string(rest[:5]) == "false":
		s.i += 5
		return false
	}
	s.mismatch("Boolean")
	return false
}

// integer reads a whole number of 32 bits.
func (s *scanner) integer() int {
	c := s.space()
	if c != '-' && (c < '0' || c > '9') {
		s.mismatch("Integer")
		return 0
	}
	start := s.i
	for s.i < len(s.b) && (s.b[s.i] == '-' || s.b[s.i] >= '0' && s.b[s.i] <= '9') {
		s.i++
	}
	n, err := strconv.ParseInt(string(s.b[start:s.i]), 10, 64)
	if err != nil || n > math.MaxInt32 || n < math.MinInt32 || s.i < len(s.b) && (s.b[s.i] == '.' || s.b[s.i] == 'e' || s.b[s.i] == 'E') {
		s.fail("NUMBER_VALUE cannot be converted to Integer")
		return 0
	}
	return int(n)
}

const maxJSONDepth = 200

// skip passes over any value.
func (s *scanner) skip(depth int) {
	if depth > maxJSONDepth {
		s.fail("The request body is nested too deeply")
		return
	}
	switch c := s.space(); c {
	case '"':
		s.text()
	case '{':
		s.begin('{')
		for s.more('}') {
			s.key()
			s.skip(depth + 1)
		}
	case '[':
		s.begin('[')
		for s.more(']') {
			s.skip(depth + 1)
		}
	case 't', 'f':
		s.bool()
	case 'n':
		if !s.null() {
			s.fail("Unexpected character in the request body at offset %d", s.i)
		}
	default:
		if c != '-' && (c < '0' || c > '9') {
			s.fail("Unexpected character in the request body at offset %d", s.i)
			return
		}
		for s.i < len(s.b) && isNumberByte(s.b[s.i]) {
			s.i++
		}
	}
}

func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}
