package settlement

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/functiontest"
)

func TestOrderSettlesAtOnceWithoutAHold(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.Pass(time.Hour)
	b.paid("o1", "bob", 1)
	b.ordered("bob", 1)
	b.delivered("o1")
	b.state("bob", referral.Settled, "")
	b.has("ann", "100 points")
	b.has("bob", "500 CNY")
	r := b.referral("bob")
	if r.OrderID != "o1" || r.Nth != 1 || !r.SettledAt.Equal(noon.Add(time.Hour)) || !r.QualifiedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("settled as %+v", r)
	}
	if b.settled("ann") != 1 {
		t.Errorf("%d settled friends", b.settled("ann"))
	}
	b.delivered("o1", "o1")
	b.has("ann", "100 points")
	book := b.DB.CheckBook(t)
	if book.Accounts["h#spring"]["points"] != -100 || book.Accounts["h#spring"]["CNY"] != -500 {
		t.Errorf("the house has %v", book.Accounts["h#spring"])
	}
}

func TestHoldIsReleasedWhenItIsDue(t *testing.T) {
	b := start(t, twoHours)
	b.claim("bob", "ann")
	b.paid("small", "bob", 9999)
	b.delivered("small")
	b.state("bob", referral.Claimed, "")
	b.paid("o1", "bob", 10000)
	b.ordered("bob", 2)
	b.delivered("o1")
	b.state("bob", referral.Held, "")
	b.Pass(2*time.Hour - time.Second)
	b.Must(b.tick())
	b.state("bob", referral.Held, "")
	b.has("bob", "")
	b.Pass(time.Minute)
	b.Must(b.tick())
	b.state("bob", referral.Settled, "")
	b.has("bob", "50 points 500 CNY")
	b.has("ann", "100 points")
	b.Must(b.tick())
	b.has("ann", "100 points")
	b.DB.CheckBook(t)
}

func TestClaimsExpire(t *testing.T) {
	b := start(t, twoHours)
	b.claim("bob", "ann")
	b.claim("cid", "ann")
	b.Pass(5*time.Hour - time.Second)
	b.paid("o1", "cid", 10000) // heard of too late
	b.Must(b.tick())
	b.state("bob", referral.Claimed, "")
	b.Pass(time.Minute)
	b.Must(b.tick())
	b.state("bob", referral.Expired, "")
	b.delivered("o1")
	b.state("cid", referral.Held, "")
	b.paid("o2", "bob", 10000)
	b.delivered("o2")
	b.state("bob", referral.Expired, "")
}

func TestRulesThatShowLater(t *testing.T) {
	due := 2*time.Hour + time.Minute
	for name, c := range map[string]struct {
		act    func(b *bench)
		reason referral.Reason
	}{
		"friend and advocate turn out to be one": {func(b *bench) { b.merge("ann", "bob") }, referral.SelfReferral},
		"they turn out to have had one number": {func(b *bench) {
			b.known("ann", profile.Identifier{Kind: profile.Phone, Value: "+8613800001111"})
			b.known("bob", profile.Identifier{Kind: profile.Phone, Value: "13800001111"})
		}, referral.SelfReferral},
		"they turn out to have had one address": {func(b *bench) {
			b.known("ann", profile.Identifier{Kind: profile.Email, Value: "one@example.com"})
			b.known("bob", profile.Identifier{Kind: profile.Email, Value: "one@example.com"})
		}, referral.SelfReferral},
		"they have numbers of their own": {func(b *bench) {
			b.known("ann", profile.Identifier{Kind: profile.Phone, Value: "13800001111"})
			b.known("bob", profile.Identifier{Kind: profile.Phone, Value: "13800001112"})
		}, ""},
		"the friend turns out to have bought": {func(b *bench) {
			b.paidAt(noon.AddDate(0, -1, 0), "old", "bobby", 5)
			b.merge("bob", "bobby")
		}, referral.ExistingCustomer},
		"an earlier order comes to light": {func(b *bench) {
			b.paidAt(noon.AddDate(0, -1, 0), "old", "bob", 5)
		}, referral.ExistingCustomer},
		"the friend was referred before": {func(b *bench) {
			b.Set(noon.Add(-time.Hour))
			b.claim("bobby", "eve")
			b.Set(noon)
			b.merge("bob", "bobby")
		}, referral.AlreadyReferred},
		"the advocate was a friend of the friend": {func(b *bench) {
			b.claim("anna", "bob")
			b.merge("ann", "anna")
		}, referral.Circle},
		"the program is deleted": {func(b *bench) {
			b.DB.Undefine(b, definition.Program, "spring", noon)
		}, referral.ProgramWithdrawn},
		"nothing": {func(*bench) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, twoHours)
			b.claim("bob", "ann")
			b.paid("o1", "bob", 10000)
			b.delivered("o1")
			b.state("bob", referral.Held, "")
			c.act(b)
			b.Pass(due)
			b.Must(b.tick())
			if c.reason == "" {
				b.state("bob", referral.Settled, "")
			} else {
				b.state("bob", referral.Rejected, c.reason)
				b.has("ann", "")
			}
			b.DB.CheckBook(t)
		})
	}
}

