package orchestration

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// decisions of a person as "reason: detail", oldest first.
func (b *bench) decisions(who *profile.Profile) []string {
	b.Helper()
	found, _, err := b.Deliveries.Decisions(b.Context(), who.Keys(), 100, "")
	b.Must(err)
	var out []string
	for _, d := range found {
		if d.Outcome != delivery.Skipped || d.CampaignID != "c" || d.NotificationID == "" || d.Step == "" || d.Channel == "" && !strings.Contains(d.Detail, "gone") && d.Detail != "unreadable" {
			b.Errorf("decision %+v", d)
		}
		out = append(out, strings.TrimSuffix(string(d.Reason)+": "+d.Detail, ": "))
	}
	slices.Reverse(out)
	return out
}

// TestEveryEndIsOnRecord: whatever a trigger that matched comes to, there is a notification or a decision.
func TestEveryEndIsOnRecord(t *testing.T) {
	const order = "Order Completed"
	ordered := func(p *profile.Profile) {
		p.Counters = map[string]profile.Counter{order: {Total: 1, Last: noon.Add(time.Minute)}}
	}
	follow := func(b *bench) []job.Follow { return []job.Follow{b.signUp(1)} }
	entered := func(b *bench) []job.Follow { return []job.Follow{b.follow(1, profile.FollowEntered, "vip", b.Now())} }
	set := func(state string) func(*bench) {
		return func(b *bench) {
			b.define(definition.Campaign, "c", strings.Replace(with(onEvent, `"wait":"10m"`), "running", state, 1))
		}
	}
	wait := with(onEvent, `"wait":"10m"`)
	for _, c := range []struct {
		name    string
		body    string
		before  func(*bench)
		follows func(*bench) []job.Follow
		during  func(*bench) // while it waits
		after   time.Duration
		asked   int
		want    string
	}{
		{"sent", onEvent, nil, follow, nil, 0, 1, "[]"},
		{"the condition", with(onEvent, `"condition":{"field":"orders.count","op":"gte","value":1}`), nil, follow, nil, 0, 0, "[notEligible: condition]"},
		{"left the segment", onEntered, nil, entered, nil, 0, 0, "[notEligible: segment]"},
		{"cancelled", with(onEvent, `"cancelOn":["`+order+`"]`), func(b *bench) { b.change(ordered) }, follow, nil, 0, 0, "[cancelled: Order Completed]"},
		{"taken", with(onEvent, `"onceEvery":"1d"`), nil, func(b *bench) []job.Follow { return []job.Follow{b.signUp(1), b.signUp(2)} }, nil, 0, 1, "[taken]"},
		{"stale", onEvent, nil, func(b *bench) []job.Follow {
			f := b.signUp(1)
			f.At = noon.Add(-24*time.Hour - 1)
			return []job.Follow{f}
		}, nil, 0, 0, "[expired: stale]"},
		{"cancelled while it waits", with(wait, `"cancelOn":["`+order+`"]`), nil, follow, func(b *bench) { b.change(ordered) }, 10 * time.Minute, 0, "[cancelled: Order Completed]"},
		{"paused while it waits, and goes on", wait, nil, follow, func(b *bench) {
			set("paused")(b)
			b.Pass(10 * time.Minute)
			b.Must(b.tick())
			b.expect(0)
			set("running")(b)
		}, 2 * time.Minute, 1, "[]"},
		{"paused for too long", wait, nil, follow, set("paused"), 24*time.Hour + 11*time.Minute, 0, "[expired: paused]"},
		{"ended while it waits", wait, nil, follow, set("cancelled"), 10 * time.Minute, 0, "[cancelled: campaign cancelled]"},
		{"deleted while it waits", wait, nil, follow, func(b *bench) {
			b.DB.Undefine(b, definition.Campaign, "c", noon)
			b.Pass(catalog.TTL)
		}, 10 * time.Minute, 0, "[cancelled: campaign gone]"},
		{"nobody looked for too long", wait, nil, follow, func(*bench) {}, 24*time.Hour + 11*time.Minute, 0, "[expired: stale]"},
		{"nobody looked for as long as it may be late", wait, nil, follow, func(*bench) {}, 24*time.Hour + 10*time.Minute, 1, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, c.body)
			if c.before != nil {
				c.before(b)
			}
			for range 2 {
				b.heard(c.follows(b)...)
			}
			if c.during != nil {
				c.during(b)
			}
			b.Pass(c.after)
			for range 4 { // after an outage a tick makes up for half a day
				b.Must(b.tick())
			}
			b.expect(c.asked)
			if got := fmt.Sprint(b.decisions(b.ann)); got != c.want {
				t.Errorf("decisions %s, want %s", got, c.want)
			}
		})
	}
}

