package schema

import (
	"reflect"
	"sync"

	"github.com/userops/userops/shared/domain/definition"
)

// tables are those of the kinds, and of each setting.
func tables() map[string]Table {
	return map[string]Table{
		definition.Segment: segmentTable(), definition.Campaign: campaignTable(), definition.Template: templateTable(), definition.Program: programTable(), definition.Source: sourceTable(),
		definition.Settings + "/" + definition.Messaging.ID: messagingTable(), definition.Settings + "/" + definition.Holdout.ID: holdoutTable(),
		definition.Settings + "/" + definition.Scoring.ID: scoringTable(),
	}
}

// name is what a schema is filed under.
func name(kind, id string) string {
	if id == "" {
		return kind
	}
	return kind + "/" + id
}

var all = sync.OnceValue(func() map[string]*Field {
	made, tables := map[string]*Field{}, tables()
	for _, row := range definition.Rows() {
		kind, _ := row.Names()
		for id, shape := range row.Shapes() {
			made[name(kind, id)] = New(name(kind, id), shape, tables[name(kind, id)])
		}
	}
	return made
})

// Of is the schema of a document, nil where there can be no such document: of a kind or an id that nobody reads.
func Of(kind, id string) *Field {
	if f := all()[kind]; f != nil {
		return f
	}
	return all()[name(kind, id)]
}

// New is the schema of a type. What the table does not name is called by its name.
func New(kind string, t reflect.Type, table Table) *Field {
	f := describe(t, "", "", table, 0)
	if f.Label == (Words{}) {
		f.Label = Words{kind, kind}
	}
	return f
}
