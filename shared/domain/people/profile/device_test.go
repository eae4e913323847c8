package profile

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// TestTheKeysOfADevice were computed by another program: what a device did since it was taken off somebody is found by them.
func TestTheKeysOfADevice(t *testing.T) {
	first := Identifier{AnonymousID, "d-1"}
	second, third := first.Next(), first.Next().Next()
	if second != (Identifier{"anonymous.1", "d-1"}) || second.ID() != "tv-oaxx2hKZ-kNIHAXtizg" || third.ID() != "jmshPQVkzNdcXDvw4J4QZg" {
		t.Errorf("%v %s, %v %s", second, second.ID(), third, third.ID())
	}
	for kind, want := range map[IdentifierKind]IdentifierKind{AnonymousID: AnonymousID, "anonymous.1": AnonymousID, "anonymous.12": AnonymousID, UserID: UserID, Device: Device, "anonymousid": "anonymousid"} {
		if got := kind.Base(); got != want || kind.Claimed() != (want != AnonymousID && want != Device) {
			t.Errorf("%s is a kind of %s, claimed %v", kind, got, kind.Claimed())
		}
	}
	p := mei() // has one
	for n := range MaxIdentifiers {
		device := Identifier{AnonymousID, fmt.Sprint("d", n)}.Next()
		if p.Attach(device) != (n < MaxIdentifiers-1) {
			t.Errorf("device %d: %v", n, p.Identifiers)
		}
	}
	if !p.Full(AnonymousID) || !p.Full("anonymous.3") {
		t.Error("devices that were taken off before are not counted")
	}
}

func TestTakingOff(t *testing.T) {
	for name, c := range map[string]struct {
		who   func() *Profile
		asked int
		ok    bool
	}{
		"a device":          {mei, 10, true},
		"another's":         {func() *Profile { p := mei(); p.Identifiers[1].Value = "other"; return p }, 10, false},
		"of nobody known":   {visitor, 10, false},
		"for the last time": {func() *Profile { p := mei(); p.Off = offs(MaxOff - 1); return p }, 10, true},
		"once too often":    {func() *Profile { p := mei(); p.Off = offs(MaxOff); return p }, 10, false},
		"taken off before":  {func() *Profile { p := mei(); p.TakeOff("own", minute(1), minute(2)); return p }, 10, false},
		"proven since": {func() *Profile {
			p := mei()
			p.TakeOff("own", minute(1), minute(2))
			p.Attach(Identifier{AnonymousID, "own"}.Next())
			return p
		}, 10, true},
		"proven since it was": {func() *Profile {
			p := mei()
			p.TakeOff("own", minute(1), minute(2))
			p.Attach(Identifier{AnonymousID, "own"}.Next())
			return p
		}, 1, false},
		"at the moment it was": {func() *Profile {
			p := mei()
			p.TakeOff("own", minute(1), minute(2))
			p.Attach(Identifier{AnonymousID, "own"}.Next())
			return p
		}, 2, false},
		"a moment after it was": {func() *Profile {
			p := mei()
			p.TakeOff("own", minute(1), minute(2))
			p.Attach(Identifier{AnonymousID, "own"}.Next())
			return p
		}, 3, true},
		"asked in the same time": {mei, 11, true},
	} {
		p := c.who()
		shared := *p
		before := fmt.Sprint(shared.Identifiers, shared.Off)
		if ok := p.TakeOff("own", minute(c.asked), minute(11)); ok != c.ok {
			t.Errorf("%s: %v", name, ok)
		}
		if _, joined := p.joined("own"); c.ok && (joined || p.Owns("own", minute(12)) || !p.Owns("own", minute(11))) || fmt.Sprint(shared.Identifiers, shared.Off) != before {
			t.Errorf("%s: %v %v; a copy has %v %v", name, p.Identifiers, p.Off, shared.Identifiers, shared.Off)
		}
	}
	p := mei()
	p.TakeOff("own", minute(1), minute(2))
	key := (Identifier{AnonymousID, "own"}).ID()
	if p.Left(key, minute(2)) || !p.Left(key, minute(2).Add(time.Millisecond)) || p.Left("another", minute(9)) || !reflect.DeepEqual(p.Keys(), []ID{"mei", Identifier{UserID, "mei"}.ID(), key}) {
		t.Errorf("left %v, keys %v", p.Off, p.Keys())
	}
	behind := mei()
	behind.TakeOff("own", minute(5), minute(2))
	if behind.Left(key, minute(5)) || !behind.Left(key, minute(5).Add(time.Millisecond)) {
		t.Errorf("by a clock that is behind, taken off at %v", behind.Off[key])
	}
	behind.Attach(Identifier{AnonymousID, "own"}.Next())
	if behind.TakeOff("own", minute(5), minute(9)) {
		t.Error("carried out again after a clock that was behind")
	}
	q := &Profile{ID: "q"}
	q.RememberOff(key, minute(1))
	q.RememberOff("k", minute(5))
	p.Absorb(q)
	if !reflect.DeepEqual(p.Off, map[ID]time.Time{key: minute(2), "k": minute(5)}) {
		t.Errorf("after a merge %v", p.Off)
	}
}

