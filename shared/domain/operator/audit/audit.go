// Package audit is the account of who did what: each change that an operator made, and each time that somebody was exported, revealed or erased, or had a
// device taken off, by the shop's back end too. A line holds no personal data of customers and no secret: things stand in it by their ids, people by their profileId, changes by
// the names of the fields. It is not a log of requests: what was refused, and what was only read, has no line. The surprising thing: a
// line is no note of a change but a part of it, so that neither stands without the other; see docs/SECURITY.md for what is no transaction.
package audit

import (
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
)

// Action is what was done.
type Action string

// The actions.
const (
	Save    Action = "save"
	Delete  Action = "delete"
	Start   Action = "start"  // a run, or the scan for a list
	Export  Action = "export" // everything that is held of a person
	Reveal  Action = "reveal" // a person's data without masks
	Erase   Action = "erase"
	TakeOff Action = "takeOff" // a device, off a person
	Tag     Action = "tag"     // a person; Fields are the tags, each behind a + or a -
	Ask     Action = "ask"     // how many people a rule that is not saved would hold: a rule that only one person meets tells of that person; Fields are what it asks
	Find    Action = "find"    // somebody by an identifier or an order; Fields is the kind of it
	Reenter Action = "reenter" // whom a stop has skipped; the line's id has the ids of the stop and of the request
	Redrive Action = "redrive" // dead letters of a queue, all that there were or some
	Try     Action = "try"     // a template, at an address of the shop's own
	// Download is of who is in a list, as a file; Fields is its form, and of hashed addresses for which platform.
	Download Action = "download"
	Upload   Action = "upload" // of people, who are tagged, or put on a list or taken off it; Fields are which of the two, and how many lines, people matched, lines for somebody a second time and lines for nobody
	Rotate   Action = "rotate" // the secret that a source's shop system signs with; the definition that says that there is one stays
)

// Actions are those that lines may have.
func Actions() []Action {
	return []Action{Save, Delete, Start, Export, Reveal, Erase, TakeOff, Tag, Ask, Find, Rotate, Reenter, Redrive, Try, Download, Upload}
}

// The kinds of thing beside those of definitions.
const (
	KindProfile = "profile"
	KindRun     = "run"
	KindQueue   = "queue"
	KindReport  = "report" // a question of what people did
	KindList    = "list"   // of the members of a segment, as it was made, or one that operators upload
)

// Tags stands in the place of a list's id where people are tagged by an upload.
const Tags = "-tags"

// Nobody stands in the place of a person's id where nobody was found.
const Nobody = "-"

// Line is one thing that was done.
type Line struct {
	ID     string        `json:"id"`
	At     time.Time     `json:"at"`
	By     access.Caller `json:"by"`
	From   string        `json:"from"` // the address of the call, as the gateway saw it
	Action Action        `json:"action"`
	Kind   string        `json:"kind"`
	Of     string        `json:"of"` // the thing's id; a person's profileId
	// Asked is the key of the identifier by which a person was named, where it is not their profileId.
	Asked string `json:"asked,omitempty"`
	// Before and After are the versions of a definition, 0 for none; Fields names the fields at its top that differ; of a question, what it asks.
	Before int      `json:"before,omitempty"`
	After  int      `json:"after,omitempty"`
	Fields []string `json:"fields,omitempty"`
	Reason string   `json:"reason,omitempty"` // as whoever did it gave it
}

// keptMonths is how long a line is kept.
const keptMonths = 13

// Until is when the line may be forgotten.
func (l Line) Until() time.Time { return l.At.AddDate(0, keptMonths, 0) }

// Oldest is the moment before which no line is kept any more.
func Oldest(now time.Time) time.Time { return now.AddDate(0, -keptMonths, 0) }

// Changed is the line as that of a change of a definition, from a version to the next; after is 0 for a deletion.
func (l Line) Changed(kind, id string, before, after int) Line {
	l.Kind, l.Of, l.Before, l.After, l.Action = kind, id, before, after, Save
	if after == 0 {
		l.Action = Delete
	}
	l.ID = fmt.Sprintf("%s#%s#%s#%d", l.Action, kind, id, max(before, after))
	return l
}

// Done is the line as that of something which is no change of a definition. No two have the same id.
func (l Line) Done(action Action, kind, of, id string) Line {
	l.Action, l.Kind, l.Of, l.ID = action, kind, of, string(action)+"#"+id
	return l
}

// Query says which lines are wanted; what is empty does not matter.
type Query struct {
	Operator string // name
	Kind, Of string
	Action   Action
	From, To time.Time // To is not among them
}

// Wants says whether a line is one of those.
func (q Query) Wants(l Line) bool {
	return (q.Operator == "" || q.Operator == l.By.Name) && (q.Kind == "" || q.Kind == l.Kind) && (q.Of == "" || q.Of == l.Of || q.Of == l.Asked) &&
		(q.Action == "" || q.Action == l.Action) && !l.At.Before(q.From) && (q.To.IsZero() || l.At.Before(q.To))
}
