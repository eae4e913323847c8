package pages_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/secret"
)

const cookie = "__Host-userops"

// open says whether a browser is let in.
func open(f *pagestest.Browser) bool { return f.Get("/console/people").Code == http.StatusOK }

// TestTheCookie is what a browser may keep: for this host alone, by https, out of reach of scripts, for eight hours.
func TestTheCookie(t *testing.T) {
	b := pagestest.Start(t)
	w := b.Browser(text.Chinese).Post("/console/sign-in", "key", pagestest.Key(access.Editor), "next", "/console/people?q=x")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/console/people?q=x" {
		t.Fatalf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies", len(cookies))
	}
	c := cookies[0]
	if c.Name != cookie || c.Path != "/" || c.Domain != "" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 8*3600 || strings.Contains(c.Value, pagestest.Key(access.Editor)) {
		t.Errorf("the cookie is %s", w.Header().Get("Set-Cookie"))
	}
}

// TestACookieEnds after eight hours, at sign-out, with its key, with the secret that signed it, and not before. A copy of it ends too.
func TestACookieEnds(t *testing.T) {
	for name, end := range map[string]func(b *pagestest.Bench, f *pagestest.Browser){
		"time":     func(b *pagestest.Bench, _ *pagestest.Browser) { b.Pass(8 * time.Hour) },
		"sign-out": func(_ *pagestest.Bench, f *pagestest.Browser) { f.Post("/console/sign-out") },
		"key":      func(b *pagestest.Bench, _ *pagestest.Browser) { b.Dismiss(access.Editor) },
		"role": func(b *pagestest.Bench, _ *pagestest.Browser) {
			for i := range b.Pages.Door.Auth.Operators {
				b.Pages.Door.Auth.Operators[i].Role = access.Viewer
			}
			b.Trust()
		},
		"secret": func(b *pagestest.Bench, _ *pagestest.Browser) { b.Values[secret.Session] = "another"; b.Trust() },
	} {
		t.Run(name, func(t *testing.T) {
			b := pagestest.Start(t)
			f, other := b.As(access.Editor, text.Chinese), b.As(access.Owner, text.Chinese)
			copied := b.Browser(text.Chinese)
			copied.Cookies[cookie] = f.Cookies[cookie]
			if !open(f) || !open(copied) || !open(other) {
				t.Fatal("not let in")
			}
			if end(b, f); open(f) || open(copied) {
				t.Error("let in still")
			}
			if stays := name == "sign-out" || name == "key"; open(other) != stays {
				t.Errorf("another operator is let in: %v", !stays)
			}
		})
	}
	b := pagestest.Start(t)
	f := b.As(access.Editor, text.Chinese)
	b.Pass(8*time.Hour - time.Second)
	b.Values[secret.Session+secret.Previous], b.Values[secret.Session] = b.Values[secret.Session], "the next one"
	if b.Trust(); !open(f) {
		t.Error("the secret before is not accepted, or the session ends too early")
	}
}

// TestASessionIsNew at each signing in: a cookie that somebody else has put into the browser opens nothing to them afterwards.
func TestASessionIsNew(t *testing.T) {
	b := pagestest.Start(t)
	attacker := b.As(access.Viewer, text.Chinese)
	victim := b.Browser(text.Chinese)
	victim.Cookies[cookie] = attacker.Cookies[cookie]
	if w := victim.Post("/console/sign-in", "key", pagestest.Key(access.Owner)); w.Code != http.StatusSeeOther || victim.Cookies[cookie] == attacker.Cookies[cookie] {
		t.Fatalf("%d, the same cookie", w.Code)
	}
	if strings.Contains(attacker.Page("/console"), "the owner") || !strings.Contains(victim.Page("/console"), "the owner") {
		t.Error("the attacker has the victim's session")
	}
	// Signing out ends one session, and not another of the same operator.
	second := b.As(access.Owner, text.Chinese)
	if victim.Post("/console/sign-out"); open(victim) || !open(second) {
		t.Errorf("after signing out: %v, and elsewhere %v", open(victim), open(second))
	}
}

// TestTheCookieOpensNoAPI: what a browser holds is no credential of the API, nor is a pass one of the pages.
func TestTheCookieOpensNoAPI(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Owner, text.Chinese)
	pass := ""
	b.Break = func(r *http.Request) *http.Response {
		pass = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		return nil
	}
	f.Page("/console")
	for name, credential := range map[string]string{"cookie": f.Cookies[cookie], "pass": pass} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/segments", nil)
		r.Header.Set("Authorization", "Bearer "+credential)
		w := httptest.NewRecorder()
		if b.Console.Handler().ServeHTTP(w, r); (w.Code == http.StatusOK) != (name == "pass") {
			t.Errorf("the %s: %d", name, w.Code)
		}
	}
	b.Pass(time.Minute)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/segments", nil)
	r.Header.Set("Authorization", "Bearer "+pass)
	w := httptest.NewRecorder()
	if b.Console.Handler().ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
		t.Errorf("a pass of a minute ago: %d", w.Code)
	}
	f.Cookies[cookie] = pass
	if open(f) {
		t.Error("a pass is a cookie")
	}
}

