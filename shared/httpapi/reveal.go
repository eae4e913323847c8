package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
)

// Line begins the line of what the caller of r does now: who, from where, and why, empty where no reason is asked for. The log keeps milliseconds.
func Line(r *http.Request, now time.Time, reason string) audit.Line {
	return audit.Line{At: now.UTC().Truncate(time.Millisecond), By: Caller(r.Context()), From: From(r.Context()), Reason: reason}
}

// Reveals are the lines of what the caller of r is shown now without masks: one for each of those who are shown, by their profileIds.
func Reveals[T any](r *http.Request, now time.Time, reason string, newID func() string, shown []T, profileID func(T) string) []audit.Line {
	l := Line(r, now, reason)
	lines := make([]audit.Line, len(shown))
	for i, one := range shown {
		lines[i] = l.Done(audit.Reveal, audit.KindProfile, profileID(one), newID())
	}
	return lines
}

// maxReason bounds, in letters, why somebody is revealed.
const maxReason = 200

// Revealing is why an operator wants to be shown people without masks, empty where they do not ask for it. Where they may not, or say no reason that can be
// kept, the request is answered.
func Revealing(w http.ResponseWriter, r *http.Request) (reason string, ok bool) {
	caller, given := Caller(r.Context()), r.URL.Query()["reason"]
	if given == nil {
		return "", true
	}
	if !caller.Role.May(access.Reveal.Least()) {
		Problem(w, http.StatusForbidden, "", fmt.Sprintf("the role %s is shown people masked: without masks it takes %s", caller.Role, access.Reveal.Least()))
		return "", false
	}
	if reason, ok = reasonOf(given); !ok {
		Problem(w, http.StatusBadRequest, "Malformed request", "",
			FieldError{Field: "reason", Reason: fmt.Sprintf("must say once, in 1 to %d letters of one line, why the person is to be shown", maxReason)})
	}
	return reason, ok
}

func reasonOf(given []string) (reason string, ok bool) {
	reason = strings.TrimSpace(given[0])
	n := utf8.RuneCountInString(reason)
	return reason, len(given) == 1 && n > 0 && n <= maxReason && utf8.ValidString(reason) && !strings.ContainsFunc(reason, unicode.IsControl)
}
