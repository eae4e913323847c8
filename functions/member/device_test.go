package member

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

func phone(id string) profile.Identifier {
	return profile.Identifier{Kind: profile.AnonymousID, Value: id}
}

// TestDevices lists those that are ann's, those that claim to be, and those that were taken off, each with when it was heard of and by what it was joined.
func TestDevices(t *testing.T) {
	b := start(t)
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	ann := b.save("ann", func(p *profile.Profile) {
		p.Attach(phone("own"))
		p.Attach(phone("again").Next())
		p.Attach(phone("silent"))
		p.RememberOff(phone("again").ID(), minute(20))
		p.RememberOff(phone("gone").ID(), minute(30))
		p.Claims = map[string]profile.Claim{"eve": {At: minute(40)}}
	})
	var list []people.PackedEvent
	add := func(n int, kind event.Kind, level trust.Level, user, device, previous string) {
		list = append(list, people.PackedEvent{Source: "s", Event: event.Event{MessageID: "m" + string(rune('a'+len(list))), Kind: kind, Trust: level, UserID: user, AnonymousID: device, PreviousID: previous, Timestamp: minute(n), ReceivedAt: minute(n)}})
	}
	add(1, event.Page, trust.Public, "", "own", "")
	add(2, event.Identify, trust.Public, "ann", "own", "")
	add(4, event.Page, trust.Person, "ann", "own", "")
	add(5, event.Identify, "", "ann", "own", "")
	add(6, event.Page, "", "ann", "again", "")
	add(24, event.Alias, "", "ann", "", "again")
	add(8, event.Identify, "", "ann", "gone", "")
	add(9, event.Page, trust.Public, "ann", "let-go", "")
	add(10, event.Page, "", "ann", "", "")
	add(20, event.Identify, "", "ann", "again", "")
	add(26, event.Identify, "", "ann", "again", "")
	add(25, event.Page, trust.Person, "ann", "again", "")
	if err := b.process.Timeline.Write(t.Context(), people.Pack{Profile: ann.ID, Day: profile.DayOf(noon), Version: 1, Events: list}); err != nil {
		t.Fatal(err)
	}
	b.want(b.call("GET", "/v1/profiles/ann/devices", ""), 200, strings.Join([]string{
		`{"items":[{"anonymousId":"again","state":"joined","firstSeen":"2026-11-21T12:06:00Z","lastSeen":"2026-11-21T12:26:00Z","events":4,"joinedBy":{"messageId":"mf","type":"alias","by":"shop","at":"2026-11-21T12:24:00Z"},"takenOffAt":"2026-11-21T12:20:00Z"}`,
		`{"anonymousId":"eve","state":"claimed","firstSeen":null,"lastSeen":"2026-11-21T12:40:00Z","events":0,"joinedBy":null,"takenOffAt":null}`,
		`{"anonymousId":"gone","state":"takenOff","firstSeen":"2026-11-21T12:08:00Z","lastSeen":"2026-11-21T12:08:00Z","events":1,"joinedBy":{"messageId":"mg","type":"identify","by":"shop","at":"2026-11-21T12:08:00Z"},"takenOffAt":"2026-11-21T12:30:00Z"}`,
		`{"anonymousId":"own","state":"joined","firstSeen":"2026-11-21T12:01:00Z","lastSeen":"2026-11-21T12:05:00Z","events":4,"joinedBy":{"messageId":"mc","type":"page","by":"person","at":"2026-11-21T12:04:00Z"},"takenOffAt":null}`,
		`{"anonymousId":"silent","state":"joined","firstSeen":null,"lastSeen":null,"events":0,"joinedBy":null,"takenOffAt":null}]}`,
	}, ","))
	b.want(b.call("GET", "/v1/profiles/ann", ""), 200, `{"kind":"anonymous","value":"again"}`)
	b.want(b.call("GET", "/v1/profiles/nobody/devices", ""), 404)
	b.want(b.anybody("GET", "/v1/profiles/ann/devices", ""), 401)
	b.db.Fail("Query", 1, dynamotest.NotPersisted)
	b.want(b.call("GET", "/v1/profiles/ann/devices", ""), 503)
}

