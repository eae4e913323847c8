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
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/userops/userops/shared/standin/dynamodb"
	"github.com/userops/userops/shared/standin/inbox"
	"github.com/userops/userops/shared/standin/lambda"
	"github.com/userops/userops/shared/standin/mapping"
	"github.com/userops/userops/shared/standin/policy"
	"github.com/userops/userops/shared/standin/s3"
	"github.com/userops/userops/shared/standin/sam"
	"github.com/userops/userops/shared/standin/schedule"
	"github.com/userops/userops/shared/standin/sqs"
)

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
	s3       *s3.Engine
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

// UnusedRights names the DynamoDB, SQS, S3 and SSM rights of the template that no call has needed since the start.
func (s *Stack) UnusedRights() []policy.Grant { return s.book.Unused("dynamodb", "sqs", "s3", "ssm") }

// Usage is what the functions have called since the start, with its cost in AWS's units.
func (s *Stack) Usage() []Usage { return s.meter.usage() }

// Tick tells the stack that a clock of the caller's own has moved: expiries, visibilities and schedules follow.
func (s *Stack) Tick() {
	if s.sqs != nil {
		s.sqs.Tick()
	}
	if !s.o.NoIntake {
		s.schedule.Tick(s.o.Clock())
	}
}

var depthAttributes = []sqstypes.QueueAttributeName{
	sqstypes.QueueAttributeNameApproximateNumberOfMessages, sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	sqstypes.QueueAttributeNameApproximateNumberOfMessagesDelayed,
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
