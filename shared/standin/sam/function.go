package sam

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

func (d *document) function(r *resource, t *Template) Function {
	s := d.section(d.resolve(r.properties), r.id)
	at := &yaml.Node{Line: r.line}
	f := Function{LogicalID: r.id, Name: d.physicalName(at, r), Environment: map[string]string{}, Line: r.line}
	s.ignore("FunctionName", "Description", "Tags", "PropagateTags", "Tracing", "LoggingConfig", "AutoPublishAlias", "DeploymentPreference", "KmsKeyArn",
		"EphemeralStorage", "SnapStart", "RuntimeManagementConfig", "RolePath", "PermissionsBoundary", "AssumeRolePolicyDocument", "RecursiveLoop")
	if uri := s.text("CodeUri", "."); uri != "" {
		f.Folder = path.Base(path.Clean(strings.TrimSuffix(uri, "/")))
	}
	f.Handler = s.text("Handler", "bootstrap")
	f.Runtime = s.text("Runtime", "")
	if !strings.HasPrefix(f.Runtime, "provided.") {
		d.fail(at, fmt.Sprintf("function %s has Runtime %q", r.id, f.Runtime), "only provided.al2023 is run here")
	}
	if s.oneOf("PackageType", "Zip", "Zip", "Image") != "Zip" {
		d.fail(at, fmt.Sprintf("function %s is an image", r.id), "use PackageType: Zip")
	}
	f.Architecture = "x86_64"
	if a := s.texts("Architectures"); len(a) > 0 {
		f.Architecture = a[0]
	}
	f.MemoryMB = s.whole("MemorySize", 128, 128, 10240)
	f.Timeout = time.Duration(s.whole("Timeout", 3, 1, 900)) * time.Second
	if _, given := s.left["ReservedConcurrentExecutions"]; given {
		n := s.whole("ReservedConcurrentExecutions", 0, 0, 100000)
		f.Reserved = &n
	}
	if e := s.sub("Environment"); e != nil {
		size := 0
		for _, v := range d.entries(e.take("Variables"), "Variables of "+r.id) {
			if v.value.Kind != yaml.ScalarNode {
				d.fail(v.value, fmt.Sprintf("variable %s of %s is not a text", v.key.Value, r.id), "write one value")
			}
			f.Environment[v.key.Value] = v.value.Value
			size += len(v.key.Value) + len(v.value.Value)
		}
		e.done()
		if size > 4096 {
			d.fail(at, fmt.Sprintf("the environment of %s has %d bytes", r.id, size), "Lambda takes 4096")
		}
	}
	role, policies := s.take("Role"), s.take("Policies")
	switch {
	case role != nil && policies != nil:
		d.fail(policies, fmt.Sprintf("function %s has Policies beside its Role, and SAM leaves them out", r.id), "write them into the role")
	case role != nil:
		own := d.roleFor(role, r.id, serviceLambda, t)
		f.RoleARN, f.Statements = own.ARN, slices.Clone(own.Statements)
	case policies != nil:
		f.Statements = d.policies(policies, r.id)
	}
	f.Async = d.async(s, r.id)
	for _, e := range d.entries(s.take("Events"), "Events of "+r.id) {
		d.event(e, &f, t)
	}
	s.done()
	return f
}

func (d *document) event(e entry, f *Function, t *Template) {
	event := e.key.Value
	outer := d.section(e.value, "event "+event)
	kind := outer.text("Type", "")
	properties := outer.take("Properties")
	outer.done()
	s := d.section(properties, "event "+event)
	switch kind {
	case "HttpApi":
		f.Routes = append(f.Routes, d.route(s, event, e.key, t))
	case "SQS":
		m := d.mapping(s, event, e.key, f, t)
		f.Mappings = append(f.Mappings, m)
		if f.RoleARN != "" {
			d.mayAll(f.LogicalID, f.Statements, m.QueueARN, e.key, pollActions...)
		} else {
			f.Statements = append(f.Statements, pollStatement(m.QueueARN))
		}
	case "ScheduleV2":
		f.Schedules = append(f.Schedules, d.schedule(s, event, e.key, f, t))
	case "Schedule":
		f.Schedules = append(f.Schedules, d.rule(s, event, e.key, f, t))
	default:
		d.fail(e.key, fmt.Sprintf("event %s is of type %q", event, kind), "HttpApi, SQS, ScheduleV2 and Schedule are supported")
	}
	s.done()
}

