package profile

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
)

// members calls yield for every member of a JSON object; of anything else it calls nothing. The text is known to be JSON, since
// it came out of a decoder: this walks it once without reflection or allocation, in a tenth of the time of json.Unmarshal. What is broken all
// the same ends the walk. Of a name that is there twice, the later member comes later.
func members(raw []byte, yield func(name, value []byte)) {
	i := blank(raw, 0)
	if i >= len(raw) || raw[i] != '{' {
		return
	}
	for i = blank(raw, i+1); i < len(raw) && raw[i] == '"'; i = blank(raw, i+1) {
		end := skip(raw, i)
		name := raw[min(i+1, end):max(min(i+1, end), end-1)]
		if bytes.IndexByte(name, '\\') >= 0 {
			name = []byte(unquote(raw[i:end]))
		}
		i = blank(raw, end)
		if i >= len(raw) || raw[i] != ':' {
			return
		}
		i = blank(raw, i+1)
		end = skip(raw, i)
		yield(name, raw[i:end])
		if i = blank(raw, end); i >= len(raw) || raw[i] != ',' {
			return
		}
	}
}

// elements calls yield for every element of a JSON array; of anything else it calls nothing.
func elements(raw []byte, yield func(value []byte)) {
	i := blank(raw, 0)
	if i >= len(raw) || raw[i] != '[' {
		return
	}
	for i = blank(raw, i+1); i < len(raw) && raw[i] != ']'; i = blank(raw, i+1) {
		end := skip(raw, i)
		yield(raw[i:end])
		if i = blank(raw, end); i >= len(raw) || raw[i] != ',' {
			return
		}
	}
}

func blank(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

// skip is the end of the value that begins at i.
func skip(raw []byte, i int) int {
	depth := 0
	for i < len(raw) {
		switch raw[i] {
		case '"':
			for i++; i < len(raw) && raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
			i = min(i+1, len(raw))
		case '{', '[':
			depth++
			i++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		case ',', ':', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
			i++
			continue
		default:
			for i++; i < len(raw) && bytes.IndexByte([]byte(",:]} \n\t\r"), raw[i]) < 0; i++ {
			}
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

// unquote is a JSON string's text; empty for any other value.
func unquote(raw []byte) string {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return ""
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// plainText is a JSON string's text or a number's digits; anything else is empty.
func plainText(raw []byte) string {
	if len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		return string(raw)
	}
	return unquote(raw)
}

// scalar reads a JSON value as string, bool, int64 or float64; null is nil; arrays and objects are kept as their text.
func scalar(raw []byte) any {
	if len(raw) == 0 {
		return nil
	}
	switch raw[0] {
	case '"':
		return clipTo(unquote(raw), MaxTraitText)
	case 't':
		return true
	case 'f':
		return false
	case 'n':
		return nil
	case '{', '[':
		var compact bytes.Buffer
		if json.Compact(&compact, raw) != nil {
			return nil
		}
		return clipTo(compact.String(), MaxTraitTree)
	}
	if i, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return i
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil
	}
	return f
}

func clip(s string) string { return clipTo(s, MaxTraitKey) }

// clipTo cuts a text to n bytes, not within a character.
func clipTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
