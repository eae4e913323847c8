package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// Auth knows the two keys of a deployment by the hex SHA-256 of each. An empty hash is a key that does not exist.
type Auth struct{ ServerKeyHash, OperatorKeyHash string }

// Key is the credential of a request: the user of HTTP Basic or a bearer token; empty when there is none.
func Key(r *http.Request) string {
	if user, _, ok := r.BasicAuth(); ok {
		return user
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}

// Matches says in constant time whether the hex SHA-256 of key is hash. Nothing matches an empty hash, nor does an empty key.
func Matches(key, hash string) bool {
	sum := sha256.Sum256([]byte(key))
	have := hex.EncodeToString(sum[:])
	same := subtle.ConstantTimeCompare([]byte(have), []byte(strings.ToLower(hash))) == 1
	return same && key != ""
}

// Server says whether the request carries the server key.
func (a Auth) Server(r *http.Request) bool { return Matches(Key(r), a.ServerKeyHash) }

// Operator says whether the request carries the operator key, or passed the gateway's JWT authorizer.
func (a Auth) Operator(r *http.Request) bool {
	if in, ok := r.Context().Value(requestKey{}).(*events.APIGatewayV2HTTPRequest); ok {
		if by := in.RequestContext.Authorizer; by != nil && by.JWT != nil && len(by.JWT.Claims) > 0 {
			return true
		}
	}
	return Matches(Key(r), a.OperatorKeyHash)
}

// RequireServer lets only requests with the server key through to h: 401 without a known key, 403 with the operator's.
func (a Auth) RequireServer(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case a.Server(r):
			h(w, r)
		case a.Operator(r):
			Problem(w, http.StatusForbidden, "", "the server key is needed here")
		default:
			Unauthorized(w, "the server key is needed here")
		}
	}
}

// RequireOperator lets only requests with the operator key, or a JWT that the gateway's authorizer accepted, through to h: 401
// without a known key, 403 with the server's.
func (a Auth) RequireOperator(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case a.Operator(r):
			h(w, r)
		case a.Server(r):
			Problem(w, http.StatusForbidden, "", "the operator key is needed here")
		default:
			Unauthorized(w, "the operator key is needed here")
		}
	}
}

// Unauthorized answers 401 and says how to authenticate.
func Unauthorized(w http.ResponseWriter, detail string) {
	w.Header().Set("WWW-Authenticate", `Basic realm="userops", charset="UTF-8"`)
	Problem(w, http.StatusUnauthorized, "", detail)
}

// UserHash is the proof by which a person's own call from a browser is known: hex HMAC-SHA256 of the userId with the shop's
// secret, which the shop's back end computes.
func UserHash(secret, userID string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(userID))
	return hex.EncodeToString(mac.Sum(nil))
}

// OwnCall says in constant time whether hash is the userHash of userID. Without a secret nobody can make such a call.
func OwnCall(secret, userID, hash string) bool {
	want := UserHash(secret, userID)
	return subtle.ConstantTimeCompare([]byte(strings.ToLower(hash)), []byte(want)) == 1 && secret != "" && userID != ""
}
