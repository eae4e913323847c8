// Package setting is where operators see by what rules the shop works and who works in it: the settings' documents, what the most important of them says, the operators with their roles, and who the visitor is. A document is
// changed by its form, elsewhere. The surprising thing: a rule that nobody has saved is shown too, since it holds all the same.
package setting

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

// operators are read by whoever reads what they did.
const operators = "GET /v1/operators"

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{view.Show("settings", view.Least("GET /v1/settings"), "word.definition.settings", view.GroupRun, show)}
}

// document is one of the settings; Version is 0 where nobody has saved it.
type document struct {
	ID        string
	Version   int
	UpdatedAt time.Time
	UpdatedBy struct{ Name string }
}

// stop is something that sends nothing now.
type stop struct{ Channel, Campaign, Setting string }

// ids are those of the documents that there are, in the order in which they are shown.
var ids = []string{definition.Messaging.ID, definition.Holdout.ID, definition.Scoring.ID}

// page is what is shown.
type page struct {
	Documents []document
	Messaging delivery.Settings
	Holdout   delivery.Holdout
	// Unread says that the rules in force cannot be read by this version.
	Unread    bool
	Stops     []stop
	Unstopped bool // whether the stops could not be read: where the rules cannot, they cannot
	Operators []access.Caller
	Issuer    bool // whether others may sign in by tokens
	May       bool // whether the visitor reads operators
	Change    bool // whether the visitor may change settings
}

func show(v *view.Visit) error {
	p := page{May: v.May(view.Least(operators)), Change: v.May(access.Settings.Least())}
	var saved struct{ Items []json.RawMessage }
	var stopped struct{ Items []stop }
	var people struct {
		Items  []access.Caller
		Issuer bool
	}
	calls := []func(context.Context) error{v.Read(&saved, url.Values{"limit": {"200"}}, "settings"), func(ctx context.Context) error {
		p.Unstopped = v.Read(&stopped, nil, "stops")(ctx) != nil
		return nil
	}}
	if p.May {
		calls = append(calls, v.Read(&people, nil, "operators"))
	}
	if err := v.Together(calls...); err != nil {
		return err
	}
	p.Stops, p.Operators, p.Issuer = stopped.Items, people.Items, people.Issuer
	slices.SortStableFunc(p.Operators, func(a, b access.Caller) int { return cmp.Compare(a.Name, b.Name) })
	p.read(saved.Items)
	return v.Show(pages, "settings", p)
}

// read takes the documents apart. What is not saved has its default.
func (p *page) read(saved []json.RawMessage) {
	found := map[string]json.RawMessage{}
	all := map[string]document{}
	for _, raw := range saved {
		var d document
		if json.Unmarshal(raw, &d) == nil {
			all[d.ID], found[d.ID] = d, raw
		}
	}
	for _, id := range ids {
		d := all[id]
		d.ID = id
		p.Documents = append(p.Documents, d)
	}
	var err, other error
	p.Messaging, p.Holdout = definition.Messaging.Absent, definition.Holdout.Absent
	if raw := pure(found[definition.Messaging.ID]); raw != nil {
		p.Messaging, err = definition.Messaging.Read(definition.Document{Body: raw})
	}
	if raw := pure(found[definition.Holdout.ID]); raw != nil {
		p.Holdout, other = definition.Holdout.Read(definition.Document{Body: raw})
	}
	p.Unread = err != nil || other != nil
}

// pure is a document without what the API adds to it, nil where there is none.
func pure(raw json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	if raw == nil || json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	for _, added := range []string{"id", "version", "updatedAt", "updatedBy"} {
		delete(fields, added)
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return body
}

// Quiet says that there are hours in which nothing is sent.
func (p page) Quiet() bool { return p.Messaging.QuietHours.Start != p.Messaging.QuietHours.End }

// Hour writes a time of the day.
func (page) Hour(c delivery.Clock) string {
	text, err := c.MarshalText()
	if err != nil {
		return ""
	}
	return string(text)
}

// Channel is that of a cap: any where it names none.
func (page) Channel(c delivery.Cap) string { return string(cmp.Or(c.Channel, delivery.AnyChannel)) }

// Over is what happens to a notification over a cap.
func (page) Over(c delivery.Cap) string { return string(cmp.Or(c.Over, delivery.SkipOver)) }
