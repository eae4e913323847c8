package sam

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// The resource types that one machine runs.
const (
	typeFunction = "AWS::Serverless::Function"
	typeHTTPAPI  = "AWS::Serverless::HttpApi"
	typeTable    = "AWS::DynamoDB::Table"
	typeQueue    = "AWS::SQS::Queue"
)

// typeRole says what functions and schedules may do.
const typeRole = "AWS::IAM::Role"

// implicitAPI is the logical id of the HTTP API that SAM adds for events that name none.
const implicitAPI = "ServerlessHttpApi"

// nameProperty says where a type of resource keeps the name that it may be given.
var nameProperty = map[string]string{
	typeFunction:                  "FunctionName",
	typeTable:                     "TableName",
	typeQueue:                     "QueueName",
	"AWS::Logs::LogGroup":         "LogGroupName",
	"AWS::SNS::Topic":             "TopicName",
	"AWS::CloudWatch::Alarm":      "AlarmName",
	typeRole:                      "RoleName",
	"AWS::Scheduler::Schedule":    "Name",
	"AWS::S3::Bucket":             "BucketName",
	"AWS::SSM::Parameter":         "Name",
	"AWS::SecretsManager::Secret": "Name",
}

// physicalName is the name that a resource was given, or StackName-LogicalId.
func (d *document) physicalName(at *yaml.Node, r *resource) string {
	if r.name != "" {
		return r.name
	}
	if r.naming {
		d.fail(at, fmt.Sprintf("the name of %s depends on itself", r.id), "break the circle")
		return ""
	}
	r.naming = true
	defer func() { r.naming = false }()
	name := d.env.StackName + "-" + r.id
	if n := lookup(r.properties, nameProperty[r.kind]); n != nil {
		if v := d.resolve(n); v != nil {
			name = d.plain(v, nameProperty[r.kind])
		}
	} else if fifo := lookup(r.properties, "FifoQueue"); r.kind == typeQueue && fifo != nil && fifo.Value == "true" {
		name += ".fifo"
	}
	r.name = name
	return name
}

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

// resourceRef is what Ref gives for a resource.
func (d *document) resourceRef(at *yaml.Node, id string) (string, bool) {
	r := d.present(at, id)
	if r == nil {
		return d.generated(at, id, "")
	}
	switch r.kind {
	case typeQueue:
		return d.queueURL(d.physicalName(at, r)), true
	case typeHTTPAPI, typeRawAPI:
		return apiID(r.id), true
	case "AWS::SNS::Topic":
		return d.arn("sns", d.physicalName(at, r)), true
	}
	return d.physicalName(at, r), true
}

// attribute is what Fn::GetAtt gives for a resource.
func (d *document) attribute(at *yaml.Node, id, attribute string) string {
	r := d.present(at, id)
	if r == nil {
		if v, ok := d.generated(at, id, attribute); ok {
			return v
		}
		d.fail(at, fmt.Sprintf("no resource is named %s", id), "declare it or mend the reference")
		return ""
	}
	name := d.physicalName(at, r)
	switch r.kind + "." + attribute {
	case typeTable + ".Arn":
		return d.arn("dynamodb", "table/"+name)
	case typeTable + ".StreamArn":
		return d.arn("dynamodb", "table/"+name+"/stream/local")
	case typeQueue + ".Arn":
		return d.arn("sqs", name)
	case typeQueue + ".QueueName":
		return name
	case typeQueue + ".QueueUrl":
		return d.queueURL(name)
	case typeFunction + ".Arn":
		return d.arn("lambda", "function:"+name)
	case typeHTTPAPI + ".ApiId", typeRawAPI + ".ApiId":
		return apiID(r.id)
	case typeHTTPAPI + ".ApiEndpoint", typeRawAPI + ".ApiEndpoint":
		return d.env.APIBase
	case typeRole + ".Arn":
		return d.roleARN(name)
	case "AWS::SNS::Topic.TopicName":
		return name
	case "AWS::Logs::LogGroup.Arn":
		return d.arn("logs", "log-group:"+name) + ":*"
	}
	switch r.kind {
	case typeTable, typeQueue, typeFunction, typeHTTPAPI:
		d.fail(at, fmt.Sprintf("%s has no attribute %s", r.kind, attribute), "use one that it has, such as Arn")
		return ""
	}
	service := strings.ToLower(strings.Split(r.kind+"::", "::")[1])
	if strings.HasSuffix(attribute, "Arn") {
		return d.arn(service, name)
	}
	return name
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
