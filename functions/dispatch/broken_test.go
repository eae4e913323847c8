package dispatch

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/secret"
)

// TestEveryCallOfAnEndBroken breaks each read and each write of notifications that end in different ways, the writes both ways: no job is taken as done
// before its decision stands, which is the one that it would have had.
func TestEveryCallOfAnEndBroken(t *testing.T) {
	late := func(b *bench) job.Notification { b.Pass(25 * time.Hour); return b.ask("s1") }
	for name, prepare := range map[string]func(b *bench) job.Notification{
		"of who cannot be read, too late": func(b *bench) job.Notification {
			_, err := b.DB.Client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: new("Profiles"), Item: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: "p#" + string(b.ann.ID)}, "sk": &types.AttributeValueMemberS{Value: "p"},
				"v": &types.AttributeValueMemberN{Value: "1"}, "b": &types.AttributeValueMemberB{Value: []byte{255}}}})
			b.Must(err)
			return late(b)
		},
		"too late, of a campaign that was saved anew": func(b *bench) job.Notification {
			b.define(definition.Campaign, "welcome", strings.Replace(welcome, "Welcome", "Anew", 1))
			return late(b)
		},
		"started by a page": func(b *bench) job.Notification {
			n := b.ask("s1")
			n.Unproven = true
			return n
		},
		"started by a page, one too many": func(b *bench) job.Notification {
			b.define(definition.Settings, delivery.SettingsID, `{"caps":[{"limit":1,"per":1,"unit":"days"}]}`)
			bob := b.Person("bob", func(p *profile.Profile) { p.Traits, p.Consent = b.ann.Traits, b.ann.Consent })
			n := b.ask("s0")
			n.ID, n.ProfileID, n.Unproven = campaign.NotificationID(bob.ID, "welcome", "s0"), bob.ID, true // reads at the same address
			settle(b, b.process, n)
			n = b.ask("s1")
			n.Unproven = true
			return n
		},
		"refused for the last time": func(b *bench) job.Notification {
			b.provider.answer = func(int) error { return notNow }
			n := b.ask("s1")
			n.Refused = maxAttempts - 1
			return n
		},
		"unknown so far, and not begun after all": func(b *bench) job.Notification {
			n := b.ask("s1")
			_, err := b.Deliveries.DecideFirst(t.Context(), delivery.Decision{NotificationID: n.ID, ProfileID: n.ProfileID, CampaignID: n.CampaignID,
				Outcome: delivery.Unknown, Reason: delivery.Interrupted, Asked: n.At, At: b.Now()})
			b.Must(err)
			b.change(func(p *profile.Profile) { p.Consent = nil })
			return n
		},
		"left out, and in flight when the process ended": func(b *bench) job.Notification {
			n := b.ask("s1")
			b.provider.crash = func() {
				_, err := b.Deliveries.DecideFirst(t.Context(), delivery.Decision{NotificationID: n.ID, ProfileID: n.ProfileID, CampaignID: n.CampaignID,
					Outcome: delivery.Skipped, Reason: delivery.NotEligible, Asked: n.At, At: b.Now()})
				b.Must(err)
				panic(errPower)
			}
			deliver(b, b.process, n)
			b.provider.crash, b.process = nil, b.another()
			return n
		},
		"no consent": func(b *bench) job.Notification {
			b.change(func(p *profile.Profile) { p.Consent = nil })
			return b.ask("s1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			want, calls, broken := "", 0, 0
			try := func(op string, nth int, how dynamotest.How) (reached bool) {
				b := start(t, welcome)
				n := prepare(b)
				before, had := b.DB.Calls(op), b.provider.calls
				if nth > 0 {
					b.DB.Fail(op, nth, how)
				}
				err := b.process.Dispatch(t.Context(), n)
				reached = nth > 0 && b.DB.Calls(op)-before >= nth
				b.DB.Heal()
				if now := strings.Join(b.decisions(), ", "); err == nil && nth > 0 && now != want {
					t.Errorf("%s %d %s: taken as done with %s", op, nth, how, now)
				}
				settle(b, b.process, n)
				got := strings.Join(b.decisions(), ", ")
				if nth == 0 {
					want, calls = got, b.provider.calls-had
				}
				unknown := strings.Contains(got, "unknown") // a write whose answer got lost, after the provider was asked
				if got != want && !unknown || b.provider.calls-had > calls {
					t.Errorf("%s %d %s: %s and %d calls, want %s and %d", op, nth, how, got, b.provider.calls-had, want, calls)
				}
				return reached
			}
			try("GetItem", 0, dynamotest.NotPersisted)
			for op, hows := range map[string][]dynamotest.How{"GetItem": {dynamotest.NotPersisted}, "BatchGetItem": {dynamotest.NotPersisted}, "Query": {dynamotest.NotPersisted},
				dynamotest.AnyWrite: {dynamotest.NotPersisted, dynamotest.Persisted}} {
				for _, how := range hows {
					for nth := 1; try(op, nth, how); nth++ {
						broken++
					}
				}
			}
			if broken < 3 {
				t.Errorf("only %d calls were broken", broken)
			}
		})
	}
}

// TestWithoutAnEndNothingIsTooLate: a campaign that a newer program has saved is waited for however long it takes.
func TestWithoutAnEndNothingIsTooLate(t *testing.T) {
	b := start(t, strings.Replace(welcome, `"email"`, `"pigeon"`, 1))
	n := b.ask("s1")
	n.NotAfter = time.Time{}
	b.Pass(1000 * time.Hour)
	if err := b.process.Dispatch(t.Context(), n); !errors.Is(err, queue.ErrNotYet) {
		t.Errorf("the job is taken as done: %v", err)
	}
	b.expect(0)
}

// TestNoLinkWithoutASecret: what is no mail goes without a link to unsubscribe, and with none that is not signed.
func TestNoLinkWithoutASecret(t *testing.T) {
	for name, secrets := range map[string]Secrets{"none": secret.Fixed(nil), "one": linkSecrets} {
		b := start(t, strings.Replace(welcome, `"email"`, `"social"`, 1))
		b.define(definition.Template, "hello", `{"channel":"social","locales":{"default":{"payload":{"text":"Hi"}}}}`)
		b.process.Secrets, b.process.Senders[delivery.Social] = secrets, b.provider
		b.change(func(p *profile.Profile) { p.Consent["social"] = profile.Consent{Granted: true, At: noon} })
		settle(b, b.process, b.ask("s1"))
		b.expect(1, "sent")
		if got := b.provider.taken[0].UnsubscribeURL; strings.HasPrefix(got, "https://shop.example/v1/unsubscribe/") != (name == "one") || name == "none" && got != "" {
			t.Errorf("%s: the link is %s", name, fmt.Sprintf("%q", got))
		}
	}
}

// TestWhatAPageHasStartedTellsItsTimeAlone: of an event that only a page speaks of a mail says when it was, and nothing that it carries.
func TestWhatAPageHasStartedTellsItsTimeAlone(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Template, "hello", `{"channel":"email","locales":{"default":{"subject":"Hi","text":"{{ event.timestamp }} [{{ event.properties.plan }}] {{ unsubscribeUrl }}"}}}`)
	n := b.signUp(b.ask("s1"))
	n.Unproven = true
	settle(b, b.process, n)
	if b.expect(1, "sent"); !strings.Contains(b.provider.taken[0].Content.Text, "2026-11-21") || !strings.Contains(b.provider.taken[0].Content.Text, "[]") {
		t.Errorf("text %q", b.provider.taken[0].Content.Text)
	}
}
