package projection

import (
	"slices"
	"testing"
	"time"
)

// TestErasedBetweenAKeyAndWhereItLeads erases mei right after a worker has read that the key of her phone leads to her. What the phone sends after the erasure is
// the phone's, once, whoever else has the same job; and it stays so when both are one again.
func TestErasedBetweenAKeyAndWhereItLeads(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", identify("1", "mei", "phone", t0, `{}`)))
	phone := anonymous("phone").ID()
	after := envelope(t, "web", hour(5, browse("2", "phone", t0)))
	s.db.Interrupt("GetItem", 2, func() { s.settle(eraseJob(t, user("mei").ID(), t0.Add(time.Hour), false)) }) // behind the pointer
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
