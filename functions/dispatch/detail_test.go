package dispatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/channel/email"
	"github.com/userops/userops/shared/channel/push"
	"github.com/userops/userops/shared/channel/sms"
	"github.com/userops/userops/shared/channel/webhook"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/secret"
	"github.com/userops/userops/shared/telemetry/telemetrytest"
)

// inState is the campaign in another state.
func inState(state string) string { return strings.Replace(welcome, "running", state, 1) }

// counts are the metrics that an invocation writes, by whom, how and why.
func counts(t *testing.T, do func()) map[string]float64 {
	t.Helper()
	sums := map[string]float64{}
	for _, line := range telemetrytest.Lines(t, "notifications", do) {
		sums[fmt.Sprint(line["function"], " ", line["channel"], " ", line["outcome"], " ", line["reason"])] += line["notifications"].(float64)
	}
	return sums
}

// TestWhatIsCounted: each end of an invocation, once.
func TestWhatIsCounted(t *testing.T) {
	b := start(t, welcome)
	b.provider.answer = func(call int) error {
		if call == 2 {
			return bounce
		}
		return nil
	}
	ghost := b.ask("s9")
	ghost.ProfileID = "nobody"
	got := counts(t, func() {
		settle(b, b.process, b.ask("s0"), b.ask("s1"), b.ask("s2"), b.ask("s3"), ghost)
		settle(b, b.process, b.ask("s4"))
	})
	want := map[string]float64{"dispatch email sent ": 1, "dispatch email failed rejected": 1, "dispatch email skipped suppressed": 3, "dispatch  skipped gone": 1}
	if !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

// TestMoreGuardsOfTheProcess are those whose negation TestGuardsOfTheProcess would not tell.
func TestMoreGuardsOfTheProcess(t *testing.T) {
	quiet := func(b *bench) {
		b.define(definition.Settings, delivery.SettingsID, `{"quietHours":{"start":"11:00","end":"14:00"}}`)
	}
	optOut := func(b *bench) { b.define(definition.Settings, delivery.SettingsID, `{"consent":{"email":"optOut"}}`) }
	for _, c := range []struct {
		name, campaign string
		before         func(*bench)
		change         func(*job.Notification)
		want, detail   string
	}{
		{"a campaign that never was", welcome, nil, func(n *job.Notification) { n.CampaignID = "other" }, "skipped notRunning", "gone"},
		{"no word, where people opt out", welcome, func(b *bench) { optOut(b); b.change(func(p *profile.Profile) { p.Consent = nil }) }, nil, "sent", ""},
		{"a no, where people opt out", welcome, func(b *bench) {
			optOut(b)
			b.change(func(p *profile.Profile) { p.Consent["email"] = profile.Consent{At: noon} })
		}, nil, "skipped noConsent", "revoked"},
		{"the night where the phone is from", welcome, func(b *bench) {
			quiet(b)
			b.change(func(p *profile.Profile) { p.Traits["phone"] = profile.Trait{Value: "+49 30 1234567"} })
		}, nil, "sent", ""},
		{"the night of the country", welcome, func(b *bench) {
			quiet(b)
			b.change(func(p *profile.Profile) { p.Traits["country"] = profile.Trait{Value: "DE"} })
		}, nil, "sent", ""},
		{"the night of the shop", welcome, quiet, nil, "deferred quietHours", ""},
		{"a template of another channel", welcome, func(b *bench) {
			b.define(definition.Template, "hello", `{"channel":"social","locales":{"default":{"payload":{"text":"Hi"}}}}`)
		}, nil, "failed template", "no template hello for the channel"},
		{"a template that is no document", welcome, func(b *bench) { b.define(definition.Template, "hello", `{"channel":7}`) }, nil, "failed template", "no template hello for the channel"},
		{"a template that is half one", welcome, func(b *bench) {
			b.define(definition.Template, "hello", strings.Replace(greeting, `"locales"`, `"id":7,"locales"`, 1))
		}, nil, "failed template", "no template hello for the channel"},
		{"a version of the template that never was", welcome, nil, func(n *job.Notification) { n.TemplateVersion = 9 }, "sent", ""},
		{"refused for now, without an end", welcome, func(b *bench) { b.provider.answer = func(int) error { return notNow } },
			func(n *job.Notification) { n.NotAfter = time.Time{} }, "deferred providerError", "451"},
		{"paused, without an end", inState("paused"), nil, func(n *job.Notification) { n.NotAfter = time.Time{} }, "deferred notRunning", "paused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, c.campaign)
			if c.before != nil {
				c.before(b)
			}
			n := b.ask("s1")
			if c.change != nil {
				c.change(&n)
			}
			settle(b, b.process, n)
			if got := b.decisions(); len(got) != 1 || got[0] != c.want {
				t.Fatalf("decisions %v, want %s", got, c.want)
			}
			if d, _, err := b.Deliveries.Decisions(t.Context(), b.ann.Keys(), 1, ""); err != nil || d[0].Detail != c.detail {
				t.Errorf("decision %+v, %v, want the detail %q", d, err, c.detail)
			}
		})
	}
}

