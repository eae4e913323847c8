package fold

import "github.com/userops/userops/shared/domain/money"

// Cell is one number of an answer: a row of it, by what the row is known by, and the name of a figure in the row. What a kind of question does not know a row by says nothing.
type Cell struct {
	Figure   string         `json:"figure"`
	Period   string         `json:"period,omitempty"`   // of a retention the cohort's
	Event    string         `json:"event,omitempty"`    // of a count
	Split    string         `json:"split,omitempty"`    // the value
	All      bool           `json:"all,omitempty"`      // of sessions and trade: all values of the split together
	Currency money.Currency `json:"currency,omitempty"` // of the orders of a trade; its buyers have none
	Page     string         `json:"page,omitempty"`     // of the pages of sessions; with Screen it is a screen
	Screen   bool           `json:"screen,omitempty"`
	Step     int            `json:"step,omitempty"`  // of a funnel, from 1
	After    int            `json:"after,omitempty"` // of a retention: so many periods after the cohort's
	Days     int            `json:"days,omitempty"`  // of the first buyers of a trade: who bought a second time within so many
}

// found is a figure of the row that a list has, which may be none.
func found[T any](rows []T, is func(*T) bool, figure func(*T) *int64) (n int64, known bool) {
	var none T
	if figure(&none) == nil {
		return 0, false
	}
	for i := range rows {
		if is(&rows[i]) {
			return *figure(&rows[i]), true
		}
	}
	return 0, true
}
