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
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// TestDevices lists those that are ann's, those that claim to be, and those that were taken off, each with when it was heard of and by what it was joined.
func TestDevices(t *testing.T) {
	b := membertest.Start(t)
	minute := func(n int) time.Time { return membertest.Noon.Add(time.Duration(n) * time.Minute) }
	ann := b.Save("ann", func(p *profile.Profile) {
		p.Attach(membertest.Device("own"))
		p.Attach(membertest.Device("again").Next())
		p.Attach(membertest.Device("silent"))
		p.RememberOff(membertest.Device("again").ID(), minute(20))
		p.RememberOff(membertest.Device("gone").ID(), minute(30))
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
	b.Must(b.Process.Timeline.Write(t.Context(), people.Pack{Profile: ann.ID, Day: profile.DayOf(membertest.Noon), Version: 1, Events: list}))
	b.Want(b.Call("GET", "/v1/profiles/ann/devices", ""), 200, strings.Join([]string{
		`{"items":[{"anonymousId":"again","state":"joined","firstSeen":"2026-11-21T12:06:00Z","lastSeen":"2026-11-21T12:26:00Z","events":4,"joinedBy":{"messageId":"mf","type":"alias","by":"shop","at":"2026-11-21T12:24:00Z"},"takenOffAt":"2026-11-21T12:20:00Z"}`,
		`{"anonymousId":"eve","state":"claimed","firstSeen":null,"lastSeen":"2026-11-21T12:40:00Z","events":0,"joinedBy":null,"takenOffAt":null}`,
		`{"anonymousId":"gone","state":"takenOff","firstSeen":"2026-11-21T12:08:00Z","lastSeen":"2026-11-21T12:08:00Z","events":1,"joinedBy":{"messageId":"mg","type":"identify","by":"shop","at":"2026-11-21T12:08:00Z"},"takenOffAt":"2026-11-21T12:30:00Z"}`,
		`{"anonymousId":"own","state":"joined","firstSeen":"2026-11-21T12:01:00Z","lastSeen":"2026-11-21T12:05:00Z","events":4,"joinedBy":{"messageId":"mc","type":"page","by":"person","at":"2026-11-21T12:04:00Z"},"takenOffAt":null}`,
		`{"anonymousId":"silent","state":"joined","firstSeen":null,"lastSeen":null,"events":0,"joinedBy":null,"takenOffAt":null}]}`,
	}, ","))
	b.Want(b.Call("GET", "/v1/profiles/ann", ""), 200, `{"kind":"anonymous","value":"again"}`)
	b.Want(b.Call("GET", "/v1/profiles/nobody/devices", ""), 404)
	b.Want(b.Anybody("GET", "/v1/profiles/ann/devices", ""), 401)
	b.DB.Fail("Query", 1, dynamotest.NotPersisted)
	b.Want(b.Call("GET", "/v1/profiles/ann/devices", ""), 503)
}

// TestTakeOff asks projection for it, and tells why not where it cannot be.
func TestTakeOff(t *testing.T) {
	b := membertest.Start(t)
	ann := b.Save("ann", func(p *profile.Profile) {
		p.Attach(membertest.Device("own"))
		p.Attach(membertest.Device("a/1?&x").Next())
		p.RememberOff(membertest.Device("a/1?&x").ID(), membertest.Noon.Add(-time.Hour))
	})
	b.Device("lone")
	b.Want(b.Call("DELETE", "/v1/profiles/ann/devices?device=own", ""), 202, `{"receipt":"receipt-1","profileId":"`+string(ann.ID)+`","at":"2026-11-21T12:00:00Z"}`)
	b.Want(b.Call("DELETE", "/v1/profiles/-/devices?userId=ann&device=a%2F1%3F%26x", ""), 202)
	if len(b.Jobs()) != 2 {
		t.Fatalf("sent %+v", b.Jobs())
	}
	got, err := json.Marshal(b.Jobs()[0])
	if want := `{"source":"member","command":{"id":"receipt-1","kind":"takeOff","profileId":"` + string(ann.ID) + `","at":"2026-11-21T12:00:00Z","device":"own"}}`; err != nil || string(got) != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	if c := b.Jobs()[1].Command; c.Device != "a/1?&x" || c.Kind != job.CommandTakeOff {
		t.Errorf("sent %+v", c)
	}
	b.Sent.Take()
	b.Save("full", func(p *profile.Profile) {
		p.Attach(membertest.Device("last"))
		for i := range profile.MaxOff {
			p.RememberOff(membertest.Device(strings.Repeat("x", i+1)).ID(), membertest.Noon)
		}
	})
	for path, want := range map[string]struct {
		status int
		reason string
	}{
		"ann/devices": {400, "the anonymousId of the device"}, "ann/devices?device=": {400, "device"}, "ann/devices?device=a&device=b": {400, "device"}, "ann/devices?device=own&x=1": {400, `"field":"x"`},
		"ann/devices?device=other": {409, "is not the person's"}, "ann/devices?device=own&userId=ann": {400, "userId"}, "nobody/devices?device=own": {404, "no profile"},
		"anonymous:lone/devices?device=lone": {409, "erase them instead"}, "full/devices?device=last": {409, "is one too many"}, "-/devices?device=own": {400, "userId"},
	} {
		b.Want(b.Call("DELETE", "/v1/profiles/"+path, ""), want.status, want.reason)
	}
	b.Want(b.Anybody("DELETE", "/v1/profiles/ann/devices?device=own", ""), 401)
	b.Sent.Break(dynamotest.ErrInjected)
	b.Want(b.Call("DELETE", "/v1/profiles/ann/devices?device=own", ""), 503)
	if len(b.Jobs()) != 0 {
		t.Errorf("sent %+v", b.Jobs())
	}
}

// TestDevicesOfManyEvents are counted over all pages of the timeline, and over so many events that one answer looks through; then it says so.
func TestDevicesOfManyEvents(t *testing.T) {
	for _, c := range []struct {
		events, counted int
		partial         bool
	}{{501, 501, false}, {10_001, 10_000, true}} {
		b := membertest.Start(t)
		ann := b.Save("ann", func(p *profile.Profile) { p.Attach(membertest.Device("own")) })
		pack(b, ann.ID, c.events, func(int) event.Event { return event.Event{Kind: event.Page, AnonymousID: "own"} })
		var list struct {
			Items   []struct{ Events int }
			Partial bool
		}
		if err := json.Unmarshal(b.Call("GET", "/v1/profiles/ann/devices", "").Body.Bytes(), &list); err != nil || len(list.Items) != 1 || list.Items[0].Events != c.counted || list.Partial != c.partial {
			t.Errorf("of %d events: %+v, %v; want %d, partial %v", c.events, list, err, c.counted, c.partial)
		}
	}
}

// pack writes events of one person's device into the timeline, many to a pack.
func pack(b *membertest.Bench, id profile.ID, n int, of func(i int) event.Event) {
	b.Helper()
	var packs []people.Pack
	for i := range n {
		e := of(i)
		e.MessageID, e.Timestamp, e.ReceivedAt = fmt.Sprint("m", i), membertest.Noon.Add(time.Duration(i)*time.Millisecond), membertest.Noon.Add(time.Duration(i)*time.Millisecond)
		if i%250 == 0 {
			packs = append(packs, people.Pack{Profile: id, Day: profile.DayOf(membertest.Noon), Version: int64(i + 1)})
		}
		last := &packs[len(packs)-1]
		last.Events = append(last.Events, people.PackedEvent{Source: "s", Event: e})
	}
	if err := b.Process.Timeline.Write(b.Context(), packs...); err != nil {
		b.Fatal(err)
	}
}
