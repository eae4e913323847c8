package reward

import (
	"context"
	"fmt"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/idempotency"
)

// Claim binds a friend to an advocate.
type Claim struct {
	Referral referral.Referral
	Friend   people.Person
	Advocate people.Person
	// Origin is where the advocate's chain of invitations starts: while that one is not invited, no circle can close. nil when
	// the chain starts nowhere.
	Origin []profile.ID
	Answer *idempotency.Answer // remembered with the claim; nil without an Idempotency-Key
}

// Claim writes a claim, all of it or nothing, if the code exists, the friend has no referral in the program under any key, the
// origin has none, the friend's profile is as it was read, and the advocate is the same person still. ErrConflict says that something
// moved and the rules are to be asked again; idempotency.ErrAnswered that the answer's key was used.
func (m Moves) Claim(ctx context.Context, c Claim) error {
	r := c.Referral
	listed := key.AdvocateReferral(r.Advocate, r.Program, r.Friend).Item()
	listed[attrProgram], listed[attrFriend], listed[attrAt] = dynamo.TextValue(r.Program), dynamo.TextValue(string(r.Friend)), dynamo.TimeValue(r.ClaimedAt)
	writes := []dynamo.Write{
		m.Due.Filing(due.OwnerSettlement, r.ExpiresAt, DueID(r), nil),
		dynamo.Put(m.Table, referralItem(r), dynamo.Absent()),
		dynamo.Put(m.Table, listed, dynamo.Condition{}),
		dynamo.Check(m.Table, key.Code(r.Code), dynamo.Present()),
		m.Profiles.Unchanged(c.Friend.Profile),
		m.Profiles.StillPerson(c.Advocate.Profile),
	}
	guarded := map[profile.ID]bool{r.Friend: true}
	for _, keys := range [][]profile.ID{c.Friend.Keys, c.Origin} {
		for _, id := range keys[:min(len(keys), maxGuards)] {
			if !guarded[id] {
				guarded[id] = true
				writes = append(writes, m.referralAt(id, r.Program, 0))
			}
		}
	}
	if c.Answer != nil {
		writes = append(writes, answers.Put(m.Table, *c.Answer))
	}
	if err := dynamo.Do(ctx, m.DB, writes...); err != nil {
		return fmt.Errorf("claiming a code of %s for %s: %w", r.Program, r.Friend, err)
	}
	return nil
}
