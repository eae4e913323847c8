package sqs

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

func TestObserve(t *testing.T) {
	var mu sync.Mutex
	var last Call
	w := newWorld(t, func(o *Options) {
		o.Observe = func(c Call) {
			mu.Lock()
			defer mu.Unlock()
			last = c
		}
	})
	url := w.queue("a")
	call := func(action string, messages, bytes int, requests float64, code string) Call {
		return Call{AccessKeyID: "AKIDTEST", Action: action, Queue: "a", Messages: messages, Bytes: bytes, Requests: requests, ErrorCode: code}
	}
	equal(t, "create", last, call("CreateQueue", 0, 0, 1, ""))
	w.send(url, strings.Repeat("x", 65536))
	equal(t, "64 KB", last, call("SendMessage", 1, 65536, 1, ""))
	w.send(url, strings.Repeat("x", 65537))
	equal(t, "64 KB and a byte", last, call("SendMessage", 1, 65537, 2, ""))
	w.do("SendMessageBatch", object{"QueueUrl": url, "Entries": []object{{"Id": "1", "MessageBody": "abc", "MessageAttributes": object{"k": object{"DataType": "String", "StringValue": "v"}}}, {"Id": "2", "MessageBody": "\x01"}}})
	equal(t, "batch", last, call("SendMessageBatch", 1, 11, 1, ""))
	all := w.receive(url)
	equal(t, "receive", last, call("ReceiveMessage", 3, 131084, 3, ""))
	w.receive(url)
	equal(t, "empty receive", last, call("ReceiveMessage", 0, 0, 1, ""))
	w.delete(url, all[0].handle)
	equal(t, "delete", last, call("DeleteMessage", 1, 0, 1, ""))
	w.fail("SendMessage", object{"QueueUrl": url}, "MissingParameter", "")
	equal(t, "fault", last, call("SendMessage", 0, 0, 1, "MissingParameter"))
}

// Who asks to change a visibility is told of before it is done, with every receipt; a delete is not.
func TestHiding(t *testing.T) {
	var heard []string
	w := newWorld(t, func(o *Options) {
		o.Hiding = func(c Call, receipts []string) {
			heard = append(heard, c.AccessKeyID+" "+c.Action+" "+c.Queue+" "+strings.Join(receipts, ","))
		}
	})
	url := w.queue("a")
	w.send(url, "x")
	w.send(url, "y")
	all := w.receive(url)
	x, y := all[0].handle, all[1].handle
	w.do("ChangeMessageVisibility", object{"QueueUrl": url, "ReceiptHandle": x, "VisibilityTimeout": 5})
	w.do("ChangeMessageVisibilityBatch", object{"QueueUrl": url, "Entries": []object{{"Id": "1", "ReceiptHandle": x, "VisibilityTimeout": 5}, {"Id": "2", "ReceiptHandle": y, "VisibilityTimeout": 5}}})
	w.delete(url, x)
	equal(t, "heard", strings.Join(heard, ";"), "AKIDTEST ChangeMessageVisibility a "+x+";AKIDTEST ChangeMessageVisibilityBatch a "+x+","+y)
}

func TestAuthorize(t *testing.T) {
	var asked []string
	w := newWorld(t, func(o *Options) {
		o.Authorize = func(c Call) error {
			asked = append(asked, c.AccessKeyID+" "+c.Action+" "+c.Queue)
			if c.Queue == "secret" || c.Action == "PurgeQueue" {
				return fmt.Errorf("%s may not %s", c.AccessKeyID, c.Action)
			}
			return nil
		}
	})
	url := w.queue("a")
	w.queue("dead")
	w.queue("b", "RedrivePolicy", redrivePolicy("dead", 1))
	for _, c := range []struct {
		action string
		in     object
		want   string
	}{
		{"SendMessageBatch", object{"QueueUrl": url, "Entries": []object{{"Id": "1", "MessageBody": "x"}}}, "SendMessage a"},
		{"DeleteMessageBatch", object{"QueueUrl": url, "Entries": []object{{"Id": "1", "ReceiptHandle": "x"}}}, "DeleteMessage a"},
		{"ChangeMessageVisibilityBatch", object{"QueueUrl": url, "Entries": []object{{"Id": "1", "ReceiptHandle": "x", "VisibilityTimeout": 1}}}, "ChangeMessageVisibility a"},
		{"ReceiveMessage", object{"QueueUrl": url}, "ReceiveMessage a"},
		{"ListQueues", object{}, "ListQueues "},
		{"GetQueueUrl", object{"QueueName": "a"}, "GetQueueUrl a"},
		{"StartMessageMoveTask", object{"SourceArn": arnBase + "dead", "DestinationArn": arnBase + "a"},
			"StartMessageMoveTask dead,AKIDTEST ReceiveMessage dead,AKIDTEST DeleteMessage dead,AKIDTEST GetQueueAttributes dead,AKIDTEST SendMessage a"},
	} {
		asked = nil
		w.do(c.action, c.in)
		equal(t, c.action, strings.Join(asked, ","), "AKIDTEST "+c.want)
	}
	rec, out := w.raw("PurgeQueue", object{"QueueUrl": url})
	equal(t, "status", rec.Code, 403)
	equal(t, "fault", fmt.Sprint(out), "map[__type:com.amazonaws.sqs#AccessDenied message:AKIDTEST may not PurgeQueue]")
	// Whether the queue exists is not told.
	w.fail("SendMessage", object{"QueueUrl": base + "secret", "MessageBody": "x"}, "AccessDenied", "may not SendMessage")
	w.fail("CreateQueue", object{"QueueName": "secret"}, "AccessDenied", "")
}

