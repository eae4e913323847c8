package orchestration

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/job"
)

// skipped is a notification to somebody that the stop S has skipped.
func (b *bench) skipped(who *profile.Profile, step string, change func(*job.Notification)) job.Notification {
	b.Helper()
	n := job.Notification{
		ID: campaign.NotificationID(who.ID, "c", step), ProfileID: who.ID, CampaignID: "c", CampaignVersion: 1, Step: step, Variant: "gone", TemplateVersion: 7, At: noon, Since: noon.Add(-time.Hour),
		NotAfter: noon.Add(time.Hour), Deferred: 2, Refused: 1,
	}
	if change != nil {
		change(&n)
	}
	entry, err := json.Marshal(n)
	b.Must(err)
	b.Must(outreach.Deliveries{DB: b.DB, Table: "Deliveries", Results: "Results", Now: b.Now}.Decide(b.Context(), delivery.Decision{
		NotificationID: n.ID, ProfileID: n.ProfileID, CampaignID: n.CampaignID, Step: n.Step, Channel: delivery.Email, Outcome: delivery.Skipped, Reason: delivery.KillSwitch, Detail: "S", Asked: n.At, At: n.At,
		Stop: "S", Entry: string(entry),
	}))
	return n
}

// ofEvent makes a notification one of the nth sign-up, which the timeline has.
func (b *bench) ofEvent(n int, plan string) func(*job.Notification) {
	b.write(n, plan)
	return func(of *job.Notification) {
		of.EventOf, of.EventDay, of.EventVersion, of.EventID, of.EventName, of.EventSource = b.ann.ID, profile.DayOf(noon), int64(n), fmt.Sprint("m", n), "Signed Up", "s"
	}
}

func (b *bench) reenter(id, campaign string) bool {
	b.Helper()
	return b.hear(job.Orchestration{Reentry: &job.Reentry{ID: id, StopID: "S", CampaignID: campaign}})
}

// tally is what is counted of the stop, and which requests are through.
func (b *bench) tally() string {
	b.Helper()
	results := outreach.Results{DB: b.DB, Table: "Results"}
	counts, err := results.Stopped(b.Context(), "S")
	b.Must(err)
	finished, err := results.Finished(b.Context(), "S")
	b.Must(err)
	return fmt.Sprintf("%v%d", counts, len(finished))
}

func TestWhoWasSkippedIsEnteredAgain(t *testing.T) {
	b := start(t, strings.Replace(onEvent, `"channel"`, `"expiresAfter":"3h","channel"`, 1))
	of := b.ofEvent(1, "gold")
	was := b.skipped(b.ann, "f1", of)
	b.define(definition.Campaign, "c", strings.Replace(onEvent, `"channel"`, `"expiresAfter":"2h","channel"`, 1)) // mended since
	b.Pass(5 * time.Hour)
	if b.reenter("r1", "") {
		t.Fatal("the job comes again")
	}
	want := was
	want.Step, want.Variant, want.TemplateVersion, want.Deferred, want.Refused, want.CampaignVersion = "f1~1", "", 0, 0, 0, 2
	want.ID = campaign.NotificationID(b.ann.ID, "c", "f1~1")
	want.At, want.NotAfter = noon.Add(5*time.Hour), noon.Add(7*time.Hour)
	if got := b.asked(); len(got) != 1 || got[0] != want {
		t.Fatalf("asked for %+v\nwant %+v", got, want)
	}
	if got := b.tally(); got != "[{c 1 1}]1" {
		t.Errorf("counted are %s", got)
	}
	// The job comes again, hours later: it is the same notification, of the same time. Another request finds nobody.
	b.Pass(time.Hour)
	b.reenter("r1", "")
	b.reenter("r2", "")
	if got := b.asked(); len(got) != 2 || got[1] != want {
		t.Errorf("asked again for %+v", got[1:])
	}
	if got := b.tally(); got != "[{c 1 1}]2" {
		t.Errorf("counted are %s", got)
	}
}

