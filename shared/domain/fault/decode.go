package fault

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/spelling"
)

const (
	// maxFound bounds what one decoding reports: an author mends the first ones first.
	maxFound = 100
	// unknownReason is how the reason begins that a field is not known; a name that it might have been meant for may follow.
	unknownReason = "is not known here"
)

// Syntax is why a text is not one JSON value, with the byte at which it stops being one, counted from 0; empty if it is.
func Syntax(body []byte) string {
	var whole json.RawMessage
	err := json.Unmarshal(body, &whole)
	var wrong *json.SyntaxError
	switch {
	case err == nil:
		return ""
	case len(bytes.TrimSpace(body)) == 0:
		return "is empty"
	case !errors.As(err, &wrong):
		return "is not valid JSON: " + err.Error()
	case wrong.Error() == "unexpected end of JSON input":
		return fmt.Sprintf("is not valid JSON: it ends too early at byte %d", len(body))
	case strings.HasSuffix(wrong.Error(), "after top-level value"):
		return fmt.Sprintf("is not valid JSON: more follows at byte %d", wrong.Offset-1)
	}
	return fmt.Sprintf("is not valid JSON: %s at byte %d", wrong.Error(), wrong.Offset-1)
}

// Repeated are the names that stand twice in an object of a JSON text, with their places. encoding/json lets the last one hold and says nothing.
func Repeated(body []byte) Faults {
	var d decoding
	if Syntax(body) == "" {
		d.repeated(json.NewDecoder(bytes.NewReader(body)), nil)
	}
	return d.faults
}

// repeated reads one value, of which it is known that it is JSON. path are the steps to it: of a text that is nested deeply they are joined only for a fault.
func (d *decoding) repeated(text *json.Decoder, path []string) {
	text.UseNumber() // a number too great for a float64 is JSON too
	switch token(text) {
	case json.Delim('{'):
		seen := map[string]bool{}
		for text.More() {
			name := token(text).(string)
			place := append(path, "."+name)
			if seen[name] {
				d.add(strings.TrimPrefix(strings.Join(place, ""), "."), "is there twice")
			}
			seen[name] = true
			d.repeated(text, place)
		}
		token(text)
	case json.Delim('['):
		for i := 0; text.More(); i++ {
			d.repeated(text, append(path, fmt.Sprintf("[%d]", i)))
		}
		token(text)
	}
}

func token(text *json.Decoder) json.Token {
	next, err := text.Token()
	if err != nil {
		panic(err) // it was seen to be JSON
	}
	return next
}

// Decode reads a JSON document into the value that v points to and goes on after a fault: every value that does not fit, and every
// field that the type does not have, is reported with its place. What fits is in v. Unlike json.Unmarshal it takes a field by its exact
// name alone: of two that differ in their case, one would silently hold.
func Decode(body []byte, v any) Faults {
	var d decoding
	if reason := Syntax(body); reason != "" {
		d.faults.Add("", reason)
		return d.faults
	}
	d.value(body, reflect.ValueOf(v).Elem(), "")
	return d.faults
}

// And joins to the faults of a decoding what a check then found in the value. A check's fault about something that could not be
// read, or that holds it, is left out: it would blame the author for a value that nobody wrote.
func (f Faults) And(err error) error {
	var more Faults
	if !errors.As(err, &more) {
		if err != nil {
			return err
		}
		return f.Err()
	}
	all := slices.Clone(f)
	for _, m := range more {
		hidden := slices.ContainsFunc(f, func(o Fault) bool {
			return o == m || !strings.HasPrefix(o.Reason, unknownReason) && (holds(o.Field, m.Field) || holds(m.Field, o.Field))
		})
		if !hidden {
			all = append(all, m)
		}
	}
	return all.Err()
}

// holds says whether a field is another or has it as a part.
func holds(outer, inner string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (outer == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

type decoding struct{ faults Faults }

func (d *decoding) add(path, reason string) {
	if len(d.faults) < maxFound {
		d.faults.Add(path, reason)
	}
}

func (d *decoding) value(raw json.RawMessage, into reflect.Value, path string) {
	raw = bytes.TrimSpace(raw)
	if into.Kind() == reflect.Pointer && !bytes.Equal(raw, []byte("null")) {
		if into.IsNil() {
			into.Set(reflect.New(into.Type().Elem()))
		}
		d.value(raw, into.Elem(), path)
		return
	}
	whole := bytes.Equal(raw, []byte("null"))
	switch into.Addr().Interface().(type) {
	case json.Unmarshaler, encoding.TextUnmarshaler:
		whole = true
	}
	kind := into.Kind()
	switch {
	case !whole && raw[0] == '{' && kind == reflect.Struct:
		d.object(raw, into, path)
	case !whole && raw[0] == '{' && kind == reflect.Map && into.Type().Key().Kind() == reflect.String:
		d.entries(raw, into, path)
	case !whole && raw[0] == '[' && kind == reflect.Slice:
		d.list(raw, into, path)
	default:
		if err := json.Unmarshal(raw, into.Addr().Interface()); err != nil {
			d.misfit(err, into, path)
		}
	}
}

// misfit says why a value cannot be read.
func (d *decoding) misfit(err error, into reflect.Value, path string) {
	var own Faults
	var wrong *json.UnmarshalTypeError
	_, isTime := into.Addr().Interface().(*time.Time)
	switch {
	case errors.As(err, &own):
		for _, f := range own.Under(path) {
			d.add(f.Field, f.Reason)
		}
	case errors.As(err, &wrong):
		if wrong.Field != "" {
			path = strings.TrimPrefix(path+"."+wrong.Field, ".")
		}
		d.add(path, "is a JSON "+wrong.Value+", which does not fit")
	case isTime:
		d.add(path, "is not a time with its zone, such as 2026-11-21T08:00:00Z or 2026-11-21T16:00:00+08:00")
	default:
		d.add(path, strings.TrimPrefix(err.Error(), "json: "))
	}
}

func (d *decoding) object(raw json.RawMessage, into reflect.Value, path string) {
	parts := split(raw)
	known := fieldsOf(into.Type())
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		place := strings.TrimPrefix(path+"."+name, ".")
		if field, ok := known[name]; ok {
			d.value(parts[name], into.FieldByIndex(field.Index), place)
		} else {
			d.add(place, unknownReason+spelling.Hint(name, slices.Sorted(maps.Keys(known))...))
		}
	}
}

func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	known := map[string]reflect.StructField{}
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported() || field.Anonymous && name == "":
		case name == "":
			known[field.Name] = field
		default:
			known[name] = field
		}
	}
	return known
}

func (d *decoding) entries(raw json.RawMessage, into reflect.Value, path string) {
	parts := split(raw)
	if into.IsNil() {
		into.Set(reflect.MakeMapWithSize(into.Type(), len(parts)))
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		one := reflect.New(into.Type().Elem()).Elem()
		d.value(parts[name], one, strings.TrimPrefix(path+"."+name, "."))
		into.SetMapIndex(reflect.ValueOf(name).Convert(into.Type().Key()), one)
	}
}

func (d *decoding) list(raw json.RawMessage, into reflect.Value, path string) {
	var parts []json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		panic(err) // it was seen to be JSON, and begins as a list
	}
	all := reflect.MakeSlice(into.Type(), len(parts), len(parts))
	for i, part := range parts {
		d.value(part, all.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
	into.Set(all)
}

func split(raw json.RawMessage) map[string]json.RawMessage {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		panic(err) // it was seen to be JSON, and begins as an object
	}
	return parts
}
