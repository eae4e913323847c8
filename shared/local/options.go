package local

import (
	"io"
	"net/http"
	"time"

	"github.com/userops/userops/shared/standin/lambda"
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
	S3Addr       string
	SSMAddr      string
	LambdaAddr   string
	SMTPAddr     string

	DynamoDBEndpoint string // used instead of a stand-in
	SQSEndpoint      string

	// Secrets are parameters of Systems Manager by name; secrets.json in the data folder wins over them.
	Secrets map[string]string
	// SecretsAt are more of them, which depend on where things are.
	SecretsAt func(Addresses) map[string]string

	Inbox       bool             // take mail at SMTPAddr, show it and webhooks below /local/ of the gateway
	Concurrency int              // processes of one function [10]
	TTLLag      time.Duration    // of the DynamoDB stand-in
	SyncEvery   time.Duration    // of both stand-ins
	Clock       func() time.Time // [time.Now]; one that is stepped by hand wants Tick after each step
	NoIntake    bool             // no mappings, no schedules and no gateway: for running one event alone
	Out         io.Writer        // the table of what was started, logs and dead letters [io.Discard]
	Notes       func(Addresses) []Note
	Doors       func(Addresses) map[string]http.Handler // this machine's own pages beside the stack's, by the path below /local/ under which they are
}

// Note is a line that the table of what was started shows besides what the template tells, such as a demo key.
type Note struct{ Label, Text string }

// Addresses are where a running stack is reached. It is what addresses.json in the data folder holds.
type Addresses struct {
	Gateway  string `json:"gateway"` // http://127.0.0.1:8080; so are DynamoDB, SQS and Lambda
	DynamoDB string `json:"dynamodb"`
	SQS      string `json:"sqs"`
	S3       string `json:"s3"`
	SSM      string `json:"ssm"`
	Lambda   string `json:"lambda"`
	SMTP     string `json:"smtp,omitempty"` // host:port
	Inbox    string `json:"inbox,omitempty"`
	Template string `json:"template"`
	PID      int    `json:"pid"`
}
