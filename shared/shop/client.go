// Package shop plays the part of a shop against a running stack: it imports files and calls the HTTP API as a shop's back end and
// its operators would. It is plain HTTP and works against any deployment; nothing in it reaches behind the gateway. The
// surprising thing: it is patient. A stack that is stopped and started again in the middle of an import is waited for, and
// since every event has a stable messageId, sending one twice changes nothing.
package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// The keys of `make run`.
const (
	demoServerKey   = "demo-server-key"
	demoOperatorKey = "demo-operator-key"
)

const (
	defaultAddress = "127.0.0.1:8080"
	callTimeout    = 60 * time.Second
	firstPause     = 200 * time.Millisecond
	longestPause   = 5 * time.Second
	hiccup         = 2 * time.Second
	senders        = 8
	// maxTries bounds the calls whatever Patience says.
	maxTries = 1000
	// maxAnswer bounds what is read of an answer: a little more than the API may send.
	maxAnswer = 8 << 20
)

// Client calls the HTTP API of one stack. The zero values of Patience and Sleep mean no second try and the real clock.
type Client struct {
	Base                   string // scheme and host, without a slash at the end
	ServerKey, OperatorKey string
	HTTP                   *http.Client
	// Patience is for how long one call is tried again while the stack is down, slow or over its rate.
	Patience time.Duration
	// Sleep waits between two tries; it ends early with the context.
	Sleep func(context.Context, time.Duration) error
	// Notice is told why a call is waiting, when that takes longer than a hiccup; nil: nobody is.
	Notice func(reason string)
}

// New is a client of the stack that the environment names: GATEWAY_ADDR (host:port or a URL), SERVER_KEY and OPERATOR_KEY, each
// with the value of `make run` when unset.
func New() *Client {
	base := cmpOr(os.Getenv("GATEWAY_ADDR"), defaultAddress)
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = senders
	return &Client{
		Base:        strings.TrimRight(base, "/"),
		ServerKey:   cmpOr(os.Getenv("SERVER_KEY"), demoServerKey),
		OperatorKey: cmpOr(os.Getenv("OPERATOR_KEY"), demoOperatorKey),
		HTTP:        &http.Client{Timeout: callTimeout, Transport: transport},
		Patience:    3 * time.Minute,
		Sleep:       sleep,
	}
}

func cmpOr(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Answer is what the stack said to one call.
type Answer struct {
	Status int
	Body   []byte
	Tries  int // 1 when the first call was answered
}

// Problem is the part of an error answer that a person can use.
func (a Answer) Problem() string {
	var p struct {
		Title  string       `json:"title"`
		Detail string       `json:"detail"`
		Errors []fieldError `json:"errors"`
	}
	text := strconv.Itoa(a.Status)
	if json.Unmarshal(a.Body, &p) != nil {
		return text
	}
	for _, part := range []string{p.Title, p.Detail} {
		if part != "" {
			text += " " + part
		}
	}
	for _, e := range p.Errors {
		text += "; " + strings.TrimSpace(e.Field+" "+e.Reason)
	}
	return text
}

// fieldError is one entry of a problem's errors.
type fieldError struct {
	Index  *int   `json:"index"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// ErrUnreachable says that no answer came within the client's patience.
var ErrUnreachable = errors.New("the stack does not answer")

// Call sends one request with a key and waits out 429, 5xx and lost connections, as long as Patience lasts and as the answer's Retry-After
// asks. Any other status is an Answer, not an error.
func (c *Client) Call(ctx context.Context, method, path, key string, body []byte, headers ...string) (Answer, error) {
	pause, waited := firstPause, time.Duration(0)
	for try := 1; ; try++ {
		answer, after, err := c.once(ctx, method, path, key, body, headers)
		answer.Tries = try
		if ctx.Err() != nil {
			return answer, ctx.Err()
		}
		again := err != nil || answer.Status == http.StatusTooManyRequests || answer.Status >= 500
		if !again {
			return answer, nil
		}
		if waited >= c.Patience || try >= maxTries {
			if err != nil {
				return answer, fmt.Errorf("%w at %s: %s", ErrUnreachable, c.Base, plain(err))
			}
			return answer, nil
		}
		if c.Notice != nil && waited >= hiccup {
			c.Notice(fmt.Sprintf("%s %s: %s; trying again", method, path, reasonOf(answer, err)))
		}
		wait := max(after, pause/2+rand.N(pause/2+1))
		pause = min(2*pause, longestPause)
		waited += wait
		if err := c.Sleep(ctx, wait); err != nil {
			return answer, err
		}
	}
}

// reasonOf says why a call is made again.
func reasonOf(answer Answer, err error) string {
	if err != nil {
		return plain(err)
	}
	return answer.Problem()
}

// plain leaves out of a network error the request that it repeats.
func plain(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}

func (c *Client) once(ctx context.Context, method, path, key string, body []byte, headers []string) (answer Answer, after time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, 0, fmt.Errorf("making the call of %s: %w", path, err)
	}
	r.SetBasicAuth(key, "")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := c.HTTP.Do(r)
	if err != nil {
		return Answer{}, 0, err
	}
	defer func() { _ = w.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(w.Body, maxAnswer))
	if err != nil {
		return Answer{}, 0, err
	}
	if s, err := strconv.Atoi(w.Header.Get("Retry-After")); err == nil && s > 0 {
		after = min(time.Duration(s)*time.Second, time.Minute)
	}
	return Answer{Status: w.StatusCode, Body: text}, after, nil
}

// Ask sends v as JSON (nil: no body) and decodes the answer into out (nil: not looked at). A status outside 200 to 299 is an
// error that says what the stack said.
func (c *Client) Ask(ctx context.Context, method, path, key string, v, out any, headers ...string) error {
	var body []byte
	if v != nil {
		var err error
		if body, err = json.Marshal(v); err != nil {
			return fmt.Errorf("writing the body of %s %s: %w", method, path, err)
		}
	}
	answer, err := c.Call(ctx, method, path, key, body, headers...)
	if err != nil {
		return err
	}
	if answer.Status < 200 || answer.Status > 299 {
		return &StatusError{Call: method + " " + path, Answer: answer}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return fmt.Errorf("reading the answer to %s %s: %w", method, path, err)
	}
	return nil
}

// StatusError is an answer that is not the hoped-for one.
type StatusError struct {
	Call   string
	Answer Answer
}

// Error says what was called and what the stack answered.
func (e *StatusError) Error() string { return e.Call + " was answered " + e.Answer.Problem() }

// Running says whether the stack is there and takes both keys, in one call each and without patience. Its error is one line that
// says what to do.
func (c *Client) Running(ctx context.Context) error {
	impatient := *c
	impatient.Patience = 0
	answer, err := impatient.Call(ctx, http.MethodGet, "/v1/queues", c.OperatorKey, nil)
	switch {
	case errors.Is(err, ErrUnreachable):
		return fmt.Errorf("%w; start it with `make run`, or set GATEWAY_ADDR", err)
	case err != nil:
		return err
	case answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden:
		return fmt.Errorf("the stack at %s refuses the operator key: set OPERATOR_KEY", c.Base)
	case answer.Status != http.StatusOK:
		return fmt.Errorf("the stack at %s answered GET /v1/queues with %s: is it userops that listens there?", c.Base, answer.Problem())
	}
	return nil
}
