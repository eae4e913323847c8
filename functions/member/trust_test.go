package member

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/people"
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

// TestEachWordHasItsProof shows by whom each word about consent was said, in the timeline and in the export, also of those that a later one took the place
// of. A role that sees people masked is not shown what a page has named.
func TestEachWordHasItsProof(t *testing.T) {
	b := start(t)
	b.save("ann", nil)
	b.hire()
	ann := profile.Identifier{Kind: profile.UserID, Value: "ann"}.ID()
	var list []people.PackedEvent
	add := func(source string, level trust.Level, kind event.Kind, name, properties string) {
		at := noon.Add(time.Duration(len(list)) * time.Minute)
		list = append(list, people.PackedEvent{Source: source, Event: event.Event{MessageID: fmt.Sprint("m", len(list)), Kind: kind, Name: name, UserID: "ann", Timestamp: at, ReceivedAt: at,
			Trust: level, Properties: json.RawMessage(properties)}})
	}
	add("web", trust.Public, event.Track, event.ConsentGranted, `{"channel":"email","textVersion":"t-1"}`)
	add("app", trust.Person, event.Track, event.ConsentRevoked, `{"channel":"email"}`)
	add("till", "", event.Track, event.Unsubscribed, `{"channel":"sms"}`)
	add("mail", trust.Provider, event.Track, event.EmailMarkedAsSpam, `{}`)
	add("mail", trust.Level("of a later version"), event.Track, event.ConsentGranted, `{"purpose":"profiling"}`)
	add("web", "", event.Page, event.ConsentGranted, `{"channel":"email"}`) // the title of a page
	add("web", "", event.Track, "Tea Drunk", `{"channel":"email"}`)
	if err := b.process.Timeline.Write(t.Context(), people.Pack{Profile: ann, Day: profile.DayOf(noon), Version: 1, Events: list}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"m0": `{"by":"public","source":"web","textVersion":"t-1"}`, "m1": `{"by":"person","source":"app"}`, "m2": `{"by":"shop","source":"till"}`,
		"m3": `{"by":"provider","source":"mail"}`, "m4": `{"by":"public","source":"mail"}`, "m5": "", "m6": ""}
	type shown struct {
		MessageID string
		Proof     json.RawMessage
	}
	check := func(where string, events []shown) {
		got := map[string]string{}
		for _, e := range events {
			got[e.MessageID] = string(e.Proof)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s shows %v, want %v", where, got, want)
		}
	}
	var page, masked struct{ Items []shown }
	if err := json.Unmarshal(b.call("GET", "/v1/profiles/ann/events", "").Body.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	check("the timeline", page.Items)
	var exported []shown
	for cursor, pages := "", 0; pages == 0 || cursor != "" && pages < 20; pages++ {
		var part struct {
			Items []struct {
				Kind  string
				Value json.RawMessage
			}
			Next string
		}
		if err := json.Unmarshal(b.call("GET", "/v1/profiles/ann/export?cursor="+url.QueryEscape(cursor), "").Body.Bytes(), &part); err != nil {
			t.Fatal(err)
		}
		for _, i := range part.Items {
			if i.Kind != "event" {
				continue
			}
			var e shown
			if err := json.Unmarshal(i.Value, &e); err != nil {
				t.Fatal(err)
			}
			exported = append(exported, e)
		}
		cursor = part.Next
	}
	check("the export", exported)
	want["m0"] = `{"by":"public","source":"web","textVersion":"***"}`
	if err := json.Unmarshal(b.anybody("GET", "/v1/profiles/ann/events", "", "Authorization", "Bearer viewer").Body.Bytes(), &masked); err != nil {
		t.Fatal(err)
	}
	check("the masked timeline", masked.Items)
}
