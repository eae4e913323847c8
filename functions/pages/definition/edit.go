package definition

import (
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

// Draft is where its form goes, for whom it is one.
func (e editing) Draft() string {
	if !e.May {
		return ""
	}
	return view.Link(e.Plural + "/edit")
}

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

// faults are those of an answer, as forms have them.
func faults(f *api.Fault) (all fault.Faults) {
	for _, one := range f.Errors {
		all = append(all, fault.Fault{Field: one.Field, Reason: one.Reason})
	}
	return all
}
