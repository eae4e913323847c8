package console

import (
	"net/http"
	"time"

	"github.com/userops/userops/shared/channel/setup"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/httpapi"
)

// stops shows what is stopped, all of it: of each channel and each campaign there is one stop at most. With ended=true it shows what is over.
func (p *Process) stops(w http.ResponseWriter, r *http.Request) {
	switch ended := r.URL.Query()["ended"]; {
	case len(ended) == 1 && ended[0] == "true":
		p.endedStops(w, r)
		return
	case len(ended) > 0:
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: "ended", Reason: "is true, once, or absent"})
		return
	}
	all, err := p.stopsInForce(r.Context())
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, struct {
		Items []stopShown `json:"items"`
		Off   []setup.Off `json:"off"`
	}{all, append([]setup.Off{}, p.Off...)})
}

// endedStops lists stops that are over.
func (p *Process) endedStops(w http.ResponseWriter, r *http.Request) {
	page, ok := httpapi.ParsePage(w, r, usualPage, mostPage)
	if !ok {
		return
	}
	found, next, err := p.Ended.List(r.Context(), page.Limit, page.Cursor)
	if err != nil {
		listFailed(w, r, err)
		return
	}
	out := httpapi.List[stopOver]{Items: []stopOver{}, Next: next}
	for _, one := range found {
		out.Items = append(out.Items, stopOver{shownStop(one.Stop, one.Since, one.By), one.Ended, one.EndedBy})
	}
	httpapi.JSON(w, http.StatusOK, out)
}

// stopOver is a stop that is over, as it is listed.
type stopOver struct {
	stopShown
	Ended   time.Time     `json:"ended"`
	EndedBy access.Caller `json:"endedBy"`
}
