package main

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const body = `{"user_id":"u123","event":"page_view","ts":1700000000,"props":{"url":"https://shop.example.com/p/1","ref":"x"}}`

// answers are what the canned server says to each operation, whatever it is asked.
var answers = func() map[string][]byte {
	sum := md5.Sum([]byte(body))
	digest := hex.EncodeToString(sum[:])
	const id = "4c2a6f0e-92a7-4f6e-9b1d-0a4a5f1c2d3e"
	sent := fmt.Sprintf(`"MessageId":%q,"MD5OfMessageBody":%q`, id, digest)
	var entries, messages, deleted []string
	for i := range 10 {
		entries = append(entries, fmt.Sprintf(`{"Id":"%d",%s}`, i, sent))
		deleted = append(deleted, fmt.Sprintf(`{"Id":"%d"}`, i))
		messages = append(messages, fmt.Sprintf(`{"MessageId":%q,"ReceiptHandle":%q,"MD5OfBody":%q,"Body":%q}`, id, strings.Repeat("h", 40), digest, body))
	}
	return map[string][]byte{
		"AmazonSQS.CreateQueue":        []byte(`{"QueueUrl":"http://127.0.0.1/000000000000/bench"}`),
		"AmazonSQS.SendMessage":        []byte("{" + sent + "}"),
		"AmazonSQS.SendMessageBatch":   []byte(`{"Successful":[` + strings.Join(entries, ",") + `]}`),
		"AmazonSQS.ReceiveMessage":     []byte(`{"Messages":[` + strings.Join(messages, ",") + `]}`),
		"AmazonSQS.DeleteMessageBatch": []byte(`{"Successful":[` + strings.Join(deleted, ",") + `]}`),
	}
}()

func canned(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	answer := answers[r.Header.Get("X-Amz-Target")]
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	_, _ = w.Write(answer)
}
