package sam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/userops/userops/shared/standin/policy"
)

// translate prints the template on its input as the CloudFormation that SAM makes of it.
const translate = `
import json, os, sys
try:
    import samtranslator
except ImportError:
    sys.exit(77)
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
class Managed:
    def load(self):
        return {n: "arn:aws:iam::aws:policy/service-role/" + n for n in ("AWSLambdaBasicExecutionRole", "AWSLambdaSQSQueueExecutionRole")}
def cloudformation(text):
    t = yaml_parse(text)
    for r in t["Resources"].values():
        if r.get("Type") == "AWS::Serverless::Function":
            r["Properties"]["CodeUri"] = "s3://bucket/key"
    return transform(t, {}, Managed())
print(json.dumps([cloudformation(t) for t in json.load(sys.stdin)]))
`

// The parser agrees with SAM itself, wherever samtranslator is installed: functions, rights, mappings, schedules and routes of this package's example and
// of the templates that the variable SAM_TEMPLATES lists.
func TestAgreesWithSAM(t *testing.T) {
	files := append([]string{"testdata/shop.yaml"}, filepath.SplitList(os.Getenv("SAM_TEMPLATES"))...)
	var texts []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("python3", "-c", translate)
	command.Stdin = bytes.NewReader(in)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if command.ProcessState == nil || command.ProcessState.ExitCode() == 77 {
		t.Skip("python3 with samtranslator is not installed: pip install aws-sam-translator")
	}
	if err != nil {
		t.Fatalf("samtranslator: %v\n%s", err, complaint.String())
	}
	// References to what was translated must resolve as those to what stood there before.
	out = bytes.ReplaceAll(out, []byte(`"AWS::Lambda::Function"`), []byte(`"`+typeFunction+`"`))
	var answers []json.RawMessage
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		t.Run(file, func(t *testing.T) {
			ours, err := Parse(file, []byte(texts[i]), Environment{})
			if err != nil {
				t.Fatal(err)
			}
			d, err := open(file, answers[i], Environment{})
			if err != nil {
				t.Fatal(err)
			}
			theirs := translated(t, d)
			compare(t, ours, theirs)
			// What SAM makes for functions and schedules without a role has policies of AWS over every log group and every queue.
			if made := theirs.unwritten(ours); strings.HasPrefix(file, "..") && (len(made) > 0 || bytes.Contains(answers[i], []byte("ManagedPolicyArns"))) {
				t.Errorf("the roles %v are not in the template, or some has policies that AWS keeps", made)
			}
		})
	}
}

// sam is what SAM made, in words that can be compared.
type sam struct {
	functions  map[string]map[string]string
	statements map[string][]policy.Statement // by the ARN of the role
	mappings   map[string]map[string]string
	schedules  map[string]map[string]string
	routes     []string
}

func translated(t *testing.T, d *document) sam {
	t.Helper()
	s := sam{map[string]map[string]string{}, map[string][]policy.Statement{}, map[string]map[string]string{}, map[string]map[string]string{}, nil}
	for _, r := range d.order {
		if r.absent {
			continue
		}
		p := d.resolve(r.properties)
		switch r.kind {
		case typeFunction:
			s.functions[r.id] = leaves(p, "Role", "Handler", "Runtime", "MemorySize", "Timeout", "Architectures", "Environment", "ReservedConcurrentExecutions")
		case typeRole:
			var statements []policy.Statement
			for _, x := range d.entries(p, r.id) {
				if x.key.Value != "Policies" {
					continue
				}
				for _, attached := range x.value.Content {
					if lookup(attached, "PolicyDocument") != nil {
						statements = append(statements, d.statements(lookup(attached, "PolicyDocument"), r.id)...)
					}
				}
			}
			s.statements[d.attribute(nil, r.id, "Arn")] = statements
		case "AWS::Lambda::EventSourceMapping":
			s.mappings[r.id] = leaves(p, "BatchSize", "EventSourceArn", "MaximumBatchingWindowInSeconds", "FunctionResponseTypes", "ScalingConfig", "FunctionName")
		case "AWS::Scheduler::Schedule":
			s.schedules[r.id] = leaves(p, "ScheduleExpression", "ScheduleExpressionTimezone", "Name", "Target", "State")
		case "AWS::ApiGatewayV2::Api":
			body := lookup(p, "Body")
			if body == nil {
				continue
			}
			for _, path := range d.entries(lookup(body, "paths"), "paths") {
				for _, method := range d.entries(path.value, "path") {
					if method.key.Value == "options" {
						continue
					}
					uri := lookup(lookup(method.value, "x-amazon-apigateway-integration"), "uri").Value
					_, function, _ := strings.Cut(uri, ":function:")
					s.routes = append(s.routes, fmt.Sprintf("%s %s %s", strings.ToUpper(method.key.Value), path.key.Value, strings.TrimSuffix(function, "/invocations")))
				}
			}
		}
	}
	if d.fault != nil {
		t.Fatal(d.fault)
	}
	sort.Strings(s.routes)
	return s
}

