package event

import (
	"strings"
	"unicode"

	"github.com/userops/userops/shared/domain/people/address"
)

// nobody are the texts that clients write where they know no id, in lower case and without blanks around. They join nobody to anybody.
var nobody = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields(`null nil none nan undefined undef void true false n/a na #n/a - . _ -1 0 0.0 (null) (none) (undefined) <null> <nil> <none>
		[] {} "" '' anonymous anon guest unknown unidentified not_authenticated notauthenticated not-authenticated unauthenticated
		not_logged_in notloggedin not-logged-in not_set notset not-set (not_set) no_user nouser infinity -infinity
		user_id userid user-id anonymous_id anonymousid anonymous-id your_user_id customer_id customerid
		anonymoususer no-user no_user_id logged_out logged-out loggedout visitor missing empty unset`) {
		m[s] = true
	}
	for _, s := range []string{"(not set)", "not set", "not authenticated", "not logged in", "not provided", "no user", "unknown user", "object object",
		"未登录", "未登陆", "游客", "访客", "匿名", "未知", "无", "空"} {
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

// Meaningful is the id, or empty when it is one of the values that clients write for nobody: a placeholder, however it is quoted, spelt or put
// together, only zeros and hyphens, the braces of a template that was not filled in, or what a language prints for a value that is no text.
func Meaningful(id string) string {
	trimmed := strings.TrimFunc(id, blank)
	if strings.Trim(trimmed, "0-") == "" || unfilled(trimmed) || printed(trimmed) {
		return ""
	}
	if len(trimmed) > 2*longestNobody+maxMarks {
		return id
	}
	ascii := true
	for i := range len(trimmed) {
		if c := trimmed[i]; c >= '1' && c <= '9' && trimmed != "-1" {
			return id // no placeholder has such a digit, and most ids have
		}
		ascii = ascii && trimmed[i] < 0x80
	}
	if !ascii {
		trimmed = address.Narrow(trimmed)
	}
	if plain := strings.Trim(trimmed, quotes); isNobody(trimmed) || isNobody(plain) || ofNobodies(plain) {
		return ""
	}
	return id
}

// quotes are the marks that stand around a placeholder where a value was quoted twice or written into a list, or behind it.
const (
	quotes   = "\"'`()<>[]{}:,;.*?#@$%^&!|/\\=+_- "
	maxMarks = 8
)

func isNobody(s string) bool { return len(s) <= longestNobody && nobody[strings.ToLower(s)] }

// ofNobodies tells whether a text is two placeholders and nothing else: a key made of two ids that are not there, or one written twice.
func ofNobodies(s string) bool {
	half := len(s) / 2
	if len(s)%2 == 0 && s[:half] == s[half:] && isNobody(s[:half]) {
		return true
	}
	at := strings.IndexAny(s, "-_:|,;/@ ")
	return at > 0 && isNobody(s[:at]) && isNobody(strings.Trim(s[at:], quotes))
}

// blank is what stands around a text and cannot be seen.
func blank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// printed tells whether an id is what a language prints for a value that is no text: [object Promise], Optional(nil), a function.
func printed(id string) bool {
	begins := func(with string) bool { return len(id) >= len(with) && strings.EqualFold(id[:len(with)], with) }
	return begins("[object ") && strings.HasSuffix(id, "]") || begins("Optional(nil") || begins("function") && strings.Contains(id, "{") || begins("Symbol(")
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