// TestAPausedAudienceIsKept: a part that comes while its campaign is paused is told at the resume, and is on record when that is too late
// or never comes.
func TestAPausedAudienceIsKept(t *testing.T) {
	set := func(state string) string { return strings.Replace(toAll, "scheduled", state, 1) }
	for _, c := range []struct {
		name  string
		then  func(*bench)
		after time.Duration
		asked int
		want  string
	}{
		{"goes on after two minutes", func(b *bench) { b.Pass(2 * time.Minute); b.define(definition.Campaign, "c", toAll) }, time.Minute, 2, "[]"},
		{"goes on after four hours", func(b *bench) {
			for range 240 {
				b.Pass(time.Minute)
				b.Must(b.tick())
			}
			b.define(definition.Campaign, "c", set("running"))
		}, 30 * time.Minute, 2, "[]"},
		{"never goes on", func(*bench) {}, 24*time.Hour + 2*time.Minute, 0, "[expired: paused]"},
		{"is cancelled", func(b *bench) { b.define(definition.Campaign, "c", set("cancelled")) }, 2 * time.Minute, 0, "[cancelled: campaign cancelled]"},
		{"is deleted", func(b *bench) {
			b.DB.Undefine(b, definition.Campaign, "c", noon)
		}, 2 * time.Minute, 0, "[cancelled: campaign gone]"},
		{"is moved", func(b *bench) {
			b.define(definition.Campaign, "c", strings.Replace(toAll, "21T12", "21T13", 1))
		}, 2 * time.Minute, 0, "[cancelled: moved to another time]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, set("paused"))
			b.change(join)
			bob := b.Person("bob", join)
			list := &job.AudienceList{ID: "l", CampaignID: "c", RunID: "audience-c-1795262400", SegmentID: "vip", Profiles: []profile.ID{b.ann.ID, bob.ID, "nobody"}}
			for range 2 {
				if b.hear(job.Orchestration{Audience: list}) {
					t.Fatal("the list comes again")
				}
			}
			b.expect(0)
			c.then(b)
			b.Pass(c.after)
			for range 4 {
				b.Must(b.tick())
				// What was kept comes back as a job.
				for _, body := range b.self.Take() {
					var j job.Orchestration
					b.Must(json.Unmarshal([]byte(body), &j))
					if b.hear(j) {
						t.Error("the job comes again")
					}
				}
			}
			b.expect(c.asked)
			for _, who := range []*profile.Profile{b.ann, bob} {
				if got := fmt.Sprint(b.decisions(who)); got != c.want {
					t.Errorf("decisions %s, want %s", got, c.want)
				}
			}
		})
	}
}

// slow is a client whose calls take a while, those of Catalog apart: they come under a lock, which holds up virtual time.
type slow struct {
	dynamo.API
	call time.Duration
}

func (s slow) wait(table *string) {
	if *table != "Catalog" {
		time.Sleep(s.call)
	}
}

func (s slow) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	s.wait(in.TableName)
	return s.API.GetItem(ctx, in, o...)
}

func (s slow) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	s.wait(in.TableName)
	return s.API.PutItem(ctx, in, o...)
}

// TestAListThatThereIsNoTimeForGoesOn hands over lists of a campaign that enrols nobody twice, over a table that is slow: no invocation
// lasts longer than its time, no receive is used up, and everybody is told once.
func TestAListThatThereIsNoTimeForGoesOn(t *testing.T) {
	for name, shape := range map[string][2]int{"lists that come together": {3, 600}, "one list that is longer than an invocation": {1, 1800}} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { aListGoesOn(t, shape[0], shape[1]) }) })
	}
}

