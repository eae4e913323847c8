package profile_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/job"
)

func TestProfileShowsWhatIsKnown(t *testing.T) {
	b := membertest.Start(t)
	p := b.Save("ann", func(p *profile.Profile) {
		p.Identifiers = append(p.Identifiers, profile.Identifier{Kind: profile.AnonymousID, Value: "a1"})
		p.Traits = map[string]profile.Trait{"name": {Value: "Ann", At: membertest.Noon}, "age": {Value: int64(30), At: membertest.Noon}}
		p.Tagging.Say("vip", profile.Tagged{At: time.Unix(1, 0)})
		p.Orders.Replace(nil, &profile.OrderEntry{At: membertest.Noon.Add(-48 * time.Hour), Net: 1234, Currency: "CNY"})
		p.Orders.Replace(nil, &profile.OrderEntry{At: membertest.Noon.Add(-24 * time.Hour), Net: 100, Currency: "USD"})
		p.Members = map[string]profile.Membership{"b": {Since: membertest.Noon}, "a": {Since: membertest.Noon}}
		p.Scores = profile.Scores{Run: "r1", R: 5, F: 4, M: 3, Class8: "c8", Segment11: "s11", Class15: "c15", Lifecycle: "new"}
		p.Consent = map[string]profile.Consent{"email": {Granted: true, At: membertest.Noon}}
	})
	want := fmt.Sprintf(`{"profileId":%q,"ids":[{"kind":"user","value":"ann"},{"kind":"anonymous","value":"a1"}],`+
		`"firstSeen":"2026-11-21T11:00:00Z","lastSeen":"2026-11-21T11:00:00Z","traits":{"age":30,"name":"Ann"},"tags":["vip"],"tagged":[{"tag":"vip","at":"1970-01-01T00:00:01Z"}],`+
		`"orders":{"count":2,"revenue":[{"amount":1234,"currency":"CNY"},{"amount":100,"currency":"USD"}],"firstAt":"2026-11-19T12:00:00Z","lastAt":"2026-11-20T12:00:00Z"},`+
		`"lifecycle":"new","stage":null,"activity":null,"rfm":{"r":5,"f":4,"m":3,"class8":"c8","segment11":"s11","class15":"c15"},"predictions":null,"segments":["a","b"],"tier":null,`+
		`"consent":{"email":{"granted":true,"at":"2026-11-21T12:00:00Z"}},`+
		`"demographics":{"gender":null,"birthday":null,"age":30},"place":{"city":null,"province":null,"country":null,"postalCode":null,"timeZone":null,"locale":null},`+
		`"addresses":{},"devices":[],"pushTokens":[],"interests":{"categories":[],"brands":[],"viewed":[]},"cart":{"lines":[],"total":{"amount":0,"currency":"CNY"}},"touch":{},"mergedFrom":[],"unproven":{"traits":[],"segments":[],"claimedDevices":[],"addresses":{}}}`, p.ID)
	for _, path := range []string{"ann", "profile:" + string(p.ID)} {
		if got := strings.TrimSpace(b.Call("GET", "/v1/profiles/"+path, "").Body.String()); got != want {
			t.Errorf("%s: got %s\nwant %s", path, got, want)
		}
	}
	b.Save("bob", nil)
	b.Want(b.Call("GET", "/v1/profiles/bob", ""), 200, `"traits":{}`, `"tags":[]`, `"segments":[]`, `"consent":{}`, `"rfm":null`, `"lifecycle":null`,
		`"orders":{"count":0,"revenue":[],"firstAt":null,"lastAt":null}`)
	b.Want(b.Call("GET", "/v1/profiles/nobody", ""), 404)
	b.Want(b.Call("GET", "/v1/profiles/anonymous:ann", ""), 404)
}

