package definition

import (
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/audience"
	"github.com/userops/userops/functions/pages/preview"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/definition/schema"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/form"
)

// editing is the page of a document.
type editing struct {
	kind
	ID      string
	Version int // the one that was read: 0 of a new document
	Form    template.HTML
	// Refused are faults of no field, Troubles those of fields, and Detail is what else the API says.
	Refused  []string
	Troubles []form.Trouble
	Detail   string
	// Checked says that Changes are what would be saved.
	Checked bool
	// Tried says that somebody wanted to save it, or to be told what that would change, and Uncounted that nobody can be counted before something is mended.
	Tried, Uncounted bool
	Changes          []form.Change
	// Theirs is what somebody else has changed meanwhile.
	Theirs   []form.Change
	Conflict bool
	Going    int // the version to go back to
	May      bool
	Estimate *audience.Estimate
	// Preview is what somebody would get of a template as it is typed: nil where nobody asked. User and Reason are whom it was asked for.
	Preview      *preview.Preview
	User, Reason string
	// Warned is what the API doubts of a document that it has saved.
	Warned []api.FieldFault

	form   *form.Form
	fields *schema.Field
	draw   form.Page
}

// Title is what the document is called above its form.
func (e editing) Title() string {
	if e.alone() {
		return e.fields.Label.In(e.draw.Language)
	}
	return e.ID
}

// New says that the document was not saved yet.
func (e editing) New() bool { return e.Version == 0 }

// Shown says that another screen shows what becomes of the document.
func (e editing) Shown() bool { return slices.Contains(shown, e.Name) }

// Faulty says that something has to be mended.
func (e editing) Faulty() bool { return e.Wrong() > 0 || e.Detail != "" }

// Wrong is how many places have to be mended.
func (e editing) Wrong() int { return len(e.Refused) + len(e.Troubles) }

// Whole says that the id of the document is not its author's to choose.
func (e editing) Whole() bool { return e.alone() }

// Estimates says whether the page can tell how many people a document is about: of a segment by its rule as it is typed, of others as they are saved.
func (e editing) Estimates() bool { return e.Name == definition.Segment || e.row.Reaches() && !e.New() }

// Live says that the estimate follows what is typed, where a script runs.
func (e editing) Live() bool { return e.May && !e.Saved() }

// Saved says that the estimate goes by what is saved.
func (e editing) Saved() bool { return e.Name != definition.Segment }

func (k kind) show(v *view.Visit) error {
	id := v.Query("id")
	if k.alone() && id == "" {
		return &api.Fault{Status: http.StatusNotFound}
	}
	e, err := k.edit(v, id)
	if err != nil {
		return err
	}
	d, err := k.current(v, id)
	if err != nil {
		return err
	}
	e.Version = d.Version
	shown := d
	if id == "" {
		shown.Body = k.initial(v)
	}
	if n, err := strconv.Atoi(v.Query("version")); err == nil && id != "" {
		if shown, err = k.former(v, id, n); err != nil {
			return err
		}
		e.Going, e.Changes, e.Checked = n, form.Differences(e.fields, d.Body, shown.Body, shop(v), e.draw), true
	}
	e.form = form.Show(e.fields, shown.Body, shop(v))
	return k.page(v, http.StatusOK, e)
}

// edit is the page of an id before its document is known.
func (k kind) edit(v *view.Visit, id string) (e editing, err error) {
	e = editing{kind: k, ID: id, May: v.May(view.Least("PUT /v1/" + k.Plural + "/{id}"))}
	if e.fields, err = k.schemaOf(id); err != nil {
		return e, err
	}
	e.draw, err = drawing(v, e.fields)
	return e, err
}

func (k kind) page(v *view.Visit, status int, e editing) (err error) {
	e.draw.New, e.draw.ReadOnly = e.Version == 0, !e.May
	e.Refused, e.Troubles = append(e.Refused, e.form.Refused(language(v))...), e.form.Troubles(e.draw)
	if e.Form, err = e.form.HTML(e.draw); err != nil {
		return err
	}
	return v.ShowAs(status, pages, "edit", e)
}

// sent is the page with what was typed, as a form of it was sent.
func (k kind) sent(v *view.Visit) (editing, error) {
	if err := v.R.ParseForm(); err != nil {
		return editing{}, &api.Fault{Status: http.StatusUnprocessableEntity}
	}
	e, err := k.edit(v, v.Field("id"))
	if err != nil {
		return e, err
	}
	e.Version, _ = strconv.Atoi(v.Field("version"))
	e.form = form.Read(e.fields, v.R.PostForm, shop(v))
	return e, nil
}

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
		e.ID = idIn(body)
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

// idIn is the id that a new document gives itself.
func idIn(body json.RawMessage) string {
	var d struct{ ID string }
	_ = json.Unmarshal(body, &d) // an id that is no text is the API's to refuse
	return d.ID
}

func (k kind) save(v *view.Visit, e editing, body json.RawMessage) error {
	if e.ID == "" {
		e.form.Blame(nameless)
		return k.page(v, http.StatusUnprocessableEntity, e)
	}
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

// faults are those of an answer, as forms have them.
func faults(f *api.Fault) (all fault.Faults) {
	for _, one := range f.Errors {
		all = append(all, fault.Fault{Field: one.Field, Reason: one.Reason})
	}
	return all
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
