package dynamo

import (
	"context"
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Code is a code that a person gives to friends.
type Code struct {
	Program string    `json:"programId"`
	Code    string    `json:"code"`
	At      time.Time `json:"at"`
}

// CodesOf are all codes of a person.
func (s Referrals) CodesOf(ctx context.Context, keys []profile.ID) ([]Code, error) {
	codes := []Code{}
	for _, id := range keys {
		prefix := advocateCodeKey(id, "")
		err := s.query(ctx, prefix, func(i item) error {
			at, err := timeOf(i, attrAt)
			codes = append(codes, Code{Program: textOf(i, attrProgram), Code: textOf(i, attrCode), At: at})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading the codes of %s: %w", id, err)
		}
	}
	return codes, nil
}

// Taken is that a campaign has had a person, and until when it will not have them again; never again where Until is nil.
type Taken struct {
	Campaign string     `json:"campaignId"`
	Until    *time.Time `json:"notBefore"`
}

// Of are the campaigns that have had a person and remember it, under the ids that they had.
func (s Takings) Of(ctx context.Context, keys []profile.ID) ([]Taken, error) {
	all := []Taken{}
	for _, id := range keys {
		pk := takenKey(OwnerOrchestration, id, "").PK
		for after, more := "", true; more; more = after != "" {
			items, next, err := page(ctx, s.DB, s.Table, pk, "", after)
			if err != nil {
				return nil, fmt.Errorf("reading what campaigns noted of %s: %w", id, err)
			}
			for _, i := range items {
				taken := Taken{Campaign: textOf(i, attrSK)}
				if until := numberOf(i, attrUntil); until != 0 {
					at := time.Unix(until, 0).UTC()
					taken.Until = &at
				}
				all = append(all, taken)
			}
			after = next
		}
	}
	return all, nil
}
