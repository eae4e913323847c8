package schema

import (
	"encoding"
	"encoding/json"
	"reflect"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/span"
)

// maxDepth ends what a type that holds itself would not.
const maxDepth = 8

// leaves are the Go types that are a value by themselves.
var leaves = map[reflect.Type]Type{
	reflect.TypeFor[time.Time](): Moment, reflect.TypeFor[span.Span](): Span, reflect.TypeFor[delivery.Clock](): Clock, reflect.TypeFor[money.Amount](): Money,
	reflect.TypeFor[ledger.Quantity](): Quantity, reflect.TypeFor[json.RawMessage](): JSON,
}

var (
	readsText = reflect.TypeFor[encoding.TextUnmarshaler]()
	readsJSON = reflect.TypeFor[json.Unmarshaler]()
)

// describe is the field of a type at a path.
func describe(t reflect.Type, name, path string, table Table, depth int) *Field {
	f := &Field{Name: name, Path: path, Row: table[path]}
	if name != "" && f.Label == (Words{}) {
		f.Label = Words{name, name}
	}
	if t.Kind() == reflect.Pointer {
		f.Optional, t = true, t.Elem()
		if t.Kind() == reflect.Bool && f.Absent == (Words{}) {
			f.Absent = Words{"not said", "未指定"}
		}
	}
	f.Type = f.shape(t, table, depth)
	if f.As != "" && f.Of == nil {
		f.Type = f.As
	}
	return f
}

// shape is the type, with what lies below it.
func (f *Field) shape(t reflect.Type, table Table, depth int) Type {
	leaf, known := leaves[t]
	switch pointer := reflect.PointerTo(t); {
	case known:
		return leaf
	case pointer.Implements(readsText):
		return Text
	case pointer.Implements(readsJSON) || depth > maxDepth:
		return JSON
	}
	switch t.Kind() {
	case reflect.Bool:
		return Flag
	case reflect.String:
		return f.text()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Whole
	case reflect.Float32, reflect.Float64:
		return Decimal
	case reflect.Interface:
		return Value
	case reflect.Struct:
		f.parts(t, table, depth)
		return Object
	case reflect.Slice:
		f.Of = f.element(t, table, depth)
		return List
	case reflect.Array:
		f.Of, f.Size = f.element(t, table, depth), t.Len()
		return Array
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			f.Of = f.element(t, table, depth)
			return Map
		}
	}
	return JSON
}

// text is the type of a text that the table says more of.
func (f *Field) text() Type {
	switch {
	case f.Refers != "":
		return Reference
	case len(f.Options) > 0:
		return Choice
	}
	return Text
}

// element is what a list holds, which has the list's row; or a map, whose entries have one of their own.
func (f *Field) element(t reflect.Type, table Table, depth int) *Field {
	path := f.Path
	if t.Kind() == reflect.Map {
		path += ".*"
	}
	of := describe(t.Elem(), "", path, table, depth+1)
	of.Absent = Words{}
	return of
}

func (f *Field) parts(t reflect.Type, table Table, depth int) {
	for _, field := range reflect.VisibleFields(t) {
		name, optional, ok := called(field)
		if !ok || field.Anonymous && field.Tag.Get("json") == "" {
			continue // what is embedded stands beside the others
		}
		path := name
		if f.Path != "" {
			path = f.Path + "." + name
		}
		part := describe(field.Type, name, path, table, depth+1)
		part.Optional = part.Optional || optional
		f.Parts = append(f.Parts, part)
	}
}
