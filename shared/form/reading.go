package form

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// reading reads the values of a request.
type reading struct {
	values url.Values
	shop   Shop
	nodes  int
}

// count is how many rows were sent of a list.
func (r *reading) count(name string) int {
	n, err := strconv.Atoi(r.values.Get(name + endRows))
	if err != nil || n < 0 {
		return 0
	}
	return min(n, maxRows)
}

// json is a value that travelled with the form. What somebody else has made of it is none.
func (r *reading) json(name string) json.RawMessage {
	if raw := compact(json.RawMessage(r.values.Get(name))); len(raw) > 0 {
		return raw
	}
	return nil
}

// newlines are those of a document: browsers send two characters for each.
func newlines(typed string) string { return strings.ReplaceAll(typed, "\r\n", "\n") }
