// Package s3 stands in for S3 on one machine: objects of buckets as files of a folder, behind the HTTP server of the library gofakes3.
//
// It is not all of S3: objects are put, read (also in part), listed and deleted, one at a time or many, under conditions (If-Match, If-None-Match). Everything else, such as versions,
// copies and uploads in parts, is refused. The surprising thing: of the library only its HTTP and XML are used. Its own stores answer before a file is on the disk, or forget all when
// the process ends. So the store is ours: a put is answered after its file and its folder have been synced, and what was answered survives kill -9 and a power cut.
package s3

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
)

// Call is one request: by whom, what, and on which object. ErrorCode is what it was refused with.
type Call struct {
	AccessKeyID string
	Action      string // as IAM names it: GetObject, PutObject, DeleteObject, ListBucket
	Bucket      string
	Key         string // empty for ListBucket, and where many are deleted
	ErrorCode   string
	Bytes       int64 // that were sent or answered
}

// Options are the settings of an Engine.
type Options struct {
	// Path is the folder; empty keeps everything in memory.
	Path string
	// Clock says when an object was written; time.Now where it is nil.
	Clock func() time.Time
	// Authorize says whether a caller may do something; Observe hears of every call.
	Authorize func(Call) error
	Observe   func(Call)
}

// Engine is the server and its store.
type Engine struct {
	options Options
	store   *store
	server  http.Handler
}

// Open reads what the folder holds. A file that is not whole is told.
func Open(o Options) (*Engine, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Authorize == nil {
		o.Authorize = func(Call) error { return nil }
	}
	if o.Observe == nil {
		o.Observe = func(Call) {}
	}
	s, err := openStore(o.Path, o.Clock)
	if err != nil {
		return nil, err
	}
	// Callers and this machine have one clock, or one that is stepped by hand.
	server := gofakes3.New(&backend{s}, gofakes3.WithTimeSkewLimit(0), gofakes3.WithoutVersioning(), gofakes3.WithTimeSource(source{o.Clock}), gofakes3.WithUnimplementedPageError()).Server()
	return &Engine{options: o, store: s, server: server}, nil
}

// Close ends the engine. Nothing waits to be written.
func (e *Engine) Close() error { return nil }

// MakeBucket makes a bucket that is not there yet.
func (e *Engine) MakeBucket(name string) error { return e.store.makeBucket(name) }

var credential = regexp.MustCompile(`Credential=([^/]+)/`)

// ServeHTTP answers one request of the REST protocol, with the bucket in its path.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := Call{Action: action(r)}
	call.Bucket, call.Key, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if m := credential.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		call.AccessKeyID = m[1]
	}
	counted := &counter{ResponseWriter: w, status: http.StatusOK}
	switch err := e.authorize(call, r); {
	case call.Action == "" || strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") || r.Header.Get("X-Amz-Copy-Source") != "":
		refuse(counted, http.StatusNotImplemented, "NotImplemented", "this is not answered on this machine")
	case err != nil:
		refuse(counted, http.StatusForbidden, "AccessDenied", err.Error())
	default:
		e.server.ServeHTTP(counted, r)
	}
	if call.Bytes = counted.bytes; r.Method == http.MethodPut {
		call.Bytes = max(r.ContentLength, 0)
	}
	if counted.status >= 300 {
		call.ErrorCode = http.StatusText(counted.status)
	}
	e.options.Observe(call)
}

// maxDeletion bounds the body of a request that deletes many objects: a thousand keys of a kilobyte.
const maxDeletion = 2 << 20

// authorize asks for the right to a call; to delete many objects takes the right to each, as on AWS, where those that may not be deleted are told one by one. Here none is deleted then.
func (e *Engine) authorize(call Call, r *http.Request) error {
	if call.Action != "DeleteObject" || call.Key != "" {
		return e.options.Authorize(call)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxDeletion))
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var asked struct {
		Object []struct{ Key string }
	}
	if err := xml.Unmarshal(body, &asked); err != nil || len(asked.Object) == 0 {
		return e.options.Authorize(call) // it is refused as what it is
	}
	for _, o := range asked.Object {
		call.Key = o.Key
		if err := e.options.Authorize(call); err != nil {
			return err
		}
	}
	return nil
}

// action is the right that a request takes, "" where the request is not answered here.
func action(r *http.Request) string {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	for name := range query {
		if !known[name] {
			return ""
		}
	}
	switch {
	case key != "" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		return "GetObject"
	case key != "" && r.Method == http.MethodPut:
		return "PutObject"
	case key != "" && r.Method == http.MethodDelete, r.Method == http.MethodPost && query.Has("delete"):
		return "DeleteObject"
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return "ListBucket"
	case r.Method == http.MethodPut:
		return "CreateBucket"
	}
	return ""
}

// known are the parameters of requests that are answered. x-id only repeats the operation's name.
var known = map[string]bool{"x-id": true, "list-type": true, "prefix": true, "delimiter": true, "max-keys": true, "continuation-token": true, "start-after": true, "delete": true,
	"encoding-type": true, "fetch-owner": true}

// counter sees what is answered.
type counter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: code, Message: message})
}

// source is a clock as the library takes it.
type source struct{ now func() time.Time }

func (s source) Now() time.Time                  { return s.now() }
func (s source) Since(t time.Time) time.Duration { return s.now().Sub(t) }
