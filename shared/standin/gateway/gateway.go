// Package gateway serves an HTTP API as API Gateway does: its routes, CORS, throttling and authorizers, and the translation between
// HTTP and the event and response format 2.0 of a Lambda function.
//
// It is not a REST API (payload 1.0, stages, mapping templates). The surprising thing is what the real one does to a request: the path
// arrives decoded and ends at a decoded `?`, and a body is text only for text/*, JSON, XML and JavaScript: a form, or a
// request without a content type, arrives in base64.
package gateway

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/userops/userops/shared/standin/lambda"
	"github.com/userops/userops/shared/standin/sam"
)

// MaxRequest is the largest request body that an HTTP API takes, in bytes.
const MaxRequest = 10 * 1024 * 1024

// Invoker runs a function: see lambda.Host.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) (lambda.Result, error)
}

// Options are the settings of a Gateway.
type Options struct {
	AccountID string
	Clock     func() time.Time
	Client    *http.Client // fetches the keys of JWT issuers
	Invoker   Invoker
}

// Gateway is one HTTP API.
type Gateway struct {
	options Options
	api     sam.API
	routes  []*route
	issuers map[string]*issuer
}

// New makes the gateway of an API from the functions of its template.
func New(api sam.API, functions []sam.Function, o Options) (*Gateway, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 5 * time.Second}
	}
	g := &Gateway{options: o, api: api, issuers: map[string]*issuer{}}
	for _, f := range functions {
		for _, r := range f.Routes {
			if r.API != api.LogicalID {
				continue
			}
			compiled := compile(r, f.Name)
			if r.Throttling.Burst > 0 {
				compiled.limiter = rate.NewLimiter(rate.Limit(r.Throttling.Rate), r.Throttling.Burst)
			}
			if r.Authorizer != "" {
				a, ok := api.Authorizers[r.Authorizer]
				if !ok {
					return nil, fmt.Errorf("making route %s: no authorizer %s", r.Key(), r.Authorizer)
				}
				compiled.authorizer = &a
				if g.issuers[a.Issuer] == nil {
					g.issuers[a.Issuer] = &issuer{url: a.Issuer, client: o.Client, clock: o.Clock}
				}
			}
			g.routes = append(g.routes, compiled)
		}
	}
	order(g.routes)
	return g, nil
}

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

func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	g.addCORS(w, r)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"message":%q}`, message)
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
