package link

import "github.com/userops/userops/shared/httpapi"

// Route registers the routes of the resource.
func (h *Handler) Route(mux *httpapi.Router) {
	mux.HandleFunc("GET /v1/unsubscribe/{token}", h.unsubscribePage)
	mux.HandleFunc("POST /v1/unsubscribe/{token}", h.unsubscribe)
	mux.HandleFunc("GET /v1/confirm/{token}", h.confirmPage)
	mux.HandleFunc("POST /v1/confirm/{token}", h.confirm)
}
