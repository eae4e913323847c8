package push

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/call"
)

// grant gets access tokens for a service account (RFC 7523): one at a time, kept until shortly before it expires, and anew when the account changes.
type grant struct {
	secret func(context.Context) (string, error)
	client *http.Client
	now    func() time.Time

	mu     sync.Mutex
	of     string // the account's file
	access string
	until  time.Time
}

const (
	scope = "https://www.googleapis.com/auth/firebase.messaging"
	// early is how long before its end a token is no longer used: a call takes its time.
	early = time.Minute
)

// account is what there is in the file of a service account.
type account struct {
	Email    string `json:"client_email"`
	KeyID    string `json:"private_key_id"`
	Key      string `json:"private_key"`
	TokenURI string `json:"token_uri"`
}

// token is an access token that counts now. Its errors are *channel.Error: without one nothing is sent, and what cannot be had now may be later.
func (g *grant) token(ctx context.Context) (string, error) {
	file, err := g.secret(ctx)
	if err != nil || file == "" {
		return "", &channel.Error{Class: channel.Retry, Code: "secret"}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of == file && g.access != "" && g.now().Before(g.until) {
		return g.access, nil
	}
	access, life, err := g.ask(ctx, file)
	if err != nil {
		return "", err
	}
	g.of, g.access, g.until = file, access, g.now().Add(life-early)
	return access, nil
}

// forget drops a token that counts no more; where another one is known by now, that stays.
func (g *grant) forget(access string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.access == access {
		g.access = ""
	}
}

func (g *grant) ask(ctx context.Context, file string) (access string, life time.Duration, err error) {
	var a account
	key := (*rsa.PrivateKey)(nil)
	if json.Unmarshal([]byte(file), &a) == nil {
		key, _ = rsaKey(a.Key)
	}
	if key == nil || !call.IsAddress(a.TokenURI) {
		return "", 0, &channel.Error{Class: channel.Retry, Code: "secret"}
	}
	now := g.now().Unix()
	assertion, err := rs256(map[string]any{"iss": a.Email, "scope": scope, "aud": a.TokenURI, "iat": now, "exp": now + 3600}, a.KeyID, key)
	if err != nil {
		return "", 0, &channel.Error{Class: channel.Retry, Code: "secret"}
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.TokenURI, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, &channel.Error{Class: channel.Retry, Code: "settings"}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := call.Do(ctx, g.client, request)
	if err != nil {
		// However far that call came, no notification was handed over.
		return "", 0, &channel.Error{Class: channel.Retry, Code: "token"}
	}
	var said struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if refusal := answer.Refusal(g.now()); refusal != nil {
		return "", 0, &channel.Error{Class: channel.Retry, Code: "token", After: refusal.After}
	}
	if json.Unmarshal(answer.Body, &said) != nil || said.AccessToken == "" {
		return "", 0, &channel.Error{Class: channel.Retry, Code: "token"}
	}
	return said.AccessToken, time.Duration(said.ExpiresIn) * time.Second, nil
}

var errKey = errors.New("no private key of that kind")

func rsaKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errKey
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errKey
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errKey
	}
	return key, nil
}

// signing is what a JWT's signature is made of (RFC 7515): its head and its claims, in letters that need no escape.
func signing(head, claims map[string]any) (string, error) {
	h, err := json.Marshal(head)
	if err != nil {
		return "", err
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(h) + "." + base64.RawURLEncoding.EncodeToString(c), nil
}

func rs256(claims map[string]any, keyID string, key *rsa.PrivateKey) (string, error) {
	text, err := signing(map[string]any{"alg": "RS256", "typ": "JWT", "kid": keyID}, claims)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
