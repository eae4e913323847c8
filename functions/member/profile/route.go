package profile

import (
	"net/http"

	"github.com/userops/userops/shared/httpapi"
)

// Route registers the routes of the resource.
func (h *Handler) Route(mux *httpapi.Router) {
	route := func(pattern string, serve http.HandlerFunc) {
		mux.HandleFunc(pattern, h.Callers.Auth.Require(pattern, serve))
	}
	route("GET /v1/people", h.people)
	route("GET /v1/profiles/{id}", h.masking(h.profile))
	route("GET /v1/profiles/{id}/events", h.masking(h.events))
	route("GET /v1/profiles/{id}/decisions", h.masking(h.decisions))
	route("GET /v1/profiles/{id}/ledger", h.masking(h.ledger))
	route("GET /v1/profiles/{id}/orders", h.masking(h.purchases))
	route("GET /v1/profiles/{id}/referrals", h.masking(h.invitations))
	route("GET /v1/profiles/{id}/export", h.export)
	route("DELETE /v1/profiles/{id}", h.erase)
	route("GET /v1/profiles/{id}/devices", h.masking(h.devices))
	route("DELETE /v1/profiles/{id}/devices", h.takeOff)
	route("PUT /v1/profiles/{id}/tags", h.tag)
	route("PUT /v1/tags", h.tagMany)
	route("PUT /v1/lists/{id}", h.enlist)
	mux.HandleFunc("GET /v1/consents/{userId}", h.consents)
}