// unwritten are the roles that SAM has made by itself.
func (s sam) unwritten(ours *Template) []string {
	written := map[string]bool{}
	for _, r := range ours.Roles {
		written[r.ARN] = true
	}
	var made []string
	for arn := range s.statements {
		if !written[arn] {
			made = append(made, arn)
		}
	}
	return made
}

// leaves flattens the named parts of a map to texts by path.
func leaves(n *yaml.Node, keys ...string) map[string]string {
	out := map[string]string{}
	var walk func(path string, n *yaml.Node)
	walk = func(path string, n *yaml.Node) {
		switch n.Kind {
		case yaml.ScalarNode:
			out[path] = n.Value
		case yaml.SequenceNode:
			for i, c := range n.Content {
				walk(fmt.Sprintf("%s.%d", path, i), c)
			}
		case yaml.MappingNode:
			for i := 0; i < len(n.Content); i += 2 {
				walk(path+"."+n.Content[i].Value, n.Content[i+1])
			}
		}
	}
	for _, k := range keys {
		if v := lookup(n, k); v != nil {
			walk(k, v)
		}
	}
	return out
}

func compare(t *testing.T, ours *Template, theirs sam) {
	t.Helper()
	check := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is\n%v, and SAM makes it\n%v", what, got, want)
		}
	}
	var routes []string
	seconds := func(d time.Duration) string { return fmt.Sprint(int(d / time.Second)) }
	for _, f := range ours.Functions {
		want := theirs.functions[f.LogicalID]
		role := want["Role"]
		delete(want, "Role")
		if f.RoleARN != "" {
			check("the role of "+f.LogicalID, f.RoleARN, role)
		}
		got := map[string]string{"Handler": f.Handler, "Runtime": f.Runtime, "MemorySize": fmt.Sprint(f.MemoryMB), "Timeout": seconds(f.Timeout), "Architectures.0": f.Architecture}
		for k, v := range f.Environment {
			got["Environment.Variables."+k] = v
		}
		if f.Reserved != nil {
			got["ReservedConcurrentExecutions"] = fmt.Sprint(*f.Reserved)
		}
		check("function "+f.LogicalID, got, want)
		var statements []policy.Statement
		for _, s := range f.Statements {
			if !s.Implied {
				statements = append(statements, s)
			}
		}
		check("the rights of "+f.LogicalID, statements, theirs.statements[role])
		for _, m := range f.Mappings {
			got := map[string]string{"BatchSize": fmt.Sprint(m.BatchSize), "EventSourceArn": m.QueueARN, "FunctionName": f.Name}
			if m.Window > 0 {
				got["MaximumBatchingWindowInSeconds"] = seconds(m.Window)
			}
			if m.PartialFailures {
				got["FunctionResponseTypes.0"] = "ReportBatchItemFailures"
			}
			if m.MaximumConcurrency > 0 {
				got["ScalingConfig.MaximumConcurrency"] = fmt.Sprint(m.MaximumConcurrency)
			}
			check("mapping "+m.Event, got, theirs.mappings[f.LogicalID+m.Event])
			delete(theirs.mappings, f.LogicalID+m.Event)
		}
		for _, x := range f.Schedules {
			want := theirs.schedules[f.LogicalID+x.Event]
			delete(theirs.schedules, f.LogicalID+x.Event)
			if x.RoleARN == "" {
				delete(want, "Target.RoleArn")
			}
			got := map[string]string{
				"ScheduleExpression": x.Expression, "Name": x.Name, "Target.Arn": "arn:aws:lambda:us-east-1:000000000000:function:" + f.Name, "Target.Input": x.Input,
				"Target.RetryPolicy.MaximumRetryAttempts":     fmt.Sprint(x.MaximumRetries),
				"Target.RetryPolicy.MaximumEventAgeInSeconds": seconds(x.MaximumEventAge),
			}
			if x.RoleARN != "" {
				got["Target.RoleArn"] = x.RoleARN
			}
			if x.Timezone != "UTC" {
				got["ScheduleExpressionTimezone"] = x.Timezone
			}
			if x.DeadLetterARN != "" {
				got["Target.DeadLetterConfig.Arn"] = x.DeadLetterARN
			}
			check("schedule "+x.Event, got, want)
		}
		for _, r := range f.Routes {
			routes = append(routes, fmt.Sprintf("%s %s %s", r.Method, r.Path, f.Name))
		}
	}
	sort.Strings(routes)
	check("the list of routes", routes, theirs.routes)
	if len(ours.Functions) != len(theirs.functions) || len(theirs.mappings) > 0 || len(theirs.schedules) > 0 {
		t.Errorf("SAM makes %d functions, and more mappings %v and schedules %v", len(theirs.functions), theirs.mappings, theirs.schedules)
	}
}
