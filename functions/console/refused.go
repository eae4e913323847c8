package console

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/httpapi"
)

// refusedOf is how much was refused of a source lately, and warned of. A source's keys are not in it, so whoever works here may look.
type refusedOf struct {
	Source   source.ID   `json:"source"`
	Name     string      `json:"name,omitempty"` // none of the two that are built in
	Kind     source.Kind `json:"kind,omitempty"`
	Disabled bool        `json:"disabled,omitempty"`
	Refused  lately      `json:"refused"`
	Warned   lately      `json:"warned"`
	// Partial says that there were more hours of instances than were read.
	Partial bool `json:"partial,omitempty"`
}

// lately counts within spans of whole hours that end now: a day, the day before it, and the week with both.
type lately struct {
	Day       int `json:"day"`
	DayBefore int `json:"dayBefore"`
	Week      int `json:"week"`
}

const day = 24 * time.Hour

// latelyOf adds hours up.
func latelyOf(hours []refusal.Hour, now time.Time) (sum lately) {
	for _, h := range hours {
		n := 0
		for _, c := range h.Counts {
			n += c
		}
		sum.Week += n
		switch age := refusal.HourOf(now).Sub(h.Hour); {
		case age < day:
			sum.Day += n
		case age < 2*day:
			sum.DayBefore += n
		}
	}
	return sum
}

// refusedAtOnce is how many sources are read side by side.
const refusedAtOnce = 8

// refused is every source with how much was refused of it.
func (p *Process) refused(w http.ResponseWriter, r *http.Request) {
	all, err := p.refusedOfAll(r.Context())
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, httpapi.List[refusedOf]{Items: all})
}

func (p *Process) refusedOfAll(ctx context.Context) ([]refusedOf, error) {
	found, err := p.Catalog.All(ctx, definition.Source)
	if err != nil {
		return nil, err
	}
	all := []refusedOf{{Source: source.Default}, {Source: source.Server}}
	for _, d := range found {
		s, err := definition.Sources.Decode(d.Body)
		if err != nil {
			return nil, err
		}
		all = append(all, refusedOf{Source: source.ID(d.ID), Name: s.Name, Kind: s.Kind, Disabled: s.Disabled})
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(refusedAtOnce)
	for i := range all {
		group.Go(func() error {
			report, err := p.Refusals.Of(ctx, all[i].Source)
			all[i].Refused, all[i].Warned, all[i].Partial = latelyOf(report.Hours, p.Now()), latelyOf(report.Warnings.Hours, p.Now()), report.Partial
			return err
		})
	}
	return all, group.Wait()
}
