package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// lastEnded is the id of the stop that has begun last of those that are over.
func (b *bench) lastEnded() string {
	b.Helper()
	var list struct{ Items []struct{ ID string } }
	b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/stops?ended=true", "")), &list))
	if len(list.Items) == 0 {
		return "none"
	}
	return list.Items[0].ID
}

// skips records that a stop has skipped somebody.
func (b *bench) skips(stop, campaign string, n int) {
	b.Helper()
	for i := range n {
		entry, err := json.Marshal(job.Notification{ID: fmt.Sprint(campaign, i), ProfileID: "p", CampaignID: campaign, Step: "once"})
		b.Must(err)
		b.Must(outreach.Deliveries{DB: b.DB, Table: "Deliveries", Results: "Results", Now: b.Now}.Decide(b.Context(), delivery.Decision{
			NotificationID: fmt.Sprint(campaign, i), ProfileID: profile.ID("p"), CampaignID: campaign, Outcome: delivery.Skipped, Reason: delivery.KillSwitch, Detail: stop, Asked: start, At: start, Stop: stop, Entry: string(entry),
		}))
	}
}

func (b *bench) reentries() []job.Orchestration {
	b.Helper()
	return functiontest.Jobs[job.Orchestration](b, b.orchestration)
}

func TestEnteringAgain(t *testing.T) {
	b := newBench(t)
	b.hire(access.Viewer, access.Editor, access.Approver)
	b.must(201, "POST", "/v1/stop", `{"channel":"email"}`) // run-1
	b.skips("run-1", "spring", 2)
	b.skips("run-1", "autumn", 1)
	const path = "/v1/stops/run-1"
	shown := func(role access.Role) string {
		b.Helper()
		status, answer := b.as(role, "GET", path, "")
		if status != 200 {
			t.Fatalf("%s is answered %d %s", role, status, answer)
		}
		return strings.TrimSpace(answer)
	}
	const begins = `{"id":"run-1","channel":"email","since":"2026-11-21T08:00:00Z","by":{"name":"operator key","role":"owner","key":"06e55b63"},`
	const counts = `"skipped":3,"enteredAgain":0,"campaigns":[{"campaign":"autumn","skipped":1,"enteredAgain":0},{"campaign":"spring","skipped":2,"enteredAgain":0}]`
	if got := shown(access.Viewer); got != begins+counts+"}" {
		t.Errorf("in force it is %s", got)
	}
	if got := b.must(409, "POST", path+"/reenter", "{}"); !strings.Contains(got, "the stop is in force") {
		t.Errorf("in force it answers %s", got)
	}
	b.Set(start.Add(time.Hour))
	b.must(200, "POST", "/v1/resume", `{"channel":"email"}`)
	const over = `"ended":"2026-11-21T09:00:00Z","endedBy":{"name":"operator key","role":"owner","key":"06e55b63"}`
	if got := shown(access.Viewer); got != begins+over+","+counts+"}" {
		t.Errorf("over it is %s", got)
	}
	if got := b.must(200, "GET", "/v1/stops?ended=true", ""); strings.TrimSpace(got) != `{"items":[`+begins+over+`}]}` {
		t.Errorf("over are %s", got)
	}
	if status, _ := b.as(access.Editor, "POST", path+"/reenter", "{}"); status != 403 {
		t.Errorf("an editor is answered %d", status)
	}
	b.must(400, "POST", path+"/reenter", "")
	b.must(400, "POST", path+"/reenter", "[")
	if got := b.must(422, "POST", path+"/reenter", `{"campain":"spring"}`); !strings.Contains(got, `"field":"campain"`) {
		t.Errorf("a misspelt field is answered %s", got)
	}
	if got := b.must(422, "POST", path+"/reenter", `{"campaign":"sprin"}`); !strings.Contains(got, `of which the stop has skipped nobody`) {
		t.Errorf("a misspelt campaign is answered %s", got)
	}
	if len(b.reentries()) != 0 {
		t.Fatal("what was refused has sent something")
	}
	for range 2 { // with an Idempotency-Key it is one request, however often it is sent
		status, answer := b.as(access.Approver, "POST", path+"/reenter", `{"campaign":"spring"}`, "Idempotency-Key", "k")
		if want := `{"reentryId":"run-2","stopId":"run-1","campaign":"spring","toEnter":2,"counted":"/v1/stops/run-1"}`; status != 202 || strings.TrimSpace(answer) != want {
			t.Errorf("answered %d %s, want %s", status, answer, want)
		}
	}
	for _, j := range b.reentries() {
		if *j.Reentry != (job.Reentry{ID: "run-2", StopID: "run-1", CampaignID: "spring"}) {
			t.Errorf("asked for %+v", j.Reentry)
		}
	}
	if n := len(b.reentries()); n != 2 { // the first call may have ended before it sent the job
		t.Errorf("%d jobs", n)
	}
	b.Must(outreach.Skips{DB: b.DB, Table: "Deliveries", Results: "Results", Now: b.Now}.Finish(t.Context(), "run-1", "run-2"))
	b.as(access.Approver, "POST", path+"/reenter", `{"campaign":"spring"}`, "Idempotency-Key", "k")
	if n := len(b.reentries()); n != 2 {
		t.Errorf("a request that is through is asked for again: %d jobs", n)
	}
	// Those who were entered again are not to be entered any more.
	list := outreach.Skips{DB: b.DB, Table: "Deliveries", Results: "Results", Now: b.Now}
	page, _, _, err := list.Page(t.Context(), "run-1", "", 10)
	b.Must(err)
	for _, one := range page {
		if one.Entry.ID == "spring1" {
			_, err := list.Enter(t.Context(), "run-1", one, "run-2", b.Now())
			b.Must(err)
		}
	}
	if got, want := strings.TrimSpace(b.must(202, "POST", path+"/reenter", "{}")), `{"reentryId":"run-3","stopId":"run-1","toEnter":2,"counted":"/v1/stops/run-1"}`; got != want {
		t.Errorf("answered %s, want %s", got, want)
	}
	if got := shown(access.Viewer); !strings.HasSuffix(got, `"reentries":[{"id":"run-2","campaign":"spring","at":"2026-11-21T09:00:00Z","by":{"name":"the approver","role":"approver","key":"7a023df6"},"finished":"2026-11-21T09:00:00Z"},`+
		`{"id":"run-3","at":"2026-11-21T09:00:00Z","by":{"name":"operator key","role":"owner","key":"06e55b63"}}]}`) {
		t.Errorf("then it is %s", got)
	}
	if got := b.must(200, "GET", "/v1/audit?action=reenter&kind=stop&id=channel-email", ""); strings.Count(got, `"action":"reenter"`) != 2 || !strings.Contains(got, `"id":"reenter#run-1#run-2"`) {
		t.Errorf("the audit log has %s", got)
	}
	// Ninety days later its decisions are gone, and so is it.
	b.Set(start.Add(time.Hour + delivery.DecisionLife))
	b.must(404, "GET", path, "")
	b.must(404, "POST", path+"/reenter", "{}")
	if got := b.must(200, "GET", "/v1/stops?ended=true", ""); strings.TrimSpace(got) != `{"items":[]}` {
		t.Errorf("over are %s", got)
	}
	b.must(404, "GET", "/v1/stops/"+strings.Repeat("x", 2000), "")
	b.must(400, "GET", "/v1/stops?ended=yes", "")
	b.must(400, "GET", "/v1/stops?ended=true&cursor=!", "")
}

