package profile

import (
	"net/http"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/job"
)

// erase asks projection to forget the person, who may not even have a profile yet: events may be under way.
func (h *Handler) erase(w http.ResponseWriter, r *http.Request) {
	if !subject.Whole(w, r.URL.Query()) {
		return
	}
	person, ok := h.Find(w, r)
	if !ok {
		return
	}
	receipt, at := h.NewID(), h.Now().UTC().Truncate(time.Millisecond)
	if _, err := h.write(r, audit.Erase, person, receipt, ""); err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	err := h.Events.Send(r.Context(), job.Events{Source: subject.Source, Command: &job.Command{
		ID: receipt, Kind: job.CommandErase, ProfileID: person.Keys[0], At: at, Nobody: len(person.Profile.Identifiers) == 0,
	}})
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusAccepted, struct {
		Receipt   string     `json:"receipt"`
		ProfileID profile.ID `json:"profileId"`
		At        time.Time  `json:"at"` // what was received until then is forgotten
	}{receipt, person.Keys[0], at})
}