// TestTakeOff asks projection for it, and tells why not where it cannot be.
func TestTakeOff(t *testing.T) {
	b := start(t)
	ann := b.save("ann", func(p *profile.Profile) {
		p.Attach(phone("own"))
		p.Attach(phone("a/1?&x").Next())
		p.RememberOff(phone("a/1?&x").ID(), noon.Add(-time.Hour))
	})
	b.device("lone")
	b.want(b.call("DELETE", "/v1/profiles/ann/devices?device=own", ""), 202, `{"receipt":"receipt-1","profileId":"`+string(ann.ID)+`","at":"2026-11-21T12:00:00Z"}`)
	b.want(b.call("DELETE", "/v1/profiles/-/devices?userId=ann&device=a%2F1%3F%26x", ""), 202)
	if len(b.sent.jobs) != 2 {
		t.Fatalf("sent %+v", b.sent.jobs)
	}
	got, err := json.Marshal(b.sent.jobs[0])
	if want := `{"source":"member","command":{"id":"receipt-1","kind":"takeOff","profileId":"` + string(ann.ID) + `","at":"2026-11-21T12:00:00Z","device":"own"}}`; err != nil || string(got) != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	if c := b.sent.jobs[1].Command; c.Device != "a/1?&x" || c.Kind != job.CommandTakeOff {
		t.Errorf("sent %+v", c)
	}
	b.sent.jobs = nil
	full := b.save("full", func(p *profile.Profile) {
		p.Attach(phone("last"))
		for i := range profile.MaxOff {
			p.RememberOff(phone(strings.Repeat("x", i+1)).ID(), noon)
		}
	})
	_ = full
	for path, want := range map[string]struct {
		status int
		reason string
	}{
		"ann/devices": {400, "the anonymousId of the device"}, "ann/devices?device=": {400, "device"}, "ann/devices?device=a&device=b": {400, "device"}, "ann/devices?device=own&x=1": {400, `"field":"x"`},
		"ann/devices?device=other": {409, "is not the person's"}, "ann/devices?device=own&userId=ann": {400, "userId"}, "nobody/devices?device=own": {404, "no profile"},
		"anonymous:lone/devices?device=lone": {409, "erase them instead"}, "full/devices?device=last": {409, "is one too many"}, "-/devices?device=own": {400, "userId"},
	} {
		b.want(b.call("DELETE", "/v1/profiles/"+path, ""), want.status, want.reason)
	}
	b.want(b.anybody("DELETE", "/v1/profiles/ann/devices?device=own", ""), 401)
	b.sent.err = dynamotest.ErrInjected
	b.want(b.call("DELETE", "/v1/profiles/ann/devices?device=own", ""), 503)
	if len(b.sent.jobs) != 0 {
		t.Errorf("sent %+v", b.sent.jobs)
	}
}

// TestADeviceIsFoundByTheKeyThatItHasNow: by its anonymousId nobody reads or erases whom it was taken off.
func TestADeviceIsFoundByTheKeyThatItHasNow(t *testing.T) {
	b := start(t)
	ann := b.save("ann", nil)
	// The device founded her: its first key is hers.
	ann.RememberOff(phone("own").ID(), noon.Add(-time.Hour))
	profiles := b.process.Referrals.Profiles
	vacant, err := profiles.Load(t.Context(), phone("own").ID())
	if err != nil {
		t.Fatal(err)
	}
	if err := profiles.Commit(t.Context(), people.Change{Profile: ann, Attach: []*profile.Profile{vacant}}); err != nil {
		t.Fatal(err)
	}
	b.want(b.call("GET", "/v1/profiles/anonymous:own", ""), 404)
	b.want(b.call("DELETE", "/v1/profiles/-?anonymousId=own", ""), 202, `"profileId":"`+string(phone("own").Next().ID())+`"`)
	own := &profile.Profile{ID: phone("own").Next().ID(), Identifiers: []profile.Identifier{phone("own").Next()}, Memory: profile.Memory{FirstSeen: noon, LastSeen: noon}}
	if err := profiles.Save(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	b.want(b.call("GET", "/v1/profiles/anonymous:own", ""), 200, `"profileId":"`+string(own.ID)+`"`, `"ids":[{"kind":"anonymous","value":"own"}]`)
	b.want(b.call("GET", "/v1/profiles/profile:"+string(phone("own").ID()), ""), 200, `"profileId":"`+string(ann.ID)+`"`)
	if got := value(own, profile.AnonymousID) + founder(own, own.ID); got != "ownown" {
		t.Errorf("its events go by %q", got)
	}
}
