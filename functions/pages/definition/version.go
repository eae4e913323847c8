package definition

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/form"
)

// was is one version of a document.
type was struct {
	Version   int
	UpdatedAt time.Time
	UpdatedBy *struct{ Name string }
}

// history is the page of what a document was.
type history struct {
	kind
	ID    string
	Items []was
	Next  string
	// Now is the present version, 0 where there is none.
	Now int
	// Of is the version that is shown beside the present one, with what changed since, or until the version To where one is asked for.
	Of, To  int
	Changes []form.Change
	May     bool
}

func (k kind) versions(v *view.Visit) error {
	h := history{kind: k, ID: v.Query("id"), May: v.May(view.Least("PUT /v1/" + k.Plural + "/{id}"))}
	f, err := k.schemaOf(h.ID)
	if err != nil || h.ID == "" {
		return &api.Fault{Status: http.StatusNotFound}
	}
	var answer struct {
		Items []was
		Next  string
	}
	if err := v.API.Get(v.Context(), api.Path(k.Plural, h.ID, "versions"), url.Values{"limit": {perPage}, "cursor": {v.Query("cursor")}}, &answer); err != nil {
		return err
	}
	h.Items, h.Next = answer.Items, answer.Next
	now, err := k.current(v, h.ID)
	if err != nil {
		return err
	}
	h.Now = now.Version
	if n, err := strconv.Atoi(v.Query("version")); err == nil {
		then, err := k.former(v, h.ID, n)
		if err != nil {
			return err
		}
		p, err := drawing(v, f)
		if err != nil {
			return err
		}
		until := now
		if to, err := strconv.Atoi(v.Query("to")); err == nil {
			if until, err = k.former(v, h.ID, to); err != nil {
				return err
			}
			h.To = to
		}
		h.Of, h.Changes = n, form.Differences(f, then.Body, until.Body, shop(v), p)
	}
	return v.Show(pages, "versions", h)
}
