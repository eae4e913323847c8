package pages_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/userops/userops/functions/pages"
	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
)

// again is the form by which a page lets what was typed be sent once more: where it goes, and its names and values in turn.
func again(t *testing.T, body string) (action string, fields []string) {
	t.Helper()
	parsed, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range parsed.Descendants() {
		of := map[string]string{}
		for _, a := range n.Attr {
			of[a.Key] = a.Val
		}
		switch n.Data {
		case "form":
			action = of["action"]
		case "input":
			fields = append(fields, of["name"], strings.ReplaceAll(of["value"], "\n", "\r\n")) // as browsers send it
		}
	}
	return action, fields
}

// auditLines is how many lines the audit log has of a kind of act, of all where it is empty.
func auditLines(f *pagestest.Browser, action string) int {
	return strings.Count(f.Page("/console/audit?action="+action), `<th scope="row"`)
}

// doings are the rows of the table that are what forms do.
func doings() (all []string) {
	for _, r := range pages.Rows() {
		if r.Method == http.MethodPost {
			all = append(all, r.Address())
		}
	}
	return all
}

// typed is a form as somebody has filled it, with what a browser has to hand on as it is.
var typed = []string{"id", "vip", "version", "1", "do", "save", "doc.name", "<b>王小梅</b> & \"co\"", "letter", "b", "letter", "a", "text", "one\r\ntwo", "channel", "", "campaign", ""}

// TestWhatWasTypedOutlivesTheSession: a form that comes without a session does nothing, whatever it is for, and gives back all that was typed; sent again by whoever has signed in since, it is what it was. Part of a page that a
// script has asked for says so in the place of the part, and leads nobody away from what they have typed.
func TestWhatWasTypedOutlivesTheSession(t *testing.T) {
	b := pagestest.Start(t)
	f := b.Browser(text.Chinese)
	b.Break = func(r *http.Request) *http.Response { t.Errorf("%s %s is called", r.Method, r.URL.Path); return nil }
	for _, path := range doings() {
		w := f.Post(path, typed...)
		action, fields := again(t, w.Body.String())
		if w.Code != http.StatusForbidden || action != path || !slices.Equal(pairs(fields), pairs(typed)) || !strings.Contains(w.Body.String(), "登录已过期") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, to %s with %q", path, w.Code, action, fields)
		}
	}
	b.Break = nil
	b.Put("/v1/segments/vip", `{"name":"VIP","rule":{"field":"orders.count","op":"gte","value":1}}`)
	form := []string{"id", "vip", "version", "1", "do", "save", "doc.id", "vip", "doc.name", "大客户", "doc.rule~kept", `{"field":"orders.count","op":"gte","value":1}`, "doc.rule~odd", "yes", "doc.rule", `{"field":"orders.count","op":"gte","value":2}`}
	action, fields := again(t, f.Post("/console/segments/edit", form...).Body.String())
	in := b.As(access.Editor, text.Chinese)
	if w := in.Post(action, fields...); w.Code != http.StatusSeeOther || !strings.Contains(in.Page("/console/segments/edit?id=vip"), `value="大客户"`) {
		t.Errorf("sent again: %d %s", w.Code, w.Body)
	}
	f.Headers = http.Header{"Hx-Request": {"true"}, "Hx-Request-Type": {"partial"}}
	if w := f.Post("/console/segments/estimate", form...); w.Header().Get("HX-Redirect") != "" || !strings.Contains(w.Body.String(), `id="estimate" role="alert"`) || strings.Contains(w.Body.String(), "大客户") {
		t.Errorf("a part: %d %v %s", w.Code, w.Header(), w.Body)
	}
	f.Headers = nil
	if w := f.Post("/console/segments/edit", "doc.name", strings.Repeat("长", 380_000)); w.Code != http.StatusForbidden || w.Body.Len() > 10_000 || !strings.Contains(w.Body.String(), "无法保留") {
		t.Errorf("what is too long to be kept: %d, %d bytes", w.Code, w.Body.Len())
	}
}

// pairs are names with their values, sorted by name, those of one name in their turn.
func pairs(fields []string) (all []string) {
	for i := 0; i+1 < len(fields); i += 2 {
		all = append(all, fields[i]+"="+fields[i+1])
	}
	slices.SortStableFunc(all, func(a, b string) int {
		a, _, _ = strings.Cut(a, "=")
		b, _, _ = strings.Cut(b, "=")
		return strings.Compare(a, b)
	})
	return all
}

