package referral_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
)

// One friend, two advocates, at the same time: exactly one claim stands, and both sides of it.
func TestConcurrentClaimsOfOneFriend(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	codes := []string{b.Code("spring", "ann"), b.Code("spring", "bea")}
	var wait sync.WaitGroup
	statuses := make([]int, 6)
	for i := range statuses {
		wait.Go(func() { statuses[i] = b.Claim(codes[i%2], "bob").Code })
	}
	wait.Wait()
	made := 0
	for _, status := range statuses {
		switch status {
		case 201:
			made++
		case 409:
		default:
			t.Errorf("answered %d", status)
		}
	}
	friends := 0
	for _, advocate := range []string{"ann", "bea"} {
		friends += len(b.Want(b.Call("GET", "/v1/referrals/"+advocate, ""), 200)["asAdvocate"].([]any))
	}
	if made != 1 || friends != 1 {
		t.Errorf("%d claims made, %d listed", made, friends)
	}
}

// Two people who claim each other's codes at the same time make no circle.
func TestConcurrentClaimsOfEachOther(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	for i := range 5 {
		left, right := fmt.Sprint("left", i), fmt.Sprint("right", i)
		codes := map[string]string{right: b.Code("spring", left), left: b.Code("spring", right)}
		var wait sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for user, code := range codes {
			wait.Go(func() {
				if w := b.Claim(code, user); w.Code == 201 {
					mu.Lock()
					made++
					mu.Unlock()
				}
			})
		}
		wait.Wait()
		if made != 1 {
			t.Errorf("pair %d: %d claims stand", i, made)
		}
	}
}

// An order that is committed between the reading and the claim is seen.
func TestClaimAfterAnOrderUnderWay(t *testing.T) {
	b := membertest.Start(t)
	b.Program("spring", "")
	code := b.Code("spring", "ann")
	friend, err := b.Profiles.Person(t.Context(), subject.UserKey("bob"))
	b.Must(err)
	b.Save("bob", func(p *profile.Profile) { p.Orders.Count = 1 })
	r := b.Process.Moves
	stale := referralOf(code, friend)
	if err := r.Claim(t.Context(), stale); err == nil || !strings.Contains(err.Error(), dynamo.ErrConflict.Error()) {
		t.Errorf("claimed over an order: %v", err)
	}
	b.Want(b.Claim(code, "bob"), 422, "existingCustomer")
}

// referralOf is a claim as member would write it for somebody it has read.
func referralOf(code string, friend people.Person) reward.Claim {
	program := referral.Program{ID: "spring", AttributionWindow: 1}
	advocate := subject.UserKey("ann")
	return reward.Claim{
		Referral: referral.New(program, code, friend.Keys[0], advocate, membertest.Noon), Friend: friend, Origin: []profile.ID{advocate},
		Advocate: people.Person{Profile: &profile.Profile{ID: advocate}, Keys: []profile.ID{advocate}},
	}
}

// claimTries is how often a claim is tried.
const claimTries = 6

// TestAClaimThatAlwaysMoves: the friend's profile changes before each try.
func TestAClaimThatAlwaysMoves(t *testing.T) {
	for moves, status := range map[int]int{claimTries - 1: 201, claimTries: 503} {
		b := membertest.Start(t)
		b.Program("spring", "")
		code := b.Code("spring", "ann")
		p := b.Save("bob", nil)
		for nth := range moves {
			b.DB.Interrupt("TransactWriteItems", nth+1, func() {
				b.Must(b.Profiles.Save(t.Context(), p))
			})
		}
		b.Want(b.Claim(code, "bob"), status)
	}
}
