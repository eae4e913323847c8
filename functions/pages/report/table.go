package report

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
)

// column is a figure of a row as it is shown, or what the row is of.
type column struct {
	field, label string
	form         form
	// figure is what the API calls it in a cell, by which its people are asked for; empty of what nobody is behind.
	figure string
	// days are asked with it: those of second orders.
	days int
}

// form is how a value is written.
type form int

const (
	number form = iota
	percent
	amount  // of money, in minor units of the row's currency, or else of the shop's
	seconds // of a length of time
	decimal
	period
	event
	words // as it is
	split // a value that figures are told apart by, or all of them
	state
)

// table is a list of an answer as it is shown. of names the fields that a cell names a row by.
type table struct {
	name, title string
	columns     []column
	of          []string
}

// take is the role that the people behind the figures of a list take, empty where whoever asks may see them.
func (t table) take(a *answer) access.Role {
	if slices.Contains(t.of, "page") {
		return access.Question.Least() // who looked at one page, whatever was asked
	}
	return a.PeopleTake
}

// cell is the question for the people behind a figure of a row.
func (t table) cell(c column, r row) string {
	if c.figure == "" {
		return ""
	}
	if n, is := r.number(c.field); !is || n == 0 {
		return ""
	}
	of := map[string]any{"figure": c.figure}
	for _, name := range t.of {
		if value := r[name]; value != nil && value != "" && value != false {
			of[name] = value
		}
	}
	if c.days > 0 {
		of["days"] = c.days
	}
	raw, err := json.Marshal(of)
	if err != nil {
		return ""
	}
	return string(raw)
}

// shownCell is a cell of a table in the page.
type shownCell struct {
	Text, Range string
	Cell        string // of its people; empty for none
	Numeric     bool
}

// shownTable is a table in the page.
type shownTable struct {
	Name, Title string
	Heads       []shownHead
	Rows        [][]shownCell
	Left        int
	Over        bool // too many rows to keep apart, so there are none
}

type shownHead struct {
	Label   string
	Numeric bool
}

// shown writes a list of an answer. A column that says nothing in any row, such as a split that nobody asked for, is left out.
func (t table) shown(v *view.Visit, a *answer) shownTable {
	rows := a.Answer[t.name]
	s := shownTable{Name: t.name, Title: t.title, Left: a.Left[t.name], Over: a.Over(t.name)}
	var columns []column
	for _, c := range t.columns {
		if (c.form == words || c.form == split) && !said(rows, c.field) {
			continue
		}
		columns = append(columns, c)
		s.Heads = append(s.Heads, shownHead{c.label, c.form.numeric()})
	}
	for _, r := range rows {
		var cells []shownCell
		for _, c := range columns {
			one := shownCell{Text: c.write(v, a, r, r[c.field]), Numeric: c.form.numeric()}
			if take := t.take(a); take == "" || v.May(take) {
				one.Cell = t.cell(c, r)
			}
			if low, high, estimated := r.ends(c.field); estimated {
				one.Range = v.Lang.Of("report.range", c.write(v, a, r, low), c.write(v, a, r, high))
			}
			cells = append(cells, one)
		}
		s.Rows = append(s.Rows, cells)
	}
	return s
}

func said(rows []row, field string) bool {
	for _, r := range rows {
		if value := r[field]; value != nil && value != "" {
			return true
		}
	}
	return false
}

func (f form) numeric() bool { return f < period }

// write writes a value in the words of the visitor's language; nothing of what cannot be told.
func (c column) write(v *view.Visit, a *answer, r row, value any) string {
	if value == nil {
		return ""
	}
	n, numeric := value.(float64)
	switch c.form {
	case period:
		if value == "" {
			return v.Lang.Of("report.alldays")
		}
		return fmt.Sprint(value)
	case event:
		return v.Lang.Word("event", value)
	case split:
		if all, _ := r["all"].(bool); all {
			return v.Lang.Of("report.all")
		}
		if value == "" {
			return v.Lang.Of("report.without")
		}
	case state:
		return v.Lang.Word("cohort", value)
	}
	if !numeric {
		return fmt.Sprint(value)
	}
	switch c.form {
	case percent:
		return view.Percent(n)
	case amount:
		currency := a.Currency
		if own := r.text("currency"); own != "" {
			currency = own
		}
		return view.Money(v.Lang, money.Amount{Minor: int64(math.Round(n)), Currency: money.Currency(currency)})
	case seconds:
		return length(v.Lang, n)
	case decimal:
		return fmt.Sprintf("%.1f", n)
	}
	return view.Number(int64(math.Round(n)))
}

// length writes seconds in the greatest unit that they fill.
func length(lang text.Lang, n float64) string {
	for _, unit := range []struct {
		key  string
		long float64
	}{{"report.days", 86400}, {"report.hours", 3600}, {"report.minutes", 60}} {
		if n >= unit.long {
			return lang.Of(unit.key, fmt.Sprintf("%.1f", n/unit.long))
		}
	}
	return lang.Of("report.seconds", fmt.Sprintf("%.0f", n))
}