// What a sign-up or a refund names is no order, even where there is one of that name.
func TestOnlyOrdersAreFollowed(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	if again := functiontest.Deliver(t.Context(), t, b.process.Handle, `{"follows":[{"kind":"signup","ref":"o1"}]}`); len(again) != 0 {
		t.Fatal("the job comes again")
	}
	b.state("bob", referral.Claimed, "")
}

// A referral goes by the order that qualified it, whichever order of the friend's is told of.
func TestItsOwnOrderDecides(t *testing.T) {
	b := start(t, twoHours)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 10000)
	b.delivered("o1")
	b.paid("o2", "bob", 20000)
	b.refunded("o2", "bob")
	b.delivered("o2")
	b.state("bob", referral.Held, "")
	b.Pass(3 * time.Hour)
	b.Must(b.tick())
	b.delivered("o2")
	b.state("bob", referral.Settled, "")
	b.paid("o3", "bob", 20000)
	b.refunded("o1", "bob")
	b.delivered("o3") // tells of another, and finds o1 refunded
	b.state("bob", referral.Reversed, referral.Refunded)
	if r := b.referral("bob"); r.OrderID != "o1" {
		t.Errorf("its order is %s", r.OrderID)
	}
	b.DB.CheckBook(t)
}

// The order that a referral goes by, without any item of it, is missing; so is one that nobody owns.
func TestAnOrderThatIsNotThere(t *testing.T) {
	b := start(t, twoHours)
	b.claim("bob", "ann")
	if err := b.told("never"); err != nil {
		t.Error(err)
	}
	b.paid("o1", "bob", 10000)
	b.delivered("o1")
	b.DB.Each(t, "Profiles", func(item map[string]types.AttributeValue) {
		if pk := item["pk"].(*types.AttributeValueMemberS); strings.Contains(pk.Value, "o1") {
			_, err := b.DB.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: new("Profiles"), Key: map[string]types.AttributeValue{"pk": item["pk"], "sk": item["sk"]}})
			b.Must(err)
		}
	})
	b.Pass(3 * time.Hour)
	b.Must(b.tick())
	b.state("bob", referral.Rejected, referral.OrderMissing)
}

// Two referrals of one friend, in two programs: one that cannot be looked at does not keep the other, and is told of.
func TestOneProgramFailsAndTheOtherDoesNot(t *testing.T) {
	b := start(t, atOnce)
	b.Define(definition.Program, "autumn", atOnce)
	b.claim("bob", "ann")
	b.claimIn("autumn", "bob", "ann")
	b.paid("o1", "bob", 10000)
	b.meddled.refuse("Catalog", "autumn")
	if err := b.told("o1"); !errors.Is(err, errRead) {
		t.Error(err)
	}
	b.state("bob", referral.Settled, "")
	b.meddled.heal()
	b.delivered("o1")
	if other, err := b.store.Referral(t.Context(), key("bob"), "autumn"); err != nil || other.State != referral.Settled {
		t.Errorf("%+v, %v", other, err)
	}
	b.has("ann", "200 points")
}

// Whoever changes at every look is given up for now, not settled blindly: the job comes again.
func TestWhoChangesAllTheTimeComesAgain(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	merges := 0
	var change func()
	change = func() {
		b.merge("bob", fmt.Sprint("device", merges))
		merges++
		b.meddled.between = change
	}
	b.meddled.between = change
	_, err := b.machine.advance(t.Context(), key("bob"), "spring", nil)
	if err != nil || merges != 0 {
		t.Errorf("without an order: %v, %d", err, merges)
	}
	o, err := b.Orders.Load(t.Context(), "o1")
	b.Must(err)
	_, err = b.machine.advance(t.Context(), key("bob"), "spring", o)
	if !errors.Is(err, dynamo.ErrConflict) || !strings.Contains(err.Error(), string(key("bob"))+" in spring") {
		t.Errorf("the error is %v", err)
	}
	if merges != maxTries-2 { // two looks made it qualified and held
		t.Errorf("%d payments were tried", merges)
	}
	b.state("bob", referral.Held, "")
	b.meddled.between = nil
	b.delivered("o1")
	b.state("bob", referral.Settled, "")
	b.has("ann", "100 points")
}

// A referral that is not there is none.
func TestNoReferral(t *testing.T) {
	b := start(t, atOnce)
	if r, err := b.machine.advance(t.Context(), key("bob"), "spring", nil); err != nil || r.State != "" {
		t.Errorf("%+v, %v", r, err)
	}
}
