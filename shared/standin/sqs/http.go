package sqs

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

const (
	target    = "AmazonSQS."
	jsonType  = "application/x-amz-json-1.0"
	maxWire   = 8 << 20 // a message of 1 MiB takes six times that if every byte is escaped; nobody escapes like that
	keepBytes = 1 << 20 // larger buffers are not kept
)

// action is one operation of the API: its name in IAM and what does it.
type action struct {
	iam string
	run func(*exchange) *fault
}

var actions = map[string]action{
	"AddPermission":                {"AddPermission", (*exchange).refuse},
	"CancelMessageMoveTask":        {"CancelMessageMoveTask", (*exchange).cancelMessageMoveTask},
	"ChangeMessageVisibility":      {"ChangeMessageVisibility", (*exchange).changeMessageVisibility},
	"ChangeMessageVisibilityBatch": {"ChangeMessageVisibility", (*exchange).changeMessageVisibilityBatch},
	"CreateQueue":                  {"CreateQueue", (*exchange).createQueue},
	"DeleteMessage":                {"DeleteMessage", (*exchange).deleteMessage},
	"DeleteMessageBatch":           {"DeleteMessage", (*exchange).deleteMessageBatch},
	"DeleteQueue":                  {"DeleteQueue", (*exchange).deleteQueue},
	"GetQueueAttributes":           {"GetQueueAttributes", (*exchange).getQueueAttributes},
	"GetQueueUrl":                  {"GetQueueUrl", (*exchange).getQueueURL},
	"ListDeadLetterSourceQueues":   {"ListDeadLetterSourceQueues", (*exchange).listDeadLetterSourceQueues},
	"ListMessageMoveTasks":         {"ListMessageMoveTasks", (*exchange).listMessageMoveTasks},
	"ListQueueTags":                {"ListQueueTags", (*exchange).listQueueTags},
	"ListQueues":                   {"ListQueues", (*exchange).listQueues},
	"PurgeQueue":                   {"PurgeQueue", (*exchange).purgeQueue},
	"ReceiveMessage":               {"ReceiveMessage", (*exchange).receiveMessage},
	"RemovePermission":             {"RemovePermission", (*exchange).refuse},
	"SendMessage":                  {"SendMessage", (*exchange).sendMessage},
	"SendMessageBatch":             {"SendMessage", (*exchange).sendMessageBatch},
	"SetQueueAttributes":           {"SetQueueAttributes", (*exchange).setQueueAttributes},
	"StartMessageMoveTask":         {"StartMessageMoveTask", (*exchange).startMessageMoveTask},
	"TagQueue":                     {"TagQueue", (*exchange).tagQueue},
	"UntagQueue":                   {"UntagQueue", (*exchange).untagQueue},
}

type buffers struct{ in, out []byte }

var pool = sync.Pool{New: func() any { return &buffers{in: make([]byte, 0, 16<<10), out: make([]byte, 0, 16<<10)} }}

// ServeHTTP answers one request of the AWS JSON protocol. The path is ignored, as the queue's URL is in the document.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), target)
	if !ok {
		e.refuseProtocol(w, r)
		return
	}
	b := pool.Get().(*buffers)
	x := &exchange{e: e, ctx: r.Context(), host: r.Host, out: b.out[:0]}
	x.call.AccessKeyID = accessKey(r.Header.Get("Authorization"))
	x.call.Action = name
	f := e.enter()
	if f == nil {
		f = x.serve(r, b, name)
		e.running.Done()
	}
	x.answer(w, f)
	if cap(x.out) <= keepBytes {
		b.out = x.out
	}
	pool.Put(b)
	if e.options.Observe != nil {
		x.call.Requests = float64(max(1, (x.call.Bytes+billedChunk-1)/billedChunk))
		if f != nil {
			x.call.ErrorCode = f.code
		}
		e.options.Observe(x.call)
	}
}

func (x *exchange) serve(r *http.Request, b *buffers, name string) *fault {
	a, ok := actions[name]
	if !ok {
		return faultf("UnknownOperationException", "", "There is no operation %q.", shorten(name))
	}
	if r.Method != http.MethodPost {
		return faultf("InvalidMethod", "", "An operation is a POST, not a %s.", shorten(r.Method))
	}
	x.iam = a.iam
	document, f := read(r, b)
	if f != nil {
		return f
	}
	x.in.b = document
	x.now = x.e.now()
	return a.run(x)
}

// read takes the whole document into the buffer, which only the exchange uses.
func read(r *http.Request, b *buffers) ([]byte, *fault) {
	if r.ContentLength > maxWire {
		return nil, tooLong()
	}
	in := bytes.NewBuffer(b.in[:0])
	if r.ContentLength > 0 {
		in.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	n, err := in.ReadFrom(io.LimitReader(r.Body, maxWire+1))
	if cap(in.Bytes()) <= keepBytes {
		b.in = in.Bytes()
	}
	if err != nil {
		return nil, malformed("Reading the request: %v.", err)
	}
	if n > maxWire {
		return nil, tooLong()
	}
	return in.Bytes(), nil
}

func tooLong() *fault {
	f := faultf("RequestEntityTooLarge", "", "The request is longer than %d bytes.", maxWire)
	f.status = http.StatusRequestEntityTooLarge
	return f
}

var jsonHeader = []string{jsonType}

func (x *exchange) answer(w http.ResponseWriter, f *fault) {
	h := w.Header()
	h["X-Amzn-Requestid"] = []string{newMessageID().String()}
	h["Content-Type"] = jsonHeader
	status := http.StatusOK
	if f != nil {
		status = f.status
		kind := "Sender"
		if status >= 500 {
			kind = "Receiver"
		}
		h["X-Amzn-Query-Error"] = []string{f.wireCode() + ";" + kind}
		x.out = append(x.out[:0], `{"__type":"com.amazonaws.sqs#`...)
		x.out = append(x.out, f.code...)
		x.out = append(x.out, `","message":`...)
		x.out = appendString(x.out, f.message)
		x.out = append(x.out, '}')
	} else if len(x.out) == 0 {
		x.out = append(x.out, '{', '}')
	}
	h["Content-Length"] = []string{strconv.Itoa(len(x.out))}
	w.WriteHeader(status)
	// The client may be gone; there is nobody to tell.
	_, _ = w.Write(x.out)
}

// refuseProtocol answers what is no JSON protocol request, in XML, as clients of the query protocol read it.
func (e *Engine) refuseProtocol(w http.ResponseWriter, r *http.Request) {
	type fields struct {
		Type, Code, Message string
	}
	id := newMessageID()
	answer := struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Error     fields
		RequestID string `xml:"RequestId"`
	}{
		Error: fields{"Sender", legacy + "UnsupportedOperation",
			"This stand-in of SQS speaks the AWS JSON protocol only (POST with the header X-Amz-Target: AmazonSQS.<Action>). Use an SDK or an AWS CLI of 2024 or later."},
		RequestID: id.String(),
	}
	b, err := xml.Marshal(answer)
	if err != nil {
		b = []byte("<ErrorResponse/>")
	}
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(b)
	if e.options.Observe != nil {
		e.options.Observe(Call{AccessKeyID: accessKey(r.Header.Get("Authorization")), Requests: 1, ErrorCode: "UnsupportedOperation"})
	}
}

// refuse answers an operation that is known and not implemented.
func (x *exchange) refuse() *fault {
	var url string
	if f := x.decode(func(key []byte) error {
		if string(key) == "QueueUrl" {
			return x.in.str(&url)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	if _, f := x.queueAt(url); f != nil {
		return f
	}
	return unsupported("This stand-in does not implement %s.", x.call.Action)
}
