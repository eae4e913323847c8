package httpapi

import (
	"net/http"
	"slices"
)

// Router is a ServeMux that can say what it serves, so that a test can hold the template's routes to it.
type Router struct {
	http.ServeMux
	patterns []string
}

// HandleFunc registers a handler for a pattern such as "GET /v1/runs/{id}", spelt as the route key in the template.
func (r *Router) HandleFunc(pattern string, h http.HandlerFunc) {
	r.patterns = append(r.patterns, pattern)
	r.ServeMux.HandleFunc(pattern, h)
}

// Patterns lists what was registered, sorted.
func (r *Router) Patterns() []string {
	return slices.Sorted(slices.Values(r.patterns))
}
