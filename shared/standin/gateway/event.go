package gateway

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// event is the payload format 2.0 of an HTTP API. Absent parts are left out, as the service does.
type event struct {
	Version         string            `json:"version"`
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies,omitempty"`
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext  requestContext    `json:"requestContext"`
	PathParameters  map[string]string `json:"pathParameters,omitempty"`
	Body            string            `json:"body,omitempty"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

type requestContext struct {
	AccountID    string                 `json:"accountId"`
	APIID        string                 `json:"apiId"`
	Authorizer   map[string]*jwtContext `json:"authorizer,omitempty"`
	DomainName   string                 `json:"domainName"`
	DomainPrefix string                 `json:"domainPrefix"`
	HTTP         httpContext            `json:"http"`
	RequestID    string                 `json:"requestId"`
	RouteKey     string                 `json:"routeKey"`
	Stage        string                 `json:"stage"`
	Time         string                 `json:"time"`
	TimeEpoch    int64                  `json:"timeEpoch"`
}

// jwtContext is what a function learns about the bearer. Every claim arrives as a text, as the service has it.
type jwtContext struct {
	Claims map[string]string `json:"claims"`
	Scopes []string          `json:"scopes"`
}

type httpContext struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

func (g *Gateway) event(r *http.Request, match *route, path string, parameters map[string]string, body []byte, now time.Time, id string) *event {
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		source = r.RemoteAddr
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = r.Host, "80"
	}
	prefix, _, _ := strings.Cut(host, ".")
	e := &event{
		Version: "2.0", RouteKey: match.key, RawPath: path, RawQueryString: r.URL.RawQuery, PathParameters: parameters,
		Headers: map[string]string{}, Query: query(r.URL.RawQuery),
		RequestContext: requestContext{
			AccountID: g.options.AccountID, APIID: g.api.ID, DomainName: host, DomainPrefix: prefix, RequestID: id, RouteKey: match.key, Stage: "$default",
			Time: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: httpContext{Method: r.Method, Path: path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent()},
		},
	}
	for name, values := range r.Header {
		if name == "Cookie" {
			for _, line := range values {
				for _, c := range strings.Split(line, ";") {
					if c = strings.TrimSpace(c); c != "" {
						e.Cookies = append(e.Cookies, c)
					}
				}
			}
			continue
		}
		if name == "Connection" || name == "Keep-Alive" || name == "Proxy-Connection" || name == "Te" || name == "Upgrade" {
			continue
		}
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	e.Headers["host"] = r.Host
	e.Headers["content-length"] = fmt.Sprint(len(body))
	forwarded := source
	if before := e.Headers["x-forwarded-for"]; before != "" {
		forwarded = before + ", " + source
	}
	e.Headers["x-forwarded-for"] = forwarded
	e.Headers["x-forwarded-port"] = port
	e.Headers["x-forwarded-proto"] = "http"
	if r.TLS != nil {
		e.Headers["x-forwarded-proto"] = "https"
	}
	if e.Headers["x-amzn-trace-id"] == "" {
		var b [12]byte
		_, _ = rand.Read(b[:])
		e.Headers["x-amzn-trace-id"] = fmt.Sprintf("Root=1-%08x-%x", now.Unix(), b)
	}
	if len(body) > 0 {
		if e.IsBase64Encoded = binary(r.Header, body); e.IsBase64Encoded {
			e.Body = base64.StdEncoding.EncodeToString(body)
		} else {
			e.Body = string(body)
		}
	}
	return e
}

// binary tells whether a body is handed on in base64.
func binary(h http.Header, body []byte) bool {
	if encoding := h.Get("Content-Encoding"); encoding != "" && encoding != "identity" || !utf8.Valid(body) {
		return true
	}
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return true
	}
	switch kind {
	case "application/json", "application/xml", "application/javascript":
		return false
	}
	return !strings.HasPrefix(kind, "text/")
}

// query decodes the parameters and joins the values of one name with commas, in the order of the request.
func query(raw string) map[string]string {
	var out map[string]string
	for _, pair := range strings.Split(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		if out == nil {
			out = map[string]string{}
		}
		if before, ok := out[name]; ok {
			value = before + "," + value
		}
		out[name] = value
	}
	return out
}

func unescape(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}
