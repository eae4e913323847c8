package reporting

import (
	"net/http"

	"github.com/userops/userops/shared/httpapi"
)

const (
	askRoute    = "POST /v1/reports/ask"
	showRoute   = "GET /v1/reports/{id}"
	peopleRoute = "GET /v1/reports/{id}/people"
)

// Handler serves the routes of reporting. Each needs an operator of the role that package access says.
func (p *Process) Handler() http.Handler {
	mux := new(httpapi.Router)
	mux.HandlePost(askRoute, httpapi.Once{Memory: p.Memory, Now: p.Now}.Post(maxAsk, p.judge), p.Auth.Require)
	mux.HandleFunc(showRoute, p.Auth.Require(showRoute, p.show))
	mux.HandleFunc(peopleRoute, p.Auth.Require(peopleRoute, p.people))
	return mux
}
