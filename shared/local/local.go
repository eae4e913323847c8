// Package local runs a whole SAM template on one machine: its tables and queues in stand-ins that speak AWS's protocols, its functions as
// the programs that are deployed, and what AWS puts between them: API Gateway, event source mappings and schedules.
//
// It knows the template and AWS, and nothing of the product: any template of functions, tables, queues, HTTP APIs and schedules runs. The
// surprising thing: every process of a function has credentials of its own, so the template's policies are enforced, and each call that
// a function makes can be told from every other's.
package local

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/shared/standin/dynamodb"
	"github.com/userops/userops/shared/standin/inbox"
	"github.com/userops/userops/shared/standin/lambda"
	"github.com/userops/userops/shared/standin/mapping"
	"github.com/userops/userops/shared/standin/policy"
	"github.com/userops/userops/shared/standin/sam"
	"github.com/userops/userops/shared/standin/schedule"
	"github.com/userops/userops/shared/standin/sqs"
)

// Options say what to run and where. Addresses may have port 0, which picks a free one; zero fields take the values in brackets.
type Options struct {
	TemplatePath string
	StackName    string                                                     // precedes the names of resources [local]
	Parameters   map[string]string                                          // of the template; each must be declared
	Defaults     func(Addresses) map[string]string                          // parameters that suit this machine, for those that are declared
	BuildDir     string                                                     // holds <folder>/bootstrap of every function
	Handlers     map[string]func(map[string]string) (lambda.Handler, error) // functions inside this program, by folder, made from their environment
	DataDir      string                                                     // empty: nothing is kept

	GatewayAddr  string // [127.0.0.1:0], and so are the others
	DynamoDBAddr string
	SQSAddr      string
	SSMAddr      string
	LambdaAddr   string
	SMTPAddr     string

	DynamoDBEndpoint string // used instead of a stand-in
	SQSEndpoint      string

	// Secrets are parameters of Systems Manager by name; secrets.json in the data folder wins over them.
	Secrets map[string]string

	Inbox       bool             // take mail at SMTPAddr, show it and webhooks below /local/ of the gateway
	Concurrency int              // processes of one function [10]
	TTLLag      time.Duration    // of the DynamoDB stand-in
	SyncEvery   time.Duration    // of both stand-ins
	Clock       func() time.Time // [time.Now]; one that is stepped by hand wants Tick after each step
	NoIntake    bool             // no mappings, no schedules and no gateway: for running one event alone
	Out         io.Writer        // the table of what was started, logs and dead letters [io.Discard]
	Notes       func(Addresses) []Note
}

// Note is a line that the table of what was started shows besides what the template tells, such as a demo key.
type Note struct{ Label, Text string }

// Addresses are where a running stack is reached. It is what addresses.json in the data folder holds.
type Addresses struct {
	Gateway  string `json:"gateway"` // http://127.0.0.1:8080; so are DynamoDB, SQS and Lambda
	DynamoDB string `json:"dynamodb"`
	SQS      string `json:"sqs"`
	SSM      string `json:"ssm"`
	Lambda   string `json:"lambda"`
	SMTP     string `json:"smtp,omitempty"` // host:port
	Inbox    string `json:"inbox,omitempty"`
	Template string `json:"template"`
	PID      int    `json:"pid"`
}

// Stack is a running template.
type Stack struct {
	o         Options
	addresses Addresses
	tmpl      *sam.Template
	folder    *folder
	out       sync.Mutex

	host     *lambda.Host
	book     *policy.Book
	meter    *meter
	schedule *schedule.Scheduler
	dynamodb *dynamodb.Engine // nil where another endpoint is used; so is sqs
	sqs      *sqs.Engine
	inbox    *inbox.Inbox // nil without one

	temporary string // folder of an inbox that is not kept
	servers   []*http.Server
	intake    []*http.Server // stopped first
	closers   []io.Closer
	others    []Note // further HTTP APIs of the template and their addresses

	db    *awsdynamodb.Client
	queue *awssqs.Client

	deadMu sync.Mutex
	dead   map[string]int // by queue that was told of within a second: how many more there were

	feedsMu sync.Mutex
	feeds   map[string][]*mapping.Mapping // by queue name

	stopIntake context.CancelFunc
	feeding    sync.WaitGroup
	stopOnce   sync.Once
	stopErr    error
}

// Addresses tells where the stack is reached.
func (s *Stack) Addresses() Addresses { return s.addresses }

// Template is what the stack runs.
func (s *Stack) Template() *sam.Template { return s.tmpl }

// Host runs the functions: invoke them by the names in the template.
func (s *Stack) Host() *lambda.Host { return s.host }

// UnusedRights names the DynamoDB, SQS and SSM rights of the template that no call has needed since the start.
func (s *Stack) UnusedRights() []policy.Grant { return s.book.Unused("dynamodb", "sqs", "ssm") }

// Usage is what the functions have called since the start, with its cost in AWS's units.
func (s *Stack) Usage() []Usage { return s.meter.usage() }

// Environment is what a function sees of the template and of this stack, credentials included: what a handler inside this program makes
// its clients from.
func (s *Stack) Environment(f sam.Function) map[string]string {
	env := map[string]string{}
	for k, v := range f.Environment {
		env[k] = v
	}
	env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_REGION"] = lambda.FunctionKey(f.Name), "local", s.tmpl.Region
	env["AWS_LAMBDA_FUNCTION_NAME"] = f.Name
	for k, v := range s.overrides() {
		env[k] = v
	}
	return env
}

// Tick tells the stack that a clock of the caller's own has moved: expiries, visibilities and schedules follow.
func (s *Stack) Tick() {
	if s.sqs != nil {
		s.sqs.Tick()
	}
	if !s.o.NoIntake {
		s.schedule.Tick(s.o.Clock())
	}
}

// Idle waits until no message waits in, or is in flight of, a queue that a function reads, and no function runs.
func (s *Stack) Idle(ctx context.Context) error {
	for calm := 0; calm < 2; {
		busy, err := s.busy(ctx)
		if err != nil {
			return err
		}
		if calm++; busy != "" {
			calm = 0
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("waiting for the stack to be idle, %s: %w", cmp.Or(busy, "which it is"), ctx.Err())
		}
	}
	return nil
}

// busy says what is not at rest; empty for nothing.
func (s *Stack) busy(ctx context.Context) (string, error) {
	if s.host.Busy() {
		return "a function is at work", nil
	}
	for _, f := range s.tmpl.Functions {
		for _, m := range f.Mappings {
			q, _ := s.tmpl.Queue(m.Queue)
			out, err := s.queue.GetQueueAttributes(ctx, &awssqs.GetQueueAttributesInput{QueueUrl: aws.String(q.URL), AttributeNames: depthAttributes})
			if err != nil {
				return "", fmt.Errorf("asking the depth of %s: %w", q.LogicalID, err)
			}
			for name, n := range out.Attributes {
				if n != "0" {
					return fmt.Sprintf("%s of %s is %s", name, q.LogicalID, n), nil
				}
			}
		}
	}
	return "", nil
}
