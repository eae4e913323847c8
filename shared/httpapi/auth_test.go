package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/operator/access"
)

const (
	serverHash   = "b3eacd33433b31b5252351032c9b3e7a2e7aa7738d5decdf0dd6c62680853c06" // of "server"
	operatorHash = "06E55B633481F7BB072957EABCF110C972E86691C3CFEDABE088024BFFE42F23" // of "operator", upper case
)

// routes of three kinds: the shop's back end's alone, every operator's, an owner's.
const (
	serverRoute = "POST /v1/track"
	viewerRoute = "GET /v1/segments"
	ownerRoute  = "PUT /v1/sources/{id}"
)

func auth() Auth {
	return Auth{
		ServerKeyHash: serverHash, OperatorKeyHash: operatorHash,
		Operators: access.Keys{{Name: "ann", Role: access.Viewer, Hash: hashOf("ann")}, {Name: "olga", Role: access.Owner, Hash: hashOf("olga")}, {Name: "olga", Role: access.Owner, Hash: hashOf("olga-2")}},
		Claims:    Claims{Role: "groups", Name: "preferred_username"},
	}
}

// asked lets a request through to a route, or not, and says who it was taken to be.
func asked(t *testing.T, a Auth, route, header string, claims map[string]string) (status int, by access.Caller) {
	t.Helper()
	in := gateway("GET", "/")
	in.Headers["authorization"] = header
	if claims != nil {
		in.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: claims}}
	}
	out := call(t, a.Require(route, func(w http.ResponseWriter, r *http.Request) { by = Caller(r.Context()); w.WriteHeader(200) }), in)
	if out.StatusCode == 401 && out.Headers["www-authenticate"] == "" {
		t.Error("401 without WWW-Authenticate")
	}
	return out.StatusCode, by
}

func TestKeysOpenTheirRoutes(t *testing.T) {
	for name, tc := range map[string]struct {
		header                string
		server, viewer, owner int
		by                    access.Caller
	}{
		"nothing":            {"", 401, 401, 401, access.Caller{}},
		"server key, basic":  {"Basic " + base64.StdEncoding.EncodeToString([]byte("server:")), 200, 403, 403, access.Caller{Name: "server key", Role: access.ServerKey, Key: "b3eacd33"}},
		"server key, bearer": {"bearer server", 200, 403, 403, access.Caller{Name: "server key", Role: access.ServerKey, Key: "b3eacd33"}},
		"the one key":        {"Bearer operator", 403, 200, 200, access.Caller{Name: "operator key", Role: access.Owner, Key: "06e55b63"}},
		"a viewer's":         {"Bearer ann", 403, 200, 403, access.Caller{Name: "ann", Role: access.Viewer, Key: hashOf("ann")[:8]}},
		"an owner's":         {"Bearer olga", 403, 200, 200, access.Caller{Name: "olga", Role: access.Owner, Key: hashOf("olga")[:8]}},
		"an owner's second":  {"Bearer olga-2", 403, 200, 200, access.Caller{Name: "olga", Role: access.Owner, Key: hashOf("olga-2")[:8]}},
		"a wrong key":        {"Bearer server2", 401, 401, 401, access.Caller{}},
		"key as password":    {"Basic " + base64.StdEncoding.EncodeToString([]byte(":server")), 401, 401, 401, access.Caller{}},
		"an empty bearer":    {"Bearer ", 401, 401, 401, access.Caller{}},
		"broken basic":       {"Basic !!!", 401, 401, 401, access.Caller{}},
		"a hash for a key":   {"Bearer " + serverHash, 401, 401, 401, access.Caller{}},
	} {
		t.Run(name, func(t *testing.T) {
			var got [3]int
			var by access.Caller
			for i, route := range []string{serverRoute, viewerRoute, ownerRoute} {
				status, who := asked(t, auth(), route, tc.header, nil)
				if got[i] = status; status == 200 {
					by = who
				}
			}
			if got != [3]int{tc.server, tc.viewer, tc.owner} || by != tc.by {
				t.Errorf("server's, viewer's and owner's route %v by %+v, want %v by %+v", got, by, [3]int{tc.server, tc.viewer, tc.owner}, tc.by)
			}
		})
	}
}