// TestAnErrorIsHandedOn: whichever read fails, what failed is told, so that the log says it. Of somebody who came back one more is made, and
// more of who is two. The last read is the look after the intent, which may fail unseen.
func TestAnErrorIsHandedOn(t *testing.T) {
	for name, make := range map[string]func(b *bench) job.Notification{
		"Ann": func(b *bench) job.Notification { return b.signUp(b.ask("s1")) },
		"who came back in part": func(b *bench) job.Notification {
			bob := b.Person("bob", func(*profile.Profile) {})
			n := b.signUp(b.ask("s1"))
			n.EventOf = bob.ID
			return n
		},
		"who meets another worker": func(b *bench) job.Notification {
			c := b.record()
			b.DB.Interrupt("PutItem", 1, func() { b.Must(b.Deliveries.SaveContact(b.Context(), c)) })
			return b.ask("s1")
		},
		"two people": func(b *bench) job.Notification {
			old, ofOld, _ := b.old()
			b.merge(old)
			return ofOld
		},
	} {
		for _, op := range []string{"GetItem", "BatchGetItem", "Query"} {
			looked := 0
			for nth := 1; ; nth++ {
				b := start(t, welcome)
				b.define(definition.Settings, delivery.SettingsID, `{"caps":[]}`)
				b.define(definition.Settings, delivery.HoldoutID, `{"share":0}`)
				n := make(b)
				before := b.DB.Calls(op)
				b.DB.Fail(op, nth, dynamotest.NotPersisted)
				err := b.process.Dispatch(t.Context(), n)
				if b.DB.Calls(op)-before < nth {
					if looked != 0 && looked != nth-1 {
						t.Errorf("%s, %s %d of %d: it failed unseen", name, op, looked, nth-1)
					}
					break
				}
				if op == "GetItem" && looked == 0 && err == nil && b.provider.calls == 1 {
					looked = nth
					continue
				}
				if !errors.Is(err, dynamotest.ErrInjected) || b.provider.calls != 0 {
					t.Errorf("%s, %s %d: %v, %d calls", name, op, nth, err, b.provider.calls)
				}
			}
		}
	}
}

// TestADocumentThatIsNotUnderstood stops everything: it may forbid what is about to be sent.
func TestADocumentThatIsNotUnderstood(t *testing.T) {
	for _, id := range []string{delivery.SettingsID, delivery.HoldoutID} {
		b := start(t, welcome)
		b.define(definition.Settings, id, `{"ofLater":true}`)
		if err := b.process.Dispatch(t.Context(), b.ask("s1")); err == nil || !strings.Contains(err.Error(), "ofLater") {
			t.Errorf("%s: %v", id, err)
		}
		b.expect(0)
	}
}

// TestACampaignThatIsNotUnderstood, since a newer program has saved it, sends nothing and drops nothing: the job comes again until it is too late.
func TestACampaignThatIsNotUnderstood(t *testing.T) {
	b := start(t, strings.Replace(welcome, `"email"`, `"pigeon"`, 1))
	n := b.ask("s1")
	if err := b.process.Dispatch(t.Context(), n); !errors.Is(err, dynamo.ErrUnreadable) || !errors.Is(err, queue.ErrNotYet) {
		t.Errorf("the job is taken as done: %v", err)
	}
	b.expect(0)
	b.Pass(24*time.Hour + time.Second)
	settle(b, b.process, n)
	b.expect(0, "skipped expired")
}

