package fold

import (
	"slices"

	"github.com/userops/userops/shared/domain/money"
)

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

// rowOf is the row of a sorted list that is known by the same as another; an empty one where there is none.
func rowOf[T any](rows []T, like T, compare func(a, b *T) int) (row T) {
	if i, is := slices.BinarySearchFunc(rows, &like, func(r T, to *T) int { return compare(&r, to) }); is {
		return rows[i]
	}
	return row
}

// named is a figure by its name.
type named struct {
	name string
	n    int64
}

// pick is the figure of a name.
func pick(name string, figures ...named) (n int64, known bool) {
	for _, f := range figures {
		if f.name == name {
			return f.n, true
		}
	}
	return 0, false
}
