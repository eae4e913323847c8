package console

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/httpapi"
)

// saved tells of one version of a definition who saved it and when.
type saved struct {
	Version   int            `json:"version"`
	UpdatedAt time.Time      `json:"updatedAt"`
	UpdatedBy *access.Caller `json:"updatedBy"` // null for what was saved before that was written down
}

// versions lists those that a definition has had, the newest first, also of one that was deleted.
func (p *Process) versions(d document) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		page, ok := httpapi.ParsePage(w, r, usualPage, mostPage)
		if !ok {
			return
		}
		found, next, err := p.Catalog.Versions(r.Context(), d.kind, id, page.Limit, page.Cursor)
		switch {
		case err != nil:
			listFailed(w, r, err)
			return
		case len(found) == 0 && page.Cursor == "":
			httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("there never was a %s %q", d.kind, id))
			return
		}
		answer := httpapi.List[saved]{Next: next}
		for _, one := range found {
			item := saved{Version: one.Version, UpdatedAt: one.UpdatedAt}
			if one.By != (access.Caller{}) {
				item.UpdatedBy = &one.By
			}
			answer.Items = append(answer.Items, item)
		}
		httpapi.JSON(w, http.StatusOK, answer)
	}
}

// version shows a definition as it was.
func (p *Process) version(d document) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		n, err := strconv.Atoi(r.PathValue("n"))
		if err != nil || n < 1 {
			httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: "n", Reason: "is no number of a version"})
			return
		}
		found, err := p.Catalog.Version(r.Context(), d.kind, id, n)
		if errors.Is(err, dynamo.ErrNotFound) {
			httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("the %s %q has no version %d", d.kind, id, n))
			return
		}
		p.answer(w, r, http.StatusOK, found, err)
	}
}
