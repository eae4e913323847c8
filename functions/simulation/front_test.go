package simulation

import (
	"strings"
)

// front finds the function of a request as the gateway does.
func (w *world) front(method, path string) string {
	parts := strings.Split(path, "/")
	best, function := -1, ""
	for _, f := range w.template.Functions {
		for _, r := range f.Routes {
			if r.Method != method && r.Method != "ANY" {
				continue
			}
			if n := matches(strings.Split(r.Path, "/"), parts); n > best {
				best, function = n, f.Folder
			}
		}
	}
	return function
}

// matches counts the literal parts of a route that a path has, -1 if it does not fit.
func matches(route, path []string) int {
	n := 0
	for i, part := range route {
		if strings.HasSuffix(part, "+}") {
			return n
		}
		if i >= len(path) {
			return -1
		}
		if strings.HasPrefix(part, "{") {
			continue
		}
		if part != path[i] {
			return -1
		}
		n++
	}
	if len(route) != len(path) {
		return -1
	}
	return n
}

// about is the event that a body begins with.
func about(body string) string {
	_, rest, found := strings.Cut(body, `"messageId":"`)
	if !found {
		return ""
	}
	id, _, _ := strings.Cut(rest, `"`)
	return " " + id
}
