package projection

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestErasedBetweenAKeyAndWhereItLeads erases mei right after a worker has read that the key of her phone leads to her. What the phone sends after the erasure is
// the phone's, once, whoever else has the same job; and it stays so when both are one again.
func TestErasedBetweenAKeyAndWhereItLeads(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", identify("1", "mei", "phone", t0, `{}`)))
	phone := anonymous("phone").ID()
	after := envelope(t, "web", hour(5, browse("2", "phone", t0)))
	s.DB.Interrupt("GetItem", 2, func() { s.settle(eraseJob(t, user("mei").ID(), t0.Add(time.Hour), false)) }) // behind the pointer
	s.settle(after)
	s.settle(after)
	if p := s.load(anonymous("phone")); p.ID != phone || !p.Has(anonymous("phone")) {
		t.Errorf("the phone is %s, %v", p.ID, p.Identifiers)
	}
	if p := s.load(user("mei")); exists(p) {
		t.Errorf("mei is there, as %v", p.Identifiers)
	}
	s.settle(envelope(t, "web", hour(6, identify("3", "mei", "phone", t0, `{}`))))
	s.rest()
	if got := s.messages(user("mei")); !slices.Equal(got, []string{"2", "3"}) {
		t.Errorf("she has %q, want 2 and 3", got)
	}
	if p := s.load(user("mei")); !p.Has(user("mei")) || !p.Has(anonymous("phone")) || p.ID != phone {
		t.Errorf("she is %s, %v", p.ID, p.Identifiers)
	}
}

// TestADeviceIsHeardOfWhileItsPersonIsErased reads a device's pointer before its person is erased, and whom it led to when that is done, with and without
// somebody who is back by then. Device and person are two from then on: each has what it sent since, and nothing of the other.
func TestADeviceIsHeardOfWhileItsPersonIsErased(t *testing.T) {
	for _, blind := range []bool{true, false} {
		for _, back := range []bool{true, false} {
			t.Run(fmt.Sprintf("read ahead %t, back %t", !blind, back), func(t *testing.T) {
				s := newShop(t)
				s.blind = blind
				s.settle(envelope(t, "web", identify("0", "mei", "phone", t0, `{}`)))
				mei := s.load(user("mei"))
				want := []string{"4"}
				read := 1 // of whom the pointer leads to
				if blind {
					read = 2
				}
				erased := false
				s.DB.Interrupt("GetItem", read, func() {
					s.settle(eraseJob(t, mei.ID, t0.Add(time.Hour), false))
					if back {
						s.settle(envelope(t, "web", hour(3, seen("2", "mei"))))
						want = append(want, "2")
					}
					erased = true
				})
				first := envelope(t, "web", hour(2, browse("1", "phone", t0)))
				if blind {
					s.settle(first)
				} else { // what is alone in its batch is not read ahead
					s.settle(first, envelope(t, "web", hour(2, browse("other", "tablet", t0))))
				}
				s.settle(envelope(t, "web", hour(4, seen("4", "mei")), hour(4, browse("3", "phone", t0))))
				s.rest()
				for i, want := range map[profile.Identifier][]string{user("mei"): want, anonymous("phone"): {"3", "1"}} {
					k := s.knows(i)
					if !erased || k.Profile.ID != i.ID() || !slices.Equal(k.Profile.Identifiers, []profile.Identifier{i}) || !slices.Equal(k.Timeline, want) {
						t.Errorf("erased %v: %v is %s with %v and %v, want %v", erased, i, k.Profile.ID, k.Profile.Identifiers, k.Timeline, want)
					}
				}
			})
		}
	}
}
