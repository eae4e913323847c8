package console

import (
	"net/http"
	"time"

	"github.com/userops/userops/shared/domain/insight/live"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/httpapi"
)

// minutesShown is how far back live figures are told by the minute.
const minutesShown = time.Hour

// liveFigures is the answer of GET /v1/live.
type liveFigures struct {
	Date string    `json:"day"` // the shop's
	At   time.Time `json:"at"`
	// Provisional says that the figures may be a little wrong until the day is closed.
	Provisional bool   `json:"provisional"`
	Currency    string `json:"currency"`
	live.Day
	// Partial says that instances have counted more than was read.
	Partial  bool     `json:"partial,omitempty"`
	LastWeek lastWeek `json:"lastWeek"`
}

// lastWeek is the same day of the week before: until the same time of day, and whole.
type lastWeek struct {
	Date  string       `json:"day"`
	Until live.Figures `json:"until"`
	Sum   live.Figures `json:"sum"`
	Hours []live.Row   `json:"hours"`
}

func (p *Process) live(w http.ResponseWriter, r *http.Request) {
	now := p.Now().In(p.Shop.Zone)
	today := p.Shop.Day(now)
	before := today - 7
	from, then, end := today.Start(p.Shop.Zone), before.Start(p.Shop.Zone), (before + 1).Start(p.Shop.Zone)
	hours, partial, err := p.Live.Between(r.Context(), from, now.Add(time.Minute))
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	old, oldPartial, err := p.Live.Between(r.Context(), then, end)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	answer := liveFigures{Date: date(today), At: now, Provisional: true, Currency: string(p.Shop.Currency), Partial: partial || oldPartial,
		Day: live.Add(hours, from, now.Add(time.Minute), now.Add(-minutesShown), p.Shop.Zone)}
	whole := live.Add(old, then, end, end, p.Shop.Zone)
	answer.LastWeek = lastWeek{date(before), live.Add(old, then, now.AddDate(0, 0, -7).Truncate(time.Minute), end, p.Shop.Zone).Sum, whole.Sum, whole.Hours}
	httpapi.JSON(w, http.StatusOK, answer)
}

func date(d profile.Day) string { return d.Time().Format(time.DateOnly) }
