package orchestration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

const (
	onEvent   = `{"name":"C","state":"running","channel":"email","templateId":"t","trigger":{"event":{"name":"Signed Up"}}}`
	onEntered = `{"name":"C","state":"running","channel":"email","templateId":"t","trigger":{"enteredSegment":"vip"}}`
	toAll     = `{"name":"C","state":"scheduled","channel":"email","templateId":"t","trigger":{"audience":{"segmentId":"vip","at":"2026-11-21T12:00:00Z"}}}`
)

func TestEventBecomesANotification(t *testing.T) {
	b := start(t, onEvent)
	f := b.signUp(3)
	b.heard(f)
	want := job.Notification{
		ID: campaign.NotificationID(b.ann.ID, "c", f.ID), ProfileID: b.ann.ID, CampaignID: "c", CampaignVersion: 1, Step: f.ID,
		At: noon, Since: noon, NotAfter: noon.Add(24 * time.Hour),
		EventOf: b.ann.ID, EventDay: profile.DayOf(noon), EventVersion: 3, EventID: "m3", EventName: "Signed Up",
	}
	if got := b.asked(); len(got) != 1 || got[0] != want {
		t.Errorf("asked for %+v\nwant %+v", got, want)
	}
}

func TestTheSameCauseIsTheSameNotification(t *testing.T) {
	b := start(t, onEvent)
	b.heard(b.signUp(1), b.signUp(1))
	b.heard(b.signUp(1))
	b.expect(1)
	b.heard(b.signUp(2))
	b.expect(2)
}

func TestWhoIsTaken(t *testing.T) {
	entered := func(b *bench) job.Follow { return b.follow(1, profile.FollowEntered, "vip", b.Now()) }
	for _, c := range []struct {
		name   string
		body   string
		before func(*bench)
		follow func(*bench) job.Follow
		want   int
	}{
		{"entered", onEntered, func(b *bench) { b.change(join) }, entered, 1},
		{"entered and left since", onEntered, nil, entered, 0},
		{"entered another", onEntered, func(b *bench) { b.change(join) }, func(b *bench) job.Follow { return b.follow(1, profile.FollowEntered, "new", b.Now()) }, 0},
		{"exited", strings.Replace(onEntered, "entered", "exited", 1), nil, func(b *bench) job.Follow { return b.follow(1, profile.FollowExited, "vip", b.Now()) }, 1},
		{"exited and back", strings.Replace(onEntered, "entered", "exited", 1), func(b *bench) { b.change(join) }, func(b *bench) job.Follow { return b.follow(1, profile.FollowExited, "vip", b.Now()) }, 0},
		{"paused", strings.Replace(onEvent, "running", "paused", 1), nil, func(b *bench) job.Follow { return b.signUp(1) }, 0},
		{"at the end of its time", onEvent, nil, func(b *bench) job.Follow { f := b.signUp(1); f.At = noon.Add(-24 * time.Hour); return f }, 1},
		{"after its time", onEvent, nil, func(b *bench) job.Follow { f := b.signUp(1); f.At = noon.Add(-24*time.Hour - 1); return f }, 0},
		{"condition holds", with(onEvent, `"condition":{"field":"orders.count","op":"eq","value":0}`), nil, func(b *bench) job.Follow { return b.signUp(1) }, 1},
		{"condition does not hold", with(onEvent, `"condition":{"field":"orders.count","op":"eq","value":0}`), func(b *bench) {
			b.change(func(p *profile.Profile) { p.Orders.Count = 1 })
		}, func(b *bench) job.Follow { return b.signUp(1) }, 0},
		{"condition of another segment", with(onEvent, `"condition":{"segment":"buyers"}`), func(b *bench) {
			b.define(definition.Segment, "buyers", `{"id":"buyers","name":"B","rule":{"field":"orders.count","op":"gte","value":1}}`)
			b.change(func(p *profile.Profile) { p.Orders.Count = 1 })
		}, func(b *bench) job.Follow { return b.signUp(1) }, 1},
		{"condition of a segment that is gone", with(onEvent, `"condition":{"segment":"buyers"}`), nil, func(b *bench) job.Follow { return b.signUp(1) }, 0},
		{"nobody there", onEvent, nil, func(b *bench) job.Follow { f := b.signUp(1); f.ProfileID = "nobody"; return f }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, c.body)
			if c.before != nil {
				c.before(b)
			}
			b.heard(c.follow(b))
			b.expect(c.want)
		})
	}
}

