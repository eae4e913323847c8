package functions

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/shared/queue"
)

// sqs is a client of the stack's queues.
func (m *machine) sqs() *sqs.Client {
	address := m.stack.Addresses().SQS
	return sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &address, Credentials: credentials.NewStaticCredentialsProvider("operator", "local", "")})
}

// dies puts a letter into a dead-letter queue, as if its job had failed too often, and gives the id of its message.
func (m *machine) dies(name, body string) (message string) {
	m.t.Helper()
	q, _ := m.stack.Template().Queue(name + "DeadLetters")
	sent, err := m.sqs().SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: &q.URL, MessageBody: &body})
	if err != nil {
		m.t.Fatal(err)
	}
	return *sent.MessageId
}

// consumers are the functions that take the jobs of each queue.
var consumers = map[string]string{"Events": "Projection", "Segmentation": "Segmentation", "Orchestration": "Orchestration", "Settlement": "Settlement", "Notifications": "Dispatch", "Archive": "Archive", "Reporting": "Reporting"}

// fails hands the function of a queue a message for the last time, with a job that it cannot read.
func (m *machine) fails(name, message string) {
	m.t.Helper()
	q, _ := m.stack.Template().Queue(name + "Queue")
	batch, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{
		MessageId: message, ReceiptHandle: "none", Body: "{", EventSource: "aws:sqs", EventSourceARN: q.ARN, Attributes: map[string]string{"ApproximateReceiveCount": "10", "SentTimestamp": "1"},
	}}})
	if err != nil {
		m.t.Fatal(err)
	}
	result, err := m.stack.Host().Invoke(context.Background(), "test-"+consumers[name], batch)
	if err == nil {
		err = result.Err()
	}
	if err != nil || !strings.Contains(string(result.Payload), message) {
		m.t.Errorf("%s cannot read a job and says %s, %v", consumers[name], result.Payload, err)
	}
}

// deadLetters puts a letter into every dead-letter queue, as if its job had failed too often, sees that all are kept, and sends them again.
func (m *machine) deadLetters() {
	m.t.Helper()
	client := m.sqs()
	bodies := map[string]string{
		"Events":        `{"v":1,"source":"till","events":[]}`,
		"Segmentation":  `{"v":1,"kind":"close","runId":"no-such-run"}`,
		"Orchestration": `{"v":1,"follows":[]}`,
		"Settlement":    `{"v":1,"follows":[]}`,
		"Notifications": `{"v":1,"notifications":[]}`,
		"Archive":       `{"v":1,"packs":[]}`,
		"Reporting":     `{"v":1}`,
	}
	for name, body := range bodies {
		m.fails(name, m.dies(name, body))
	}
	m.idle()
	states := m.call(http.StatusOK, "GET", "/v1/queues", operatorKey, "", nil)
	if n := strings.Count(states, `"deadLettered":1}`); strings.Count(states, `"oldestDead":"`) != len(bodies) || n != len(bodies) {
		m.t.Errorf("%d queues have a dead letter, want %d: %s", n, len(bodies), states)
	}
	for name := range bodies {
		q, _ := m.stack.Template().Queue(name + "DeadLetters")
		if d, err := (queue.Gauge{Client: client}).Depth(context.Background(), q.URL); err != nil || d != (queue.Depth{}) {
			m.t.Errorf("%s holds %+v after its letter was kept, %v", name, d, err)
		}
		if letters := m.call(http.StatusOK, "GET", "/v1/queues/"+strings.ToLower(name)+"/letters", operatorKey, "", nil); strings.Count(letters, `"why":{"cause":"error","text":"reading the job: `) != 1 {
			m.t.Errorf("why %s has a dead letter is not told: %s", name, letters)
		}
		if name == "Settlement" { // by the API, as the console does
			path := "/v1/queues/settlement"
			m.call(http.StatusUnauthorized, "GET", path+"/letters", "of-nobody", "", nil) // it may be a source's, by Catalog
			if letters := m.call(http.StatusOK, "GET", path+"/letters", operatorKey, "", nil); strings.Count(letters, `"job":{"kind":"nothing"}`) != 1 {
				m.t.Errorf("the letters are %s", letters)
			}
			if sent := m.call(http.StatusOK, "POST", path+"/redrive", operatorKey, "{}", nil); !strings.Contains(sent, `"sent":1,"left":false`) {
				m.t.Errorf("redriven by the API: %s", sent)
			}
			continue
		}
		result, err := m.stack.Host().Invoke(context.Background(), "test-Redrive", []byte(`{"redrive":"`+name+`Queue"}`))
		if err == nil {
			err = result.Err()
		}
		var sent struct{ Sent int }
		if err != nil || json.Unmarshal(result.Payload, &sent) != nil || sent.Sent != 1 {
			m.t.Errorf("redrive of %s: %v %s", name, err, result.Payload)
		}
	}
	m.idle()
	if states := m.call(http.StatusOK, "GET", "/v1/queues", operatorKey, "", nil); strings.Count(states, `"deadLettered":0}`) != len(bodies) {
		m.t.Errorf("after the redrive: %s", states)
	}
}
