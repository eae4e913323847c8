package event

import (
	"strings"
	"unicode"
)

// nobody are the texts that clients write where they know no id, in lower case and without blanks around. They join nobody to anybody.
var nobody = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields(`null nil none nan undefined undef void true false n/a na #n/a - . _ -1 0 0.0 (null) (none) (undefined) <null> <nil> <none>
		[] {} "" '' anonymous anon guest unknown unidentified not_authenticated notauthenticated not-authenticated unauthenticated
		not_logged_in notloggedin not-logged-in not_set notset not-set (not_set) no_user nouser infinity -infinity
		user_id userid user-id anonymous_id anonymousid anonymous-id your_user_id`) {
		m[s] = true
	}
	for _, s := range []string{"(not set)", "not set", "not authenticated", "not logged in", "no user", "[object object]", "[object undefined]", "[object null]", "object object",
		"未登录", "游客", "匿名"} {
		m[s] = true
	}
	return m
}()

// longestNobody is the longest of them, in bytes.
var longestNobody = func() (most int) {
	for s := range nobody {
		most = max(most, len(s))
	}
	return most
}()

// Meaningful is the id, or empty when it is one of the values that clients write for nobody: a placeholder, only zeros and hyphens, or
// the braces of a template that was not filled in.
func Meaningful(id string) string {
	trimmed := strings.TrimSpace(id)
	if strings.Trim(trimmed, "0-") == "" || unfilled(trimmed) {
		return ""
	}
	if len(trimmed) <= longestNobody && nobody[strings.ToLower(trimmed)] {
		return ""
	}
	return id
}

// unfilled tells whether an id is a template that nobody filled in.
func unfilled(id string) bool {
	if !strings.ContainsAny(id, "{<[%*") {
		return false
	}
	for _, marks := range [...][2]string{{"{{", "}}"}, {"${", "}"}, {"#{", "}"}, {"<%", "%>"}, {"{%", "%}"}, {"%%", "%%"}, {"[[", "]]"}, {"*|", "|*"}} {
		if at := strings.Index(id, marks[0]); at >= 0 && strings.Contains(id[at+len(marks[0]):], marks[1]) {
			return true
		}
	}
	switch {
	case len(id) == 2 && id[0] == '%' && strings.IndexByte("sdvuiq@", id[1]) >= 0:
		return true // a format verb
	case len(id) > 2 && (id[0] == '{' && id[len(id)-1] == '}' || id[0] == '<' && id[len(id)-1] == '>'):
		// A name, and no GUID in braces, which has digits.
		return strings.IndexFunc(id[1:len(id)-1], func(c rune) bool { return !unicode.IsLetter(c) && !strings.ContainsRune("_.- ", c) }) < 0
	}
	return false
}
