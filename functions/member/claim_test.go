package member

import (
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/reward"
)

// referralOf is a claim as member would write it for somebody it has read.
func referralOf(code string, friend reward.Person) reward.Claim {
	program := referral.Program{ID: "spring", AttributionWindow: 1}
	advocate := userKey("ann")
	return reward.Claim{
		Referral: referral.New(program, code, friend.Keys[0], advocate, noon), Friend: friend, Origin: []profile.ID{advocate},
		Advocate: reward.Person{Profile: &profile.Profile{ID: advocate}, Keys: []profile.ID{advocate}},
	}
}
