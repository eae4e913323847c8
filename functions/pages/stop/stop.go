// Package stop is the page on which an operator stops what is sent and lets it go on: everything, a channel or a campaign, with one press each. It knows no rule of what a stop means. The surprising thing:
// stopping asks no question. Whoever finds a mistake going out has no time for one, and a stop undoes nothing.
package stop

import (
	"embed"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{
		view.Show("stops", access.Viewer, "stop.title", view.GroupToday, show),
		view.Do("stops/stop", access.Editor, "stop.title", stop),
		view.Do("stops/resume", access.Approver, "stop.title", resume),
	}
}

// inForce is a stop.
type inForce struct {
	Channel, Campaign, Setting string
	KeepTransactional          bool
	Since                      *time.Time
	By                         *struct{ Name string }
}

// holds says that a campaign sends nothing because of it; nil is no stop.
func (s *inForce) holds(transactional bool) bool {
	return s != nil && !(s.KeepTransactional && transactional)
}

// thing is something that may be stopped: everything, where it names neither a channel nor a campaign.
type thing struct {
	Channel, Campaign, Name, State string
	Stop                           *inForce
	Held                           bool // by a stop of everything, or of its channel
	Off                            *off
}

// off is a channel that is not set up; Lacks says what it is short of where somebody has begun.
type off struct{ Channel, Lacks string }

// page is all that may be stopped.
type page struct {
	Everything thing
	Channels   []thing
	Campaigns  []thing
	// More says that there are more campaigns than are listed.
	More bool
}

func show(v *view.Visit) error {
	var stops struct {
		Items []inForce
		Off   []off
	}
	var campaigns struct {
		Items []struct {
			ID, Name, State, Channel string
			Transactional            bool
		}
		Next string
	}
	if err := v.Together(v.Read(&stops, nil, "stops"), v.Read(&campaigns, url.Values{"limit": {"200"}}, "campaigns")); err != nil {
		return err
	}
	of := func(channel, campaign string) *inForce {
		i := slices.IndexFunc(stops.Items, func(s inForce) bool { return s.Channel == channel && s.Campaign == campaign })
		if i < 0 {
			return nil
		}
		return &stops.Items[i]
	}
	p := page{Everything: thing{Stop: of("", "")}, More: campaigns.Next != ""}
	for _, channel := range delivery.Channels() {
		one := thing{Channel: string(channel), Stop: of(string(channel), "")}
		if i := slices.IndexFunc(stops.Off, func(o off) bool { return o.Channel == one.Channel }); i >= 0 {
			one.Off = &stops.Off[i]
		}
		p.Channels = append(p.Channels, one)
	}
	for _, c := range campaigns.Items {
		s := of("", c.ID)
		if s != nil || c.State == "running" || c.State == "scheduled" || c.State == "paused" {
			p.Campaigns = append(p.Campaigns, thing{Campaign: c.ID, Name: c.Name, State: c.State, Stop: s, Held: of("", "").holds(c.Transactional) || of(c.Channel, "").holds(c.Transactional)})
		}
	}
	return v.Show(pages, "stops", p)
}

// scope is what a form is about.
type scope struct {
	Channel           string `json:"channel,omitempty"`
	Campaign          string `json:"campaign,omitempty"`
	KeepTransactional bool   `json:"keepTransactional,omitempty"`
}

// scopeOf is what the form names. Everything is what is named by two empty names, and not by none.
func scopeOf(v *view.Visit) (scope, error) {
	s := scope{Channel: v.Field("channel"), Campaign: v.Field("campaign")}
	if named := v.R.PostForm.Has("channel") && v.R.PostForm.Has("campaign"); !named && s.Channel == "" && s.Campaign == "" {
		return s, &api.Fault{Status: http.StatusUnprocessableEntity}
	}
	return s, nil
}

func stop(v *view.Visit) error {
	s, err := scopeOf(v)
	if err != nil {
		return err
	}
	s.KeepTransactional = v.Field("keep") == "yes"
	if err := v.API.Post(v.Context(), "/v1/stop", v.Field("once"), s, nil); err != nil {
		return err
	}
	return v.Go(view.Link("stops"), "stop.done.stopped")
}

func resume(v *view.Visit) error {
	s, err := scopeOf(v)
	if err != nil {
		return err
	}
	if err := v.API.Post(v.Context(), "/v1/resume", v.Field("once"), s, nil); err != nil {
		return err
	}
	return v.Go(view.Link("stops"), "stop.done.resumed")
}
