package settlement

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/reward"
)

// A referral is looked at again at the end of what it waits for, where that is still to come, and never where it waits for nothing.
func TestWaitsFor(t *testing.T) {
	window, hold := noon.Add(5*time.Hour), noon.Add(2*time.Hour)
	for _, c := range []struct {
		state referral.State
		now   time.Time
		want  time.Time
	}{
		{referral.Claimed, noon, window}, {referral.Claimed, window.Add(-1), window}, {referral.Claimed, window, time.Time{}}, {referral.Claimed, window.Add(1), time.Time{}},
		{referral.Qualified, noon, hold}, {referral.Held, noon, hold}, {referral.Held, hold.Add(-1), hold}, {referral.Held, hold, time.Time{}}, {referral.Qualified, hold, time.Time{}},
		{referral.Settled, noon, time.Time{}}, {referral.Rejected, noon, time.Time{}}, {referral.Expired, noon, time.Time{}}, {referral.Reversed, noon, time.Time{}}, {"", noon, time.Time{}},
	} {
		got := waitsFor(referral.Referral{State: c.state, ExpiresAt: window, HeldUntil: hold}, c.now)
		if !got.Equal(c.want) {
			t.Errorf("%s at %s: %s, want %s", c.state, c.now, got, c.want)
		}
	}
}

// waiting lists the minutes for which a referral is filed.
func (b *bench) waiting(id string) (minutes []string) {
	b.Helper()
	b.DB.Each(b, "Due", func(item map[string]types.AttributeValue) {
		pk, sk := item["pk"].(*types.AttributeValueMemberS).Value, item["sk"].(*types.AttributeValueMemberS).Value
		if strings.Contains(pk+" "+sk, id) {
			minutes = append(minutes, pk)
		}
	})
	return minutes
}

// One that fails is told of and looked at again five minutes later; the others are done.
func TestOneThatFailsIsFiledAgain(t *testing.T) {
	b := start(t, twoHours)
	for i := range 3 {
		friend := fmt.Sprint("friend", i)
		b.claim(friend, fmt.Sprint("advocate", i))
		b.paid("of "+friend, friend, 10000)
		b.delivered("of " + friend)
	}
	b.Pass(2*time.Hour + time.Minute)
	b.meddled.refuse("Referrals", string(key("friend1")))
	err := b.tick()
	if err == nil || err.Error() != "advancing what is due: 1 failed and will be looked at again" {
		t.Errorf("the error is %v", err)
	}
	b.meddled.heal()
	for i, want := range []referral.State{referral.Settled, referral.Held, referral.Settled} {
		b.state(fmt.Sprint("friend", i), want, "")
	}
	b.Pass(pause - time.Second)
	b.Must(b.tick())
	b.state("friend1", referral.Held, "")
	b.Pass(time.Minute)
	b.Must(b.tick())
	b.state("friend1", referral.Settled, "")
	for i := range 3 {
		if left := b.waiting(string(key(fmt.Sprint("friend", i)))); len(left) != 1 { // the end of its window
			t.Errorf("friend%d is still filed for %v", i, left)
		}
	}
}

// Where the list itself cannot be read, that is the error.
func TestAListThatCannotBeRead(t *testing.T) {
	b := start(t, twoHours)
	b.Pass(time.Minute)
	b.meddled.fails = b.meddled.reads + 1
	if err := b.tick(); !errors.Is(err, errRead) {
		t.Errorf("the error is %v", err)
	}
}

// An entry that names no referral is struck off, and so is one whose referral is not there.
func TestEntriesThatNameNothing(t *testing.T) {
	b := start(t, twoHours)
	for _, id := range []string{"nothing", "spring#nobody"} {
		b.Must(b.store.Due.Put(t.Context(), due.OwnerSettlement, noon, id, nil))
		if len(b.waiting(id)) != 1 {
			t.Fatalf("%s is not filed", id)
		}
	}
	b.Pass(time.Minute)
	b.Must(b.tick())
	for _, id := range []string{"nothing", "spring#nobody"} {
		if left := b.waiting(id); len(left) != 0 {
			t.Errorf("%s is filed for %v", id, left)
		}
	}
	if _, friend, ok := reward.DueReferral("spring#nobody"); !ok || friend != profile.ID("nobody") {
		t.Errorf("%s, %v", friend, ok)
	}
}