func TestTokensAreWhatTheirClaimsSay(t *testing.T) {
	type claims = map[string]string
	for name, tc := range map[string]struct {
		claims        claims
		viewer, owner int
		by            string
	}{
		"a role":                   {claims{"sub": "7", "groups": "owner", "preferred_username": "Olga"}, 200, 200, "Olga"},
		"a group of many":          {claims{"sub": "7", "groups": "[staff userops-viewer]", "preferred_username": "Ann"}, 200, 403, "Ann"},
		"the greatest":             {claims{"sub": "7", "groups": "[viewer, userops:owner]", "preferred_username": "Ann"}, 200, 200, "Ann"},
		"no name":                  {claims{"sub": "7", "groups": "viewer"}, 200, 403, "7"},
		"a name of control":        {claims{"sub": "7", "groups": "viewer", "preferred_username": "A\nnn"}, 200, 403, "7"},
		"a name without an end":    {claims{"sub": "7", "groups": "viewer", "preferred_username": strings.Repeat("n", 101)}, 200, 403, "7"},
		"nobody":                   {claims{"groups": "owner"}, 403, 403, ""},
		"no role":                  {claims{"sub": "7", "preferred_username": "Ann"}, 403, 403, ""},
		"another group":            {claims{"sub": "7", "groups": "[coowner viewers userops Owner]"}, 403, 403, ""},
		"a role in another's name": {claims{"sub": "7", "role": "owner", "scope": "owner", "": "owner"}, 403, 403, ""},
	} {
		t.Run(name, func(t *testing.T) {
			viewer, by := asked(t, auth(), viewerRoute, "Bearer eyJ", tc.claims)
			owner, _ := asked(t, auth(), ownerRoute, "Bearer eyJ", tc.claims)
			server, _ := asked(t, auth(), serverRoute, "Bearer eyJ", tc.claims)
			if viewer != tc.viewer || owner != tc.owner || server != 403 || by.Name != tc.by || (by.Key == "") != (tc.by == "") {
				t.Errorf("viewer's route %d, owner's %d, server's %d, by %+v", viewer, owner, server, by)
			}
			without := auth()
			without.Claims.Role = ""
			if status, _ := asked(t, without, viewerRoute, "Bearer eyJ", tc.claims); status != 403 {
				t.Errorf("without a claim of the role the token is answered %d", status)
			}
		})
	}
	// A token that the gateway has verified speaks for itself: a key beside it adds nothing.
	if status, _ := asked(t, auth(), ownerRoute, "Bearer olga", claimsOf("viewer")); status != 403 {
		t.Errorf("a viewer's token with an owner's key: %d", status)
	}
	// Two subjects of one name are told apart.
	_, one := asked(t, auth(), viewerRoute, "", map[string]string{"iss": "i", "sub": "1", "groups": "viewer", "preferred_username": "Ann"})
	_, two := asked(t, auth(), viewerRoute, "", map[string]string{"iss": "i", "sub": "2", "groups": "viewer", "preferred_username": "Ann"})
	if one.Key == two.Key || len(one.Key) != 8 {
		t.Errorf("two people are %+v and %+v", one, two)
	}
}

func hashOf(key string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(key))) }

func claimsOf(role string) map[string]string { return map[string]string{"sub": "7", "groups": role} }

func TestAuthWithoutHashesLetsNobodyIn(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer ")
	var a Auth
	if a.Server(r) || Matches("", "") || Matches("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") {
		t.Error("an empty key was let in")
	}
	for _, route := range []string{serverRoute, viewerRoute} {
		if status, _ := asked(t, a, route, "Bearer ", nil); status != 401 {
			t.Errorf("%s: %d", route, status)
		}
	}
}

func TestARouteWithoutARowIsNotServed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was")
		}
	}()
	auth().Require("GET /v1/nowhere", nil)
}

func TestFrom(t *testing.T) {
	for address, want := range map[string]string{"203.0.113.9:0": "203.0.113.9", "[2001:db8::1]:0": "2001:db8::1", "odd": "odd"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = address
		r.SetBasicAuth("olga", "")
		got := ""
		auth().Require(viewerRoute, func(_ http.ResponseWriter, r *http.Request) { got = From(r.Context()) })(httptest.NewRecorder(), r)
		if got != want {
			t.Errorf("%s is %q, want %q", address, got, want)
		}
	}
}

// TestARefusalSaysWhatTheKeyIs, of a key that is known, and of no other anything but what is needed. That write keys cannot be looked up changes no refusal.
func TestARefusalSaysWhatTheKeyIs(t *testing.T) {
	for name, c := range map[string]struct {
		key, route, detail string
		status             int
		away               bool
	}{
		"no key":                      {"", serverRoute, "a write key or the server key is needed here", 401, false},
		"an unknown key":              {"nobody", serverRoute, "the key is not known: a write key or the server key is needed here", 401, false},
		"an operator's":               {"ann", serverRoute, "an operator's key does not open this: a write key or the server key is needed here", 403, false},
		"the one operator key":        {"operator", "GET /v1/consents/{userId}", "an operator's key does not open this: the server key, or the person's userId with userHash, is needed here", 403, false},
		"a write key":                 {"writing", viewerRoute, "a write key does not open this: an operator's key or token of the role viewer at least is needed here", 403, false},
		"a write key at a profile":    {"writing", "GET /v1/profiles/{id}", "a write key does not open this: the server key, or an operator's key or token of the role viewer at least, is needed here", 403, false},
		"the server key":              {"server", viewerRoute, "the server key does not open this: an operator's key or token of the role viewer at least is needed here", 403, false},
		"a role that is not enough":   {"ann", ownerRoute, "an operator's key or token of the role owner at least is needed here", 403, false},
		"a write key not looked up":   {"writing", viewerRoute, "the key is not known: an operator's key or token of the role viewer at least is needed here", 401, true},
		"an operator's, meanwhile":    {"ann", serverRoute, "an operator's key does not open this: a write key or the server key is needed here", 403, true},
		"no key, and nobody is asked": {"", viewerRoute, "an operator's key or token of the role viewer at least is needed here", 401, true},
	} {
		a, asks := auth(), 0
		a.WriteKey = func(_ context.Context, key string) (bool, error) {
			asks++
			if c.away {
				return false, errors.New("no catalog")
			}
			return key == "writing", nil
		}
		in := gateway("GET", "/")
		if c.key != "" {
			in.Headers["authorization"] = "Bearer " + c.key
		}
		out := call(t, a.Require(c.route, func(http.ResponseWriter, *http.Request) { t.Errorf("%s: let through", name) }), in)
		var said struct{ Detail string }
		if err := json.Unmarshal([]byte(out.Body), &said); err != nil || out.StatusCode != c.status || said.Detail != c.detail {
			t.Errorf("%s: %d %s, %v; want %d %s", name, out.StatusCode, said.Detail, err, c.status, c.detail)
		}
		if known := c.key == "" || c.key == "ann" || c.key == "server" || c.key == "operator"; known && asks != 0 || !known && asks != 1 {
			t.Errorf("%s: write keys were asked for %d times", name, asks)
		}
	}
}
