package functions

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/standin/sam"
)

// identities is a provider of tokens.
type identities struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newIdentities(t *testing.T) *identities {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &identities{key: key}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
				"kty": "RSA", "kid": "k1", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			}}})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"jwks_uri": i.URL + "/keys"})
	}))
	t.Cleanup(i.Close)
	return i
}

// token is one of the issuer for somebody with groups.
func (i *identities) token(t *testing.T, subject string, groups ...string) string {
	t.Helper()
	made := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"iss": i.URL, "aud": "userops", "exp": time.Now().Add(time.Hour).Unix(), "sub": subject, "groups": groups})
	made.Header["kid"] = "k1"
	text, err := made.SignedString(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// credential is one way to call: what the request carries, and whether a row of the table opens to it.
type credential struct {
	name  string
	set   func(r *http.Request)
	opens func(access.Row) bool
	// kind is what it is called where it is known and opens another route, empty where nothing is said of it.
	kind string
	// token says that it goes to the API for operators with tokens, where only their routes are.
	token bool
}

func bearer(key string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }
}

// TestEveryRouteWithEveryKey asks each route of the template with each kind of key, each role by key and by token, and the person's own and
// another person's proof, and holds the answers to the table of package access.
func TestEveryRouteWithEveryKey(t *testing.T) {
	t.Parallel()
	issuer := newIdentities(t)
	m := newMachineWith(t, t.TempDir(), map[string]string{"OperatorKeys": roleKeys(), "Issuer": issuer.URL, "RoleClaim": "groups"})
	others := m.stack.Others()
	if len(others) != 1 || others[0].Label != "OperatorApi" {
		t.Fatalf("the other APIs are %v", others)
	}

	m.call(http.StatusCreated, "PUT", "/v1/sources/a-till", operatorKey, `{"name":"A till","kind":"till","writeKeys":["key-of-a-till"]}`, nil)
	none := func(access.Row) bool { return false }
	write := func(r access.Row) bool { return r.Write }
	all := []credential{
		{"no key", func(*http.Request) {}, none, "", false},
		{"an unknown key", bearer("nobodys-key"), none, "", false},
		{"a key that is none", bearer("no key at all"), none, "", false},
		{"the write key", bearer("test-write-key"), write, "a write key", false},
		{"a source's write key", bearer("key-of-a-till"), write, "a write key", false},
		{"the server key", bearer(serverKey), func(r access.Row) bool { return r.Server }, "the server key", false},
		{"the key without a name", bearer(operatorKey), func(r access.Row) bool { return r.Least != "" }, "an operator's key", false},
		{"the person", proving("x", "x"), func(r access.Row) bool { return r.Person }, "", false},
		{"another person", proving("x", "y"), none, "", false},
		{"a token on the API of keys", bearer(issuer.token(t, "7", "owner")), none, "", false},
		{"a token without a role", bearer(issuer.token(t, "7", "staff")), none, "the token names no role", true},
		{"the server key on the API of tokens", bearer(serverKey), none, "", true},
	}
	for _, role := range access.Roles() {
		opens := func(r access.Row) bool { return role.May(r.Least) }
		all = append(all, credential{"a key of the role " + string(role), bearer("key-of-" + string(role)), opens, "an operator's key", false},
			credential{"a token of the role " + string(role), bearer(issuer.token(t, "7", "userops-"+string(role))), opens, "an operator's key", true})
	}
	var routes []string
	for _, f := range parse(t).Functions {
		for _, r := range f.Routes {
			routes = append(routes, r.Key())
			row, known := access.Of(r.Key())
			if !known {
				t.Errorf("%s has no row in package access", r.Key())
				continue
			}
			for _, c := range all {
				base := m.base
				if c.token {
					if row.Least == "" {
						continue // the API of tokens leads elsewhere
					}
					base = others[0].Text
				}
				status, answer := ask(t, base, r, c)
				// The API of tokens lets 50 calls a second through, and a quick machine makes more.
				for n := 0; status == http.StatusTooManyRequests && n < 1000; n++ {
					status, answer = ask(t, base, r, c)
				}
				let := status != http.StatusUnauthorized && status != http.StatusForbidden
				want := c.opens(row) || row.Open != "" && !strings.Contains(r.Path, "/hooks/")
				if r.Key() == "POST /console/{rest+}" { // the pages know sessions, and give a form back to whoever has none
					want = false
					if !strings.Contains(answer, "登录已过期") {
						t.Errorf("%s with %s: %s", r.Key(), c.name, answer)
					}
				}
				if let != want || status >= 500 {
					t.Errorf("%s with %s: %d %s, want it let through: %v", r.Key(), c.name, status, answer, want)
				}
				if !let && row.Open == "" && r.Method != http.MethodHead { // an answer to it has no words
					refusedAs(t, r.Key()+" with "+c.name, row, c, status, answer)
				}
			}
		}
	}
	for _, row := range access.Rows() {
		if !slices.Contains(routes, row.Route) {
			t.Errorf("the row %s is of no route of the template", row.Route)
		}
	}
}