func TestWhereAsksTheEvent(t *testing.T) {
	b := start(t, strings.Replace(onEvent, `"Signed Up"`, `"Signed Up","where":[{"property":"plan","op":"eq","value":"gold"}]`, 1))
	if !b.hear(job.Orchestration{Follows: []job.Follow{b.signUp(1)}}) {
		t.Error("an event that is not in the timeline yet does not come again")
	}
	for n, plan := range map[int]string{1: "gold", 2: "tin"} {
		e := event.Event{MessageID: fmt.Sprint("m", n), Kind: event.Track, Name: "Signed Up", Timestamp: noon, ReceivedAt: noon, Properties: json.RawMessage(`{"plan":"` + plan + `"}`)}
		b.Must(b.Timeline.Write(t.Context(), people.Pack{Profile: b.ann.ID, Day: profile.DayOf(noon), Version: int64(n), Events: []people.PackedEvent{{Source: "s", Event: e}}}))
	}
	b.heard(b.signUp(1), b.signUp(2))
	b.expect(1)
}

func TestWaitAndAskAgain(t *testing.T) {
	const order = "Order Completed"
	body := with(onEvent, `"wait":"20m","cancelOn":["`+order+`"],"condition":{"field":"traits.vip","op":"ne","value":true}`)
	for _, c := range []struct {
		name   string
		change func(*profile.Profile)
		want   int
	}{
		{"nothing happened", func(*profile.Profile) {}, 1},
		{"ordered since", func(p *profile.Profile) {
			p.Counters = map[string]profile.Counter{order: {Total: 1, Last: noon.Add(time.Minute)}}
		}, 0},
		{"ordered before", func(p *profile.Profile) {
			p.Counters = map[string]profile.Counter{order: {Total: 1, Last: noon.Add(-time.Minute)}}
		}, 1},
		{"condition no longer holds", func(p *profile.Profile) { p.Traits = map[string]profile.Trait{"vip": {Value: true}} }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, body)
			b.Must(b.tick())
			f := b.signUp(1)
			b.heard(f)
			b.heard(f)
			b.Pass(19 * time.Minute)
			b.Must(b.tick())
			b.expect(0)
			b.change(c.change)
			b.Pass(time.Minute)
			b.Must(b.tick())
			b.Must(b.tick())
			b.expect(c.want)
			if got := b.asked(); len(got) > 1 {
				t.Errorf("asked %d times", len(got))
			} else if len(got) == 1 && (!got[0].At.Equal(noon.Add(20*time.Minute)) || !got[0].Since.Equal(noon) || !got[0].NotAfter.Equal(noon.Add(24*time.Hour+20*time.Minute)) || got[0].EventID != "m1") {
				t.Errorf("asked for %+v", got[0])
			}
		})
	}
}

func TestWaitThatWasOverWhenItWasHeard(t *testing.T) {
	b := start(t, with(onEvent, `"wait":"2h"`))
	f := b.signUp(1)
	b.Pass(2 * time.Hour)
	b.heard(f)
	b.expect(1)
}

func TestMissedMinutes(t *testing.T) {
	b := start(t, with(onEvent, `"wait":"10m"`))
	b.Must(b.tick())
	b.heard(b.signUp(1))
	b.Pass(40 * time.Minute) // nobody ticks for half an hour
	b.Must(b.tick())
	b.expect(1)
}

