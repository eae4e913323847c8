package dispatch

import (
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// TestWhatIsStoppedIsSkipped, and tells which stop it was; what is of another scope goes on.
func TestWhatIsStoppedIsSkipped(t *testing.T) {
	receipt := strings.Replace(welcome, `"state"`, `"transactional":true,"state"`, 1)
	for name, c := range map[string]struct {
		campaign, stop string
		want           string // the decision
	}{
		"everything":               {welcome, `{"id":"s7"}`, "skipped killSwitch"},
		"everything, of a receipt": {receipt, `{"id":"s7"}`, "skipped killSwitch"},
		"the channel":              {welcome, `{"id":"s7","channel":"email"}`, "skipped killSwitch"},
		"the campaign":             {welcome, `{"id":"s7","campaign":"welcome"}`, "skipped killSwitch"},
		"another campaign":         {welcome, `{"id":"s7","campaign":"later"}`, "sent"},
		"another channel":          {welcome, `{"id":"s7","channel":"social"}`, "sent"},
		"but transactional":        {receipt, `{"id":"s7","keepTransactional":true}`, "sent"},
		"not transactional":        {welcome, `{"id":"s7","keepTransactional":true}`, "skipped killSwitch"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, c.campaign)
			b.define(definition.Stop, "scope", c.stop)
			settle(b, b.process, b.ask("s1"))
			calls := map[bool]int{true: 1}[c.want == "sent"]
			b.expect(calls, c.want)
			if d := b.lastDecision(); calls == 0 && d.Detail != "s7" {
				t.Errorf("the decision tells %q", d.Detail)
			}
		})
	}
}

// TestAStopIsInForceForTheNextInvocation of a worker that has just sent something, and its end too.
func TestAStopIsInForceForTheNextInvocation(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, `{"caps":[]}`)
	store := catalog.Catalog{DB: b.DB, Table: "Catalog"}
	invoke := func(id string, all ...job.Notification) {
		ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: id})
		for _, n := range all {
			if again := functiontest.Deliver(ctx, b, b.process.Handle, functiontest.Body(b, job.Notifications{Notifications: []job.Notification{n}})); len(again) > 0 {
				t.Fatalf("%s comes again", n.Step)
			}
		}
	}
	invoke("1", b.ask("s1"))
	saved, err := store.Save(t.Context(), definition.Stop, delivery.StopEverything, []byte(`{"id":"s7"}`), nil, dynamotest.By(noon))
	b.Must(err)
	invoke("2", b.ask("s2"))
	b.expect(1, "sent", "skipped killSwitch")
	b.Must(store.Delete(t.Context(), definition.Stop, delivery.StopEverything, saved.Version, dynamotest.By(noon)))
	invoke("3", b.ask("s2"), b.ask("s3"))
	if b.provider.calls != 2 {
		t.Errorf("%d calls: what was skipped is not sent later, and what comes after the end is", b.provider.calls)
	}
}

// TestAStopThatCannotBeReadKeepsEverything until a newer program takes over: nobody knows what it forbids.
func TestAStopThatCannotBeReadKeepsEverything(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Stop, "tag-promo", `{"id":"s7","tag":"promo"}`)
	if again := deliver(b, b.process, b.ask("s1")); len(again) != 1 {
		t.Error("the job does not come again")
	}
	b.expect(0)
}
