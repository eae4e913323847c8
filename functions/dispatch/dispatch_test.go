package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

func TestSendsWhatWasAskedFor(t *testing.T) {
	b := start(t, welcome)
	n := b.signUp(b.ask("s1"))
	settle(b, b.process, n)
	b.expect(1, "sent")
	got := b.provider.taken[0]
	token := strings.TrimPrefix(got.UnsubscribeURL, "https://shop.example/v1/unsubscribe/")
	u, err := delivery.ParseUnsubscribe(linkKeys, token)
	if err != nil || u != (delivery.Unsubscribe{ProfileID: b.ann.ID, Channel: delivery.Email, NotificationID: n.ID}) {
		t.Errorf("the link %s leads to %+v, %v", got.UnsubscribeURL, u, err)
	}
	if got.ID != n.ID || got.Address != "ann@example.com" || got.UserID != "ann" || got.Content.Subject != "Hi Ann" ||
		got.Content.Text != "Teahouse gold "+got.UnsubscribeURL {
		t.Errorf("the provider got %+v", got)
	}
	d, _, err := b.Deliveries.Decisions(t.Context(), b.ann.Keys(), 1, "")
	want := delivery.Decision{NotificationID: n.ID, ProfileID: b.ann.ID, CampaignID: "welcome", CampaignVersion: 1, Step: "s1", Channel: delivery.Email,
		TemplateID: "hello", Outcome: delivery.Sent, Asked: noon.UTC(), At: noon.UTC()}
	if err != nil || d[0] != want {
		t.Errorf("decision %+v, %v\nwant %+v", d[0], err, want)
	}
}

func TestGuardsOfTheProcess(t *testing.T) {
	with := func(fields string) string {
		return strings.Replace(welcome, `"name":"Welcome"`, `"name":"Welcome",`+fields, 1)
	}
	for _, c := range []struct {
		name     string
		campaign string
		before   func(*bench)
		want     string
	}{
		{"consent revoked", welcome, func(b *bench) {
			b.change(func(p *profile.Profile) { p.Consent["email"] = profile.Consent{Reason: "unsubscribe"} })
		}, "skipped noConsent"},
		{"never consented", welcome, func(b *bench) { b.change(func(p *profile.Profile) { p.Consent = nil }) }, "skipped noConsent"},
		{"a trait is no consent", welcome, func(b *bench) {
			b.change(func(p *profile.Profile) { p.Consent = nil; p.Traits["emailConsent"] = profile.Trait{Value: true} })
		}, "skipped noConsent"},
		{"no address", welcome, func(b *bench) { b.change(func(p *profile.Profile) { delete(p.Traits, "email") }) }, "skipped noAddress"},
		{"an address that joined the person", welcome, func(b *bench) {
			b.change(func(p *profile.Profile) {
				delete(p.Traits, "email")
				p.Attach(profile.Identifier{Kind: profile.Email, Value: "ann@example.com"})
			})
		}, "sent"},
		{"a trait that is no address", welcome, func(b *bench) {
			b.change(func(p *profile.Profile) { p.Traits["email"] = profile.Trait{Value: "ann at example"} })
		}, "skipped noAddress"},
		{"kill switch", welcome, func(b *bench) { b.define(definition.Settings, delivery.SettingsID, `{"killSwitch":true}`) }, "skipped killSwitch"},
		{"holdout", welcome, func(b *bench) {
			season := ""
			for i := 0; season == ""; i++ {
				s := fmt.Sprint("season", i)
				a := delivery.Case{Holdout: delivery.Holdout{Share: 0.5, Season: s}, Person: "ann", Channel: delivery.Email, Address: "a",
					Consent: &profile.Consent{Granted: true}, Eligible: delivery.Verdict{Action: delivery.Proceed}, Zone: time.UTC}
				if delivery.Judge(a).Reason == delivery.InHoldout {
					season = s
				}
			}
			b.define(definition.Settings, delivery.HoldoutID, fmt.Sprintf(`{"share":0.5,"season":%q}`, season))
		}, "skipped holdout"},
		{"paused", strings.Replace(welcome, "running", "paused", 1), nil, "deferred notRunning"},
		{"paused for too long", strings.Replace(welcome, "running", "paused", 1), func(b *bench) { b.Pass(24*time.Hour + 1) }, "skipped expired"},
		{"finished", strings.Replace(welcome, "running", "finished", 1), nil, "skipped notRunning"},
		{"deleted", welcome, func(b *bench) {
			b.DB.Undefine(b, definition.Campaign, "welcome", noon)
		}, "skipped notRunning"},
		{"cancelled since", with(`"cancelOn":["Order Completed"]`), func(b *bench) {
			b.change(func(p *profile.Profile) {
				p.Counters = map[string]profile.Counter{"Order Completed": {Total: 1, Last: noon.Add(time.Second).UTC()}}
			})
		}, "skipped cancelled"},
		{"condition no longer holds", with(`"condition":{"field":"orders.count","op":"eq","value":0}`), func(b *bench) {
			b.change(func(p *profile.Profile) { p.Orders.Count = 1 })
		}, "skipped notEligible"},
		{"condition holds", with(`"condition":{"field":"orders.count","op":"eq","value":0}`), nil, "sent"},
		{"left the segment", strings.Replace(welcome, `{"event":{"name":"Signed Up"}}`, `{"enteredSegment":"vip"}`, 1), nil, "skipped notEligible"},
		{"still in the segment", strings.Replace(welcome, `{"event":{"name":"Signed Up"}}`, `{"enteredSegment":"vip"}`, 1), func(b *bench) {
			b.change(func(p *profile.Profile) { p.Members = map[string]profile.Membership{"vip": {}} })
		}, "sent"},
		{"an arm that is gone", with(`"variants":[{"id":"a","weight":1}]`), nil, "skipped notEligible"},
		{"expired", welcome, func(b *bench) { b.Pass(24*time.Hour + 1) }, "skipped expired"},
		{"about to expire", welcome, func(b *bench) { b.Pass(24 * time.Hour) }, "sent"},
		{"no template", welcome, func(b *bench) {
			b.DB.Undefine(b, definition.Template, "hello", noon)
		}, "failed template"},
		{"a template that does not render", welcome, func(b *bench) {
			b.define(definition.Template, "hello", `{"channel":"email","locales":{"default":{"subject":"{{ 1 | divided_by: 0 }}","text":"t"}}}`)
		}, "failed template"},
		{"no sender", welcome, func(b *bench) { delete(b.process.Senders, delivery.Email) }, "failed channelOff"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, c.campaign)
			if c.before != nil {
				c.before(b)
			}
			settle(b, b.process, b.ask("s1"))
			// Coming again changes nothing.
			settle(b, b.process, b.ask("s1"))
			b.expect(map[bool]int{true: 1}[c.want == "sent"], c.want)
		})
	}
}

