package orchestration

import (
	"encoding/json"
	"fmt"
	"reflect"
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

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type bench struct {
	*functiontest.Shop
	process       *Process
	notifications *functiontest.Queue
	segmentation  *functiontest.Queue
	self          *functiontest.Queue
	ann           *profile.Profile
}

const (
	onEvent   = `{"name":"C","state":"running","channel":"email","templateId":"t","trigger":{"event":{"name":"Signed Up"}}}`
	onEntered = `{"name":"C","state":"running","channel":"email","templateId":"t","trigger":{"enteredSegment":"vip"}}`
	toAll     = `{"name":"C","state":"scheduled","channel":"email","templateId":"t","trigger":{"audience":{"segmentId":"vip","at":"2026-11-21T12:00:00Z"}}}`
)

// with adds fields to a campaign.
func with(body, fields string) string { return strings.Replace(body, "{", "{"+fields+",", 1) }

func start(t testing.TB, body string) *bench {
	t.Helper()
	b := &bench{Shop: functiontest.Open(t, noon), notifications: &functiontest.Queue{}, segmentation: &functiontest.Queue{}, self: &functiontest.Queue{}}
	b.define(definition.Campaign, "c", body)
	b.ann = b.Person("ann", func(*profile.Profile) {})
	b.Item("Due", map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "orchestration#floor"}, "sk": &types.AttributeValueMemberS{Value: "floor"},
		"minute": &types.AttributeValueMemberN{Value: fmt.Sprint(noon.Unix())}}) // so that the first tick need not look back
	return b
}

// define saves a definition; the process forgets what it had cached.
func (b *bench) define(kind, id, body string) {
	b.Helper()
	b.Define(kind, id, body)
	b.process = New(Settings{ProfilesTable: "Profiles", TimelineTable: "Timeline", CatalogTable: "Catalog", DueTable: "Due", DeliveriesTable: "Deliveries", TimeZone: time.UTC, Currency: "CNY"}, b.DB, nil, b.Now)
	b.process.Notifications, b.process.Segmentation, b.process.Self = b.notifications, b.segmentation, b.self
}

func (b *bench) change(f func(*profile.Profile)) {
	b.Helper()
	f(b.ann)
	b.Must(b.Profiles.Save(b.Context(), b.ann))
}

// join puts Ann into the segment.
func join(p *profile.Profile) { p.Members = map[string]profile.Membership{"vip": {Since: noon}} }

// follow is the nth thing that followed from Ann's commits.
func (b *bench) follow(n int, kind profile.FollowKind, ref string, at time.Time) job.Follow {
	f := profile.Follow{Kind: kind, Ref: ref, Version: int64(n), At: at}
	if kind == profile.FollowEvent {
		f.Event = fmt.Sprint("m", n)
	}
	return job.Follow{ID: f.JobID(b.ann.ID), ProfileID: b.ann.ID, Follow: f}
}

func (b *bench) signUp(n int) job.Follow {
	return b.follow(n, profile.FollowEvent, "Signed Up", b.Now())
}

// hear hands over a job and answers whether it comes again.
func (b *bench) hear(j job.Orchestration) bool {
	b.Helper()
	return len(functiontest.Deliver(b.Context(), b, b.process.Handle, functiontest.Body(b, j))) > 0
}

func (b *bench) heard(follows ...job.Follow) {
	b.Helper()
	if b.hear(job.Orchestration{Follows: follows}) {
		b.Error("the job comes again")
	}
}

func (b *bench) tick() error {
	_, err := b.process.Handle(b.Context(), json.RawMessage(`{"schedule":"minute"}`))
	return err
}

// asked lists what dispatch was asked for so far.
func (b *bench) asked() []job.Notification {
	b.Helper()
	var all []job.Notification
	for _, j := range functiontest.Jobs[job.Notifications](b, b.notifications) {
		if len(j.Notifications) > perMessage {
			b.Errorf("%d notifications", len(j.Notifications))
		}
		all = append(all, j.Notifications...)
	}
	return all
}

// expect says how many different notifications were asked for.
func (b *bench) expect(want int) {
	b.Helper()
	ids := map[string]bool{}
	for _, n := range b.asked() {
		ids[n.ID] = true
	}
	if len(ids) != want {
		b.Errorf("%d notifications were asked for, want %d", len(ids), want)
	}
}

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
		b.Must(people.Timeline{DB: b.DB, Table: "Timeline", Now: b.Now}.Write(t.Context(), people.Pack{Profile: b.ann.ID, Day: profile.DayOf(noon), Version: int64(n), Events: []people.PackedEvent{{Source: "s", Event: e}}}))
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

func TestAudience(t *testing.T) {
	b := start(t, toAll)
	b.Pass(-time.Minute)
	b.Must(b.tick())
	if len(b.segmentation.Bodies()) != 0 {
		t.Fatal("asked before its time")
	}
	b.Pass(time.Minute)
	for range 2 {
		b.Must(b.tick())
	}
	var asked job.Segmentation
	if len(b.segmentation.Bodies()) != 1 || json.Unmarshal([]byte(b.segmentation.Bodies()[0]), &asked) != nil {
		t.Fatalf("asked %d times", len(b.segmentation.Bodies()))
	}
	want := job.Segmentation{Kind: job.Audience, RunID: "audience-c-1795262400", SegmentID: "vip", CampaignID: "c"}
	if !reflect.DeepEqual(asked, want) {
		t.Errorf("asked %+v, want %+v", asked, want)
	}
	list := &job.AudienceList{ID: "l", CampaignID: "c", RunID: asked.RunID, SegmentID: "vip", Profiles: []profile.ID{b.ann.ID, "nobody"}}
	for i := range 25 {
		who := b.Person(fmt.Sprint("u", i), join)
		list.Profiles = append(list.Profiles, who.ID)
	}
	b.change(join)
	for range 2 {
		if b.hear(job.Orchestration{Audience: list}) {
			t.Error("the list comes again")
		}
	}
	b.expect(26)
	n := b.asked()[0]
	if n.Step != "audience@2026-11-21T12:00:00Z" || !n.NotAfter.Equal(noon.Add(24*time.Hour)) {
		t.Errorf("asked for %+v", n)
	}
	other := *list
	other.RunID = "audience-c-1"
	other.Profiles = []profile.ID{b.Person("late", join).ID}
	b.hear(job.Orchestration{Audience: &other})
	b.expect(26)
}

