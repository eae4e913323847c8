package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/archive"
)

// wire is the way from the SDK's client to the stand-ins, for one instance of a function.
type wire struct{ w *world }

// errGone is what a call of a process hears that is dead.
var errGone = errors.New("the process has ended")

// lost is a broken connection: the SDK tries again.
type lost struct{}

func (lost) Error() string         { return "connection reset by the simulation" }
func (lost) ConnectionError() bool { return true }

// request is a call with what the simulation knows of it.
type request struct {
	target   string // X-Amz-Target
	op       string // PutItem ...
	where    string // table or queue
	key      string
	body     []byte
	document *document // nil if the body is but a part of what was asked for
	effect   bool      // it changes something
	dynamo   bool
	eventual bool
	object   *http.Request // of S3
}

// subject is what a call is about: its key, or the whole of what has none and is sent or listed. Receipts differ in each replay.
func (q request) subject() string {
	if q.key == "" && (strings.HasPrefix(q.op, "SendMessage") || strings.HasPrefix(q.op, "Batch")) {
		return short(string(q.body))
	}
	return q.key
}

type attribute struct {
	S, N string
	size int
}

type document struct {
	TableName                 string
	Key, Item                 map[string]attribute
	ConsistentRead            bool
	KeyConditionExpression    string
	ExpressionAttributeValues map[string]attribute
	RequestItems              map[string]json.RawMessage
	TransactItems             []map[string]action
	QueueUrl                  string
	Entries                   []struct{ Id string }
}

var effects = map[string]bool{
	"PutItem": true, "UpdateItem": true, "DeleteItem": true, "BatchWriteItem": true, "TransactWriteItems": true,
	"SendMessage": true, "SendMessageBatch": true, "ChangeMessageVisibility": true,
}

// read finds out what a call is about.
func readRequest(target string, body []byte) (request, error) {
	service, op, _ := strings.Cut(target, ".")
	d := &document{}
	q := request{target: target, op: op, body: body, document: d, effect: effects[op], dynamo: strings.HasPrefix(service, "DynamoDB")}
	if err := json.Unmarshal(body, d); err != nil {
		return q, err
	}
	q.where = strings.TrimPrefix(d.TableName, stackName+"-")
	switch {
	case d.Key != nil:
		q.key = d.Key["pk"].S + "/" + d.Key["sk"].S
	case d.Item != nil:
		q.key = d.Item["pk"].S + "/" + d.Item["sk"].S
	case d.ExpressionAttributeValues != nil:
		for _, name := range []string{":pk", ":p", ":k"} {
			q.key += d.ExpressionAttributeValues[name].S
		}
	}
	for _, action := range d.TransactItems {
		for _, a := range action {
			if q.where == "" {
				q.where = strings.TrimPrefix(a.TableName, stackName+"-")
				q.key = a.Key["pk"].S + "/" + a.Key["sk"].S + a.Item["pk"].S + "/" + a.Item["sk"].S
			}
		}
	}
	if d.QueueUrl != "" {
		q.where = d.QueueUrl[strings.LastIndexByte(d.QueueUrl, '/')+1:]
		q.where = strings.TrimPrefix(q.where, stackName+"-")
	}
	for table := range d.RequestItems { // one table a call, everywhere
		q.where = strings.TrimPrefix(table, stackName+"-")
	}
	if q.dynamo && !q.effect {
		q.eventual = !d.ConsistentRead
		if q.op == "BatchGetItem" {
			q.eventual = !bytes.Contains(body, []byte(`"ConsistentRead":true`))
		}
		if q.op == "TransactGetItems" {
			q.eventual = false
		}
	}
	return q, nil
}

