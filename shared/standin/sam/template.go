// Package sam reads a SAM template (YAML or JSON) into what a machine has to run: functions, tables, queues, HTTP APIs and
// schedules, with parameters, conditions, mappings, globals and intrinsic functions resolved.
//
// It is neither CloudFormation nor a validator of all that CloudFormation knows: resources of other kinds (alarms, log
// groups, dashboards) are checked for dangling references and then only listed. A property of a resource it runs is
// either honoured, known to have no meaning on one machine, or refused: nothing is skipped in silence. The surprising
// thing: names that AWS makes up at deployment are made up here too, but always the same ones: StackName-LogicalId.
package sam

import (
	"fmt"
	"time"

	"github.com/userops/userops/shared/standin/policy"
)

// Environment is what a deployment adds to the text of a template. Zero fields take values that suit one machine.
type Environment struct {
	Region     string            // us-east-1
	AccountID  string            // 000000000000
	StackName  string            // local
	Parameters map[string]string // override the defaults of the template; each must be declared
	Defaults   map[string]string // override them too where they are declared, and give way to Parameters
	QueueBase  string            // what precedes /account/name in a queue's URL: https://sqs.<region>.amazonaws.com
	APIBase    string            // the value of an HTTP API's ApiEndpoint
}

// Template is a resolved template. Lists are in the order of the file.
type Template struct {
	File        string
	Description string
	Region      string
	AccountID   string
	StackName   string
	Parameters  []Parameter
	Functions   []Function
	Tables      []Table
	Queues      []Queue
	Buckets     []Bucket
	APIs        []API
	Roles       []Role
	Outputs     []Output
	Others      []Resource // resources that one machine has no use for
}

// Parameter is a declared parameter with the value it has here.
type Parameter struct {
	Name        string
	Type        string
	Description string
	Value       string
	Overridden  bool
	Constraint  string // what the value has to be, as a sentence without its subject; "" where the template does not say
}

// Output is a resolved output of the stack.
type Output struct {
	Name        string
	Description string
	Value       string
}

// Resource names a resource by its key in the template and its CloudFormation type.
type Resource struct {
	LogicalID string
	Type      string
}

// Function is an AWS::Serverless::Function with the globals merged in.
type Function struct {
	LogicalID    string
	Name         string // the name it is invoked by
	Folder       string // last element of CodeUri: build/ingest/ is "ingest"
	Handler      string
	Runtime      string
	Architecture string
	Environment  map[string]string
	Timeout      time.Duration
	MemoryMB     int
	Reserved     *int               // reserved concurrent executions; nil when the function shares what the account has
	RoleARN      string             // "" for the role that SAM makes
	Statements   []policy.Statement // of its role or, without one, of its Policies
	Routes       []Route
	Mappings     []Mapping
	Schedules    []Schedule
	Async        Async
	Line         int
}

// Role is an AWS::IAM::Role: which services may take it, and what they may do then.
type Role struct {
	LogicalID  string
	ARN        string
	Services   []string // lambda.amazonaws.com
	Statements []policy.Statement
	Line       int
}

// Route is an HttpApi event. Path "" is the $default route; Method "ANY" takes every method.
type Route struct {
	Event      string
	API        string // logical id of the HTTP API
	Method     string // upper case
	Path       string
	Authorizer string // "" for none
	Scopes     []string
	Throttling Throttling
	Timeout    time.Duration // 30 s unless the event says less
	Line       int
}

// Key is the route key as API Gateway writes it: "POST /v1/batch", "ANY /x", "$default".
func (r Route) Key() string {
	if r.Path == "" {
		return "$default"
	}
	return r.Method + " " + r.Path
}

// Throttling is a token bucket; zero values mean that nothing is limited at this level.
type Throttling struct {
	Burst int
	Rate  float64 // requests a second
}

// Mapping is an SQS event of a function.
type Mapping struct {
	Event              string
	Queue              string // name of the queue
	QueueARN           string
	BatchSize          int
	Window             time.Duration
	MaximumConcurrency int // 0 when not set
	PartialFailures    bool
	Enabled            bool
	Line               int
}

