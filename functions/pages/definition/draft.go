package definition

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/preview"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/template"
)

// Previews says that the page can show what somebody would get of the document as it is typed.
func (e editing) Previews() bool { return e.Name == definition.Template }

// draft fills the template that stands on a form, nil where the form has faults, which it then shows.
func (k kind) draft(v *view.Visit, e *editing) (*preview.Preview, error) {
	e.User, e.Reason = v.Field("user"), v.Field("reason")
	body, faults := e.form.Document()
	if len(faults) > 0 {
		return nil, nil
	}
	var d template.Definition
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, &api.Fault{Status: http.StatusUnprocessableEntity, Detail: err.Error()}
	}
	if d.ID == "" {
		d.ID = e.ID
	}
	filled, err := preview.Of(v, d, e.User, e.Reason)
	if errors.As(err, &faults) {
		e.form.Blame(faults)
		return nil, nil
	}
	if err == nil {
		filled.Draft = true
	}
	return filled, err
}

// previewed shows the page again with what somebody would get of the template as it is typed. Nothing is saved.
func (k kind) previewed(v *view.Visit) error {
	e, err := k.sent(v)
	if err != nil {
		return err
	}
	if e.Preview, err = k.draft(v, &e); err != nil {
		return err
	}
	if e.Preview == nil {
		return k.page(v, http.StatusUnprocessableEntity, e)
	}
	preview.Framed(v)
	return k.page(v, http.StatusOK, e)
}

// mail is one locale of a mail as it is typed, for a frame on the page.
func (k kind) mail(v *view.Visit) error {
	e, err := k.sent(v)
	if err != nil {
		return err
	}
	filled, err := k.draft(v, &e)
	if err != nil {
		return err
	}
	if filled == nil {
		return &api.Fault{Status: http.StatusUnprocessableEntity}
	}
	return filled.Mail(v, v.Field("locale"))
}
