// Package gateway serves an HTTP API as API Gateway does: its routes, CORS, throttling and authorizers, and the translation between
// HTTP and the event and response format 2.0 of a Lambda function.
//
// It is not a REST API (payload 1.0, stages, mapping templates). The surprising thing is what the real one does to a request: the path
// arrives decoded and ends at a decoded `?`, and a body is text only for text/*, JSON, XML and JavaScript: a form, or a
// request without a content type, arrives in base64.
package gateway

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/userops/userops/shared/standin/lambda"
	"github.com/userops/userops/shared/standin/sam"
)

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
