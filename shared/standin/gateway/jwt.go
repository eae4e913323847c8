package gateway

import (
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// jwtContext is what a function learns about the bearer. Every claim arrives as a text, as the service has it.
type jwtContext struct {
	Claims map[string]string `json:"claims"`
	Scopes []string          `json:"scopes"`
}

// issuer keeps the public keys of one OpenID Connect provider for an hour.
type issuer struct {
	url    string
	client *http.Client
	clock  func() time.Time

	mu      sync.Mutex
	keys    map[string]crypto.PublicKey
	fetched time.Time
}

const keysLast = time.Hour

// authorize checks a request's token; the status is 200, 401 or 403.
func (g *Gateway) authorize(r *http.Request, match *route) (*jwtContext, int) {
	a := match.authorizer
	token := identity(r, a.IdentitySource)
	if token == "" {
		return nil, http.StatusUnauthorized
	}
	from := g.issuers[a.Issuer]
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		return from.key(r.Context(), id)
	}, jwt.WithValidMethods([]string{"RS256", "RS384", "RS512"}), jwt.WithIssuer(a.Issuer), jwt.WithExpirationRequired(), jwt.WithTimeFunc(g.options.Clock))
	if err != nil || !audience(claims, a.Audience) {
		return nil, http.StatusUnauthorized
	}
	out := &jwtContext{Claims: map[string]string{}}
	for name, value := range claims {
		out.Claims[name] = claimText(value)
	}
	held := strings.Fields(out.Claims["scope"])
	if len(held) == 0 {
		held = strings.Fields(out.Claims["scp"])
	}
	if len(match.scopes) > 0 {
		for _, s := range match.scopes {
			if slices.Contains(held, s) {
				out.Scopes = append(out.Scopes, s)
			}
		}
		if len(out.Scopes) == 0 {
			return nil, http.StatusForbidden
		}
	}
	return out, http.StatusOK
}

func identity(r *http.Request, source string) string {
	if name, ok := strings.CutPrefix(source, "$request.querystring."); ok {
		return r.URL.Query().Get(name)
	}
	value := r.Header.Get(strings.TrimPrefix(source, "$request.header."))
	if scheme, token, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return value
}

// audience accepts a token whose aud, or client_id where it has no aud, is one of the wanted.
func audience(claims jwt.MapClaims, wanted []string) bool {
	have, err := claims.GetAudience()
	if err != nil {
		return false
	}
	if len(have) == 0 {
		if id, ok := claims["client_id"].(string); ok {
			have = append(have, id)
		}
	}
	return slices.ContainsFunc(have, func(a string) bool { return slices.Contains(wanted, a) })
}

func claimText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		b, _ := json.Marshal(v)
		if v == float64(int64(v)) {
			return fmt.Sprint(int64(v))
		}
		return string(b)
	case []any:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = claimText(p)
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func (i *issuer) key(ctx context.Context, id string) (crypto.PublicKey, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	age := i.clock().Sub(i.fetched)
	if k, ok := i.keys[id]; ok && age < keysLast {
		return k, nil
	}
	// A key not seen before may be new, but a stranger must not make this ask the issuer at will.
	if i.keys == nil || age >= keysLast || age > 30*time.Second {
		keys, err := i.fetch(ctx)
		if err != nil {
			return nil, err
		}
		i.keys, i.fetched = keys, i.clock()
	}
	if k, ok := i.keys[id]; ok {
		return k, nil
	}
	return nil, fmt.Errorf("issuer %s has no key %q", i.url, id)
}

func (i *issuer) fetch(ctx context.Context) (map[string]crypto.PublicKey, error) {
	var configuration struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := i.get(ctx, strings.TrimSuffix(i.url, "/")+"/.well-known/openid-configuration", &configuration); err != nil {
		return nil, err
	}
	var set struct {
		Keys []struct{ Kty, Kid, N, E string }
	}
	if err := i.get(ctx, configuration.JWKS, &set); err != nil {
		return nil, err
	}
	keys := map[string]crypto.PublicKey{}
	for _, k := range set.Keys {
		if k.Kty != "RSA" {
			continue
		}
		n, err := base64.RawURLEncoding.DecodeString(k.N)
		if err != nil {
			continue
		}
		e, err := base64.RawURLEncoding.DecodeString(k.E)
		if err != nil || len(e) > 4 {
			continue
		}
		keys[k.Kid] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	}
	return keys, nil
}

func (i *issuer) get(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("asking issuer %s: %w", i.url, err)
	}
	resp, err := i.client.Do(req)
	if err != nil {
		return fmt.Errorf("asking issuer %s: %w", i.url, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("asking issuer %s: %s", i.url, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("reading the answer of issuer %s: %w", i.url, err)
	}
	return nil
}
