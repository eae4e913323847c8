package sam

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/userops/userops/shared/standin/policy"
)

// samPolicies are the SAM policy templates known here: their parameter, and the actions that they allow.
var samPolicies = map[string]struct {
	parameter string
	service   string
	actions   []string
}{
	"DynamoDBCrudPolicy": {"TableName", "dynamodb", []string{
		"dynamodb:GetItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:Query", "dynamodb:UpdateItem",
		"dynamodb:BatchWriteItem", "dynamodb:BatchGetItem", "dynamodb:DescribeTable", "dynamodb:ConditionCheckItem"}},
	"DynamoDBReadPolicy": {"TableName", "dynamodb", []string{
		"dynamodb:GetItem", "dynamodb:Scan", "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:DescribeTable"}},
	"DynamoDBWritePolicy":  {"TableName", "dynamodb", []string{"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"}},
	"SQSSendMessagePolicy": {"QueueName", "sqs", []string{"sqs:SendMessage*"}},
	"SQSPollerPolicy": {"QueueName", "sqs", []string{
		"sqs:ChangeMessageVisibility", "sqs:ChangeMessageVisibilityBatch", "sqs:DeleteMessage", "sqs:DeleteMessageBatch", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}},
}

// harmless are managed policies about services that are not here.
var harmless = map[string]bool{
	"AWSLambdaBasicExecutionRole": true, "AWSXRayDaemonWriteAccess": true, "AWSXrayWriteOnlyAccess": true, "CloudWatchLambdaInsightsExecutionRolePolicy": true,
}

// pollActions are what Lambda does to a queue in the name of the function that it feeds.
var pollActions = []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}

// pollStatement is what SAM adds to a function with an SQS event and no role of its own.
func pollStatement(queueARN string) policy.Statement {
	return policy.Statement{Effect: policy.Allow, Implied: true, Resources: []string{queueARN}, Actions: pollActions}
}

// The services that take a role.
const (
	serviceLambda    = "lambda.amazonaws.com"
	serviceScheduler = "scheduler.amazonaws.com"
)

func (d *document) role(r *resource) Role {
	s := d.section(d.resolve(r.properties), r.id)
	out := Role{LogicalID: r.id, ARN: d.roleARN(d.physicalName(&yaml.Node{Line: r.line}, r)), Line: r.line}
	s.ignore("RoleName", "Description", "MaxSessionDuration", "Tags")
	if n := s.take("ManagedPolicyArns"); n != nil {
		d.fail(n, fmt.Sprintf("role %s has policies that are kept by AWS and cannot be enforced here", r.id), "write their statements")
	}
	if trust := s.sub("AssumeRolePolicyDocument"); trust != nil {
		trust.ignore("Version")
		for _, n := range trust.items("Statement") {
			who := d.section(n, "AssumeRolePolicyDocument of "+r.id)
			who.ignore("Sid", "Condition") // whose calls the service makes; here is one account
			effect, action := who.need("Effect"), who.need("Action")
			if p := who.sub("Principal"); p != nil && effect == string(policy.Allow) && action == "sts:AssumeRole" {
				out.Services = append(out.Services, p.texts("Service")...)
				p.done()
			}
			who.done()
		}
		trust.done()
	}
	for _, n := range s.items("Policies") {
		inline := d.section(n, "a policy of "+r.id)
		inline.need("PolicyName")
		text := inline.take("PolicyDocument")
		inline.done()
		if text == nil {
			d.fail(n, "a policy of "+r.id+" has no PolicyDocument", "give it one")
			continue
		}
		out.Statements = append(out.Statements, d.statements(text, r.id)...)
	}
	s.done()
	return out
}

// roleFor finds the role that a function or a schedule names, which its service must be able to take.
func (d *document) roleFor(n *yaml.Node, id, service string, t *Template) Role {
	for _, r := range t.Roles {
		if n.Value != r.ARN {
			continue
		}
		if !slices.Contains(r.Services, service) {
			d.fail(n, fmt.Sprintf("role %s of %s cannot be taken by %s", r.LogicalID, id, service), "name the service in its AssumeRolePolicyDocument")
		}
		return r
	}
	d.fail(n, fmt.Sprintf("the role of %s is not in this template", id), "use !GetAtt of an AWS::IAM::Role, .Arn, so that its rights can be enforced here")
	return Role{}
}

