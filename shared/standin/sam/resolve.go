package sam

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// resolve returns the tree with every intrinsic function replaced by what it stands for, or nil for AWS::NoValue. The
// original is left as it is.
func (d *document) resolve(n *yaml.Node) *yaml.Node {
	if n == nil || d.fault != nil {
		return n
	}
	if name, argument, ok := intrinsic(n); ok {
		return d.call(n, name, argument)
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		d.fail(n, fmt.Sprintf("%s is no function of CloudFormation", n.Tag), "check its spelling")
		return n
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := shallow(n)
		for i := 0; i+1 < len(n.Content); i += 2 {
			if v := d.resolve(n.Content[i+1]); v != nil {
				out.Content = append(out.Content, n.Content[i], v)
			}
		}
		return out
	case yaml.SequenceNode:
		out := shallow(n)
		for _, c := range n.Content {
			if v := d.resolve(c); v != nil {
				out.Content = append(out.Content, v)
			}
		}
		return out
	}
	return n
}

func (d *document) call(at *yaml.Node, name string, arg *yaml.Node) *yaml.Node {
	switch name {
	case "Ref":
		return d.ref(at, arg.Value)
	case "Fn::GetAtt":
		return scalar(at, d.getAtt(at, arg))
	case "Fn::Sub":
		return scalar(at, d.sub(at, arg))
	case "Fn::Join":
		a := d.arguments(at, name, arg, 2)
		if a == nil {
			return at
		}
		list := d.resolve(a[1])
		parts := make([]string, 0, 4)
		for _, c := range d.list(list, name) {
			parts = append(parts, d.plain(c, name))
		}
		return scalar(at, strings.Join(parts, d.plain(a[0], name)))
	case "Fn::If":
		a := d.arguments(at, name, arg, 3)
		if a == nil {
			return at
		}
		if d.condition(a[0], a[0].Value) {
			return d.resolve(a[1])
		}
		return d.resolve(a[2])
	case "Fn::Select":
		a := d.arguments(at, name, arg, 2)
		if a == nil {
			return at
		}
		list := d.list(d.resolve(a[1]), name)
		i, err := strconv.Atoi(d.plain(d.resolve(a[0]), name))
		if err != nil || i < 0 || i >= len(list) {
			d.fail(at, fmt.Sprintf("Fn::Select wants an index from 0 to %d", len(list)-1), "change the index or the list")
			return at
		}
		return list[i]
	case "Fn::Split":
		a := d.arguments(at, name, arg, 2)
		if a == nil {
			return at
		}
		out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: at.Line}
		for _, part := range strings.Split(d.plain(d.resolve(a[1]), name), d.plain(a[0], name)) {
			out.Content = append(out.Content, scalar(at, part))
		}
		return out
	case "Fn::FindInMap":
		a := d.arguments(at, name, arg, 3)
		if a == nil {
			return at
		}
		return d.findInMap(at, a)
	case "Fn::Base64":
		return scalar(at, base64.StdEncoding.EncodeToString([]byte(d.plain(d.resolve(arg), name))))
	case "Fn::ImportValue":
		d.fail(at, "Fn::ImportValue reads another stack, and here is only this one", "make it a parameter")
	case "Condition", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not":
		d.fail(at, name+" stands outside Conditions", "name a condition there and use Fn::If here")
	default:
		d.fail(at, name+" is not supported", "write the value out or make it a parameter")
	}
	return at
}

func (d *document) ref(at *yaml.Node, name string) *yaml.Node {
	if name == "AWS::NoValue" {
		return nil
	}
	if v, ok := d.pseudo(name); ok {
		return scalar(at, v)
	}
	if v, ok := d.parameters[name]; ok {
		return v
	}
	if v, ok := d.resourceRef(at, name); ok {
		return scalar(at, v)
	}
	d.fail(at, fmt.Sprintf("nothing is named %s", name), "declare it as a parameter or a resource, or mend the reference")
	return at
}

