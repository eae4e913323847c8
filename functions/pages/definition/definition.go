// Package definition is what operators write, of every kind: it lists documents, shows each as a form, tells what a change amounts to before it is saved, and goes back to what was. A kind has its screens by
// its row in the domain and its schema; none is named here. What is wrong with a document stands beside the field and above the form: the API says it when it is saved, and the rules that the API goes by before that. The surprising thing: a document that somebody else has
// changed meanwhile is never written over, and what was typed is kept all the same, with both changes side by side.
package definition

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/definition/schema"
	"github.com/userops/userops/shared/domain/outreach/library"
)

// groups are where the kinds stand in the navigation; one that is not here stands with what is run.
var groups = map[string]string{
	definition.Template: view.GroupOutreach,
}

// Rows are the pages of all kinds.
func Rows() (rows []view.Row) {
	for _, of := range definition.Rows() {
		name, plural := of.Names()
		k := kind{name, plural, of}
		group := groups[name]
		if group == "" {
			group = view.GroupRun
		}
		title := "word.definition." + plural
		read, change := view.Least("GET /v1/"+plural), view.Least("PUT /v1/"+plural+"/{id}")
		if !slices.Contains(listed, name) {
			rows = append(rows, view.Show(plural, read, title, group, k.list))
		}
		rows = append(rows,
			view.Show(plural+"/edit", read, title, "", k.show),
			view.Do(plural+"/edit", change, title, k.typed),
			view.Do(plural+"/estimate", read, title, k.estimated),
			view.Show(plural+"/versions", read, title, "", k.versions),
			view.Do(plural+"/delete", change, title, k.remove),
		)
		if name == definition.Template {
			rows = append(rows, view.Do(plural+"/preview", change, title, k.previewed), view.Do(plural+"/draft", change, title, k.mail))
		}
	}
	return rows
}

// listing is the page of a kind.
type listing struct {
	kind
	Items []item
	Next  string
	May   bool
	Ready []ready
}

// ready is a text of the library that a template may begin with.
type ready struct{ ID, Name, Subject string }

// readyIn are the texts of the library in the visitor's language; other kinds have none.
func (k kind) readyIn(l text.Lang) (all []ready) {
	if k.Name != definition.Template {
		return nil
	}
	for _, t := range library.Texts() {
		all = append(all, ready{t.ID, t.Name[string(l)], t.Contents[string(l)].Subject})
	}
	return all
}

func (k kind) list(v *view.Visit) error {
	l := listing{kind: k, May: v.May(view.Least("PUT /v1/" + k.Plural + "/{id}")), Ready: k.readyIn(v.Lang)}
	var answer struct {
		Items []item
		Next  string
	}
	if err := v.API.Get(v.Context(), api.Path(k.Plural), url.Values{"limit": {perPage}, "cursor": {v.Query("cursor")}}, &answer); err != nil {
		return err
	}
	l.Items, l.Next = answer.Items, answer.Next
	if k.alone() {
		l.Items = k.each(answer.Items, language(v))
	}
	return v.Show(pages, "list", l)
}

// Whole says that the kind has no more documents than it lists.
func (l listing) Whole() bool { return l.alone() }

// Opens is the end of the path at which a document of the list is shown.
func (l listing) Opens() string {
	if slices.Contains(shown, l.Name) {
		return "/show"
	}
	return "/edit"
}

// each is a line for every document that there can be, saved or not.
func (k kind) each(saved []item, l rule.Language) []item {
	var all []item
	for id := range k.row.Shapes() {
		one := item{ID: id}
		for _, s := range saved {
			if s.ID == id {
				one = s
			}
		}
		one.Name = schema.Of(k.Name, id).Label.In(l)
		all = append(all, one)
	}
	sortItems(all)
	return all
}

func sortItems(all []item) {
	slices.SortFunc(all, func(a, b item) int { return cmp.Compare(a.ID, b.ID) })
}

func (k kind) remove(v *view.Visit) error {
	version, err := strconv.Atoi(v.Field("version"))
	if err != nil || version < 1 || v.Field("id") == "" {
		return &api.Fault{Status: http.StatusUnprocessableEntity}
	}
	err = v.API.Delete(v.Context(), api.Path(k.Plural, v.Field("id")), version, nil)
	if status := api.Status(err); status == http.StatusNotFound || status == http.StatusPreconditionFailed {
		if now, missing := k.current(v, v.Field("id")); missing == nil && now.Version == 0 {
			err = nil // the button was pressed twice, or its answer lost: it is gone
		}
	}
	if err != nil {
		return err
	}
	return v.Go(view.Link(k.Plural), "definition.done.deleted")
}
