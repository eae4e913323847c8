package rule

import (
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/money"
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
	// Given are the tags that segments give to the person, where that is being asked: in place of those that their memberships say.
	Given func() []string
	// Profiled tells of a tag, or of any where it is empty, whether a segment gives it that profiles people. Rules without such segments need none.
	Profiled func(tag string) bool
	// answers are what the archive says of the person, a bit each; guess is what is taken where it was not asked.
	answers *uint32
	guess   Guess
	// Perhaps is In of somebody who refuses profiling, with every answer that may not be asked for taken to be true.
	Perhaps func(id string) bool
}

// Of is somebody now, by the calendar and in the currency of a shop.
func Of(p *profile.Profile, now time.Time, shop profile.Shop) *Subject {
	return &Subject{p: p, now: now, today: shop.Day(now), shop: shop, refuses: p.RefusesProfiling()}
}

// Refuses tells whether the person refuses profiling.
func (s *Subject) Refuses() bool { return s.refuses }

// Answered tells what the archive says of the person: a bit for each Recall, by its place.
func (s *Subject) Answered(answers uint32) { s.answers = &answers }

// Guess says what is taken of what only the archive knows.
func (s *Subject) Guess(g Guess) { s.guess = g }

// tags are those that the person has by a word or by a segment.
func (s *Subject) tags() []string {
	if s.Given == nil {
		return s.p.Tags()
	}
	all := append(s.p.Tagging.On(), s.Given()...)
	slices.Sort(all)
	return slices.Compact(all)
}

// profiles tells whether one of the tags says what may not be asked of somebody who refuses profiling.
func (s *Subject) profiles(tags []string) bool {
	return s.Profiled != nil && slices.ContainsFunc(tags, s.Profiled)
}

type paidOrders struct {
	count       int
	net         int64
	first, last time.Time
}

// orders sums the paid orders in the shop's currency.
func (s *Subject) orders() paidOrders {
	var o paidOrders
	add := func(count int, net int64, first, last time.Time) {
		o.count += count
		o.net = money.AddCapped(o.net, net)
		if o.first.IsZero() || first.Before(o.first) {
			o.first = first
		}
		if last.After(o.last) {
			o.last = last
		}
	}
	for _, base := range s.p.Orders.Base {
		if base.Count > 0 && base.Currency == s.shop.Currency {
			add(base.Count, base.Net, base.FirstAt, base.LastAt)
		}
	}
	for _, entry := range s.p.Orders.Entries {
		if entry.Net > 0 && entry.Currency == s.shop.Currency {
			add(1, entry.Net, entry.At, entry.At)
		}
	}
	return o
}

func (s *Subject) daysSince(t time.Time) (value, bool) {
	if t.IsZero() {
		return value{}, false
	}
	return whole(int64(s.today - s.shop.Day(t))), true
}
