package gateway

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/userops/userops/shared/standin/sam"
)

func TestJWT(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := rsa.GenerateKey(rand.Reader, 2048)
	asked := 0
	var url string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path == "/.well-known/openid-configuration" {
			_ = json.NewEncoder(w).Encode(map[string]string{"jwks_uri": url + "/keys"})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
			"kty": "RSA", "kid": "k1", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		}}})
	}))
	defer server.Close()
	url = server.URL

	auth := sam.Authorizer{Name: "oidc", IdentitySource: "$request.header.Authorization", Issuer: url, Audience: []string{"shop"}}
	api := sam.API{LogicalID: "Api", Authorizers: map[string]sam.Authorizer{"oidc": auth}}
	routes := []sam.Route{
		{API: "Api", Method: "GET", Path: "/open", Timeout: time.Second},
		{API: "Api", Method: "GET", Path: "/runs", Authorizer: "oidc", Timeout: time.Second},
		{API: "Api", Method: "PUT", Path: "/runs", Authorizer: "oidc", Scopes: []string{"write"}, Timeout: time.Second},
	}
	s := &stub{answer: "1"}
	g, err := New(api, []sam.Function{{Name: "f", Routes: routes}}, Options{Invoker: s, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	token := func(signer *rsa.PrivateKey, kid string, change func(jwt.MapClaims)) string {
		claims := jwt.MapClaims{"iss": url, "aud": "shop", "exp": now.Add(time.Minute).Unix(), "sub": "op", "scope": "read", "groups": []string{"a", "b"}}
		change(claims)
		tok := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
		tok.Header["kid"] = kid
		out, err := tok.SignedString(signer)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(jwt.MapClaims) {}
	hmac, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": url, "aud": "shop", "exp": now.Add(time.Minute).Unix()}).SignedString([]byte("x"))
	for _, c := range []struct {
		name, request, token string
		want                 int
	}{
		{"open", "GET /open", "", 200},
		{"none", "GET /runs", "", 401},
		{"good", "GET /runs", token(key, "k1", same), 200},
		{"other key", "GET /runs", token(other, "k1", same), 401},
		{"unknown key", "GET /runs", token(key, "k2", same), 401},
		{"expired", "GET /runs", token(key, "k1", func(c jwt.MapClaims) { c["exp"] = now.Add(-time.Second).Unix() }), 401},
		{"never expires", "GET /runs", token(key, "k1", func(c jwt.MapClaims) { delete(c, "exp") }), 401},
		{"not yet", "GET /runs", token(key, "k1", func(c jwt.MapClaims) { c["nbf"] = now.Add(time.Second).Unix() }), 401},
		{"other issuer", "GET /runs", token(key, "k1", func(c jwt.MapClaims) { c["iss"] = "x" }), 401},
		{"other audience", "GET /runs", token(key, "k1", func(c jwt.MapClaims) { c["aud"] = "x" }), 401},
		{"client id for audience", "GET /runs", token(key, "k1", func(c jwt.MapClaims) { delete(c, "aud"); c["client_id"] = "shop" }), 200},
		{"symmetric", "GET /runs", hmac, 401},
		{"scope missing", "PUT /runs", token(key, "k1", same), 403},
		{"scope held", "PUT /runs", token(key, "k1", func(c jwt.MapClaims) { c["scope"] = "read write" }), 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			method, path := c.request[:3], c.request[4:]
			var header []string
			if c.token != "" {
				header = []string{"Authorization", "Bearer " + c.token}
			}
			if w := send(g, method, path, "", header...); w.Code != c.want {
				t.Errorf("%d %s, want %d", w.Code, w.Body, c.want)
			}
		})
	}
	context, _ := json.Marshal(s.event["requestContext"].(map[string]any)["authorizer"])
	var got struct {
		JWT struct {
			Claims map[string]string
			Scopes []string
		}
	}
	_ = json.Unmarshal(context, &got)
	if got.JWT.Claims["sub"] != "op" || got.JWT.Claims["groups"] != "[a b]" || got.JWT.Claims["exp"] != "1795249860" || len(got.JWT.Scopes) != 1 || got.JWT.Scopes[0] != "write" {
		t.Errorf("the function learns %s", context)
	}
	if asked != 2 {
		t.Errorf("the issuer was asked %d times, want 2: an unknown key must not make it ask again at once", asked)
	}
}