// mayAll holds that the statements allow all that a service does by itself; without, a deployment fails.
func (d *document) mayAll(who string, statements []policy.Statement, resource string, at *yaml.Node, actions ...string) {
	book := policy.NewBook(map[string][]policy.Statement{who: statements})
	for _, action := range actions {
		if book.Check(who, action, resource) != nil {
			d.fail(at, fmt.Sprintf("%s may not %s on %s, which its event takes", who, action, resource), "allow it in the role")
		}
	}
}

func (d *document) policies(n *yaml.Node, id string) []policy.Statement {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	var out []policy.Statement
	for _, p := range list {
		if p.Kind == yaml.ScalarNode {
			name := p.Value[strings.LastIndex(p.Value, "/")+1:]
			if !harmless[name] {
				d.fail(p, fmt.Sprintf("policy %s of %s is kept by AWS and cannot be enforced here", p.Value, id), "write its statements")
			}
			continue
		}
		if p.Kind == yaml.MappingNode && lookup(p, "Statement") != nil {
			out = append(out, d.statements(p, id)...)
			continue
		}
		for _, e := range d.entries(p, "a policy of "+id) {
			known, ok := samPolicies[e.key.Value]
			if !ok {
				d.fail(e.key, fmt.Sprintf("policy template %s of %s is not known here", e.key.Value, id), "write its statements")
				break
			}
			s := d.section(e.value, e.key.Value+" of "+id)
			name := s.need(known.parameter)
			s.done()
			resources := []string{d.arn(known.service, name)}
			if known.service == "dynamodb" {
				resources = []string{d.arn(known.service, "table/"+name), d.arn(known.service, "table/"+name+"/index/*")}
			}
			out = append(out, policy.Statement{Effect: policy.Allow, Actions: known.actions, Resources: resources})
		}
	}
	return out
}

func (d *document) statements(n *yaml.Node, id string) []policy.Statement {
	doc := d.section(n, "a policy of "+id)
	doc.ignore("Version", "Id")
	list := doc.take("Statement")
	doc.done()
	if list == nil {
		d.fail(n, "a policy of "+id+" has no Statement", "give it a list of statements")
		return nil
	}
	nodes := []*yaml.Node{list}
	if list.Kind == yaml.SequenceNode {
		nodes = list.Content
	}
	var out []policy.Statement
	for _, x := range nodes {
		s := d.section(x, "a statement of "+id)
		s.ignore("Sid")
		for _, key := range []string{"Condition", "NotAction", "NotResource"} {
			if c := s.take(key); c != nil {
				d.fail(c, fmt.Sprintf("a statement of %s has %s, which is not supported here", id, key), "name the actions and resources instead")
			}
		}
		st := policy.Statement{Effect: policy.Effect(s.oneOf("Effect", "", string(policy.Allow), string(policy.Deny))), Actions: s.texts("Action"), Resources: s.texts("Resource")}
		s.done()
		if st.Effect == "" || len(st.Actions) == 0 || len(st.Resources) == 0 {
			d.fail(x, fmt.Sprintf("a statement of %s lacks Effect, Action or Resource", id), "give it all three")
		}
		for _, a := range st.Actions {
			if a != "*" && !strings.Contains(a, ":") {
				d.fail(x, fmt.Sprintf("action %q of %s names no service", a, id), "write it like dynamodb:GetItem")
			}
		}
		for _, r := range st.Resources {
			if r != "*" && !strings.HasPrefix(r, "arn:") {
				d.fail(x, fmt.Sprintf("resource %q of %s is no ARN", r, id), "use !GetAtt Resource.Arn")
			}
		}
		out = append(out, st)
	}
	return out
}
