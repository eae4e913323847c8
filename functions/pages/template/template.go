// Package template is a template as somebody would get it: each locale beside the others, filled with what is known of a real person, with what it lacks of them and how long it comes out. A template is written on
// the form of its definition. The surprising thing: whoever may not see the person sees the template filled with masks, since it is filled with what the API shows the visitor. Nothing is sent from here.
package template

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/template"
	"github.com/userops/userops/shared/liquid"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

const title = "word.definition.templates"

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{
		view.Show("templates/show", view.Least("GET /v1/templates/{id}"), title, "", show),
		view.Do("templates/test", view.Least("POST /v1/templates/{id}/test"), title, test),
		view.Show("templates/mail", view.Least("GET /v1/templates/{id}"), title, "", mail),
	}
}

// known is what the API shows of a person, as far as a template may say it.
type known struct {
	ProfileID string
	IDs       []struct{ Kind, Value string }
	Traits    map[string]any
	Tags      []string
	Place     struct{ Locale string }
	Masked    bool
}

// document is a template as the API shows it.
type document struct {
	template.Definition
	Version int
}

// looked is a template with the person for whom it is looked at.
type looked struct {
	document
	User, Reason string
	Person       *known   // nil for nobody
	Absent       bool     // there is no such person
	Addresses    []string // to which it may be sent to look at it
	Tests        []trial
	compiled     *liquid.Template
	variables    liquid.Variables
}

// look reads a template and the person whom the address names by their userId.
func look(v *view.Visit) (looked, error) {
	l := looked{User: strings.TrimSpace(v.Query("user")), Reason: strings.TrimSpace(v.Query("reason"))}
	id := v.Query("id")
	if id == "" {
		return l, &api.Fault{Status: http.StatusNotFound}
	}
	if err := v.API.Get(v.Context(), api.Path("templates", id), nil, &l.document); err != nil {
		return l, err
	}
	var err error
	if l.compiled, err = liquid.Compile(l.Definition); err != nil {
		return l, &api.Fault{Status: http.StatusUnprocessableEntity, Detail: err.Error()}
	}
	if err := l.read(v); err != nil {
		return l, err
	}
	l.variables = liquid.Variables{ShopName: v.Shop.Name, UnsubscribeURL: example, ConfirmURL: example, Zone: v.Shop.Zone, Currency: v.Shop.Currency, Event: &liquid.Event{Timestamp: v.Now()}}
	if p := l.Person; p != nil {
		l.variables.Traits, l.variables.Tags, l.variables.Locale = p.Traits, p.Tags, p.Place.Locale
		for _, one := range p.IDs {
			if one.Kind == "user" {
				l.variables.UserID = one.Value
			}
		}
	}
	return l, nil
}

// example stands for the links that are signed for one person, and leads nowhere.
const example = "#"

// read reads the person, if one is named.
func (l *looked) read(v *view.Visit) error {
	if l.User == "" {
		return nil
	}
	q := url.Values{"userId": {l.User}}
	if l.Reason != "" {
		q.Set("reason", l.Reason)
	}
	l.Person = &known{}
	err := v.API.Get(v.Context(), api.Path("profiles", "-"), q, l.Person)
	if l.Absent = api.Status(err) == http.StatusNotFound; l.Absent {
		l.Person = nil
		return nil
	}
	return err
}

// Lacking are the names of the template for which nothing is known of the person.
func (l looked) Lacking() []string { return l.compiled.Lacking(l.variables) }

// OfEvents are the names that only an event fills, which there is none of here.
func (l looked) OfEvents() (names []string) {
	for _, name := range l.compiled.Names() {
		if strings.HasPrefix(name, "event.") {
			names = append(names, name)
		}
	}
	return names
}

// content is one locale as it comes out.
type content struct {
	Locale  string
	Theirs  bool // the person gets this one, as far as the visitor is shown their language
	Fault   string
	Subject string
	Text    string
	Payload string
	HTML    bool // it has a part to be looked at in a frame
}

// Letters is how long a text is, in characters.
func (looked) Letters(text string) int { return utf8.RuneCountInString(text) }

// Contents are all locales, filled.
func (l looked) Contents() (all []content) {
	theirs := l.compiled.Chosen(l.variables.Locale)
	for _, name := range l.LocaleNames() {
		c := content{Locale: name, Theirs: l.Person != nil && !l.Person.Masked && strings.EqualFold(name, theirs)}
		filled, err := l.compiled.Render(name, l.variables)
		if err != nil {
			c.Fault = err.Error()
		}
		c.Subject, c.Text, c.HTML = filled.Subject, filled.Text, filled.HTML != ""
		if len(filled.Payload) > 0 {
			c.Payload = indented(filled.Payload)
		}
		all = append(all, c)
	}
	return all
}

func indented(raw json.RawMessage) string {
	var any any
	if json.Unmarshal(raw, &any) != nil {
		return string(raw)
	}
	text, err := json.MarshalIndent(any, "", "  ")
	if err != nil {
		return string(raw)
	}
	return string(text)
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
	// Of all pages this one alone has frames, which are of ours.
	v.W.Header().Set(policyHeader, v.W.Header().Get(policyHeader)+"; frame-src 'self'")
	return v.Show(pages, "show", l)
}

const policyHeader = "Content-Security-Policy"

// mailPolicy lets a mail be looked at and do nothing: it has no origin, runs nothing, loads nothing and leads nowhere.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// mail is the HTML of one locale as it would be sent.
func mail(v *view.Visit) error {
	l, err := look(v)
	if err != nil {
		return err
	}
	filled, err := l.compiled.Render(v.Query("locale"), l.variables)
	if errors.Is(err, liquid.ErrRender) {
		return &api.Fault{Status: http.StatusUnprocessableEntity, Detail: err.Error()}
	}
	if err != nil {
		return err
	}
	v.W.Header().Set(policyHeader, mailPolicy)
	v.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = v.W.Write([]byte(filled.HTML))
	return nil
}
