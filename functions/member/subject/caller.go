package subject

import (
	"context"
	"net/http"
	"strings"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/httpapi"
)

// Server is the scope of the shop's back end, which may ask for everybody. Operator is that of an operator whom the route takes.
const (
	Server   = "server"
	Operator = "operator"
)

// secrets knows the keys of what people prove. An error means that they are not known now.
type secrets interface {
	Keys(ctx context.Context) (*proof.Keys, error)
}

// Callers knows who may call for a person: the shop's back end, and the person.
type Callers struct {
	Auth    httpapi.Auth
	Secrets secrets // of userHashes
}

// Scope tells who calls for a userId: Server, or the person's profile id. Where it is neither, the request is answered.
func (c Callers) Scope(w http.ResponseWriter, r *http.Request, userID, userHash string) (scope string, ok bool) {
	if c.Auth.Server(r) {
		return Server, true
	}
	if userHash != "" {
		keys, err := c.Secrets.Keys(r.Context())
		if err != nil {
			httpapi.Failed(w, r, err)
			return "", false
		}
		if keys.Owns(userID, userHash) {
			return string(UserKey(userID)), true
		}
	}
	c.Auth.Refuse(w, r, httpapi.Key(r), httpapi.Needs(access.Row{Person: true}))
	return "", false
}

// Open lets through to serve whom the route takes by the table of package access, and a person by their userId and userHash in the query.
func (c Callers) Open(route string, serve func(w http.ResponseWriter, r *http.Request, scope string)) http.HandlerFunc {
	keyed := c.Auth.Require(route, func(w http.ResponseWriter, r *http.Request) {
		if httpapi.Caller(r.Context()).Role == access.ServerKey {
			serve(w, r, Server)
			return
		}
		serve(w, r, Operator)
	})
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if query.Get("userHash") == "" || c.Auth.Server(r) {
			keyed(w, r)
			return
		}
		if scope, ok := c.Scope(w, r, query.Get("userId"), query.Get("userHash")); ok {
			serve(w, r, scope)
		}
	}
}

// Named finds which userId a path names and, as Scope, who calls for it. Where that is nobody, the request is answered.
func (c Callers) Named(w http.ResponseWriter, r *http.Request) (userID, scope string, ok bool) {
	userID = r.PathValue("userId")
	if userID == byQuery {
		if userID = r.URL.Query().Get("userId"); userID == "" {
			httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: "userId", Reason: "is missing: - in the path asks for it in the query"})
			return "", "", false
		}
	}
	if strings.TrimSpace(userID) == "" {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: "userId", Reason: "means nobody"})
		return "", "", false
	}
	scope, ok = c.Scope(w, r, userID, r.URL.Query().Get("userHash"))
	return userID, scope, ok
}