func TestNobodyThere(t *testing.T) {
	b := start(t, welcome)
	n := b.ask("s1")
	n.ProfileID = "nobody"
	writes := b.DB.Calls(dynamotest.AnyWrite)
	settle(b, b.process, n)
	b.expect(0)
	if got := b.DB.Calls(dynamotest.AnyWrite); got != writes {
		t.Errorf("%d writes about somebody who is not there", got-writes)
	}
}

func TestSettingsThatCannotBeReadStopTheNotification(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, `{"killSwitchOfLater":true}`)
	if again := deliver(b, b.process, b.ask("s1")); len(again) != 1 {
		t.Error("the job does not come again")
	}
	b.expect(0)
}

func TestTransactionalHasNoLinkAndNeedsNoConsent(t *testing.T) {
	b := start(t, strings.Replace(welcome, `"state"`, `"transactional":true,"state"`, 1))
	b.change(func(p *profile.Profile) { p.Consent = nil })
	settle(b, b.process, b.ask("s1"))
	b.expect(1, "sent")
	if got := b.provider.taken[0].UnsubscribeURL; got != "" {
		t.Errorf("link %s", got)
	}
}

func TestFrequencyCap(t *testing.T) {
	b := start(t, welcome)
	for i := range 4 {
		settle(b, b.process, b.ask(fmt.Sprint("s", i)))
	}
	// All four were due at the same time; the list is in the order of ids then.
	got := b.decisions()
	slices.Sort(got)
	if fmt.Sprint(got) != "[sent sent sent skipped frequencyCap]" {
		t.Errorf("decisions %v", got)
	}
	b.Pass(12 * time.Hour) // Shanghai's midnight
	settle(b, b.process, b.ask("s9"))
	if b.provider.calls != 4 {
		t.Errorf("%d calls on the next day", b.provider.calls)
	}
}

