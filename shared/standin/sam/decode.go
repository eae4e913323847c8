package sam

import (
	"fmt"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

func (d *document) decode() *Template {
	t := &Template{
		File: d.file, Description: d.summary, Region: d.env.Region, AccountID: d.env.AccountID, StackName: d.env.StackName, Parameters: d.listed,
	}
	// An unused condition can be wrong too.
	for _, e := range d.entries(d.conditions, "Conditions") {
		d.condition(e.key, e.key.Value)
	}
	// Queues, APIs and roles come first: functions point at them.
	for _, r := range d.order {
		if r.absent {
			continue
		}
		switch r.kind {
		case typeQueue:
			t.Queues = append(t.Queues, d.queue(r))
		case typeBucket:
			t.Buckets = append(t.Buckets, d.bucket(r))
		case typeTable:
			t.Tables = append(t.Tables, d.table(r))
		case typeHTTPAPI:
			t.APIs = append(t.APIs, d.api(r))
		case typeRole:
			t.Roles = append(t.Roles, d.role(r))
		}
	}
	for _, r := range d.order {
		if r.absent {
			continue
		}
		switch {
		case r.kind == typeFunction:
			t.Functions = append(t.Functions, d.function(r, t))
		case r.kind == typeQueue || r.kind == typeBucket || r.kind == typeTable || r.kind == typeHTTPAPI || r.kind == typeRole || rawTypes[r.kind]:
		case unsupported[r.kind] != "":
			d.fail(&yaml.Node{Line: r.line}, fmt.Sprintf("resource %s is of type %s, which is not supported here", r.id, r.kind), unsupported[r.kind])
		default:
			d.resolve(r.properties)
			t.Others = append(t.Others, Resource{r.id, r.kind})
		}
	}
	d.rawAPIs(t)
	d.link(t)
	for _, e := range d.entries(d.outputs, "Outputs") {
		s := d.section(e.value, "output "+e.key.Value)
		condition := s.take("Condition")
		if condition != nil && !d.condition(condition, condition.Value) {
			continue
		}
		out := Output{Name: e.key.Value, Description: s.text("Description", "")}
		if v := d.resolve(s.take("Value")); v != nil {
			out.Value = d.plain(v, "Value")
		}
		if x := s.take("Export"); x != nil {
			d.resolve(x)
		}
		s.done()
		t.Outputs = append(t.Outputs, out)
	}
	return t
}

// link checks what only the whole template can tell.
func (d *document) link(t *Template) {
	names := map[string]string{}
	claim := func(kind, name, id string, line int) {
		if other, taken := names[kind+name]; taken && d.fault == nil {
			d.fail(&yaml.Node{Line: line}, fmt.Sprintf("%s and %s have the same name %s", other, id, name), "rename one")
		}
		names[kind+name] = id
	}
	for _, q := range t.Queues {
		claim("queue ", q.Name, q.LogicalID, q.Line)
		if q.DeadLetterARN == "" {
			continue
		}
		dlq, ok := t.Queue(q.DeadLetterARN)
		if !ok {
			d.fail(&yaml.Node{Line: q.Line}, fmt.Sprintf("the dead-letter queue of %s is not in this template", q.LogicalID), "declare it and point deadLetterTargetArn at its Arn")
		} else if dlq.FIFO != q.FIFO {
			d.fail(&yaml.Node{Line: q.Line}, fmt.Sprintf("the dead-letter queue of %s is of the other kind", q.LogicalID), "make both FIFO or both standard")
		}
	}
	for _, table := range t.Tables {
		claim("table ", table.Name, table.LogicalID, table.Line)
	}
	routes := map[string]string{}
	for _, f := range t.Functions {
		claim("function ", f.Name, f.LogicalID, f.Line)
		for _, r := range f.Routes {
			key := r.API + " " + r.Key()
			if other, taken := routes[key]; taken {
				d.fail(&yaml.Node{Line: r.Line}, fmt.Sprintf("route %s of %s is also one of %s", r.Key(), f.LogicalID, other), "give it to one function")
			}
			routes[key] = f.LogicalID
		}
	}
	for _, a := range t.APIs {
		for key := range a.RouteThrottling {
			if _, ok := routes[a.LogicalID+" "+key]; !ok {
				d.fail(&yaml.Node{Line: a.Line}, fmt.Sprintf("RouteSettings of %s has %s, which is no route", a.LogicalID, key), "write it as in the event: METHOD /path")
			}
		}
	}
}

func (d *document) queue(r *resource) Queue {
	s := d.section(d.resolve(r.properties), r.id)
	at := &yaml.Node{Line: r.line}
	q := Queue{LogicalID: r.id, Name: d.physicalName(at, r), Attributes: map[string]string{}, Line: r.line}
	q.ARN, q.URL = d.arn("sqs", q.Name), d.queueURL(q.Name)
	s.ignore("QueueName", "Tags", "SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds")
	set := func(key string, fallback, least, most int) int {
		_, given := s.left[key]
		v := s.whole(key, fallback, least, most)
		if given {
			q.Attributes[key] = fmt.Sprint(v)
		}
		return v
	}
	q.Visibility = time.Duration(set("VisibilityTimeout", 30, 0, 43200)) * time.Second
	set("MessageRetentionPeriod", 345600, 60, 1209600)
	set("DelaySeconds", 0, 0, 900)
	set("MaximumMessageSize", 1048576, 1024, 1048576)
	set("ReceiveMessageWaitTimeSeconds", 0, 0, 20)
	q.FIFO = s.flag("FifoQueue", false)
	if q.FIFO != strings.HasSuffix(q.Name, ".fifo") {
		d.fail(at, fmt.Sprintf("queue %s is named %s", r.id, q.Name), "a FIFO queue, and no other, has a name that ends in .fifo")
	}
	if q.FIFO {
		q.Attributes["FifoQueue"] = "true"
		if s.flag("ContentBasedDeduplication", false) {
			q.Attributes["ContentBasedDeduplication"] = "true"
		}
		for _, key := range []string{"DeduplicationScope", "FifoThroughputLimit"} {
			if v := s.text(key, ""); v != "" {
				q.Attributes[key] = v
			}
		}
	}
	if p := s.sub("RedrivePolicy"); p != nil {
		q.DeadLetterARN = p.need("deadLetterTargetArn")
		q.MaxReceives = p.whole("maxReceiveCount", 0, 1, 1000)
		if q.MaxReceives == 0 {
			d.fail(p.node, "RedrivePolicy of "+r.id+" has no maxReceiveCount", "give it one")
		}
		p.done()
		q.DeadLetter = q.DeadLetterARN[strings.LastIndex(q.DeadLetterARN, ":")+1:]
		q.Attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, q.DeadLetterARN, q.MaxReceives)
	}
	if p := s.sub("RedriveAllowPolicy"); p != nil {
		text := fmt.Sprintf(`{"redrivePermission":%q`, p.oneOf("redrivePermission", "allowAll", "allowAll", "denyAll", "byQueue"))
		if sources := p.texts("sourceQueueArns"); len(sources) > 0 {
			quoted := make([]string, len(sources))
			for i, a := range sources {
				quoted[i] = fmt.Sprintf("%q", a)
			}
			text += `,"sourceQueueArns":[` + strings.Join(quoted, ",") + `]`
		}
		p.done()
		q.Attributes["RedriveAllowPolicy"] = text + "}"
	}
	s.done()
	return q
}