func aListGoesOn(t *testing.T, lists, each int) {
	b := start(t, with(toAll, `"oncePerPerson":true`))
	var bodies []string
	for l := range lists {
		list := job.AudienceList{ID: fmt.Sprint("l", l), CampaignID: "c", RunID: "audience-c-1795262400", SegmentID: "vip"}
		for i := range each {
			list.Profiles = append(list.Profiles, b.Person(fmt.Sprintf("u%d-%d", l, i), join).ID)
		}
		bodies = append(bodies, functiontest.Body(b, job.Orchestration{Audience: &list}))
	}
	b.process = New(Settings{ProfilesTable: "Profiles", CatalogTable: "Catalog", DueTable: "Due", DeliveriesTable: "Deliveries", ResultsTable: "Results", TimeZone: time.UTC, Currency: "CNY"},
		slow{b.DB, 700 * time.Millisecond}, nil, b.Now)
	b.process.Notifications, b.process.Self = b.notifications, b.self
	rounds := 0
	for ; len(bodies) > 0 && rounds < 10; rounds++ {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		failed := functiontest.Deliver(ctx, t, b.process.Handle, bodies...)
		cancel()
		if len(failed) > 0 {
			t.Errorf("round %d: %d receives are used up", rounds, len(failed))
		}
		if took := time.Since(begun); took > time.Minute {
			t.Errorf("round %d took %v", rounds, took)
		}
		bodies = b.self.Take()
	}
	b.expect(lists * each)
	if got := len(b.asked()); got != lists*each || rounds < 2 {
		t.Errorf("%d notifications for %d people in %d rounds", got, lists*each, rounds)
	}
}

// TestFollowsThatThereIsNoTimeForGoOn: what of a message was not begun is a message of its own.
func TestFollowsThatThereIsNoTimeForGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, onEvent)
		b.process.Profiles = people.Profiles{DB: slow{b.DB, 50 * time.Second}, Table: "Profiles"}
		var all []job.Follow
		for i := range perRound + 3 {
			who := b.Person(fmt.Sprint("u", i), func(*profile.Profile) {})
			f := b.signUp(1)
			f.ID, f.ProfileID = fmt.Sprint(who.ID, ".1.0"), who.ID
			all = append(all, f)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 405*time.Second)
		defer cancel()
		rest, err := b.process.job(ctx, job.Orchestration{Follows: all})
		if err != nil || rest == nil || len(rest.Follows) != 3 || rest.Follows[0].ID != all[perRound].ID {
			t.Errorf("%+v, %v", rest, err)
		}
		b.expect(perRound)
	})
}

// TestOneReadingForAllCampaigns: 300 campaigns that listen to the same event cost one reading of the person and one of the event.
func TestOneReadingForAllCampaigns(t *testing.T) {
	b := start(t, onEvent)
	const many = 300
	for i := range many {
		body := strings.Replace(onEvent, `"Signed Up"`, `"Signed Up","where":[{"property":"plan","op":"eq","value":"gold"}]`, 1)
		if i%2 == 1 {
			body = strings.Replace(onEvent, "Signed Up", "Another Event", 1)
		}
		_, err := catalog.Catalog{DB: b.DB, Table: "Catalog"}.Save(t.Context(), definition.Campaign, fmt.Sprint("c", i), json.RawMessage(body), nil, dynamotest.By(noon))
		b.Must(err)
	}
	b.Must(b.process.askAudiences(t.Context())) // warms the cache
	b.write(1, "gold")
	gets, queries := b.DB.Calls("GetItem"), b.DB.Calls("Query")
	b.heard(b.signUp(1))
	b.expect(many/2 + 1)
	// The templates are a kind of their own: one reading, and whether it has changed.
	if gets, queries := b.DB.Calls("GetItem")-gets, b.DB.Calls("Query")-queries; gets > 2 || queries > 2 {
		t.Errorf("%d reads and %d queries for %d campaigns", gets, queries, many)
	}
}

// TestAudiencesOfTheSameMinuteShareOneReading: campaigns that ask different segments at one time are answered by one reading.
func TestAudiencesOfTheSameMinuteShareOneReading(t *testing.T) {
	b := start(t, toAll)
	b.define(definition.Campaign, "d", strings.Replace(toAll, "vip", "new", 1))
	b.define(definition.Campaign, "later", strings.Replace(toAll, "21T12", "21T13", 1))
	for range 2 {
		b.Must(b.tick())
	}
	var asked job.Segmentation
	if len(b.segmentation.Bodies()) != 1 || json.Unmarshal([]byte(b.segmentation.Bodies()[0]), &asked) != nil {
		t.Fatalf("asked %d times", len(b.segmentation.Bodies()))
	}
	want := []job.Listing{{RunID: "audience-c-1795262400", SegmentID: "vip", CampaignID: "c"}, {RunID: "audience-d-1795262400", SegmentID: "new", CampaignID: "d"}}
	if asked.Kind != job.Audiences || asked.RunID == "" || !slices.Equal(asked.Listings, want) || asked.CampaignID != "" {
		t.Errorf("asked %+v", asked)
	}
	b.Pass(time.Hour)
	b.Must(b.tick())
	if len(b.segmentation.Bodies()) != 2 {
		t.Errorf("asked %d times an hour later", len(b.segmentation.Bodies()))
	}
}

