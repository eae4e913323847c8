package member

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// pack writes events of one person's device into the timeline, many to a pack.
func (b *bench) pack(id profile.ID, n int, of func(i int) event.Event) {
	b.Helper()
	var packs []people.Pack
	for i := range n {
		e := of(i)
		e.MessageID, e.Timestamp, e.ReceivedAt = fmt.Sprint("m", i), noon.Add(time.Duration(i)*time.Millisecond), noon.Add(time.Duration(i)*time.Millisecond)
		if i%250 == 0 {
			packs = append(packs, people.Pack{Profile: id, Day: profile.DayOf(noon), Version: int64(i + 1)})
		}
		last := &packs[len(packs)-1]
		last.Events = append(last.Events, people.PackedEvent{Source: "s", Event: e})
	}
	if err := b.process.Timeline.Write(b.Context(), packs...); err != nil {
		b.Fatal(err)
	}
}

// TestDevicesOfManyEvents are counted over all pages of the timeline, and over so many events that one answer looks through; then it says so.
func TestDevicesOfManyEvents(t *testing.T) {
	for _, c := range []struct {
		events, counted int
		partial         bool
	}{{devicePage + 1, devicePage + 1, false}, {deviceEvents + 1, deviceEvents, true}} {
		b := start(t)
		ann := b.save("ann", func(p *profile.Profile) { p.Attach(phone("own")) })
		b.pack(ann.ID, c.events, func(int) event.Event { return event.Event{Kind: event.Page, AnonymousID: "own"} })
		var list struct {
			Items   []struct{ Events int }
			Partial bool
		}
		if err := json.Unmarshal(b.call("GET", "/v1/profiles/ann/devices", "").Body.Bytes(), &list); err != nil || len(list.Items) != 1 || list.Items[0].Events != c.counted || list.Partial != c.partial {
			t.Errorf("of %d events: %+v, %v; want %d, partial %v", c.events, list, err, c.counted, c.partial)
		}
	}
}

// TestTitlesAreMasked: what a page is called is free text, and shares its field with the names of what people do.
func TestTitlesAreMasked(t *testing.T) {
	b := start(t)
	b.hire()
	ann := b.save("ann", nil)
	kinds := []event.Kind{event.Track, event.Page, event.Screen}
	b.pack(ann.ID, len(kinds), func(i int) event.Event { return event.Event{Kind: kinds[i], UserID: "ann", Name: "Order Completed"} })
	names := func(items []any) (all string) {
		for _, item := range items {
			one := item.(map[string]any)
			all += fmt.Sprint(one["type"], " ", one["event"], one["name"], "; ")
		}
		return all
	}
	_, masked := b.as(access.Viewer, "GET", "/v1/profiles/ann/events")
	_, shown := b.as(access.Owner, "GET", "/v1/profiles/ann/events?reason=why")
	for _, kind := range kinds {
		if got, hidden := names(masked["items"].([]any)), kind != event.Track; strings.Contains(got, string(kind)+" Order Completed") == hidden {
			t.Errorf("masked: %s", got)
		}
		if got := names(shown["items"].([]any)); !strings.Contains(got, string(kind)) || strings.Count(got, "Order Completed") != len(kinds) {
			t.Errorf("revealed: %s", got)
		}
	}
}

// TestARevealOfNobody is answered once, with what is wrong, and writes no line.
func TestARevealOfNobody(t *testing.T) {
	b := start(t)
	b.hire()
	w := b.anybody("GET", "/v1/profiles/-?reason=why", "", "Authorization", "Bearer owner")
	b.want(w, 400, "asks for one of userId, anonymousId and profileId")
	if told := b.told(); told != "" {
		t.Errorf("the log tells %s", told)
	}
}

// TestWhoseNameBeginsLikeADevice is looked for before an answer is given of the device: where that cannot be read, nobody is shown.
func TestWhoseNameBeginsLikeADevice(t *testing.T) {
	b := start(t)
	b.save("x", func(p *profile.Profile) { p.ID, p.Identifiers = phone("a").ID(), []profile.Identifier{phone("a")} })
	path := "/v1/profiles/anonymous:a"
	before := b.db.Calls("GetItem") + b.db.Calls("BatchGetItem")
	b.want(b.call("GET", path, ""), 200)
	reads := b.db.Calls("GetItem") + b.db.Calls("BatchGetItem") - before
	for _, op := range []string{"GetItem", "BatchGetItem"} {
		for nth := 1; ; nth++ {
			before := b.db.Calls(op)
			b.db.Fail(op, nth, dynamotest.NotPersisted)
			w := b.call("GET", path, "")
			b.db.Heal()
			if b.db.Calls(op)-before < nth {
				break
			}
			b.want(w, 503)
			if strings.Contains(w.Body.String(), "profileId") {
				t.Errorf("%s %d: shown all the same: %s", op, nth, w.Body)
			}
			reads--
		}
	}
	if reads > 0 {
		t.Errorf("%d reads were not broken", reads)
	}
}

