package profile

import (
	"net/http"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/httpapi"
)

// consents shows a person what they have agreed to and what they have refused, each with its proof.
func (h *Handler) consents(w http.ResponseWriter, r *http.Request) {
	userID, _, ok := h.Callers.Named(w, r)
	if !ok {
		return
	}
	person, err := h.People.Person(r.Context(), subject.UserKey(userID))
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	said := person.Profile.Consent
	if said == nil {
		said = map[string]profile.Consent{}
	}
	httpapi.JSON(w, http.StatusOK, struct {
		Consent map[string]profile.Consent `json:"consent"` // as a profile shows it
	}{said})
}
