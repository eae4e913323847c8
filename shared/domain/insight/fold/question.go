package fold

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Kind is what a question asks.
type Kind string

// The kinds of question.
const (
	KindCount     Kind = "count"
	KindSessions  Kind = "sessions"
	KindTrade     Kind = "trade"
	KindFunnel    Kind = "funnel"
	KindRetention Kind = "retention"
	KindPerformed Kind = "performed"
)

// Reads is of which days of the shop a question needs the events. Those of other days change nothing.
type Reads struct {
	From, To profile.Day
	// Beginning asks for all days before To that there are.
	Beginning bool
}

// Of tells whether the events of a day are needed.
func (r Reads) Of(day profile.Day) bool { return day <= r.To && (day >= r.From || r.Beginning) }

// Fold is a question at work. It is for one goroutine; shards have one each, and their partials are merged.
type Fold interface {
	// Columns are the columns that a block must have, in this sequence.
	Columns() []string
	Reads() Reads
	// Prepare is called with a block before stretches of it are added.
	Prepare(b *Block)
	// Add folds a person: all of their events that were read, in order. Nobody is added twice.
	Add(person []Stretch)
	// Partial is the answer so far.
	Partial() Partial
	// Fork is the same question once more, with nobody counted. Blocks that were prepared for the one are prepared for the other; both are for the same goroutine.
	Fork() Fold
	// Reset forgets whom it has counted.
	Reset()
}

// Partial is the answer for some people. Merging is associative and commutative, so partials are merged as they come.
type Partial interface {
	// Merge adds the answer for other people to the same question.
	Merge(other Partial) error
	// Figure is the number of a cell; 0 where the answer has no such row. known says whether cells of this kind of answer have such a figure.
	Figure(c Cell) (n int64, known bool)
	kind() Kind
}

// ErrPartial says that a partial is of another question, or none.
var ErrPartial = errors.New("is no partial of this question")

// ErrGroups says that a question splits people into too many groups.
var ErrGroups = fmt.Errorf("the split has more than %d values", maxGroups)

// Range is the days of the shop that a question is about, both included.
type Range struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// maxDays bounds a question, at somewhat more than what an archive holds.
const maxDays = 430

func (r Range) days() (from, to profile.Day) {
	from, _ = profile.ParseDay(r.From)
	to, _ = profile.ParseDay(r.To)
	return from, to
}

func (r Range) check(faults *fault.Faults) {
	before := len(*faults)
	for _, end := range []struct{ name, text string }{{"from", r.From}, {"to", r.To}} {
		if d, err := profile.ParseDay(end.text); err != nil || d < 0 || d > lastDay {
			faults.Add(end.name, "is not a date such as 2026-11-21")
		}
	}
	if len(*faults) > before {
		return
	}
	if from, to := r.days(); to < from {
		faults.Add("to", "is before from")
	} else if to-from >= maxDays {
		faults.Addf("to", "is %d days from from or more", maxDays)
	}
}

// lastDay is the last one of the year 9999.
var lastDay = profile.DayOf(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))

func checkPeriod(field string, p Period, faults *fault.Faults) {
	if !p.known() {
		faults.Add(field, "is not day, week or month")
	}
}

func checkSplit(split string, faults *fault.Faults) {
	if split != "" && !known(split) {
		faults.Add("split", "is not name, source, trust or a path such as context.campaign.source")
	}
}

// mergeRows unites two lists of rows that are sorted by their keys, and adds those of a key.
func mergeRows[T any](a, b []T, compare func(a, b *T) int, add func(into, from *T)) []T {
	if len(a)+len(b) == 0 {
		return nil
	}
	out := make([]T, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch c := compare(&a[0], &b[0]); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			row := a[0]
			add(&row, &b[0])
			out, a, b = append(out, row), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// compareParts brings all of a period before its parts by the values of a split.
func compareParts(aAll, bAll bool) int {
	switch {
	case aAll == bAll:
		return 0
	case aAll:
		return -1
	}
	return 1
}

func sortRows[T any](rows []T, compare func(a, b *T) int) []T {
	slices.SortFunc(rows, func(a, b T) int { return compare(&a, &b) })
	return rows
}