func TestQuietHoursDeferAndComeBack(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, `{"quietHours":{"start":"11:00","end":"14:00"}}`)
	for range 2 { // a redelivery files the same entry
		settle(b, b.process, b.ask("s1"))
	}
	b.expect(0, "deferred quietHours")
	if d, _, err := b.Deliveries.Decisions(t.Context(), b.ann.Keys(), 1, ""); err != nil || !d[0].Until.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("decision %+v, %v", d, err)
	}
	waiting := b.waiting()
	if len(waiting) != 1 || waiting[0].Deferred != 1 || !waiting[0].At.Equal(noon.Add(2*time.Hour)) {
		t.Fatalf("waiting: %+v", waiting)
	}
	b.Pass(2 * time.Hour)
	settle(b, b.process, waiting[0])
	b.expect(1, "deferred quietHours", "sent")
	// The first job once more, long after: everything is decided.
	settle(b, b.process, b.ask("s1"), waiting[0])
	b.expect(1, "deferred quietHours", "sent")
}

// TestAChannelThatLacksASettingKeepsItsNotifications: they go out once the setting is mended.
func TestAChannelThatLacksASettingKeepsItsNotifications(t *testing.T) {
	b := start(t, welcome)
	delete(b.process.Senders, delivery.Email)
	b.process.Lacking = map[delivery.Channel]string{delivery.Email: "MAIL_FROM is not an e-mail address"}
	settle(b, b.process, b.ask("s1"))
	b.expect(0, "deferred channelOff")
	waiting := b.waiting()
	if len(waiting) != 1 || !waiting[0].At.Equal(noon.Add(campaign.AskAgain(0))) {
		t.Fatalf("waiting: %+v", waiting)
	}
	b.process.Senders[delivery.Email], b.process.Lacking = b.provider, nil
	b.Pass(campaign.AskAgain(0))
	settle(b, b.process, waiting[0])
	b.expect(1, "deferred channelOff", "sent")
}

func TestQuietHoursOfThePersonsZone(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, `{"quietHours":{"start":"11:00","end":"14:00"}}`)
	b.change(func(p *profile.Profile) { p.Zone = profile.Stamped{Value: "Europe/Berlin", At: noon} }) // 05:00 there
	settle(b, b.process, b.ask("s1"))
	b.expect(1, "sent")
}

// TestDuplicateWhileInFlight hands the same job to a second worker while the first waits for the provider.
func TestDuplicateWhileInFlight(t *testing.T) {
	for _, c := range []struct {
		answer error
		want   string
	}{
		{nil, "sent"},
		{&channel.Error{Class: channel.Reject, Code: "554"}, "failed rejected"},
		{&channel.Error{Class: channel.Retry, Code: "451"}, "deferred providerError"},
		{&channel.Error{Class: channel.Uncertain, Code: "x"}, "unknown timedOut"},
	} {
		t.Run(c.want, func(t *testing.T) {
			b := start(t, welcome)
			b.provider.answer = func(int) error { return c.answer }
			b.provider.crash = func() {
				b.provider.crash = nil
				settle(b, b.another(), b.ask("s1"))
				b.expect(1, "unknown interrupted")
			}
			settle(b, b.process, b.ask("s1"))
			b.expect(1, c.want)
		})
	}
}