func (d *document) mapping(s *section, event string, at *yaml.Node, f *Function, t *Template) Mapping {
	m := Mapping{Event: event, QueueARN: s.need("Queue"), Line: at.Line}
	m.BatchSize = s.whole("BatchSize", 10, 1, 10000)
	m.Window = time.Duration(s.whole("MaximumBatchingWindowInSeconds", 0, 0, 300)) * time.Second
	m.Enabled = s.flag("Enabled", true)
	for _, v := range s.texts("FunctionResponseTypes") {
		if v != "ReportBatchItemFailures" {
			d.fail(at, fmt.Sprintf("FunctionResponseTypes of event %s has %s", event, v), "only ReportBatchItemFailures exists")
		}
		m.PartialFailures = true
	}
	if p := s.sub("ScalingConfig"); p != nil {
		m.MaximumConcurrency = p.whole("MaximumConcurrency", 0, 2, 1000)
		p.done()
	}
	if n := s.take("FilterCriteria"); n != nil {
		d.fail(n, fmt.Sprintf("event %s has FilterCriteria, which is not supported here", event), "sort messages in the function")
	}
	q, ok := t.Queue(m.QueueARN)
	if !ok {
		d.fail(at, fmt.Sprintf("the queue %s of event %s is not in this template", m.QueueARN, event), "use !GetAtt of an AWS::SQS::Queue, .Arn")
		return m
	}
	m.Queue = q.Name
	switch {
	case m.BatchSize > 10 && q.FIFO:
		d.fail(at, fmt.Sprintf("BatchSize of event %s is %d on a FIFO queue", event, m.BatchSize), "use 10 at most")
	case m.Window > 0 && q.FIFO:
		d.fail(at, fmt.Sprintf("event %s has a batching window on a FIFO queue", event), "remove MaximumBatchingWindowInSeconds")
	case m.BatchSize > 10 && m.Window == 0:
		d.fail(at, fmt.Sprintf("BatchSize of event %s is %d without a batching window", event, m.BatchSize), "set MaximumBatchingWindowInSeconds to 1 or more, or BatchSize to 10 or less")
	case q.Visibility < f.Timeout:
		d.fail(at, fmt.Sprintf("queue %s hides a message for %s, less than the timeout of %s (%s)", q.LogicalID, q.Visibility, f.LogicalID, f.Timeout),
			"raise VisibilityTimeout, best to six times the timeout")
	}
	return m
}

func (d *document) schedule(s *section, event string, at *yaml.Node, f *Function, t *Template) Schedule {
	out := Schedule{Event: event, Expression: s.need("ScheduleExpression"), Timezone: s.text("ScheduleExpressionTimezone", "UTC"), Line: at.Line}
	out.Name = s.text("Name", f.LogicalID+event)
	out.Group = s.text("GroupName", "default")
	out.Input = d.input(s)
	out.Enabled = s.oneOf("State", "ENABLED", "ENABLED", "DISABLED") == "ENABLED"
	out.Start, out.End = d.instant(s, "StartDate"), d.instant(s, "EndDate")
	d.retries(s, &out)
	out.DeadLetterARN = d.deadLetter(s, event, t)
	if p := s.sub("FlexibleTimeWindow"); p != nil {
		if mode := p.text("Mode", "OFF"); mode != "OFF" {
			d.fail(p.node, fmt.Sprintf("FlexibleTimeWindow of event %s is %s", event, mode), "only OFF is supported")
		}
		p.done()
	}
	if n := s.take("RoleArn"); n != nil {
		role := d.roleFor(n, event, serviceScheduler, t)
		out.RoleARN = role.ARN
		d.mayAll(role.LogicalID, role.Statements, d.arn("lambda", "function:"+f.Name), at, "lambda:InvokeFunction")
	}
	s.ignore("Description", "PermissionsBoundary", "KmsKeyArn", "OmitName")
	return out
}

