package report

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/chart"
	"github.com/userops/userops/functions/pages/view"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files, chart.Parts)

// screen is a kind of question, as a page has it.
type screen struct {
	path, title, about string
	// inputs are those of its form with what stands in them, or the usual values where nobody has typed.
	inputs func(*typed) []input
	// definition is the question that was typed, as the API has it.
	definition func(*typed) map[string]any
	// tables are the lists of its answer as they are shown, and draw the drawing of them, nil where there is nothing to draw.
	tables []table
	draw   func(*page) *chart.Drawing
	// shares says that the drawing is of shares, not of a line.
	shares bool
}

// The states of an exact answer.
const (
	working = "working"
	done    = "done"
	failed  = "failed"
)

// page is a question with its form and what is known of its answer.
type page struct {
	About  string
	Action string // where the form goes
	Inputs []input
	Events []string
	Faults []api.FieldFault
	Sent   bool
	// Answer is what is shown: the exact one, or that of a sample while Exact is under way. It is nil where nobody has asked, or where neither is there.
	Answer *answer
	Exact  *answer
	// Slow says that no sample could be drawn in time.
	Slow    bool
	Tables  []shownTable
	Drawing *chart.Drawing
	Shares  bool

	typed *typed
	visit *view.Visit
}

// Waiting says that the exact answer is on its way.
func (p *page) Waiting() bool { return p.Exact != nil && p.Exact.State == working }

// Failed is why the exact answer does not come, "" where it may. A script that goes on by itself would ask for ever.
func (p *page) Failed() string {
	if p.Exact == nil || p.Exact.State != failed || p.Exact.Failed == nil {
		return ""
	}
	return p.Exact.Failed.Cause
}

// Empty says that the answer has no row at all.
func (p *page) Empty() bool {
	return len(p.Tables) > 0 && !slices.ContainsFunc(p.Tables, func(t shownTable) bool { return len(t.Rows) > 0 || t.Over })
}

// Here is the address of the question, and Follow that of how far it is.
func (p *page) Here() string { return p.address("") }

// Follow is where a script asks how far the exact answer is.
func (p *page) Follow() string { return p.address(p.Exact.ID) }

func (p *page) address(follow string) string {
	q := url.Values{}
	for name, values := range p.typed.Values {
		if name != following {
			q[name] = values
		}
	}
	if follow != "" {
		q.Set(following, follow)
	}
	return p.Action + "?" + q.Encode()
}

// following is the parameter by which a script asks how far an answer is.
const following = "follow"

func (s screen) show(v *view.Visit) error {
	p := &page{About: s.about, Action: view.Root + "/" + s.path, typed: typedOf(v), visit: v, Events: events, Shares: s.shares}
	p.Inputs, p.Sent = s.inputs(p.typed), p.typed.sent()
	if !p.Sent {
		return v.Show(pages, "report", p)
	}
	if id := v.Query(following); id != "" {
		p.Exact = &answer{}
		if err := v.API.Get(v.Context(), api.Path("reports", id), nil, p.Exact); err != nil {
			return err
		}
		return v.Show(pages, "follow", p)
	}
	err := p.ask(s.definition(p.typed))
	if refused, said := api.FaultOf(err); said && (refused.Status == http.StatusUnprocessableEntity || refused.Status == http.StatusForbidden) {
		p.Faults = place(p.Inputs, refused.Errors)
		if len(refused.Errors) == 0 {
			p.Faults = []api.FieldFault{{Reason: refused.Detail}}
		}
		return v.ShowAs(refused.Status, pages, "report", p)
	}
	if err != nil {
		return err
	}
	if p.Answer != nil {
		for _, t := range s.tables {
			p.Tables = append(p.Tables, t.shown(v, p.Answer))
		}
		p.Drawing = s.draw(p)
	}
	return v.Show(pages, "report", p)
}

// sampleTime is how long a sample is waited for.
const sampleTime = 9 * time.Second

// ask asks for the exact answer, and for one of a sample where that is not there yet.
func (p *page) ask(definition map[string]any) error {
	question := func(mode string) map[string]any { return map[string]any{"mode": mode, "definition": definition} }
	p.Exact = &answer{}
	path := api.Path("reports", "ask")
	if err := p.visit.API.Post(p.visit.Context(), path, p.visit.Once(), question("exact"), p.Exact); err != nil {
		return err
	}
	if p.Exact.State == done {
		p.Answer = p.Exact
		return nil
	}
	ctx, cancel := context.WithTimeout(p.visit.Context(), sampleTime)
	defer cancel()
	sample := &answer{}
	err := p.visit.API.Post(ctx, path, p.visit.Once(), question("sample"), sample)
	refused, said := api.FaultOf(err)
	switch {
	case err == nil:
		p.Answer = sample
	case errors.Is(err, api.ErrAway), said && refused.Status >= 500:
		p.Slow = true // the exact answer comes all the same
	default:
		return err
	}
	return nil
}
