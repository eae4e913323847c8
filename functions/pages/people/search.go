package people

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
)

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

// Short says that what was typed may be the end of a number, and is too short to be one.
func (q question) Short() bool { return few.MatchString(q.What) }

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
		fault := "people.unclear"
		if q.Short() && (q.By == "digits" || q.By == "phone") {
			fault = "people.short"
		}
		q.Faults = []api.FieldFault{{Reason: v.Lang.Of(fault)}}
		return v.ShowAs(http.StatusUnprocessableEntity, pages, "search", q)
	}
	return v.Show(pages, "search", q)
}

var (
	number  = regexp.MustCompile(`^\+?[0-9][0-9 ()-]{6,19}$`)
	ending  = regexp.MustCompile(`^[0-9]{4,6}$`)
	few     = regexp.MustCompile(`^[0-9]{1,3}$`) // of which too many people's numbers end in
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
