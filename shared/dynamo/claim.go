package dynamo

import (
	"context"
	"fmt"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/idempotency"
)

// Claim binds a friend to an advocate.
type Claim struct {
	Referral referral.Referral
	Friend   Person
	Advocate Person
	// Origin is where the advocate's chain of invitations starts: while that one is not invited, no circle can close. nil when
	// the chain starts nowhere.
	Origin []profile.ID
	Answer *idempotency.Answer // remembered with the claim; nil without an Idempotency-Key
}

// Claim writes a claim, all of it or nothing, if the code exists, the friend has no referral in the program under any key, the
// origin has none, the friend's profile is as it was read, and the advocate is the same person still. ErrConflict says that something
// moved and the rules are to be asked again; idempotency.ErrAnswered that the answer's key was used.
func (s Referrals) Claim(ctx context.Context, c Claim) error {
	r := c.Referral
	listed := advocateReferralKey(r.Advocate, r.Program, r.Friend).item()
	listed[attrProgram], listed[attrFriend], listed[attrAt] = textValue(r.Program), textValue(string(r.Friend)), timeValue(r.ClaimedAt)
	writes := []write{
		s.Due.put(OwnerSettlement, r.ExpiresAt, DueID(r), nil),
		put(s.Table, referralItem(r), absent()),
		put(s.Table, listed, condition{}),
		check(s.Table, codeKey(r.Code), present()),
		s.Profiles.unchanged(c.Friend.Profile),
		s.Profiles.stillPerson(c.Advocate.Profile),
	}
	guarded := map[profile.ID]bool{r.Friend: true}
	for _, keys := range [][]profile.ID{c.Friend.Keys, c.Origin} {
		for _, id := range keys[:min(len(keys), maxGuards)] {
			if !guarded[id] {
				guarded[id] = true
				writes = append(writes, s.referralAt(id, r.Program, 0))
			}
		}
	}
	if c.Answer != nil {
		writes = append(writes, putAnswer(s.Table, *c.Answer))
	}
	if err := do(ctx, s.DB, writes...); err != nil {
		return fmt.Errorf("claiming a code of %s for %s: %w", r.Program, r.Friend, err)
	}
	return nil
}
