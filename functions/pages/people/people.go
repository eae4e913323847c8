// Package people is how an operator finds somebody and sees what is known of them. It changes nothing by itself: what is done to a person is done by the API. The surprising thing: everybody is shown masked
// until the operator says why they need to see more, and that is written down.
package people

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{
		view.Show("people", access.Viewer, "people.title", view.GroupPeople, search),
		view.Show("person", access.Viewer, "people.person", "", showPerson),
		view.Show("person/events", access.Viewer, "people.events", "", list[happening]("events", "events")),
		view.Show("person/messages", access.Viewer, "people.messages", "", list[decision]("decisions", "messages")),
		view.Show("person/book", access.Viewer, "people.book", "", showBook),
		view.Show("person/data", access.Viewer, "people.data", "", showData),
		view.Do("person/export", access.Approver, "people.data", export),
		view.Do("person/erase", access.Owner, "people.data", erase),
	}
}

// found is somebody whom a search has found.
type found struct {
	ProfileID string
	IDs       []identifier
	Name      string
	Addresses map[string]address
	LastSeen  time.Time
	Orders    orders
	// Proof says by whose word what was asked for is theirs.
	Proof string
}

type identifier struct{ Kind, Value string }

type address struct {
	Address   string
	Reachable bool
}

type orders struct {
	Count   int
	Revenue []money.Amount
	FirstAt *time.Time
	LastAt  *time.Time
}

// question is the page of a search.
type question struct {
	By, What string
	Asked    bool
	People   []found
	// Next goes on with a list that was asked for one way.
	Next   string
	Faults []api.FieldFault
}

// ways are what somebody can be looked for by; the first lets the text tell.
var ways = []string{"auto", "phone", "digits", "email", "name", "user", "order", "anonymous"}

// Ways lists them for the form.
func (question) Ways() []string { return ways }

func search(v *view.Visit) error {
	q := question{By: v.Query("by"), What: strings.TrimSpace(v.Query("q"))}
	if q.Asked = q.What != ""; !q.Asked {
		return v.Show(pages, "search", q)
	}
	by := waysOf(q.By, q.What)
	answers := make([]struct {
		Items []found
		Next  string
	}, len(by))
	unclear := 0
	calls := make([]func(context.Context) error, len(by))
	refused := make([]bool, len(by))
	for i, way := range by {
		asked := url.Values{"q": {way + ":" + q.What}}
		if cursor := v.Query("cursor"); cursor != "" && len(by) == 1 {
			asked.Set("cursor", cursor)
		}
		calls[i] = func(ctx context.Context) error {
			err := v.API.Get(ctx, "/v1/people", asked, &answers[i])
			if refused[i] = api.Status(err) == http.StatusBadRequest; refused[i] {
				return nil // the text is nothing of that kind
			}
			return err
		}
	}
	if err := v.Together(calls...); err != nil {
		return err
	}
	for i, a := range answers {
		if refused[i] {
			unclear++
		}
		for _, one := range a.Items {
			if !slices.ContainsFunc(q.People, func(f found) bool { return f.ProfileID == one.ProfileID }) {
				q.People = append(q.People, one)
			}
		}
	}
	if q.Next = answers[0].Next; len(by) > 1 {
		q.Next = ""
	}
	if unclear == len(by) {
		q.Faults = []api.FieldFault{{Reason: v.Lang.Of("people.unclear")}}
		return v.ShowAs(http.StatusUnprocessableEntity, pages, "search", q)
	}
	return v.Show(pages, "search", q)
}

var (
	number  = regexp.MustCompile(`^\+?[0-9][0-9 ()-]{6,19}$`)
	ending  = regexp.MustCompile(`^[0-9]{4,6}$`)
	plainID = regexp.MustCompile(`^[!-~]+$`)
)

// waysOf are what a text may be, where nobody says so: an address, a number or its end, else a name or an id of the shop's, of which both are looked for.
func waysOf(by, text string) []string {
	switch {
	case by != "" && by != ways[0]:
		return []string{by}
	case strings.Contains(text, "@"):
		return []string{"email"}
	case ending.MatchString(text):
		return []string{"digits", "user"}
	case number.MatchString(text):
		return []string{"phone", "user"}
	case plainID.MatchString(text):
		return []string{"user", "name"}
	}
	return []string{"name"}
}