// TestSessionsOfCursors: one without its time, or its end, is none, and is left as it is.
func TestSessionsOfCursors(t *testing.T) {
	at := time.UnixMilli(1795262400000).UTC()
	for cursor, want := range map[string]struct {
		session
		rest string
	}{
		"x1795262400000.id-1:3:y": {session{at, "id-1"}, "3:y"},
		"x1795262400000.id-1:":    {session{at, "id-1"}, ""},
		"x1795262400000.id-1":     {session{}, "x1795262400000.id-1"},
		"xnoon.id-1:3:y":          {session{}, "xnoon.id-1:3:y"},
		"1795262400000.id-1:3:y":  {session{}, "1795262400000.id-1:3:y"},
		"3:y":                     {session{}, "3:y"},
		"":                        {session{}, ""},
	} {
		if s, rest := readSession(cursor); s.id != want.id || !s.at.Equal(want.at) || rest != want.rest {
			t.Errorf("%q: %+v and %q, want %+v and %q", cursor, s, rest, want.session, want.rest)
		}
	}
}

// TestTheOrderOfLists is by time, the newest first, and by name where the times are the same.
func TestTheOrderOfLists(t *testing.T) {
	p := &profile.Profile{}
	p.Devices, p.Viewed, p.Tokens = map[string]profile.Client{}, map[string]time.Time{}, map[string]profile.Token{}
	for id, minute := range map[string]int{"b": 1, "a": 1, "old": 0, "new": 3, "c": 1, "e": 2, "d": 2} {
		at := noon.Add(time.Duration(minute) * time.Minute)
		p.Devices[id], p.Viewed[id], p.Tokens[id] = profile.Client{At: at}, at, profile.Token{At: at}
	}
	const want = "new d e a b c old "
	var devices, tokens, products string
	for _, d := range devicesOf(p) {
		devices += d.ID + " "
	}
	for _, token := range tokensOf(p) {
		tokens += token.Value + " "
	}
	for _, v := range interestsOf(p, noon).Viewed {
		products += v.ProductID + " "
	}
	if devices != want || tokens != want || products != want {
		t.Errorf("devices %s, tokens %s, products %s, want %s", devices, tokens, products, want)
	}
}

// TestAKeyIsItsCallers: what one person sends under an Idempotency-Key stands in nobody else's way, nor in the shop's.
func TestAKeyIsItsCallers(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	codes := map[any]bool{}
	for _, who := range []string{"ann", "bob"} {
		body := fmt.Sprintf(`{"programId":"spring","userId":%q,"userHash":%q}`, who, proof.UserHash(shopSecret, who))
		for range 2 {
			codes[b.want(b.anybody("POST", "/v1/referrals/codes", body, "Idempotency-Key", "k"), 200)["code"]] = true
		}
	}
	codes[b.want(b.call("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"cid"}`, "Idempotency-Key", "k"), 200)["code"]] = true
	if len(codes) != 3 {
		t.Errorf("codes %v", codes)
	}
}

// TestALineThatCannotBeRead is no reason for another one: a page of an export waits until its line can be read.
func TestALineThatCannotBeRead(t *testing.T) {
	b := start(t)
	b.whole()
	b.hire()
	next := b.want(b.call("GET", "/v1/profiles/ann/export?limit=2", ""), 200)["next"].(string)
	broken := 0
	for _, op := range reads {
		for nth := 1; ; nth++ {
			before := b.db.Calls(op)
			b.db.Fail(op, nth, dynamotest.NotPersisted)
			w := b.call("GET", "/v1/profiles/ann/export?limit=2&cursor="+next, "")
			b.db.Heal()
			if b.db.Calls(op)-before < nth {
				break
			}
			broken++
			b.want(w, 503)
		}
	}
	if n := strings.Count(b.told(), "export#"); n != 1 || broken < 2 {
		t.Errorf("%d lines after %d broken reads", n, broken)
	}
}
