package definition

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/slug"
	"github.com/userops/userops/shared/form"
)

// The buttons of the page that are not of the form.
const (
	doCheck = "check"
	doSave  = "save"
)

func (k kind) typed(v *view.Visit) error {
	e, err := k.sent(v)
	if err != nil {
		return err
	}
	do := v.Field("do")
	if do != doCheck && do != doSave {
		e.form.Act(do) // of one that is no button the page is shown again
		return k.page(v, http.StatusOK, e)
	}
	e.Tried = true
	body, faults := e.form.Document()
	if e.ID == "" {
		if e.ID = idIn(body); e.ID == "" && !e.alone() {
			if e.ID, err = k.unused(v, body); err != nil {
				return err
			}
			e.form.Fill("id", e.ID)
			body, faults = e.form.Document()
		}
	}
	if len(faults) > 0 {
		return k.page(v, http.StatusUnprocessableEntity, e)
	}
	if do == doSave {
		return k.save(v, e, body)
	}
	d, err := k.current(v, saved(e))
	if err != nil {
		return err
	}
	wrong, err := k.wrong(v, e.ID, body, d)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		e.form.Blame(wrong)
		return k.page(v, http.StatusUnprocessableEntity, e)
	}
	e.Checked, e.Changes = true, form.Differences(e.fields, d.Body, body, shop(v), e.draw)
	if v.Field("asked") != "" && e.Estimates() {
		if _, err := k.count(v, &e); err != nil {
			return err
		}
	}
	return k.page(v, http.StatusOK, e)
}

// saved is the id of the document that a change is of; empty for a new one.
func saved(e editing) string {
	if e.Version == 0 {
		return ""
	}
	return e.ID
}

// mostTries is how many ids are looked at for a document that was given none.
const mostTries = 20

// unused is an id for a new document to which nobody has given one: its name, as far as that is written in letters of ids, or else its kind and the day; with a number behind it where others have that.
func (k kind) unused(v *view.Visit, body json.RawMessage) (string, error) {
	var d struct{ Name string }
	_ = json.Unmarshal(body, &d) // a name that is no text is the API's to refuse
	begin := cmp.Or(slug.Of(d.Name), k.Name+"-"+v.Now().In(shop(v).Zone).Format("20060102"))
	for n := 1; n <= mostTries; n++ {
		id := begin
		if n > 1 {
			id = fmt.Sprintf("%s-%d", begin, n)
		}
		d, err := k.current(v, id)
		if err != nil || d.Version == 0 {
			return id, err
		}
	}
	return fmt.Sprintf("%s-%d", begin, v.Now().UnixMilli()), nil
}

// idIn is the id that a new document gives itself.
func idIn(body json.RawMessage) string {
	var d struct{ ID string }
	_ = json.Unmarshal(body, &d) // an id that is no text is the API's to refuse
	return d.ID
}

func (k kind) save(v *view.Visit, e editing, body json.RawMessage) error {
	var answer struct {
		Version  int
		Warnings []api.FieldFault
	}
	err := v.API.Put(v.Context(), api.Path(k.Plural, e.ID), e.Version, body, &answer)
	if err == nil && len(answer.Warnings) > 0 { // it is saved, and whoever saved it may have meant something else
		e.Version, e.Warned = answer.Version, answer.Warnings
		for i, w := range e.Warned {
			e.Warned[i].Reason = v.Clocked(form.Reason(w.Reason, language(v)))
		}
		return k.page(v, http.StatusOK, e)
	}
	if err == nil {
		return k.leave(v, e)
	}
	refused, said := api.FaultOf(err)
	if !said || refused.Status >= 500 {
		return err
	}
	e.form.Blame(faults(refused))
	switch refused.Status {
	case http.StatusPreconditionFailed:
		return k.conflict(v, e, body)
	case http.StatusUnprocessableEntity:
	default:
		e.Detail = form.Reason(refused.Detail, language(v))
	}
	return k.page(v, refused.Status, e)
}

// leave leads to what was saved.
func (k kind) leave(v *view.Visit, e editing) error {
	to := "/edit"
	if e.Shown() {
		to = "/show"
	}
	return v.Go(view.Link(k.Plural+to, "id", e.ID), "definition.done.saved")
}

// conflict shows what somebody else has changed beside what was typed. What is saved from here goes over theirs, which the page says.
func (k kind) conflict(v *view.Visit, e editing, body json.RawMessage) error {
	now, err := k.current(v, e.ID)
	if err != nil {
		return err
	}
	if mine := form.Differences(e.fields, now.Body, body, shop(v), e.draw); now.Version > 0 && len(mine) == 0 {
		return k.leave(v, e) // the button was pressed twice, or its answer lost: what is saved is what was typed
	}
	read := document{}
	if e.Version > 0 {
		if read, err = k.former(v, e.ID, e.Version); err != nil {
			return err
		}
	}
	e.Conflict, e.Checked = true, true
	e.Theirs = form.Differences(e.fields, read.Body, now.Body, shop(v), e.draw)
	e.Changes = form.Differences(e.fields, read.Body, body, shop(v), e.draw)
	e.Version = now.Version
	return k.page(v, http.StatusConflict, e)
}
