package pages_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/signin"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/httpapi"
)

// issuer is an OpenID provider that lets everybody in as its claims say.
type issuer struct {
	*httptest.Server
	key       *rsa.PrivateKey
	claims    jwt.MapClaims     // over the usual ones
	challenge map[string]string // by code
	nonce     map[string]string
	client    string // the secret that the client has shown
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key, challenge: map[string]string{}, nonce: map[string]string{}, claims: jwt.MapClaims{}}
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"keys": []map[string]string{{"kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes())}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if _, i.client, _ = r.BasicAuth(); i.challenge[r.FormValue("code")] != base64.RawURLEncoding.EncodeToString(sum[:]) {
			w.WriteHeader(http.StatusBadRequest)
			answer(w, map[string]string{"error": "invalid_grant"})
			return
		}
		answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": i.token(t, r.FormValue("code"))})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) token(t *testing.T, code string) string {
	claims := jwt.MapClaims{"iss": i.URL, "aud": "console", "sub": "7", "exp": pagestest.Noon.Add(time.Hour).Unix(), "iat": pagestest.Noon.Unix(), "nonce": i.nonce[code], "name": "Bo Li", "groups": []string{"staff", "userops-editor"}}
	for name, value := range i.claims {
		claims[name] = value
	}
	made := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	made.Header["kid"] = "k1"
	signed, err := made.SignedString(i.key)
	if err != nil {
		t.Error(err)
	}
	return signed
}

// authorize is the issuer's own page: it takes where the browser was led, and gives where it is led back.
func (i *issuer) authorize(t *testing.T, to, code string) string {
	t.Helper()
	at, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, i.URL+"/authorize?") {
		t.Fatalf("led to %q, %v", to, err)
	}
	q := at.Query()
	if q.Get("redirect_uri") != "https://"+pagestest.Host+"/console/sign-in/back" || q.Get("client_id") != "console" || q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" {
		t.Fatalf("asked for %v", q)
	}
	i.challenge[code], i.nonce[code] = q.Get("code_challenge"), q.Get("nonce")
	return "/console/sign-in/back?" + url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
}

// byIssuer is a bench at whose door an issuer is.
func byIssuer(t *testing.T) (*pagestest.Bench, *issuer) {
	b, i := pagestest.Start(t), newIssuer(t)
	claims := httpapi.Claims{Role: "groups", Name: "name"}
	b.Pages.Door.Auth.Claims, b.Console.Auth.Claims, b.Member.Auth.Claims = claims, claims, claims
	b.Pages.Door.Issuer = &signin.Issuer{
		URL: i.URL, ClientID: "console", HTTP: i.Client(), Now: b.Now, Secret: b.Secret, Public: func(*http.Request) string { return "https://" + pagestest.Host },
	}
	b.Trust()
	return b, i
}

const way = "/console/sign-in/issuer?next=/console/people"

// TestSigningInElsewhere leads to the issuer and back, to the page that was wanted, as who the issuer says, in their role.
func TestSigningInElsewhere(t *testing.T) {
	b, i := byIssuer(t)
	b.Values["client-secret"] = "client-credential"
	b.Trust()
	f := b.Browser(text.Chinese)
	if page := f.Get("/console/sign-in").Body.String(); !strings.Contains(page, "用公司账号登录") {
		t.Errorf("the door is %s", page)
	}
	out := f.Get(way)
	back := f.Get(i.authorize(t, out.Header().Get("Location"), "code-1"))
	if to := back.Header().Get("Location"); back.Code != http.StatusSeeOther || to != "/console/people" || i.client != "client-credential" {
		t.Fatalf("%d to %s, the client's secret %q: %s", back.Code, to, i.client, back.Body)
	}
	if page := f.Page("/console"); !strings.Contains(page, "Bo Li") || !strings.Contains(page, "编辑") {
		t.Errorf("signed in as %s", page)
	}
	if f.Cookies["__Host-userops-sign-in"] != "" {
		t.Error("the attempt is kept")
	}
	// The shop turns to another issuer, or to none.
	for name, change := range map[string]func(){
		"another": func() { b.Pages.Door.Issuer = &signin.Issuer{URL: "https://other.example/"} }, "none": func() { b.Pages.Door.Issuer = nil }, "no role": func() { b.Pages.Door.Auth.Claims = httpapi.Claims{} },
	} {
		if change(); open(f) {
			t.Errorf("with %s issuer the session goes on", name)
		}
	}
}

// TestWhoDoesNotComeBackRight is not let in: another browser, another state, a token of another attempt, for another program, of another issuer, too old, without a role, or a second time.
func TestWhoDoesNotComeBackRight(t *testing.T) {
	for name, c := range map[string]struct {
		claims jwt.MapClaims
		change func(b *pagestest.Bench, i *issuer, f *pagestest.Browser, back *string)
	}{
		"another browser": {nil, func(_ *pagestest.Bench, _ *issuer, f *pagestest.Browser, _ *string) {
			delete(f.Cookies, "__Host-userops-sign-in")
		}},
		"another state": {nil, func(_ *pagestest.Bench, _ *issuer, _ *pagestest.Browser, back *string) {
			*back = "/console/sign-in/back?code=code-1&state=x"
		}},
		"no state": {nil, func(_ *pagestest.Bench, _ *issuer, _ *pagestest.Browser, back *string) {
			*back = "/console/sign-in/back?code=code-1"
		}},
		"no code": {nil, func(_ *pagestest.Bench, _ *issuer, _ *pagestest.Browser, back *string) {
			*back = strings.Replace(*back, "code-1", "", 1)
		}},
		"another code": {nil, func(_ *pagestest.Bench, _ *issuer, _ *pagestest.Browser, back *string) {
			*back = strings.Replace(*back, "code-1", "code-2", 1)
		}},
		"too late": {nil, func(b *pagestest.Bench, _ *issuer, _ *pagestest.Browser, _ *string) { b.Pass(10 * time.Minute) }},
		"a stolen code": {nil, func(_ *pagestest.Bench, i *issuer, _ *pagestest.Browser, _ *string) {
			i.challenge["code-1"] = "another"
		}},
		"a token of before":   {jwt.MapClaims{"nonce": "another"}, nil},
		"for another program": {jwt.MapClaims{"aud": "another"}, nil},
		"of another issuer":   {jwt.MapClaims{"iss": "https://evil.example"}, nil},
		"an old token":        {jwt.MapClaims{"exp": pagestest.Noon.Add(-time.Second).Unix()}, nil},
		"no role":             {jwt.MapClaims{"groups": []string{"staff", "product owner"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b, i := byIssuer(t)
			f := b.Browser(text.English)
			back := i.authorize(t, f.Get(way).Header().Get("Location"), "code-1")
			if i.claims = c.claims; c.change != nil {
				c.change(b, i, f, &back)
			}
			if w := f.Get(back); w.Code != http.StatusForbidden || f.Cookies[cookie] != "" || open(f) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	b, i := byIssuer(t)
	f := b.Browser(text.English)
	back := i.authorize(t, f.Get(way).Header().Get("Location"), "code-1")
	f.Get(back)
	f.Post("/console/sign-out")
	if w := f.Get(back); w.Code != http.StatusForbidden || open(f) {
		t.Errorf("a second time: %d", w.Code)
	}
	i.Close()
	b.Pages.Door.Issuer = &signin.Issuer{URL: i.URL, ClientID: "console", HTTP: http.DefaultClient, Now: b.Now, Secret: b.Secret}
	if w := f.Get(way); w.Code != http.StatusServiceUnavailable {
		t.Errorf("while the issuer is away: %d", w.Code)
	}
}
