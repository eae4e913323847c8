package view

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
)

// Shop is what pages know of the shop by themselves.
type Shop struct {
	Name     string
	Zone     *time.Location
	Currency money.Currency
}

// Site is what all pages have in common.
type Site struct {
	Shop Shop
	Rows []Row
	Now  func() time.Time
	// Asset is the address of a file that pages load.
	Asset func(name string) string
}

// Visit is one request of a page by an operator who has signed in.
type Visit struct {
	*Site
	W    http.ResponseWriter
	R    *http.Request
	Row  Row
	Who  access.Caller
	Lang text.Lang
	API  *api.Client
}

// Context ends with the request.
func (v *Visit) Context() context.Context { return v.R.Context() }

// May says whether the visitor's role is at least another.
func (v *Visit) May(least access.Role) bool { return v.Who.Role.May(least) }

// Query is a parameter of the address.
func (v *Visit) Query(name string) string { return v.R.URL.Query().Get(name) }

// Field is what was typed into a field of the form that was sent.
func (v *Visit) Field(name string) string { return v.R.PostFormValue(name) }

// atOnce bounds how many calls a page makes side by side.
const atOnce = 6

// Together does several things side by side, such as calls of the API. The first error ends it, and is the answer.
func (v *Visit) Together(things ...func(context.Context) error) error {
	g, ctx := errgroup.WithContext(v.Context())
	g.SetLimit(atOnce)
	for _, do := range things {
		g.Go(func() error { return do(ctx) })
	}
	return g.Wait()
}

// Read is a call of the API for Together: it reads a path into out.
func (v *Visit) Read(out any, query url.Values, parts ...string) func(context.Context) error {
	return func(ctx context.Context) error { return v.API.Get(ctx, api.Path(parts...), query, out) }
}

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

// Answer sends a page.
func Answer(w http.ResponseWriter, status int, lang text.Lang, body []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", string(lang))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// Go leads on to a page, as each form does that has done its work. done is the key of what is said there, empty for nothing.
func (v *Visit) Go(path, done string) error {
	to, err := url.Parse(path)
	if err != nil {
		return err
	}
	if done != "" {
		q := to.Query()
		q.Set(doneParameter, done)
		to.RawQuery = q.Encode()
	}
	http.Redirect(v.W, v.R, to.String(), http.StatusSeeOther)
	return nil
}

// doneParameter names what was done in the address that a form leads to.
const doneParameter = "done"

// Once is a key with which a form is carried out once, however often it is sent.
func (v *Visit) Once() string { return rand.Text() }

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