// TestWhatAnEntryAgainIsJudgedBy: what the campaign does not want any more ends here with a decision of its own, all else is dispatch's question.
func TestWhatAnEntryAgainIsJudgedBy(t *testing.T) {
	once, receipt := with(onEvent, `"onceEvery":"7d"`), with(onEvent, `"transactional":true`)
	gold := strings.Replace(onEvent, `"Signed Up"`, `"Signed Up","where":[{"property":"plan","op":"eq","value":"gold"}]`, 1)
	enrol := func(cause string) func(*bench) {
		return func(b *bench) {
			_, err := b.process.Enrolments.Enrol(b.Context(), outreach.Enrolment{IDs: []profile.ID{b.ann.ID}, CampaignID: "c", Cause: cause, Until: noon.Add(100 * time.Hour)}, noon)
			b.Must(err)
		}
	}
	audience := delivery.AudienceStep(noon)
	for name, c := range map[string]struct {
		campaign, step, plan string
		before               func(*bench)
		want                 string // asked, or the decision
	}{
		"an event":                          {onEvent, "f1", "gold", nil, "asked"},
		"an event that meets the condition": {gold, "f1", "gold", nil, "asked"},
		"one that does not":                 {gold, "f1", "tin", nil, "notEligible: trigger"},
		"another event":                     {strings.Replace(onEvent, "Signed Up", "Looked", 1), "f1", "gold", nil, "notEligible: trigger"},
		"no event any more":                 {onEntered, "f1", "gold", nil, "notEligible: trigger"},
		"a segment":                         {onEntered, "f1", "", nil, "asked"},
		"an event from now on":              {onEvent, "f1", "", nil, "notEligible: trigger"},
		"the audience":                      {toAll, audience, "", nil, "asked"},
		"the audience, by now an event":     {onEvent, audience, "", nil, "cancelled: moved to another time"},
		"the audience, at another time":     {strings.Replace(toAll, "12:00", "13:00", 1), audience, "", nil, "cancelled: moved to another time"},
		"once in a week, nobody since":      {once, "f1", "gold", enrol("f1"), "asked"},
		"once in a week, another since":     {once, "f1", "gold", enrol("f2"), "taken"},
		"once":                              {with(onEvent, `"oncePerPerson":true`), "once", "gold", enrol("f9"), "asked"},
		"transactional":                     {receipt, "f1", "gold", nil, "asked as before"},
		"a campaign that is gone": {onEvent, "f1", "gold", func(b *bench) {
			b.Must(b.Catalog.Delete(b.Context(), definition.Campaign, "c", 1, dynamotest.By(noon)))
			b.define(definition.Template, "other", `{"channel":"email","locales":{}}`) // empties the cache
		}, "asked as before"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, c.campaign)
			if c.before != nil {
				c.before(b)
			}
			var of func(*job.Notification)
			if c.plan != "" {
				of = b.ofEvent(1, c.plan)
			}
			was := b.skipped(b.ann, c.step, of)
			b.Pass(time.Minute)
			for range 2 {
				if b.reenter("r1", "") {
					t.Fatal("the job comes again")
				}
			}
			got := strings.Join(b.decisions(b.ann), "; ")
			if asked := b.asked(); len(asked) == 2 && asked[0] == asked[1] && asked[0].Step == c.step+"~1" {
				got = "asked"
				if asked[0].NotAfter.Equal(was.NotAfter) {
					got = "asked as before"
				}
			}
			if !strings.Contains(got, c.want) || c.want == "asked" && got != "asked" {
				t.Errorf("%s, want %s", got, c.want)
			}
			if got := b.tally(); got != "[{c 1 1}]1" {
				t.Errorf("counted are %s", got)
			}
		})
	}
}

// TestOnlyThoseOfACampaignAreEnteredAgain where a request names one; the others stay.
func TestOnlyThoseOfACampaignAreEnteredAgain(t *testing.T) {
	b := start(t, onEntered)
	b.define(definition.Campaign, "d", onEntered)
	b.skipped(b.ann, "f1", nil)
	b.skipped(b.ann, "f2", func(n *job.Notification) { n.CampaignID = "d" })
	b.reenter("r1", "d")
	if got := b.asked(); len(got) != 1 || got[0].CampaignID != "d" {
		t.Errorf("asked for %+v", got)
	}
	b.reenter("r2", "")
	if got := b.asked(); len(got) != 2 || got[1].CampaignID != "c" || b.tally() != "[{c 1 1} {d 1 1}]2" {
		t.Errorf("asked for %+v, counted %s", got, b.tally())
	}
}

