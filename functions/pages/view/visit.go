// Package view is what all screens of the console are made of: the rows of the table of pages, a visit of one, templates in both languages, and how figures, money and times are written. It knows no
// screen and decides nothing: what a page shows and changes it asks of the API. The surprising thing: a page has no right that its visitor has not. It calls with the visitor's own pass, and the role
// of a row only spares them a refusal.
package view

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
)

// Row is a page, or what a form of one does.
type Row struct {
	Path   string // below Root: people; empty for the home page
	Method string // http.MethodGet shows, http.MethodPost does
	// Least is the least role that may come here at all.
	Least access.Role
	// Title is the key of its title. Of a POST it is that of the page whose form it is.
	Title string
	// Group is the key of the group of the navigation in which a page stands; empty for one that is reached from others.
	Group string
	// Visit shows it. An error is shown by the frame.
	Visit func(*Visit) error
}

// Address is where a page is.
func (r Row) Address() string {
	if r.Path == "" {
		return Root
	}
	return Root + "/" + r.Path
}

// Show is a page.
func Show(path string, least access.Role, title, group string, visit func(*Visit) error) Row {
	return Row{Path: path, Method: http.MethodGet, Least: least, Title: title, Group: group, Visit: visit}
}

// Do is what a form of a page does.
func Do(path string, least access.Role, title string, visit func(*Visit) error) Row {
	return Row{Path: path, Method: http.MethodPost, Least: least, Title: title, Visit: visit}
}

// Least is the role that a call of the API takes: that of a form which makes it.
func Least(route string) access.Role {
	row, _ := access.Of(route)
	return row.Least
}

// The groups of the navigation, in their order.
const (
	GroupToday    = "frame.group.today"
	GroupPeople   = "frame.group.people"
	GroupOutreach = "frame.group.outreach"
	GroupReward   = "frame.group.reward"
	GroupReport   = "frame.group.report"
	GroupRun      = "frame.group.run"
)

var groups = []string{GroupToday, GroupPeople, GroupOutreach, GroupReward, GroupReport, GroupRun}

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

// Moment writes a time to the minute in the shop's zone.
func (v *Visit) Moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	if v.Lang == text.English {
		return at.In(v.Shop.Zone).Format("2 Jan 2006, 15:04")
	}
	return at.In(v.Shop.Zone).Format("2006年1月2日 15:04")
}

// stamp is a time as the API writes it in a sentence.
var stamp = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`)

// Clocked is a sentence of the API with its times by the shop's clock. It is for what the API says of something that was; the example of a time that a refusal gives is to be typed as it stands.
func (v *Visit) Clocked(sentence string) string {
	return stamp.ReplaceAllStringFunc(sentence, func(text string) string {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return text
		}
		return v.Moment(at)
	})
}

// Day writes the day of a time in the shop's zone.
func (v *Visit) Day(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	if v.Lang == text.English {
		return at.In(v.Shop.Zone).Format("2 Jan 2006")
	}
	return at.In(v.Shop.Zone).Format("2006年1月2日")
}

// Machine writes a time as the attribute datetime has it.
func (v *Visit) Machine(at time.Time) string { return at.UTC().Format(time.RFC3339) }
