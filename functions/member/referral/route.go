package referral

import "github.com/userops/userops/shared/httpapi"

// Route registers the routes of the resource.
func (h *Handler) Route(mux *httpapi.Router) {
	once := httpapi.Once{Memory: h.Answers, Now: h.Now}
	mux.HandlePost("POST /v1/referrals/codes", once.Post(maxRequest, h.postCode))
	mux.HandlePost("POST /v1/referrals/claims", once.Post(maxRequest, h.postClaim))
	mux.HandleFunc("GET /v1/referrals/{userId}", h.referrals)
	const best = "GET /v1/programs/{id}/leaderboard"
	mux.HandleFunc(best, h.Callers.Open(best, h.leaderboard))
}
