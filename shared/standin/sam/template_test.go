package sam

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/standin/policy"
)

func shop(t *testing.T, env Environment) *Template {
	t.Helper()
	out, err := Load("testdata/shop.yaml", env)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestShop(t *testing.T) {
	s := shop(t, Environment{StackName: "shop", QueueBase: "http://127.0.0.1:9324"})
	equal := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, want %#v", what, got, want)
		}
	}
	ingest, projection := s.Functions[0], s.Functions[1]
	equal("name", ingest.Name, "shop-Ingest")
	equal("folder", ingest.Folder, "ingest")
	equal("memory", ingest.MemoryMB, 256)
	equal("architecture", ingest.Architecture, "arm64")
	equal("timeouts", []time.Duration{ingest.Timeout, projection.Timeout}, []time.Duration{10 * time.Second, 30 * time.Second})
	equal("environment", ingest.Environment, map[string]string{
		"STAGE": "dev", "AWS_ENDPOINT_URL_DYNAMODB": "", "EVENTS_QUEUE": "http://127.0.0.1:9324/000000000000/shop-Events",
		"NAME": "shop-dev-${literal}", "TABLE": "shop-Profiles",
	})
	equal("statements", ingest.Statements, []policy.Statement{
		{Effect: "Allow", Actions: []string{"sqs:SendMessage*"}, Resources: []string{"arn:aws:sqs:us-east-1:000000000000:shop-Events"}},
		{Effect: "Allow", Actions: []string{"dynamodb:GetItem", "dynamodb:Query"}, Resources: []string{
			"arn:aws:dynamodb:us-east-1:000000000000:table/shop-Profiles", "arn:aws:dynamodb:us-east-1:000000000000:table/shop-Profiles/index/*"}},
	})
	table, events := []string{"arn:aws:dynamodb:us-east-1:000000000000:table/shop-Profiles"}, []string{"arn:aws:sqs:us-east-1:000000000000:shop-Events"}
	own := []policy.Statement{
		{Effect: "Allow", Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem"}, Resources: table},
		{Effect: "Allow", Actions: []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, Resources: events},
	}
	equal("statements of a role", projection.Statements, own)
	equal("role", projection.RoleARN, "arn:aws:iam::000000000000:role/shop-ProjectionRole")
	s.Roles[0].Line, s.Roles[1].Line = 0, 0
	equal("roles", s.Roles, []Role{
		{"ProjectionRole", projection.RoleARN, []string{"lambda.amazonaws.com"}, own, 0},
		{"TickRole", "arn:aws:iam::000000000000:role/shop-TickRole", []string{"scheduler.amazonaws.com"}, []policy.Statement{
			{Effect: "Allow", Actions: []string{"lambda:InvokeFunction"}, Resources: []string{"arn:aws:lambda:us-east-1:000000000000:function:shop-Projection"}}}, 0},
	})
	equal("reserved", projection.Reserved, (*int)(nil))
	equal("retries", projection.Async.MaximumRetries, 1)
	equal("routes", []string{ingest.Routes[0].Key(), ingest.Routes[1].Key()}, []string{"POST /v1/batch", "POST /v1/{kind}"})
	equal("throttling", []Throttling{ingest.Routes[0].Throttling, ingest.Routes[1].Throttling}, []Throttling{{50, 25}, {200, 100}})
	m := projection.Mappings[0]
	m.Line = 0
	equal("mapping", m, Mapping{Event: "Queue", Queue: "shop-Events", QueueARN: "arn:aws:sqs:us-east-1:000000000000:shop-Events", BatchSize: 100,
		Window: 2 * time.Second, MaximumConcurrency: 5, PartialFailures: true, Enabled: true})
	tick := projection.Schedules[0]
	tick.Line = 0
	equal("schedule", tick, Schedule{Event: "Tick", Name: "ProjectionTick", Group: "default", Expression: "cron(0 3 ? * MON *)", Timezone: "Asia/Shanghai",
		Input: `{"kind":"tick"}`, Enabled: true, MaximumRetries: 3, MaximumEventAge: 10 * time.Minute, DeadLetterARN: "arn:aws:sqs:us-east-1:000000000000:shop-events-dead",
		RoleARN: "arn:aws:iam::000000000000:role/shop-TickRole"})
	equal("queue attributes", s.Queues[0].Attributes, map[string]string{
		"VisibilityTimeout": "180", "MessageRetentionPeriod": "1209600",
		"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:shop-events-dead","maxReceiveCount":5}`,
	})
	equal("dead letter", s.Queues[0].DeadLetter, "shop-events-dead")
	profiles := s.Tables[0]
	profiles.Line = 0
	equal("table", profiles, Table{
		LogicalID: "Profiles", Name: "shop-Profiles", Attributes: []Attribute{{"pk", "S"}, {"sk", "S"}, {"due", "N"}}, Key: Key{"pk", "sk"},
		GlobalIndexes: []Index{{Name: "byDue", Key: Key{"sk", "due"}, Projection: "INCLUDE", Include: []string{"state"}}},
		OnDemand:      true, TTLAttribute: "expires", PointInTime: true, Class: "STANDARD",
	})
	equal("cors", s.APIs[0].CORS, &CORS{AllowOrigins: []string{"https://a.example", "https://b.example"}, AllowMethods: []string{"GET", "POST"}, AllowHeaders: []string{"*"}, MaxAge: 10 * time.Minute})
	equal("outputs", s.Outputs, []Output{{"Url", "Where the API is.", "https://api.execute-api.us-east-1.amazonaws.com"}, {"Batch", "", "10"}})
	equal("others", s.Others, []Resource{{"IngestLogs", "AWS::Logs::LogGroup"}})
}

func TestConditionsAndOverrides(t *testing.T) {
	s := shop(t, Environment{Parameters: map[string]string{"Stage": "prod", "AllowOrigins": "", "Memory": "512"}})
	if r := s.Functions[1].Reserved; r == nil || *r != 100 {
		t.Errorf("reserved is %v, want 100", r)
	}
	if !s.Tables[0].DeletionProtection || s.Functions[0].MemoryMB != 512 || len(s.APIs[0].CORS.AllowOrigins) != 0 || len(s.Others) != 2 {
		t.Errorf("the overrides did not take: %+v", s)
	}
	if got := s.Outputs[len(s.Outputs)-1]; got.Name != "Dead" || got.Value != "local-Alarm" {
		t.Errorf("the conditional output is %+v", got)
	}
}

// Every fault is one line with the place, and comes from one edit of a template that is right.
func TestFaults(t *testing.T) {
	text, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct{ name, from, to, want string }{
		{"syntax", "Globals:\n", "Globals: [\n", "shop.yaml:"},
		{"unknown section", "Outputs:", "Output:", "section Output is not known"},
		{"duplicate key", "  Stage: {Type", "  Issuer: {Type: String}\n  Stage: {Type", `"Issuer" is given twice`},
		{"no such name", "!Ref Events\n", "!Ref Evnts\n", "nothing is named Evnts"},
		{"no such resource", "!GetAtt Profiles.Arn]]", "!GetAtt Profile.Arn]]", "no resource is named Profile"},
		{"no such attribute", "!GetAtt Profiles.Arn]]", "!GetAtt Profiles.Name]]", "has no attribute Name"},
		{"absent resource", "!GetAtt Events.QueueName}", "!Ref Alarm}", "its condition is false"},
		{"no such condition", "Condition: IsProd\n", "Condition: IsPrd\n", "no condition is named IsPrd"},
		{"condition circle", "HasIssuer: !Not [!Equals [!Ref Issuer, \"\"]]", "HasIssuer: !Not [Condition: Both]", "depends on itself"},
		{"misspelt property", "VisibilityTimeout: 180", "VisibiltyTimeout: 180", "Events has VisibiltyTimeout, which is not known here"},
		{"visibility below timeout", "VisibilityTimeout: 180", "VisibilityTimeout: 29", "less than the timeout of Projection (30s)"},
		{"visibility out of range", "VisibilityTimeout: 180", "VisibilityTimeout: 43201", "give a whole number from 0 to 43200"},
		{"batch without window", "            MaximumBatchingWindowInSeconds: 2\n", "", "without a batching window"},
		{"window out of range", "MaximumBatchingWindowInSeconds: 2", "MaximumBatchingWindowInSeconds: 301", "from 0 to 300"},
		{"concurrency too low", "MaximumConcurrency: 5", "MaximumConcurrency: 1", "from 2 to 1000"},
		{"queue of nobody", "Queue: !GetAtt Events.Arn", "Queue: arn:aws:sqs:us-east-1:1:other", "is not in this template"},
		{"parameter value", "Default: dev,", "Default: test,", "not one of dev, prod"},
		{"parameter range", "Default: 256,", "Default: 127,", "out of range"},
		{"unknown function", "!Sub \"${AWS::StackName}-${Stage}", "!Subs \"${AWS::StackName}-${Stage}", "!Subs is no function"},
		{"import", "STAGE: !Ref Stage", "STAGE: !ImportValue other", "Fn::ImportValue reads another stack"},
		{"role beside policies", "CodeUri: build/ingest/\n", "CodeUri: build/ingest/\n      Role: !GetAtt ProjectionRole.Arn\n", "Ingest has Policies beside its Role, and SAM leaves them out"},
		{"role of elsewhere", "Role: !GetAtt ProjectionRole.Arn", "Role: arn:aws:iam::1:role/x", "the role of Projection is not in this template"},
		{"role of another service", "Service: [lambda.amazonaws.com]", "Service: [ec2.amazonaws.com]", "role ProjectionRole of Projection cannot be taken by lambda.amazonaws.com"},
		{"role that is denied", "[{Effect: Allow, Principal", "[{Effect: Deny, Principal", "cannot be taken by lambda.amazonaws.com"},
		{"role that may not poll", "[sqs:ReceiveMessage, sqs:DeleteMessage, ", "[sqs:ReceiveMessage, ", "Projection may not sqs:DeleteMessage on arn:aws:sqs:us-east-1:000000000000:local-Events"},
		{"role that may not invoke", "Resource: !GetAtt Projection.Arn", "Resource: !GetAtt Ingest.Arn", "TickRole may not lambda:InvokeFunction on arn:aws:lambda:us-east-1:000000000000:function:local-Projection"},
		{"managed policy of a role", "  ProjectionRole:\n    Type: AWS::IAM::Role\n    Properties:\n",
			"  ProjectionRole:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonSQSFullAccess]\n", "role ProjectionRole has policies that are kept by AWS"},
		{"policy without text", "PolicyName: queue\n          PolicyDocument:", "PolicyName: queue\n          Document:", "a policy of ProjectionRole has Document, which is not known"},
		{"policy apart", "Type: AWS::Logs::LogGroup", "Type: AWS::IAM::Policy", "use Policies of the role"},
		{"condition in a statement", "            - Effect: Allow\n", "            - Effect: Allow\n              Condition: {StringEquals: {a: b}}\n", "has Condition, which is not supported"},
		{"managed policy", "        - SQSSendMessagePolicy: {QueueName: !GetAtt Events.QueueName}", "        - AmazonSQSFullAccess", "cannot be enforced"},
		{"unknown policy template", "SQSSendMessagePolicy", "SNSPublishMessagePolicy", "policy template SNSPublishMessagePolicy"},
		{"same route twice", "Path: \"/v1/{kind}\"", "Path: /v1/batch", "route POST /v1/batch of Ingest is also one of Ingest"},
		{"throttled route", "\"POST /v1/batch\":", "\"POST /v1/bulk\":", "POST /v1/bulk, which is no route"},
		{"untyped key", "        - {AttributeName: due, AttributeType: N}\n", "", "key attribute due of an index of Profiles has no type"},
		{"billing", "      BillingMode: PAY_PER_REQUEST\n", "", "either PAY_PER_REQUEST or ProvisionedThroughput"},
		{"input", "Input: '{\"kind\":\"tick\"}'", "Input: '{kind}'", "is not JSON"},
		{"unsupported type", "Type: AWS::Logs::LogGroup", "Type: AWS::Serverless::Api", "use AWS::Serverless::HttpApi"},
		{"runtime", "Runtime: provided.al2023", "Runtime: go1.x", "only provided.al2023"},
		{"nested brace", "${!literal}", "${literal", "${ without }"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			edited := strings.Replace(string(text), c.from, c.to, 1)
			if edited == string(text) {
				t.Fatalf("the template has no %q", c.from)
			}
			_, err := Parse("shop.yaml", []byte(edited), Environment{})
			var fault *Fault
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, want a fault", err)
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || fault.Line == 0 || fault.Do == "" {
				t.Errorf("got %q, want %q with a line and advice", err, c.want)
			}
		})
	}
}

// A misspelt type or method is blamed where it stands, not where something that needs it does, nor taken for one without meaning here.
func TestMisspelt(t *testing.T) {
	text, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, want string }{
		{"Type: AWS::DynamoDB::Table\n", "Type: AWS::DynamoDB::Tabl\n", "is of type AWS::DynamoDB::Tabl, which is not known here; check the spelling, or leave it out"},
		{"Type: AWS::Serverless::Function\n", "Type: AWS::Serverless::Functio\n", "is of type AWS::Serverless::Functio, which"},
		{"Type: AWS::SQS::Queue\n", "Type: AWS::SQS::Queu\n", "is of type AWS::SQS::Queu, which"},
		{"AWS::Logs::LogGroup", "AWS::Logs::LogGrop", "is of type AWS::Logs::LogGrop, which"},
		{"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Alrm", "is of type AWS::CloudWatch::Alrm, which"},
		{"AWS::Serverless::HttpApi", "AWS::Serverless::HttpAPI", "resource Api is of type AWS::Serverless::HttpAPI, which"},
		{"Method: POST", "Method: PST", "method PST of "},
	} {
		t.Run(c.to, func(t *testing.T) {
			before, after, found := strings.Cut(string(text), c.from)
			if !found {
				t.Fatalf("the template has no %q", c.from)
			}
			_, err := Parse("shop.yaml", []byte(before+c.to+after), Environment{})
			where := fmt.Sprintf("shop.yaml:%d: ", strings.Count(before, "\n")+1)
			if err == nil || !strings.HasPrefix(err.Error(), where) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s...%s", err, where, c.want)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	for method, want := range map[string]string{
		"get": "GET /x", "HEAD": "HEAD /x", "Post": "POST /x", "put": "PUT /x", "patch": "PATCH /x", "delete": "DELETE /x", "options": "OPTIONS /x", "any": "ANY /x", "*": "ANY /x",
		"x-amazon-apigateway-any-method": "ANY /x", "TRACE": "", "CONNECT": "",
	} {
		s, err := Parse("t.yaml", []byte("Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n      CodeUri: build/f\n      Events:\n        E: {Type: HttpApi, Properties: {Path: /x, Method: \""+method+"\"}}\n"), Environment{})
		switch {
		case want == "" && (err == nil || err.Error() != "t.yaml:8: method "+method+" of E is not known; use GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS or ANY"):
			t.Errorf("%s: %v", method, err)
		case want != "" && (err != nil || s.Functions[0].Routes[0].Key() != want):
			t.Errorf("%s: %v, want %s", method, err, want)
		}
	}
}

func TestVisibilityMayEqualTheTimeout(t *testing.T) {
	text, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse("shop.yaml", []byte(strings.Replace(string(text), "VisibilityTimeout: 180", "VisibilityTimeout: 30", 1)), Environment{}); err != nil {
		t.Error(err)
	}
}

// Functions override each other as a whole, and lists are joined, the global part first.
func TestGlobalsMerge(t *testing.T) {
	s, err := Parse("t.json", []byte(`{"Parameters":{"P":{"Type":"String","Default":"p"}},"Globals":{"Function":{"Runtime":"provided.al2023","Architectures":["arm64"],
		"Environment":{"Variables":{"A":{"Ref":"P"},"B":"global"}}}},"Resources":{"F":{"Type":"AWS::Serverless::Function","Properties":{"Architectures":["x86_64"],
		"Environment":{"Variables":{"A":{"Fn::Sub":"own"},"C":{"Ref":"P"}}}}}}}`), Environment{})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"A": "own", "B": "global", "C": "p"}; !reflect.DeepEqual(s.Functions[0].Environment, want) || s.Functions[0].Architecture != "arm64" {
		t.Errorf("got %v %s, want %v", s.Functions[0].Environment, s.Functions[0].Architecture, want)
	}
}

func TestGlobalsGiveWayToFunctions(t *testing.T) {
	for _, c := range []struct {
		global, own string
		want        int
	}{
		{`{"MaximumRetryAttempts":1}`, `{}`, 1},
		{`{"MaximumRetryAttempts":1}`, `{"Fn::If":["Yes",{"MaximumEventAgeInSeconds":60},{"Ref":"AWS::NoValue"}]}`, 2},
		{`{"Fn::If":["Yes",{"MaximumRetryAttempts":1},{"Ref":"AWS::NoValue"}]}`, `{"MaximumEventAgeInSeconds":60}`, 2},
	} {
		s, err := Parse("t.json", []byte(`{"Conditions":{"Yes":{"Fn::Equals":["a","a"]}},"Globals":{"Function":{"EventInvokeConfig":`+c.global+`}},
			"Resources":{"F":{"Type":"AWS::Serverless::Function","Properties":{"Runtime":"provided.al2023","EventInvokeConfig":`+c.own+`}}}}`), Environment{})
		if err != nil {
			t.Errorf("%s over %s: %v", c.own, c.global, err)
		} else if got := s.Functions[0].Async.MaximumRetries; got != c.want {
			t.Errorf("%s over %s: %d retries, want %d", c.own, c.global, got, c.want)
		}
	}
}

func TestParameterNotDeclared(t *testing.T) {
	_, err := Load("testdata/shop.yaml", Environment{Parameters: map[string]string{"Stge": "dev"}})
	if err == nil || !strings.Contains(err.Error(), "no parameter Stge is declared") {
		t.Errorf("got %v", err)
	}
}

func TestImplicitAPIAndLongForms(t *testing.T) {
	text := `{"Transform":"AWS::Serverless-2016-10-31","Resources":{"F":{"Type":"AWS::Serverless::Function","Properties":{
		"Runtime":"provided.al2023","CodeUri":"build/f","Environment":{"Variables":{"A":{"Fn::Join":["",["x",{"Fn::Sub":["${v}-${F}",{"v":{"Ref":"AWS::Region"}}]}]]},"R":{"Fn::GetAtt":["FRole","Arn"]}}},
		"Events":{"All":{"Type":"HttpApi"},"Get":{"Type":"HttpApi","Properties":{"Path":"/x/{rest+}","Method":"any"}}}}}}}`
	s, err := Parse("t.json", []byte(text), Environment{})
	if err != nil {
		// The name of F stands in its own environment, which is no circle: names do not depend on it.
		t.Fatal(err)
	}
	f := s.Functions[0]
	if f.Environment["A"] != "xus-east-1-local-F" || f.Environment["R"] != "arn:aws:iam::000000000000:role/local-FRole" {
		t.Errorf("environment is %v", f.Environment)
	}
	if len(s.APIs) != 1 || s.APIs[0].LogicalID != "ServerlessHttpApi" || f.Routes[0].Key() != "$default" || f.Routes[1].Key() != "ANY /x/{rest+}" {
		t.Errorf("routes are %+v of %+v", f.Routes, s.APIs)
	}
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"Resources":{"A":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":{"Ref":"A"}}}}}`))
	f.Add([]byte(`{"Sec\ntion":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("x", data, Environment{})
		if err != nil && (strings.Contains(err.Error(), "\n") || s != nil) {
			t.Errorf("a fault of more than a line: %q", err)
		}
		if err == nil {
			if _, err := json.Marshal(s); err != nil {
				t.Error(err)
			}
		}
	})
}
