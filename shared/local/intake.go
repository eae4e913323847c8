package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/shared/standin/gateway"
	"github.com/userops/userops/shared/standin/lambda"
	"github.com/userops/userops/shared/standin/mapping"
	"github.com/userops/userops/shared/standin/sam"
	"github.com/userops/userops/shared/standin/schedule"
	"github.com/userops/userops/shared/standin/sqs"
)

// openIntake lets events in, now that everything they can reach is there.
func (s *Stack) openIntake(l net.Listener) error {
	ctx, cancel := context.WithCancel(context.Background())
	s.stopIntake = cancel
	gateways := []http.Handler{http.NotFoundHandler()}
	if !s.o.NoIntake {
		for i, a := range s.tmpl.APIs {
			g, err := gateway.New(a, s.tmpl.Functions, gateway.Options{AccountID: s.tmpl.AccountID, Clock: s.o.Clock, Invoker: s.host})
			if err != nil {
				return err
			}
			if guarded := s.guardedAPI(g, a); i == 0 {
				gateways[0] = guarded
			} else {
				gateways = append(gateways, guarded)
			}
		}
	}
	s.schedule = schedule.New(schedule.Options{
		Region: s.tmpl.Region, AccountID: s.tmpl.AccountID, Target: s.host, DeadLetter: s.sendDeadLetter, Log: s.say,
	})
	s.serve(l, s.front(gateways[0]), &s.intake)
	for i, g := range gateways[1:] {
		other, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("serving %s: %w", s.tmpl.APIs[i+1].LogicalID, err)
		}
		s.others = append(s.others, Note{s.tmpl.APIs[i+1].LogicalID, "http://" + other.Addr().String()})
		s.serve(other, g, &s.intake)
	}
	if s.o.NoIntake {
		return nil
	}
	now := s.o.Clock()
	for _, f := range s.tmpl.Functions {
		for _, x := range f.Schedules {
			if err := s.schedule.Add(x, f.Name, s.folder.origin(x, now), now); err != nil {
				return fmt.Errorf("%s:%d: event %s: %w", s.tmpl.File, x.Line, x.Event, err)
			}
		}
		for _, m := range f.Mappings {
			if !m.Enabled {
				continue
			}
			// Lambda also looks at the queue, which nothing here has to. The right is needed all the same.
			if err := s.book.Check(f.Name, "sqs:GetQueueAttributes", m.QueueARN); err != nil {
				return fmt.Errorf("%s:%d: event %s: %w", s.tmpl.File, m.Line, m.Event, err)
			}
			s.feed(ctx, f, m)
		}
	}
	if err := s.folder.save(); err != nil {
		return err
	}
	s.feeding.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			s.schedule.Tick(s.o.Clock())
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	s.feeding.Go(func() { s.giveBack(ctx) })
	return nil
}

// restAfter is how long a process may wait for work. It is less than the minute of the schedules, so that of a stack at rest no process stays; a start takes some
// ten milliseconds.
const restAfter = 30 * time.Second

// initTimeout is how long a program may take to start. The service gives it ten seconds, which a machine that does much else at the time does not always keep: whoever asks is
// answered late then, and not that there is a fault.
const initTimeout = time.Minute

// giveBack returns what this program has no use of to the system, while nothing runs: Go does so by and by, and keeps what a load once took for minutes.
func (s *Stack) giveBack(ctx context.Context) {
	tick := time.NewTicker(restAfter)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !s.host.Busy() {
			debug.FreeOSMemory()
		}
	}
}

func (s *Stack) feed(ctx context.Context, f sam.Function, m sam.Mapping) {
	q, _ := s.tmpl.Queue(m.Queue)
	// A mapping polls with its function's rights, as on AWS.
	key, secret := lambda.FunctionKey(f.Name), "local"
	if s.o.DynamoDBEndpoint != "" || s.o.SQSEndpoint != "" {
		key, secret = ownKeys()
	}
	concurrency := s.o.Concurrency
	if m.MaximumConcurrency > 0 {
		concurrency = min(concurrency, m.MaximumConcurrency)
	}
	// Only the stand-in tells when a function sets a message's time itself, without which a lease would undo it.
	var holder mapping.Queue
	if s.sqs != nil {
		holder = s.queue
	}
	feed := mapping.New(mapping.Options{
		Queue:  awssqs.NewFromConfig(s.client(key, secret), func(o *awssqs.Options) { o.BaseEndpoint = aws.String(s.addresses.SQS) }),
		Holder: holder, Invoker: s.host, Function: f.Name, QueueURL: q.URL, QueueARN: q.ARN, Region: s.tmpl.Region,
		BatchSize: m.BatchSize, Window: m.Window, Concurrency: concurrency, Visibility: q.Visibility, PartialFailures: m.PartialFailures,
		Log: func(text string) { s.say(f.LogicalID + ": " + text) },
	})
	s.feedsMu.Lock()
	s.feeds[q.Name] = append(s.feeds[q.Name], feed)
	s.feedsMu.Unlock()
	s.feeding.Go(func() { feed.Run(ctx) })
}

// hiding passes on to the mappings that a function says itself when messages come back.
func (s *Stack) hiding(c sqs.Call, receipts []string) {
	if _, _, known, _ := s.host.Caller(c.AccessKeyID); !known {
		return
	}
	s.feedsMu.Lock()
	feeds := s.feeds[c.Queue]
	s.feedsMu.Unlock()
	for _, feed := range feeds {
		feed.Released(receipts...)
	}
}

// Stop lets nothing more in, waits until what is in flight is finished (at most until the context ends), and writes everything to disk.
func (s *Stack) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() { s.stopErr = s.stop(ctx) })
	return s.stopErr
}

func (s *Stack) stop(ctx context.Context) error {
	var faults []error
	note := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	// The gateway goes first: what its last requests queue is still taken from the queues. A poll that is cut short may have a message on
	// its way, which then stays hidden for the length of a lease.
	for _, server := range s.intake {
		note(server.Shutdown(ctx))
	}
	if s.stopIntake != nil {
		s.stopIntake()
	}
	fed := make(chan struct{})
	go func() {
		s.feeding.Wait()
		close(fed)
	}()
	select {
	case <-fed:
	case <-ctx.Done():
		note(fmt.Errorf("finishing the batches in flight: %w", ctx.Err()))
	}
	if s.host != nil {
		note(s.host.Drain(ctx))
		// Whatever did not finish in time is ended now.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		note(s.host.Close(last))
		cancel()
	}
	for _, server := range append(s.servers, s.intake...) {
		_ = server.Close()
	}
	if s.dynamodb != nil {
		note(s.dynamodb.Close())
	}
	if s.sqs != nil {
		note(s.sqs.Close())
	}
	if s.inbox != nil {
		note(s.inbox.Close())
	}
	if s.temporary != "" {
		note(os.RemoveAll(s.temporary))
	}
	for i := len(s.closers) - 1; i >= 0; i-- {
		_ = s.closers[i].Close()
	}
	return errors.Join(faults...)
}