func TestOnePersonWhoseWaitFailsDoesNotHoldUpTheOthers(t *testing.T) {
	b := start(t, with(onEvent, `"wait":"2m"`))
	var last *profile.Profile
	for i := range 8 {
		last = b.Person(fmt.Sprint("u", i), func(*profile.Profile) {})
		f := b.signUp(1)
		f.ID, f.ProfileID = fmt.Sprint(last.ID, ".1.0"), last.ID
		b.heard(f)
	}
	b.Must(b.process.Due.Put(t.Context(), due.OwnerOrchestration, noon.Add(2*time.Minute), "garbage", []byte("{")))
	broken := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p#" + string(last.ID)}, "sk": &types.AttributeValueMemberS{Value: "p"},
		"v": &types.AttributeValueMemberN{Value: "1"}, "b": &types.AttributeValueMemberB{Value: []byte{255}}}
	b.Item("Profiles", broken)
	b.Pass(2 * time.Minute)
	b.Must(b.tick())
	b.expect(7)
	b.Must(b.Profiles.Save(t.Context(), last))
	b.Pass(retryAfter)
	b.Must(b.tick())
	b.expect(8)
}

func TestDeferredGoesBackAsItIs(t *testing.T) {
	b := start(t, onEvent)
	b.Must(b.tick())
	n := job.Notification{ID: "n", ProfileID: "gone", CampaignID: "gone", Step: "s", Variant: "a", At: noon, Deferred: 2}
	body, err := json.Marshal(n)
	b.Must(err)
	b.Must(b.process.Due.Put(t.Context(), due.OwnerOrchestration, noon.Add(time.Minute), "n.2", body))
	b.Pass(time.Minute)
	b.Must(b.tick())
	if got := b.asked(); len(got) != 1 || got[0] != n {
		t.Errorf("asked for %+v, want %+v", got, n)
	}
}

func TestOncePerPersonAndOnceEvery(t *testing.T) {
	for _, c := range []struct {
		name, fields string
		days         []int // when another sign-up comes
		want         int
	}{
		{"always", `"name":"C"`, []int{0, 0, 1}, 3},
		{"once", `"oncePerPerson":true`, []int{0, 0, 1, 400}, 1},
		{"every two days", `"onceEvery":"2d"`, []int{0, 0, 1, 2, 3, 4}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, with(onEvent, c.fields))
			for i, day := range c.days {
				b.Pass(noon.AddDate(0, 0, day).Sub(b.Now()))
				b.heard(b.signUp(i + 1))
				b.heard(b.signUp(i + 1))
			}
			b.expect(c.want)
		})
	}
}

func TestOncePerPersonAcrossAMerge(t *testing.T) {
	b := start(t, with(onEvent, `"oncePerPerson":true`))
	old := b.Person("old", func(*profile.Profile) {})
	f := b.signUp(1)
	f.ID, f.ProfileID = string(old.ID)+".1.0", old.ID
	b.heard(f)
	b.ann.Absorb(old)
	b.Must(b.Profiles.Merge(t.Context(), b.ann, old, people.Pack{}))
	b.heard(b.signUp(2)) // somebody who was greeted before the merge
	b.expect(1)
	// The former profile's own job again, as its outbox sends it now.
	f.Part, f.ProfileID = old.ID, b.ann.ID
	b.heard(f)
	b.expect(1)
}

func TestVariantByHash(t *testing.T) {
	b := start(t, with(onEvent, `"variants":[{"id":"a","weight":0.5},{"id":"b","weight":0.5}]`))
	c := campaign.Definition{ID: "c", Variants: []campaign.Variant{{ID: "a", Weight: .5}, {ID: "b", Weight: .5}}}
	for i := range 20 {
		who := b.Person(fmt.Sprint("u", i), func(*profile.Profile) {})
		f := b.signUp(1)
		f.ID, f.ProfileID = fmt.Sprint(who.ID, ".1.0"), who.ID
		b.heard(f)
		got := b.asked()[i]
		if want := c.Assign(fmt.Sprint("u", i)).ID; got.Variant != want {
			t.Errorf("u%d got %q, want %q", i, got.Variant, want)
		}
	}
}

