package settlement

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
)

// Two claims of people who turn out to be one: one reward, whichever comes first and whatever was paid before the merge.
func TestOneRewardForMergedFriends(t *testing.T) {
	for name, c := range map[string]struct {
		before, after []string // orders told before and after the merge
		bob, bobby    referral.State
	}{
		"merged, then told of both":     {nil, []string{"of bob", "of bobby"}, referral.Settled, referral.Rejected},
		"the other way round":           {nil, []string{"of bobby", "of bob"}, referral.Settled, referral.Rejected},
		"the second was paid before":    {[]string{"of bobby"}, []string{"of bob"}, referral.Rejected, referral.Settled},
		"both were paid before a merge": {[]string{"of bobby", "of bob"}, []string{"of bob"}, referral.Settled, referral.Settled},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, atOnce)
			b.claim("bob", "ann")
			b.Pass(time.Minute)
			b.claim("bobby", "ann")
			b.paid("of bob", "bob", 100)
			b.paid("of bobby", "bobby", 100)
			for _, o := range c.before {
				b.delivered(o)
			}
			b.merge("bob", "bobby")
			for _, o := range c.after {
				b.delivered(o)
			}
			if got := b.referral("bob").State; got != c.bob {
				t.Errorf("bob is %s, want %s", got, c.bob)
			}
			if got := b.referral("bobby").State; got != c.bobby {
				t.Errorf("bobby is %s, want %s", got, c.bobby)
			}
			b.DB.CheckBook(t)
		})
	}
}

// Two people who were invited by two advocates turn out to be one, between the look at the second and its payment: one is paid for.
func TestMergeBetweenLookAndPayment(t *testing.T) {
	for name, c := range map[string]struct {
		between func(b *bench)
		reason  referral.Reason // of bobby, who was looked at before; empty: settled
		ann     string
		eve     string
	}{
		"the friends are one, and the other was paid": {func(b *bench) { b.delivered("of bob"); b.merge("bob", "bobby") }, referral.AlreadyReferred, "100 points", ""},
		"the friends are one, the other paid after":   {func(b *bench) { b.merge("bob", "bobby"); b.delivered("of bob") }, referral.AlreadyReferred, "100 points", ""},
		"the friend is absorbed by the advocate":      {func(b *bench) { b.merge("eve", "bobby") }, referral.SelfReferral, "", ""},
		"the friend absorbs the advocate":             {func(b *bench) { b.merge("bobby", "eve") }, referral.SelfReferral, "", ""},
		"the friend had bought as somebody else": {func(b *bench) {
			b.paidAt(noon.AddDate(0, -1, 0), "old", "rob", 5)
			b.merge("bobby", "rob")
		}, referral.ExistingCustomer, "", ""},
		"the advocates are one":           {func(b *bench) { b.merge("ann", "eve") }, "", "100 points", ""},
		"somebody else joins the friend":  {func(b *bench) { b.merge("bobby", "device") }, "", "", "100 points"},
		"nothing":                         {func(*bench) {}, "", "", "100 points"},
		"the friend only looks at things": {func(b *bench) { b.Must(b.Profiles.Save(b.Context(), b.person("bobby"))) }, "", "", "100 points"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, atOnce)
			b.claim("bob", "ann")
			b.claim("bobby", "eve")
			b.paid("of bob", "bob", 100)
			b.paid("of bobby", "bobby", 100)
			b.meddled.between = func() { c.between(b) }
			b.delivered("of bobby")
			if c.reason == "" {
				b.state("bobby", referral.Settled, "")
			} else {
				b.state("bobby", referral.Rejected, c.reason)
			}
			b.has("ann", c.ann)
			b.has("eve", c.eve)
			b.delivered("of bob", "of bobby")
			b.DB.CheckBook(t)
		})
	}
}

// Whoever's profile changes every second is paid all the same: only who the person is must stay.
func TestAHotProfileIsPaidFor(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	b.Must(b.Profiles.Save(t.Context(), b.person("ann")))
	changes := 0
	var change func()
	change = func() {
		for _, who := range []string{"ann", "bob"} {
			b.Must(b.Profiles.Save(t.Context(), b.person(who)))
		}
		changes++
		b.meddled.between = change
	}
	b.meddled.between = change
	b.delivered("o1")
	b.state("bob", referral.Settled, "")
	if changes != 1 {
		t.Errorf("%d transactions for one payment", changes)
	}
}

// A friend who is absorbed is another key of the same person: the claims of the other keys are guarded, and the first wins.
func TestOthersOfTheFriend(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.Pass(time.Second)
	b.claim("bobby", "eve")
	b.merge("bob", "bobby")
	for friend, want := range map[string]struct {
		preceded bool
		other    profile.ID
	}{"bob": {false, key("bobby")}, "bobby": {true, key("bob")}} {
		l := &look{referral: b.referral(friend)}
		b.Must(b.machine.people(t.Context(), l))
		if l.facts.Preceded != want.preceded || len(l.others) != 1 || l.others[0].Friend != want.other {
			t.Errorf("%s: preceded %v, others %+v", friend, l.facts.Preceded, l.others)
		}
	}
}