// TestWhoWasErasedIsNotEnteredAgain, also where the wipe has not reached the list.
func TestWhoWasErasedIsNotEnteredAgain(t *testing.T) {
	b := start(t, onEntered)
	b.skipped(b.ann, "f1", nil)
	b.skipped(&profile.Profile{ID: "nobody"}, "f1", nil)
	b.Must(b.Profiles.Erase(t.Context(), b.ann, noon, b.ann.TombstoneVersion(noon)))
	b.reenter("r1", "")
	if got := b.asked(); len(got) != 0 || b.tally() != "[{c 2 0}]1" {
		t.Errorf("asked for %+v, counted %s", got, b.tally())
	}
}

// TestALongListGoesOn where there is no time: what is left is sent as a new message, from where it was, and in the end everybody was asked for once.
func TestALongListGoesOn(t *testing.T) {
	b := start(t, onEntered)
	const many = 300
	for i := range many {
		b.skipped(b.Person(fmt.Sprint("u", i), func(*profile.Profile) {}), "f1", nil)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(reserve))
	defer cancel()
	j, rounds := job.Reentry{ID: "r1", StopID: "S"}, 0
	for {
		rounds++
		rest, err := b.process.reenter(ctx, j)
		b.Must(err)
		if rest == nil {
			break
		}
		if rest.Cursor == j.Cursor || rest.Cursor == "" {
			t.Fatalf("from %+v it goes on at %+v", j, rest)
		}
		j = *rest
	}
	if got := len(b.asked()); got != many || rounds != 3 || b.tally() != "[{c 300 300}]1" {
		t.Errorf("%d asked for in %d rounds, counted %s", got, rounds, b.tally())
	}
	b.expect(many)
}

// TestEnteringAgainSurvivesEveryFailure: each call is broken both ways, and the job, which comes again, enters everybody again who was skipped, once.
func TestEnteringAgainSurvivesEveryFailure(t *testing.T) {
	for _, op := range []string{"GetItem", "Query", "PutItem", "UpdateItem", "TransactWriteItems"} {
		for _, how := range []dynamotest.How{dynamotest.Persisted, dynamotest.NotPersisted} {
			for nth := 1; ; nth++ {
				b := start(t, strings.Replace(onEvent, `"Signed Up"`, `"Signed Up","where":[{"property":"plan","op":"eq","value":"gold"}]`, 1))
				b.skipped(b.ann, "f1", b.ofEvent(1, "gold"))
				b.skipped(b.ann, "f2", b.ofEvent(2, "tin"))
				before := b.DB.Calls(op)
				b.DB.Fail(op, nth, how)
				again := b.reenter("r1", "")
				reached := b.DB.Calls(op)-before >= nth
				b.DB.Heal()
				for range 3 {
					if again = b.reenter("r1", ""); !again {
						break
					}
				}
				if again {
					t.Fatalf("%s %d %v: the job comes again for ever", op, nth, how)
				}
				b.expect(1)
				for _, n := range b.asked() {
					if n != b.asked()[0] {
						t.Errorf("%s %d %v: asked for another one", op, nth, how)
					}
				}
				if got := b.tally(); got != "[{c 2 2}]1" {
					t.Errorf("%s %d %v: counted are %s", op, nth, how, got)
				}
				if got := len(b.decisions(b.ann)); got != 3 { // two that were skipped, and that of the entry that is not wanted
					t.Errorf("%s %d %v: %d decisions", op, nth, how, got)
				}
				if !reached {
					break
				}
			}
		}
	}
}

// TestAnEventThatIsNotKeptAnyMore ends an entry again with a decision, and holds up nobody.
func TestAnEventThatIsNotKeptAnyMore(t *testing.T) {
	b := start(t, onEvent)
	b.skipped(b.ann, "f1", func(n *job.Notification) {
		n.EventOf, n.EventDay, n.EventVersion, n.EventID, n.EventName = b.ann.ID, profile.DayOf(noon), 9, "m9", "Signed Up"
	})
	if b.reenter("r1", "") {
		t.Error("the job comes again")
	}
	if got := strings.Join(b.decisions(b.ann), "; "); !strings.Contains(got, "notEligible: event") || len(b.asked()) != 0 {
		t.Errorf("decided is %s", got)
	}
}
