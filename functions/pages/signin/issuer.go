package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/session"
)

// Issuer is where operators of the shop sign in who have no key: an OpenID provider.
type Issuer struct {
	URL      string
	ClientID string
	// Secret is the client's, empty for a public one, which PKCE protects alone.
	Secret func(ctx context.Context) (string, error)
	// Public is where browsers reach the pages: https://console.shop.example
	Public func(r *http.Request) string
	HTTP   *http.Client
	Now    func() time.Time

	mu       sync.Mutex
	provider *oidc.Provider
}

// discovered is the provider as it describes itself. It is asked once; an answer that failed is asked for again.
func (i *Issuer) discovered() (*oidc.Provider, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.provider != nil {
		return i.provider, nil
	}
	// The provider goes on to use this context when it reads keys, so it is no request's.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.Background(), i.HTTP), i.URL)
	if err != nil {
		return nil, fmt.Errorf("asking the issuer of operators' tokens what it is: %w", err)
	}
	i.provider = provider
	return provider, nil
}

func (i *Issuer) config(r *http.Request, provider *oidc.Provider) (oauth2.Config, error) {
	secret, err := i.Secret(r.Context())
	return oauth2.Config{
		ClientID: i.ClientID, ClientSecret: secret, Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile", "email"}, RedirectURL: i.Public(r) + view.Link(back),
	}, err
}

// claims are those of the token that a code is exchanged for, as the gateway writes them: each a text, a list as [a b].
func (i *Issuer) claims(r *http.Request, code string, try session.Attempt) (map[string]string, error) {
	provider, err := i.discovered()
	if err != nil {
		return nil, err
	}
	config, err := i.config(r, provider)
	if err != nil {
		return nil, err
	}
	tokens, err := config.Exchange(oidc.ClientContext(r.Context(), i.HTTP), code, oauth2.VerifierOption(try.Verifier))
	if err != nil {
		return nil, fmt.Errorf("exchanging a code: %w", unspoken(err))
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := provider.Verifier(&oidc.Config{ClientID: i.ClientID, Now: i.Now}).Verify(oidc.ClientContext(r.Context(), i.HTTP), raw)
	if err != nil {
		return nil, fmt.Errorf("verifying a token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(try.Nonce)) != 1 {
		return nil, fmt.Errorf("the token is of another attempt to sign in")
	}
	var all map[string]json.RawMessage
	if err := token.Claims(&all); err != nil {
		return nil, fmt.Errorf("reading a token: %w", err)
	}
	claims := map[string]string{}
	for name, raw := range all {
		claims[name] = written(raw)
	}
	return claims, nil
}

// unspoken takes the issuer's own words off an error: they may name somebody.
func unspoken(err error) error {
	if refused, is := err.(*oauth2.RetrieveError); is { //nolint:errorlint // it comes as it is
		return fmt.Errorf("the issuer answered %d %q", refused.Response.StatusCode, refused.ErrorCode)
	}
	return err
}

func written(raw json.RawMessage) string {
	var text string
	var list []string
	switch {
	case json.Unmarshal(raw, &text) == nil:
		return text
	case json.Unmarshal(raw, &list) == nil:
		return "[" + strings.Join(list, " ") + "]"
	}
	return string(raw)
}

// begin leads to the issuer.
func (d *Door) begin(w http.ResponseWriter, r *http.Request) {
	next := Next(r.URL.Query().Get("next"))
	if d.Issuer == nil {
		http.Redirect(w, r, view.Link(In, "next", next), http.StatusSeeOther)
		return
	}
	keys, err := d.Secrets.Sessions(r.Context())
	if err != nil {
		d.away(w, r, next, err)
		return
	}
	if !keys.CanSign() {
		d.page(w, r, http.StatusServiceUnavailable, door{Next: next, Fault: "door.fault.secret"})
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
