package sam

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

const writtenOut = `
Transform: AWS::Serverless-2016-10-31
Parameters:
  Issuer: {Type: String, Default: ""}
Conditions:
  HasIssuer: !Not [!Equals [!Ref Issuer, ""]]
Resources:
  Console:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: build/console/, Runtime: provided.al2023}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Condition: HasIssuer
    Properties: {Name: operators, ProtocolType: HTTP, CorsConfiguration: {AllowOrigins: ["*"]}}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Condition: HasIssuer
    Properties: {ApiId: !Ref Api, StageName: $default, AutoDeploy: true, DefaultRouteSettings: {ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100}}
  Authorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Condition: HasIssuer
    Properties:
      ApiId: !Ref Api
      Name: oidc
      AuthorizerType: JWT
      IdentitySource: ["$request.header.Authorization"]
      JwtConfiguration: {Issuer: !Ref Issuer, Audience: [shop]}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Condition: HasIssuer
    Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Console.Arn, PayloadFormatVersion: "2.0", TimeoutInMillis: 5000}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Condition: HasIssuer
    Properties:
      ApiId: !Ref Api
      RouteKey: "ANY /v1/{proxy+}"
      AuthorizationType: JWT
      AuthorizerId: !Ref Authorizer
      Target: !Sub "integrations/${Integration}"
`

func TestAPIThatIsWrittenOut(t *testing.T) {
	without, err := Parse("t.yaml", []byte(writtenOut), Environment{})
	if err != nil {
		t.Fatal(err)
	}
	if len(without.APIs) != 0 || len(without.Functions[0].Routes) != 0 {
		t.Errorf("without an issuer there are %+v", without.APIs)
	}
	with, err := Parse("t.yaml", []byte(writtenOut), Environment{Parameters: map[string]string{"Issuer": "https://id.example"}})
	if err != nil {
		t.Fatal(err)
	}
	api, route := with.APIs[0], with.Functions[0].Routes[0]
	if want := (Authorizer{Name: "oidc", IdentitySource: "$request.header.Authorization", Issuer: "https://id.example", Audience: []string{"shop"}}); !reflect.DeepEqual(api.Authorizers["oidc"], want) {
		t.Errorf("the authorizer is %+v, want %+v", api.Authorizers["oidc"], want)
	}
	route.Line = 0
	want := Route{Event: "Route", API: "Api", Method: "ANY", Path: "/v1/{proxy+}", Authorizer: "oidc", Throttling: Throttling{100, 50}, Timeout: 5 * time.Second}
	if !reflect.DeepEqual(route, want) {
		t.Errorf("the route is %+v, want %+v", route, want)
	}
	for _, c := range []struct{ name, from, to, want string }{
		{"no such integration", "integrations/${Integration}", "integrations/x", "has no integration"},
		{"no authorizer", "      AuthorizerId: !Ref Authorizer\n", "", "has no authorizer"},
		{"no such function", "!GetAtt Console.Arn", "arn:aws:lambda:us-east-1:1:function:other", "which is not in this template"},
		{"no such API", "ApiId: !Ref Api\n      RouteKey", "ApiId: other\n      RouteKey", "the API other"},
		{"slash at the end", "ANY /v1/{proxy+}", "ANY /v1/", "path /v1/ of Route ends in /"},
		{"bad path", "ANY /v1/{proxy+}", "ANY /v1/{proxy+}/x", "greedy parameter before its end"},
		{"method", "ANY /v1", "ANNY /v1", "method ANNY of Route is not known"},
		{"stage", "StageName: $default", "StageName: prod", "only $default"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("t.yaml", []byte(strings.Replace(writtenOut, c.from, c.to, 1)), Environment{Parameters: map[string]string{"Issuer": "https://id.example"}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
