package httpapi

import (
	"net/http"
	"slices"
	"strings"
)

// Router is a ServeMux that can say what it serves, so that a test can hold the template's routes to it.
type Router struct {
	http.ServeMux
	patterns, once []string
}

// HandleFunc registers a handler for a pattern such as "GET /v1/runs/{id}", spelt as the route key in the template: a rest of the path is {rest+}, and may
// be empty.
func (r *Router) HandleFunc(pattern string, h http.HandlerFunc) {
	r.patterns = append(r.patterns, pattern)
	r.ServeMux.HandleFunc(strings.Replace(pattern, "+}", "...}", 1), h)
}

// HandlePost registers a POST that is carried out once for an Idempotency-Key. Guards stand before it, such as Auth.Require.
func (r *Router) HandlePost(pattern string, p Post, guards ...func(pattern string, h http.HandlerFunc) http.HandlerFunc) {
	h := p.serve
	for _, guard := range guards {
		h = guard(pattern, h)
	}
	r.once = append(r.once, pattern)
	r.HandleFunc(pattern, h)
}

// Patterns lists what was registered, sorted.
func (r *Router) Patterns() []string {
	return slices.Sorted(slices.Values(r.patterns))
}

// Once lists the patterns of HandlePost, sorted.
func (r *Router) Once() []string {
	return slices.Sorted(slices.Values(r.once))
}