func TestProtocol(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	query := func(method, contentType, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		rec := httptest.NewRecorder()
		w.e.ServeHTTP(rec, r)
		return rec
	}
	rec := query("POST", "application/x-www-form-urlencoded", "Action=ListQueues&Version=2012-11-05")
	equal(t, "status of the query protocol", rec.Code, 400)
	for _, part := range []string{"<ErrorResponse>", "<Code>AWS.SimpleQueueService.UnsupportedOperation</Code>", "JSON protocol only"} {
		if !strings.Contains(rec.Body.String(), part) {
			t.Errorf("the answer %s lacks %s", rec.Body, part)
		}
	}
	equal(t, "status of a GET", query("GET", "", "").Code, 400)

	for name, document := range map[string]string{
		"no object":             `[]`,
		"cut":                   `{"QueueUrl":"` + url,
		"more than an object":   `{} {}`,
		"a number for a string": `{"QueueUrl":"` + url + `","MessageBody":5}`,
		"a string for a number": `{"QueueUrl":"` + url + `","MessageBody":"x","DelaySeconds":"5"}`,
		"a fraction":            `{"QueueUrl":"` + url + `","MessageBody":"x","DelaySeconds":0.5}`,
		"half a surrogate pair": `{"QueueUrl":"` + url + `","MessageBody":"\ud800"}`,
		"no UTF-8":              `{"QueueUrl":"` + url + `","MessageBody":"` + "\xff" + `"}`,
		"too deep":              `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
		"nothing":               ``,
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.fail("SendMessage", document, "SerializationException", "")
		})
	}
	w.t = t
	rec, _ = w.raw("SendMessage", `{"QueueUrl":"`+url+`","MessageBody":"`+strings.Repeat("x", maxWire)+`"}`)
	equal(t, "status of an endless request", rec.Code, 413)
	// Unknown members and nulls are ignored.
	w.do("SendMessage", `{"QueueUrl":"`+url+`","MessageBody":"x","Extra":{"a":[1,-2.5e3,true,false,null]},"DelaySeconds":null,"MessageGroupId":null}`)
	equal(t, "counts", w.counts(url), "1 0 0")
}

// The SDK knows the errors by type, and checks the digests.
func TestSDK(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w.e)
	defer server.Close()
	client := awssqs.New(awssqs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), HTTPClient: http.DefaultClient,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDSDK", "secret", ""), Retryer: aws.NopRetryer{},
	})
	ctx := t.Context()
	q, err := client.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("a")})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "URL", *q.QueueUrl, server.URL+"/000000000000/a")
	var missing *types.QueueDoesNotExist
	_, err = client.GetQueueUrl(ctx, &awssqs.GetQueueUrlInput{QueueName: aws.String("b")})
	if !errors.As(err, &missing) {
		t.Errorf("GetQueueUrl: %v", err)
	}
	var api smithy.APIError
	_, err = client.DeleteMessage(ctx, &awssqs.DeleteMessageInput{QueueUrl: q.QueueUrl, ReceiptHandle: aws.String("x")})
	if !errors.As(err, &api) || api.ErrorCode() != "ReceiptHandleIsInvalid" || api.ErrorFault() != smithy.FaultClient {
		t.Errorf("DeleteMessage: %v", err)
	}
	if _, err := client.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: aws.String("ж")}); err != nil {
		t.Fatal(err)
	}
	m, err := client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"SenderId"}})
	if err != nil || len(m.Messages) != 1 {
		t.Fatalf("ReceiveMessage: %v %v", m, err)
	}
	equal(t, "body", *m.Messages[0].Body, "ж")
	equal(t, "sender", m.Messages[0].Attributes["SenderId"], "AKIDSDK")
}
