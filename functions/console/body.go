package console

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// The fields of an answer that are Catalog's and not the document's. Sent back in a PUT, version is what the writer had read.
const (
	fieldID        = "id"
	fieldVersion   = "version"
	fieldUpdatedAt = "updatedAt"
	fieldUpdatedBy = "updatedBy"
	fieldWarnings  = "warnings"
)

// fields is a document by its top-level fields. As JSON they come in the order of their names.
type fields map[string]json.RawMessage

// strip takes off a document what Catalog adds to it.
func (f fields) strip() {
	for _, added := range []string{fieldID, fieldVersion, fieldUpdatedAt, fieldUpdatedBy, fieldWarnings} {
		delete(f, added)
	}
}

// changed names the fields at the top of two documents that differ, in their order.
func changed(before, after json.RawMessage) []string {
	var was, is fields
	_ = json.Unmarshal(before, &was)
	_ = json.Unmarshal(after, &is)
	names := map[string]bool{}
	for name := range was {
		names[name] = true
	}
	for name := range is {
		names[name] = true
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(names)), func(name string) bool { return bytes.Equal(was[name], is[name]) })
}

// quoted is a text as JSON.
func quoted(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // no string is without JSON
	}
	return b
}
