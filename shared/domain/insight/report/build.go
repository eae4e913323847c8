package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/insight/fold"
)

// Of is the answer to a definition, which has no faults.
func Of(definition []byte, s Seen) (Answer, error) {
	switch p := s.Whole.(type) {
	case *fold.Counts:
		return Answer{counts(s, p)}, nil
	case *fold.Visits:
		return Answer{visits(s, p), pages(s, p)}, nil
	case *fold.Sales:
		return Answer{sales(s, p), buyers(s, p), cycle(p)}, nil
	case *fold.Reached:
		return reached(definition, s, p)
	case *fold.Cohorts:
		return Answer{cohorts(s, p), means(s, p)}, nil
	case *fold.Performers:
		t := Table{Name: "rows"}
		t.add(s.begin(fold.Cell{}).number("people", "people"))
		return Answer{t}, nil
	}
	return nil, fmt.Errorf("an answer of %T is not known", s.Whole)
}

func counts(s Seen, p *fold.Counts) Table {
	t := Table{Name: "rows", Columns: []string{"period", "event", "split", "events", "people"}, Over: p.Over}
	for _, r := range p.Rows {
		l := s.begin(fold.Cell{Period: r.Period, Event: r.Event, Split: r.Split})
		t.add(l.text("period", r.Period).text("event", r.Event).text("split", r.Split).number("events", "events").number("people", "people"))
	}
	return t
}

// seconds is how many milliseconds of a figure are one of a column.
const seconds = 1e-3

func visits(s Seen, p *fold.Visits) Table {
	t := Table{Name: "rows", Columns: []string{"period", "all", "split", "people", "sessions", "views", "events", "bounces", "bounceRate", "viewsASession", "secondsASession", "secondsAView"}, Over: p.Over}
	for _, r := range p.Rows {
		l := s.begin(fold.Cell{Period: r.Period, All: r.All, Split: r.Split})
		l.text("period", r.Period).text("all", r.All).text("split", r.Split)
		for _, name := range []string{"people", "sessions", "views", "events", "bounces"} {
			l.number(name, name)
		}
		l.share("bounceRate", "bounces", "sessions").mean("viewsASession", l.sum("views"), l.sum("sessions"), 1)
		t.add(l.mean("secondsASession", l.sum("length"), l.sum("sessions"), seconds).mean("secondsAView", l.sum("dwell"), l.sum("known"), seconds))
	}
	return t
}

func pages(s Seen, p *fold.Visits) Table {
	t := Table{Name: "pages", Columns: []string{"page", "screen", "views", "entries", "exits", "bounces", "secondsAView"}, Over: p.PagesOver}
	for _, r := range p.Pages {
		l := s.begin(fold.Cell{Page: r.Page, Screen: r.Screen})
		l.text("page", r.Page).text("screen", r.Screen).number("views", "pageViews").number("entries", "pageEntries").number("exits", "pageExits").number("bounces", "pageBounces")
		t.add(l.mean("secondsAView", l.sum("pageDwell"), l.sum("pageKnown"), seconds))
	}
	return t
}

func sales(s Seen, p *fold.Sales) Table {
	t := Table{Name: "rows", Columns: []string{"period", "currency", "split", "placed", "gmv", "paid", "sum", "returned", "net", "discount", "unknown", "pieces", "reduced", "refunds", "cancelled", "aov", "piecesAnOrder", "reducedShare"},
		Over: p.Over}
	for _, r := range p.Rows {
		l := s.begin(fold.Cell{Period: r.Period, Currency: r.Currency, Split: r.Split})
		l.text("period", r.Period).text("currency", string(r.Currency)).text("split", r.Split)
		for _, name := range []string{"placed", "gmv", "paid", "sum", "returned"} {
			l.number(name, name)
		}
		l.number("net", "sum", "-returned")
		for _, name := range []string{"discount", "unknown", "pieces", "reduced", "refunds", "cancelled"} {
			l.number(name, name)
		}
		t.add(l.mean("aov", l.sum("sum", "-returned"), l.sum("paid"), 1).mean("piecesAnOrder", l.sum("pieces"), l.sum("paid"), 1).share("reducedShare", "reduced", "paid"))
	}
	return t
}

// soon are the days within which first buyers are asked for a second order.
var soon = []int{30, 60, 90, 180}

