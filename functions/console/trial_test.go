package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

const own = `{"testAddresses":["ops@shop.example"]}`

// sentTo are the trials that dispatch was asked for.
func (b *bench) sentTo() []delivery.Trial {
	var all []delivery.Trial
	for _, j := range functiontest.Jobs[job.Notifications](b, b.notifications) {
		all = append(all, j.Trials...)
	}
	return all
}

// TestATemplateIsSentToTheShopsOwnAddress: to one that an owner has listed, and to no other; on record with who asked before anything is sent, once for a key, and not more often than so many an hour.
func TestATemplateIsSentToTheShopsOwnAddress(t *testing.T) {
	b := newBench(t)
	b.must(404, "POST", "/v1/templates/welcome/test", `{"to":"ops@shop.example"}`)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	for body, want := range map[string]string{
		`{"to":"ops@shop.example"}`: `"field":"to","reason":"is no test address`, `{}`: `"field":"to"`, `{"to":5}`: `"field":"to"`,
	} {
		if w := b.call("POST", "/v1/templates/welcome/test", body); w.Code < 400 || w.Code > 422 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	b.must(201, "PUT", "/v1/settings/messaging", own)
	b.must(201, "PUT", "/v1/templates/hook", `{"channel":"social","locales":{"default":{"payload":"{}"}}}`)
	for path, body := range map[string]string{
		"/v1/templates/welcome/test": `{"to":"ann@example.com"}`, "/v1/templates/hook/test": `{"to":"ops@shop.example"}`, "/v1/templates/welcome/test?x": `{"to":"ops@shop.example","locale":"fr"}`,
	} {
		b.must(422, "POST", path, body)
	}
	if len(b.sentTo()) != 0 {
		t.Fatalf("a refusal was sent: %v", b.sentTo())
	}
	var answers []string
	for range 2 {
		answers = append(answers, b.must(202, "POST", "/v1/templates/welcome/test", `{"to":"ops@shop.example","locale":"default"}`, "Idempotency-Key", "k1"))
	}
	sent := b.sentTo()
	if answers[0] != answers[1] || len(sent) != 2 || sent[0] != sent[1] { // dispatch sends one
		t.Errorf("answered %q, sent %+v", answers, sent)
	}
	want := delivery.Trial{ID: sent[0].ID, TemplateID: "welcome", TemplateVersion: 1, Channel: "email", Locale: "default", To: "ops@shop.example", At: start}
	if sent[0] != want {
		t.Errorf("sent %+v, want %+v", sent[0], want)
	}
	var list struct {
		Items []struct {
			TrialID, To, Outcome string
			By                   struct{ Name string }
		}
	}
	b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/templates/welcome/tests", "")), &list))
	if len(list.Items) != 1 || list.Items[0].TrialID != sent[0].ID || list.Items[0].By.Name != "operator key" || list.Items[0].Outcome != "" {
		t.Errorf("listed %+v", list)
	}
	if got := strings.TrimSpace(b.must(200, "GET", "/v1/templates/other/tests", "")); got != `{"items":[]}` {
		t.Errorf("of another: %s", got)
	}
	lines, _, err := b.process.Audit.List(t.Context(), audit.Query{Action: audit.Try}, 10, "")
	if err != nil || len(lines) != 1 || lines[0].Of != "welcome" || strings.Contains(fmt.Sprint(lines), "ops@") {
		t.Errorf("on record %+v, %v", lines, err)
	}
	for range mostTrials - 1 {
		b.must(202, "POST", "/v1/templates/welcome/test", `{"to":"ops@shop.example"}`)
	}
	b.must(429, "POST", "/v1/templates/welcome/test", `{"to":"ops@shop.example"}`)
	if len(b.sentTo()) != mostTrials+1 {
		t.Errorf("%d were sent", len(b.sentTo()))
	}
	b.Set(start.Add(trialWindow))
	b.must(202, "POST", "/v1/templates/welcome/test", `{"to":"ops@shop.example"}`)
}

// TestATrialIsOnRecordBeforeItIsSent: without the record nothing is sent; where its answer is lost, or the queue is away, the same key asks again and makes no second one.
func TestATrialIsOnRecordBeforeItIsSent(t *testing.T) {
	for how, onRecord := range map[dynamotest.How]int{dynamotest.NotPersisted: 0, dynamotest.Persisted: 1} {
		b := newBench(t)
		b.must(201, "PUT", "/v1/templates/welcome", welcome)
		b.must(201, "PUT", "/v1/settings/messaging", own)
		b.DB.Fail("TransactWriteItems", 1, how)
		ask := func() int {
			return b.call("POST", "/v1/templates/welcome/test", `{"to":"ops@shop.example"}`, "Idempotency-Key", "k1").Code
		}
		if code := ask(); code != http.StatusServiceUnavailable && code != http.StatusAccepted {
			t.Errorf("%v: %d", how, code)
		}
		all, err := b.process.Trials.Of(t.Context(), "welcome", 10)
		if err != nil || how == dynamotest.NotPersisted && (len(all) != onRecord || len(b.sentTo()) != 0) {
			t.Errorf("%v: %d on record, %d sent, %v", how, len(all), len(b.sentTo()), err)
		}
		if code := ask(); code != http.StatusAccepted {
			t.Errorf("again: %d", code)
		}
		ids := map[string]bool{}
		for _, one := range b.sentTo() {
			ids[one.ID] = true
		}
		if all, _ = b.process.Trials.Of(t.Context(), "welcome", 10); len(all) != 1 || len(ids) != 1 || !ids[all[0].ID] || all[0].At.After(start.Add(time.Second)) {
			t.Errorf("%v, in the end: %+v on record, %v sent", how, all, ids)
		}
	}
}
