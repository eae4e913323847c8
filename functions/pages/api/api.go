// Package api is how the console's pages ask and change anything: by the HTTP API, in the name of the operator who looks. It knows no page. The surprising thing: it remembers what it has asked, so
// that each page can show the calls behind it.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Client makes calls for one visit of a page. It may be used by several at once.
type Client struct {
	Base  string // https://api.shop.example
	HTTP  *http.Client
	Token string // the pass of the operator

	mu    sync.Mutex
	calls []string
}

// FieldFault is one thing that is wrong with what was sent.
type FieldFault struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Fault is an answer that is no success: what the API says, which is meant for people.
type Fault struct {
	Status int          `json:"status"`
	Title  string       `json:"title"`
	Detail string       `json:"detail"`
	Errors []FieldFault `json:"errors"`
}

func (f *Fault) Error() string {
	text := fmt.Sprintf("the API answered %d %s", f.Status, f.Title)
	if f.Detail != "" {
		text += ": " + f.Detail
	}
	return text
}

// ErrAway says that the API did not answer, or not in a way that could be read. Whether a change was made is not known.
var ErrAway = errors.New("the API does not answer")

// FaultOf is the fault that an error is.
func FaultOf(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// Status is the status of the fault that an error is, 0 for none.
func Status(err error) int {
	if f, ok := FaultOf(err); ok {
		return f.Status
	}
	return 0
}

// maxAnswer bounds what is read of an answer: the API's own bound.
const maxAnswer = 4 << 20

// Path is a path of the API with what varies in it escaped: Path("profiles", id, "events") is /v1/profiles/u-1/events.
func Path(parts ...string) string {
	path := "/v1"
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

// Get reads what stands at a path into out.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	c.mu.Lock()
	c.calls = append(c.calls, path)
	c.mu.Unlock()
	return c.do(ctx, http.MethodGet, path, nil, nil, out)
}

// Calls are the paths that were read so far.
func (c *Client) Calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(slices.Values(c.calls)) // they are made side by side
}

// Post does what a path is for, once for a key, however often it is sent with it.
func (c *Client) Post(ctx context.Context, path, key string, body, out any) error {
	header := http.Header{}
	if key != "" {
		header.Set("Idempotency-Key", key)
	}
	return c.send(ctx, http.MethodPost, path, header, body, out)
}

// Put saves a document in the place of the version that was read, 0 for none: what was changed meanwhile is a fault of the status 412. What has no versions is put with a
// negative one.
func (c *Client) Put(ctx context.Context, path string, version int, body, out any) error {
	header := http.Header{}
	if version >= 0 {
		header = of(version)
	}
	return c.send(ctx, http.MethodPut, path, header, body, out)
}

// PutTable sends lines of a table.
func (c *Client) PutTable(ctx context.Context, path string, query url.Values, lines string, out any) error {
	return c.do(ctx, http.MethodPut, path+"?"+query.Encode(), http.Header{"Content-Type": {"text/csv"}}, []byte(lines), out)
}

// Delete deletes a document of a version; of any version where it is negative.
func (c *Client) Delete(ctx context.Context, path string, version int, out any) error {
	header := http.Header{}
	if version >= 0 {
		header = of(version)
	}
	return c.do(ctx, http.MethodDelete, path, header, nil, out)
}

func of(version int) http.Header {
	if version == 0 {
		return http.Header{"If-None-Match": {"*"}}
	}
	return http.Header{"If-Match": {strconv.Quote(strconv.Itoa(version))}}
}

func (c *Client) send(ctx context.Context, method, path string, header http.Header, body, out any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("writing a call: %w", err)
	}
	header.Set("Content-Type", "application/json")
	return c.do(ctx, method, path, header, text, out)
}

// Text reads what stands at a path as it is, with the headers that came with it: a file that is handed on.
func (c *Client) Text(ctx context.Context, path string, query url.Values) ([]byte, http.Header, error) {
	return c.answer(ctx, http.MethodGet, path+"?"+query.Encode(), nil, nil)
}

func (c *Client) do(ctx context.Context, method, path string, header http.Header, body []byte, out any) error {
	answer, _, err := c.answer(ctx, method, path, header, body)
	if err != nil {
		return err
	}
	if raw, is := out.(*json.RawMessage); is {
		*raw = answer
		return nil
	}
	if out == nil || len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%w in a form that is known: %w", ErrAway, err)
	}
	return nil
}

func (c *Client) answer(ctx context.Context, method, path string, header http.Header, body []byte) ([]byte, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("making a call: %w", err)
	}
	if header != nil {
		r.Header = header
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	response, err := c.HTTP.Do(r)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrAway, unnamed(err))
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, nil, fmt.Errorf("%w to its end: %w", ErrAway, err)
	}
	if len(answer) > maxAnswer {
		return nil, nil, fmt.Errorf("%w with so much that it may be read", ErrAway)
	}
	if response.StatusCode >= 300 {
		return nil, nil, faultOf(response, answer)
	}
	return answer, response.Header, nil
}

// unnamed takes the address off an error: it names people.
func unnamed(err error) error {
	var named *url.Error
	if errors.As(err, &named) {
		return named.Err
	}
	return err
}

func faultOf(response *http.Response, answer []byte) error {
	f := &Fault{}
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") || json.Unmarshal(answer, f) != nil {
		f = &Fault{Title: http.StatusText(response.StatusCode)} // of the gateway
	}
	f.Status = response.StatusCode
	return f
}