func buyers(s Seen, p *fold.Sales) Table {
	t := Table{Name: "buyers", Columns: []string{"period", "all", "split", "people", "again", "repurchaseRate", "first"}, Over: p.Over}
	for _, days := range soon {
		t.Columns = append(t.Columns, fmt.Sprintf("due%d", days), fmt.Sprintf("second%d", days), fmt.Sprintf("secondShare%d", days))
	}
	for _, r := range p.Buyers {
		l := s.begin(fold.Cell{Period: r.Period, All: r.All, Split: r.Split})
		l.text("period", r.Period).text("all", r.All).text("split", r.Split).number("people", "people").number("again", "again").share("repurchaseRate", "again", "people").number("first", "first")
		for _, days := range soon {
			l.at.Days = days
			l.number(fmt.Sprintf("due%d", days), "due").number(fmt.Sprintf("second%d", days), "second").share(fmt.Sprintf("secondShare%d", days), "second", "due")
		}
		t.add(l)
	}
	return t
}

// cycle is after how many days a quarter, half and three quarters of the further orders came. Of a sample they have no interval.
func cycle(p *fold.Sales) Table {
	t := Table{Name: "cycle", Columns: []string{"lowerDays", "medianDays", "upperDays"}}
	if median, known := p.Within(0.5); known {
		lower, _ := p.Within(0.25)
		upper, _ := p.Within(0.75)
		t.Rows = []Row{{Values: []any{lower, median, upper}}}
	}
	return t
}

func reached(definition []byte, s Seen, p *fold.Reached) (Answer, error) {
	var d fold.Funnel
	if err := json.Unmarshal(definition, &d); err != nil {
		return nil, fmt.Errorf("reading a definition: %w", err)
	}
	t := Table{Name: "rows", Columns: []string{"split", "step", "event", "reached", "dropped", "share", "ofPrevious", "medianSeconds"}, Over: p.Over}
	for i := range p.Rows {
		r := &p.Rows[i]
		first := term{Cell: fold.Cell{Figure: "reached", Split: r.Split, Step: 1}}
		for n := range r.Steps {
			l := s.begin(fold.Cell{Split: r.Split, Step: n + 1})
			title := ""
			if n < len(d.Steps) {
				title = cmp.Or(d.Steps[n].As, d.Steps[n].Event)
			}
			l.text("split", r.Split).text("step", int64(n+1)).text("event", title).number("reached", "reached").number("dropped", "dropped")
			share, in := s.ratio(l.sum("reached"), []term{first}, true, 1)
			l.put("share", share, in)
			before := first
			before.Step = max(n, 1)
			share, in = s.ratio(l.sum("reached"), []term{before}, true, 1)
			l.put("ofPrevious", share, in)
			t.add(l.text("medianSeconds", medianSeconds(r, n)))
		}
	}
	return Answer{t}, nil
}

// medianSeconds is the middle of how long a step took, nil for the first and where nobody came to it.
func medianSeconds(r *fold.ReachedRow, step int) any {
	if step == 0 || step > len(r.Took) {
		return nil
	}
	median, known := r.Median(step)
	if !known {
		return nil
	}
	return int64(median / time.Second)
}

func cohorts(s Seen, p *fold.Cohorts) Table {
	t := Table{Name: "rows", Columns: []string{"period", "after", "size", "back", "share", "state"}}
	for i := range p.Rows {
		r := &p.Rows[i]
		for n := 1; n <= len(r.Back); n++ {
			state := p.State(r, n)
			if state == fold.Ahead {
				break
			}
			l := s.begin(fold.Cell{Period: p.Label(r), After: n})
			t.add(l.text("period", p.Label(r)).text("after", int64(n)).number("size", "size").number("back", "back").share("share", "back", "size").text("state", string(state)))
		}
		if len(r.Back) == 0 || p.State(r, 1) == fold.Ahead {
			l := s.begin(fold.Cell{Period: p.Label(r)})
			t.add(l.text("period", p.Label(r)).text("after", int64(0)).number("size", "size").text("back", nil).text("share", nil).text("state", string(p.State(r, 0))))
		}
	}
	return t
}

// means are the shares of all cohorts together for which a period is over.
func means(s Seen, p *fold.Cohorts) Table {
	t := Table{Name: "mean", Columns: []string{"after", "size", "back", "share"}}
	for n := 1; ; n++ {
		var back, size []term
		for i := range p.Rows {
			if r := &p.Rows[i]; n <= len(r.Back) && p.State(r, n) == fold.Over {
				back = append(back, term{Cell: fold.Cell{Figure: "back", Period: p.Label(r), After: n}})
				size = append(size, term{Cell: fold.Cell{Figure: "size", Period: p.Label(r)}})
			}
		}
		if len(size) == 0 {
			return t
		}
		l := s.begin(fold.Cell{})
		all, in := s.total(size)
		l.text("after", int64(n)).put("size", all, in)
		all, in = s.total(back)
		l.put("back", all, in)
		share, in := s.ratio(back, size, true, 1)
		t.add(l.put("share", share, in))
	}
}
