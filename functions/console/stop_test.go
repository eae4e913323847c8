package console

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// stopped lists what GET /v1/stops shows, a line each.
func (b *bench) stopped() string {
	b.Helper()
	var list struct {
		Items []struct {
			ID, Channel, Campaign, Setting string
			KeepTransactional              bool
			Since                          string
			By                             struct{ Name string }
		}
	}
	b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/stops", "")), &list))
	var lines []string
	for _, s := range list.Items {
		line := fmt.Sprintf("%s channel=%s campaign=%s keep=%v since %s by %s", s.ID, s.Channel, s.Campaign, s.KeepTransactional, s.Since, s.By.Name)
		if s.Setting != "" {
			line = fmt.Sprintf("%s channel=%s", s.Setting, s.Channel)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

func TestStopAndGoOn(t *testing.T) {
	b := newBench(t)
	b.hire(access.Viewer, access.Editor, access.Approver)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	b.must(201, "PUT", "/v1/campaigns/thanks", thanks)
	if got := b.must(200, "GET", "/v1/stops", ""); strings.TrimSpace(got) != `{"items":[],"off":[]}` {
		t.Errorf("at first %s", got)
	}
	status, answer := b.as(access.Editor, "POST", "/v1/stop", `{"channel":"email","keepTransactional":true}`)
	if want := `{"id":"run-1","channel":"email","keepTransactional":true,"since":"2026-11-21T08:00:00Z","by":{"name":"the editor","role":"editor","key":"1553cc62"}}`; status != 201 || strings.TrimSpace(answer) != want {
		t.Errorf("%d %s\nwant %s", status, answer, want)
	}
	b.Set(start.Add(time.Minute))
	b.must(400, "POST", "/v1/stop", "") // somebody may have forgotten what they meant to stop
	b.must(201, "POST", "/v1/stop", "{}")
	b.must(201, "POST", "/v1/stop", `{"campaign":"thanks"}`)
	const mail = "run-1 channel=email campaign= keep=true since 2026-11-21T08:00:00Z by the editor"
	const one = "run-3 channel= campaign=thanks keep=false since 2026-11-21T08:01:00Z by operator key"
	const all = "run-2 channel= campaign= keep=false since 2026-11-21T08:01:00Z by operator key"
	if got := b.stopped(); got != one+"; "+mail+"; "+all {
		t.Errorf("stopped is %s", got)
	}
	// What is stopped already stays as it is, whoever asks.
	b.Set(start.Add(time.Hour))
	if status, answer := b.as(access.Editor, "POST", "/v1/stop", `{}`); status != 200 || !strings.Contains(answer, `"id":"run-2"`) {
		t.Errorf("stopped again: %d %s", status, answer)
	}
	// An end takes more than a stop, and so does letting the transactional ones go.
	for _, call := range [][2]string{{"/v1/resume", `{}`}, {"/v1/stop", `{"keepTransactional":true}`}} {
		if status, answer := b.as(access.Editor, "POST", call[0], call[1]); status != 403 {
			t.Errorf("an editor's %s %s: %d %s", call[0], call[1], status, answer)
		}
	}
	if status, answer := b.as(access.Viewer, "POST", "/v1/stop", `{}`); status != 403 {
		t.Errorf("a viewer's stop: %d %s", status, answer)
	}
	if status, _ := b.as(access.Viewer, "GET", "/v1/stops", ""); status != 200 {
		t.Errorf("a viewer may not see what is stopped: %d", status)
	}
	// What has stopped a campaign can be ended when the campaign is gone.
	b.must(204, "DELETE", "/v1/campaigns/thanks", "")
	if got := b.must(200, "POST", "/v1/resume", `{"campaign":"thanks"}`); !strings.Contains(got, `"resumed":{"id":"run-3"`) {
		t.Errorf("resumed: %s", got)
	}
}

// TestGoingOnTellsWhatIsStoppedStill, by calls and by the setting.
func TestGoingOnTellsWhatIsStoppedStill(t *testing.T) {
	b := newBench(t)
	b.hire(access.Approver)
	b.must(201, "PUT", "/v1/settings/messaging", `{"killSwitch":true,"stopped":["social"]}`)
	b.must(201, "POST", "/v1/stop", `{}`)
	b.must(201, "POST", "/v1/stop", `{"channel":"email"}`)
	if got, want := b.stopped(), "run-2 channel=email campaign= keep=false since 2026-11-21T08:00:00Z by operator key; run-1 channel= campaign= keep=false since 2026-11-21T08:00:00Z by operator key; "+
		"messaging channel=; messaging channel=social"; got != want {
		t.Errorf("stopped is %s\nwant %s", got, want)
	}
	status, answer := b.as(access.Approver, "POST", "/v1/resume", `{}`)
	if want := `{"resumed":{"id":"run-1","since":"2026-11-21T08:00:00Z","by":{"name":"operator key","role":"owner","key":"06e55b63"}},"stopped":[` +
		`{"id":"run-2","channel":"email","since":"2026-11-21T08:00:00Z","by":{"name":"operator key","role":"owner","key":"06e55b63"}},{"setting":"messaging"},{"channel":"social","setting":"messaging"}]}`; status != 200 || strings.TrimSpace(answer) != want {
		t.Errorf("%d %s\nwant %s", status, answer, want)
	}
	if again := b.must(200, "POST", "/v1/resume", `{}`); strings.Contains(again, `"resumed"`) || !strings.Contains(again, "nothing was resumed") {
		t.Errorf("resumed again: %s", again)
	}
	b.must(200, "POST", "/v1/resume", `{"channel":"email"}`)
	if got := b.stopped(); got != "messaging channel=; messaging channel=social" {
		t.Errorf("stopped is %s", got)
	}
	// A second stop of a scope is another one.
	if got := b.must(201, "POST", "/v1/stop", `{}`); !strings.Contains(got, `"id":"run-3"`) {
		t.Errorf("stopped anew: %s", got)
	}
	var lines []string
	for _, l := range b.lines() {
		if l.Kind == "stop" {
			lines = append(lines, fmt.Sprintf("%s %s by %s", l.Action, l.Of, l.By.Name))
		}
	}
	slices.Sort(lines)
	want := "[delete channel-email by operator key delete everything by the approver save channel-email by operator key save everything by operator key save everything by operator key]"
	if got := fmt.Sprint(lines); got != want {
		t.Errorf("the audit log tells %s\nwant %s", got, want)
	}
	if got := b.must(200, "GET", "/v1/audit?kind=stop&id=everything", ""); strings.Count(got, `"action"`) != 3 {
		t.Errorf("of the scope it tells %s", got)
	}
}

func TestStopsThatMeanNothingAreRefused(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"stop", `{`, 400, ""}, {"stop", `{"channel":"fax"}`, 422, "channel is not a channel: " + fmt.Sprint(delivery.Channels())},
		{"stop", `{"campaign":"nobody"}`, 422, "campaign names the campaign nobody, which is not there"},
		{"stop", `{"channel":"email","campaign":"a"}`, 422, "campaign stands beside a channel: a stop is of one of them, or of everything"},
		{"stop", `{"id":"mine"}`, 422, "id is given to a stop, and not taken"}, {"stop", `{"a":1,"a":1}`, 422, "a is there twice"},
		{"stop", `[]`, 422, " is a JSON array, which does not fit"},
		{"resume", `{"keepTransactional":true}`, 422, "keepTransactional means nothing here: transactional notifications go on with the others"},
	} {
		got := b.must(c.status, "POST", "/v1/"+c.path, c.body)
		if c.want != "" && errorsOf(t, got) != c.want {
			t.Errorf("%s %s: %s, want %s", c.path, c.body, errorsOf(t, got), c.want)
		}
	}
	if got := b.stopped(); got != "" {
		t.Errorf("stopped is %s", got)
	}
}