// TestWhyAnAddressIsNotReachable is told by the last word on the channel.
func TestWhyAnAddressIsNotReachable(t *testing.T) {
	b := membertest.Start(t)
	for word, want := range map[profile.Consent]string{
		{Granted: true}:                     `"reachable":true}`,
		{}:                                  `"reachable":false,"reason":"noConsent"}`,
		{Reason: "unsubscribe"}:             `"reachable":false,"reason":"noConsent"}`,
		{Reason: "complaint"}:               `"reachable":false,"reason":"suppressed"}`,
		{Reason: "bounce"}:                  `"reachable":false,"reason":"suppressed"}`,
		{Granted: true, Reason: "comeback"}: `"reachable":true}`,
	} {
		who := "ann-" + word.Reason + fmt.Sprint(word.Granted)
		b.Save(who, func(p *profile.Profile) {
			p.Traits = map[string]profile.Trait{"email": {Value: "ann@shop.example"}}
			word.At = membertest.Noon
			p.Consent = map[string]profile.Consent{"email": word}
		})
		b.Want(b.Call("GET", "/v1/profiles/"+who, ""), 200, `"email":{"address":"ann@shop.example",`+want)
	}
}

func TestProfileShowsItsDetail(t *testing.T) {
	b := membertest.Start(t)
	fold := func(p *profile.Profile, name, properties, context string, before time.Duration) {
		p.Fold(&event.Event{Kind: event.Track, Name: name, Properties: json.RawMessage(properties), Context: json.RawMessage(context), Timestamp: membertest.Noon.Add(-before), ReceivedAt: membertest.Noon}, profile.Shop{Currency: "CNY"})
	}
	b.Save("ann", func(p *profile.Profile) {
		p.Traits = map[string]profile.Trait{"gender": {Value: "女"}, "birthday": {Value: "1990-05-31"}, "email": {Value: "Ann@Shop.example"}, "phone": {Value: "+86 138 1234 5678"},
			"address": {Value: `{"city":"Hangzhou","country":"CN"}`}}
		p.Consent = map[string]profile.Consent{"email": {Granted: true, At: membertest.Noon}, "sms": {At: membertest.Noon}}
		p.Parts = []profile.ID{"old"}
		fold(p, "Product Viewed", `{"product_id":"p1","category":"tea","brand":"West Lake"}`, `{"timezone":"Asia/Shanghai","locale":"zh-CN","os":{"name":"iOS"},"device":{"id":"phone-1","token":"c2a1f00dfeedc2a1f00dfeed"},"campaign":{"name":"spring","source":"mail"}}`, 2*time.Hour)
		fold(p, "Product Viewed", `{"product_id":"p2","category":"cups"}`, `{"os":{"name":"Android"},"device":{"id":"phone-2"}}`, 48*time.Hour)
		fold(p, "Product Viewed", `{"product_id":"p3","category":"tea"}`, ``, time.Hour)
	})
	b.Want(b.Call("GET", "/v1/profiles/ann", ""), 200,
		`"demographics":{"gender":"female","birthday":"1990-05-31","age":36}`,
		`"place":{"city":"Hangzhou","province":null,"country":"CN","postalCode":null,"timeZone":"Asia/Shanghai","locale":"zh-CN"}`,
		`"addresses":{"email":{"address":"ann@shop.example","reachable":true},"push":{"address":"c2a1f00dfeedc2a1f00dfeed","reachable":false,"reason":"noConsent"},"sms":{"address":"+8613812345678","reachable":false,"reason":"noConsent"}}`,
		`"devices":[{"deviceId":"phone-1","at":"2026-11-21T10:00:00Z","os":"iOS"},{"deviceId":"phone-2","at":"2026-11-19T12:00:00Z","os":"Android"}]`,
		`"pushTokens":[{"token":"c2a1f00dfeedc2a1f00dfeed","at":"2026-11-21T10:00:00Z","os":"iOS"}]`,
		`"interests":{"categories":["tea","cups"],"brands":["West Lake"],"viewed":[{"productId":"p3","at":"2026-11-21T11:00:00Z"},{"productId":"p1","at":"2026-11-21T10:00:00Z"},{"productId":"p2","at":"2026-11-19T12:00:00Z"}]}`,
		`"campaign":"spring"`, `"mergedFrom":["old"]`)
	b.Save("bob", func(p *profile.Profile) {
		p.Traits = map[string]profile.Trait{"birthday": {Value: "--02-29"}}
		for i := range 30 {
			fold(p, "Product Viewed", fmt.Sprintf(`{"product_id":"p%d","category":"c%d"}`, i, i), ``, time.Duration(i)*time.Hour)
		}
	})
	got := b.Want(b.Call("GET", "/v1/profiles/bob", ""), 200, `"birthday":"--02-29","age":null`)["interests"].(map[string]any)
	if c, v := len(got["categories"].([]any)), len(got["viewed"].([]any)); c > 10 || v > 20 || c == 0 || v == 0 {
		t.Errorf("%d categories and %d products are shown", c, v)
	}
}