// TestWhatWasTypedOutlivesTheAPI: where the API is away, busy or at fault, each form that has asked it gives back what was typed, to be sent again.
func TestWhatWasTypedOutlivesTheAPI(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Owner, text.Chinese)
	asked := 0
	for _, status := range []int{429, 500, 503, 0} {
		for _, path := range doings() {
			calls := 0
			b.Break = func(*http.Request) *http.Response {
				if calls++; status == 0 {
					return answered(200, "application/json", "<html>") // nothing that can be read
				}
				return answered(status, "application/json", "{}")
			}
			form := append([]string{"typed", "vip", "state", "paused", "queue", "events", "mended", "yes", "to", "x", "user", "mei"}, typed...)
			w := f.Post(path, form...)
			if calls == 0 || w.Code < 429 || status == 429 && strings.Contains(w.Body.String(), `class="definition"`) {
				continue // it did not come to asking, or the page itself holds what was typed
			}
			asked++
			if action, fields := again(t, w.Body.String()[strings.Index(w.Body.String(), `<main`):]); action != path || !slices.Equal(pairs(fields), pairs(form)) {
				t.Errorf("%d at %s: %d, to %q with %q", status, path, w.Code, action, fields)
			}
		}
	}
	if asked < 60 {
		t.Errorf("%d forms have asked the API", asked)
	}
}

// TestAFormThatDidNotComeWholeDoesNothing: one that is too long or torn is refused, and a stop that does not name what it is of is none of everything.
func TestAFormThatDidNotComeWholeDoesNothing(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Owner, text.Chinese)
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"too long": {"once=1&channel=&campaign=" + strings.Repeat("x", 4<<20), http.StatusRequestEntityTooLarge}, "torn": {"once=1&channel=&campaign=%e", http.StatusBadRequest}, "nameless": {"once=1", 422}, "half a name": {"once=1&channel=", 422},
	} {
		for _, path := range []string{"/console/stops/stop", "/console/stops/resume"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+pagestest.Host+path, strings.NewReader(c.body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.AddCookie(&http.Cookie{Name: cookie, Value: f.Cookies[cookie]})
			w := httptest.NewRecorder()
			if b.Pages.Handler().ServeHTTP(w, r); w.Code != c.want {
				t.Errorf("%s to %s: %d", name, path, w.Code)
			}
		}
	}
	if page := f.Page("/console/stops"); strings.Contains(page, "stops/resume") {
		t.Error("something is stopped")
	}
}

// TestPressedTwice: the second of two presses of a button does nothing more and blames nobody, whatever became of the first one's answer.
func TestPressedTwice(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/vip", `{"name":"VIP","rule":{"field":"orders.count","op":"gte","value":1}}`)
	b.Put("/v1/templates/hi", `{"name":"Hi","channel":"email","locales":{"default":{"subject":"Hi","text":"Hi {{ unsubscribeUrl }}"}}}`)
	b.Put("/v1/campaigns/c", `{"name":"C","state":"draft","channel":"email","templateId":"hi","trigger":{"event":{"name":"Signed Up"}}}`)
	f := b.As(access.Owner, text.Chinese)
	rule := `{"field":"orders.count","op":"gte","value":2}`
	for _, c := range []struct {
		path string
		form []string
		to   string
		of   string // what the audit log has one line more of
	}{
		{"/console/campaigns/state", []string{"id", "c", "version", "1", "state", "running", "sure", "yes"}, "/console/campaigns/show?done=campaign.done.running&id=c", "save"},
		{"/console/segments/edit", []string{"id", "vip", "version", "1", "do", "save", "doc.id", "vip", "doc.name", "大客户", "doc.rule~odd", "yes", "doc.rule", rule}, "/console/segments/show?done=definition.done.saved&id=vip", "save"},
		{"/console/segments/edit", []string{"version", "0", "do", "save", "doc.id", "new", "doc.name", "新", "doc.rule~odd", "yes", "doc.rule", rule}, "/console/segments/show?done=definition.done.saved&id=new", "save"},
		{"/console/segments/delete", []string{"id", "new", "version", "1"}, "/console/segments?done=definition.done.deleted", "delete"},
		{"/console/stops/stop", []string{"once", "k1", "channel", "", "campaign", ""}, "/console/stops?done=stop.done.stopped", "save"},
		{"/console/stops/resume", []string{"once", "k2", "channel", "", "campaign", ""}, "/console/stops?done=stop.done.resumed", "delete"},
		{"/console/runs/start", []string{"once", "k3"}, "/console/runs/show?", "start"},
	} {
		before := auditLines(f, c.of)
		for n := range 2 {
			if w := f.Post(c.path, c.form...); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), c.to) {
				t.Errorf("%s, press %d: %d to %q: %s", c.path, n+1, w.Code, w.Header().Get("Location"), w.Body)
			}
		}
		if lines := auditLines(f, c.of) - before; lines != 1 {
			t.Errorf("%s stands %d times in the audit log", c.path, lines)
		}
	}
	// Somebody else's change is theirs all the same.
	b.Put("/v1/segments/vip", `{"name":"Theirs","rule":`+rule+`}`)
	if w := f.Post("/console/segments/edit", "id", "vip", "version", "2", "do", "save", "doc.id", "vip", "doc.name", "mine", "doc.rule~odd", "yes", "doc.rule", rule); w.Code != http.StatusConflict {
		t.Errorf("over somebody else's change: %d", w.Code)
	}
	if w := f.Post("/console/segments/delete", "id", "vip", "version", "2"); w.Code != http.StatusPreconditionFailed {
		t.Errorf("deleting what somebody else has changed: %d", w.Code)
	}
}