func (d *document) rule(s *section, event string, at *yaml.Node, f *Function, t *Template) Schedule {
	out := Schedule{Event: event, Rule: true, Expression: s.need("Schedule"), Timezone: "UTC", Group: "default", Line: at.Line}
	out.Name = s.text("Name", d.env.StackName+"-"+f.LogicalID+event)
	out.Input = d.input(s)
	out.Enabled = s.flag("Enabled", true) && s.oneOf("State", "ENABLED", "ENABLED", "DISABLED") == "ENABLED"
	d.retries(s, &out)
	out.DeadLetterARN = d.deadLetter(s, event, t)
	s.ignore("Description", "RoleArn")
	return out
}

func (d *document) input(s *section) string {
	n := s.take("Input")
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || !json.Valid([]byte(n.Value)) {
		d.fail(n, "Input of "+s.what+" is not JSON", `write it as a text, like '{"kind":"tick"}'`)
		return ""
	}
	return n.Value
}

func (d *document) instant(s *section, key string) time.Time {
	n := s.take(key)
	if n == nil {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.000Z0700", "2006-01-02"} {
		if t, err := time.Parse(layout, n.Value); err == nil {
			return t.UTC()
		}
	}
	d.fail(n, fmt.Sprintf("%s of %s is %s", key, s.what, shown(n)), "write a time like 2026-11-21T00:00:00Z")
	return time.Time{}
}

func (d *document) retries(s *section, out *Schedule) {
	out.MaximumRetries, out.MaximumEventAge = 185, 24*time.Hour
	if p := s.sub("RetryPolicy"); p != nil {
		out.MaximumRetries = p.whole("MaximumRetryAttempts", 185, 0, 185)
		out.MaximumEventAge = time.Duration(p.whole("MaximumEventAgeInSeconds", 86400, 60, 86400)) * time.Second
		p.done()
	}
}

func (d *document) deadLetter(s *section, event string, t *Template) string {
	p := s.sub("DeadLetterConfig")
	if p == nil {
		return ""
	}
	arn := p.text("Arn", "")
	if id := p.text("QueueLogicalId", ""); id != "" || arn == "" {
		d.fail(p.node, fmt.Sprintf("DeadLetterConfig of event %s has no Arn", event), "declare the queue and give its Arn")
	}
	p.ignore("Type")
	p.done()
	if _, ok := t.Queue(arn); !ok {
		d.fail(p.node, fmt.Sprintf("the dead-letter queue of event %s is not in this template", event), "declare it and use its Arn")
	}
	return arn
}

func (d *document) async(s *section, id string) Async {
	out := Async{MaximumRetries: 2, MaximumEventAge: 6 * time.Hour}
	if p := s.sub("EventInvokeConfig"); p != nil {
		out.MaximumRetries = p.whole("MaximumRetryAttempts", 2, 0, 2)
		out.MaximumEventAge = time.Duration(p.whole("MaximumEventAgeInSeconds", 21600, 60, 21600)) * time.Second
		if c := p.sub("DestinationConfig"); c != nil {
			if n := c.take("OnSuccess"); n != nil {
				d.fail(n, "OnSuccess of "+id+" is not supported", "send the message from the function")
			}
			if o := c.sub("OnFailure"); o != nil {
				if kind := o.text("Type", "SQS"); kind != "SQS" {
					d.fail(o.node, fmt.Sprintf("OnFailure of %s is of type %s", id, kind), "only SQS is supported")
				}
				out.OnFailureARN = o.need("Destination")
				o.done()
			}
			c.done()
		}
		p.done()
	}
	if p := s.sub("DeadLetterQueue"); p != nil {
		if kind := p.text("Type", "SQS"); kind != "SQS" {
			d.fail(p.node, fmt.Sprintf("DeadLetterQueue of %s is of type %s", id, kind), "only SQS is supported")
		}
		out.DeadLetterARN = p.need("TargetArn")
		p.done()
	}
	return out
}
