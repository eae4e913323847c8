package settlement

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
)

// A program may reward one side, or count friends alone: who gets nothing has no entry, neither of the payment nor of its reversal, and counts all the same.
func TestWhoGetsNothingHasNoEntry(t *testing.T) {
	for name, c := range map[string]struct{ rewards, ann, bob string }{
		"nobody":       {`{}`, "", ""},
		"the advocate": {`{"advocate":[{"points":100}]}`, "100 points", ""},
		"the friend":   {`{"friend":[{"points":7}]}`, "", "7 points"},
	} {
		b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":`+c.rewards+`}`)
		b.claim("bob", "ann")
		b.paid("o1", "bob", 100)
		b.delivered("o1")
		b.state("bob", referral.Settled, "")
		b.has("ann", c.ann)
		b.has("bob", c.bob)
		entries, err := b.store.Ledger.EffectEntries(t.Context(), ledger.Effect{Kind: "referral.settle", ID: "spring/" + string(key("bob"))})
		if nobody := c.ann+c.bob == ""; nobody != errors.Is(err, dynamo.ErrNotFound) || !nobody && len(entries) != 2 { // the person and the house
			t.Errorf("%s: entries %+v, %v", name, entries, err)
		}
		if b.settled("ann") != 1 {
			t.Errorf("%s: %d settled friends", name, b.settled("ann"))
		}
		b.refunded("o1", "bob")
		b.delivered("o1")
		b.state("bob", referral.Reversed, referral.Refunded)
		b.has("ann", "")
		b.has("bob", "")
		if b.settled("ann") != 0 {
			t.Errorf("%s: %d settled friends after the refund", name, b.settled("ann"))
		}
		b.DB.CheckBook(t)
	}
}

// The order that a referral goes by is read whichever order is told of, and at the end of a hold: where it cannot be read, nothing is decided.
func TestItsOwnOrderCannotBeRead(t *testing.T) {
	b := start(t, twoHours)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 10000)
	b.delivered("o1")
	b.paid("o2", "bob", 10000)
	b.Pass(3 * time.Hour)
	b.meddled.refuse("Profiles", "o#o1")
	if err := b.told("o2"); !errors.Is(err, errRead) {
		t.Errorf("told of another: %v", err)
	}
	if err := b.tick(); err == nil || !strings.Contains(err.Error(), "1 failed") {
		t.Errorf("at the end of its hold: %v", err)
	}
	b.state("bob", referral.Held, "")
	b.meddled.heal()
	b.delivered("o2")
	b.state("bob", referral.Settled, "")
}

// A list that breaks off after one of its referrals has failed says why it broke off: that one is filed again, the rest was not looked at.
func TestAListThatBreaksOffAfterAFailure(t *testing.T) {
	b := start(t, twoHours)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 10000)
	b.delivered("o1")
	b.Pass(3 * time.Hour)
	b.meddled.refuse("Referrals", string(key("bob")))
	b.meddled.unwritable = "Due"
	if err := b.tick(); !errors.Is(err, errWrite) {
		t.Errorf("the error is %v", err)
	}
	b.meddled.heal()
	b.Must(b.tick())
	b.state("bob", referral.Settled, "")
}
