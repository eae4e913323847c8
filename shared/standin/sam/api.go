package sam

import (
	"fmt"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

func (d *document) api(r *resource) API {
	s := d.section(d.resolve(r.properties), r.id)
	a := API{LogicalID: r.id, ID: apiID(r.id), Line: r.line, Authorizers: map[string]Authorizer{}, RouteThrottling: map[string]Throttling{}}
	a.Name = s.text("Name", d.env.StackName)
	s.ignore("Description", "Tags", "AccessLogSettings", "FailOnWarnings", "PropagateTags", "DisableExecuteApiEndpoint", "Domain")
	if stage := s.text("StageName", "$default"); stage != "$default" {
		d.fail(s.node, fmt.Sprintf("StageName of %s is %s", r.id, stage), "only $default is served here, since others put their name before every path")
	}
	if n := s.take("CorsConfiguration"); n != nil {
		a.CORS = d.cors(n, r.id)
	}
	if p := s.sub("Auth"); p != nil {
		for _, e := range d.entries(p.take("Authorizers"), "Authorizers of "+r.id) {
			x := d.section(e.value, "authorizer "+e.key.Value)
			auth := Authorizer{Name: e.key.Value, IdentitySource: x.text("IdentitySource", "$request.header.Authorization"), Scopes: x.texts("AuthorizationScopes")}
			jwt := x.sub("JwtConfiguration")
			if jwt == nil {
				d.fail(e.key, fmt.Sprintf("authorizer %s has no JwtConfiguration", e.key.Value), "only JWT authorizers are supported")
				break
			}
			auth.Issuer = jwt.need("issuer")
			auth.Audience = jwt.texts("audience")
			jwt.done()
			x.done()
			a.Authorizers[auth.Name] = auth
		}
		a.DefaultAuthorizer = p.text("DefaultAuthorizer", "")
		if _, ok := a.Authorizers[a.DefaultAuthorizer]; a.DefaultAuthorizer != "" && !ok {
			d.fail(p.node, fmt.Sprintf("DefaultAuthorizer of %s is %s, which is no authorizer", r.id, a.DefaultAuthorizer), "name one of Authorizers")
		}
		if p.flag("EnableIamAuthorizer", false) {
			d.fail(p.node, "EnableIamAuthorizer is not supported", "use a JWT authorizer or keys of your own")
		}
		p.done()
	}
	if p := s.sub("DefaultRouteSettings"); p != nil {
		a.Throttling = d.throttling(p)
	}
	for _, e := range d.entries(s.take("RouteSettings"), "RouteSettings of "+r.id) {
		a.RouteThrottling[e.key.Value] = d.throttling(d.section(e.value, "RouteSettings "+e.key.Value))
	}
	s.done()
	return a
}

func (d *document) throttling(s *section) Throttling {
	t := Throttling{Burst: s.whole("ThrottlingBurstLimit", 0, 0, 1<<30), Rate: s.number("ThrottlingRateLimit")}
	s.ignore("DetailedMetricsEnabled", "LoggingLevel", "DataTraceEnabled")
	if (t.Burst == 0) != (t.Rate == 0) {
		d.fail(s.node, s.what+" sets only one of ThrottlingBurstLimit and ThrottlingRateLimit", "set both")
	}
	s.done()
	return t
}

func (d *document) cors(n *yaml.Node, id string) *CORS {
	if n.Kind == yaml.ScalarNode {
		switch strings.ToLower(n.Value) {
		case "true":
			return &CORS{AllowOrigins: []string{"*"}}
		case "false":
			return nil
		}
	}
	s := d.section(n, "CorsConfiguration of "+id)
	c := &CORS{
		AllowOrigins: s.texts("AllowOrigins"), AllowMethods: s.texts("AllowMethods"), AllowHeaders: s.texts("AllowHeaders"), ExposeHeaders: s.texts("ExposeHeaders"),
		MaxAge: time.Duration(s.whole("MaxAge", 0, -1, 86400)) * time.Second, AllowCredentials: s.flag("AllowCredentials", false),
	}
	s.done()
	for _, o := range c.AllowOrigins {
		if c.AllowCredentials && o == "*" {
			d.fail(n, "CorsConfiguration of "+id+" allows credentials from every origin", "name the origins, or set AllowCredentials: false")
		}
	}
	return c
}

func (d *document) route(s *section, event string, at *yaml.Node, t *Template) Route {
	written := at
	if e, ok := s.left["Method"]; ok {
		written = e.value
	}
	r := Route{Event: event, Method: strings.ToUpper(s.text("Method", "")), Path: s.text("Path", ""), Timeout: 30 * time.Second, Line: at.Line}
	switch {
	case r.Method == "" && r.Path == "":
	case r.Path == "" || r.Method == "":
		d.fail(at, fmt.Sprintf("event %s has only one of Path and Method", event), "give both, or neither for the $default route")
	case r.Path == "$default":
		r.Path, r.Method = "", ""
	}
	if r.Method == "X-AMAZON-APIGATEWAY-ANY-METHOD" || r.Method == "*" {
		r.Method = "ANY"
	}
	d.checkMethod(&r, written)
	d.checkPath(&r, at)
	if v := s.text("PayloadFormatVersion", "2.0"); v != "2.0" {
		d.fail(at, fmt.Sprintf("PayloadFormatVersion of event %s is %s", event, v), "only 2.0 is supported")
	}
	if ms := s.whole("TimeoutInMillis", 30000, 50, 30000); ms != 30000 {
		r.Timeout = time.Duration(ms) * time.Millisecond
	}
	id := s.text("ApiId", apiID(implicitAPI))
	api := d.findAPI(t, id)
	if api == nil {
		d.fail(at, fmt.Sprintf("event %s is for the API %s, which is not in this template", event, id), "use !Ref of an AWS::Serverless::HttpApi")
		return r
	}
	r.API = api.LogicalID
	r.Authorizer = api.DefaultAuthorizer
	if p := s.sub("Auth"); p != nil {
		r.Authorizer = p.text("Authorizer", r.Authorizer)
		r.Scopes = p.texts("AuthorizationScopes")
		if r.Authorizer == "NONE" {
			r.Authorizer = ""
		} else if _, ok := api.Authorizers[r.Authorizer]; r.Authorizer != "" && !ok {
			d.fail(at, fmt.Sprintf("event %s wants the authorizer %s, which %s does not have", event, r.Authorizer, api.LogicalID), "name one of its Authorizers")
		}
		p.done()
	}
	if r.Authorizer != "" && r.Scopes == nil {
		r.Scopes = api.Authorizers[r.Authorizer].Scopes
	}
	r.Throttling = api.Throttling
	if p := s.sub("RouteSettings"); p != nil {
		if own := d.throttling(p); own.Burst > 0 {
			r.Throttling = own
		}
	}
	if own, ok := api.RouteThrottling[r.Key()]; ok && own.Burst > 0 {
		r.Throttling = own
	}
	return r
}

func (d *document) checkMethod(r *Route, at *yaml.Node) {
	switch r.Method {
	case "", "ANY", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		d.fail(at, fmt.Sprintf("method %s of %s is not known", r.Method, r.Event), "use GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS or ANY")
	}
}

func (d *document) checkPath(r *Route, at *yaml.Node) {
	if r.Path != "" && !strings.HasPrefix(r.Path, "/") {
		d.fail(at, fmt.Sprintf("path %s of %s does not begin with /", r.Path, r.Event), "begin it with /")
	}
	if len(r.Path) > 1 && strings.HasSuffix(r.Path, "/") {
		d.fail(at, fmt.Sprintf("path %s of %s ends in /, which the service refuses", r.Path, r.Event), "end it with a greedy parameter, which may be empty: /{rest+}")
	}
	segments := strings.Split(r.Path, "/")
	for i, segment := range segments {
		if strings.HasSuffix(segment, "+}") && i < len(segments)-1 {
			d.fail(at, fmt.Sprintf("path %s of %s has a greedy parameter before its end", r.Path, r.Event), "put {...+} last")
		}
		if strings.ContainsAny(segment, "{}") && (len(segment) < 3 || segment[0] != '{' || segment[len(segment)-1] != '}') {
			d.fail(at, fmt.Sprintf("path %s of %s has %q", r.Path, r.Event, segment), "a parameter takes a whole segment: /{name}/")
		}
	}
}

// findAPI finds an API by its id, and makes SAM's implicit one on its first use.
func (d *document) findAPI(t *Template, id string) *API {
	for i := range t.APIs {
		if t.APIs[i].ID == id {
			return &t.APIs[i]
		}
	}
	if id != apiID(implicitAPI) {
		return nil
	}
	properties := d.mergeGlobals(typeHTTPAPI, &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"})
	t.APIs = append(t.APIs, d.api(&resource{id: implicitAPI, kind: typeHTTPAPI, properties: properties}))
	return &t.APIs[len(t.APIs)-1]
}