// TestFormsOfOtherSites are not taken, whoever's cookie comes with them.
func TestFormsOfOtherSites(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Owner, text.Chinese)
	for name, c := range map[string]struct {
		site, origin string
		refused      bool
	}{
		"another site": {"cross-site", "https://evil.example", true}, "a neighbour": {"same-site", "https://blog.shop.example", true}, "an old browser elsewhere": {"", "https://evil.example", true},
		"a sandboxed frame": {"", "null", true}, "an old browser here": {"", "https://" + pagestest.Host, false}, "here": {"same-origin", "https://" + pagestest.Host, false}, "the address bar": {"none", "", false},
	} {
		f.Headers = http.Header{"Sec-Fetch-Site": {c.site}, "Origin": {c.origin}}
		for k, v := range f.Headers {
			if v[0] == "" {
				f.Headers[k] = nil
			}
		}
		if w := f.Post("/console/language", "to", "en"); (w.Code == http.StatusForbidden) != c.refused {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

// TestGuessersAreSlowed: after some keys in vain a network waits, twice as long each time, and no other does.
func TestGuessersAreSlowed(t *testing.T) {
	b := pagestest.Start(t)
	f := b.Browser(text.English)
	try := func(key string) int { return f.Post("/console/sign-in", "key", key).Code }
	for i := range 5 {
		if code := try("guess"); code != http.StatusForbidden {
			t.Fatalf("try %d: %d", i, code)
		}
	}
	for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		if code := try(pagestest.Key(access.Owner)); code != http.StatusTooManyRequests {
			t.Fatalf("at once, even with the right key: %d", code)
		}
		b.Pass(wait - time.Millisecond)
		if code := try("guess"); code != http.StatusTooManyRequests {
			t.Fatalf("before %s have passed: %d", wait, code)
		}
		b.Pass(time.Millisecond)
		if code := try("guess"); code != http.StatusForbidden {
			t.Fatalf("after %s: %d", wait, code)
		}
	}
	f.Address = "198.51.100.8"
	if code := try(pagestest.Key(access.Owner)); code != http.StatusSeeOther {
		t.Errorf("from elsewhere: %d", code)
	}
	f.Address = "198.51.100.7"
	b.Pass(8 * time.Second)
	if code := try(pagestest.Key(access.Owner)); code != http.StatusSeeOther {
		t.Errorf("with the right key, in time: %d", code)
	}
	if code := try("guess"); code != http.StatusForbidden || f.Post("/console/sign-in", "key", pagestest.Key(access.Owner)).Code != http.StatusSeeOther {
		t.Errorf("who has signed in is forgiven: %d", code)
	}
}

// TestSigningOutIsDurable: where it could not be kept, the page says so and the cookie stays, so that nobody takes themselves for signed out; where the answer alone was lost, the session is over.
func TestSigningOutIsDurable(t *testing.T) {
	for how, wantOpen := range map[dynamotest.How]bool{dynamotest.NotPersisted: true, dynamotest.Persisted: false} {
		b := pagestest.Start(t)
		f := b.As(access.Editor, text.Chinese)
		kept := f.Cookies[cookie]
		b.DB.Fail("PutItem", 1, how)
		if w := f.Post("/console/sign-out"); w.Code != http.StatusServiceUnavailable || f.Cookies[cookie] != kept {
			t.Errorf("%s: %d, the cookie stays: %v", how, w.Code, f.Cookies[cookie] == kept)
		}
		if open(f) != wantOpen {
			t.Errorf("%s: let in %v", how, !wantOpen)
		}
		if f.Post("/console/sign-out"); open(f) {
			t.Errorf("%s: let in after signing out again", how)
		}
	}
	// Where it cannot be asked whether a session was ended, nobody is let in.
	b := pagestest.Start(t)
	f := b.As(access.Editor, text.Chinese)
	b.DB.Fail("GetItem", 1, dynamotest.NotPersisted)
	if w := f.Get("/console/people"); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "people/") {
		t.Errorf("%d", w.Code)
	}
}

// TestWhereSigningInLeads is to a page of ours, whatever the address says.
func TestWhereSigningInLeads(t *testing.T) {
	b := pagestest.Start(t)
	for next, want := range map[string]string{
		"/console/people?q=a": "/console/people?q=a", "": "/console", "/console": "/console", "//evil.example": "/console", "https://evil.example/console": "/console", "/console/../v1/x": "/console",
		"/consoles": "/console", "/console\\evil": "/console", "/console/sign-in?next=/console/x": "/console", "javascript:alert(1)": "/console", "/console/a\r\nb": "/console", "//evil.example/console": "/console",
	} {
		if got := b.Browser(text.Chinese).Post("/console/sign-in", "key", pagestest.Key(access.Owner), "next", next).Header().Get("Location"); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

// TestTheAuditLogNamesTheOperator and where they called from, not the pages.
func TestTheAuditLogNamesTheOperator(t *testing.T) {
	b := pagestest.Start(t)
	b.As(access.Editor, text.Chinese).Page("/console/people?q=u-1")
	body := b.As(access.Approver, text.Chinese).Page("/console/call?path=/v1/audit")
	for _, want := range []string{`&#34;name&#34;: &#34;the editor&#34;`, `&#34;from&#34;: &#34;198.51.100.7&#34;`, `&#34;action&#34;: &#34;find&#34;`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

// TestWithoutASecret nobody signs in, and the page says what is missing.
func TestWithoutASecret(t *testing.T) {
	b := pagestest.Start(t)
	delete(b.Values, secret.Session)
	b.Trust()
	f := b.Browser(text.English)
	if w := f.Post("/console/sign-in", "key", pagestest.Key(access.Owner)); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "secret that signing in needs") || slices.Contains([]string{"", "x"}, w.Body.String()) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