// TestALinkOfAnotherSiteRevealsNobody: a reason is the visitor's own word, which no link of somebody else's says for them.
func TestALinkOfAnotherSiteRevealsNobody(t *testing.T) {
	b := start(t)
	f := b.As(access.Editor, text.Chinese)
	id := string(somebody.ID())
	for _, at := range []string{"/console/person?id=" + id + "&reason=x", "/console/call?path=" + url.QueryEscape("/v1/profiles/-?profileId="+id+"&reason=x"), "/console/templates/show?id=a&user=mei&reason=x"} {
		for site, kept := range map[string]bool{"cross-site": false, "same-site": false, "same-origin": true, "none": true} {
			f.Headers = http.Header{"Sec-Fetch-Site": {site}}
			w := f.Get(at)
			to, err := url.QueryUnescape(w.Header().Get("Location"))
			if left := w.Code == http.StatusSeeOther; err != nil || left == kept || left && (strings.Contains(to, "reason") || !strings.HasPrefix(to, at[:strings.Index(at, "?")])) {
				t.Errorf("%s from %s: %d to %q", at, site, w.Code, to)
			}
		}
	}
	f.Headers = nil
	if lines := auditLines(b.As(access.Owner, text.English), "reveal"); lines != 2*2 { // of the pages of a person, and of the calls behind them
		t.Errorf("the audit log has %d lines", lines)
	}
}

// TestNoLinkOfAnotherSiteHidesAReason: not by escaping it, however often, and not behind the door, where the visitor goes on by a link of ours once they have signed in.
func TestNoLinkOfAnotherSiteHidesAReason(t *testing.T) {
	b := start(t)
	id := string(somebody.ID())
	call := func(reason string) string {
		return "/console/call?path=" + url.QueryEscape("/v1/profiles/-?profileId="+id+"&"+reason+"&bad=%zz")
	}
	export := "/console/call?path=" + url.QueryEscape("/v1/profiles/-/%65xport?profileId="+id)
	ways := []string{"/console/person?id=" + id + "&%72eason=x", call("%72eason=x"), call("re%61s%6Fn=x"), strings.Replace(export, "%2565", "e", 1), export}
	for _, way := range slices.Clone(ways) {
		ways = append(ways, "/console/sign-in?next="+url.QueryEscape(way), "/console/sign-in/issuer?next="+url.QueryEscape(way))
	}
	for _, way := range ways {
		for _, signedIn := range []bool{true, false} {
			f := b.Browser(text.Chinese)
			if signedIn {
				f = b.As(access.Approver, text.Chinese)
			}
			f.Headers = http.Header{"Sec-Fetch-Site": {"cross-site"}}
			w := f.Get(way)
			for range 5 { // a browser goes on saying whose link it was
				if w.Code == http.StatusSeeOther {
					w = f.Get(w.Header().Get("Location"))
				}
			}
			if signedIn {
				continue
			}
			f.Headers = http.Header{"Sec-Fetch-Site": {"same-origin"}}
			next := regexp.MustCompile(`name="next" value="([^"]*)"`).FindAllStringSubmatch(w.Body.String(), -1)
			if len(next) == 0 {
				t.Fatalf("%s leads to %d %s", way, w.Code, w.Body)
			}
			w = f.Post("/console/sign-in", "key", pagestest.Key(access.Approver), "next", html.UnescapeString(next[len(next)-1][1]))
			if w.Code != http.StatusSeeOther {
				t.Fatalf("%s: signing in: %d", way, w.Code)
			}
			f.Get(w.Header().Get("Location"))
		}
	}
	for _, action := range []string{"reveal", "export"} {
		if lines := auditLines(b.As(access.Owner, text.English), action); lines != 0 {
			t.Errorf("the audit log has %d lines of %s", lines, action)
		}
	}
	f := b.As(access.Approver, text.Chinese)
	f.Headers = http.Header{"Sec-Fetch-Site": {"same-origin"}}
	if f.Page(export); auditLines(b.As(access.Owner, text.English), "export") != 1 {
		t.Error("the page of calls exports nobody: the test asks for something else")
	}
}

