package report

import (
	"math"
	"slices"

	"github.com/userops/userops/functions/pages/chart"
	"github.com/userops/userops/functions/pages/view"
)

// mostTicks is how many words stand below a drawing.
const mostTicks = 8

// series draws a figure period by period as a line, with the interval of each point where they are estimates.
func series(p *page, title string, rows []row, field string) *chart.Drawing {
	if len(rows) < 2 {
		return nil
	}
	every := (len(rows) + mostTicks - 1) / mostTicks
	var points []chart.Point
	var low, high []int
	for i, r := range rows {
		n, _ := r.number(field)
		one := chart.Point{Label: r.text("period"), Value: int(math.Round(n))}
		if i%every == 0 {
			one.Tick = one.Label
			if len(one.Tick) == len("2026-11-21") {
				one.Tick = one.Tick[len("2026-"):]
			}
		}
		points = append(points, one)
		l, h, estimated := r.ends(field)
		if !estimated {
			l, h = n, n
		}
		low, high = append(low, int(math.Round(l))), append(high, int(math.Round(h)))
	}
	title = p.visit.Lang.Of(title)
	d := chart.Line("drawn", title, p.visit.Lang.Of("report.drawn", title, points[0].Label, points[len(points)-1].Label), points, nil)
	if p.Answer.Sample != nil && p.Answer.Sample.Share < 1 {
		d = d.Between(low, high)
	}
	return &d
}

func drawTraffic(p *page) *chart.Drawing {
	var rows []row
	for _, r := range p.Answer.Answer["rows"] {
		if all, _ := r["all"].(bool); r.text("period") != "" && all {
			rows = append(rows, r)
		}
	}
	return series(p, "report.people.number", rows, "people")
}

// drawTrade draws what was paid in the shop's currency. Of values that figures are told apart by it draws none: which of them is for the table to say.
func drawTrade(p *page) *chart.Drawing {
	if p.typed.Get("split") != "" {
		return nil
	}
	var rows []row
	for _, r := range p.Answer.Answer["rows"] {
		if r.text("period") != "" && r.text("currency") == p.Answer.Currency {
			rows = append(rows, r)
		}
	}
	d := series(p, "report.sum", rows, "sum")
	if d != nil {
		d.Greatest = column{form: amount}.write(p.visit, p.Answer, row{}, float64(d.Most))
	}
	return d
}

// drawFunnel draws the steps of everybody, or of the first value that they are told apart by.
func drawFunnel(p *page) *chart.Drawing {
	var parts []chart.Part
	rows := p.Answer.Answer["rows"]
	for _, r := range rows {
		if r.text("split") != rows[0].text("split") {
			continue
		}
		n, _ := r.number("reached")
		share, _ := r.number("share")
		parts = append(parts, chart.Part{Label: p.visit.Lang.Word("event", r.text("event")), Text: view.Number(int64(n)) + " · " + view.Percent(share), Share: share})
	}
	if len(parts) == 0 {
		return nil
	}
	d := chart.Steps("drawn", p.visit.Lang.Of("report.funnel"), p.visit.Lang.Of("report.drawn.steps", parts[0].Text, parts[len(parts)-1].Text), parts)
	return &d
}

func drawRetention(p *page) *chart.Drawing {
	var cohorts []chart.Cohort
	for _, r := range p.Answer.Answer["rows"] {
		name := r.text("period")
		i := slices.IndexFunc(cohorts, func(c chart.Cohort) bool { return c.Label == name })
		if i < 0 {
			i = len(cohorts)
			cohorts = append(cohorts, chart.Cohort{Label: name})
		}
		after, _ := r.number("after")
		if share, known := r.number("share"); known && after > 0 {
			cohorts[i].Parts = append(cohorts[i].Parts, chart.Part{Label: p.visit.Lang.Of("report.drawn.cohort", name, view.Number(int64(after)), view.Percent(share)), Text: view.Percent(share), Share: share})
		}
	}
	if len(cohorts) == 0 {
		return nil
	}
	d := chart.Triangle("drawn", p.visit.Lang.Of("report.retention"), p.visit.Lang.Of("report.drawn.cohorts", len(cohorts)), cohorts)
	return &d
}
