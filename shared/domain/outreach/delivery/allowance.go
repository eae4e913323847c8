package delivery

import (
	"time"

	"github.com/userops/userops/shared/domain/money"
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
