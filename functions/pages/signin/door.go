package signin

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"time"

	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/session"
	"github.com/userops/userops/shared/httpapi"
)

// Secrets knows the keys of cookies. An error means that they are not known now.
type Secrets interface {
	Sessions(ctx context.Context) (*session.Keys, error)
}

// Store remembers which sessions were ended and which networks try keys in vain.
type Store interface {
	// End ends a session that would have lasted until a time. Nil means that it is durable.
	End(ctx context.Context, id string, until time.Time) error
	// Ended says whether it was, consistently.
	Ended(ctx context.Context, id string) (bool, error)
	// Try counts a try of a network, or gives how long to wait before one may be made.
	Try(ctx context.Context, network string) (wait time.Duration, err error)
	// Forgive forgets a network's tries.
	Forgive(ctx context.Context, network string) error
}

// Door lets operators in and out.
type Door struct {
	Site    *view.Site
	Auth    httpapi.Auth
	Secrets Secrets
	Store   Store
	Issuer  *Issuer // nil where operators have keys alone
	// Secure says that browsers come by https. On one machine they do not.
	Secure bool
	NewID  func() string // never the same twice
}

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

// Visitor is who comes, by the cookie that they bring: nobody where it was not signed here, has ended or was ended, or is of a key or an issuer that is not the shop's any more.
func (d *Door) Visitor(r *http.Request) (s session.Session, known bool, err error) {
	cookie, err := r.Cookie(d.name(sessionCookie))
	if err != nil {
		return s, false, nil
	}
	keys, err := d.Secrets.Sessions(r.Context())
	if err != nil {
		return s, false, err
	}
	s, ok := keys.Open(cookie.Value, d.Site.Now())
	if !ok || s.Issuer != "" && (d.Issuer == nil || s.Issuer != d.Issuer.URL) || !d.Auth.Holds(s.Caller, s.Issuer) {
		return s, false, nil
	}
	ended, err := d.Store.Ended(r.Context(), s.ID)
	return s, err == nil && !ended, err
}

// Pass is what the API takes for a visitor.
func (d *Door) Pass(r *http.Request, s session.Session) (string, error) {
	keys, err := d.Secrets.Sessions(r.Context())
	if err != nil {
		return "", err
	}
	return keys.Issue(s.Pass(httpapi.Address(r), d.Site.Now())), nil
}

// The cookies. Names that begin with __Host- are taken by browsers for this host alone, by https alone.
const (
	hostPrefix    = "__Host-"
	sessionCookie = "userops"
	tryCookie     = "userops-sign-in"
)

func (d *Door) name(cookie string) string {
	if d.Secure {
		return hostPrefix + cookie
	}
	return cookie
}

func (d *Door) cookie(name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{Name: d.name(name), Value: value, Path: "/", MaxAge: int(life / time.Second), HttpOnly: true, Secure: d.Secure, SameSite: http.SameSiteLaxMode}
	if life == 0 {
		c.MaxAge = -1 // it goes
	}
	return c
}

// door is what the page before signing in is about.
type door struct {
	*view.Site
	Next     string
	Issuer   bool
	Fault    string        // key of what is wrong
	Wait     time.Duration // before the next try
	Here     string
	Language text.Lang
}

// Seconds is how long to wait, in whole seconds, one at least.
func (d door) Seconds() int { return int((d.Wait + time.Second - 1) / time.Second) }

func (d *Door) page(w http.ResponseWriter, r *http.Request, status int, about door) {
	lang := Language(r)
	about.Site, about.Issuer, about.Here, about.Language = d.Site, d.Issuer != nil, view.Link(In, "next", about.Next), lang
	body, err := pages.Plain(lang, "door", about)
	if err != nil {
		slog.ErrorContext(r.Context(), "page cannot be written", "page", In, "error", err.Error())
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	view.Answer(w, status, lang, body)
}

// admit begins a session. Whatever cookie the visitor brought, theirs is a new one.
func (d *Door) admit(w http.ResponseWriter, r *http.Request, keys *session.Keys, who access.Caller, issuer, next string) {
	http.SetCookie(w, d.cookie(sessionCookie, keys.Seal(session.Begin(d.NewID(), who, issuer, d.Site.Now())), session.Life))
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// away answers what could not be asked or kept just now.
func (d *Door) away(w http.ResponseWriter, r *http.Request, next string, err error) {
	slog.ErrorContext(r.Context(), "signing in or out failed", "error", err.Error())
	d.page(w, r, http.StatusServiceUnavailable, door{Next: next, Fault: "door.fault.away"})
}
