package main

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/userops/userops/shared/local"
)

// visitPath is where the first visit begins, below /local/ of the gateway.
const visitPath = "console"

// visit lets the first visitor into the console without typing a key: whoever started the stack sees the link in their terminal. It signs in with the demo key, as the visitor would, and gives them the
// cookie; the console itself knows nothing of it.
type visit struct {
	token string
	used  atomic.Bool
}

func newVisit() *visit { return &visit{token: rand.Text()} }

func (v *visit) address(a local.Addresses) string {
	return a.Gateway + "/local/" + visitPath + "/" + v.token
}

// at serves the link. A second time, or with another token, it leads to the door.
func (v *visit) at(a local.Addresses) http.Handler {
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		given := strings.TrimPrefix(r.URL.Path, "/local/"+visitPath+"/")
		if subtle.ConstantTimeCompare([]byte(given), []byte(v.token)) == 1 && r.Method == http.MethodGet && v.used.CompareAndSwap(false, true) {
			in, err := client.PostForm(a.Gateway+"/console/sign-in", url.Values{"key": {demoOperatorKey}})
			if err != nil {
				v.used.Store(false)
				http.Error(w, "the console does not answer: open the link again", http.StatusBadGateway)
				return
			}
			_ = in.Body.Close()
			for _, cookie := range in.Header["Set-Cookie"] {
				w.Header().Add("Set-Cookie", cookie)
			}
		}
		http.Redirect(w, r, "/console", http.StatusSeeOther)
	})
}
