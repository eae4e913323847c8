package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// MaxPayload is Lambda's limit for a request or a response of a synchronous invocation, in bytes.
const MaxPayload = 6 * 1024 * 1024

// The errors of an invocation that never reached the function. Anything that the function did is in the Result instead.
var (
	ErrThrottled = errors.New("rate exceeded: the function runs as often at once as its reserved concurrency allows")
	ErrTooLarge  = fmt.Errorf("the request must be smaller than %d bytes", MaxPayload)
	ErrUnknown   = errors.New("no such function")
	ErrStopping  = errors.New("the functions are stopping")
)

// Options are the settings of a Host. Zero fields take the values in brackets.
type Options struct {
	Region       string            // us-east-1
	AccountID    string            // 000000000000
	Concurrency  int               // processes of a function that has no reserved concurrency [10]
	IdleAfter    time.Duration     // how long a process may wait for work before it is ended [5m]
	InitTimeout  time.Duration     // how long a process may take to ask for work [10s]
	Environment  map[string]string // set for every function, over what it has and what this package sets
	Log          func(Line)        // gets every line a function writes, and what befell it; called one line at a time
	AsyncBackoff time.Duration     // wait before the first retry of an asynchronous invocation; doubles [1m]
	Failed       func(Failure)     // gets asynchronous invocations that were given up
	// Guard stands before what Serve answers [nothing does].
	Guard func(http.Handler) http.Handler
}

// Handler is a function that runs inside this program, as tests use it.
type Handler func(ctx context.Context, payload []byte) ([]byte, error)

// Function is what a Host runs. Either Binary or Handler is set.
type Function struct {
	Name        string
	Binary      string // path of the program
	Handler     Handler
	Environment map[string]string
	Timeout     time.Duration
	MemoryMB    int
	Reserved    *int          // reserved concurrent executions; 0 stops the function
	Retries     int           // of an asynchronous invocation that fails
	MaximumAge  time.Duration // of an asynchronous invocation
}

// Failure is an asynchronous invocation that was given up.
type Failure struct {
	Function  string
	RequestID string
	Payload   []byte
	Condition string // RetriesExhausted or EventAgeExceeded
	Attempts  int
	Response  []byte // of the last attempt
}

// Result is what came of an invocation that reached the function.
type Result struct {
	RequestID     string
	Payload       []byte        // the function's answer, or the error as JSON (errorType, errorMessage)
	FunctionError string        // "" or "Unhandled"
	Duration      time.Duration // in the function, without waiting for a process
	Cold          bool          // the first one of its process
}

// Err is the function's error as a Go error, or nil.
func (r Result) Err() error {
	if r.FunctionError == "" {
		return nil
	}
	var e struct{ ErrorType, ErrorMessage string }
	if json.Unmarshal(r.Payload, &e) != nil || e.ErrorType == "" && e.ErrorMessage == "" {
		return errors.New(string(r.Payload))
	}
	return fmt.Errorf("%s: %s", e.ErrorType, e.ErrorMessage)
}

// Line is one line of a function's log. Level is set only on lines of the platform itself, such as a timeout.
type Line struct {
	Time      time.Time
	Function  string
	RequestID string
	Text      string
	Level     string
}

func errorPayload(kind, message string) []byte {
	b, _ := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{kind, message})
	return b
}

func timedOut(id string, limit time.Duration) Result {
	return Result{RequestID: id, FunctionError: "Unhandled", Payload: errorPayload("Sandbox.Timedout",
		fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", id, limit.Seconds()))}
}

func responseTooLarge(n int) []byte {
	return errorPayload("Function.ResponseSizeTooLarge", fmt.Sprintf("Response payload size (%d bytes) exceeded maximum allowed payload size (%d bytes).", n, MaxPayload))
}
