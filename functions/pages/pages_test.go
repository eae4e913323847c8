package pages_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages"
	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/profile"
)

// ask is a request of a row of the table.
func ask(f *pagestest.Browser, r view.Row) *httptest.ResponseRecorder {
	if r.Method == http.MethodPost {
		return f.Post(r.Address(), "id", string(somebody.ID()))
	}
	return f.Get(shown(r))
}

// TestEveryPageWithEveryRole holds each row of the table of pages to its role: a page is shown or refused, and nobody sees one who has not signed in.
func TestEveryPageWithEveryRole(t *testing.T) {
	b := start(t)
	for _, role := range access.Roles() {
		f := b.As(role, text.Chinese)
		for _, r := range pages.Rows() {
			w := ask(f, r)
			if refused := w.Code == http.StatusForbidden; refused == role.May(r.Least) || w.Code >= 500 {
				t.Errorf("%s %s as %s: %d", r.Method, r.Address(), role, w.Code)
			}
			if listed := strings.Contains(f.Page("/console"), `href="`+r.Address()+`"`); r.Group != "" && listed != role.May(r.Least) {
				t.Errorf("%s sees %s in the navigation: %v", role, r.Address(), listed)
			}
		}
	}
	stranger := b.Browser(text.Chinese)
	for _, r := range pages.Rows() {
		w := ask(stranger, r)
		if r.Method == http.MethodPost { // what they have typed is theirs to keep
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "登录已过期") || strings.Contains(w.Body.String(), "<nav") {
				t.Errorf("%s %s of a stranger: %d %s", r.Method, r.Address(), w.Code, w.Body)
			}
			continue
		}
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/console/sign-in?next=") {
			t.Errorf("%s %s of a stranger: %d to %s", r.Method, r.Address(), w.Code, to)
		}
	}
}

// shown is where a page is looked at in tests: of those that are about something, about somebody who is there.
func shown(r view.Row) string {
	if strings.HasPrefix(r.Path, "person") {
		return r.Address() + "?id=" + string(somebody.ID())
	}
	return r.Address()
}

var somebody = profile.Identifier{Kind: profile.UserID, Value: "mei"}

// start is a bench with somebody in the shop.
func start(t *testing.T) *pagestest.Bench {
	b := pagestest.Start(t)
	b.Person(somebody.Value, nil)
	return b
}

var (
	address  = regexp.MustCompile(`\b(?:href|src|action)="([^"]*)"`)
	labelled = regexp.MustCompile(`<(?:input|select|textarea)\b[^>]*>`)
	hidden   = regexp.MustCompile(`type="hidden"`)
	idOf     = regexp.MustCompile(`\bid="([^"]+)"`)
)

// TestEveryPageIsMadeAlike: its headers, its language, one heading, labels, and no address that leads elsewhere, in both languages; a refusal and what is missing too.
func TestEveryPageIsMadeAlike(t *testing.T) {
	b := start(t)
	for _, lang := range text.Langs() {
		f := b.As(access.Owner, lang)
		answers := map[string]*httptest.ResponseRecorder{"the door": b.Browser(lang).Get("/console/sign-in"), "nothing": f.Get("/console/nothing"), "a refusal": b.As(access.Viewer, lang).Get("/console/call?path=/v1/audit")}
		for _, r := range pagestest.Pages() {
			answers[r.Address()] = f.Get(shown(r))
		}
		b.Put("/v1/templates/welcome", `{"channel":"email","locales":{"default":{"subject":"Hi","html":"<p>Hello {{ unsubscribeUrl }}</p>"}}}`)
		const framed = "a template"
		answers[framed] = f.Get("/console/templates/show?id=welcome")
		for name, w := range answers {
			body := w.Body.String()
			for header, want := range map[string]string{
				"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
				"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8", "Content-Language": string(lang),
			} {
				if name == framed && header == "Content-Security-Policy" {
					want += "; frame-src 'self'" // the only page that has frames
				}
				if got := w.Header().Get(header); got != want {
					t.Errorf("%s has %s: %q, want %q", name, header, got, want)
				}
			}
			if !strings.Contains(body, `<html lang="`+string(lang)+`">`) || strings.Count(body, "<h1") != 1 || !strings.Contains(body, `id="main"`) || strings.Contains(body, "[frame.") {
				t.Errorf("%s in %s is no page: %s", name, lang, body)
			}
			if len(body) > 100<<10 {
				t.Errorf("%s has %d bytes", name, len(body))
			}
			for _, m := range address.FindAllStringSubmatch(body, -1) {
				if !strings.HasPrefix(m[1], "/console") && m[1] != "#main" {
					t.Errorf("%s leads to %s", name, m[1])
				}
			}
			for _, field := range labelled.FindAllString(body, -1) {
				id := idOf.FindStringSubmatch(field)
				if !hidden.MatchString(field) && (id == nil || !strings.Contains(body, `for="`+id[1]+`"`)) && !strings.Contains(field, "aria-label") {
					t.Errorf("%s has a field without a label: %s", name, field)
				}
			}
		}
	}
}

