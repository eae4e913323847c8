package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/secret"
)

var (
	shanghai = mustZone("Asia/Shanghai")
	noon     = time.Date(2026, 11, 21, 12, 0, 0, 0, shanghai)
)

func mustZone(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

// provider plays the channel: it notes what it took, and answers by script.
type provider struct {
	mu     sync.Mutex
	taken  []channel.Notification
	calls  int
	answer func(call int) error
	crash  func() // called before the answer; the process goes no further when it panics
}

func (p *provider) Send(_ context.Context, n channel.Notification) error {
	p.mu.Lock()
	p.calls++
	call := p.calls
	p.mu.Unlock()
	var err error
	if p.answer != nil {
		err = p.answer(call)
	}
	if err == nil {
		p.mu.Lock()
		p.taken = append(p.taken, n)
		p.mu.Unlock()
	}
	if p.crash != nil {
		p.crash()
	}
	return err
}

// bench is a shop with one person, Ann, and one campaign.
type bench struct {
	*functiontest.Shop
	process  *Process
	provider *provider
	ann      *profile.Profile
}

const (
	welcome  = `{"name":"Welcome","state":"running","trigger":{"event":{"name":"Signed Up"}},"channel":"email","templateId":"hello"}`
	greeting = `{"channel":"email","locales":{"default":{"subject":"Hi {{ profile.name }}","text":"{{ shop.name }} {{ event.properties.plan }} {{ unsubscribeUrl }}"}}}`
)

func start(t testing.TB, campaign string) *bench {
	t.Helper()
	b := &bench{Shop: functiontest.Open(t, noon), provider: &provider{}}
	b.process = b.another()
	b.define(definition.Campaign, "welcome", campaign)
	b.define(definition.Template, "hello", greeting)
	b.ann = b.Person("ann", func(p *profile.Profile) {
		p.Traits = map[string]profile.Trait{"email": {Value: "ann@example.com"}, "name": {Value: "Ann"}}
		p.Consent = map[string]profile.Consent{"email": {Granted: true, At: noon}}
	})
	return b
}

// What the links in mails are signed with, and the keys that this makes.
var (
	linkSecrets = secret.Fixed(map[string]string{secret.UserHash: "secret"})
	linkKeys    = proof.New(nil, []string{"secret"})
)

// another is a second worker over the same tables and the same provider.
func (b *bench) another() *Process {
	p := New(Settings{
		ProfilesTable: "Profiles", TimelineTable: "Timeline", CatalogTable: "Catalog", DeliveriesTable: "Deliveries", ResultsTable: "Results", LiveTable: "Live", DueTable: "Due",
		TimeZone: shanghai, Currency: "CNY", ShopName: "Teahouse", PublicURL: "https://shop.example/",
	}, b.DB, nil, b.Now)
	p.Secrets = linkSecrets
	p.Senders[delivery.Email] = b.provider
	return p
}

func (b *bench) define(kind, id, body string) {
	b.Helper()
	b.Define(kind, id, body)
	if b.process != nil {
		b.process = b.another() // with an empty cache
	}
}

// change saves Ann anew.
func (b *bench) change(f func(*profile.Profile)) {
	b.Helper()
	f(b.ann)
	b.Must(b.Profiles.Save(b.Context(), b.ann))
}

// ask is a notification for Ann; the same step is the same notification.
func (b *bench) ask(step string) job.Notification {
	return job.Notification{
		ID: campaign.NotificationID(b.ann.ID, "welcome", step), ProfileID: b.ann.ID, CampaignID: "welcome", CampaignVersion: 1, Step: step,
		At: noon.UTC(), Since: noon.UTC(), NotAfter: noon.Add(24 * time.Hour).UTC(),
	}
}

// deliver hands notifications over in a record each, to one worker, and answers which come again.
func deliver(b *bench, p *Process, all ...job.Notification) []job.Notification {
	b.Helper()
	var bodies []string
	for _, n := range all {
		bodies = append(bodies, functiontest.Body(b, job.Notifications{Notifications: []job.Notification{n}}))
	}
	var again []job.Notification
	for _, i := range functiontest.Deliver(b.Context(), b, p.Handle, bodies...) {
		again = append(again, all[i])
	}
	return again
}

// settle delivers until nothing comes again.
func settle(b *bench, p *Process, all ...job.Notification) {
	b.Helper()
	for range 5 {
		if all = deliver(b, p, all...); len(all) == 0 {
			return
		}
	}
	b.Fatalf("%d notifications still come again", len(all))
}

// decisions of Ann as "outcome reason", oldest first.
func (b *bench) decisions() []string {
	b.Helper()
	found, next, err := b.Deliveries.Decisions(b.Context(), b.ann.Keys(), 100, "")
	if err != nil || next != "" {
		b.Fatalf("decisions: %v, next %q", err, next)
	}
	var out []string
	for i := range found {
		d := found[len(found)-1-i]
		text := string(d.Outcome)
		if d.Reason != "" {
			text += " " + string(d.Reason)
		}
		out = append(out, text)
	}
	return out
}

// lastDecision is Ann's newest.
func (b *bench) lastDecision() delivery.Decision {
	b.Helper()
	found, _, err := b.Deliveries.Decisions(b.Context(), b.ann.Keys(), 1, "")
	if err != nil || len(found) != 1 {
		b.Fatalf("the newest decision: %v, %v", found, err)
	}
	return found[0]
}

func (b *bench) expect(calls int, decisions ...string) {
	b.Helper()
	if got, want := fmt.Sprint(b.decisions()), fmt.Sprint(decisions); got != want {
		b.Errorf("decisions %s, want %s", got, want)
	}
	if b.provider.calls != calls {
		b.Errorf("the provider was called %d times, want %d", b.provider.calls, calls)
	}
}

// waiting lists what is filed to come again.
func (b *bench) waiting() []job.Notification {
	b.Helper()
	var all []job.Notification
	b.DB.Each(b, "Due", func(item map[string]types.AttributeValue) {
		body, ok := item["b"].(*types.AttributeValueMemberB)
		if !ok {
			return // what finds a wait by its person
		}
		var n job.Notification
		b.Must(json.Unmarshal(body.Value, &n))
		all = append(all, n)
	})
	return all
}

// signUp puts Ann's sign-up into the timeline and makes the notification point to it.
func (b *bench) signUp(n job.Notification) job.Notification {
	b.Helper()
	e := event.Event{MessageID: "m1", Kind: event.Track, Name: "Signed Up", Timestamp: noon.UTC(), ReceivedAt: noon.UTC(), Properties: json.RawMessage(`{"plan":"gold"}`)}
	b.Must(b.Timeline.Write(b.Context(), people.Pack{
		Profile: b.ann.ID, Day: profile.DayOf(noon), Version: 1, Events: []people.PackedEvent{{Source: "s", Event: e}}}))
	n.EventOf, n.EventDay, n.EventVersion, n.EventID, n.EventName = b.ann.ID, profile.DayOf(noon), 1, "m1", "Signed Up"
	return n
}

var errPower = errors.New("the power is gone")
