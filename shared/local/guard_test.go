package local

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/userops/userops/shared/standin/sam"
)

// TestGuard asks as browsers do. A preflight comes before every request that a form could not send.
func TestGuard(t *testing.T) {
	s := &Stack{o: Options{GatewayAddr: "shop.test:8080"}}
	taken := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	own := s.guarded(taken)
	open := s.guardedAPI(taken, sam.API{CORS: &sam.CORS{AllowOrigins: []string{"*"}}})
	named := s.guardedAPI(taken, sam.API{CORS: &sam.CORS{AllowOrigins: []string{"https://Shop.example"}}})
	json := [2]string{"Content-Type", "application/json"}
	form := [2]string{"Content-Type", "text/plain; charset=UTF-8"}
	key := [2]string{"Authorization", "Basic ZGVtbw=="}
	from := func(origin string) [2]string { return [2]string{"Origin", origin} }
	for _, c := range []struct {
		name           string
		to             http.Handler
		method, host   string
		headers        [][2]string
		refusedBecause string
	}{
		{"a program", own, "POST", "127.0.0.1:8080", [][2]string{json}, ""},
		{"a program that says localhost", own, "POST", "localhost:8080", [][2]string{json}, ""},
		{"a program over IPv6", own, "POST", "[::1]:8080", [][2]string{json}, ""},
		{"another container", own, "POST", "userops:8080", [][2]string{json}, ""},
		{"a container of this machine", own, "POST", "host.docker.internal:8000", [][2]string{json}, ""},
		{"a name that it was told", own, "POST", "Shop.test:8080", [][2]string{json}, ""},
		{"a name that leads here", own, "GET", "evil.example:8080", nil, "the name evil.example"},
		{"a name that leads here, of an API", open, "GET", "127.0.0.1.evil.example:8080", nil, "the name 127.0.0.1.evil.example"},
		{"a page of another port", own, "POST", "127.0.0.1:8080", [][2]string{from("http://localhost:3000"), json}, ""},
		{"a page of this address", own, "POST", "shop.test:8080", [][2]string{from("http://shop.test:8080"), json}, ""},
		{"a page of elsewhere", own, "POST", "127.0.0.1:8080", [][2]string{from("https://evil.example"), form}, "a page of https://evil.example"},
		{"a page of another machine", own, "POST", "127.0.0.1:8080", [][2]string{from("http://192.0.2.7"), form}, "a page of http://192.0.2.7"},
		{"a frame without an origin", own, "POST", "127.0.0.1:8080", [][2]string{from("null"), form}, "a page of null"},
		{"a page that has localhost in its name", own, "GET", "127.0.0.1:8080", [][2]string{from("http://localhost.evil.example")}, "a page of"},
		{"a form of elsewhere, to an API", open, "POST", "127.0.0.1:8080", [][2]string{from("https://evil.example"), form}, ""},
		{"the form of a page without a referrer", open, "POST", "127.0.0.1:8080", [][2]string{from("null"), {"Content-Type", "application/x-www-form-urlencoded"}}, ""},
		{"a script of elsewhere, before it may", open, "OPTIONS", "127.0.0.1:8080", [][2]string{from("https://evil.example")}, "AllowOrigins=https://evil.example lets it"},
		{"a script of elsewhere with JSON", open, "POST", "127.0.0.1:8080", [][2]string{from("https://evil.example"), json}, "a page of"},
		{"a script of elsewhere with a key", open, "GET", "127.0.0.1:8080", [][2]string{from("https://evil.example"), key}, "a page of"},
		{"a script of elsewhere that deletes", open, "DELETE", "127.0.0.1:8080", [][2]string{from("https://evil.example")}, "a page of"},
		{"a page that the template names", named, "PUT", "127.0.0.1:8080", [][2]string{from("https://shop.example"), key, json}, ""},
		{"a page that it does not name", named, "PUT", "127.0.0.1:8080", [][2]string{from("https://shop.example:444"), key, json}, "a page of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/v1/segments", nil)
			r.Host = c.host
			for _, h := range c.headers {
				r.Header.Set(h[0], h[1])
			}
			w := httptest.NewRecorder()
			c.to.ServeHTTP(w, r)
			refused := c.refusedBecause != ""
			if refused != (w.Code == http.StatusForbidden) || !refused && w.Code != http.StatusNoContent || !strings.Contains(w.Body.String(), c.refusedBecause) {
				t.Errorf("%d %s, want it refused because of %q", w.Code, w.Body, c.refusedBecause)
			}
		})
	}
}

// TestOwnPagesAreThisMachines: an API that listens beyond this machine answers its network, and the pages below /local/ do not.
func TestOwnPagesAreThisMachines(t *testing.T) {
	api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	front := (&Stack{o: Options{GatewayAddr: "0.0.0.0:8080"}}).front(api)
	for from, mine := range map[string]bool{"127.0.0.1:50000": true, "127.8.0.1:1": true, "[::1]:50000": true, "[::ffff:127.0.0.1]:1": true, "192.0.2.7:50000": false, "[2001:db8::7]:50000": false, "": false, "@": false} {
		for path, want := range map[string]bool{"/v1/segments": true, "/local/inbox": mine, "/local/invoke/console": mine} {
			r := httptest.NewRequest("GET", path, nil)
			r.RemoteAddr, r.Host = from, "192.0.2.1:8080"
			w := httptest.NewRecorder()
			front.ServeHTTP(w, r)
			if got := w.Code != http.StatusForbidden; got != want {
				t.Errorf("%s from %q: %d %s", path, from, w.Code, w.Body)
			}
		}
	}
}

// TestEveryAddressIsGuarded asks each server of a stack by a name that leads to it.
func TestEveryAddressIsGuarded(t *testing.T) {
	s := stack(t, Options{Inbox: true})
	a := s.Addresses()
	for name, address := range map[string]string{"api": a.Gateway + "/greeting", "inbox": a.Inbox, "invoke": a.Gateway + "/local/invoke/count", "tables": a.DynamoDB, "queues": a.SQS, "secrets": a.SSM,
		"functions": a.Lambda + "/2015-03-31/functions/local-Count/invocations"} {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "evil.example"
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s answers %d to another name", name, resp.StatusCode)
		}
	}
}

// TestTheDataFolderIsOneUsersOwn looks at what a stack leaves behind, and at a folder of an older program.
func TestTheDataFolderIsOneUsersOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for range 2 {
		s := stack(t, Options{DataDir: dir, Inbox: true})
		stop(t, s)
		var seen int
		err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
			if err == nil && info.Mode().Perm()&0o077 != 0 && (path == dir || !info.IsDir()) {
				t.Errorf("%s has the mode %v", path, info.Mode())
			}
			seen++
			return err
		})
		if err != nil || seen < 5 {
			t.Errorf("%d files, %v", seen, err)
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
