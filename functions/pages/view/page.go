package view

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/text"
)

// Page is what a template is given: the visit, and in D what the screen has found.
type Page struct {
	*Visit
	D      any
	Groups []Group
}

// Group is a part of the navigation.
type Group struct {
	Title string
	Rows  []Row
}

// Here says whether a page of the navigation is the one that is shown, or the one above it: the row people of the page people/erase.
func (p *Page) Here(r Row) bool {
	return r.Path == p.Row.Path || r.Path != "" && strings.HasPrefix(p.Row.Path, r.Path+"/")
}

// Address is the address of the page that is shown, to come back to. What a form has answered is no place to come back to, but what the form is about.
func (p *Page) Address() string {
	if p.R.Method != http.MethodGet {
		return link(p.Row.Path, "id", p.Field("id"))
	}
	return p.R.URL.RequestURI()
}

// Draft is where the form of a document goes that the page shows, empty for a page without one. What was typed there goes with a change of language, and comes back.
func (p *Page) Draft() string {
	if d, is := p.D.(interface{ Draft() string }); is {
		return d.Draft()
	}
	return ""
}

// Done is the key of what was done on the way here, empty for nothing. Only texts for that are shown, whoever made the link.
func (p *Page) Done() string {
	if key := p.Query(doneParameter); strings.Contains(key, ".done.") && text.Has(key) {
		return key
	}
	return ""
}

// Calls are the calls of the API behind the page.
func (p *Page) Calls() (all []Call) {
	for _, path := range p.API.Calls() {
		all = append(all, Call{path, Root + "/call?" + url.Values{"path": {path}}.Encode()})
	}
	return all
}

// Call is a call of the API and the page that shows its answer.
type Call struct{ Path, Address string }

// Show answers with a page: the file of a screen's templates that is called name, with what it is about.
func (v *Visit) Show(of *Templates, name string, about any) error {
	return v.ShowAs(http.StatusOK, of, name, about)
}

// ShowAs is Show with a status: 422 is of a form that has to be mended.
func (v *Visit) ShowAs(status int, of *Templates, name string, about any) error {
	page := &Page{Visit: v, D: about, Groups: v.groups()}
	body, err := of.render(v.Lang, name, v.R.Header.Get("HX-Request") == "true" && v.R.Header.Get("HX-Request-Type") == "partial", page)
	if err != nil {
		return err
	}
	Answer(v.W, status, v.Lang, body)
	return nil
}

// groups are those of the navigation that the visitor sees, with their pages.
func (v *Visit) groups() (all []Group) {
	for _, name := range groups {
		g := Group{Title: name}
		for _, r := range v.Rows {
			if r.Group == name && v.May(r.Least) {
				g.Rows = append(g.Rows, r)
			}
		}
		if len(g.Rows) > 0 {
			all = append(all, g)
		}
	}
	return all
}

// Fail answers an error: what the API says of itself, or that something is wrong here, which the log tells.
func (v *Visit) Fail(err error) {
	fault, said := api.FaultOf(err)
	status := http.StatusInternalServerError
	switch {
	case said && fault.Status == http.StatusUnauthorized:
		status = http.StatusForbidden // the visitor is signed in: it is the pass that opens nothing any more
	case said && fault.Status < 500:
		status = fault.Status
	case said, errors.Is(err, api.ErrAway), errors.Is(err, context.DeadlineExceeded):
		status = http.StatusBadGateway
	}
	if status >= 500 {
		slog.ErrorContext(v.Context(), "page failed", "page", v.Row.Path, "error", err.Error())
	}
	about := failure{Status: status}
	if status >= 500 || status == http.StatusTooManyRequests {
		about.Kept = KeptOf(v.R) // nobody has looked at it, or nobody knows what became of it
	}
	if said && status < 500 {
		about.Detail, about.Errors = fault.Detail, fault.Errors
	}
	if err := v.ShowAs(status, frame, "failure", about); err != nil {
		slog.ErrorContext(v.Context(), "page cannot be written", "page", v.Row.Path, "error", err.Error())
		http.Error(v.W, http.StatusText(status), status)
	}
}

type failure struct {
	Status int
	Kept   *Kept
	Detail string
	Errors []api.FieldFault
}

// Say is what is said of a failure, by its status.
func (f failure) Say() string {
	switch {
	case f.Status == http.StatusForbidden:
		return "frame.fail.forbidden"
	case f.Status == http.StatusNotFound:
		return "frame.fail.missing"
	case f.Status == http.StatusConflict, f.Status == http.StatusPreconditionFailed:
		return "frame.fail.conflict"
	case f.Status == http.StatusTooManyRequests:
		return "frame.fail.busy"
	case f.Status == http.StatusBadGateway:
		return "frame.fail.away"
	case f.Status >= 500:
		return "frame.fail.ours"
	}
	return "frame.fail.input"
}
