package orchestration

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/telemetry/telemetrytest"
)

// TestEveryReadAtTheEndOfAWaitFails, of a person who is part of another by now and of a campaign that was saved anew: what waits is looked at again
// and told once, by the version that took the person.
func TestEveryReadAtTheEndOfAWaitFails(t *testing.T) {
	reads := 0
	for nth := 1; ; nth++ {
		b := start(t, with(onEvent, `"wait":"10m"`))
		b.Must(b.tick())
		b.heard(b.signUp(1))
		bob := b.Person("bob", func(*profile.Profile) {})
		bob.Absorb(b.ann)
		b.Must(b.Profiles.Merge(t.Context(), bob, b.ann, people.Pack{}))
		b.define(definition.Campaign, "c", with(onEvent, `"wait":"20m"`))
		b.Pass(10 * time.Minute)
		before := b.DB.Calls("GetItem")
		b.DB.Fail("GetItem", nth, dynamotest.NotPersisted)
		_ = b.tick()
		if b.DB.Calls("GetItem")-before < nth {
			break
		}
		reads++
		b.DB.Heal()
		for range 3 {
			b.Pass(time.Minute)
			b.Must(b.tick())
		}
		if got := b.asked(); len(got) != 1 || got[0].CampaignVersion != 1 || got[0].ProfileID != b.ann.ID {
			t.Errorf("read %d: asked for %+v", nth, got)
		}
		if got := fmt.Sprint(b.decisions(bob)); got != "[]" {
			t.Errorf("read %d: on record %s", nth, got)
		}
	}
	if reads < 4 { // the floor, the version, the person and who stood under the key
		t.Errorf("only %d reads", reads)
	}
}

// TestWhoCannotBeReadNow is looked at again a minute after the end of the wait, and the later the less often.
func TestWhoCannotBeReadNow(t *testing.T) {
	for _, c := range []struct{ unreadable, least, most time.Duration }{{0, time.Minute, time.Minute}, {4 * time.Minute, time.Minute, time.Minute}, {80 * time.Minute, 3 * time.Minute, 21 * time.Minute}} {
		b := start(t, with(onEvent, `"wait":"10m"`))
		b.Must(b.tick())
		b.heard(b.signUp(1))
		key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p#" + string(b.ann.ID)}, "sk": &types.AttributeValueMemberS{Value: "p"}}
		sound, err := b.DB.Client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: new("Profiles"), Key: key})
		b.Must(err)
		b.Item("Profiles", map[string]types.AttributeValue{"pk": key["pk"], "sk": key["sk"], "v": &types.AttributeValueMemberN{Value: "1"}, "b": &types.AttributeValueMemberB{Value: []byte{255}}})
		b.Pass(10 * time.Minute)
		b.Must(b.tick())
		for late := time.Duration(0); late < c.unreadable; late += time.Minute {
			b.Pass(time.Minute)
			b.Must(b.tick())
		}
		b.Item("Profiles", sound.Item)
		waited := time.Duration(0)
		for ; len(b.asked()) == 0 && waited < time.Hour; waited += time.Minute {
			b.Pass(time.Minute)
			b.Must(b.tick())
		}
		if waited < c.least || waited > c.most {
			t.Errorf("unreadable for %v: told after %v more, want %v to %v", c.unreadable, waited, c.least, c.most)
		}
	}
}

// TestAJobOfWhoCannotBeReadWaits as for a service that is away: a newer program will take it over.
func TestAJobOfWhoCannotBeReadWaits(t *testing.T) {
	b := start(t, onEvent)
	var put postponed
	b.process.Queue = queue.Consumer{Postponer: queue.Postponer{Client: &put}, Jitter: func(time.Duration) time.Duration { return 0 }}
	b.Item("Profiles", map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p#" + string(b.ann.ID)}, "sk": &types.AttributeValueMemberS{Value: "p"},
		"v": &types.AttributeValueMemberN{Value: "1"}, "b": &types.AttributeValueMemberB{Value: []byte{255}}})
	if !b.hear(job.Orchestration{Follows: []job.Follow{b.signUp(1)}}) || fmt.Sprint(put) != "[30]" {
		t.Errorf("the job is put off by %v", put)
	}
}

// TestWhatIsDoneHandsNothingOn: a job, an audience and a minute in which all was answered leave no job behind.
func TestWhatIsDoneHandsNothingOn(t *testing.T) {
	b := start(t, onEvent)
	b.define(definition.Campaign, "d", toAll)
	b.heard(b.signUp(1))
	b.heard()
	for _, ids := range [][]profile.ID{{b.ann.ID}, nil} {
		if b.hear(job.Orchestration{Audience: &job.AudienceList{ID: "l", CampaignID: "d", RunID: "audience-d-1795262400", SegmentID: "vip", Profiles: ids}}) {
			t.Error("an audience comes again")
		}
	}
	b.Must(b.tick())
	if got := b.self.Take(); len(got) != 0 {
		t.Errorf("handed on %s", got)
	}
	b.expect(1)
}