// TestAStopThatIsReplacedIsOver: who keeps transactional ones going from now on begins another stop, and the former one is still found.
func TestAStopThatIsReplacedIsOver(t *testing.T) {
	b := newBench(t)
	b.must(201, "POST", "/v1/stop", "{}") // run-1
	b.Set(start.Add(time.Minute))
	b.must(201, "POST", "/v1/stop", `{"keepTransactional":true}`) // run-2
	if got := b.must(200, "GET", "/v1/stops/run-1", ""); !strings.Contains(got, `"ended":"2026-11-21T08:01:00Z"`) {
		t.Errorf("the former stop is %s", got)
	}
	b.must(202, "POST", "/v1/stops/run-1/reenter", "{}")
	b.must(409, "POST", "/v1/stops/run-2/reenter", "{}")
}

// TestResumeSaysThatNothingWasResumed where nobody has stopped just that.
func TestResumeSaysThatNothingWasResumed(t *testing.T) {
	b := newBench(t)
	b.must(201, "POST", "/v1/stop", `{"channel":"email"}`)
	b.must(201, "PUT", "/v1/settings/messaging", `{"killSwitch":true}`)
	for body, want := range map[string]string{
		"{}":                    "nothing was resumed: no call has stopped everything; stopped still: the channel email, everything (by the setting messaging)",
		`{"campaign":"thanks"}`: "nothing was resumed: no call has stopped the campaign thanks; stopped still: the channel email, everything (by the setting messaging)",
		`{"channel":"social"}`:  "nothing was resumed: no call has stopped the channel social; stopped still: the channel email, everything (by the setting messaging)",
	} {
		if got := b.must(200, "POST", "/v1/resume", body); !strings.Contains(got, `"note":"`+want+`"`) || strings.Contains(got, "resumed\":{") {
			t.Errorf("%s is answered %s", body, got)
		}
	}
	if got := b.must(200, "POST", "/v1/resume", `{"channel":"email"}`); strings.Contains(got, "note") {
		t.Errorf("what was resumed is answered %s", got)
	}
}

// TestEnteringAgainIsAskedForOnce: each call is broken both ways, and who asks again with their key has asked for one request in the end, with its line in the audit log.
func TestEnteringAgainIsAskedForOnce(t *testing.T) {
	for _, op := range []string{"GetItem", "Query", "TransactWriteItems"} {
		for _, how := range []dynamotest.How{dynamotest.Persisted, dynamotest.NotPersisted} {
			for nth := 1; ; nth++ {
				b := newBench(t)
				b.must(201, "POST", "/v1/stop", "{}")
				b.must(200, "POST", "/v1/resume", "{}")
				before := b.DB.Calls(op)
				b.DB.Fail(op, nth, how)
				first := b.call("POST", "/v1/stops/run-1/reenter", "{}", "Idempotency-Key", "k").Code
				reached := b.DB.Calls(op)-before >= nth
				b.DB.Heal()
				b.must(202, "POST", "/v1/stops/run-1/reenter", "{}", "Idempotency-Key", "k")
				ids := map[string]bool{}
				for _, j := range b.reentries() {
					ids[j.Reentry.ID] = true
				}
				lines := strings.Count(b.must(200, "GET", "/v1/audit?action=reenter", ""), `"action":"reenter"`)
				asked := strings.Count(b.must(200, "GET", "/v1/stops/run-1", ""), `"by":{`) - 1
				if len(ids) != 1 || lines != 1 || asked != 1 || first != 202 && first < 500 {
					t.Errorf("%s %d %v: answered %d, %d requests, %d lines, %d shown", op, nth, how, first, len(ids), lines, asked)
				}
				if !reached {
					break
				}
			}
		}
	}
}
