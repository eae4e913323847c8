package form

import (
	"bytes"
	"encoding/json"

	"github.com/userops/userops/shared/domain/rawjson"
)

// member is a member of a JSON object, as it was written.
type member struct {
	name  string
	value json.RawMessage
}

// members are those of an object in their sequence; false for what is none.
func members(raw json.RawMessage) ([]member, bool) {
	if !begins(raw, '{') {
		return nil, false
	}
	all := []member{}
	rawjson.Members(raw, func(name, value []byte) { all = append(all, member{string(name), json.RawMessage(value)}) })
	return all, true
}

// elements are those of a list; false for what is none.
func elements(raw json.RawMessage) ([]json.RawMessage, bool) {
	if !begins(raw, '[') {
		return nil, false
	}
	all := []json.RawMessage{}
	rawjson.Elements(raw, func(value []byte) { all = append(all, json.RawMessage(value)) })
	return all, true
}

func begins(raw json.RawMessage, with byte) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && raw[0] == with
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

// one is the value of a name; the last one, where it is there twice. It is nil where there is none.
func one(all []member, name string) json.RawMessage {
	var found json.RawMessage
	for _, m := range all {
		if m.name == name {
			found = m.value
		}
	}
	return found
}

func object(all []member) json.RawMessage {
	raw := []byte{'{'}
	for i, m := range all {
		if i > 0 {
			raw = append(raw, ',')
		}
		raw = append(rawjson.AppendText(raw, m.name), ':')
		raw = append(raw, m.value...)
	}
	return append(raw, '}')
}

func list(all []json.RawMessage) json.RawMessage {
	return append(append([]byte{'['}, bytes.Join(asBytes(all), []byte{','})...), ']')
}

func asBytes(all []json.RawMessage) [][]byte {
	out := make([][]byte, len(all))
	for i, one := range all {
		out[i] = one
	}
	return out
}

// text is a JSON string of a text.
func text(s string) json.RawMessage { return rawjson.AppendText(nil, s) }

// textIn is the text of a JSON string; false for any other value.
func textIn(raw json.RawMessage) (string, bool) {
	var s string
	if !begins(raw, '"') || json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, true
}

// numberIn is a JSON number as it was written; false for any other value.
func numberIn(raw json.RawMessage) (string, bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return "", false
	}
	return string(raw), true
}

// compact is a JSON value without blanks; nil for what is no JSON.
func compact(raw json.RawMessage) json.RawMessage {
	var out bytes.Buffer
	if json.Compact(&out, raw) != nil {
		return nil
	}
	return out.Bytes()
}

// alike says whether two values are the same text but for blanks; nothing is like nothing alone.
func alike(a, b json.RawMessage) bool {
	return (a == nil) == (b == nil) && bytes.Equal(compact(a), compact(b))
}

// indented is a JSON value as somebody can read it.
func indented(raw json.RawMessage) string {
	var out bytes.Buffer
	if json.Indent(&out, raw, "", "  ") != nil {
		return string(raw)
	}
	return out.String()
}
