package definition

import (
	"context"
	"embed"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/audience"
	"github.com/userops/userops/functions/pages/preview"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/definition/schema"
	"github.com/userops/userops/shared/form"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files, audience.Parts, preview.Parts)

// shown are the kinds of which another screen shows each document, and listed those whose documents it lists.
var shown = []string{definition.Template, definition.Segment, definition.Campaign, definition.Program}

// listed are the kinds whose documents another screen lists, with what became of them.
var listed = []string{definition.Segment, definition.Campaign, definition.Program, definition.Settings}

// kind is one kind of document as its pages know it.
type kind struct {
	Name, Plural string
	row          definition.Row
}

// alone says that there are as many documents of the kind as there are types of them, each with an id of its own: settings.
func (k kind) alone() bool { return !k.row.HasID() }

// language is that of the visitor, as forms have it.
func language(v *view.Visit) rule.Language { return view.Language(v.Lang) }

func shop(v *view.Visit) form.Shop { return form.Shop{Zone: v.Shop.Zone, Currency: v.Shop.Currency} }

// item is a document in a list.
type item struct {
	ID, Name, State, Channel string
	Version                  int
	UpdatedAt                time.Time
	UpdatedBy                struct{ Name string }
}

// perPage is how many documents a page lists.
const perPage = "50"

// document is one as the API shows it.
type document struct {
	ID      string
	Version int
	Body    json.RawMessage // without what the API adds to it
}

// added are the names that the API adds to documents that it shows: phase to campaigns.
var added = []string{"version", "updatedAt", "updatedBy", "phase"}

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
