package dispatch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/job"
)

// listed is what a stop lists.
func (b *bench) listed(stop string) []outreach.Skip {
	b.Helper()
	all, _, _, err := outreach.Skips{DB: b.DB, Table: "Deliveries", Results: "Results", Now: b.Now}.Page(b.Context(), stop, "", 100)
	b.Must(err)
	return all
}

// TestWhoIsSkippedIsListedUnderTheStop, with all that the entry was, and by a call alone: the setting lists nobody.
func TestWhoIsSkippedIsListedUnderTheStop(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Stop, "scope", `{"id":"s7"}`)
	n := b.ask("s1")
	settle(b, b.process, n)
	settle(b, b.process, n) // the job comes again
	list := b.listed("s7")
	if len(list) != 1 || list[0].Entry.ID != n.ID || list[0].Entry.EventID != n.EventID || !list[0].Entry.NotAfter.Equal(n.NotAfter) || list[0].Channel != delivery.Email || list[0].ProfileID != b.ann.ID || list[0].Again.By != "" {
		t.Errorf("listed is %+v", list)
	}
	for doc, detail := range map[string]string{`{"killSwitch":true}`: "", `{"stopped":["email"]}`: "email"} {
		b := start(t, welcome)
		b.define(definition.Settings, delivery.SettingsID, doc)
		settle(b, b.process, b.ask("s1"))
		if d := b.lastDecision(); d.Reason != delivery.KillSwitch || d.Detail != detail || len(b.listed(detail)) != 0 {
			t.Errorf("%s: %+v", doc, d)
		}
	}
}

// TestAnEntryThatWasBegunIsNotFollowedByAnother: what was skipped by one worker, and handed over by another one that ended, is not sent again.
func TestAnEntryThatWasBegunIsNotFollowedByAnother(t *testing.T) {
	for begun, want := range map[bool]int{true: 0, false: 1} {
		b := start(t, welcome)
		first := b.ask("s1")
		if begun {
			c, err := b.process.Deliveries.Contact(t.Context(), b.ann.ID)
			b.Must(err)
			c.Add(delivery.Intent{ID: first.ID, Asked: first.At, At: first.At, Holder: "gone", Channel: delivery.Email})
			b.Must(b.process.Deliveries.SaveContact(t.Context(), c))
		}
		again := first
		again.Step = delivery.StepAgain(first.Step)
		again.ID = campaign.NotificationID(again.ProfileID, again.CampaignID, again.Step)
		settle(b, b.process, again)
		if b.provider.calls != want {
			t.Errorf("begun before %v: %d calls", begun, b.provider.calls)
		}
	}
}

// TestAnEntryAgainAsksAllGuards: another stop, the caps, a withdrawal and the end of its time turn it down, each with a decision of its own.
func TestAnEntryAgainAsksAllGuards(t *testing.T) {
	receipt := strings.Replace(welcome, `"state"`, `"transactional":true,"state"`, 1)
	for name, c := range map[string]struct {
		campaign string
		before   func(*bench)
		change   func(*job.Notification)
		want     string
	}{
		"nothing stands against it": {welcome, nil, nil, "sent"},
		"another stop":              {welcome, func(b *bench) { b.define(definition.Stop, "scope", `{"id":"s8"}`) }, nil, "skipped killSwitch"},
		"a campaign that is over":   {strings.Replace(welcome, "running", "finished", 1), nil, nil, "skipped notRunning"},
		"stale":                     {receipt, nil, func(n *job.Notification) { n.NotAfter = noon.Add(-time.Second) }, "skipped expired"},
	} {
		b := start(t, c.campaign)
		if c.before != nil {
			c.before(b)
		}
		n := b.ask("s1")
		n.Step = delivery.StepAgain(n.Step)
		n.ID = campaign.NotificationID(n.ProfileID, n.CampaignID, n.Step)
		if c.change != nil {
			c.change(&n)
		}
		settle(b, b.process, n)
		d := b.lastDecision()
		if got := strings.TrimSpace(fmt.Sprint(d.Outcome, " ", d.Reason)); got != c.want || d.Step != "s1~1" {
			t.Errorf("%s: %s of %s, want %s", name, got, d.Step, c.want)
		}
		if c.want == "skipped killSwitch" && len(b.listed("s8")) != 1 {
			t.Error("who was entered again and skipped by another stop is not listed under that")
		}
	}
}
