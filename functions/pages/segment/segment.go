// Package segment is who the shop's people are, rule by rule: how many are in each segment by the last run, what share of everybody, how that went, and whom of them a channel reaches now. A rule is written on
// the form of its definition. The surprising thing: a size is of a run, and a rule that was saved since has none yet, which the page says in the place of a number.
package segment

import (
	"context"
	"embed"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/audience"
	"github.com/userops/userops/functions/pages/chart"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/form"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files, audience.Parts, chart.Parts)

// definition is a segment as the API lists it.
type definition struct {
	ID, Name  string
	Version   int
	UpdatedAt time.Time
	UpdatedBy struct{ Name string }
	Rule      json.RawMessage
}

// line is a segment with its sizes.
type line struct {
	definition
	trend
}

// listing is the page of all segments.
type listing struct {
	Items []line
	Next  string
	Last  *run // the newest of all, nil where none has finished
	May   bool
}

const perPage = "50"

func list(v *view.Visit) error {
	l := listing{May: v.May(view.Least("PUT /v1/segments/{id}"))}
	var found struct {
		Items []definition
		Next  string
	}
	var runs []run
	query := url.Values{"limit": {perPage}}
	if cursor := v.Query("cursor"); cursor != "" {
		query.Set("cursor", cursor)
	}
	if err := v.Together(v.Read(&found, query, "segments"), passes(v, &runs)); err != nil {
		return err
	}
	if l.Next = found.Next; len(runs) > 0 {
		l.Last = &runs[len(runs)-1]
	}
	for _, d := range found.Items {
		l.Items = append(l.Items, line{d, trendOf(d.ID, d.UpdatedAt, runs)})
	}
	return v.Show(pages, "list", l)
}

// one is the page of a segment.
type one struct {
	definition
	trend
	Places   []form.Place // its rule in words
	Estimate *audience.Estimate
	Detail   string
	May      bool
	// Campaigns says that the visitor may make a campaign of it.
	Campaigns bool
}

// Indent is how far a place of the rule lies in it.
func (one) Indent(depth int) string { return strings.Repeat("\u2003", depth) }

func read(v *view.Visit, id string) (one, error) {
	o := one{May: v.May(view.Least("PUT /v1/segments/{id}")), Campaigns: v.May(view.Least("PUT /v1/campaigns/{id}"))}
	if id == "" {
		return o, &api.Fault{Status: http.StatusNotFound}
	}
	var runs []run
	if err := v.Together(v.Read(&o.definition, nil, "segments", id), passes(v, &runs)); err != nil {
		return o, err
	}
	o.trend = trendOf(o.ID, o.UpdatedAt, runs)
	o.Places = form.Places(o.Rule, form.Shop{Zone: v.Shop.Zone, Currency: v.Shop.Currency}, form.Page{Language: view.Language(v.Lang)})
	return o, nil
}

func show(v *view.Visit) error {
	o, err := read(v, v.Query("id"))
	if err != nil {
		return err
	}
	return v.Show(pages, "show", o)
}

// estimate shows the page with how many of the segment there are now, and whom of them each channel reaches.
func estimate(v *view.Visit) error {
	o, err := read(v, v.Field("id"))
	if err != nil {
		return err
	}
	if o.Estimate, err = audience.Ask(v, api.Path("segments", o.ID, "preview"), struct{}{}); err != nil {
		return err
	}
	return v.Show(pages, "show", o)
}

// passes reads the last finished runs that moved people, the oldest first.
func passes(v *view.Visit, into *[]run) func(context.Context) error {
	return func(ctx context.Context) error {
		var answer struct{ Items []run }
		if err := v.Read(&answer, url.Values{"limit": {looked}}, "runs")(ctx); err != nil {
			return err
		}
		for i := len(answer.Items) - 1; i >= 0; i-- {
			if r := answer.Items[i]; r.State == "finished" && !r.ReportOnly {
				*into = append(*into, r)
			}
		}
		return nil
	}
}
