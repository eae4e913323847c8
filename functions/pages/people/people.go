// Package people is how an operator finds somebody and sees what is known of them. It changes nothing by itself: what is done to a person is done by the API. The surprising thing: everybody is shown masked
// until the operator says why they need to see more, and that is written down.
package people

import (
	"embed"
	"net/http"
	"net/url"
	"regexp"
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
	Faults   []api.FieldFault
}

// ways are what somebody can be looked for by; the first lets the text tell.
var ways = []string{"auto", "phone", "email", "user", "order", "anonymous"}

// Ways lists them for the form.
func (question) Ways() []string { return ways }

func search(v *view.Visit) error {
	q := question{By: v.Query("by"), What: strings.TrimSpace(v.Query("q"))}
	q.Asked = q.What != ""
	if !q.Asked {
		return v.Show(pages, "search", q)
	}
	var answer struct{ Items []found }
	err := v.API.Get(v.Context(), "/v1/people", url.Values{"q": {way(q.By, q.What) + ":" + q.What}}, &answer)
	if fault, said := api.FaultOf(err); said && fault.Status == http.StatusBadRequest {
		q.Faults = []api.FieldFault{{Reason: v.Lang.Of("people.unclear")}}
		return v.ShowAs(http.StatusUnprocessableEntity, pages, "search", q)
	}
	if err != nil {
		return err
	}
	q.People = answer.Items
	return v.Show(pages, "search", q)
}

var number = regexp.MustCompile(`^\+?[0-9][0-9 ()-]{6,19}$`)

// way is what a text is, where nobody says so: an address, a phone number, else an id of the shop's.
func way(by, text string) string {
	switch {
	case by != "" && by != ways[0]:
		return by
	case strings.Contains(text, "@"):
		return "email"
	case number.MatchString(text):
		return "phone"
	}
	return "user"
}