func TestAudienceIsNotAskedForTooLateOrWhenStopped(t *testing.T) {
	for _, c := range []struct {
		name string
		body string
		late time.Duration
		want int
	}{
		{"in time", toAll, 24 * time.Hour, 1},
		{"too late", toAll, 24*time.Hour + time.Second, 0},
		{"running", strings.Replace(toAll, "scheduled", "running", 1), 0, 1},
		{"cancelled", strings.Replace(toAll, "scheduled", "cancelled", 1), 0, 0},
		{"draft", strings.Replace(toAll, "scheduled", "draft", 1), 0, 0},
	} {
		b := start(t, c.body)
		b.Pass(c.late)
		b.Must(b.process.askAudiences(t.Context()))
		if got := len(b.segmentation.Bodies()); got != c.want {
			t.Errorf("%s: asked %d times", c.name, got)
		}
	}
}

func TestErasedWhileWaiting(t *testing.T) {
	b := start(t, with(onEvent, `"wait":"10m"`))
	b.Must(b.tick())
	b.heard(b.signUp(1))
	b.Must(b.Profiles.Erase(t.Context(), b.ann, noon, b.ann.TombstoneVersion(noon)))
	b.Pass(10 * time.Minute)
	b.Must(b.tick())
	b.expect(0)
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

// TestErasedWhileItsCampaignIsPaused: what waits for the end of a pause is filed anew each time. Where no wipe finds it, it goes at the next look.
func TestErasedWhileItsCampaignIsPaused(t *testing.T) {
	for _, deferred := range []int{0, 1} {
		b := start(t, with(onEvent, `"wait":"1h"`))
		b.Must(b.tick())
		b.heard(b.signUp(1))
		b.define(definition.Campaign, "c", strings.Replace(with(onEvent, `"wait":"1h"`), "running", "paused", 1))
		if deferred > 0 { // as dispatch puts it off
			body := functiontest.Body(b, job.Notification{ID: "n", ProfileID: b.ann.ID, CampaignID: "c", CampaignVersion: 1, At: noon, Since: noon, NotAfter: noon.Add(25 * time.Hour), Deferred: deferred})
			b.Must(b.process.Due.Wait(t.Context(), due.OwnerOrchestration, b.ann.ID, noon.Add(time.Hour), "n.1", []byte(body)))
		}
		waits := func() (n int) {
			b.DB.Each(t, "Due", func(i map[string]types.AttributeValue) {
				if _, filed := i["b"]; filed {
					n++
				}
			})
			return n
		}
		b.Pass(time.Hour)
		b.Must(b.tick())
		if n := waits(); n != 1+deferred {
			t.Fatalf("%d wait for the end of the pause", n)
		}
		b.Must(b.Profiles.Erase(t.Context(), b.ann, b.Now(), b.ann.TombstoneVersion(b.Now())))
		for range 35 {
			b.Pass(time.Minute)
			b.Must(b.tick())
		}
		if n := waits(); n != 0 {
			t.Errorf("deferred %d: %d still wait for who was erased", deferred, n)
		}
		b.expect(0)
	}
}

// TestEnrolledBeforeAnErasure: a campaign that enrols nobody twice within a time enrols who came back, also while its note of the former one is not wiped yet.
func TestEnrolledBeforeAnErasure(t *testing.T) {
	b := start(t, with(onEvent, `"onceEvery":"90d"`))
	b.heard(b.signUp(1))
	b.expect(1)
	b.Pass(time.Minute)
	b.Must(b.Profiles.Erase(t.Context(), b.ann, b.Now(), b.ann.TombstoneVersion(b.Now())))
	b.Pass(time.Minute)
	back, err := b.Profiles.Load(t.Context(), b.ann.ID)
	b.Must(err)
	back.Identifiers, back.FirstSeen, back.LastSeen = b.ann.Identifiers, b.Now(), b.Now()
	b.Must(b.Profiles.Save(t.Context(), back))
	b.ann = back
	for n := range 2 {
		f := b.signUp(int(back.Version) + n)
		f.At = b.Now()
		b.heard(f)
	}
	b.expect(2)
}

// TestErasedAndBack: who stands under the id now came after the erasure, and hears nothing of what the other one did.
func TestErasedAndBack(t *testing.T) {
	for _, wait := range []string{"", `"wait":"10m"`} {
		definition := onEvent
		if wait != "" {
			definition = with(onEvent, wait)
		}
		b := start(t, definition)
		b.Must(b.tick())
		before := b.signUp(1)
		if wait != "" {
			b.heard(before)
		}
		b.change(func(p *profile.Profile) { p.RememberErasure(b.ann.ID, noon.Add(time.Second)) })
		if wait == "" {
			b.heard(before)
		}
		b.Pass(10 * time.Minute)
		b.Must(b.tick())
		b.expect(0)
	}
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
