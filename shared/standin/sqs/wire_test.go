package sqs

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDecoderText(t *testing.T) {
	for in, want := range map[string]string{
		`"a"`:                    "a",
		`""`:                     "",
		`"\"\\\/\b\f\n\r\t"`:     "\"\\/\b\f\n\r\t",
		`"\u00e9\u0416\u20aC"`:   "éЖ€",
		`"x\ud83d\ude00y"`:       "x😀y",
		`"é\u0041"`:              "éA",
		" \t\r\n\"after space\"": "after space",
	} {
		d := decoder{b: []byte(in)}
		got, err := d.text()
		if err != nil || string(got) != want {
			t.Errorf("%s = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{`"`, `"a`, `a`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\`, "\"\n\"", "\"\xff\"", "\"\\n\xff\"", ``} {
		d := decoder{b: []byte(in)}
		if got, err := d.text(); err == nil {
			t.Errorf("%s = %q, want an error", in, got)
		}
	}
}

func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "plain", "\"\\", "\x00\x1f\n\r\t", "é😀", "<&>", "tail\""} {
		got := appendString(nil, s)
		var back string
		if err := json.Unmarshal(got, &back); err != nil || back != s {
			t.Errorf("%q was written as %s, which reads %q, %v", s, got, back, err)
		}
	}
}

func TestReceiptHandle(t *testing.T) {
	h := appendReceipt(nil, 1, 2, 3)
	queue, seq, nonce, ok := parseReceipt(h)
	if !ok || queue != 1 || seq != 2 || nonce != 3 {
		t.Errorf("%s = %d %d %d %v", h, queue, seq, nonce, ok)
	}
	for i := range h {
		changed := bytes.Clone(h)
		changed[i] ^= 1
		if _, _, _, ok := parseReceipt(changed); ok && !bytes.Equal(changed, h) {
			// The last digits hold unused bits, which decode to the same bytes.
			a, b := make([]byte, 30), make([]byte, 30)
			n, _ := receiptEncoding.Decode(a, changed)
			m, _ := receiptEncoding.Decode(b, h)
			if !bytes.Equal(a[:n], b[:m]) {
				t.Errorf("%s is a receipt", changed)
			}
		}
	}
}

// FuzzWire sends any document to any operation: it must not crash or hang, and must answer JSON. What the decoder
// accepts must be JSON for the standard library too, with the same strings.
func FuzzWire(f *testing.F) {
	names := make([]string, 0, len(actions))
	for name := range actions {
		names = append(names, name)
	}
	slices.Sort(names)
	const url = `"QueueUrl":"http://h/000000000000/a"`
	for i := range names {
		f.Add(i, `{`+url+`}`)
	}
	for action, document := range map[string]string{
		"SendMessage":      `{` + url + `,"MessageBody":"x\u00e9\ud83d\ude00","DelaySeconds":1,"MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"AAE="}}}`,
		"SendMessageBatch": `{` + url + `,"Entries":[{"Id":"1","MessageBody":"x"},{"Id":"2","MessageBody":"y","MessageGroupId":"g"}]}`,
		"ReceiveMessage":   `{` + url + `,"MaxNumberOfMessages":10,"WaitTimeSeconds":20,"VisibilityTimeout":0,"MessageAttributeNames":["All",".*"]}`,
		"DeleteMessage":    `{` + url + `,"ReceiptHandle":"AQEAAAAAAAAAAgAAAAAAAAADAAAAAAAAAA=="}`,
		"CreateQueue":      `{"QueueName":"b.fifo","Attributes":{"FifoQueue":"true","RedrivePolicy":"{\"deadLetterTargetArn\":\"x\",\"maxReceiveCount\":\"3\"}"},"tags":{"a":"b"}}`,
	} {
		f.Add(slices.Index(names, action), document)
	}
	e, err := Open(Options{Path: filepath.Join(f.TempDir(), "sqs.db"), Clock: (&stepped{}).now})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { e.Close() })
	call := func(action, document string) *httptest.ResponseRecorder {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // no long polls
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(document))
		r.Header.Set("X-Amz-Target", target+action)
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, r)
		return rec
	}
	f.Fuzz(func(t *testing.T, action int, document string) {
		call("CreateQueue", `{"QueueName":"a"}`)
		rec := call(names[uint(action)%uint(len(names))], document)
		if !json.Valid(rec.Body.Bytes()) {
			t.Errorf("%d %q is no JSON", rec.Code, rec.Body)
		}
		if rec.Code >= 500 {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}

		d := decoder{b: []byte(document)}
		if d.skip() == nil && d.end() == nil && !json.Valid([]byte(document)) {
			t.Errorf("the decoder accepts %q", document)
		}
		d = decoder{b: []byte(document)}
		if got, err := d.text(); err == nil && d.end() == nil {
			var want string
			if err := json.Unmarshal([]byte(document), &want); err != nil || string(got) != want {
				t.Errorf("%q reads %q, want %q, %v", document, got, want, err)
			}
		}
	})
}
