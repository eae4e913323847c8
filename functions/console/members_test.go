package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/httpapi"
)

// finish files a run that has finished with so many members of the segments.
func (b *bench) finish(run score.Run, members map[string]int) {
	b.Helper()
	runs := b.process.Runs
	_, err := runs.Create(b.Context(), run)
	b.Must(errors.Join(err, runs.SaveFindings(b.Context(), run.ID, score.Findings{Profiles: 40}),
		runs.SaveOutcome(b.Context(), run.ID, score.Outcome{Segments: members, FinishedAt: run.CreatedAt.Add(time.Minute)})))
}

// doubted is what an answer says of members, and where it warns of a segment that no run has gone by since when.
func (b *bench) doubted(status int, method, path, body string) string {
	b.Helper()
	var got struct {
		Matched  int
		Members  *lastMembers
		Warnings []httpapi.FieldError
	}
	b.Must(json.Unmarshal([]byte(b.must(status, method, path, body)), &got))
	var said string
	if m := got.Members; m != nil {
		said = fmt.Sprintf("%d of %d by %s of %s", m.Count, got.Matched, m.RunID, m.CreatedAt.Format(time.TimeOnly))
	}
	for _, w := range got.Warnings {
		said += "; " + w.Field + " " + w.Reason
	}
	return said
}

