package segment

import (
	"context"
	"net/http"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/money"
)

// worth is what some people bring.
type worth struct {
	People, Buyers, Orders, CycleDays int
	Share, NetShare, Repurchase       float64
	Net, PerBuyer, PerOrder           money.Amount
}

// valued is a value and how many have it.
type valued struct {
	Value string
	Count int
}

// portrait is the page of what the members of a segment bring and are like, and how many of them are in another one.
type portrait struct {
	ID, RunID, AsOf string
	worth
	All                 worth
	Categories, Sources []valued
	// Uncounted says that no run has gone by the segment as it is.
	Uncounted bool
	Others    []definition
	Other     string
	Overlap   *overlap
	// Uncompared says that the last run does not tell the overlap.
	Uncompared bool
}

type overlap struct {
	A, B               struct{ People int }
	Both, Either       int
	ShareOfA, ShareOfB float64
}

func showPortrait(v *view.Visit) error {
	id := v.Query("id")
	p := portrait{Other: v.Query("with")}
	if id == "" {
		return &api.Fault{Status: http.StatusNotFound}
	}
	var named struct{ Items []definition }
	counted := func(read func(context.Context) error, not *bool) func(context.Context) error {
		return func(ctx context.Context) error {
			err := read(ctx)
			if f, said := api.FaultOf(err); said && f.Status == http.StatusConflict {
				*not = true
				return nil
			}
			return err
		}
	}
	reads := []func(context.Context) error{counted(v.Read(&p, nil, "segments", id, "portrait"), &p.Uncounted), v.Read(&named, nil, "segments")}
	var o overlap
	if p.Other != "" {
		reads = append(reads, func(ctx context.Context) error {
			err := v.Read(&o, nil, "segments", id, "overlap", p.Other)(ctx)
			if f, said := api.FaultOf(err); said && f.Status < http.StatusInternalServerError {
				p.Uncompared = true
				return nil
			}
			return err
		})
	}
	if err := v.Together(reads...); err != nil {
		return err
	}
	if p.ID = id; p.Other != "" && !p.Uncompared {
		p.Overlap = &o
	}
	for _, one := range named.Items {
		if one.ID != id {
			p.Others = append(p.Others, one)
		}
	}
	return v.Show(pages, "portrait", p)
}
