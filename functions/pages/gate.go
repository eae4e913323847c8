package pages

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/userops/userops/functions/pages/text"
)

// whole says that a form came with all of its fields. Of one that did not, those that are missing would say something that nobody has said: a stop that names nothing is one of everything.
func whole(w http.ResponseWriter, r *http.Request) bool {
	err := r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case r.Method != http.MethodPost || err == nil:
		return true
	case errors.As(err, &large):
		http.Error(w, text.Chinese.Of("frame.fail.large")+"\n"+text.English.Of("frame.fail.large"), http.StatusRequestEntityTooLarge)
	default:
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
	}
	return false
}

// unasked is where a link of another site leads in place of itself, empty where it leads where it says. That people are shown without masks, and why, is for the visitor to say, in whose name it stands in the audit log:
// by a reason, and by an export, which takes none and is a call like others to the page that shows calls.
func unasked(r *http.Request) string {
	site, query := r.Header.Get("Sec-Fetch-Site"), r.URL.Query()
	if r.Method != http.MethodGet || site != "cross-site" && site != "same-site" {
		return ""
	}
	given := false
	for name, values := range query {
		if said := plain(name + "=" + strings.Join(values, "&")); strings.Contains(said, "reason=") || strings.Contains(said, "/export") {
			query.Del(name)
			given = true
		}
	}
	if !given {
		return ""
	}
	return (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).RequestURI()
}

// plain is a text without escapes, however deep they stand in one another: an address may hold another one, which holds a third. What is no escape stays, as it does where parameters are read.
func plain(text string) string {
	for {
		read := escape.ReplaceAllStringFunc(text, func(one string) string {
			n, _ := strconv.ParseUint(one[1:], 16, 8)
			return string([]byte{byte(n)})
		})
		if read == text {
			return text
		}
		text = read
	}
}

var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// policy is what pages may load and do: what is from here, and nothing that stands in the page itself.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard says to browsers what holds for every answer. What is kept of an answer, its handler says.
func guard(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
}