func offs(n int) map[ID]time.Time {
	off := map[ID]time.Time{}
	for i := range n {
		off[ID(fmt.Sprint("k", i))] = t0
	}
	return off
}

// TestWhoseAWordIsGoesByItsReceipt: of what a device has said until it was taken off all counts, whenever it is folded; what it says later with the
// person's userId is a claim, until the device is proven to be the person's again, and then counts as if it had always been.
func TestWhoseAWordIsGoesByItsReceipt(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	for range 100 {
		var list []event.Event
		for range 8 {
			at := minute(r.IntN(20))
			e := event.Event{Kind: event.Track, Name: []string{event.ConsentGranted, event.ConsentRevoked, "Product Viewed"}[r.IntN(3)], UserID: "mei", AnonymousID: "own", Trust: trust.Public, Timestamp: at, ReceivedAt: at,
				Properties: json.RawMessage(`{"channel":"email"}`), Context: json.RawMessage(fmt.Sprintf(`{"device":{"token":"a-token-of-some-length-%d"}}`, r.IntN(4)))}
			list = append(list, e)
		}
		fold := func(again bool) *Profile {
			p, order := mei(), r.Perm(len(list))
			var after []int
			for _, i := range order {
				// What was received later cannot have been folded before the device was taken off.
				if list[i].ReceivedAt.After(minute(10)) || r.IntN(2) == 0 {
					after = append(after, i)
					continue
				}
				p.Fold(&list[i], Shop{})
			}
			p.TakeOff("own", minute(10), minute(10))
			for _, i := range after {
				p.Fold(&list[i], Shop{})
			}
			if again {
				p.Attach(Identifier{AnonymousID, "own"}.Next())
			}
			return p
		}
		for _, again := range []bool{false, true} {
			want, got := fold(again), fold(again)
			if !reflect.DeepEqual(want.Reach, got.Reach) || !reflect.DeepEqual(want.Claims, got.Claims) || again && len(want.Claims) > 0 {
				t.Fatalf("proven again %v: %+v %+v\nwant %+v %+v", again, got.Reach, got.Claims, want.Reach, want.Claims)
			}
		}
	}
	// Early and late words on both sides of the moment.
	early, late := granted(5), granted(15)
	early.UserID, late.UserID = "mei", "mei"
	late.Name = event.ConsentRevoked
	p := mei()
	p.TakeOff("own", minute(10), minute(10))
	p.Fold(&late, Shop{})
	p.Fold(&early, Shop{})
	if !p.Consent["email"].Granted || p.Claims["own"].Consent["email"].Granted || len(p.Claims) != 1 {
		t.Errorf("consent %+v, claims %+v", p.Consent, p.Claims)
	}
	p.Attach(Identifier{AnonymousID, "own"}.Next())
	if p.Consent["email"].Granted || len(p.Claims) != 0 {
		t.Errorf("proven again: consent %+v, claims %+v", p.Consent, p.Claims)
	}
}
