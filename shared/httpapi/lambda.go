// Package httpapi lets ordinary net/http handlers run behind API Gateway's HTTP API (event format 2.0), and holds what every HTTP
// function does alike: keys, problem answers, bodies with a limit, pages. It routes nothing: each function has a ServeMux with the
// same patterns as the template. The surprising thing: the gateway decodes the path, so a handler's path is put together
// again from the matched route and its parameters, and an id may contain a slash.
package httpapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// MaxAnswer bounds the body of an answer, and MaxBody that of a request unless a handler sets a lower limit.
const (
	MaxAnswer = 4 << 20
	MaxBody   = 4 << 20
)

// MaxParameter bounds, in bytes, what stands in a path: a key of DynamoDB may have 1,024, with what the table puts before it.
const MaxParameter = 900

type requestKey struct{}

// RequestID is the gateway's id of the request that ctx belongs to, empty outside one.
func RequestID(ctx context.Context) string {
	if r, ok := ctx.Value(requestKey{}).(*events.APIGatewayV2HTTPRequest); ok {
		return r.RequestContext.RequestID
	}
	return ""
}

// Domain is the name by which the gateway was called, empty outside a request of it.
func Domain(ctx context.Context) string {
	if r, ok := ctx.Value(requestKey{}).(*events.APIGatewayV2HTTPRequest); ok {
		return r.RequestContext.DomainName
	}
	return ""
}

// Lambda adapts h to the gateway. It never returns an error: a panic is logged without its value and answered with 500, and a
// plain 404 or 405 of a ServeMux becomes a problem.
func Lambda(h http.Handler) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return func(ctx context.Context, in events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		w := &answer{id: in.RequestContext.RequestID, header: http.Header{}}
		r, err := request(ctx, &in)
		if err != nil {
			Problem(w, http.StatusBadRequest, "Malformed request", err.Error())
			return w.response(), nil
		}
		serve(h, w, r)
		if plain := strings.HasPrefix(w.header.Get("Content-Type"), "text/plain"); plain && (w.status == 404 || w.status == 405) {
			status := w.status
			Problem(w.again(), status, "", "")
		}
		if len(w.body) > MaxAnswer {
			slog.ErrorContext(ctx, "answer too large", "route", in.RouteKey, "bytes", len(w.body))
			w.header = http.Header{}
			Problem(w.again(), http.StatusInternalServerError, "Answer too large", "ask for a smaller page")
		}
		return w.response(), nil
	}
}

func serve(h http.Handler, w *answer, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			what := fmt.Sprintf("%T", p)
			if e, ok := p.(runtime.Error); ok {
				what = e.Error()
			}
			slog.ErrorContext(r.Context(), "panic in handler", "panic", what, "stack", string(debug.Stack()))
			w.header = http.Header{}
			Problem(w.again(), http.StatusInternalServerError, "", "")
		}
	}()
	h.ServeHTTP(w, r)
}

func request(ctx context.Context, in *events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body := in.Body
	if in.IsBase64Encoded {
		b, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return nil, fmt.Errorf("decoding body: %w", err)
		}
		body = string(b)
	}
	target := &url.URL{Path: path(in), RawQuery: in.RawQueryString}
	if escaped := escapedPath(in); escaped != "" {
		if plain, err := url.PathUnescape(escaped); err == nil {
			target.Path, target.RawPath = plain, escaped
		}
	}
	r := (&http.Request{
		Method: in.RequestContext.HTTP.Method, URL: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, len(in.Headers)+1), Body: newBody(body), ContentLength: int64(len(body)),
		RequestURI: target.RequestURI(),
	}).WithContext(context.WithValue(ctx, requestKey{}, in))
	for name, value := range in.Headers {
		r.Header.Set(name, value)
	}
	if len(in.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(in.Cookies, "; "))
	}
	r.Host = r.Header.Get("Host")
	if r.Host == "" {
		r.Host = in.RequestContext.DomainName
	}
	if ip := in.RequestContext.HTTP.SourceIP; ip != "" {
		r.RemoteAddr = ip + ":0"
		if strings.Contains(ip, ":") {
			r.RemoteAddr = "[" + ip + "]:0"
		}
	}
	for name, value := range in.PathParameters {
		if len(value) > MaxParameter {
			return nil, fmt.Errorf("the path's %s has %d bytes, more than %d", name, len(value), MaxParameter)
		}
		r.SetPathValue(name, value)
	}
	return r, nil
}

// path is the request's path without the stage, which the gateway puts in front of it unless the stage is $default.
func path(in *events.APIGatewayV2HTTPRequest) string {
	p := in.RawPath
	if stage := in.RequestContext.Stage; stage != "" && stage != "$default" {
		if rest, ok := strings.CutPrefix(p, "/"+stage); ok && (rest == "" || rest[0] == '/') {
			p = rest
		}
	}
	if p == "" || p[0] != '/' {
		p = "/" + p
	}
	return p
}

// escapedPath puts the matched route's parameters back into its pattern, each escaped as one segment. It is empty when the route
// has none.
func escapedPath(in *events.APIGatewayV2HTTPRequest) string {
	_, pattern, ok := strings.Cut(in.RouteKey, " ")
	if !ok || len(in.PathParameters) == 0 {
		return ""
	}
	segments := strings.Split(pattern, "/")
	for i, s := range segments {
		if !strings.HasPrefix(s, "{") || !strings.HasSuffix(s, "}") {
			continue
		}
		value, ok := in.PathParameters[s[1:len(s)-1]]
		if !ok || strings.HasSuffix(s, "+}") {
			return ""
		}
		// A segment of dots would be cleaned away by the mux.
		if segments[i] = url.PathEscape(value); strings.Trim(value, ".") == "" {
			segments[i] = strings.ReplaceAll(value, ".", "%2E")
		}
	}
	return strings.Join(segments, "/")
}

// answer records what a handler writes.
type answer struct {
	id     string
	status int
	header http.Header
	body   []byte
}

func (w *answer) Header() http.Header { return w.header }

func (w *answer) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
}

func (w *answer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.header.Get("Content-Type") == "" && len(b) > 0 {
		w.header.Set("Content-Type", http.DetectContentType(b))
	}
	w.body = append(w.body, b...)
	return len(b), nil
}

// again forgets what was written, for an answer that takes its place.
func (w *answer) again() *answer {
	w.status, w.body = 0, nil
	return w
}

// RequestID is the gateway's id of the request that is answered; Problem asks any ResponseWriter that has it.
func (w *answer) RequestID() string { return w.id }

func (w *answer) response() events.APIGatewayV2HTTPResponse {
	out := events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: make(map[string]string, len(w.header))}
	if out.StatusCode == 0 {
		out.StatusCode = http.StatusOK
	}
	for name, values := range w.header {
		if name == "Set-Cookie" {
			out.Cookies = values
			continue
		}
		out.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	if utf8.Valid(w.body) {
		out.Body = string(w.body)
	} else {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(w.body), true
	}
	return out
}