// Do carries a call over, or fails it.
func (c wire) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	w := c.w
	inv := invocationOf(r.Context())
	if inv == nil {
		panic("a call outside of any invocation: " + r.Header.Get("X-Amz-Target"))
	}
	q, err := readObjectRequest(r, body)
	if q.object == nil {
		q, err = readRequest(r.Header.Get("X-Amz-Target"), body)
	}
	if err != nil {
		return nil, err
	}
	if inv.dead() {
		return nil, errGone
	}
	name := inv.callName(q)
	d := dice{hash(w.seed, "wire", name)}
	w.operations++
	if inv.calls++; inv.calls == inv.hangAt && inv.deadline() {
		inv.struck(hung, inv.name)
		if d.happens(0.5) && q.effect {
			w.sleep(d.pause(time.Millisecond, 20*time.Millisecond))
			if inv.dead() {
				return nil, errGone
			}
			w.carryOut(inv, q)
		}
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	there := d.pause(300*time.Microsecond, 6*time.Millisecond)
	if w.faults.strikes(slow, name) {
		inv.struck(slow, name)
		there += d.pause(100*time.Millisecond, 6*time.Second)
	}
	if err := w.wait(r.Context(), there); err != nil {
		return nil, err
	}
	if inv.dead() {
		return nil, errGone
	}
	if q.effect && inv.crashes(crashBefore, q) {
		return nil, errGone
	}
	answer := w.answer(inv, q, name, &d)
	if answer != nil && answer.status == 200 && q.object == nil {
		w.consents.saw(inv, q)
	}
	if q.effect && inv.crashes(crashAfter, q) {
		return nil, errGone
	}
	if err := w.wait(r.Context(), d.pause(300*time.Microsecond, 6*time.Millisecond)); err != nil {
		return nil, err
	}
	if inv.dead() {
		return nil, errGone
	}
	if answer == nil {
		return nil, lost{}
	}
	answer.header.Set("Content-Length", strconv.Itoa(len(answer.body)))
	return &http.Response{
		StatusCode: answer.status, Status: strconv.Itoa(answer.status), Header: answer.header, ContentLength: int64(len(answer.body)),
		Body: io.NopCloser(bytes.NewReader(answer.body)), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// answer is what the caller will hear, nil for nothing.
func (w *world) answer(inv *invocation, q request, name string, d *dice) *reply {
	strikes := func(f fault) bool {
		if !w.faults.strikes(f, name) {
			return false
		}
		inv.struck(f, name)
		return true
	}
	switch {
	case q.dynamo && w.faults.lasts(outage, time.Since(w.begun), w.horizon) && w.faults.has(outage, name):
		inv.struck(outage, name)
		w.sleep(d.pause(10*time.Millisecond, time.Second))
		return nil
	case q.object != nil && q.op == "GetObject" && strings.HasPrefix(q.key, archive.FilesPrefix) && w.faults.lasts(denied, time.Since(w.begun), w.horizon) && w.faults.has(denied, name):
		inv.struck(denied, name)
		return accessDenied()
	case strikes(failedBefore):
		w.sleep(d.pause(10*time.Millisecond, 2*time.Second))
		return nil
	case strikes(failedAfter):
		w.carryOut(inv, q)
		w.sleep(d.pause(10*time.Millisecond, 2*time.Second))
		return nil
	case q.op == "TransactWriteItems" && strikes(throttled):
		return transactionCancelled(q, "ThrottlingError", "Throughput exceeds the current capacity of your table or index")
	case q.dynamo && strikes(throttled):
		return failure("com.amazonaws.dynamodb.v20120810#ThrottlingException", "Rate exceeded")
	case q.object != nil && strikes(throttled):
		return slowDown()
	case !q.dynamo && strikes(throttled):
		return failure("com.amazonaws.sqs#RequestThrottled", "Rate exceeded")
	case q.op == "TransactWriteItems" && strikes(conflicted):
		return transactionCancelled(q, "TransactionConflict", "Transaction is ongoing for the item")
	case (q.op == "PutItem" || q.op == "UpdateItem" || q.op == "DeleteItem") && strikes(conflicted):
		return failure("com.amazonaws.dynamodb.v20120810#TransactionConflictException", "Transaction is ongoing for the item")
	case (q.op == "BatchGetItem" || q.op == "BatchWriteItem") && w.faults.strikes(unprocessed, name):
		if answer := w.inPart(inv, q, d); answer != nil {
			inv.struck(unprocessed, name)
			return answer
		}
	case q.op == "SendMessageBatch" && w.faults.strikes(partialSend, name):
		if answer := w.sendInPart(inv, q, d); answer != nil {
			inv.struck(partialSend, name)
			return answer
		}
	case q.eventual:
		// A replica hears of most writes within milliseconds, and of some a second or two later.
		if w.replica.behind() && strikes(stale) {
			w.replica.catchUp(time.Now().Add(-d.pause(20*time.Millisecond, 2*time.Second)))
			answer := serve(w.replica.engine, q.target, q.body)
			w.load.note(q, answer)
			return answer
		}
	}
	return w.carryOut(inv, q)
}

func failure(kind, message string) *reply {
	body, _ := json.Marshal(map[string]string{"__type": kind, "message": message})
	return &reply{status: 400, header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Requestid": {"simulated"}}, body: body}
}

// transactionCancelled is how the service ends a transaction for one of its writes. The SDK does not ask again, whatever the reason.
func transactionCancelled(q request, code, message string) *reply {
	var d document
	_ = json.Unmarshal(q.body, &d)
	type reason struct{ Code, Message string }
	reasons := make([]reason, len(d.TransactItems))
	codes := make([]string, len(d.TransactItems))
	for i := range reasons {
		reasons[i].Code, codes[i] = "None", "None"
	}
	if len(reasons) > 0 {
		reasons[0], codes[0] = reason{code, message}, code
	}
	body, _ := json.Marshal(map[string]any{
		"__type":              "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
		"message":             "Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]",
		"CancellationReasons": reasons,
	})
	return &reply{status: 400, header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, body: body}
}

// carryOut lets a stand-in do it. It is one step of the world: no other call is carried out meanwhile.
func (w *world) carryOut(inv *invocation, q request) *reply {
	inv.step(q)
	if q.object != nil {
		return w.s3(inv, q)
	}
	if !q.dynamo {
		return w.sqs(inv, q)
	}
	answer := serve(w.db, q.target, q.body)
	w.load.note(q, answer)
	if q.effect {
		w.tell("%s: %s %s %s: %d%s", inv.name, q.op, q.where, q.key, answer.status, reason(answer))
	}
	if q.effect && answer.status == 200 {
		w.replica.note(time.Now(), q.target, q.body)
		w.watch.wrote(q)
		w.consents.packed(inv, q)
	}
	return answer
}

// reason is why a call was refused, in short.
func reason(r *reply) string {
	if r.status == 200 {
		return ""
	}
	return fmt.Sprintf(" %.160s", r.body)
}

// inPart leaves some items of a batch undone.
func (w *world) inPart(inv *invocation, q request, d *dice) *reply {
	var all struct {
		RequestItems map[string]json.RawMessage
	}
	if json.Unmarshal(q.body, &all) != nil || len(all.RequestItems) != 1 {
		return nil
	}
	var table string
	for table = range all.RequestItems {
	}
	done, left, member := all.RequestItems[table], json.RawMessage(nil), "UnprocessedItems"
	if q.op == "BatchGetItem" {
		member = "UnprocessedKeys"
		var keys map[string]json.RawMessage
		var list []json.RawMessage
		if json.Unmarshal(done, &keys) != nil || json.Unmarshal(keys["Keys"], &list) != nil || len(list) < 2 {
			return nil
		}
		n := 1 + d.below(len(list)-1)
		with := func(list []json.RawMessage) json.RawMessage {
			keys["Keys"], _ = json.Marshal(list)
			out, _ := json.Marshal(keys)
			return out
		}
		left, done = with(list[n:]), with(list[:n])
	} else {
		var list []json.RawMessage
		if json.Unmarshal(done, &list) != nil || len(list) < 2 {
			return nil
		}
		n := 1 + d.below(len(list)-1)
		left, _ = json.Marshal(list[n:])
		done, _ = json.Marshal(list[:n])
	}
	var whole map[string]json.RawMessage
	_ = json.Unmarshal(q.body, &whole)
	whole["RequestItems"], _ = json.Marshal(map[string]json.RawMessage{table: done})
	q.body, _ = json.Marshal(whole)
	q.document = nil
	answer := w.carryOut(inv, q)
	if answer.status != 200 {
		return answer
	}
	var out map[string]json.RawMessage
	_ = json.Unmarshal(answer.body, &out)
	out[member], _ = json.Marshal(map[string]json.RawMessage{table: left})
	answer.body, _ = json.Marshal(out)
	answer.header.Del("X-Amz-Crc32")
	return answer
}

// sendInPart refuses some messages of a batch by the service's own fault.
func (w *world) sendInPart(inv *invocation, q request, d *dice) *reply {
	var whole map[string]json.RawMessage
	var entries []map[string]json.RawMessage
	if json.Unmarshal(q.body, &whole) != nil || json.Unmarshal(whole["Entries"], &entries) != nil || len(entries) < 2 {
		return nil
	}
	n := 1 + d.below(len(entries)-1)
	whole["Entries"], _ = json.Marshal(entries[:n])
	q.body, _ = json.Marshal(whole)
	answer := w.carryOut(inv, q)
	if answer.status != 200 {
		return answer
	}
	var out map[string]json.RawMessage
	_ = json.Unmarshal(answer.body, &out)
	var failed []map[string]any
	for _, e := range entries[n:] {
		failed = append(failed, map[string]any{"Id": e["Id"], "Code": "InternalError", "SenderFault": false, "Message": "try again"})
	}
	out["Failed"], _ = json.Marshal(failed)
	answer.body, _ = json.Marshal(out)
	return answer
}

// serve hands a request to a stand-in.
func serve(h http.Handler, target string, body []byte) *reply {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://standin/", bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	answer := &reply{status: 200, header: http.Header{}}
	h.ServeHTTP(answer, r)
	return answer
}
