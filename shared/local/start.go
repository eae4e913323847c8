package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	"github.com/userops/userops/shared/standin/ssm"
)

// Start starts everything. Its errors are one line that says what, where and what to do; after an error nothing runs, and the data folder
// is as it was.
func Start(ctx context.Context, o Options) (*Stack, error) {
	begun := time.Now()
	if o.StackName == "" {
		o.StackName = "local"
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Concurrency == 0 {
		o.Concurrency = 10
	}
	s := &Stack{o: o, meter: newMeter(), feeds: map[string][]*mapping.Mapping{}}
	if err := s.start(ctx); err != nil {
		s.abort()
		return nil, err
	}
	s.printStart(time.Since(begun))
	return s, nil
}

func (s *Stack) abort() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = s.Stop(ctx)
}

type listeners struct{ gateway, dynamodb, sqs, s3, ssm, lambda, smtp net.Listener }

func (s *Stack) start(ctx context.Context) error {
	if err := checkFree(s.o.DataDir); err != nil {
		return err
	}
	var l listeners
	if err := s.listen(&l); err != nil {
		return err
	}
	if err := s.read(); err != nil {
		return err
	}
	if err := s.checkPrograms(); err != nil {
		return err
	}
	var err error
	if s.folder, err = openFolder(s.o.DataDir); err != nil {
		return err
	}
	s.closers = append(s.closers, s.folder)
	s.host = lambda.New(lambda.Options{
		Region: s.tmpl.Region, AccountID: s.tmpl.AccountID, Concurrency: s.o.Concurrency, Environment: s.overrides(), Log: s.logLine, Failed: s.asyncFailed,
		Guard: s.guarded, IdleAfter: restAfter, InitTimeout: initTimeout,
	})
	statements := map[string][]policy.Statement{}
	for _, f := range s.tmpl.Functions {
		statements[f.Name] = f.Statements
	}
	s.book = policy.NewBook(statements)
	if err := s.openStandIns(l); err != nil {
		return err
	}
	s.connect()
	if err := s.provision(ctx); err != nil {
		return err
	}
	if err := s.registerFunctions(); err != nil {
		return err
	}
	s.host.Serve(l.lambda)
	if l.smtp != nil {
		if err := s.openInbox(); err != nil {
			return err
		}
		go func() {
			if err := s.inbox.ServeSMTP(l.smtp); err != nil && !errors.Is(err, net.ErrClosed) {
				s.say("the inbox stopped: " + err.Error())
			}
		}()
	}
	if err := s.openIntake(l.gateway); err != nil {
		return err
	}
	return s.folder.saveAddresses(s.addresses)
}

// listen takes every port before anything is touched.
func (s *Stack) listen(l *listeners) error {
	take := func(into *net.Listener, variable, address string) (string, error) {
		if address == "" {
			address = "127.0.0.1:0"
		}
		got, err := net.Listen("tcp", address)
		if err != nil {
			return "", notListening(variable, address, err)
		}
		*into = got
		s.closers = append(s.closers, got)
		return got.Addr().String(), nil
	}
	a := &s.addresses
	a.PID, a.Template = os.Getpid(), s.o.TemplatePath
	a.DynamoDB, a.SQS = s.o.DynamoDBEndpoint, s.o.SQSEndpoint
	at, err := take(&l.gateway, "GATEWAY_ADDR", s.o.GatewayAddr)
	if err != nil {
		return err
	}
	a.Gateway = "http://" + at
	if a.DynamoDB == "" {
		if at, err = take(&l.dynamodb, "DYNAMODB_ADDR", s.o.DynamoDBAddr); err != nil {
			return err
		}
		a.DynamoDB = "http://" + at
	}
	if a.SQS == "" {
		if at, err = take(&l.sqs, "SQS_ADDR", s.o.SQSAddr); err != nil {
			return err
		}
		a.SQS = "http://" + at
	}
	if at, err = take(&l.s3, "S3_ADDR", s.o.S3Addr); err != nil {
		return err
	}
	a.S3 = "http://" + at
	if at, err = take(&l.ssm, "SSM_ADDR", s.o.SSMAddr); err != nil {
		return err
	}
	a.SSM = "http://" + at
	if at, err = take(&l.lambda, "LAMBDA_ADDR", s.o.LambdaAddr); err != nil {
		return err
	}
	a.Lambda = "http://" + at
	if s.o.Inbox {
		if a.SMTP, err = take(&l.smtp, "SMTP_ADDR", s.o.SMTPAddr); err != nil {
			return err
		}
		a.Inbox = a.Gateway + "/local/inbox"
	}
	return nil
}

// notListening tells an address that is none, or not of this machine, from one that somebody else uses.
func notListening(variable, address string, err error) error {
	host, port, bad := net.SplitHostPort(address)
	if _, odd := strconv.ParseUint(port, 10, 16); bad != nil || odd != nil {
		return fmt.Errorf("%s %s is no address; write host:port, as in %s=127.0.0.1:0 for a free port", variable, address, variable)
	}
	advice := fmt.Sprintf("name an address of this machine, as in %s=127.0.0.1:0 for a free port", variable)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		advice = fmt.Sprintf("stop what listens there, or set %s=%s:0 for a free port", variable, host)
	case errors.Is(err, syscall.EACCES):
		advice = fmt.Sprintf("set %s=%s:0 for a free port", variable, host)
	}
	return fmt.Errorf("%s %s cannot be used (%s); %s", variable, address, cause(err), advice)
}

