package console

import (
	"net/http"

	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/httpapi"
)

// Handler serves the routes of console. Each needs an operator's key, or a token that the gateway accepted, of the role that package access says.
func (p *Process) Handler() http.Handler {
	mux := new(httpapi.Router)
	route := func(pattern string, h http.HandlerFunc) { mux.HandleFunc(pattern, p.Auth.Require(pattern, h)) }
	previews := httpapi.Once{Memory: answers.Store(p.Catalog), Now: p.Now}
	for plural, d := range documents {
		route("GET /v1/"+plural, p.list(d))
		route("GET /v1/"+plural+"/{id}", p.show(d))
		route("PUT /v1/"+plural+"/{id}", p.save(d))
		route("DELETE /v1/"+plural+"/{id}", p.remove(d))
		route("GET /v1/"+plural+"/{id}/versions", p.versions(d))
		route("GET /v1/"+plural+"/{id}/versions/{n}", p.version(d))
		if d.Reaches() {
			mux.HandlePost("POST /v1/"+plural+"/{id}/preview", previews.Post(maxDocument, p.askAudience(d)), p.Auth.Require)
		}
	}
	mux.HandlePost("POST /v1/segments/{id}/preview", previews.Post(maxDocument, p.askPreview), p.Auth.Require)
	mux.HandlePost("POST /v1/programs/{id}/preview", previews.Post(maxDocument, p.askBrought), p.Auth.Require)
	runs := httpapi.Once{Memory: answers.Store(p.Runs), Now: p.Now}
	mux.HandlePost("POST /v1/runs", runs.Post(maxRunBody, p.askRun), p.Auth.Require)
	mux.HandlePost("POST /v1/segments/{id}/members", runs.Post(maxListBody, p.askMembers), p.Auth.Require)
	route("GET /v1/segments/{id}/members", p.lists)
	route("GET /v1/segments/{id}/portrait", p.portrait)
	route("GET /v1/segments/{id}/history", p.history)
	route("GET /v1/segments/{id}/overlap/{other}", p.overlap)
	route("GET /v1/lists/{listId}", p.showList)
	route("GET /v1/lists/{listId}/members", p.members)
	route("GET /v1/runs", p.listRuns)
	route("GET /v1/runs/{id}", p.showRun)
	route("GET /v1/runs/{id}/classes", p.classes)
	route("GET /v1/runs/{id}/moves", p.moves)
	route("GET /v1/runs/{id}/cohorts", p.cohorts)
	route("GET /v1/runs/{id}/quality", p.quality)
	stopping := httpapi.Once{Memory: answers.Store(p.Catalog), Now: p.Now}
	mux.HandlePost("POST /v1/stop", stopping.Post(maxStopBody, p.askStop), p.Auth.Require)
	mux.HandlePost("POST /v1/resume", stopping.Post(maxStopBody, p.askResume), p.Auth.Require)
	route("GET /v1/stops", p.stops)
	route("GET /v1/stops/{id}", p.showStop)
	mux.HandlePost("POST /v1/stops/{id}/reenter", stopping.Post(maxStopBody, p.askReenter), p.Auth.Require)
	mux.HandlePost("POST /v1/templates/{id}/test", stopping.Post(maxTrialBody, p.askTrial), p.Auth.Require)
	route("GET /v1/templates/{id}/tests", p.trials)
	route("GET /v1/fields", p.fields)
	route("GET /v1/library/templates", p.library)
	route("GET /v1/queues", p.queues)
	route("GET /v1/refusals", p.refused)
	route("GET /v1/live", p.live)
	route("GET /v1/sources/{id}/refusals", p.refusals)
	route("GET /v1/campaigns/{id}/results", p.results)
	route("GET /v1/audit", p.audit)
	route("GET /v1/operators", p.operators)
	return mux
}
