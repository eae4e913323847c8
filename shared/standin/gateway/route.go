package gateway

import (
	"sort"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/userops/userops/shared/standin/sam"
)

// segmentKind orders segments by how much they ask of a path.
type segmentKind int

const (
	literal segmentKind = iota
	parameter
	greedy
)

type segment struct {
	kind segmentKind
	text string
}

type route struct {
	key        string
	method     string // "" for any
	segments   []segment
	function   string
	timeout    time.Duration
	limiter    *rate.Limiter
	authorizer *sam.Authorizer
	scopes     []string
}

func compile(r sam.Route, function string) *route {
	out := &route{key: r.Key(), function: function, timeout: r.Timeout, scopes: r.Scopes}
	if r.Method != "ANY" {
		out.method = r.Method
	}
	if r.Path == "" {
		return out
	}
	for _, s := range strings.Split(strings.TrimPrefix(r.Path, "/"), "/") {
		switch {
		case strings.HasSuffix(s, "+}"):
			out.segments = append(out.segments, segment{greedy, s[1 : len(s)-2]})
		case strings.HasPrefix(s, "{"):
			out.segments = append(out.segments, segment{parameter, s[1 : len(s)-1]})
		default:
			out.segments = append(out.segments, segment{literal, s})
		}
	}
	return out
}

func (r *route) greedy() bool {
	return len(r.segments) > 0 && r.segments[len(r.segments)-1].kind == greedy
}

// order puts the routes so that the first one that matches is the most specific: whole paths before greedy ones, literal segments before
// parameters, a method before any, and $default last.
func order(routes []*route) {
	rank := func(r *route) int {
		switch {
		case r.segments == nil:
			return 2
		case r.greedy():
			return 1
		}
		return 0
	}
	sort.SliceStable(routes, func(i, j int) bool {
		a, b := routes[i], routes[j]
		if x, y := rank(a), rank(b); x != y {
			return x < y
		}
		for k := 0; k < len(a.segments) && k < len(b.segments); k++ {
			if x, y := a.segments[k].kind, b.segments[k].kind; x != y {
				return x < y
			}
		}
		if len(a.segments) != len(b.segments) {
			return len(a.segments) > len(b.segments)
		}
		return a.method != "" && b.method == ""
	})
}

// find is the route for a request, with its path parameters.
func find(routes []*route, method, path string) (*route, map[string]string) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for _, r := range routes {
		if r.method != "" && r.method != method {
			continue
		}
		if parameters, ok := r.match(parts); ok {
			return r, parameters
		}
	}
	return nil, nil
}

func (r *route) match(parts []string) (map[string]string, bool) {
	if r.segments == nil {
		return nil, true
	}
	if len(parts) < len(r.segments) || len(parts) > len(r.segments) && !r.greedy() {
		return nil, false
	}
	var parameters map[string]string
	for i, s := range r.segments {
		value := parts[i]
		switch s.kind {
		case literal:
			if value != s.text {
				return nil, false
			}
			continue
		case greedy:
			value = strings.Join(parts[i:], "/")
		}
		// A route cannot end in a slash, but a greedy one takes the path that does: what stands behind the slash is empty then. The root is none.
		if value == "" && (s.kind != greedy || i == 0) {
			return nil, false
		}
		if parameters == nil {
			parameters = map[string]string{}
		}
		parameters[s.text] = value
	}
	return parameters, true
}
