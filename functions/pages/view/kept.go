package view

import (
	"cmp"
	"net/http"
	"slices"
)

// Kept is a form that was sent and came to nothing: all that was typed, for a page from which it can be sent again.
type Kept struct {
	Action string // where it went
	Fields []Typed
}

// Typed is a field of it.
type Typed struct{ Name, Value string }

// maxKept bounds what a page hands back: written as HTML it may be five times as long, and an answer of the gateway has at most 6 MB.
const maxKept = 1 << 20

// KeptOf is the form that a request has sent, nil for one that is no form, or too long to be handed back.
func KeptOf(r *http.Request) *Kept {
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		return nil
	}
	k, size := &Kept{Action: r.URL.RequestURI()}, 0
	for name, values := range r.PostForm {
		for _, value := range values {
			k.Fields = append(k.Fields, Typed{name, value})
			size += len(name) + len(value)
		}
	}
	if size > maxKept {
		return nil
	}
	slices.SortStableFunc(k.Fields, func(a, b Typed) int { return cmp.Compare(a.Name, b.Name) }) // fields of one name stay in their turn
	return k
}