// bucket reads what one machine knows of a bucket: that it is there. Nobody else reaches this machine, and what S3 does in days, such as a lifecycle, is not done here.
func (d *document) bucket(r *resource) Bucket {
	s := d.section(d.resolve(r.properties), r.id)
	b := Bucket{LogicalID: r.id, Name: d.physicalName(&yaml.Node{Line: r.line}, r), Line: r.line}
	s.ignore("BucketName", "Tags", "BucketEncryption", "PublicAccessBlockConfiguration", "OwnershipControls", "LifecycleConfiguration")
	s.done()
	return b
}

func (d *document) table(r *resource) Table {
	s := d.section(d.resolve(r.properties), r.id)
	at := &yaml.Node{Line: r.line}
	t := Table{LogicalID: r.id, Name: d.physicalName(at, r), Line: r.line}
	s.ignore("TableName", "Tags", "SSESpecification", "ContributorInsightsSpecification", "OnDemandThroughput", "WarmThroughput")
	types := map[string]bool{}
	for _, n := range s.items("AttributeDefinitions") {
		a := d.section(n, "an attribute of "+r.id)
		t.Attributes = append(t.Attributes, Attribute{a.need("AttributeName"), a.oneOf("AttributeType", "S", "S", "N", "B")})
		types[t.Attributes[len(t.Attributes)-1].Name] = true
		a.done()
	}
	used := map[string]bool{}
	key := func(s *section) Key {
		var k Key
		for _, n := range s.items("KeySchema") {
			e := d.section(n, "KeySchema of "+s.what)
			name := e.need("AttributeName")
			if e.oneOf("KeyType", "HASH", "HASH", "RANGE") == "HASH" {
				k.Partition = name
			} else {
				k.Sort = name
			}
			e.done()
			used[name] = true
			if !types[name] {
				d.fail(n, fmt.Sprintf("key attribute %s of %s has no type", name, s.what), "add it to AttributeDefinitions")
			}
		}
		if k.Partition == "" {
			d.fail(s.node, s.what+" has no HASH key", "add one to KeySchema")
		}
		return k
	}
	throughput := func(s *section) Throughput {
		p := s.sub("ProvisionedThroughput")
		if p == nil {
			return Throughput{}
		}
		out := Throughput{int64(p.whole("ReadCapacityUnits", 1, 1, 1<<30)), int64(p.whole("WriteCapacityUnits", 1, 1, 1<<30))}
		p.done()
		return out
	}
	indexes := func(name string) []Index {
		var out []Index
		for _, n := range s.items(name) {
			i := d.section(n, "an index of "+r.id)
			x := Index{Name: i.need("IndexName"), Key: key(i), Throughput: throughput(i), Projection: "ALL"}
			if p := i.sub("Projection"); p != nil {
				x.Projection = p.oneOf("ProjectionType", "ALL", "ALL", "KEYS_ONLY", "INCLUDE")
				x.Include = p.texts("NonKeyAttributes")
				p.done()
			}
			i.ignore("OnDemandThroughput", "WarmThroughput", "ContributorInsightsSpecification")
			i.done()
			out = append(out, x)
		}
		return out
	}
	t.Key = key(s)
	t.GlobalIndexes = indexes("GlobalSecondaryIndexes")
	t.LocalIndexes = indexes("LocalSecondaryIndexes")
	for _, a := range t.Attributes {
		if !used[a.Name] {
			d.fail(at, fmt.Sprintf("attribute %s of %s is in no key", a.Name, r.id), "remove it from AttributeDefinitions")
		}
	}
	t.OnDemand = s.oneOf("BillingMode", "PROVISIONED", "PAY_PER_REQUEST", "PROVISIONED") == "PAY_PER_REQUEST"
	t.Throughput = throughput(s)
	if t.OnDemand == (t.Throughput != Throughput{}) {
		d.fail(at, r.id+" needs either PAY_PER_REQUEST or ProvisionedThroughput", "set BillingMode: PAY_PER_REQUEST")
	}
	if p := s.sub("TimeToLiveSpecification"); p != nil {
		name := p.text("AttributeName", "")
		if p.flag("Enabled", false) {
			t.TTLAttribute = name
		}
		p.done()
	}
	if p := s.sub("PointInTimeRecoverySpecification"); p != nil {
		t.PointInTime = p.flag("PointInTimeRecoveryEnabled", false)
		p.ignore("RecoveryPeriodInDays")
		p.done()
	}
	if p := s.sub("StreamSpecification"); p != nil {
		t.StreamView = p.oneOf("StreamViewType", "", "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")
		p.ignore("ResourcePolicy")
		p.done()
	}
	t.DeletionProtection = s.flag("DeletionProtectionEnabled", false)
	t.Class = s.oneOf("TableClass", "STANDARD", "STANDARD", "STANDARD_INFREQUENT_ACCESS")
	s.done()
	return t
}