// TestFilesAreKeptForEver under an address that changes with them.
func TestFilesAreKeptForEver(t *testing.T) {
	b := pagestest.Start(t)
	body := b.Browser(text.Chinese).Get("/console/sign-in").Body.String()
	found := 0
	for _, m := range address.FindAllStringSubmatch(body, -1) {
		if !strings.HasPrefix(m[1], "/console/asset/") {
			continue
		}
		found++
		f := b.Browser(text.Chinese)
		plain := f.Get(m[1])
		f.Headers = http.Header{"Accept-Encoding": {"br, gzip"}}
		packed := f.Get(m[1])
		if plain.Code != 200 || plain.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || plain.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: %d, %v", m[1], plain.Code, plain.Header())
		}
		if packed.Header().Get("Content-Encoding") != "gzip" || packed.Body.Len() >= plain.Body.Len() {
			t.Errorf("%s packed has %d of %d bytes", m[1], packed.Body.Len(), plain.Body.Len())
		}
		f.Headers = http.Header{"Accept-Encoding": {"gzip;q=0"}}
		if f.Get(m[1]).Header().Get("Content-Encoding") != "" {
			t.Errorf("%s is packed for who cannot unpack it", m[1])
		}
	}
	if found != 3 || b.Browser(text.Chinese).Get("/console/asset/000000000000/console.css").Code != 404 || b.Browser(text.Chinese).Get("/console/asset/x").Code != 404 {
		t.Errorf("%d files", found)
	}
}

// answered is what the API answers in a test.
func answered(status int, kind, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body))}
}

// canaries are what a stranger may write that a browser must not take for ours.
var canaries = []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `javascript:alert(1)`, `</title><svg onload=alert(1)>`, `{{.}}`}

// TestWhatStrangersWriteIsShownAsText in every field of every answer of the API, and in every parameter of an address.
func TestWhatStrangersWriteIsShownAsText(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Owner, text.Chinese)
	for _, canary := range canaries {
		b.Break = func(r *http.Request) *http.Response {
			return answered(200, "application/json", poisoned(r.URL.Path, canary))
		}
		for _, r := range pagestest.Pages() {
			for _, path := range []string{r.Address() + "?q=" + urlEscape(canary) + "&id=" + urlEscape(canary) + "&path=/v1/" + urlEscape(canary) + "&done=" + urlEscape(canary) + "&by=" + urlEscape(canary) + asked(canary)} {
				w := f.Get(path)
				body := w.Body.String()
				if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
					if !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
						t.Errorf("%s is no page and is shown: %v", path, w.Header())
					}
					continue
				}
				for _, bad := range []string{"<script>alert", "<img src=x", "' onmouseover='", `href="javascript:`, `src="javascript:`, `action="javascript:`, "<svg onload"} {
					if strings.Contains(body, bad) {
						t.Errorf("%s shows %s as it is", path, canary)
					}
				}
			}
		}
	}
}

// asked is a question of a report, of a link that somebody has made.
func asked(canary string) (query string) {
	for _, name := range []string{"from", "to", "split", "step", "window", "first", "return", "periods", "cell", "reason", "table"} {
		query += "&" + name + "=" + urlEscape(canary)
	}
	return query
}

// TestFailuresOfTheAPI are told in words, and a page shows what it can.
func TestFailuresOfTheAPI(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Owner, text.English)
	problem := func(status int) string {
		body, _ := json.Marshal(map[string]any{"title": "T", "status": status, "detail": "the detail", "errors": []map[string]string{{"field": "name", "reason": "is odd"}}})
		return string(body)
	}
	for status, want := range map[int]struct {
		code int
		says string
	}{
		404: {404, "There is no such thing"}, 403: {403, "Your role may not"}, 401: {403, "Your role may not"}, 409: {409, "Somebody else has changed"}, 412: {412, "Somebody else has changed"},
		429: {429, "Too many requests"}, 422: {422, "Something has to be mended"}, 500: {502, "does not answer"}, 503: {502, "does not answer"},
	} {
		b.Break = func(*http.Request) *http.Response {
			return answered(status, "application/problem+json", problem(status))
		}
		w := f.Get("/console/call?path=/v1/fields")
		if w.Code != want.code || !strings.Contains(w.Body.String(), want.says) || strings.Contains(w.Body.String(), "the detail") != (status < 500) {
			t.Errorf("%d is shown as %d %s", status, w.Code, w.Body)
		}
	}
	b.Break = func(*http.Request) *http.Response { return answered(200, "application/json", "<html>") }
	if w := f.Get("/console"); w.Code != 200 || strings.Count(w.Body.String(), "cannot be read just now") != 6 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	b.Break = nil
	if w := f.Get("/console/call?path=https://evil.example/v1/x"); w.Code != 400 {
		t.Errorf("a call elsewhere: %d", w.Code)
	}
}
