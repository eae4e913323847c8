package member

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/delivery"
	"github.com/userops/userops/shared/domain/event"
	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/domain/trust"
)

// TestWhatIsUnprovenIsShownApart: a profile shows all that was said, and names what only public events say; the export has each apart, with who said
// it.
func TestWhatIsUnprovenIsShownApart(t *testing.T) {
	b := start(t)
	b.save("ann", func(p *profile.Profile) {
		say := func(level trust.Level, device, traits string, minutes int) {
			at := noon.Add(time.Duration(minutes) * time.Minute)
			p.Fold(&event.Event{Kind: event.Identify, UserID: "ann", AnonymousID: device, Trust: level, Traits: json.RawMessage(traits), Timestamp: at, ReceivedAt: at}, profile.Shop{})
		}
		p.Attach(profile.Identifier{Kind: profile.AnonymousID, Value: "own"})
		say("", "", `{"name":"Ann"}`, 1)
		say(trust.Person, "", `{"city":"Hangzhou"}`, 2)
		say(trust.Public, "own", `{"name":"Eve","email":"ann@shop.example"}`, 3)
		say(trust.Public, "foreign", `{"size":7,"email":"eve@evil.example"}`, 4)
		p.Members = map[string]profile.Membership{"sure": {Since: noon}, "doubted": {Since: noon, Unproven: true}}
	})
	b.want(b.call("GET", "/v1/profiles/ann", ""), 200, `"traits":{"city":"Hangzhou","email":"eve@evil.example","name":"Ann","size":7}`, `"addresses":{}`, `"lastSeen":"2026-11-21T12:04:00Z"`,
		`"unproven":{"traits":["email","size"],"segments":["doubted"],"claimedDevices":[{"anonymousId":"foreign","at":"2026-11-21T12:04:00Z"}],"addresses":{"email":"ann@shop.example"}}`)
	b.want(b.call("GET", "/v1/profiles/ann/export", ""), 200, `"traits":{"city":{"value":"Hangzhou","at":"2026-11-21T12:02:00Z","by":"person"},"name":{"value":"Ann","at":"2026-11-21T12:01:00Z"}}`,
		`"name":{"value":"Eve","at":"2026-11-21T12:03:00Z"}`, `"claims":{"foreign":{"at":"2026-11-21T12:04:00Z"`, `"unconfirmed":{"email":{"value":"ann@shop.example"`,
		`"doubted":{"since":"2026-11-21T12:00:00Z","unproven":true}`)
	// Whom only pages have told of is there.
	b.save("bob", func(p *profile.Profile) {
		p.Memory = profile.Memory{}
		p.Fold(&event.Event{Kind: event.Page, UserID: "bob", Trust: trust.Public, Timestamp: noon, ReceivedAt: noon}, profile.Shop{})
	})
	b.want(b.call("GET", "/v1/profiles/bob", ""), 200, `"firstSeen":"2026-11-21T12:00:00Z"`)
}

// TestALinkOfOursIsThePersonsWord as far as the event goes that follows it.
func TestALinkOfOursIsThePersonsWord(t *testing.T) {
	b := start(t)
	ann := b.save("ann", nil)
	token := delivery.Unsubscribe{ProfileID: ann.ID, Channel: delivery.Email, NotificationID: "n1"}.Token(shopKeys)
	b.want(b.anybody("POST", "/v1/unsubscribe/"+token, ""), 200)
	if len(b.sent.jobs) != 1 || b.sent.jobs[0].Level(&b.sent.jobs[0].Events[0]) != trust.Person {
		t.Errorf("sent %+v", b.sent.jobs)
	}
}