// TestAMergeBetweenTwoEnrolments: each of two people was enrolled by a cause of their own when they are found to be one. With a merge before
// any call of the first, one of the two causes is turned away, or both had been before.
func TestAMergeBetweenTwoEnrolments(t *testing.T) {
	for _, op := range []string{"GetItem", dynamotest.AnyWrite} {
		for nth := 1; ; nth++ {
			b := start(t, with(onEvent, `"onceEvery":"2d"`))
			old := b.Person("old", func(*profile.Profile) {})
			f := b.signUp(1)
			f.ID, f.ProfileID = string(old.ID)+".1.0", old.ID
			fired := false
			b.DB.Interrupt(op, nth, func() {
				fired = true
				b.ann.Absorb(old)
				b.Must(b.Profiles.Merge(t.Context(), b.ann, old, people.Pack{}))
				other := b.process
				b.process = New(Settings{ProfilesTable: "Profiles", TimelineTable: "Timeline", CatalogTable: "Catalog", DueTable: "Due", DeliveriesTable: "Deliveries", ResultsTable: "Results", TimeZone: time.UTC, Currency: "CNY"}, b.DB, nil, b.Now)
				b.process.Notifications, b.process.Self = b.notifications, b.self
				b.heard(b.signUp(2))
				b.process = other
			})
			b.heard(f)
			if !fired {
				break
			}
			b.expect(1)
			if got := fmt.Sprint(b.decisions(b.ann)); got != "[taken]" {
				t.Errorf("before call %d of %s: %v", nth, op, got)
			}
		}
	}
}

// TestTheTemplateIsPinned: the version of the arm's template is that of the moment in which it was decided to send.
func TestTheTemplateIsPinned(t *testing.T) {
	b := start(t, with(onEvent, `"variants":[{"id":"a","weight":1,"templateId":"arm"}]`))
	for range 3 {
		b.define(definition.Template, "arm", `{}`)
	}
	b.heard(b.signUp(1))
	if got := b.asked(); len(got) != 1 || got[0].TemplateVersion != 3 || got[0].Variant != "a" {
		t.Errorf("asked for %+v", got)
	}
}

// TestEveryReadFails: a job whose reading fails comes again, and then all is as if nothing had been.
func TestEveryReadFails(t *testing.T) {
	for _, op := range []string{"GetItem", "Query"} {
		for nth := 1; ; nth++ {
			b := start(t, with(strings.Replace(onEvent, `"Signed Up"`, `"Signed Up","where":[{"property":"plan","op":"eq","value":"gold"}]`, 1), `"oncePerPerson":true`))
			b.write(1, "gold")
			before := b.DB.Calls(op)
			b.DB.Fail(op, nth, dynamotest.NotPersisted)
			again := b.hear(job.Orchestration{Follows: []job.Follow{b.signUp(1)}})
			if b.DB.Calls(op)-before < nth {
				break
			}
			if !again {
				t.Errorf("%s %d: the job does not come again", op, nth)
			}
			b.heard(b.signUp(1))
			b.expect(1)
		}
	}
}

// write puts Ann's nth sign-up into the timeline.
func (b *bench) write(n int, plan string) {
	b.Helper()
	e := event.Event{MessageID: fmt.Sprint("m", n), Kind: event.Track, Name: "Signed Up", Timestamp: noon, ReceivedAt: noon, Properties: json.RawMessage(`{"plan":"` + plan + `"}`)}
	b.Must(b.Timeline.Write(b.Context(), people.Pack{Profile: b.ann.ID, Day: profile.DayOf(noon), Version: int64(n), Events: []people.PackedEvent{{Source: "s", Event: e}}}))
}
