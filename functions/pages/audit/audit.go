// Package audit is where approvers look up who did what: changes of definitions with what changed, stops, runs, redrives, and each time that somebody was searched for, revealed, exported or erased. It changes nothing. The
// surprising thing: what a page shows is never all that was asked for. The log is read from its end, and a page may be empty and not the last.
package audit

import (
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/audit"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

const reads = "GET /v1/audit"

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{view.Show("audit", view.Least(reads), "audit.title", view.GroupRun, show)}
}

// line is one thing that was done.
type line struct {
	ID, From, Action, Kind, Of, Asked, Reason string
	At                                        time.Time
	By                                        struct{ Name, Role, Key string }
	Before, After                             int
	Fields                                    []string
	may                                       bool // whether the visitor reads the thing
}

// where a thing of a kind that is no definition's is shown, and by what parameter; empty where only all of them are.
var places = map[string][2]string{
	audit.KindProfile: {"person", "id"}, audit.KindRun: {"runs/show", "id"}, audit.KindQueue: {"queues/letters", "queue"}, definition.Stop: {"stops", ""},
}

// plurals are the names of the definitions' screens.
var plurals = func() map[string]string {
	all := map[string]string{}
	for _, row := range definition.Rows() {
		name, plural := row.Names()
		all[name] = plural
	}
	return all
}()

// Place is where the thing is shown, empty where nowhere.
func (l line) Place() string {
	to, known := places[l.Kind]
	if plural, is := plurals[l.Kind]; is {
		to, known = [2]string{plural + "/edit", "id"}, true
	}
	switch {
	case !known, !l.may, l.Of == audit.Nobody:
		return ""
	case to[1] == "":
		return view.Link(to[0])
	}
	return view.Link(to[0], to[1], l.Of)
}

// Difference is where it is shown what a change has changed, empty where it is none or the first of its thing.
func (l line) Difference() string {
	plural := plurals[l.Kind]
	if plural == "" || l.Before == 0 || !l.may {
		return ""
	}
	if l.After == 0 {
		return view.Link(plural+"/versions", "id", l.Of, "version", l.Before)
	}
	return view.Link(plural+"/versions", "id", l.Of, "version", l.Before, "to", l.After)
}

// question is what is asked of the log, as it was typed, and the page that answers it.
type question struct {
	Operator, Kind, Of, Action, Day string
	Items                           []line
	Next                            string
	Faults                          []api.FieldFault
}

// Kinds and Actions are what can be asked for.
func (question) Kinds() []string {
	var all []string
	for _, row := range definition.Rows() {
		name, _ := row.Names()
		all = append(all, name)
	}
	return append(all, definition.Stop, audit.KindRun, audit.KindQueue, audit.KindReport, audit.KindList, audit.KindProfile)
}

// Actions are what may have been done.
func (question) Actions() []audit.Action { return audit.Actions() }

const perPage = "50"

func show(v *view.Visit) error {
	q := question{Operator: strings.TrimSpace(v.Query("operator")), Kind: v.Query("kind"), Of: strings.TrimSpace(v.Query("of")), Action: v.Query("action"), Day: v.Query("day")}
	asked := url.Values{"limit": {perPage}}
	for name, value := range map[string]string{"operator": q.Operator, "kind": q.Kind, "id": q.Of, "action": q.Action, "cursor": v.Query("cursor")} {
		if value != "" {
			asked.Set(name, value)
		}
	}
	if q.Day != "" {
		from, err := time.ParseInLocation(time.DateOnly, q.Day, v.Shop.Zone)
		if err != nil {
			q.Faults = []api.FieldFault{{Reason: v.Lang.Of("audit.fault.day")}}
			return v.ShowAs(http.StatusUnprocessableEntity, pages, "audit", q)
		}
		asked.Set("from", from.UTC().Format(time.RFC3339))
		asked.Set("to", from.AddDate(0, 0, 1).UTC().Format(time.RFC3339))
	}
	var answer struct {
		Items []line
		Next  string
	}
	err := v.API.Get(v.Context(), "/v1/audit", asked, &answer)
	if f, said := api.FaultOf(err); said && f.Status == http.StatusBadRequest && !slices.ContainsFunc(f.Errors, func(e api.FieldFault) bool { return e.Field == "cursor" }) {
		q.Faults = f.Errors
		return v.ShowAs(http.StatusUnprocessableEntity, pages, "audit", q)
	}
	if err != nil {
		return err
	}
	q.Items, q.Next = answer.Items, answer.Next
	for i, l := range q.Items {
		plural := plurals[l.Kind]
		q.Items[i].may = plural == "" || v.May(view.Least("GET /v1/"+plural))
	}
	return v.Show(pages, "audit", q)
}