// TestAConditionIsAskedAtTheEndOfAWait and not at its begin: what does not hold yet may by then.
func TestAConditionIsAskedAtTheEndOfAWait(t *testing.T) {
	b := start(t, with(onEvent, `"wait":"10m","condition":{"field":"orders.count","op":"gte","value":1}`))
	b.Must(b.tick())
	b.heard(b.signUp(1))
	b.change(func(p *profile.Profile) { p.Orders.Count = 1 })
	b.Pass(10 * time.Minute)
	b.Must(b.tick())
	b.expect(1)
	if got := fmt.Sprint(b.decisions(b.ann)); got != "[]" {
		t.Errorf("on record %s", got)
	}
}

// TestWhatIsCounted: each end of a trigger, once, in the invocation that came to it.
func TestWhatIsCounted(t *testing.T) {
	wait := with(onEvent, `"wait":"10m"`)
	where := strings.Replace(onEvent, `"Signed Up"`, `"Signed Up","where":[{"property":"plan","op":"eq","value":"gold"}]`, 1)
	erase := func(b *bench) {
		b.Must(b.Profiles.Erase(t.Context(), b.ann, noon.Add(time.Second), b.ann.TombstoneVersion(noon.Add(time.Second))))
	}
	hear := func(b *bench) { b.heard(b.signUp(1)) }
	hearing := func(b *bench) { b.Must(b.tick()); b.heard(b.signUp(1)) }
	tick := func(b *bench) { b.Pass(10 * time.Minute); b.Must(b.tick()) }
	list := func(b *bench) {
		b.hear(job.Orchestration{Audience: &job.AudienceList{ID: "l", CampaignID: "c", RunID: "audience-c-1795262400", SegmentID: "vip", Profiles: []profile.ID{b.ann.ID}}})
	}
	paused := func(body string) string { return strings.Replace(body, `"running"`, `"paused"`, 1) }
	for name, c := range map[string]struct {
		body    string
		before  func(*bench)
		do      func(*bench)
		outcome string
	}{
		"asked for":              {onEvent, nil, hear, "notified"},
		"waits":                  {wait, nil, hear, "waiting"},
		"its wait is over":       {wait, hearing, tick, "notified"},
		"erased":                 {onEvent, erase, hear, "gone"},
		"erased while it waits":  {wait, func(b *bench) { hearing(b); erase(b) }, tick, "gone"},
		"erased in a pause":      {wait, func(b *bench) { hearing(b); b.define(definition.Campaign, "c", paused(wait)); erase(b) }, tick, "gone"},
		"in a pause":             {wait, func(b *bench) { hearing(b); b.define(definition.Campaign, "c", paused(wait)) }, tick, "parked"},
		"an audience in a pause": {strings.Replace(toAll, "scheduled", "paused", 1), nil, list, "parked"},
		"an audience of no name": {toAll, nil, func(b *bench) {
			b.hear(job.Orchestration{Audience: &job.AudienceList{ID: "l", CampaignID: "c", RunID: "x"}})
		}, "undecoded"},
		"an entry that is none": {onEvent, func(b *bench) {
			b.Must(b.tick())
			b.Must(b.process.Due.Put(t.Context(), due.OwnerOrchestration, noon.Add(10*time.Minute), "x", []byte(`{}`)))
		}, tick, "undecoded"},
		"an event that does not fit": {where, func(b *bench) {
			e := event.Event{MessageID: "m1", Kind: event.Track, Name: "Signed Up", Timestamp: noon, ReceivedAt: noon, Properties: json.RawMessage(`{"plan":"tin"}`)}
			b.Must(b.Timeline.Write(t.Context(), people.Pack{Profile: b.ann.ID, Day: profile.DayOf(noon), Version: 1, Events: []people.PackedEvent{{Source: "s", Event: e}}}))
		}, hear, "unmet"},
		"refused": {with(onEvent, `"condition":{"field":"orders.count","op":"gte","value":1}`), nil, hear, "notEligible"},
	} {
		b := start(t, c.body)
		if c.before != nil {
			c.before(b)
		}
		for _, want := range []map[string]float64{{"orchestration " + c.outcome: 1}, {}} {
			got := map[string]float64{}
			for _, line := range telemetrytest.Lines(t, "triggers", func() {
				if len(want) > 0 {
					c.do(b)
				} else {
					b.heard()
				}
			}) {
				got[fmt.Sprint(line["function"], " ", line["outcome"])] += line["triggers"].(float64)
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s: counted %v, want %v", name, got, want)
			}
		}
	}
}
