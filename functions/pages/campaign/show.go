package campaign

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/audience"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/outreach/campaign"
)

// inForce is a stop.
type inForce struct {
	ID, Channel, Campaign, Setting string
	KeepTransactional              bool
	Since                          *time.Time
	By                             *struct{ Name string }
}

// one is the page of a campaign.
type one struct {
	document
	results
	// Own is the stop of the campaign itself, nil for none; Others hold it back too, and end elsewhere.
	Own      *inForce
	Others   []inForce
	Estimate *audience.Estimate
	Refused  *api.Fault // what the estimate was refused for
	Asked    bool       // the visitor wants to let it loose, and is asked once more
	May      bool
	names    map[string]string // of its segment and its templates, by kind and id
}

// Named is what a segment or a template is called.
func (o one) Named(kind, id string) string { return cmp.Or(o.names[kind+" "+id], id) }

// named reads what the documents are called that the campaign names. One that is not there has its id for a name.
func (o *one) named(v *view.Visit) error {
	ids := map[string][]string{"templates": {}}
	for _, variant := range o.Definition.Variants {
		ids["templates"] = append(ids["templates"], string(variant.TemplateID))
	}
	ids["templates"] = append(ids["templates"], string(o.TemplateID))
	ids["segments"] = []string{o.Segment()}
	var calls []func(context.Context) error
	var mu sync.Mutex
	o.names = map[string]string{}
	for kind, all := range ids {
		for _, id := range all {
			if id == "" || strings.Contains(id, ":") { // a class that every run makes is no document
				continue
			}
			calls = append(calls, func(ctx context.Context) error {
				var d struct{ Name string }
				err := v.Read(&d, nil, kind, id)(ctx)
				if api.Status(err) == http.StatusNotFound {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				o.names[kind+" "+id] = d.Name
				return err
			})
		}
	}
	return v.Together(calls...)
}

func read(v *view.Visit, id string) (one, error) {
	o := one{May: v.May(view.Least("PUT /v1/campaigns/{id}"))}
	if id == "" {
		return o, &api.Fault{Status: http.StatusNotFound}
	}
	var stops struct{ Items []inForce }
	if err := v.Together(v.Read(&o.document, nil, "campaigns", id), v.Read(&o.results, nil, "campaigns", id, "results"), v.Read(&stops, nil, "stops")); err != nil {
		return o, err
	}
	for _, s := range stops.Items {
		switch {
		case s.Campaign == id:
			o.Own = &s
		case s.Campaign == "" && (s.Channel == "" || s.Channel == string(o.Channel)) && !(s.KeepTransactional && o.Transactional):
			o.Others = append(o.Others, s)
		}
	}
	return o, o.named(v)
}

// Holds says that something keeps it from sending.
func (o one) Holds() bool { return o.Own != nil || len(o.Others) > 0 }

// First is the way of reaching people that was asked: a campaign has one.
func (o one) First() *audience.Channel {
	all := o.Estimate.Channels()
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

func show(v *view.Visit) error {
	o, err := read(v, v.Query("id"))
	if err != nil {
		return err
	}
	return v.Show(pages, "show", o)
}

// estimate shows the page with whom the campaign would reach now.
func estimate(v *view.Visit) error {
	o, err := read(v, v.Field("id"))
	if err != nil {
		return err
	}
	if err := o.estimate(v); err != nil {
		return err
	}
	status := http.StatusOK
	if o.Refused != nil {
		status = o.Refused.Status
	}
	return v.ShowAs(status, pages, "show", o)
}

// estimate asks whom the campaign would reach now. What the question is refused for is no error: the page says it.
func (o *one) estimate(v *view.Visit) (err error) {
	o.Estimate, err = audience.Ask(v, api.Path("campaigns", o.ID, "preview"), struct{}{})
	refused, said := api.FaultOf(err)
	if said && slices.Contains([]int{http.StatusUnprocessableEntity, http.StatusNotFound}, refused.Status) {
		o.Refused, err = refused, nil
	}
	return err
}

// Early says that it is scheduled and its time has not come: nobody was told anything, and it can be a draft again.
func (o one) Early() bool { return o.Phase == campaign.Planned }