// TestAnAudienceBeforeARunIsDoubted follows a segment through its changes and the runs between: who meets the rule is in it by a run alone.
func TestAnAudienceBeforeARunIsDoubted(t *testing.T) {
	b := newBench(t)
	b.process.Profiles = population{2: {crowd(40, 35)}}
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	b.must(201, "PUT", "/v1/segments/inner", vip)
	b.must(201, "PUT", "/v1/segments/vip", `{"name":"V","rule":{"all":[{"segment":"inner"}]}}`)
	saves := 0
	campaign := func(state, trigger string) string {
		saves++ // each is another document
		return fmt.Sprintf(`{"name":"C%d","state":%q,"channel":"email","templateId":"welcome","trigger":%s}`, saves, state, trigger)
	}
	audience := func(segment string, at time.Duration) string {
		return fmt.Sprintf(`{"audience":{"segmentId":%q,"at":%q}}`, segment, start.Add(at).Format(time.RFC3339))
	}
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", what, got, want)
		}
	}
	all := func(when, members, since string) {
		t.Helper()
		doubt := func(field string) string {
			if since == "" {
				return ""
			}
			return "; " + field + " no run has gone by the segment vip since it was changed at " + since + ": not all who meet its rule are in it yet, and an audience takes only who is in it when it is listed; start a run (POST /v1/runs) before"
		}
		status := 200
		if saves == 0 {
			status = 201
		}
		expect(when+", saved", b.doubted(status, "PUT", "/v1/campaigns/mail", campaign("scheduled", audience("vip", 24*time.Hour))), doubt("trigger.audience.segmentId"))
		expect(when+", preview", b.doubted(200, "POST", "/v1/campaigns/mail/preview", ""), members+doubt("trigger.audience.segmentId"))
		expect(when+", segment", b.doubted(200, "POST", "/v1/segments/vip/preview", ""), members+doubt("rule"))
		expect(when+", a rule that is not saved", b.doubted(200, "POST", "/v1/segments/vip/preview", `{"rule":{"field":"orders.paid","op":"gte","value":3}}`), "")
	}

	all("without a run", "", "2026-11-21T08:00:00Z")
	if got := b.doubted(201, "PUT", "/v1/campaigns/class", campaign("scheduled", audience("class8:111", time.Hour))); got !=
		"; trigger.audience.segmentId no run has gone by the segment class8:111: not all who meet its rule are in it yet, and an audience takes only who is in it when it is listed; start a run (POST /v1/runs) before" {
		t.Errorf("a class without a run: %s", got)
	}
	b.finish(score.Run{ID: "same", CreatedAt: start}, map[string]int{"vip": 6})
	all("a run of the same moment", "6 of 35 by same of 08:00:00", "2026-11-21T08:00:00Z")
	b.finish(score.Run{ID: "report", CreatedAt: start.Add(time.Hour), ReportOnly: true}, nil)
	all("a run of a past day", "6 of 35 by same of 08:00:00", "2026-11-21T08:00:00Z")
	_, err := b.process.Runs.Create(b.Context(), score.Run{ID: "going", CreatedAt: start.Add(2 * time.Hour)})
	b.Must(err)
	all("a run that goes on", "6 of 35 by same of 08:00:00", "2026-11-21T08:00:00Z")
	b.finish(score.Run{ID: "whole", CreatedAt: start.Add(3 * time.Hour)}, map[string]int{"vip": 35})
	all("after a run", "35 of 35 by whole of 11:00:00", "")
	expect("a class after a run", b.doubted(200, "PUT", "/v1/campaigns/class", campaign("scheduled", audience("class8:111", time.Hour))), "")

	b.Set(start.Add(4 * time.Hour))
	b.must(200, "PUT", "/v1/segments/inner", `{"name":"VIP","rule":{"field":"orders.paid","op":"gte","value":2}}`)
	all("the segment within was changed", "35 of 35 by whole of 11:00:00", "2026-11-21T12:00:00Z")
	for _, ended := range []string{"finished", "cancelled"} {
		expect(ended, b.doubted(200, "PUT", "/v1/campaigns/mail", campaign(ended, audience("vip", 24*time.Hour))), "")
	}
	expect("who enters starts it", b.doubted(201, "PUT", "/v1/campaigns/enters", campaign("running", `{"enteredSegment":"vip"}`)), "")
	expect("who enters starts it, preview", b.doubted(200, "POST", "/v1/campaigns/enters/preview", ""), "35 of 35 by whole of 11:00:00")

	b.must(201, "PUT", "/v1/segments/new", vip)
	expect("a new one, of which the run knows nothing", b.doubted(200, "POST", "/v1/segments/new/preview", ""), "; rule no run has gone by the segment new since it was changed at 2026-11-21T12:00:00Z: "+
		"not all who meet its rule are in it yet, and an audience takes only who is in it when it is listed; start a run (POST /v1/runs) before")
	b.finish(score.Run{ID: "later", CreatedAt: start.Add(5 * time.Hour)}, map[string]int{"vip": 35})
	expect("a new one that has nobody", b.doubted(200, "POST", "/v1/segments/new/preview", ""), "0 of 35 by later of 13:00:00")

	b.must(201, "PUT", "/v1/segments/other", `{"name":"O","rule":{"field":"orders.paid","op":"gte","value":9},"tag":"other"}`)
	b.must(201, "PUT", "/v1/segments/tagged", `{"name":"T","rule":{"field":"tags","op":"contains","value":"big"}}`)
	b.must(201, "PUT", "/v1/segments/any", `{"name":"A","rule":{"field":"tags.count","op":"gte","value":1}}`)
	b.finish(score.Run{ID: "tags", CreatedAt: start.Add(5*time.Hour + time.Minute)}, map[string]int{"tagged": 3, "any": 4})
	b.Set(start.Add(5*time.Hour + 2*time.Minute))
	b.must(201, "PUT", "/v1/segments/big", `{"name":"B","rule":{"field":"orders.paid","op":"gte","value":9},"tag":"big"}`)
	for id, n := range map[string]string{"tagged": "3 of 0", "any": "4 of 0"} {
		expect("a segment gives the tag that is asked for", b.doubted(200, "POST", "/v1/segments/"+id+"/preview", ""), n+" by tags of 13:01:00; rule no run has gone by the segment "+id+" since it was changed at "+
			"2026-11-21T13:02:00Z: not all who meet its rule are in it yet, and an audience takes only who is in it when it is listed; start a run (POST /v1/runs) before")
	}
	expect("which nobody gives anew", b.doubted(200, "POST", "/v1/segments/other/preview", ""), "0 of 0 by tags of 13:01:00")

	// An audience whose time is over was listed: its campaign can be paused without a word.
	b.must(200, "PUT", "/v1/campaigns/mail", campaign("scheduled", audience("vip", 24*time.Hour)))
	b.Set(start.Add(25 * time.Hour))
	b.must(200, "PUT", "/v1/segments/vip", `{"name":"V","rule":{"any":[{"segment":"inner"}]}}`)
	expect("over", b.doubted(200, "PUT", "/v1/campaigns/mail", campaign("paused", audience("vip", 24*time.Hour))), "")
}
