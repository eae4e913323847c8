// Package schema is what the documents of each kind of definition are made of, field by field, for whoever shows them to people: the names and types are read off
// the Go types that decode them, and one table a kind says what each field is called and means, in both languages. It reads and checks no document. The
// surprising thing: a kind without a table has a schema too, in which every field is called by its name, and a test tells what its table lacks.
package schema

import (
	"reflect"
	"strings"

	"github.com/userops/userops/shared/domain/audience/rule"
)

// Type is what a value of a field is for people. It decides how the value is shown and what may be typed.
type Type string

// The types. What is a JSON text, number, or true or false in the document comes first.
const (
	Text      Type = "text"
	Lines     Type = "lines"     // a text of several lines
	Liquid    Type = "liquid"    // the same, as a template
	Choice    Type = "choice"    // one of few texts
	Reference Type = "reference" // the id of another definition
	Secret    Type = "secret"    // a text that is not shown again
	Span      Type = "span"      // a length of time: "36h"
	Moment    Type = "moment"    // a time with its zone
	Clock     Type = "clock"     // a time of day: "21:30"
	Whole     Type = "whole"
	Decimal   Type = "decimal"
	Percent   Type = "percent" // a share from 0 to 1, told in percent
	Minor     Type = "minor"   // an amount in minor units of the shop's currency
	Flag      Type = "flag"

	Money    Type = "money"    // {"amount": 50000, "currency": "CNY"}
	Quantity Type = "quantity" // {"points": 500}
	Value    Type = "value"    // a text, a number, true or false, or a list of them
	Payload  Type = "payload"  // a text that is a template, or JSON whose texts are
	Rule     Type = "rule"     // package rule's
	JSON     Type = "json"     // nothing more is known of it

	Object Type = "object"
	List   Type = "list"
	Array  Type = "array" // a list of a fixed length
	Map    Type = "map"   // an object whose names are its author's
)

// Words are a text in both languages.
type Words struct{ English, Chinese string }

// In is the text in a language.
func (w Words) In(l rule.Language) string {
	if l == rule.Chinese {
		return w.Chinese
	}
	return w.English
}

// Option is one of the values that a field can have.
type Option struct {
	Value string
	Words
}

// Field is one place of a document, and what lies below it.
type Field struct {
	Name string // in the document; empty for the document itself and for an element
	Path string // the names from the document on, the same for every element of a list: "variants.weight"
	Type Type
	Row  // what its table says

	// Optional says that the document may go without.
	Optional bool
	Parts    []*Field // of an Object, in the sequence of its type
	Of       *Field   // an element of a List, an Array or a Map
	Size     int      // of an Array
}

// Row is what a table says of a field, and its type does not.
type Row struct {
	Label, Help Words
	// As is the type, where the Go type leaves several.
	As Type
	// Refers is the kind whose ids the field takes.
	Refers string
	// Options are the values of a Choice, and the usual names of a Map.
	Options []Option
	// Absent says what holds where the document says nothing, of a field for which that is not the same as no, none or nothing.
	Absent Words
	// Key is what the names of a Map are.
	Key Words
	// One says that exactly one part of an Object is there.
	One bool
	// When says of what documents the field is: of e-mails, of a trigger that is no audience. Forms hide it from others; empty for all.
	When When
	// Rare says that most documents go without: forms put it away until somebody wants it.
	Rare bool
	// Letter says that rows of a list are told apart by it, and nothing else depends on what it is: a new row begins with the first of a, b, c that none has.
	Letter bool
}

// When is of what documents a field is.
type When string

// Whens are the kinds of documents that a field may be of. A style sheet knows them by name.
const (
	OfSubject When = "subject" // its channel carries this part, and so on
	OfText    When = "text"
	OfHTML    When = "html"
	OfPayload When = "payload"
	OfEvents  When = "events" // its trigger is no audience
)

// Table says what the fields of a kind are called, by their paths; the kind itself stands under the empty one.
type Table map[string]Row

// Rows are the paths of which a table has a row: of each field, and of the entries of a map. An element of a list has the list's.
func (f *Field) Rows() []string {
	var paths []string
	f.Walk(func(one *Field) {
		if one.Path == "" || one.Name != "" || strings.HasSuffix(one.Path, ".*") {
			paths = append(paths, one.Path)
		}
	})
	return paths
}

// Walk visits the field and all below it.
func (f *Field) Walk(each func(*Field)) {
	each(f)
	for _, part := range f.Parts {
		part.Walk(each)
	}
	if f.Of != nil {
		f.Of.Walk(each)
	}
}

// Part is the member of a name, nil if there is none.
func (f *Field) Part(name string) *Field {
	for _, part := range f.Parts {
		if part.Name == name {
			return part
		}
	}
	return nil
}

// called is a name as it stands in a tag of a Go field; there is none for what is not of the document.
func called(field reflect.StructField) (name string, optional, ok bool) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "-" && options == "" || !field.IsExported() {
		return "", false, false
	}
	if name == "" {
		name = field.Name
	}
	return name, strings.Contains(options, "omit"), true
}
