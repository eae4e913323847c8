// Package call makes one HTTP call of a provider, and tells what never left from what was sent and got no answer. It knows no provider. The surprising
// thing: it follows no redirect and sends no header that would make Go's client repeat a request by itself, because a request that is repeated is a
// notification that arrives twice.
package call

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/userops/userops/shared/channel"
)

const (
	// maxIdle is how many connections are kept for the next calls: as many as dispatch has side by side.
	maxIdle = 32
	// maxAnswer is what is read of an answer. Reading the rest lets the connection be used again; a longer answer is not worth it.
	maxAnswer = 64 << 10
)

// NewClient is an HTTP client that follows no redirect and keeps its connections.
func NewClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = maxIdle
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Answer is what a provider has answered, as far as anybody reads it.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes a call. Its error is *channel.Error: Uncertain where the request was on its way, Retry where it never was.
func Do(ctx context.Context, client *http.Client, request *http.Request) (*Answer, error) {
	var written atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	answer, err := client.Do(request.WithContext(traced))
	if err != nil {
		if written.Load() {
			return nil, &channel.Error{Class: channel.Uncertain, Code: "no answer"}
		}
		return nil, &channel.Error{Class: channel.Retry, Code: "connect"}
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		// The status was heard, and may be all that is needed.
		body = nil
	}
	return &Answer{answer.StatusCode, answer.Header, body}, nil
}

// Refusal sorts an answer by its status alone: nil for one of the 200s. A gateway's time-out is the one status of the 500s that does not say whether the
// notification arrived behind it.
func (a *Answer) Refusal(now time.Time) *channel.Error {
	code := strconv.Itoa(a.Status)
	switch {
	case a.Status >= 200 && a.Status < 300:
		return nil
	case a.Status == http.StatusGatewayTimeout:
		return &channel.Error{Class: channel.Uncertain, Code: code}
	case a.Status == http.StatusTooManyRequests, a.Status >= 500:
		return &channel.Error{Class: channel.Retry, Code: code, After: RetryAfter(a.Header.Get("Retry-After"), now)}
	}
	return &channel.Error{Class: channel.Reject, Code: code}
}

// RetryAfter reads the header of that name, seconds or a date; anything else is nothing.
func RetryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// IsAddress tells whether a text is where a provider can be called.
func IsAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// Code is a provider's own word for an error as it may stand on record: letters, digits and what joins them. Of anything else nothing is kept, since it might
// name somebody.
func Code(word string) string {
	const longest = 64
	if word == "" || len(word) > longest {
		return ""
	}
	for i := range len(word) {
		c := word[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
			return ""
		}
	}
	return word
}
