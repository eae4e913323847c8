package dynamodb

import "unicode/utf8"

// nextAttr cuts the first attribute off a run of attributes.
func nextAttr(attrs []byte) (name, value, rest []byte) {
	name, rest = readBytes(attrs)
	value, rest = split(rest)
	return name, value, rest
}

// valueSize is the service's size of a value in bytes.
func valueSize(value []byte) int {
	switch value[0] {
	case tagString, tagBinary:
		return len(content(value))
	case tagNumber:
		return numberSize(content(value))
	case tagTrue, tagFalse, tagNull:
		return 1
	case tagMap:
		size := 3
		for rest := content(value); len(rest) > 0; {
			var name, v []byte
			name, v, rest = nextAttr(rest)
			size += 1 + len(name) + valueSize(v)
		}
		return size
	case tagList:
		size := 3
		for rest := content(value); len(rest) > 0; {
			var v []byte
			v, rest = split(rest)
			size += 1 + valueSize(v)
		}
		return size
	}
	size := 0
	for rest := content(value); len(rest) > 0; {
		var e []byte
		e, rest = readBytes(rest)
		if value[0] == tagNumberSet {
			size += numberSize(e)
		} else {
			size += len(e)
		}
	}
	return size
}

// textLength counts what size() counts in a string.
func textLength(b []byte) int { return utf8.RuneCount(b) }