// TestWhatStrangersWriteComesBackAsText from every form too: what was typed, and what the API answers to it.
func TestWhatStrangersWriteComesBackAsText(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Owner, text.English)
	for _, canary := range []string{strings.Join(canaries, " "), "javascript:alert(1)"} {
		for _, status := range []int{200, 412, 422} { // done, changed by somebody else, refused
			b.Break = func(r *http.Request) *http.Response {
				if status == 200 || r.Method == http.MethodGet {
					return answered(200, "application/json", poisoned(r.URL.Path, canary))
				}
				return answered(status, "application/problem+json", fmt.Sprintf(`{"title":%q,"status":%d,"detail":%q,"errors":[{"field":%q,"reason":%q},{"field":"name","reason":%q}]}`, canary, status, canary, canary, canary, canary))
			}
			for _, path := range doings() {
				form := []string{"version", "1", "do", "save", "mended", "yes", "what", "all", "state", "paused", "queue", canary, "typed", canary, "user", canary, "reason", canary, "to", canary, "asOf", canary, "letter", canary, canary, canary}
				ids := []string{canary}
				if strings.Contains(path, "/settings/") {
					ids = []string{"messaging"}
				}
				for _, id := range ids {
					w := f.Post(path, append(form, "id", id, "doc.id", id, "doc.name", canary, "doc.channel", canary, "doc.locales~n", "1", "doc.locales[0]~key", canary, "doc.locales[0].subject", canary, "doc.rule~odd", "yes", "doc.rule", canary)...)
					shows(t, path, canary, w)
				}
			}
		}
	}
}

// shows holds an answer to showing a canary as text, or not at all.
func shows(t *testing.T, path, canary string, w *httptest.ResponseRecorder) {
	t.Helper()
	body := w.Body.String()
	for _, bad := range []string{"<script>alert", "<img src=x", "' onmouseover='", `href="javascript:`, `src="javascript:`, `action="javascript:`, "<svg onload"} {
		if strings.Contains(body, bad) && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") && !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "sandbox;") {
			t.Errorf("%s shows %s as it is", path, canary)
		}
	}
	for name, values := range w.Header() {
		if strings.ContainsAny(strings.Join(values, ""), "\r\n") {
			t.Errorf("%s has the header %s: %q", path, name, values)
		}
	}
	if to := w.Header().Get("Location"); to != "" && !strings.HasPrefix(to, "/console") {
		t.Errorf("%s leads to %s", path, to)
	}
}

// TestAWriteThatBreaks of a form is either done or not, and the form that is sent again leaves it done once: where nothing was written, and where the answer alone was lost.
func TestAWriteThatBreaks(t *testing.T) {
	for _, persisted := range []bool{false, true} {
		b := pagestest.Start(t)
		b.Put("/v1/segments/vip", `{"name":"VIP","rule":{"field":"orders.count","op":"gte","value":1}}`)
		f := b.As(access.Owner, text.Chinese)
		for _, c := range []struct {
			path string
			form []string
		}{
			{"/console/segments/edit", []string{"id", "vip", "version", "1", "do", "save", "doc.id", "vip", "doc.name", "大客户", "doc.rule~odd", "yes", "doc.rule", `{"field":"orders.count","op":"gte","value":2}`}},
			{"/console/stops/stop", []string{"once", "k1", "channel", "email", "campaign", ""}},
			{"/console/stops/resume", []string{"once", "k2", "channel", "email", "campaign", ""}},
			{"/console/runs/start", []string{"once", "k3"}},
			{"/console/segments/delete", []string{"id", "vip", "version", "2"}},
		} {
			broken := false
			b.Break = func(r *http.Request) *http.Response {
				if broken || r.Method == http.MethodGet {
					return nil
				}
				broken = true
				if persisted {
					answer, err := b.Through(r)
					if err != nil || answer.StatusCode >= 300 {
						t.Errorf("%s: %v %v", c.path, answer, err)
					}
				}
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(torn{})}
			}
			w := f.Post(c.path, c.form...)
			action, fields := again(t, w.Body.String()[strings.Index(w.Body.String(), "<main"):])
			if w.Code != http.StatusBadGateway || action != c.path {
				t.Errorf("%s, written %v: %d to %q", c.path, persisted, w.Code, action)
				continue
			}
			if w := f.Post(action, fields...); w.Code != http.StatusSeeOther {
				t.Errorf("%s, written %v, sent again: %d %s", c.path, persisted, w.Code, w.Body)
			}
		}
		b.Break = nil
		if n := auditLines(f, ""); n != 1+5 { // the segment that was there, and each of the five once
			t.Errorf("written %v: %d lines", persisted, n)
		}
	}
}

// torn is a body that ends in the middle.
type torn struct{}

func (torn) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
