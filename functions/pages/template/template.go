// Package template is a template as somebody would get it: each locale beside the others, filled with what is known of a real person, with what it lacks of them and how long it comes out. A template is written on
// the form of its definition. The surprising thing: what is sent from here goes to the shop's own addresses alone.
package template

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/preview"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/template"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files, preview.Parts)

const title = "word.definition.templates"

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{
		view.Show("templates/show", view.Least("GET /v1/templates/{id}"), title, "", show),
		view.Do("templates/test", view.Least("POST /v1/templates/{id}/test"), title, test),
		view.Show("templates/mail", view.Least("GET /v1/templates/{id}"), title, "", mail),
	}
}

// document is a template as the API shows it.
type document struct {
	template.Definition
	Version int
}

// looked is a template with the person for whom it is looked at.
type looked struct {
	*preview.Preview
	Version   int
	Addresses []string // to which it may be sent to look at it
	Tests     []trial
}

// look reads a template and the person whom the address names by their userId.
func look(v *view.Visit) (l looked, err error) {
	id := v.Query("id")
	if id == "" {
		return l, &api.Fault{Status: http.StatusNotFound}
	}
	var d document
	if err := v.API.Get(v.Context(), api.Path("templates", id), nil, &d); err != nil {
		return l, err
	}
	l.Version = d.Version
	l.Preview, err = preview.Of(v, d.Definition, v.Query("user"), v.Query("reason"))
	var faults fault.Faults
	if errors.As(err, &faults) {
		return l, &api.Fault{Status: http.StatusUnprocessableEntity, Detail: err.Error()}
	}
	return l, err
}

// trial is a time that the template was sent to an address of the shop's own.
type trial struct {
	To, Locale, Outcome, Reason, Detail string
	TemplateVersion                     int
	At                                  time.Time
	By                                  struct{ Name string }
}

// Testable says that templates of its channel can be sent to look at them.
func (l looked) Testable() bool { return l.Channel == delivery.Email }

// tests reads where the template may be sent, and what became of it where it was.
func (l *looked) tests(v *view.Visit) error {
	var settings struct{ TestAddresses []string }
	var sent struct{ Items []trial }
	setting := func(ctx context.Context) error {
		err := v.Read(&settings, nil, "settings", delivery.SettingsID)(ctx)
		if api.Status(err) == http.StatusNotFound {
			return nil // it was not saved yet
		}
		return err
	}
	err := v.Together(setting, v.Read(&sent, nil, "templates", l.ID, "tests"))
	l.Addresses, l.Tests = settings.TestAddresses, sent.Items
	return err
}

// test sends the template to an address of the shop's own.
func test(v *view.Visit) error {
	id := v.Field("id")
	if id == "" {
		return &api.Fault{Status: http.StatusUnprocessableEntity}
	}
	asked := struct {
		To     string `json:"to"`
		Locale string `json:"locale,omitempty"`
	}{v.Field("to"), v.Field("locale")}
	if err := v.API.Post(v.Context(), api.Path("templates", id, "test"), v.Field("once"), asked, nil); err != nil {
		return err
	}
	return v.Go(view.Link("templates/show", "id", id), "template.done.tested")
}

func show(v *view.Visit) error {
	l, err := look(v)
	if err == nil && l.Testable() {
		err = l.tests(v)
	}
	if err != nil {
		return err
	}
	preview.Framed(v)
	return v.Show(pages, "show", l)
}

// mail is the HTML of one locale as it would be sent.
func mail(v *view.Visit) error {
	l, err := look(v)
	if err != nil {
		return err
	}
	return l.Mail(v, v.Query("locale"))
}