// TestWhatIsUnprovenIsShownApart: a profile shows all that was said, and names what only public events say; the export has each apart, with who said
// it.
func TestWhatIsUnprovenIsShownApart(t *testing.T) {
	b := membertest.Start(t)
	b.Save("ann", func(p *profile.Profile) {
		say := func(level trust.Level, device, traits string, minutes int) {
			at := membertest.Noon.Add(time.Duration(minutes) * time.Minute)
			p.Fold(&event.Event{Kind: event.Identify, UserID: "ann", AnonymousID: device, Trust: level, Traits: json.RawMessage(traits), Timestamp: at, ReceivedAt: at}, profile.Shop{})
		}
		p.Attach(profile.Identifier{Kind: profile.AnonymousID, Value: "own"})
		say("", "", `{"name":"Ann"}`, 1)
		say(trust.Person, "", `{"city":"Hangzhou"}`, 2)
		say(trust.Public, "own", `{"name":"Eve","email":"ann@shop.example"}`, 3)
		say(trust.Public, "foreign", `{"size":7,"email":"eve@evil.example"}`, 4)
		p.Members = map[string]profile.Membership{"sure": {Since: membertest.Noon}, "doubted": {Since: membertest.Noon, Unproven: true}}
	})
	b.Want(b.Call("GET", "/v1/profiles/ann", ""), 200, `"traits":{"city":"Hangzhou","email":"eve@evil.example","name":"Ann","size":7}`, `"addresses":{}`, `"lastSeen":"2026-11-21T12:04:00Z"`,
		`"unproven":{"traits":["email","size"],"segments":["doubted"],"claimedDevices":[{"anonymousId":"foreign","at":"2026-11-21T12:04:00Z"}],"addresses":{"email":"ann@shop.example"}}`)
	b.Want(b.Call("GET", "/v1/profiles/ann/export", ""), 200, `"traits":{"city":{"value":"Hangzhou","at":"2026-11-21T12:02:00Z","by":"person"},"name":{"value":"Ann","at":"2026-11-21T12:01:00Z"}}`,
		`"name":{"value":"Eve","at":"2026-11-21T12:03:00Z"}`, `"claims":{"foreign":{"at":"2026-11-21T12:04:00Z"`, `"unconfirmed":{"email":{"value":"ann@shop.example"`,
		`"doubted":{"since":"2026-11-21T12:00:00Z","unproven":true}`)
	// Whom only pages have told of is there.
	b.Save("bob", func(p *profile.Profile) {
		p.Memory = profile.Memory{}
		p.Fold(&event.Event{Kind: event.Page, UserID: "bob", Trust: trust.Public, Timestamp: membertest.Noon, ReceivedAt: membertest.Noon}, profile.Shop{})
	})
	b.Want(b.Call("GET", "/v1/profiles/bob", ""), 200, `"firstSeen":"2026-11-21T12:00:00Z"`)
}

func TestErase(t *testing.T) {
	b := membertest.Start(t)
	p := b.Save("ann", nil)
	b.Want(b.Call("DELETE", "/v1/profiles/ann", ""), 202, `"receipt":"receipt-1"`, `"at":"`+membertest.Noon.Format(time.RFC3339)+`"`)
	if len(b.Jobs()) != 1 {
		t.Fatalf("sent %+v", b.Jobs())
	}
	got := b.Jobs()[0].Command
	if got == nil || got.Kind != job.CommandErase || got.ProfileID != p.ID || got.ID != "receipt-1" || !got.At.Equal(membertest.Noon) || got.Nobody {
		t.Errorf("sent %+v", got)
	}
	b.Want(b.Call("DELETE", "/v1/profiles/nobody", ""), 202)
	if got := b.Jobs()[1].Command; !got.Nobody {
		t.Errorf("sent %+v for somebody unknown", got)
	}
	b.Sent.Break(dynamotest.ErrInjected)
	b.Want(b.Call("DELETE", "/v1/profiles/ann", ""), 503)
}
