package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
)

func TestResultsOfACampaign(t *testing.T) {
	b := newBench(t)
	b.must(404, "GET", "/v1/campaigns/c/results", "")
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	timed := `{"name":"C","state":"scheduled","channel":"email","templateId":"welcome","expiresAfter":"2h","trigger":{"audience":{"segmentId":"vip","at":"2026-11-21T10:00:00+01:00"}}}`
	b.must(201, "PUT", "/v1/campaigns/c", timed)
	const none = `{"campaign":"c","version":1,"state":"scheduled","phase":"planned","audience":{"segmentId":"vip","at":"2026-11-21T09:00:00Z","until":"2026-11-21T11:00:00Z","begun":0,"sent":0,"skipped":0,"failed":0,"unknown":0,"waiting":0},` +
		`"begun":0,"sent":0,"skipped":0,"failed":0,"unknown":0,"waiting":0,"variants":[]}`
	if got := strings.TrimSpace(b.must(200, "GET", "/v1/campaigns/c/results", "")); got != none {
		t.Errorf("before: %s\nwant %s", got, none)
	}
	// Of its audience: one is sent, one held out, one put off and then sent, one put off still; of one an earlier audience had.
	decide := func(id, step, variant string, o delivery.Outcome, r delivery.Reason, attempt int) {
		b.Must(b.Deliveries.Decide(t.Context(), delivery.Decision{
			NotificationID: id, ProfileID: "p", CampaignID: "c", Step: step, Variant: variant, Outcome: o, Reason: r, Asked: start.Add(time.Duration(attempt) * time.Hour), At: start, Attempt: attempt,
		}))
	}
	now, before := "audience@2026-11-21T09:00:00Z", "audience@2026-11-01T09:00:00Z"
	decide("n1", now, "a", delivery.Sent, "", 0)
	decide("n2", now, "b", delivery.Skipped, delivery.InControl, 0)
	decide("n3", now, "b", delivery.Deferred, delivery.InQuietHours, 0)
	decide("n3", now, "b", delivery.Sent, "", 1)
	decide("n4", now, "b", delivery.Deferred, delivery.InQuietHours, 0)
	decide("n5", before, "a", delivery.Unknown, delivery.Interrupted, 0)
	decide("n5", before, "a", delivery.Failed, delivery.Rejected, 0) // knows better
	b.must(201, "POST", "/v1/stop", `{"campaign":"c"}`)
	b.must(201, "POST", "/v1/stop", `{"channel":"social"}`)
	b.Set(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC))
	want := `"phase":"sending","stopped":["run-1"],"audience":{"segmentId":"vip","at":"2026-11-21T09:00:00Z","until":"2026-11-21T11:00:00Z","begun":4,"sent":2,"skipped":1,"failed":0,"unknown":0,"waiting":1},` +
		`"begun":5,"sent":2,"skipped":1,"failed":1,"unknown":0,"waiting":1,"variants":[` +
		`{"variant":"a","tallies":[{"outcome":"failed","reason":"rejected","count":1},{"outcome":"sent","count":1}]},` +
		`{"variant":"b","tallies":[{"outcome":"deferred","reason":"quietHours","count":2},{"outcome":"sent","count":1},{"outcome":"skipped","reason":"control","count":1}]}]}`
	if got := b.must(200, "GET", "/v1/campaigns/c/results", ""); !strings.Contains(got, want) {
		t.Errorf("meanwhile: %s\nwant %s", got, want)
	}
	b.DB.Fail("Query", 1, dynamotest.NotPersisted)
	b.must(503, "GET", "/v1/campaigns/c", "")
	// Once all are listed and none waits it is sent, whatever the time.
	// The document says the phase as well. Sent back it makes no version, and nobody sets it.
	same := func() {
		t.Helper()
		var is, of struct{ Phase string }
		b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/campaigns/c", "")), &is))
		if b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/campaigns/c/results", "")), &of)); is != of || is.Phase == "" {
			t.Errorf("the document says %q, its results %q", is.Phase, of.Phase)
		}
	}
	same()
	listing := fmt.Sprint("audience-c-", time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC).Unix())
	audiences := outreach.Audiences{DB: b.DB, Table: "Results", Now: b.Now}
	for i, step := range []struct {
		do   func()
		want string
	}{
		{func() { b.Must(audiences.Begin(t.Context(), "c", listing, 2)) }, `"listing":{"begunAt":"2026-11-21T09:00:00Z","shards":2,"shardsDone":0,"listed":0}`},
		{func() { b.Must(audiences.Read(t.Context(), "c", listing, 0, 2, 3)) }, `"shardsDone":1,"listed":3}`},
		{func() { b.Must(audiences.Read(t.Context(), "c", listing, 1, 2, 2)) }, `"shardsDone":2,"listed":5}`},
		{func() { decide("n4", now, "b", delivery.Sent, "", 1) }, `"phase":"sending"`},
		{func() { decide("n6", now, "a", delivery.Deferred, delivery.InQuietHours, 0) }, `"phase":"sending"`},
		{func() { decide("n6", now, "a", delivery.Skipped, delivery.NotEligible, 1) }, `"phase":"sent"`},
	} {
		if step.do(); !strings.Contains(b.must(200, "GET", "/v1/campaigns/c/results", ""), step.want) {
			t.Errorf("after step %d: %s, want %s", i, b.must(200, "GET", "/v1/campaigns/c/results", ""), step.want)
		}
		same()
	}
	// Two who were skipped are entered again, one of them twice: they are of the audience, and no further ones who were listed.
	decide("n2~1", now+"~1", "b", delivery.Sent, "", 0)
	decide("n6~1", now+"~1", "a", delivery.Skipped, delivery.KillSwitch, 0)
	decide("n6~2", now+"~2", "a", delivery.Deferred, delivery.InQuietHours, 0)
	decide("n5~1", before+"~1", "a", delivery.Sent, "", 0)
	sums := `"begun":8,"sent":4,"skipped":3,"failed":0,"unknown":0,"waiting":1,"enteredAgain":3},"begun":10,"sent":5,"skipped":3,"failed":1,"unknown":0,"waiting":1,"variants"`
	if got := b.must(200, "GET", "/v1/campaigns/c/results", ""); !strings.Contains(got, sums) || !strings.Contains(got, `"phase":"sending"`) {
		t.Errorf("entered again: %s\nwant %s, and that one waits", got, sums)
	}
	same()
	decide("n6~2", now+"~2", "a", delivery.Sent, "", 1)
	if got := b.must(200, "GET", "/v1/campaigns/c/results", ""); !strings.Contains(got, `"phase":"sent"`) {
		t.Errorf("all who were entered again are decided: %s", got)
	}
	same()
	for at, phase := range map[string]string{"08:59": "planned", "11:00": "sent", "11:01": "sent"} {
		clock, err := time.Parse("2006-01-02 15:04", "2026-11-21 "+at)
		b.Must(err)
		if b.Set(clock); !strings.Contains(b.must(200, "GET", "/v1/campaigns/c/results", ""), `"phase":"`+phase+`"`) {
			t.Errorf("at %s it is not %s", at, phase)
		}
		same()
	}
	if got := b.must(200, "PUT", "/v1/campaigns/c", strings.Replace(b.must(200, "GET", "/v1/campaigns/c", ""), `"phase":"`, `"phase":"un`, 1)); !strings.Contains(got, `"version":1`) {
		t.Errorf("sent back: %s", got)
	}
	if got := b.must(422, "PUT", "/v1/segments/s", strings.Replace(vip, "{", `{"phase":"sent",`, 1)); !strings.Contains(got, "is not known here") {
		t.Errorf("of a segment: %s", got)
	}
	b.must(200, "PUT", "/v1/campaigns/c", strings.Replace(timed, "scheduled", "cancelled", 1))
	if got := b.must(200, "GET", "/v1/campaigns/c/results", ""); !strings.Contains(got, `"state":"cancelled","phase":"cancelled"`) {
		t.Errorf("cancelled: %s", got)
	}
	b.must(201, "PUT", "/v1/campaigns/e", thanks)
	if got := b.must(200, "GET", "/v1/campaigns/e/results", ""); !strings.Contains(got, `"phase":"listening"`) || strings.Contains(got, "audience") {
		t.Errorf("of a trigger: %s", got)
	}
	b.DB.Fail("Query", 3, dynamotest.NotPersisted)
	b.must(503, "GET", "/v1/campaigns/c/results", "")
}
