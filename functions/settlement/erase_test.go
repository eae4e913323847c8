package settlement

import (
	"errors"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/reward"
)

// erase puts tombstones where somebody stood.
func (b *bench) erase(who string) {
	b.Helper()
	p := b.person(who)
	if p.Version == 0 {
		b.Must(b.Profiles.Save(b.Context(), p))
	}
	b.Must(b.Profiles.Erase(b.Context(), p, b.Now(), p.TombstoneVersion(b.Now())))
}

// back is somebody who was erased and comes again.
func (b *bench) back(who string) {
	b.Helper()
	p, err := b.Profiles.Load(b.Context(), key(who))
	b.Must(err)
	p.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: who}}
	p.FirstSeen = b.Now()
	b.Must(b.Profiles.Save(b.Context(), p))
}

// Somebody is erased at each point of a referral. Nobody who was erased since the claim gets anything, whoever else keeps what was
// promised, and the books sum to zero.
func TestErasureInTheMiddle(t *testing.T) {
	qualify := func(b *bench) { b.paid("o1", "bob", 10000); b.delivered("o1") }
	due := func(b *bench) { b.Pass(2*time.Hour + time.Minute); b.Must(b.tick()) }
	refund := func(b *bench) { b.refunded("o1", "bob"); b.delivered("o1") }
	for name, c := range map[string]struct {
		acts   []func(b *bench)
		state  referral.State
		reason referral.Reason
		bob    string
		ann    string
	}{
		"the friend, before the order": {[]func(b *bench){func(b *bench) { b.erase("bob") }, func(b *bench) { b.Pass(time.Minute); b.back("bob") }, qualify, due},
			referral.Rejected, referral.Erased, "", ""},
		"the friend, in the hold":              {[]func(b *bench){qualify, func(b *bench) { b.erase("bob") }, due}, referral.Rejected, referral.Erased, "", ""},
		"the friend, in the hold, and is back": {[]func(b *bench){qualify, func(b *bench) { b.erase("bob"); b.Pass(time.Minute); b.back("bob") }, due}, referral.Rejected, referral.Erased, "", ""},
		"the friend, right before the payment": {[]func(b *bench){qualify, func(b *bench) { b.meddled.between = func() { b.erase("bob") } }, due}, referral.Rejected, referral.Erased, "", ""},
		"the advocate, in the hold":            {[]func(b *bench){qualify, func(b *bench) { b.erase("ann") }, due}, referral.Settled, "", "50 points 500 CNY", ""},
		"the advocate, right before the payment": {[]func(b *bench){qualify, func(b *bench) { b.meddled.between = func() { b.erase("ann") } }, due},
			referral.Settled, "", "50 points 500 CNY", ""},
		"the advocate, in the hold, and is back": {[]func(b *bench){qualify, func(b *bench) { b.erase("ann"); b.Pass(time.Minute); b.back("ann") }, due},
			referral.Settled, "", "50 points 500 CNY", ""},
		"the advocate, in the hold, then a refund":       {[]func(b *bench){qualify, func(b *bench) { b.erase("ann") }, due, refund}, referral.Reversed, referral.Refunded, "", ""},
		"both, in the hold":                              {[]func(b *bench){qualify, func(b *bench) { b.erase("ann"); b.erase("bob") }, due}, referral.Rejected, referral.Erased, "", ""},
		"the advocate, after the payment":                {[]func(b *bench){qualify, due, func(b *bench) { b.erase("ann") }}, referral.Settled, "", "50 points 500 CNY", "100 points"},
		"the advocate, after the payment, then a refund": {[]func(b *bench){qualify, due, func(b *bench) { b.erase("ann") }, refund}, referral.Reversed, referral.Refunded, "", ""},
		"right before the reversal": {[]func(b *bench){qualify, due, func(b *bench) {
			b.refunded("o1", "bob")
			b.meddled.between = func() { b.erase("ann") }
			b.delivered("o1")
		}}, referral.Reversed, referral.Refunded, "", ""},
		"the advocate before the claim, and is back": {[]func(b *bench){qualify, due}, referral.Settled, "", "50 points 500 CNY", "100 points"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, twoHours)
			if name == "the advocate before the claim, and is back" {
				b.erase("ann")
				b.Pass(time.Minute)
				b.back("ann")
			}
			b.claim("bob", "ann")
			for _, act := range c.acts {
				act(b)
			}
			b.state("bob", c.state, c.reason)
			b.has("bob", c.bob)
			b.has("ann", c.ann)
			b.delivered("o1")
			b.Must(b.tick())
			b.state("bob", c.state, c.reason)
			b.DB.CheckBook(t)
			// Whoever comes back is no new friend: the claim stands for ever.
			who, err := b.Profiles.Person(t.Context(), key("bob"))
			b.Must(err)
			by, err := b.Profiles.Person(t.Context(), key("eve"))
			b.Must(err)
			b.Must(b.store.PutCode(t.Context(), "EVESCODE", "spring", key("eve"), b.Now(), nil))
			err = b.store.Claim(t.Context(), reward.Claim{
				Referral: referral.New(referral.Program{ID: "spring", AttributionWindow: 1}, "EVESCODE", key("bob"), key("eve"), b.Now()), Friend: who, Advocate: by,
			})
			if !errors.Is(err, dynamo.ErrConflict) {
				t.Errorf("a second claim: %v", err)
			}
		})
	}
}
