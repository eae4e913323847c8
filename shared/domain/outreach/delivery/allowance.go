package delivery

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/slug"
)

const (
	maxRate    = 100_000
	maxBudgets = 20
	// maxSpent bounds a budget, so that a thousand times it is a number still.
	maxSpent = math.MaxInt64 / 1000
)

// Rate is how many notifications the provider of a channel is handed within a second, by all instances together.
type Rate struct {
	Channel   Channel `json:"channel"`
	PerSecond int     `json:"perSecond"`
}

// Period is the calendar's, of the shop.
type Period string

// The periods. A week begins on Monday.
const (
	EachDay   Period = "day"
	EachWeek  Period = "week"
	EachMonth Period = "month"
)

// Budget is what may be sent within a period: so many notifications, or as many as so much money pays for. What a person asked for by an act of their own is
// neither counted nor stopped.
type Budget struct {
	ID            string        `json:"id"`                 // names it in decisions, and is what it is counted by
	CampaignID    string        `json:"campaign,omitempty"` // empty means all campaigns together
	Channel       Channel       `json:"channel,omitempty"`  // empty means all channels together
	Notifications int64         `json:"notifications,omitempty"`
	Money         *money.Amount `json:"money,omitempty"`
	Per           Period        `json:"per"`
	Over          Over          `json:"over,omitempty"` // empty means skip; deferred until the next period begins
}

// Covers tells whether a budget is of a campaign's marketing over a channel.
func (b Budget) Covers(campaign string, c Channel) bool {
	return (b.CampaignID == "" || b.CampaignID == campaign) && (b.Channel == "" || b.Channel == c)
}

// Of is what one notification over a channel takes of the budget, and what there is of it in a period: both in notifications, or in thousandths of a minor
// unit. A channel without a price takes nothing.
func (b Budget) Of(c Channel, prices map[Channel]money.Amount) (takes, limit int64) {
	if b.Money == nil {
		return 1, b.Notifications
	}
	return prices[c].Minor, b.Money.Minor * 1000
}

// Period is when the period of a time begins and ends, by the calendar of a zone.
func (b Budget) Period(now time.Time, zone *time.Location) (begin, end time.Time) {
	y, m, d := now.In(zone).Date()
	days := 1
	switch b.Per {
	case EachWeek:
		d -= (int(now.In(zone).Weekday()) + 6) % 7
		days = 7
	case EachMonth:
		d = 1
		days = time.Date(y, m+1, 0, 12, 0, 0, 0, zone).Day()
	}
	noon := time.Date(y, m, d, 12, 0, 0, 0, zone)
	return dayStart(noon, 0, zone), dayStart(noon, days, zone)
}

// Overspent is the verdict on what a budget has no room for until its next period begins.
func (c Case) Overspent(b Budget, next time.Time) Verdict {
	if b.Over == DeferOver {
		return c.deferred(Verdict{Action: Defer, Reason: OverBudget, Detail: b.ID, Until: next})
	}
	return skip(OverBudget, b.ID)
}

// PerSecond is the rate of a channel; 0 means that it has none.
func (s Settings) PerSecond(c Channel) int {
	for _, r := range s.Rates {
		if r.Channel == c {
			return r.PerSecond
		}
	}
	return 0
}

func (s Settings) allowanceFaults() (f fault.Faults) {
	known := func(c Channel) bool { return slices.Contains(Channels(), c) }
	for i, r := range s.Rates {
		at := fmt.Sprintf("rates[%d]", i)
		switch {
		case !known(r.Channel):
			f.Addf(at+".channel", "is not a channel: %v", Channels())
		case slices.ContainsFunc(s.Rates[:i], func(b Rate) bool { return b.Channel == r.Channel }):
			f.Add(at+".channel", "has a rate already")
		}
		if r.PerSecond < 1 || r.PerSecond > maxRate {
			f.Addf(at+".perSecond", "must be from 1 to %d", maxRate)
		}
	}
	for c, price := range s.Prices {
		if !known(c) {
			f.Addf("pricesPerThousand."+string(c), "is not a channel: %v", Channels())
		}
		if price.Minor < 0 || !price.Currency.Known() {
			f.Add("pricesPerThousand."+string(c), "must be an amount of a currency, not below 0")
		}
	}
	if len(s.Budgets) > maxBudgets {
		f.Addf("budgets", "must be at most %d", maxBudgets)
	}
	for i, b := range s.Budgets {
		f = append(f, s.budgetFaults(b).Under(fmt.Sprintf("budgets[%d]", i))...)
		if slices.ContainsFunc(s.Budgets[:i], func(a Budget) bool { return a.ID == b.ID }) {
			f.Add(fmt.Sprintf("budgets[%d].id", i), "is the id of another budget")
		}
	}
	return f
}

func (s Settings) budgetFaults(b Budget) (f fault.Faults) {
	if reason := slug.Fault(b.ID); reason != "" {
		f.Add("id", reason)
	}
	if b.Channel != "" && !slices.Contains(Channels(), b.Channel) {
		f.Addf("channel", "is not a channel: %v", Channels())
	}
	if b.Per != EachDay && b.Per != EachWeek && b.Per != EachMonth {
		f.Add("per", "must be day, week or month")
	}
	if b.Over != "" && b.Over != SkipOver && b.Over != DeferOver {
		f.Add("over", "must be skip or defer")
	}
	if (b.Money == nil) == (b.Notifications == 0) {
		f.Add("notifications", "must be given, or money, and not both")
		return f
	}
	if b.Money == nil {
		if b.Notifications < 1 || b.Notifications > maxSpent {
			f.Addf("notifications", "must be from 1 to %d", int64(maxSpent))
		}
		return f
	}
	if b.Money.Minor < 1 || b.Money.Minor > maxSpent {
		f.Addf("money", "must be from 1 to %d", int64(maxSpent))
	}
	priced := false
	for c, price := range s.Prices {
		if b.Covers(b.CampaignID, c) {
			priced = priced || price.Minor > 0
			if price.Currency != b.Money.Currency {
				f.Add("money", "is of another currency than a price in pricesPerThousand")
			}
		}
	}
	if !priced {
		f.Add("money", "must have a price in pricesPerThousand")
	}
	return f
}
