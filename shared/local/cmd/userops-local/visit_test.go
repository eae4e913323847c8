package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/userops/userops/shared/local"
)

// TestTheFirstVisit is signed in by its link once. The link of another stack, a second visit and anything but a visit lead to the door with nothing in hand; while the console is away the link stays good.
func TestTheFirstVisit(t *testing.T) {
	asked, away := 0, true
	console := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; away {
			panic(http.ErrAbortHandler)
		}
		if r.Method != http.MethodPost || r.URL.Path != "/console/sign-in" || r.PostFormValue("key") != demoOperatorKey {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		http.SetCookie(w, &http.Cookie{Name: "userops", Value: "signed", HttpOnly: true})
		http.Redirect(w, r, "/console", http.StatusSeeOther)
	}))
	defer console.Close()
	first := newVisit()
	at := local.Addresses{Gateway: console.URL}
	link := strings.TrimPrefix(first.address(at), console.URL)
	for i, c := range []struct {
		method, path string
		away         bool
		status       int
		cookie       string
		asked        int
	}{
		{"GET", "/local/console/", false, 303, "", 0}, {"GET", "/local/console/" + newVisit().token, false, 303, "", 0}, {"POST", link, false, 303, "", 0}, {"GET", link + "x", false, 303, "", 0},
		{"GET", link, true, 502, "", 1}, {"GET", link, false, 303, "userops=signed; HttpOnly", 2}, {"GET", link, false, 303, "", 2},
	} {
		away = c.away
		w := httptest.NewRecorder()
		first.at(at).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil))
		if w.Code != c.status || w.Header().Get("Set-Cookie") != c.cookie || asked != c.asked || c.status == 303 && w.Header().Get("Location") != "/console" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("visit %d: %d %v, asked %d times", i, w.Code, w.Header(), asked)
		}
	}
	if other := newVisit(); other.token == first.token || len(first.token) < 20 {
		t.Errorf("tokens %s and %s", first.token, other.token)
	}
}
