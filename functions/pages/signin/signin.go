// Package signin is the door of the console: how an operator signs in, by a key or at an issuer of their own, and out, and who a visitor is. It knows no page behind it. The surprising thing: nothing is
// stored of somebody who is signed in. The cookie says all, signed; stored is only what ends one before its time.
package signin

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/session"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/telemetry"
)

// Serve answers what is of the door itself, and reports whether it was.
func (d *Door) Serve(w http.ResponseWriter, r *http.Request, path string) bool {
	serve := map[string]http.HandlerFunc{
		"GET " + In: d.show, "POST " + In: d.enter, "POST " + out: d.leave, "GET " + begin: d.begin, "GET " + back: d.back, "POST " + language: changeLanguage(d.Secure),
	}[r.Method+" "+path]
	if serve == nil {
		return false
	}
	serve(w, r)
	return true
}

func (d *Door) show(w http.ResponseWriter, r *http.Request) {
	next := Next(r.URL.Query().Get("next"))
	if _, known, err := d.Visitor(r); known && err == nil {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	d.page(w, r, http.StatusOK, door{Next: next})
}

// enter takes a key. It is counted before it is looked at, so that who sends many at once is slowed too.
func (d *Door) enter(w http.ResponseWriter, r *http.Request) {
	next := Next(r.PostFormValue("next"))
	keys, ok := d.signing(w, r, next)
	if !ok {
		return
	}
	network := keys.Network(networkOf(httpapi.Address(r)))
	wait, err := d.Store.Try(r.Context(), network)
	switch {
	case err != nil:
		d.away(w, r, next, err)
		return
	case wait > 0:
		telemetry.Count("sign_ins_slowed", 1)
		about := door{Next: next, Fault: "door.fault.slow", Wait: wait}
		w.Header().Set("Retry-After", fmt.Sprint(about.Seconds()))
		d.page(w, r, http.StatusTooManyRequests, about)
		return
	}
	who, ok := d.Auth.Operator(strings.TrimSpace(r.PostFormValue("key")))
	if !ok {
		telemetry.Count("sign_ins_refused", 1)
		d.page(w, r, http.StatusForbidden, door{Next: next, Fault: "door.fault.key"})
		return
	}
	if err := d.Store.Forgive(r.Context(), network); err != nil {
		slog.WarnContext(r.Context(), "tries to sign in stay counted", "error", err.Error())
	}
	d.admit(w, r, keys, who, "", next)
}

// leave ends the session, before the cookie goes: a copy of it opens nothing any more.
func (d *Door) leave(w http.ResponseWriter, r *http.Request) {
	s, known, err := d.Visitor(r)
	if err == nil && known {
		err = d.Store.End(r.Context(), s.ID, s.Until)
	}
	if err != nil {
		d.away(w, r, view.Root, err)
		return
	}
	http.SetCookie(w, d.cookie(sessionCookie, "", 0))
	http.Redirect(w, r, view.Link(In), http.StatusSeeOther)
}

// signing are the keys that sign who comes in. Without one it has answered, and ok is false.
func (d *Door) signing(w http.ResponseWriter, r *http.Request, next string) (keys *session.Keys, ok bool) {
	keys, err := d.Secrets.Sessions(r.Context())
	if err != nil {
		d.away(w, r, next, err)
		return nil, false
	}
	if !keys.CanSign() {
		d.page(w, r, http.StatusServiceUnavailable, door{Next: next, Fault: "door.fault.secret"})
		return nil, false
	}
	return keys, true
}

// networkOf is the network of an address: of IPv6 what one customer has.
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return ip.Unmap().String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return prefix.String()
}

// begin leads to the issuer.
func (d *Door) begin(w http.ResponseWriter, r *http.Request) {
	next := Next(r.URL.Query().Get("next"))
	if d.Issuer == nil {
		http.Redirect(w, r, view.Link(In, "next", next), http.StatusSeeOther)
		return
	}
	keys, ok := d.signing(w, r, next)
	if !ok {
		return
	}
	provider, err := d.Issuer.discovered()
	if err != nil {
		d.away(w, r, next, err)
		return
	}
	config, err := d.Issuer.config(r, provider)
	if err != nil {
		d.away(w, r, next, err)
		return
	}
	try := session.Trying(rand.Text(), rand.Text(), oauth2.GenerateVerifier(), next, d.Site.Now())
	http.SetCookie(w, d.cookie(tryCookie, keys.Remember(try), try.Until.Sub(d.Site.Now())))
	http.Redirect(w, r, config.AuthCodeURL(try.State, oidc.Nonce(try.Nonce), oauth2.S256ChallengeOption(try.Verifier)), http.StatusSeeOther)
}

// back takes whoever comes back from the issuer. What they bring is good for the attempt alone that this browser has begun.
func (d *Door) back(w http.ResponseWriter, r *http.Request) {
	refuse := func(next, why string) {
		d.page(w, r, http.StatusForbidden, door{Next: next, Fault: why})
	}
	cookie, err := r.Cookie(d.name(tryCookie))
	if err != nil || d.Issuer == nil {
		refuse(view.Root, "door.fault.attempt")
		return
	}
	keys, err := d.Secrets.Sessions(r.Context())
	if err != nil {
		d.away(w, r, view.Root, err)
		return
	}
	try, ok := keys.Recall(cookie.Value, d.Site.Now())
	http.SetCookie(w, d.cookie(tryCookie, "", 0)) // for one attempt, whatever comes of it
	query := r.URL.Query()
	if !ok || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(try.State)) != 1 {
		refuse(view.Root, "door.fault.attempt")
		return
	}
	if query.Get("code") == "" {
		refuse(try.Next, "door.fault.issuer")
		return
	}
	claims, err := d.Issuer.claims(r, query.Get("code"), try)
	if err != nil {
		slog.WarnContext(r.Context(), "signing in at the issuer failed", "error", err.Error())
		refuse(try.Next, "door.fault.issuer")
		return
	}
	who, ok := d.Auth.Claims.Named(claims)
	if !ok {
		refuse(try.Next, "door.fault.role")
		return
	}
	d.admit(w, r, keys, who, d.Issuer.URL, Next(try.Next))
}
