// Package campaign is what is sent and what became of it: all campaigns with how far each is, and of one whom it would reach before it is let loose, what was decided for whom by variant and reason, and the ways
// to stop it. What it says is written on the form of its definition. The surprising thing: the phase is not the state. An operator gives the state; the phase follows from it, the time, and what was decided.
package campaign

import (
	"context"
	"embed"
	"net/url"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/audience"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/outreach/campaign"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files, audience.Parts)

// document is a campaign as the API shows it.
type document struct {
	campaign.Definition
	Version   int
	UpdatedAt time.Time
	UpdatedBy struct{ Name string }
}

// line is a campaign in the list.
type line struct {
	document
	results
}

// listing is the page of all campaigns.
type listing struct {
	Items []line
	Next  string
	May   bool
}

// perPage is few enough that the results of all can be asked for one by one.
const perPage = "20"

func list(v *view.Visit) error {
	l := listing{May: v.May(view.Least("PUT /v1/campaigns/{id}"))}
	query := url.Values{"limit": {perPage}}
	if cursor := v.Query("cursor"); cursor != "" {
		query.Set("cursor", cursor)
	}
	var found struct {
		Items []document
		Next  string
	}
	if err := v.API.Get(v.Context(), api.Path("campaigns"), query, &found); err != nil {
		return err
	}
	l.Next, l.Items = found.Next, make([]line, len(found.Items))
	var asked []func(context.Context) error
	for i, d := range found.Items {
		l.Items[i].document = d
		if d.State == campaign.Draft {
			l.Items[i].Phase = campaign.Phase(campaign.Draft) // it has decided nothing, or nothing since
			continue
		}
		asked = append(asked, v.Read(&l.Items[i].results, nil, "campaigns", d.ID, "results"))
	}
	if err := v.Together(asked...); err != nil {
		return err
	}
	return v.Show(pages, "list", l)
}

// Due is when its audience is spoken to, the zero time of a campaign that waits for what people do.
func (d document) Due() time.Time {
	if d.Trigger.Audience == nil {
		return time.Time{}
	}
	due, _ := d.DueAfter(d.Trigger.Audience.At)
	return due
}

// Segment is the one that it is for by its trigger, empty where that is an event.
func (d document) Segment() string {
	if all := d.Segments(); len(all) > 0 {
		return string(all[0])
	}
	return ""
}

// To is the state in which a draft, or one that is paused, is let loose.
func (d document) To() campaign.State {
	if d.Trigger.Audience != nil {
		return campaign.Scheduled
	}
	return campaign.Running
}

// Still says that it sends nothing until it is let loose.
func (d document) Still() bool { return d.State == campaign.Draft || d.State == campaign.Paused }

// Loose says that it sends, or will by its date.
func (d document) Loose() bool { return d.State == campaign.Running || d.State == campaign.Scheduled }
