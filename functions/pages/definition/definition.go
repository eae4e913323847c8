// Package definition is what operators write, of every kind: it lists documents, shows each as a form, tells what a change amounts to before it is saved, and goes back to what was. A kind has its screens by
// its row in the domain and its schema; none is named here. It checks nothing: what is wrong with a document the API says, beside the field. The surprising thing: a document that somebody else has
// changed meanwhile is never written over, and what was typed is kept all the same, with both changes side by side.
package definition

import (
	"context"
	"embed"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/definition/schema"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/form"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

// groups are where the kinds stand in the navigation; one that is not here stands with what is run.
var groups = map[string]string{
	definition.Segment: view.GroupPeople, definition.Campaign: view.GroupOutreach, definition.Template: view.GroupOutreach, definition.Program: view.GroupReward,
}

// kind is one kind of document as its pages know it.
type kind struct {
	Name, Plural string
	row          definition.Row
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
		read, change := least("GET /v1/"+plural), least("PUT /v1/"+plural+"/{id}")
		rows = append(rows,
			view.Show(plural, read, title, group, k.list),
			view.Show(plural+"/edit", read, title, "", k.show),
			view.Do(plural+"/edit", change, title, k.typed),
			view.Do(plural+"/estimate", read, title, k.estimated),
			view.Show(plural+"/versions", read, title, "", k.versions),
			view.Do(plural+"/delete", change, title, k.remove),
		)
	}
	return rows
}

// least is the role that a call takes.
func least(route string) access.Role {
	row, _ := access.Of(route)
	return row.Least
}

// alone says that there are as many documents of the kind as there are types of them, each with an id of its own: settings.
func (k kind) alone() bool { return !k.row.HasID() }

// language is that of the visitor, as forms have it.
func language(v *view.Visit) rule.Language {
	if v.Lang == text.English {
		return rule.English
	}
	return rule.Chinese
}

func shop(v *view.Visit) form.Shop { return form.Shop{Zone: v.Shop.Zone, Currency: v.Shop.Currency} }

// item is a document in a list.
type item struct {
	ID, Name, State, Channel string
	Version                  int
	UpdatedAt                time.Time
	UpdatedBy                struct{ Name string }
}

// listing is the page of a kind.
type listing struct {
	kind
	Items []item
	Next  string
	May   bool
}

// perPage is how many documents a page lists.
const perPage = "50"

func (k kind) list(v *view.Visit) error {
	l := listing{kind: k, May: v.May(least("PUT /v1/" + k.Plural + "/{id}"))}
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

// document is one as the API shows it.
type document struct {
	ID      string
	Version int
	Body    json.RawMessage // without what the API adds to it
}

// added are the names that the API adds to every document that it shows.
var added = []string{"version", "updatedAt", "updatedBy"}

// read is a document of the API; of one that is not there, the fault of the API.
func (k kind) read(ctx context.Context, v *view.Visit, path string) (document, error) {
	var raw json.RawMessage
	if err := v.API.Get(ctx, path, nil, &raw); err != nil {
		return document{}, err
	}
	return k.bare(raw)
}

// bare is a document without what the API adds.
func (k kind) bare(raw json.RawMessage) (d document, err error) {
	if err := json.Unmarshal(raw, &d); err != nil {
		return document{}, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return document{}, err
	}
	for _, name := range added {
		delete(all, name)
	}
	if k.alone() {
		delete(all, "id")
	}
	d.Body, err = json.Marshal(all)
	return d, err
}

// current is the document of an id; a new one where there is none.
func (k kind) current(v *view.Visit, id string) (document, error) {
	if id == "" {
		return document{}, nil
	}
	d, err := k.read(v.Context(), v, api.Path(k.Plural, id))
	if api.Status(err) == http.StatusNotFound {
		return document{ID: id}, nil
	}
	return d, err
}

// former is a document as it was.
func (k kind) former(v *view.Visit, id string, version int) (document, error) {
	return k.read(v.Context(), v, api.Path(k.Plural, id, "versions", strconv.Itoa(version)))
}

// schemaOf is the schema of a document; a fault where nobody reads such a document.
func (k kind) schemaOf(id string) (*schema.Field, error) {
	if f := schema.Of(k.Name, id); f != nil {
		return f, nil
	}
	return nil, &api.Fault{Status: http.StatusNotFound}
}

func (k kind) remove(v *view.Visit) error {
	version, err := strconv.Atoi(v.Field("version"))
	if err != nil || version < 1 || v.Field("id") == "" {
		return &api.Fault{Status: http.StatusUnprocessableEntity}
	}
	if err := v.API.Delete(v.Context(), api.Path(k.Plural, v.Field("id")), version, nil); err != nil {
		return err
	}
	return v.Go(view.Link(k.Plural), "definition.done.deleted")
}
