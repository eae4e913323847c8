package local

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/userops/userops/shared/standin/sam"
)

// guard keeps pages of elsewhere from this machine. Its keys are fixed and known to everybody, so nothing else would: a page reaches 127.0.0.1 by a name
// of its own (DNS rebinding), or by a script, where CORS lets it.
type guard struct {
	next http.Handler
	// names are those by which this machine was told to listen, beside its addresses and localhost.
	names []string
	// pages are the origins elsewhere that may call; the template's CORS names them.
	pages []string
	// public lets any page send what a browser sends without asking first, as forms do.
	public bool
}

func (g guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	switch {
	case !ownName(hostname(r.Host)) && !slices.Contains(g.names, hostname(r.Host)):
		http.Error(w, "this machine is asked by its address or as localhost, and not by the name "+hostname(r.Host), http.StatusForbidden)
	case origin != "" && !(g.public && simple(r)) && !g.allowsOrigin(origin, r.Host):
		http.Error(w, "a page of "+origin+" may not call this machine; -param AllowOrigins="+origin+" lets it", http.StatusForbidden)
	default:
		g.next.ServeHTTP(w, r)
	}
}

// allowsOrigin tells whether pages of an origin may call: those of this machine, those that are served at the address which they call, and those
// of the origins that were named.
func (g guard) allowsOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false // "null", which sandboxed frames have
	}
	name := hostname(u.Host)
	ip := net.ParseIP(name)
	return u.Host == host || localhost(name) || ip != nil && ip.IsLoopback() || slices.Contains(g.pages, strings.ToLower(origin))
}

// ownName says whether a name in a request can only mean what it says. An address is no name that somebody could point elsewhere; nor is a name
// without a dot, or one below localhost or internal, which only this machine and its network give.
func ownName(name string) bool {
	return net.ParseIP(name) != nil || !strings.Contains(name, ".") || localhost(name) || strings.HasSuffix(name, ".internal")
}

func localhost(name string) bool { return name == "localhost" || strings.HasSuffix(name, ".localhost") }

// fromHere says whether a request comes from this machine.
func fromHere(r *http.Request) bool {
	ip := net.ParseIP(hostname(r.RemoteAddr))
	return ip != nil && ip.IsLoopback()
}

// hostname is a host without its port and brackets, in lower case.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// simple says whether a browser sends such a request for any page without asking first (a simple request of CORS).
func simple(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost || r.Header.Get("Authorization") != "" {
		return false
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return slices.Contains([]string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}, strings.ToLower(strings.TrimSpace(kind)))
}

// guarded lets only this machine's own programs and pages to what stands behind an address of the stack.
func (s *Stack) guarded(h http.Handler) http.Handler { return guard{next: h, names: s.names()} }

// guardedAPI lets pages of elsewhere to an API too, as far as its template names them.
func (s *Stack) guardedAPI(h http.Handler, api sam.API) http.Handler {
	g := guard{next: h, names: s.names(), public: true}
	if api.CORS != nil {
		for _, origin := range api.CORS.AllowOrigins {
			g.pages = append(g.pages, strings.ToLower(origin)) // of "*" there is no page
		}
	}
	return g
}

// names are the hosts of the addresses at which the stack was told to listen.
func (s *Stack) names() []string {
	var names []string
	for _, address := range []string{s.o.GatewayAddr, s.o.DynamoDBAddr, s.o.SQSAddr, s.o.S3Addr, s.o.SSMAddr, s.o.LambdaAddr} {
		names = append(names, hostname(address))
	}
	return names
}