func (d *document) sub(at, arg *yaml.Node) string {
	text := arg
	vars := map[string]*yaml.Node{}
	if arg.Kind == yaml.SequenceNode {
		a := d.arguments(at, "Fn::Sub", arg, 2)
		if a == nil {
			return ""
		}
		text = a[0]
		for _, e := range d.entries(a[1], "Fn::Sub") {
			vars[e.key.Value] = d.resolve(e.value)
		}
	}
	if text.Kind != yaml.ScalarNode {
		d.fail(at, "Fn::Sub wants a text", "check its form in the CloudFormation reference")
		return ""
	}
	var out strings.Builder
	rest := text.Value
	for d.fault == nil {
		before, after, found := strings.Cut(rest, "${")
		out.WriteString(before)
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			d.fail(at, "Fn::Sub has ${ without }", "close it, or write ${!...} for the literal text")
			break
		}
		rest = tail
		name = strings.TrimSpace(name)
		if strings.HasPrefix(name, "!") {
			out.WriteString("${" + name[1:] + "}")
			continue
		}
		if v, ok := vars[name]; ok {
			out.WriteString(d.plain(v, "Fn::Sub"))
			continue
		}
		if id, attribute, dotted := strings.Cut(name, "."); dotted {
			out.WriteString(d.attribute(at, id, attribute))
			continue
		}
		v := d.ref(at, name)
		if v == nil || v.Kind != yaml.ScalarNode {
			d.fail(at, fmt.Sprintf("${%s} is not a text", name), "use Fn::Join for a list")
			break
		}
		out.WriteString(v.Value)
	}
	return out.String()
}

func (d *document) getAtt(at, arg *yaml.Node) string {
	if arg.Kind == yaml.SequenceNode {
		a := d.arguments(at, "Fn::GetAtt", arg, 2)
		if a == nil {
			return ""
		}
		return d.attribute(at, a[0].Value, d.plain(d.resolve(a[1]), "Fn::GetAtt"))
	}
	id, attribute, ok := strings.Cut(arg.Value, ".")
	if !ok {
		d.fail(at, fmt.Sprintf("Fn::GetAtt %s names no attribute", arg.Value), "write Resource.Attribute")
		return ""
	}
	return d.attribute(at, id, attribute)
}

func (d *document) findInMap(at *yaml.Node, a []*yaml.Node) *yaml.Node {
	n := d.mappings
	for _, key := range a {
		want := d.plain(d.resolve(key), "Fn::FindInMap")
		var next *yaml.Node
		if n != nil && n.Kind == yaml.MappingNode {
			next = lookup(n, want)
		}
		if next == nil {
			d.fail(at, fmt.Sprintf("Fn::FindInMap finds no %s", want), "add it under Mappings")
			return at
		}
		n = next
	}
	return n
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
	if r.kind == typeBucket {
		name = strings.ToLower(name) // as CloudFormation makes them up: S3 knows no capitals
	}
	r.name = name
	return name
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
	case typeBucket + ".Arn":
		return "arn:aws:s3:::" + name
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
	case typeTable, typeQueue, typeBucket, typeFunction, typeHTTPAPI:
		d.fail(at, fmt.Sprintf("%s has no attribute %s", r.kind, attribute), "use one that it has, such as Arn")
		return ""
	}
	service := strings.ToLower(strings.Split(r.kind+"::", "::")[1])
	if strings.HasSuffix(attribute, "Arn") {
		return d.arn(service, name)
	}
	return name
}

// condition decides a named condition.
func (d *document) condition(at *yaml.Node, name string) bool {
	if v, ok := d.decided[name]; ok {
		return v
	}
	var n *yaml.Node
	if d.conditions != nil && d.conditions.Kind == yaml.MappingNode {
		n = lookup(d.conditions, name)
	}
	if n == nil {
		d.fail(at, fmt.Sprintf("no condition is named %s", name), "declare it under Conditions")
		return false
	}
	if d.deciding[name] {
		d.fail(n, fmt.Sprintf("condition %s depends on itself", name), "break the circle")
		return false
	}
	d.deciding[name] = true
	v := d.decide(n)
	delete(d.deciding, name)
	d.decided[name] = v
	return v
}

func (d *document) decide(n *yaml.Node) bool {
	if d.fault != nil {
		return false
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "Condition" {
		return d.condition(n, n.Content[1].Value)
	}
	name, arg, ok := intrinsic(n)
	if !ok {
		d.fail(n, "a condition is Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition", "write it as one of them")
		return false
	}
	switch name {
	case "Condition":
		return d.condition(n, arg.Value)
	case "Fn::Equals":
		a := d.arguments(n, name, arg, 2)
		if a == nil {
			return false
		}
		return d.plain(d.resolve(a[0]), name) == d.plain(d.resolve(a[1]), name)
	case "Fn::Not":
		a := d.arguments(n, name, arg, 1)
		return a != nil && !d.decide(a[0])
	case "Fn::And", "Fn::Or":
		if arg.Kind != yaml.SequenceNode || len(arg.Content) < 2 || len(arg.Content) > 10 {
			d.fail(n, name+" wants a list of 2 to 10", "check its form in the CloudFormation reference")
			return false
		}
		out := name == "Fn::And"
		for _, c := range arg.Content {
			if v := d.decide(c); name == "Fn::And" {
				out = out && v
			} else {
				out = out || v
			}
		}
		return out
	}
	d.fail(n, name+" is no condition", "use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition")
	return false
}
