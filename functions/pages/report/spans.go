package report

import (
	"net/url"
	"time"
)

// stretch is a stretch of days that operators ask for by its name.
type stretch struct {
	Text string // key of its name
	// days are its first and its last day, by today's.
	days func(today time.Time) (from, to time.Time)
}

// stretches are those that a form offers. A week begins on Monday.
var stretches = []stretch{
	{"report.spans.yesterday", func(today time.Time) (from, to time.Time) { return today.AddDate(0, 0, -1), today.AddDate(0, 0, -1) }},
	{"report.spans.week", func(today time.Time) (from, to time.Time) {
		monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
		return monday.AddDate(0, 0, -7), monday.AddDate(0, 0, -1)
	}},
	{"report.spans.month", func(today time.Time) (from, to time.Time) {
		first := today.AddDate(0, 0, 1-today.Day())
		return first.AddDate(0, -1, 0), first.AddDate(0, 0, -1)
	}},
	{"report.spans.7", func(today time.Time) (from, to time.Time) { return today.AddDate(0, 0, -7), today.AddDate(0, 0, -1) }},
	{"report.spans.28", func(today time.Time) (from, to time.Time) { return today.AddDate(0, 0, -28), today.AddDate(0, 0, -1) }},
	{"report.spans.90", func(today time.Time) (from, to time.Time) { return today.AddDate(0, 0, -90), today.AddDate(0, 0, -1) }},
}

// offered is a stretch with the question about it that stands in the form otherwise.
type offered struct {
	Text, At string
	Here     bool // it is the one that is asked
}

// Spans are the stretches of days that the question can be asked of by one press.
func (p *page) Spans() (all []offered) {
	asked := url.Values{}
	for _, i := range p.Inputs {
		if i.Kind != "tick" || i.Value != "" {
			asked.Add(i.Name, i.Value)
		}
		if o := i.Only; o != nil {
			asked.Add("stepField", o.Field)
			asked.Add("stepOp", o.Op)
			asked.Add("stepValue", o.Value)
		}
	}
	for _, s := range stretches {
		first, last := s.days(p.typed.today)
		from, to := first.Format(time.DateOnly), last.Format(time.DateOnly)
		here := asked.Get("from") == from && asked.Get("to") == to
		q := url.Values{}
		for name, values := range asked {
			q[name] = values
		}
		q.Set("from", from)
		q.Set("to", to)
		all = append(all, offered{s.Text, p.Action + "?" + q.Encode(), here})
	}
	return all
}
