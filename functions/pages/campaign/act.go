package campaign

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/campaign"
)

// scope is the campaign that a stop is of.
type scope struct {
	Campaign string `json:"campaign"`
}

// stop holds the campaign back at once: what comes due is skipped.
func stop(v *view.Visit) error { return act(v, "/v1/stop", "campaign.done.stopped") }

func resume(v *view.Visit) error { return act(v, "/v1/resume", "campaign.done.resumed") }

func act(v *view.Visit, path, done string) error {
	id := v.Field("id")
	if id == "" {
		return &api.Fault{Status: http.StatusUnprocessableEntity} // without one everything would be stopped
	}
	if err := v.API.Post(v.Context(), path, v.Field("once"), scope{id}, nil); err != nil {
		return err
	}
	return v.Go(view.Link("campaigns/show", "id", id), done)
}

// moves are the states that a button of the page gives.
var moves = map[campaign.State]string{
	campaign.Scheduled: "campaign.done.scheduled", campaign.Running: "campaign.done.running", campaign.Paused: "campaign.done.paused", campaign.Draft: "campaign.done.draft",
}

// sure is what a form says that lets a campaign loose, once its sender was told how many people that reaches.
const sure = "yes"

// ask shows the page with the question whether the campaign is to be let loose, and how many people it would reach now: what was sent does not come back.
func ask(v *view.Visit, id string) error {
	o, err := read(v, id)
	if err != nil {
		return err
	}
	o.Asked = true
	if o.Segment() != "" {
		if err := o.estimate(v); err != nil {
			return err
		}
	}
	return v.Show(pages, "show", o)
}

// move gives the campaign another state, and leaves all else of it as it was read.
func move(v *view.Visit) error {
	id, to := v.Field("id"), campaign.State(v.Field("state"))
	version, err := strconv.Atoi(v.Field("version"))
	if done := moves[to]; done == "" || id == "" || err != nil || version < 1 {
		return &api.Fault{Status: http.StatusUnprocessableEntity}
	}
	if (to == campaign.Scheduled || to == campaign.Running) && v.Field("sure") != sure && v.May(access.Start.Least()) {
		return ask(v, id)
	}
	var all map[string]json.RawMessage
	if err := v.API.Get(v.Context(), api.Path("campaigns", id), nil, &all); err != nil {
		return err
	}
	if string(all["version"]) != strconv.Itoa(version) && string(all["state"]) == strconv.Quote(string(to)) {
		return v.Go(view.Link("campaigns/show", "id", id), moves[to]) // the button was pressed twice, or its answer lost
	}
	if all["state"], err = json.Marshal(to); err != nil {
		return err
	}
	for _, added := range []string{"version", "updatedAt", "updatedBy", "phase"} {
		delete(all, added)
	}
	if err := v.API.Put(v.Context(), api.Path("campaigns", id), version, all, nil); err != nil {
		return err
	}
	return v.Go(view.Link("campaigns/show", "id", id), moves[to])
}