// TestWhatAPauseKeepsIsAWaitOfThePerson: an export lists it, when it is looked at again.
func TestWhatAPauseKeepsIsAWaitOfThePerson(t *testing.T) {
	b := start(t, with(onEvent, `"wait":"4h"`))
	b.Must(b.tick())
	b.heard(b.signUp(1))
	b.define(definition.Campaign, "c", strings.Replace(with(onEvent, `"wait":"4h"`), "running", "paused", 1))
	waits := func() []due.Waiting {
		all, err := due.Waits{DB: b.DB, Table: "Due"}.Of(t.Context(), b.ann.Keys(), b.Now())
		b.Must(err)
		return all
	}
	first := waits()
	if len(first) != 1 || !first[0].At.Equal(noon.Add(4*time.Hour)) {
		t.Fatalf("before its time: %+v", first)
	}
	for range 4*60 + 100 {
		b.Pass(time.Minute)
		b.Must(b.tick())
	}
	// By now it is looked at every half an hour at the most.
	if got := waits(); len(got) != 1 || got[0].Notification != first[0].Notification || got[0].At.Before(b.Now().Add(-time.Minute)) || got[0].At.After(b.Now().Add(31*time.Minute)) {
		t.Errorf("at %v: %+v", b.Now(), got)
	}
	b.expect(0)
}

// TestEveryWriteBroken breaks each write and each send of a way, both ways. Exactly one notification is asked for in the end,
// however often.
func TestEveryWriteBroken(t *testing.T) {
	for _, way := range []struct{ name, body string }{
		{"at once", onEvent},
		{"once per person", with(onEvent, `"oncePerPerson":true`)},
		{"after a wait", with(onEvent, `"wait":"3m","onceEvery":"1d"`)},
		{"to all", toAll},
	} {
		play := func(b *bench) {
			ticks := func() {
				// The first may fail; a later one makes up for it.
				for range 3 {
					_ = b.tick()
				}
			}
			b.change(join)
			if way.name == "to all" {
				ticks()
				for _, asked := range functiontest.Jobs[job.Segmentation](b, b.segmentation) {
					list := job.AudienceList{CampaignID: "c", RunID: asked.RunID, SegmentID: "vip", Profiles: []profile.ID{b.ann.ID}}
					for b.hear(job.Orchestration{Audience: &list}) {
					}
				}
				return
			}
			for b.hear(job.Orchestration{Follows: []job.Follow{b.follow(1, profile.FollowEvent, "Signed Up", noon)}}) {
			}
			b.Pass(3 * time.Minute)
			ticks()
			b.Pass(retryAfter)
			ticks()
		}
		b := start(t, way.body)
		before := b.DB.Calls(dynamotest.AnyWrite)
		play(b)
		writes := b.DB.Calls(dynamotest.AnyWrite) - before
		for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
			for nth := 1; nth <= writes; nth++ {
				t.Run(fmt.Sprintf("%s, write %d %s", way.name, nth, how), func(t *testing.T) {
					b := start(t, way.body)
					b.DB.Fail(dynamotest.AnyWrite, nth+1, how) // the first is Ann's own change
					play(b)
					b.expect(1)
				})
			}
			for _, q := range []string{"notifications", "segmentation"} {
				t.Run(fmt.Sprintf("%s, %s %s", way.name, q, how), func(t *testing.T) {
					b := start(t, way.body)
					broken := map[string]*functiontest.Queue{"notifications": b.notifications, "segmentation": b.segmentation}[q]
					broken.Fail(1, how)
					play(b)
					b.expect(1)
				})
			}
		}
	}
}

func TestHandleRefusesWhatItDoesNotKnow(t *testing.T) {
	b := start(t, onEvent)
	for _, raw := range []string{`{}`, `{"schedule":"nightly"}`, `[]`} {
		if _, err := b.process.Handle(t.Context(), json.RawMessage(raw)); err == nil {
			t.Errorf("%s was taken", raw)
		}
	}
	if again := functiontest.Deliver(t.Context(), t, b.process.Handle, `{`, `{"v":2,"later":1}`); !slices.Equal(again, []int{0}) {
		t.Errorf("a torn job must come again, one with nothing for this version must not: %v", again)
	}
}

func TestManyFollowsAreSentTogether(t *testing.T) {
	b := start(t, onEvent)
	var all []job.Follow
	for i := range 25 {
		all = append(all, b.signUp(i+1))
	}
	b.heard(all...)
	b.expect(25)
	var sizes []int
	for _, j := range functiontest.Jobs[job.Notifications](b, b.notifications) {
		sizes = append(sizes, len(j.Notifications))
	}
	if !slices.Equal(sizes, []int{10, 10, 5}) {
		t.Errorf("messages of %v", sizes)
	}
}
