package play

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"
)

const (
	askPause = 5 * time.Second
	// maxAsks bounds the wait for the archive: on one machine it takes a minute, in the cloud ten, and where a day has very many events an hour.
	maxAsks = 240
	// retained is how many months after their first order buyers are followed.
	retained = 3
)

// answer is an answer of the reports, as far as it is printed.
type answer struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Answer struct {
		Rows []row `json:"rows"`
		Mean []row `json:"mean"`
	} `json:"answer"`
}

// row is one of any kind of question.
type row struct {
	Event   string  `json:"event"`
	Period  string  `json:"period"`
	Events  int     `json:"events"`
	Step    int     `json:"step"`
	Reached int     `json:"reached"`
	Dropped int     `json:"dropped"`
	Share   float64 `json:"share"`
	After   int     `json:"after"`
	Size    int     `json:"size"`
	Back    int     `json:"back"`
}

// steps are those of the funnel.
var steps = []string{"Product Viewed", "Product Added", orderCompleted}

// reports asks the archive what the people did: once it has all of their events, how far they came and who came back. Then it opens a number for its people.
func (p *Play) reports(ctx context.Context, script *Script) error {
	days := script.days()
	if all, err := p.archived(ctx, days); err != nil || !all {
		return err
	}
	funnel, err := p.ask(ctx, "funnel", days, object{"window": "7d", "steps": []object{{"event": steps[0]}, {"event": steps[1]}, {"event": steps[2]}}})
	if err != nil {
		return err
	}
	p.say("\nFunnel, 7 days from the first step")
	w := tabwriter.NewWriter(p.Out, 2, 0, 2, ' ', 0)
	for _, r := range funnel.Answer.Rows {
		_, _ = fmt.Fprintf(w, "  %d. %s\t%d people\t%3.0f %%\n", r.Step, r.Event, r.Reached, 100*r.Share)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if err := p.behind(ctx, funnel); err != nil {
		return err
	}
	retention, err := p.ask(ctx, "retention", days, object{"by": "month", "periods": retained, "first": object{"event": orderCompleted}, "return": object{"event": orderCompleted}})
	if err != nil {
		return err
	}
	p.say("\nRetention: who ordered again, months after the first order (mean of all cohorts)")
	for _, r := range retention.Answer.Mean {
		p.say("  month %d  %d of %d  %.0f %%", r.After, r.Back, r.Size, 100*r.Share)
	}
	return nil
}

// days are those of all events of a script, in whatever zone the shop is.
func (s *Script) days() object {
	var first, last time.Time
	for _, events := range s.Events {
		for _, e := range events {
			if first.IsZero() || e.Timestamp.Before(first) {
				first = e.Timestamp
			}
			if e.Timestamp.After(last) {
				last = e.Timestamp
			}
		}
	}
	return object{"from": first.AddDate(0, 0, -1).Format(time.DateOnly), "to": last.AddDate(0, 0, 1).Format(time.DateOnly)}
}

// archived waits until the archive has what the people themselves sent. all is false where that takes longer than somebody would look at.
func (p *Play) archived(ctx context.Context, days object) (all bool, err error) {
	var sources []string
	for _, s := range clientSources {
		sources = append(sources, s.id)
	}
	defer p.Progress.End()
	got := 0
	for range maxAsks {
		a, err := p.ask(ctx, "count", days, object{"by": "month", "events": []object{{"event": "*", "as": "sent", "where": []object{{"field": "source", "op": "in", "value": sources}}}}})
		if err != nil {
			return false, err
		}
		for _, r := range a.Answer.Rows {
			if r.Period == "" && r.Event == "sent" {
				got = r.Events
			}
		}
		if got >= p.said {
			return true, nil
		}
		p.Progress.Show("archiving", got, p.said, "events")
		if err := p.Client.Sleep(ctx, askPause); err != nil {
			return false, err
		}
	}
	p.say("\nThe archive has %d of %d events so far: ask for funnel and retention in an hour (docs/reports.md).", got, p.said)
	return false, nil
}

// ask asks a question and waits for its exact answer.
func (p *Play) ask(ctx context.Context, kind string, days, more object) (a answer, err error) {
	definition := object{"kind": kind}
	for _, part := range []object{days, more} {
		for name, v := range part {
			definition[name] = v
		}
	}
	for range maxPolls {
		was := a
		a = answer{}
		if was.ID == "" || was.State == "gone" { // of an archive that is another by now: it is another question
			err = p.Client.Ask(ctx, http.MethodPost, "/v1/reports/ask", p.Client.OperatorKey, object{"definition": definition}, &a)
		} else {
			err = p.Client.Ask(ctx, http.MethodGet, "/v1/reports/"+was.ID, p.Client.OperatorKey, nil, &a)
		}
		switch {
		case err != nil:
			return a, fmt.Errorf("asking for a %s: %w", kind, err)
		case a.State == "done":
			return a, nil
		case a.State == "failed":
			return a, fmt.Errorf("the %s could not be counted; see the dead letters of reporting", kind)
		}
		if err := p.Client.Sleep(ctx, pollPause); err != nil {
			return a, err
		}
	}
	return a, fmt.Errorf("the %s is not counted after %s; see the logs of the stack", kind, maxPolls*pollPause)
}

// behind prints some of those whom a number of the funnel is made of. The audit log says who looked at them, and why.
func (p *Play) behind(ctx context.Context, funnel answer) error {
	const step = 2
	for _, r := range funnel.Answer.Rows {
		if r.Step == step {
			p.say("  %d of them put something into the cart and did not buy; some of those:", r.Dropped)
		}
	}
	cell, err := json.Marshal(object{"figure": "dropped", "step": step})
	if err != nil {
		return fmt.Errorf("naming a number: %w", err)
	}
	query := url.Values{"cell": {string(cell)}, "reason": {"make demo"}}
	for shown := 0; shown < maxListed; {
		query.Set("limit", strconv.Itoa(maxListed-shown))
		var list struct {
			Items []struct {
				ProfileID string `json:"profileId"`
				UserID    string `json:"userId"`
			} `json:"items"`
			Next string `json:"next"`
		}
		if err := p.Client.Ask(ctx, http.MethodGet, "/v1/reports/"+funnel.ID+"/people?"+query.Encode(), p.Client.OperatorKey, nil, &list); err != nil {
			return fmt.Errorf("opening a number for its people: %w", err)
		}
		for _, one := range list.Items {
			p.say("     %s", cmp.Or(one.UserID, one.ProfileID))
		}
		if shown += len(list.Items); list.Next == "" {
			break
		}
		query.Set("cursor", list.Next)
	}
	return nil
}

// maxListed is how many lines of a list are printed.
const maxListed = 5
