package gateway

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/userops/userops/shared/standin/lambda"
)

// MaxRequest is the largest request body that an HTTP API takes, in bytes.
const MaxRequest = 10 * 1024 * 1024

// ServeHTTP answers one request to the API.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := requestID()
	w.Header().Set("Apigw-Requestid", id)
	if g.api.CORS != nil && preflight(w, r, g.api.CORS) {
		return
	}
	if strings.Contains(r.URL.Path, "?") {
		// The service cuts the path there and asks the function for somebody else. Here it shows before that costs anything.
		g.refuse(w, r, http.StatusBadRequest, "the path has an encoded question mark, at which the service cuts it: put the id into the query")
		return
	}
	path := decodedPath(r)
	match, parameters := find(g.routes, r.Method, path)
	if match == nil {
		g.refuse(w, r, http.StatusNotFound, "Not Found")
		return
	}
	now := g.options.Clock()
	if match.limiter != nil && !match.limiter.AllowN(now, 1) {
		g.refuse(w, r, http.StatusTooManyRequests, "Too Many Requests")
		return
	}
	var authorizer *jwtContext
	if match.authorizer != nil {
		var status int
		authorizer, status = g.authorize(r, match)
		if status == http.StatusUnauthorized {
			w.Header().Set("Www-Authenticate", "Bearer")
			g.refuse(w, r, status, "Unauthorized")
			return
		}
		if status == http.StatusForbidden {
			g.refuse(w, r, status, "Forbidden")
			return
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequest))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			g.refuse(w, r, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
			return
		}
		g.refuse(w, r, http.StatusBadRequest, "Bad Request")
		return
	}
	e := g.event(r, match, path, parameters, body, now, id)
	if authorizer != nil {
		e.RequestContext.Authorizer = map[string]*jwtContext{"jwt": authorizer}
	}
	payload, err := json.Marshal(e)
	if err != nil {
		g.refuse(w, r, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), match.timeout)
	defer cancel()
	result, err := g.options.Invoker.Invoke(ctx, match.function, payload)
	switch {
	case errors.Is(err, lambda.ErrTooLarge):
		g.refuse(w, r, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	case errors.Is(err, lambda.ErrUnknown):
		g.refuse(w, r, http.StatusInternalServerError, "Internal Server Error")
	case err != nil:
		// Throttled, over the integration's time, or stopping.
		g.refuse(w, r, http.StatusServiceUnavailable, "Service Unavailable")
	case result.FunctionError != "":
		g.refuse(w, r, http.StatusInternalServerError, "Internal Server Error")
	default:
		g.respond(w, r, result.Payload)
	}
}

// decodedPath is the path as the functions see it.
func decodedPath(r *http.Request) string {
	return cmp.Or(r.URL.Path, "/")
}

func requestID() string {
	var b [11]byte
	_, _ = rand.Read(b[:])
	return base64.URLEncoding.EncodeToString(b[:])
}