func cause(err error) string {
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err.Error()
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		return name.Err
	}
	return err.Error()
}

func (s *Stack) read() error {
	var err error
	if s.tmpl, err = load(s.o, s.addresses); err != nil {
		return err
	}
	for _, f := range s.tmpl.Functions {
		for _, x := range f.Schedules {
			if _, err := schedule.Parse(x.Expression, x.Timezone); err != nil {
				return fmt.Errorf("%s:%d: event %s: %w", s.tmpl.File, x.Line, x.Event, err)
			}
		}
	}
	return nil
}

func (s *Stack) program(f sam.Function) string {
	return filepath.Join(s.o.BuildDir, f.Folder, f.Handler)
}

func (s *Stack) checkPrograms() error {
	for _, f := range s.tmpl.Functions {
		if s.o.Handlers[f.Folder] != nil {
			continue
		}
		if info, err := os.Stat(s.program(f)); err != nil || info.IsDir() {
			return fmt.Errorf("the program of function %s, %s, is missing; build it with `make build-local`", f.LogicalID, s.program(f))
		}
	}
	return nil
}

func (s *Stack) openStandIns(l listeners) error {
	// Both are looked at before either is opened, and so changed.
	var files []string
	if l.dynamodb != nil {
		files = append(files, tablesFile, journalFile)
	}
	if l.sqs != nil {
		files = append(files, queuesFile)
	}
	if err := s.folder.expect(files...); err != nil {
		return err
	}
	if l.dynamodb != nil {
		e, err := dynamodb.Open(dynamodb.Options{
			Path: s.folder.file(tablesFile), Clock: s.o.Clock, TTLLag: s.o.TTLLag, SyncEvery: s.o.SyncEvery, Authorize: s.authorizeTable, Observe: s.observeTable,
		})
		if err != nil {
			return s.folder.unopened("tables", err)
		}
		s.dynamodb = e
		s.serve(l.dynamodb, s.guarded(e), &s.servers)
	}
	if l.sqs != nil {
		e, err := sqs.Open(sqs.Options{
			Path: s.folder.file(queuesFile), Clock: s.o.Clock, SyncEvery: s.o.SyncEvery, Region: s.tmpl.Region, AccountID: s.tmpl.AccountID,
			Authorize: s.authorizeQueue, Observe: s.observeQueue, DeadLettered: s.deadLettered, Hiding: s.hiding,
		})
		if err != nil {
			return s.folder.unopened("queues", err)
		}
		s.sqs = e
		s.serve(l.sqs, s.guarded(e), &s.servers)
	}
	objects, err := s3.Open(s3.Options{Path: s.folder.file(objectsFolder), Clock: s.o.Clock, Authorize: s.authorizeObject, Observe: s.observeObject})
	if err != nil {
		return fmt.Errorf("opening the objects: %w", err)
	}
	s.s3 = objects
	s.serve(l.s3, s.guarded(objects), &s.servers)
	s.folder.keeps(files...)
	values := map[string]string{}
	maps.Copy(values, s.o.Secrets)
	if s.o.SecretsAt != nil {
		maps.Copy(values, s.o.SecretsAt(s.addresses))
	}
	secrets, err := ssm.New(ssm.Options{Path: s.folder.file(secretsFile), Values: values, Authorize: s.authorizeParameter, Observe: s.observeParameter})
	if err != nil {
		return err
	}
	s.serve(l.ssm, s.guarded(secrets), &s.servers)
	return nil
}

func (s *Stack) openInbox() error {
	dir := s.folder.file("inbox")
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "inbox"); err != nil {
			return fmt.Errorf("making a folder for the inbox: %w", err)
		}
		s.temporary = dir
	}
	var err error
	if s.inbox, err = inbox.New(dir); err != nil {
		return fmt.Errorf("opening the inbox in %s: %w", dir, err)
	}
	return nil
}

func (s *Stack) connect() {
	config := s.client(ownKeys())
	s.db = awsdynamodb.NewFromConfig(config, func(o *awsdynamodb.Options) { o.BaseEndpoint = aws.String(s.addresses.DynamoDB) })
	s.queue = awssqs.NewFromConfig(config, func(o *awssqs.Options) { o.BaseEndpoint = aws.String(s.addresses.SQS) })
}

func (s *Stack) registerFunctions() error {
	for _, f := range s.tmpl.Functions {
		function := lambda.Function{
			Name: f.Name, Environment: f.Environment, Timeout: f.Timeout, MemoryMB: f.MemoryMB, Reserved: f.Reserved,
			Retries: f.Async.MaximumRetries, MaximumAge: f.Async.MaximumEventAge,
		}
		if construct := s.o.Handlers[f.Folder]; construct != nil {
			h, err := construct(s.Environment(f))
			if err != nil {
				return fmt.Errorf("making function %s: %w", f.LogicalID, err)
			}
			function.Handler = h
		} else {
			function.Binary = s.program(f)
		}
		if err := s.host.Register(function); err != nil {
			return err
		}
	}
	return nil
}
