package definition

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/audience"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/form"
)

// estimated shows the page again with how many people the document is about.
func (k kind) estimated(v *view.Visit) error {
	e, err := k.sent(v)
	if err != nil {
		return err
	}
	if !e.Estimates() {
		return &api.Fault{Status: http.StatusNotFound}
	}
	status, err := k.count(v, &e)
	if err != nil {
		return err
	}
	return k.page(v, status, e)
}

// count asks how many people the document is about: of a segment by its rule as it is typed, of others as they are saved. What has to be mended before that is no error: the page says it, with the status.
func (k kind) count(v *view.Visit, e *editing) (status int, err error) {
	var question any = struct{}{}
	var places []form.Place
	id := e.ID
	if e.Name == definition.Segment {
		body, faults := e.form.Document()
		var d struct {
			Rule json.RawMessage `json:"rule"`
		}
		if err := json.Unmarshal(body, &d); err != nil || len(faults) > 0 {
			e.Uncounted = true
			return http.StatusUnprocessableEntity, nil
		}
		if d.Rule == nil {
			e.Uncounted = true
			e.form.Blame(fault.Faults{{Field: "rule", Reason: "is missing or no JSON"}})
			return http.StatusUnprocessableEntity, nil
		}
		places = form.Places(d.Rule, shop(v), e.draw)
		if question = d; id == "" {
			id = "draft"
		}
	}
	found, err := audience.Ask(v, api.Path(k.Plural, id, "preview"), question)
	var refused *api.Fault
	if errors.As(err, &refused) && refused.Status < 500 {
		e.Uncounted = true
		e.form.Blame(faults(refused))
		e.Detail = form.Reason(refused.Detail, language(v))
		return refused.Status, nil
	}
	if err != nil {
		return 0, err
	}
	found.Rule, e.Estimate = places, found
	return http.StatusOK, nil
}
