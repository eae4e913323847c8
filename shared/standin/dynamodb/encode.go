package dynamodb

import "encoding/base64"

// appendValueJSON writes {"S":"..."}.
func appendValueJSON(dst, value []byte) []byte {
	switch value[0] {
	case tagString:
		dst = append(dst, `{"S":`...)
		dst = appendText(dst, content(value))
	case tagNumber:
		dst = append(dst, `{"N":"`...)
		dst = append(dst, content(value)...)
		dst = append(dst, '"')
	case tagBinary:
		dst = append(dst, `{"B":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, content(value))
		dst = append(dst, '"')
	case tagTrue:
		dst = append(dst, `{"BOOL":true`...)
	case tagFalse:
		dst = append(dst, `{"BOOL":false`...)
	case tagNull:
		dst = append(dst, `{"NULL":true`...)
	case tagMap:
		dst = append(dst, `{"M":`...)
		dst = appendMapJSON(dst, content(value))
	case tagList:
		dst = append(dst, `{"L":[`...)
		for rest := content(value); len(rest) > 0; {
			var v []byte
			v, rest = split(rest)
			dst = appendValueJSON(dst, v)
			if len(rest) > 0 {
				dst = append(dst, ',')
			}
		}
		dst = append(dst, ']')
	default:
		dst = append(dst, `{"`...)
		dst = append(dst, typeName(value[0])...)
		dst = append(dst, `":[`...)
		for rest := content(value); len(rest) > 0; {
			var e []byte
			e, rest = readBytes(rest)
			switch value[0] {
			case tagBinarySet:
				dst = append(dst, '"')
				dst = base64.StdEncoding.AppendEncode(dst, e)
				dst = append(dst, '"')
			default:
				dst = appendText(dst, e)
			}
			if len(rest) > 0 {
				dst = append(dst, ',')
			}
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// appendMapJSON writes attributes as an object.
func appendMapJSON(dst, attrs []byte) []byte {
	dst = append(dst, '{')
	for len(attrs) > 0 {
		var name, v []byte
		name, v, attrs = nextAttr(attrs)
		dst = appendText(dst, name)
		dst = append(dst, ':')
		dst = appendValueJSON(dst, v)
		if len(attrs) > 0 {
			dst = append(dst, ',')
		}
	}
	return append(dst, '}')
}

const hexDigits = "0123456789abcdef"

// appendText writes a JSON string.
func appendText[T string | []byte](dst []byte, text T) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, text[from:]...)
	return append(dst, '"')
}