// TestOtherChannelsNeedNoAddress, and are handed none.
func TestOtherChannelsNeedNoAddress(t *testing.T) {
	b := start(t, strings.Replace(welcome, `"email"`, `"social"`, 1))
	b.define(definition.Template, "hello", `{"channel":"social","locales":{"default":{"payload":{"text":"Hi"}}}}`)
	b.process.Senders[delivery.Social] = b.provider
	b.change(func(p *profile.Profile) { p.Consent["social"] = profile.Consent{Granted: true, At: noon} })
	settle(b, b.process, b.ask("s1"))
	b.expect(1, "sent")
	if got := b.provider.taken[0]; got.Address != "" || string(got.Content.Payload) != `{"text":"Hi"}` {
		t.Errorf("handed over %+v", got)
	}
}

// TestWhoHasNoAddressSharesNone: what public events start is capped by address, and who is reached without one is no reader of the others' mail.
func TestWhoHasNoAddressSharesNone(t *testing.T) {
	b := start(t, strings.Replace(welcome, `"email"`, `"social"`, 1))
	b.define(definition.Template, "hello", `{"channel":"social","locales":{"default":{"payload":{"text":"Hi"}}}}`)
	b.define(definition.Settings, delivery.SettingsID, `{"caps":[{"limit":1,"per":1,"unit":"days"}]}`)
	b.process.Senders[delivery.Social] = b.provider
	willing := func(p *profile.Profile) {
		p.Consent = map[string]profile.Consent{"social": {Granted: true, At: noon}}
	}
	b.change(willing)
	bob := b.Person("bob", willing)
	ofAnn := b.ask("s1")
	ofBob := ofAnn
	ofBob.ID, ofBob.ProfileID = campaign.NotificationID(bob.ID, "welcome", "s1"), bob.ID
	ofAnn.Unproven, ofBob.Unproven = true, true
	settle(b, b.process, ofAnn, ofBob)
	b.expect(2, "sent")
}

// TestTheEventOfThePersonItself: a job of the version before does not say whose event it is.
func TestTheEventOfThePersonItself(t *testing.T) {
	b := start(t, welcome)
	n := b.signUp(b.ask("s1"))
	n.EventOf = ""
	settle(b, b.process, n)
	if b.expect(1, "sent"); !strings.HasPrefix(b.provider.taken[0].Content.Text, "Teahouse gold ") {
		t.Errorf("text %q", b.provider.taken[0].Content.Text)
	}
}

// TestNoLinkThatLeadsNowhere: without an address of one's own there is none.
func TestNoLinkThatLeadsNowhere(t *testing.T) {
	b := start(t, welcome)
	b.process.PublicURL = ""
	settle(b, b.process, b.ask("s1"))
	if b.expect(1, "sent"); b.provider.taken[0].UnsubscribeURL != "" {
		t.Errorf("link %q", b.provider.taken[0].UnsubscribeURL)
	}
}

// away is a store of secrets that cannot be read.
type away struct{}

func (away) Keys(context.Context) (*proof.Keys, error) { return nil, errors.New("away") }

// TestMailWaitsForItsLink: while there is no secret, or none that can be read, nothing goes and nothing is given up.
func TestMailWaitsForItsLink(t *testing.T) {
	for name, secrets := range map[string]Secrets{"none": secret.Fixed(nil), "not readable": away{}} {
		b := start(t, welcome)
		b.process.Secrets = secrets
		n := b.ask("s1")
		if err := b.process.Dispatch(t.Context(), n); err == nil {
			t.Errorf("%s: it was decided", name)
		}
		b.expect(0)
		b.process.Secrets = linkSecrets
		settle(b, b.process, n)
		b.expect(1, "sent")
	}
}

