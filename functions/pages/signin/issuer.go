package signin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
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
