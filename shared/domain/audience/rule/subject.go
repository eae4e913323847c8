package rule

import (
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Subject is whom rules are asked about, at a time.
type Subject struct {
	p     *profile.Profile
	now   time.Time
	today profile.Day
	shop  profile.Shop
	// refuses says that the person refuses profiling.
	refuses bool
	// In answers whether they are in a defined segment. Rules that ask for none need none.
	In func(id string) bool
	// Perhaps is In of somebody who refuses profiling, with every answer that may not be asked for taken to be true.
	Perhaps func(id string) bool
}

// Of is somebody now, by the calendar and in the currency of a shop.
func Of(p *profile.Profile, now time.Time, shop profile.Shop) *Subject {
	return &Subject{p: p, now: now, today: shop.Day(now), shop: shop, refuses: p.RefusesProfiling()}
}

// Refuses tells whether the person refuses profiling.
func (s *Subject) Refuses() bool { return s.refuses }
