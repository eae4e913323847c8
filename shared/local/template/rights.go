package template

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/userops/userops/shared/local/policy"
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

// pollStatement is what SAM adds to a function with an SQS event.
func pollStatement(queueARN string) policy.Statement {
	return policy.Statement{
		Effect: policy.Allow, Implied: true, Resources: []string{queueARN},
		Actions: []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
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