func TestManyWorkersAtOnce(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, `{"caps":[{"limit":2,"per":1,"unit":"days"}]}`)
	var wg sync.WaitGroup
	for worker := range 4 {
		p := b.another()
		wg.Go(func() {
			// Each notification comes to two workers.
			for step := range 4 {
				settle(b, p, b.ask(fmt.Sprint("s", (step+worker)%4)))
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, n := range b.provider.taken {
		seen[n.ID]++
	}
	if b.provider.calls != 2 || len(seen) != 2 {
		t.Errorf("%d calls for %d notifications under a cap of two", b.provider.calls, len(seen))
	}
	got := b.decisions()
	slices.Sort(got)
	if fmt.Sprint(got) != "[sent sent skipped frequencyCap skipped frequencyCap]" {
		t.Errorf("decisions %v", got)
	}
}

// TestEveryWriteBroken breaks each write of each way that a notification can go, both ways, once and until the job has come
// several times. Never is a notification that the provider took sent again, and all of them are accounted for.
func TestEveryWriteBroken(t *testing.T) {
	for _, way := range []struct {
		name   string
		answer func(int) error
		set    string
		want   []string // the decisions that may stand at the end
	}{
		{"sent", nil, "", []string{"sent", "unknown interrupted"}},
		{"rejected", func(int) error { return &channel.Error{Class: channel.Reject, Code: "550 5.1.1", Bounce: true} }, "",
			[]string{"failed rejected", "unknown interrupted"}},
		{"not now", func(int) error { return &channel.Error{Class: channel.Retry, Code: "451"} }, "",
			[]string{"deferred providerError", "unknown interrupted"}},
		{"no answer", func(int) error { return &channel.Error{Class: channel.Uncertain, Code: "x"} }, "", []string{"unknown timedOut", "unknown interrupted"}},
		{"skipped", nil, `{"killSwitch":true}`, []string{"skipped killSwitch"}},
		{"deferred", nil, `{"quietHours":{"start":"11:00","end":"14:00"}}`, []string{"deferred quietHours"}},
	} {
		count := func() int {
			b := start(t, welcome)
			if way.set != "" {
				b.define(definition.Settings, delivery.SettingsID, way.set)
			}
			b.provider.answer = way.answer
			before := b.DB.Calls(dynamotest.AnyWrite)
			settle(b, b.process, b.ask("s1"))
			return b.DB.Calls(dynamotest.AnyWrite) - before
		}()
		for nth := 1; nth <= count+1; nth++ {
			for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
				for _, times := range []int{1, 3} {
					t.Run(fmt.Sprintf("%s, write %d %s, %d times", way.name, nth, how, times), func(t *testing.T) {
						b := start(t, welcome)
						if way.set != "" {
							b.define(definition.Settings, delivery.SettingsID, way.set)
						}
						b.provider.answer = way.answer
						for i := range times {
							b.DB.Fail(dynamotest.AnyWrite, nth+i, how)
						}
						settle(b, b.process, b.ask("s1"))
						b.DB.Heal()
						settle(b, b.another(), b.ask("s1"))
						got := b.decisions()
						if len(got) != 1 || !slices.Contains(way.want, got[0]) {
							t.Errorf("decisions %v, want one of %v", got, way.want)
						}
						if len(b.provider.taken) > 1 {
							t.Errorf("it arrived %d times", len(b.provider.taken))
						}
						if way.name == "sent" && times == 1 && (got[0] != "sent" || len(b.provider.taken) != 1) {
							t.Errorf("one broken write made it %s, %d arrived", got[0], len(b.provider.taken))
						}
						if (way.name == "not now" || way.name == "deferred") && got[0] != "unknown interrupted" && len(b.waiting()) == 0 {
							t.Error("deferred, and nothing waits")
						}
					})
				}
			}
		}
	}
}

// TestMergedMeanwhile: a notification that was sent under the former profile is the same after a merge.
func TestMergedMeanwhile(t *testing.T) {
	b := start(t, welcome)
	old := b.Person("ann-of-old", func(p *profile.Profile) {
		p.Traits = map[string]profile.Trait{"email": {Value: "ann@example.com"}}
		p.Consent = map[string]profile.Consent{"email": {Granted: true}}
	})
	n := b.ask("once")
	n.ID, n.ProfileID = campaign.NotificationID(old.ID, "welcome", "once"), old.ID
	settle(b, b.process, n)
	b.ann.Absorb(old)
	b.Must(b.Profiles.Merge(t.Context(), b.ann, old, people.Pack{}))
	settle(b, b.process, n)             // the same job again
	settle(b, b.process, b.ask("once")) // the same step, taken under the id that stayed
	b.expect(1, "sent")
	for i := range 3 {
		settle(b, b.process, b.ask(fmt.Sprint("s", i)))
	}
	if b.provider.calls != 3 {
		t.Errorf("the cap of three does not count what was sent before the merge: %d calls", b.provider.calls)
	}
}

func TestEventThatIsNotThereYet(t *testing.T) {
	b := start(t, welcome)
	n := b.ask("s1")
	n.EventOf, n.EventDay, n.EventVersion, n.EventID = b.ann.ID, profile.DayOf(noon), 1, "m1"
	if again := deliver(b, b.process, n); len(again) != 1 {
		t.Error("the job does not come again")
	}
	if err := b.process.Dispatch(t.Context(), n); !errors.Is(err, queue.ErrNotYet) {
		t.Errorf("it does not wait for the event: %v", err)
	}
	b.expect(0)
	settle(b, b.process, b.signUp(n))
	b.expect(1, "sent")
}

func TestTooLittleTimeLeft(t *testing.T) {
	b := start(t, welcome)
	ctx, cancel := context.WithTimeout(t.Context(), reserve-time.Second)
	defer cancel()
	body := functiontest.Body(b, job.Notifications{Notifications: []job.Notification{b.ask("s1")}})
	if again := functiontest.Deliver(ctx, t, b.process.Handle, body); len(again) != 1 {
		t.Errorf("%v come again", again)
	}
	b.expect(0)
}
