package projection

import (
	"errors"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/outreach"
)

// TestWhoComesBackWhileAPageIsReadKeepsTheirs comes back just before one of the reads of the first pass, whichever, and is noted and written to at once: that
// the look before the read has found nobody decides nothing about what was read.
func TestWhoComesBackWhileAPageIsReadKeepsTheirs(t *testing.T) {
	for _, op := range []string{"GetItem", "Query"} {
		for nth, came := 1, true; came && nth < 100; nth++ {
			s := newShop(t)
			s.settle(envelope(t, "web", seen("1", "mei")))
			mei, campaign := user("mei").ID(), "welcome"
			enrolments, later := outreach.Enrolments{DB: s.DB, Table: "Due"}, due.Due{DB: s.DB, Table: "Due", Now: s.Now}
			deliveries, waits := s.Deliveries, due.Waits{DB: s.DB, Table: "Due"}
			contact := &delivery.Contact{ProfileID: mei, Withdrawn: map[delivery.Channel]time.Time{"sms": t0}}
			s.Must(deliveries.SaveContact(t.Context(), contact))
			decided := delivery.Decision{NotificationID: "n", ProfileID: mei, Outcome: delivery.Sent, Asked: s.Now(), At: s.Now().Add(time.Second)}
			came = false
			act := func() {
				came = true
				s.settle(envelope(t, "web", hour(5, seen("2", "mei"))))
				if p := s.load(user("mei")); !exists(p) || !p.Erased(mei, t0.Add(time.Hour)) {
					return // the tombstones are not there yet
				}
				_, err := enrolments.Enrol(t.Context(), outreach.Enrolment{IDs: []profile.ID{mei}, CampaignID: campaign, Cause: "now"}, s.Now().Add(time.Second))
				_, second := deliveries.DecideFirst(t.Context(), decided)
				c, third := deliveries.Contact(t.Context(), mei)
				c.Intents = append(c.Intents, delivery.Intent{ID: "n", Of: mei, Asked: decided.Asked, At: decided.At})
				if err := errors.Join(err, second, third, deliveries.SaveContact(t.Context(), c), later.Wait(t.Context(), due.OwnerOrchestration, mei, s.Now().Add(24*time.Hour), "n", []byte("{}"))); err != nil {
					t.Error(err)
				}
			}
			s.DB.Interrupt(op, nth, act)
			s.settle(eraseJob(t, mei, t0.Add(time.Hour), false))
			if p := s.load(user("mei")); !came || !exists(p) || !p.Erased(mei, t0.Add(time.Hour)) {
				continue
			}
			if _, err := deliveries.Decision(t.Context(), mei, decided.Asked, "n"); err != nil {
				t.Errorf("before %s %d: what was sent is %v", op, nth, err)
			}
			if c, err := deliveries.Contact(t.Context(), mei); err != nil || len(c.Intents) != 1 {
				t.Errorf("before %s %d: the intents are %+v, %v", op, nth, c.Intents, err)
			}
			if of, err := enrolments.Of(t.Context(), []profile.ID{mei}); err != nil || len(of) != 1 {
				t.Errorf("before %s %d: %d campaigns have taken her, want 1, %v", op, nth, len(of), err)
			}
			if of, err := waits.Of(t.Context(), []profile.ID{mei}, s.Now()); err != nil || len(of) != 1 {
				t.Errorf("before %s %d: %d notifications wait, want 1, %v", op, nth, len(of), err)
			}
		}
	}
}
