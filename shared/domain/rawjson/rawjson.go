// Package rawjson walks JSON as it was written, without building anything: what comes in is looked at for a few members and kept as its text, and a walk
// costs a tenth of a decoding. It checks nothing: what it walks was seen to be JSON before, by package event or by encoding/json. The surprising thing: of
// what is broken all the same, it tells what comes before the break and ends.
package rawjson

import "bytes"

// Members calls yield for every member of an object, in the sequence of the text; of anything else it calls nothing. A name is decoded, a value is its
// text. Of a name that is there twice, the later member comes later. Value is a part of raw, and so is a name without escapes.
func Members(raw []byte, yield func(name, value []byte)) {
	i := blank(raw, 0)
	if i >= len(raw) || raw[i] != '{' {
		return
	}
	for i = blank(raw, i+1); i < len(raw) && raw[i] == '"'; i = blank(raw, i+1) {
		end := skip(raw, i)
		name := raw[min(i+1, end):max(min(i+1, end), end-1)]
		if bytes.IndexByte(name, '\\') >= 0 {
			name = []byte(Text(raw[i:end]))
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

// Elements calls yield for every element of an array; of anything else it calls nothing.
func Elements(raw []byte, yield func(value []byte)) {
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