// Schedule is a ScheduleV2 event (EventBridge Scheduler) or, when Rule is set, a Schedule event (an EventBridge rule).
type Schedule struct {
	Event           string
	Name            string
	Group           string
	Expression      string
	Timezone        string // IANA name; UTC when the template has none
	Input           string // JSON; "" when the template has none
	Enabled         bool
	Start, End      time.Time // zero when open
	MaximumRetries  int
	MaximumEventAge time.Duration
	DeadLetterARN   string
	RoleARN         string // "" for the role that SAM makes
	Rule            bool
	Line            int
}

// Async is what happens to asynchronous invocations of a function (those of a schedule) that fail.
type Async struct {
	MaximumRetries  int
	MaximumEventAge time.Duration
	OnFailureARN    string // a queue that gets the record of a failed invocation
	DeadLetterARN   string // a queue that gets the event itself
}

// Table is an AWS::DynamoDB::Table.
type Table struct {
	LogicalID          string
	Name               string
	Attributes         []Attribute
	Key                Key
	GlobalIndexes      []Index
	LocalIndexes       []Index
	OnDemand           bool
	Throughput         Throughput
	TTLAttribute       string
	PointInTime        bool
	DeletionProtection bool
	StreamView         string // "" when the table has no stream
	Class              string
	Line               int
}

// Attribute is a key attribute and its type: S, N or B.
type Attribute struct {
	Name string
	Type string
}

// Key is the key of a table or an index. Sort is "" for none.
type Key struct {
	Partition string
	Sort      string
}

// Index is a secondary index. Projection is ALL, KEYS_ONLY or INCLUDE.
type Index struct {
	Name       string
	Key        Key
	Projection string
	Include    []string
	Throughput Throughput
}

// Throughput is provisioned capacity; zero with on-demand billing.
type Throughput struct {
	Read  int64
	Write int64
}

// Queue is an AWS::SQS::Queue. Attributes holds what CreateQueue takes, with its names, RedrivePolicy included.
type Queue struct {
	LogicalID     string
	Name          string
	ARN           string
	URL           string
	Attributes    map[string]string
	Visibility    time.Duration
	DeadLetter    string // name of its dead-letter queue, "" for none
	MaxReceives   int
	FIFO          bool
	DeadLetterARN string
	Line          int
}

// Bucket is an AWS::S3::Bucket.
type Bucket struct {
	LogicalID string
	Name      string
	Line      int
}

// API is an AWS::Serverless::HttpApi, or the one that SAM makes when an event names none (ServerlessHttpApi).
type API struct {
	LogicalID         string
	ID                string
	Name              string
	CORS              *CORS
	Authorizers       map[string]Authorizer
	DefaultAuthorizer string
	Throttling        Throttling
	RouteThrottling   map[string]Throttling // by route key, "POST /v1/batch"
	Line              int
}

// CORS is the CorsConfiguration of an HTTP API.
type CORS struct {
	AllowOrigins     []string
	AllowMethods     []string
	AllowHeaders     []string
	ExposeHeaders    []string
	MaxAge           time.Duration
	AllowCredentials bool
}

// Authorizer is a JWT authorizer of an HTTP API.
type Authorizer struct {
	Name           string
	IdentitySource string // $request.header.Authorization
	Issuer         string
	Audience       []string
	Scopes         []string
}

// Fault is what is wrong with a template, in one line: where, what, and what to do.
type Fault struct {
	File string
	Line int
	What string
	Do   string
}

func (f *Fault) Error() string {
	where := f.File
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	if f.Do == "" {
		return where + ": " + f.What
	}
	return where + ": " + f.What + "; " + f.Do
}

// Queue finds a queue by its name, its ARN or its logical id.
func (t *Template) Queue(name string) (Queue, bool) {
	for _, q := range t.Queues {
		if q.Name == name || q.ARN == name || q.LogicalID == name {
			return q, true
		}
	}
	return Queue{}, false
}

// Function finds a function by its folder, its logical id or the name it is invoked by.
func (t *Template) Function(name string) (Function, bool) {
	for _, f := range t.Functions {
		if f.Folder == name || f.LogicalID == name || f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}
