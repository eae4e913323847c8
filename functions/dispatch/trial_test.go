package dispatch

import (
	"fmt"
	"testing"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

const ownAddress = `{"testAddresses":["ops@shop.example"]}`

// trialOf writes a trial down, as console does.
func (b *bench) trialOf(id, to string) delivery.Trial {
	b.Helper()
	t := delivery.Trial{ID: id, TemplateID: "hello", TemplateVersion: 1, Channel: delivery.Email, To: to, At: noon.UTC()}
	by := operator.Audit{DB: b.DB, Table: "Audit", Now: b.Now}.Signed(audit.Line{At: noon, By: access.Caller{Name: "ann"}}.Done(audit.Try, definition.Template, "hello", id))
	lines, err := by.Puts()
	b.Must(err)
	b.Must(b.trials().Ask(b.Context(), t, by.By, lines...))
	return t
}

func (b *bench) trials() outreach.Trials {
	return outreach.Trials{DB: b.DB, Table: "Results", Now: b.Now}
}

// try hands a trial over to a worker and tells whether it comes again.
func (b *bench) try(p *Process, t delivery.Trial) bool {
	b.Helper()
	return len(functiontest.Deliver(b.Context(), b, p.Handle, functiontest.Body(b, job.Notifications{Trials: []delivery.Trial{t}}))) > 0
}

// became is what is on record of the trials of the template, the newest first.
func (b *bench) became() string {
	b.Helper()
	all, err := b.trials().Of(b.Context(), "hello", 10)
	b.Must(err)
	var texts []string
	for _, t := range all {
		texts = append(texts, fmt.Sprint(t.ID, " ", t.Outcome, " ", t.Reason, " ", t.Detail))
	}
	return fmt.Sprint(texts)
}

// TestATrialGoesToTheShopsOwnAddressAlone, once, marked, with nobody's data in it and in no result; to any other address and while something is stopped it does not go.
func TestATrialGoesToTheShopsOwnAddressAlone(t *testing.T) {
	b := start(t, welcome)
	for name, c := range map[string]struct {
		settings, to, became string
		calls                int
		change               func()
	}{
		"its own":             {ownAddress, "ops@shop.example", "[%s sent  ]", 1, nil},
		"in other letters":    {ownAddress, "Ops@Shop.example", "[%s sent  ]", 1, nil},
		"somebody's":          {ownAddress, "ann@example.com", "[%s skipped noAddress is no test address]", 0, nil},
		"none is":             {`{}`, "ops@shop.example", "[%s skipped noAddress is no test address]", 0, nil},
		"everything stopped":  {`{"killSwitch":true,"testAddresses":["ops@shop.example"]}`, "ops@shop.example", "[%s skipped killSwitch ]", 0, nil},
		"the channel stopped": {`{"stopped":["email"],"testAddresses":["ops@shop.example"]}`, "ops@shop.example", "[%s skipped killSwitch email]", 0, nil},
		"a stop": {ownAddress, "ops@shop.example", "[%s skipped killSwitch stop-1]", 0, func() {
			b.define(definition.Stop, "everything", `{"id":"stop-1"}`)
		}},
		"no channel": {ownAddress, "ops@shop.example", "[%s skipped channelOff ]", 0, func() { delete(b.process.Senders, delivery.Email) }},
		"no template": {ownAddress, "ops@shop.example", "[%s skipped template no template hello for the channel]", 0, func() {
			b.define(definition.Template, "hello", `{"channel":"social","locales":{"default":{"payload":"{}"}}}`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b = start(t, welcome)
			b.define(definition.Settings, delivery.SettingsID, c.settings)
			if c.change != nil {
				c.change()
			}
			trial := b.trialOf("t1", c.to)
			if name == "no template" {
				trial.TemplateVersion = 2
			}
			for range 3 { // its job comes again
				if b.try(b.process, trial) {
					t.Error("it comes again")
				}
			}
			if b.provider.calls != c.calls || b.became() != fmt.Sprintf(c.became, "t1") {
				t.Errorf("%d calls, on record %s", b.provider.calls, b.became())
			}
			for _, n := range b.provider.taken {
				if n.Address != c.to || n.Content.Subject != "[TEST] Hi" || n.Content.Text != "Teahouse  https://shop.example/v1/unsubscribe/test" || n.ProfileID != "" || n.UserID != "" || n.UnsubscribeURL != "" {
					t.Errorf("sent was %+v", n)
				}
			}
			sum, err := outreach.Results{DB: b.DB, Table: "Results"}.Of(t.Context(), "welcome")
			if err != nil || sum.Summary() != (delivery.Summary{}) || len(b.decisions()) != 0 {
				t.Errorf("it counts in %+v, %v", sum.Summary(), err)
			}
		})
	}
}

// TestATrialThatNobodyAskedFor is not sent: what stands in the queue alone opens nothing.
func TestATrialThatNobodyAskedFor(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, ownAddress)
	if b.try(b.process, delivery.Trial{ID: "forged", TemplateID: "hello", TemplateVersion: 1, Channel: delivery.Email, To: "ops@shop.example", At: noon}) || b.provider.calls != 0 {
		t.Errorf("%d calls", b.provider.calls)
	}
}

// TestATrialIsSentOnceAtMost, whatever write is lost and wherever the process ends.
func TestATrialIsSentOnceAtMost(t *testing.T) {
	for name, c := range map[string]struct {
		nth    int
		how    dynamotest.How
		calls  int
		became string
	}{
		"taken up without an answer": {1, dynamotest.Persisted, 0, "[t1 unknown interrupted ]"},
		"not taken up":               {1, dynamotest.NotPersisted, 1, "[t1 sent  ]"},
		"ended without an answer":    {2, dynamotest.Persisted, 1, "[t1 sent  ]"},
		"not ended":                  {2, dynamotest.NotPersisted, 1, "[t1 sent  ]"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, welcome)
			b.define(definition.Settings, delivery.SettingsID, ownAddress)
			trial := b.trialOf("t1", "ops@shop.example")
			b.DB.Fail("UpdateItem", c.nth, c.how)
			for range 4 {
				if !b.try(b.process, trial) {
					break
				}
			}
			if b.provider.calls != c.calls || b.became() != c.became {
				t.Errorf("%d calls, on record %s", b.provider.calls, b.became())
			}
		})
	}
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, ownAddress)
	trial := b.trialOf("t1", "ops@shop.example")
	b.provider.crash = func() { panic(errPower) }
	b.try(b.process, trial)
	b.provider.crash = nil
	b.try(b.another(), trial)
	if b.provider.calls != 1 || b.became() != "[t1 unknown interrupted ]" {
		t.Errorf("after a crash: %d calls, on record %s", b.provider.calls, b.became())
	}
}

// TestWhatAProviderSaysOfATrial is on record, and it is not tried again.
func TestWhatAProviderSaysOfATrial(t *testing.T) {
	for want, refusal := range map[string]*channel.Error{
		"[t1 failed rejected 550]": {Class: channel.Reject, Code: "550"}, "[t1 failed providerError 421]": {Class: channel.Retry, Code: "421"}, "[t1 unknown timedOut late]": {Class: channel.Uncertain, Code: "late"},
	} {
		b := start(t, welcome)
		b.define(definition.Settings, delivery.SettingsID, ownAddress)
		b.provider.answer = func(int) error { return refusal }
		trial := b.trialOf("t1", "ops@shop.example")
		first := b.try(b.process, trial)
		if again := b.try(b.process, trial); first || again || b.provider.calls != 1 || b.became() != want {
			t.Errorf("%d calls, on record %s, want %s", b.provider.calls, b.became(), want)
		}
	}
	b := start(t, welcome)
	b.trialOf("t1", "ops@shop.example")
	if b.became() != "[t1   ]" {
		t.Errorf("asked for: %s", b.became())
	}
	b.Set(noon.Add(35 * 24 * time.Hour))
	if b.became() != "[]" {
		t.Errorf("later: %s", b.became())
	}
}
