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
	"strings"
	"sync"
	"time"
)

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
