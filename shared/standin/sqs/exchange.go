package sqs

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// exchange is one request with its answer.
type exchange struct {
	e    *Engine
	ctx  context.Context
	host string
	iam  string
	call Call
	in   decoder
	out  []byte
	now  time.Time
}

// decode reads the request's members.
func (x *exchange) decode(member func(key []byte) error) *fault {
	if x.in.next() != '{' {
		return malformed("The request is not a JSON object.")
	}
	err := x.in.object(member)
	if err == nil {
		err = x.in.end()
	}
	if err == nil {
		return nil
	}
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	return malformed("%v", err)
}

// authorize asks whether the call may go on; it must come before anything tells whether the queue exists.
func (x *exchange) authorize(iam, queue string) *fault {
	x.call.Queue = queue
	if x.e.options.Authorize == nil {
		return nil
	}
	c := x.call
	c.Action = iam
	if err := x.e.options.Authorize(c); err != nil {
		f := faultf("AccessDenied", "", "%v", err)
		f.status = http.StatusForbidden
		return f
	}
	return nil
}

// named is the queue's name in a URL of this account.
func (x *exchange) named(url string) (string, *fault) {
	if url == "" {
		return "", missing("QueueUrl")
	}
	path := url
	if _, after, ok := strings.Cut(url, "://"); ok {
		_, path, _ = strings.Cut(after, "/")
	}
	path = strings.TrimPrefix(path, "/")
	account, name, ok := strings.Cut(path, "/")
	if !ok || name == "" || strings.Contains(name, "/") {
		return "", faultf("InvalidAddress", "", "The address %s is not valid for this endpoint.", shorten(url))
	}
	if account != x.e.options.AccountID {
		return "", noQueue()
	}
	return name, nil
}

// queueAt authorizes the call and returns the name of its queue.
func (x *exchange) queueAt(url string) (string, *fault) {
	name, f := x.named(url)
	if f != nil {
		return "", f
	}
	return name, x.authorize(x.iam, name)
}

// onlyURL reads a request that has a queue's URL and nothing else.
func (x *exchange) onlyURL() (string, *fault) {
	var url string
	f := x.decode(func(key []byte) error {
		if string(key) == "QueueUrl" {
			return x.in.str(&url)
		}
		return x.in.skip()
	})
	return url, f
}

func (x *exchange) appendURL(name string) {
	x.out = append(x.out, '"')
	x.out = append(x.out, "http://"...)
	x.out = append(x.out, x.host...)
	x.out = append(x.out, '/')
	x.out = append(x.out, x.e.options.AccountID...)
	x.out = append(x.out, '/')
	x.out = append(x.out, name...)
	x.out = append(x.out, '"')
}

// accessKey is the key's id in a Signature Version 4 header.
func accessKey(authorization string) string {
	_, after, ok := strings.Cut(authorization, "Credential=")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(after, "/")
	return id
}