// refusedAs holds a refusal to what may be said: a key that is known is told what it is and what is needed, or an operator the role; of any other nothing is said
// but what is needed.
func refusedAs(t *testing.T, what string, row access.Row, c credential, status int, answer string) {
	t.Helper()
	want := http.StatusForbidden
	if c.kind == "" {
		want = http.StatusUnauthorized
	}
	said := c.kind
	if c.kind == "an operator's key" && row.Least != "" {
		said = fmt.Sprintf("of the role %s at least", row.Least)
	}
	if status != want || !strings.Contains(answer, said) {
		t.Errorf("%s: %d %s, want %d and %q", what, status, answer, want, said)
	}
	for _, other := range []string{"a write key does", "the server key does", "an operator's key does"} {
		if strings.Contains(answer, other) && (c.kind == "" || !strings.HasPrefix(other, c.kind)) {
			t.Errorf("%s: says %s", what, answer)
		}
	}
}

// proving proves to be somebody, for a call about somebody.
func proving(about, proves string) func(*http.Request) {
	return func(r *http.Request) {
		q := r.URL.Query()
		q.Set("userId", about)
		q.Set("userHash", proof.UserHash(userHashSecret, proves))
		r.URL.RawQuery = q.Encode()
		if r.Method == "POST" && strings.Contains(r.URL.Path, "/referrals/") {
			body := fmt.Sprintf(`{"programId":"p","code":"c","userId":%q,"userHash":%q}`, about, proof.UserHash(userHashSecret, proves))
			if strings.HasSuffix(r.URL.Path, "codes") {
				body = strings.Replace(body, `"code":"c",`, "", 1)
			}
			if strings.HasSuffix(r.URL.Path, "claims") {
				body = strings.Replace(body, `"programId":"p",`, "", 1)
			}
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
	}
}

// ask sends a call of a route that does as little as it can.
func ask(t *testing.T, base string, route sam.Route, c credential) (status int, answer string) {
	t.Helper()
	path := strings.NewReplacer("{id}", "x", "{userId}", "x", "{runId}", "x", "{source}", "x", "{token}", "x", "{writeKey}", "test-write-key", "{n}", "1", "{rest+}", "").Replace(route.Path)
	body := `{}`
	switch {
	case slices.Contains([]string{"/v1/batch", "/v1/import", "/v1/b", "/beacon/v1/batch"}, path):
		body = `{"batch":[]}`
	case strings.HasSuffix(path, "/codes"):
		body = `{"programId":"p","userId":"x"}`
	case strings.HasSuffix(path, "/claims"):
		body = `{"code":"c","userId":"x"}`
	case route.Method == "GET" || route.Method == "DELETE":
		body = ""
	}
	r, err := http.NewRequest(route.Method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if strings.Contains(path, "/hooks/") {
		r.Header.Set("X-Shopify-Topic", "orders/create")
		r.Header.Set("X-WC-Webhook-Topic", "order.created")
	}
	c.set(r)
	out, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return out.StatusCode, string(text)
}