// TestATemplateIsCompiledOnce, whether it compiles or not, and only so many are kept.
func TestATemplateIsCompiledOnce(t *testing.T) {
	b := start(t, welcome)
	of := func(id string, version int) any {
		found, err := b.process.template(t.Context(), id, version)
		b.Must(err)
		return found
	}
	first := of("hello", 0)
	reads := b.DB.Calls("GetItem") + b.DB.Calls("Query")
	if of("hello", 0) != first || of("hello", 1) != first {
		t.Error("compiled again")
	}
	if now := b.DB.Calls("GetItem") + b.DB.Calls("Query"); now != reads {
		t.Errorf("%d reads for the present version, which is known", now-reads)
	}
	for i := len(b.process.templates); i < maxCompiled; i++ {
		b.process.templates[edition{fmt.Sprint(i), 1}] = nil
	}
	if of("hello", 1) != first || len(b.process.templates) != maxCompiled {
		t.Error("what fits is not kept")
	}
	delete(b.process.templates, edition{"hello", 1})
	if of("hello", 1); len(b.process.templates) != maxCompiled {
		t.Errorf("%d are kept, want %d", len(b.process.templates), maxCompiled)
	}
	b.process.templates[edition{"one more", 1}] = nil
	delete(b.process.templates, edition{"hello", 1})
	if of("hello", 1); len(b.process.templates) != 1 {
		t.Errorf("%d are kept after the last that fits", len(b.process.templates))
	}
}

// TestChannelsThatAreOn are those that have all of their settings. One that lacks something is off, says what, and keeps back no other.
func TestChannelsThatAreOn(t *testing.T) {
	mail := Settings{Channels: Channels{Email: email.Settings{Addr: "127.0.0.1:25", From: "a@example.com"}}, PublicURL: "http://x"}
	with := func(change func(*Settings)) Settings {
		s := mail
		change(&s)
		return s
	}
	const link = "PUBLIC_URL is not set: each notification of the channel has a signed link to unsubscribe"
	for name, c := range map[string]struct {
		s       Settings
		on      string
		lacking string
	}{
		"none":                            {Settings{}, "[]", "map[]"},
		"e-mail":                          {mail, "[email]", "map[]"},
		"e-mail without an own address":   {with(func(s *Settings) { s.PublicURL = "" }), "[]", "map[email:" + link + "]"},
		"e-mail to no address, from none": {with(func(s *Settings) { s.Email = email.Settings{Addr: "127.0.0.1", From: "a"} }), "[]", "map[email:SMTP_ADDR is not host:port; MAIL_FROM is not an e-mail address]"},
		"a webhook":                       {Settings{Channels: Channels{Social: webhook.Settings{URL: "https://x.example"}}}, "[social]", "map[]"},
		"a webhook to no address":         {with(func(s *Settings) { s.Social.URL = "x.example" }), "[email]", "map[social:WEBHOOK_URL is not an http or https address]"},
		"text messages of nobody":         {with(func(s *Settings) { s.SMS = sms.Settings{KeyID: "LTAI", Endpoint: "https://x.example"} }), "[email]", "map[sms:SMS_SIGN_NAME is not a sender's name without brackets]"},
		"push to half of Apple":           {with(func(s *Settings) { s.Push = push.Settings{KeyID: "K", Team: "T", APNSEndpoint: "https://x.example"} }), "[email]", "map[push:APNS_TOPIC is not set]"},
		"all": {with(func(s *Settings) {
			s.Social.URL = "https://x.example"
			s.SMS = sms.Settings{KeyID: "LTAI", Sign: "茶铺", Endpoint: "https://x.example"}
			s.Push = push.Settings{Project: "tea", FCMEndpoint: "https://x.example"}
		}), fmt.Sprint(slices.Sorted(slices.Values(delivery.Channels()))), "map[]"},
	} {
		p := New(c.s, nil, nil, time.Now)
		if on, lacking := fmt.Sprint(slices.Sorted(maps.Keys(p.Senders))), fmt.Sprint(p.Lacking); on != c.on || lacking != c.lacking {
			t.Errorf("%s: on %s, want %s (each channel of the table has a row in package setup and its settings here); off %s, want %s", name, on, c.on, lacking, c.lacking)
		}
	}
}
