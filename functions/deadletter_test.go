package functions

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/shared/queue"
)

// sqs is a client of the stack's queues.
func (m *machine) sqs() *sqs.Client {
	address := m.stack.Addresses().SQS
	return sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &address, Credentials: credentials.NewStaticCredentialsProvider("operator", "local", "")})
}

// dies puts a letter into a dead-letter queue, as if its job had failed too often.
func (m *machine) dies(name, body string) {
	m.t.Helper()
	q, _ := m.stack.Template().Queue(name + "DeadLetters")
	if err := (queue.Sender{Client: m.sqs(), URL: q.URL}).SendBody(context.Background(), []byte(body)); err != nil {
		m.t.Fatal(err)
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
	}
	for name, body := range bodies {
		m.dies(name, body)
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
