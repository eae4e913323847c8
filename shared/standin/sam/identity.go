package sam

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

func (d *document) present(at *yaml.Node, id string) *resource {
	r, ok := d.resources[id]
	if !ok {
		return nil
	}
	if r.absent {
		d.fail(at, fmt.Sprintf("%s is not there, since its condition is false", id), "wrap the reference in Fn::If with the same condition")
	}
	return r
}

// generated names what SAM adds to a template by itself: the role of a function and the implicit HTTP API.
func (d *document) generated(at *yaml.Node, id, attribute string) (string, bool) {
	if id == implicitAPI {
		if attribute == "ApiEndpoint" {
			return d.env.APIBase, true
		}
		return apiID(id), true
	}
	if f, ok := strings.CutSuffix(id, "Role"); ok {
		if r := d.resources[f]; r != nil && r.kind == typeFunction {
			name := d.env.StackName + "-" + id
			if attribute == "Arn" {
				return d.roleARN(name), true
			}
			return name, attribute == ""
		}
	}
	return "", false
}

func (d *document) pseudo(name string) (string, bool) {
	switch name {
	case "AWS::Region":
		return d.env.Region, true
	case "AWS::AccountId":
		return d.env.AccountID, true
	case "AWS::StackName":
		return d.env.StackName, true
	case "AWS::StackId":
		return fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/local", d.env.Region, d.env.AccountID, d.env.StackName), true
	case "AWS::Partition":
		return "aws", true
	case "AWS::URLSuffix":
		return "amazonaws.com", true
	}
	return "", false
}

func (d *document) arn(service, tail string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, d.env.Region, d.env.AccountID, tail)
}

// roleARN has no region: roles are the account's.
func (d *document) roleARN(name string) string {
	return fmt.Sprintf("arn:aws:iam::%s:role/%s", d.env.AccountID, name)
}

func (d *document) queueURL(name string) string {
	return d.env.QueueBase + "/" + d.env.AccountID + "/" + name
}

func apiID(logicalID string) string { return strings.ToLower(logicalID) }
