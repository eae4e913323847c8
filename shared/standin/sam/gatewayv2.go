package sam

import (
	"fmt"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

type integration struct {
	function string // its ARN
	timeout  time.Duration
}

// rawAPIs reads the HTTP APIs that are written out, and gives their routes to the functions.
func (d *document) rawAPIs(t *Template) {
	each := func(kind string, f func(r *resource, at *yaml.Node, s *section)) {
		for _, r := range d.order {
			if r.kind == kind && !r.absent && d.fault == nil {
				s := d.section(d.resolve(r.properties), r.id)
				f(r, &yaml.Node{Line: r.line}, s)
				s.done()
			}
		}
	}
	apiOf := func(s *section, at *yaml.Node) *API {
		id := s.need("ApiId")
		for i := range t.APIs {
			if t.APIs[i].ID == id {
				return &t.APIs[i]
			}
		}
		d.fail(at, fmt.Sprintf("%s is of the API %s, which is not in this template", s.what, id), "use !Ref of an AWS::ApiGatewayV2::Api")
		return &API{Authorizers: map[string]Authorizer{}}
	}
	each(typeRawAPI, func(r *resource, at *yaml.Node, s *section) {
		a := API{LogicalID: r.id, ID: apiID(r.id), Name: s.text("Name", r.id), Authorizers: map[string]Authorizer{}, RouteThrottling: map[string]Throttling{}, Line: r.line}
		s.oneOf("ProtocolType", "HTTP", "HTTP")
		if n := s.take("CorsConfiguration"); n != nil {
			a.CORS = d.cors(n, r.id)
		}
		s.ignore("Description", "Tags", "DisableExecuteApiEndpoint", "FailOnWarnings", "Version")
		t.APIs = append(t.APIs, a)
	})
	each(typeRawStage, func(r *resource, at *yaml.Node, s *section) {
		a := apiOf(s, at)
		if name := s.need("StageName"); name != "$default" {
			d.fail(at, fmt.Sprintf("StageName of %s is %s", r.id, name), "only $default is served here")
		}
		if p := s.sub("DefaultRouteSettings"); p != nil {
			a.Throttling = d.throttling(p)
		}
		for _, e := range d.entries(s.take("RouteSettings"), "RouteSettings of "+r.id) {
			a.RouteThrottling[e.key.Value] = d.throttling(d.section(e.value, "RouteSettings "+e.key.Value))
		}
		s.ignore("AutoDeploy", "Description", "AccessLogSettings", "Tags", "DeploymentId")
	})
	authorizers := map[string]string{}
	each(typeRawAuthorizer, func(r *resource, at *yaml.Node, s *section) {
		a := apiOf(s, at)
		s.oneOf("AuthorizerType", "JWT", "JWT")
		out := Authorizer{Name: s.need("Name"), IdentitySource: "$request.header.Authorization"}
		if from := s.texts("IdentitySource"); len(from) > 0 {
			out.IdentitySource = from[0]
		}
		jwt := s.sub("JwtConfiguration")
		if jwt == nil {
			d.fail(at, fmt.Sprintf("authorizer %s has no JwtConfiguration", r.id), "give it one")
			return
		}
		out.Issuer, out.Audience = jwt.need("Issuer"), jwt.texts("Audience")
		jwt.done()
		a.Authorizers[out.Name] = out
		authorizers[d.physicalName(at, r)] = out.Name
	})
	integrations := map[string]integration{}
	each(typeRawIntegration, func(r *resource, at *yaml.Node, s *section) {
		apiOf(s, at)
		s.oneOf("IntegrationType", "AWS_PROXY", "AWS_PROXY")
		s.oneOf("PayloadFormatVersion", "2.0", "2.0")
		s.ignore("IntegrationMethod", "Description", "ConnectionType")
		uri := s.need("IntegrationUri")
		// The long form names the function's ARN inside the ARN of the call.
		if _, after, ok := strings.Cut(uri, "/functions/"); ok {
			uri = strings.TrimSuffix(after, "/invocations")
		}
		integrations[d.physicalName(at, r)] = integration{uri, time.Duration(s.whole("TimeoutInMillis", 30000, 50, 30000)) * time.Millisecond}
	})
	each(typeRawRoute, func(r *resource, at *yaml.Node, s *section) {
		a := apiOf(s, at)
		route := Route{Event: r.id, API: a.LogicalID, Throttling: a.Throttling, Line: r.line}
		written, given := s.left["RouteKey"]
		if key := s.need("RouteKey"); key != "$default" && given {
			route.Method, route.Path, _ = strings.Cut(key, " ")
			d.checkMethod(&route, written.value)
			d.checkPath(&route, at)
		}
		if own, ok := a.RouteThrottling[route.Key()]; ok && own.Burst > 0 {
			route.Throttling = own
		}
		id := s.text("AuthorizerId", "")
		route.Scopes = s.texts("AuthorizationScopes")
		if s.oneOf("AuthorizationType", "NONE", "NONE", "JWT") == "JWT" {
			route.Authorizer = authorizers[id]
			if route.Authorizer == "" {
				d.fail(at, fmt.Sprintf("route %s has no authorizer", r.id), "set AuthorizerId to !Ref of an AWS::ApiGatewayV2::Authorizer")
			}
		}
		s.ignore("OperationName", "ApiKeyRequired")
		target, ok := integrations[strings.TrimPrefix(s.need("Target"), "integrations/")]
		if !ok {
			d.fail(at, fmt.Sprintf("route %s has no integration", r.id), `set Target to !Sub "integrations/${Integration}"`)
			return
		}
		route.Timeout = target.timeout
		for i := range t.Functions {
			if d.arn("lambda", "function:"+t.Functions[i].Name) == target.function {
				t.Functions[i].Routes = append(t.Functions[i].Routes, route)
				return
			}
		}
		d.fail(at, fmt.Sprintf("route %s leads to %s, which is not in this template", r.id, target.function), "set IntegrationUri to !GetAtt Function.Arn")
	})
}
