package settlement

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestWhateverComesInWhateverOrder plays shops at random: claims, orders, refunds, merges, time, and jobs for them that come
// twice, late, reordered, and with writes that fail either way. Every so often, and at the end, what was promised is counted.
func TestWhateverComesInWhateverOrder(t *testing.T) {
	const shops, acts = 6, 45
	for seed := range uint64(shops) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := &shop{bench: start(t, `{"name":"P","state":"running","hold":"30m","attributionWindow":"3h","qualifying":{"minTotal":{"amount":100,"currency":"CNY"}},
				"rewards":{"advocate":[{"points":100}],"friend":[{"points":50}]},"ladder":[{"friends":2,"advocate":[{"points":200}]}],"budget":[{"points":600}],"maxPerAdvocate":3}`),
				random: rand.New(rand.NewPCG(seed, 1)), merged: map[string]bool{}}
			for range acts {
				s.act()
			}
			s.check()
			// In the end every job comes through, in any order, and nothing changes any more.
			s.DB.Heal()
			for range 2 {
				for _, i := range s.random.Perm(len(s.orders)) {
					s.delivered(s.orders[i].id)
				}
			}
			s.Must(s.tick())
			states := s.check()
			for _, i := range s.random.Perm(len(s.orders)) {
				s.delivered(s.orders[i].id)
			}
			if again := s.check(); again != states {
				t.Errorf("settled down at %s, then %s", states, again)
			}
		})
	}
}

type shop struct {
	*bench
	random  *rand.Rand
	claims  int
	refunds int
	orders  []struct{ id, owner string }
	merged  map[string]bool
}

func (s *shop) pick() string { return fmt.Sprint("person", s.random.IntN(7)) }

// present is somebody who has not been absorbed by another.
func (s *shop) present() string {
	for {
		if who := s.pick(); !s.merged[who] {
			return who
		}
	}
}

func (s *shop) act() {
	s.Pass(time.Duration(s.random.IntN(10)) * time.Minute)
	if s.random.IntN(4) == 0 {
		how := dynamotest.NotPersisted
		if s.random.IntN(2) == 0 {
			how = dynamotest.Persisted
		}
		defer s.DB.Heal()
		if s.random.IntN(3) > 0 && len(s.orders) > 0 {
			s.DB.Fail(dynamotest.AnyWrite, 1+s.random.IntN(3), how)
			s.job(s.orders[s.random.IntN(len(s.orders))].id)
			return
		}
		s.DB.Fail(dynamotest.AnyWrite, 1+s.random.IntN(4), how)
		_ = s.tick()
		return
	}
	switch act := s.random.IntN(12); {
	case act < 3:
		s.tryClaim(s.pick(), s.present())
	case act < 6:
		id, owner := fmt.Sprint("order", len(s.orders)), s.present()
		s.orders = append(s.orders, struct{ id, owner string }{id, owner})
		s.paid(id, owner, 90+s.random.Int64N(100))
	case act < 7 && len(s.orders) > 0:
		o := s.orders[s.random.IntN(len(s.orders))]
		if !s.merged[o.owner] {
			s.refunds++
			part := s.random.Int64N(150)
			s.report(o.owner, order.Report{OrderID: o.id, Name: event.OrderRefunded, At: s.Now(), RefundID: fmt.Sprint(s.refunds), Total: &part, Currency: "CNY", Stated: true})
		}
	case act == 7 && len(s.merged) < 2:
		keep, absorb := s.present(), s.present()
		if keep != absorb {
			s.merge(keep, absorb)
			s.merged[absorb] = true
		}
	case act == 8:
		s.Must(s.tick())
	case len(s.orders) > 0:
		s.job(s.orders[s.random.IntN(len(s.orders))].id)
	}
}

// tryClaim claims where nobody has: the rules that a claim is asked are left out, so that those of settlement have work.
func (s *shop) tryClaim(friend, advocate string) {
	if _, err := s.store.Referral(s.Context(), s.key(friend), "spring"); err == nil || friend == advocate {
		return
	}
	who, err := s.Profiles.Person(s.Context(), key(friend))
	s.Must(err)
	if found, err := s.store.InProgram(s.Context(), who.Keys, "spring"); err != nil || len(found) > 0 {
		s.Must(err)
		return
	}
	by, err := s.Profiles.Person(s.Context(), key(advocate))
	s.Must(err)
	ancestors, _, err := s.store.Ancestors(s.Context(), "spring", by.Keys)
	s.Must(err)
	for _, keys := range ancestors {
		for _, id := range keys {
			if id == who.Keys[0] {
				return
			}
		}
	}
	s.claim(friend, advocate)
	s.claims++
}

func (s *shop) key(userID string) profile.ID {
	who, err := s.Profiles.Person(s.Context(), key(userID))
	s.Must(err)
	return who.Keys[0]
}

// check counts what was promised and gives the states as a text.
func (s *shop) check() string {
	s.Helper()
	book := s.DB.CheckBook(s)
	states := ""
	paid, charged := map[profile.ID]int{}, int64(0)
	counts := map[profile.ID]int{}
	for i := range 7 {
		filed := key(fmt.Sprint("person", i))
		r, err := s.store.Referral(s.Context(), filed, "spring")
		if err != nil {
			states += "- "
			continue
		}
		states += string(r.State) + string(r.Reason) + " "
		if r.State != referral.Settled {
			continue
		}
		friend, err := s.Profiles.Person(s.Context(), r.Friend)
		s.Must(err)
		// Two who were paid before anybody knew that they are one stay paid; that is no second payment of a person.
		if len(s.merged) == 0 {
			paid[friend.Keys[0]]++
		}
		counts[r.SettledFor]++
		for _, q := range r.Charged {
			charged += q.Amount
		}
		if o, err := s.Orders.Load(s.Context(), r.OrderID); err != nil || o.CompletedAt.Before(r.ClaimedAt.Truncate(time.Second)) {
			s.Errorf("%s was paid for order %s: %v", r.Friend, r.OrderID, err)
		}
	}
	for friend, n := range paid {
		if n > 1 {
			s.Errorf("%s was paid for %d times", friend, n)
		}
	}
	spent, err := s.store.Spent(s.Context(), "spring")
	s.Must(err)
	if spent[ledger.Points] != charged || charged > 600 || -book.Accounts["h#spring"]["points"] != charged {
		s.Errorf("spent %d, settled referrals took %d, the house paid %d", spent[ledger.Points], charged, -book.Accounts["h#spring"]["points"])
	}
	ordered := map[profile.ID]int{}
	for _, o := range s.orders {
		ordered[s.key(o.owner)]++
	}
	for _, o := range s.orders {
		s.ordered(o.owner, ordered[s.key(o.owner)])
	}
	standings, err := s.store.Best(s.Context(), "spring", 100)
	s.Must(err)
	for _, standing := range standings {
		if standing.Settled != counts[standing.Advocate] || standing.Settled > 3 {
			s.Errorf("%s stands at %d, settled referrals %d", standing.Advocate, standing.Settled, counts[standing.Advocate])
		}
	}
	return states
}
