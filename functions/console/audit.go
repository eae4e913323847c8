package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/httpapi"
)

// signed is the line of what the caller of ctx does now; what it is, is added by who does it.
func (p *Process) signed(ctx context.Context, fields ...string) operator.Signed {
	return p.Audit.Signed(audit.Line{At: p.Now(), By: httpapi.Caller(ctx), From: httpapi.From(ctx), Fields: fields})
}

// audit shows the lines that a query asks for, the newest first.
func (p *Process) audit(w http.ResponseWriter, r *http.Request) {
	page, ok := httpapi.ParsePage(w, r, usualPage, mostPage)
	if !ok {
		return
	}
	q, faults := auditQuery(r.URL.Query())
	if len(faults) > 0 {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", faults...)
		return
	}
	lines, next, err := p.Audit.List(r.Context(), q, page.Limit, page.Cursor)
	if err != nil {
		listFailed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, httpapi.List[audit.Line]{Items: lines, Next: next})
}

// auditPeople are the parameters that name a person, and the key of what they name.
var auditPeople = map[string]func(string) (string, bool){
	"userId":      keyOf(profile.UserID),
	"anonymousId": keyOf(profile.AnonymousID),
	"profileId":   func(id string) (string, bool) { return id, profile.ID(id).Valid() },
}

func keyOf(kind profile.IdentifierKind) func(string) (string, bool) {
	return func(value string) (string, bool) {
		return string(profile.Identifier{Kind: kind, Value: value}.ID()), strings.TrimSpace(value) != ""
	}
}

// audited are the kinds that lines may be of.
var audited = func() []string {
	var kinds []string
	for _, row := range definition.Rows() {
		kind, _ := row.Names()
		kinds = append(kinds, kind)
	}
	return append(kinds, definition.Stop, audit.KindRun, audit.KindQueue, audit.KindReport, audit.KindList, audit.KindProfile)
}()

// unless says of a value that it is none of several: "is not segment, run or profile".
func unless[T ~string](several []T) string {
	texts := make([]string, len(several))
	for i, one := range several {
		texts[i] = string(one)
	}
	last := len(texts) - 1
	return "is not " + strings.Join(texts[:last], ", ") + " or " + texts[last]
}

// auditQuery reads what is asked for. A name that is not known is refused, since a misspelt one would show everything; so is an action or a kind
// that no line has, since nobody would take the empty answer for a misspelling.
func auditQuery(query url.Values) (q audit.Query, faults []httpapi.FieldError) {
	fault := func(field, reason string) {
		faults = append(faults, httpapi.FieldError{Field: field, Reason: reason})
	}
	moment := func(name string, to *time.Time) func(string) {
		return func(text string) {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				fault(name, "is no time such as 2026-11-21T08:00:00Z")
			}
			*to = at
		}
	}
	readers := map[string]func(string){
		"operator": func(name string) { q.Operator = name }, "kind": func(kind string) { q.Kind = kind }, "id": func(id string) { q.Of = id },
		"action": func(action string) { q.Action = audit.Action(action) },
		"from":   moment("from", &q.From), "to": moment("to", &q.To),
	}
	people := 0
	for name, key := range auditPeople {
		readers[name] = func(value string) {
			id, ok := key(value)
			if !ok {
				fault(name, "means nobody")
			}
			people++
			q.Kind, q.Of = audit.KindProfile, id
		}
	}
	query.Del("limit")
	query.Del("cursor")
	for name, values := range query {
		read := readers[name]
		switch {
		case read == nil:
			fault(name, "is not known here")
		case len(values) != 1 || values[0] == "":
			fault(name, "is empty, or there are several")
		case len(values[0]) > httpapi.MaxParameter: // it becomes a part of a key
			fault(name, fmt.Sprintf("has more than %d bytes", httpapi.MaxParameter))
		default:
			read(values[0])
		}
	}
	if actions := audit.Actions(); q.Action != "" && !slices.Contains(actions, q.Action) {
		fault("action", unless(actions))
	}
	if q.Kind != "" && !slices.Contains(audited, q.Kind) {
		fault("kind", unless(audited))
	}
	if people > 1 || people == 1 && (query.Has("kind") || query.Has("id")) {
		fault("userId", "names a person beside something else: ask for one")
	}
	if q.Of != "" && q.Kind == "" {
		fault("id", "needs the kind of what it is the id of")
	}
	return q, faults
}
