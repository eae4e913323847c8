package profile_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/people"
)

// TestConsentIsShownWithItsProof in the profile, in the export and to the person, whose own userHash opens it and nobody else's. Who refuses profiling has no
// class and no favourites, and the export shows all that is held.
func TestConsentIsShownWithItsProof(t *testing.T) {
	b := membertest.Start(t)
	at := membertest.Noon.Add(-time.Hour)
	said := func(granted bool, by trust.Level, version string) profile.Consent {
		return profile.Consent{Granted: granted, At: at, ReceivedAt: membertest.Noon, Proof: profile.Proof{By: by, Source: "web", TextVersion: version}}
	}
	b.Save("ann", func(p *profile.Profile) {
		p.Consent = map[string]profile.Consent{"email": said(true, trust.Person, "2026-11"), "email/service": said(true, trust.Shop, ""), "profiling": said(false, trust.Public, "p-2")}
		p.Scores = profile.Scores{R: 5, F: 4, M: 3, Class8: "111", Lifecycle: "active"}
		p.Categories = profile.Interests{"tea": {Last: membertest.Noon.Unix() / int64(profile.HalfLife.Seconds()), Counts: []int64{3}}}
		p.Viewed = map[string]time.Time{"p1": membertest.Noon}
	})
	when := `"at":"2026-11-21T11:00:00Z","receivedAt":"2026-11-21T12:00:00Z"`
	consent := `"consent":{"email":{"granted":true,` + when + `,"by":"person","source":"web","textVersion":"2026-11"},` +
		`"email/service":{"granted":true,` + when + `,"by":"shop","source":"web"},"profiling":{"granted":false,` + when + `,"by":"public","source":"web","textVersion":"p-2"}}`
	b.Want(b.Call("GET", "/v1/profiles/ann", ""), 200, consent, `"rfm":null`, `"lifecycle":null`, `"interests":{"categories":[],"brands":[],"viewed":[{"productId":"p1","at":"2026-11-21T12:00:00Z"}]}`)
	b.Want(b.Call("GET", "/v1/profiles/ann/export", ""), 200, consent, `"scores":{"r":5,"f":4,"m":3,"class8":"111","lifecycle":"active"}`, `"categories":{"tea":`)
	own := "?userHash=" + proof.UserHash(membertest.Secret, "ann")
	for path, want := range map[string]int{"/v1/consents/ann": 401, "/v1/consents/ann?userHash=" + proof.UserHash(membertest.Secret, "bob"): 401, "/v1/consents/ann" + own: 200, "/v1/consents/-" + own + "&userId=ann": 200,
		"/v1/consents/-" + own: 400, "/v1/consents/%20" + own: 400} {
		if w := b.Anybody("GET", path, ""); want == 200 {
			b.Want(w, 200, "{"+consent+"}")
		} else {
			b.Want(w, want)
		}
	}
	b.Want(b.Call("GET", "/v1/consents/ann", ""), 200, "{"+consent+"}")
	b.Want(b.Call("GET", "/v1/consents/nobody", ""), 200, `{"consent":{}}`)
	b.Want(b.Call("GET", "/v1/consents/-?profileId=x", ""), 400, `"field":"userId","reason":"is missing: - in the path asks for it in the query"`)
}

// TestEachWordHasItsProof shows by whom each word about consent was said, in the timeline and in the export, also of those that a later one took the place
// of. A role that sees people masked is not shown what a page has named.
func TestEachWordHasItsProof(t *testing.T) {
	b := membertest.Start(t)
	b.Save("ann", nil)
	b.Hire()
	ann := profile.Identifier{Kind: profile.UserID, Value: "ann"}.ID()
	var list []people.PackedEvent
	add := func(source string, level trust.Level, kind event.Kind, name, properties string) {
		at := membertest.Noon.Add(time.Duration(len(list)) * time.Minute)
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
	b.Must(b.Process.Timeline.Write(t.Context(), people.Pack{Profile: ann, Day: profile.DayOf(membertest.Noon), Version: 1, Events: list}))
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
	b.Must(json.Unmarshal(b.Call("GET", "/v1/profiles/ann/events", "").Body.Bytes(), &page))
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
		b.Must(json.Unmarshal(b.Call("GET", "/v1/profiles/ann/export?cursor="+url.QueryEscape(cursor), "").Body.Bytes(), &part))
		for _, i := range part.Items {
			if i.Kind != "event" {
				continue
			}
			var e shown
			b.Must(json.Unmarshal(i.Value, &e))
			exported = append(exported, e)
		}
		cursor = part.Next
	}
	check("the export", exported)
	want["m0"] = `{"by":"public","source":"web","textVersion":"***"}`
	b.Must(json.Unmarshal(b.Anybody("GET", "/v1/profiles/ann/events", "", "Authorization", "Bearer viewer").Body.Bytes(), &masked))
	check("the masked timeline", masked.Items)
}
