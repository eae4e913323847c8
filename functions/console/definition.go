package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/httpapi"
)

// maxDocument bounds a definition: an item of 400 KB holds it with room to spare.
const maxDocument = 256 << 10

func (p *Process) list(d document) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		page, ok := httpapi.ParsePage(w, r, usualPage, mostPage)
		if !ok {
			return
		}
		found, next, err := p.Catalog.List(r.Context(), d.kind, page.Limit, page.Cursor)
		if err != nil {
			listFailed(w, r, err)
			return
		}
		answer := httpapi.List[fields]{Next: next}
		for _, one := range found {
			item, err := shown(one)
			if err != nil {
				httpapi.Failed(w, r, err)
				return
			}
			answer.Items = append(answer.Items, item)
		}
		httpapi.JSON(w, http.StatusOK, answer)
	}
}

func (p *Process) show(d document) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		found, err := p.Catalog.Definition(r.Context(), d.kind, id)
		found.Kind, found.ID = d.kind, id
		if err != nil {
			p.answer(w, r, 0, found, err)
			return
		}
		body, err := shown(found)
		for name, of := range d.shows {
			var value any
			if err == nil {
				value, err = of(r.Context(), p, found)
			}
			if err == nil && value != nil {
				body[name], err = httpapi.Marshal(value)
			}
		}
		p.write(w, r, http.StatusOK, found, body, err)
	}
}

func (p *Process) save(d document) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		body, expected, ok := readDocument(w, r, d, id)
		if !ok {
			return
		}
		err := p.check(r.Context(), d, id, body)
		var faults fault.Faults
		if errors.As(err, &faults) {
			httpapi.Invalid(w, "Invalid "+d.kind, faults)
			return
		}
		if err != nil {
			httpapi.Failed(w, r, err)
			return
		}
		doubts, err := p.doubtful(r.Context(), d.kind, body)
		if err != nil {
			httpapi.Failed(w, r, err)
			return
		}
		saved, created, err := p.put(r.Context(), d, id, body, expected)
		var refused *refusedAct
		switch {
		case errors.As(err, &refused):
			forbidden(w, refused)
		case errors.As(err, &faults):
			httpapi.Invalid(w, "Invalid "+d.kind, faults)
		case errors.Is(err, dynamo.ErrConflict):
			conflict(w, r, d.kind)
		case errors.Is(err, catalog.ErrKeyTaken):
			httpapi.Problem(w, http.StatusConflict, "", "", httpapi.FieldError{Field: "writeKeys", Reason: "has a key that belongs to another source"})
		case created:
			p.answer(w, r, http.StatusCreated, saved, err, doubts...)
		default:
			p.answer(w, r, http.StatusOK, saved, err, doubts...)
		}
	}
}

// maxTries bounds how often a change that names no version meets another writer.
const maxTries = 5

// again does a change that names no version anew when somebody else was faster. What the change amounts to was judged of the version that it
// replaces, so another version is another judgement.
func again(expected *int, change func() error) error {
	for range maxTries - 1 {
		if err := change(); expected != nil || !errors.Is(err, dynamo.ErrConflict) {
			return err
		}
	}
	return change()
}

func (p *Process) put(ctx context.Context, d document, id string, body json.RawMessage, expected *int) (saved definition.Document, created bool, err error) {
	err = again(expected, func() error {
		saved, created, err = p.putOnce(ctx, d, id, body, expected)
		return err
	})
	return saved, created, err
}

// putOnce saves a document unless it is the current one already, so that saving the same again makes no version.
func (p *Process) putOnce(ctx context.Context, d document, id string, body json.RawMessage, expected *int) (saved definition.Document, created bool, err error) {
	current, err := p.Catalog.Definition(ctx, d.kind, id)
	missing := errors.Is(err, dynamo.ErrNotFound)
	if err != nil && !missing {
		return definition.Document{}, false, err
	}
	var seal sealed
	if d.seal != nil {
		if seal, err = d.seal(ctx, p, id, current.Body, body); err != nil {
			return definition.Document{}, false, err
		}
		body = seal.body
	}
	same := !missing && bytes.Equal(current.Body, body)
	// The answer to this very write may have been lost: then it stands as the next version.
	if expected != nil && *expected != current.Version && !(same && *expected == current.Version-1) {
		return definition.Document{}, false, dynamo.ErrConflict
	}
	if same && seal.secret == "" {
		return current, false, nil
	}
	if err := p.judge(ctx, d, id, current.Body, body); err != nil {
		return definition.Document{}, false, err
	}
	if seal.secret != "" {
		if err := catalog.Sources(p.Catalog).PutHookSecret(ctx, source.ID(id), seal.secret, p.signed(ctx, fieldHookSecret)); err != nil || same {
			return current, false, err
		}
	}
	if d.before != nil {
		if err := d.before(ctx, p, id, body); err != nil {
			return definition.Document{}, false, err
		}
	}
	beside, err := d.with(p, id, current.Body, body)
	if err != nil {
		return definition.Document{}, false, err
	}
	if saved, err = p.Catalog.Save(ctx, d.kind, id, body, &current.Version, p.signed(ctx, changed(current.Body, body)...), beside...); err != nil {
		return definition.Document{}, false, err
	}
	if d.after != nil {
		err = d.after(ctx, p, id, current.Body, body)
	}
	return saved, missing, err
}

// with is what changes with a document; nothing for most.
func (d document) with(p *Process, id string, former, body json.RawMessage) ([]dynamo.Write, error) {
	if d.beside == nil {
		return nil, nil
	}
	return d.beside(p, id, former, body)
}

// judge refuses a change that takes more than the caller's role.
func (p *Process) judge(ctx context.Context, d document, id string, before, after json.RawMessage) error {
	if d.act == nil {
		return mayAct(ctx, "")
	}
	act, err := d.act(ctx, p, id, before, after)
	if err != nil {
		return err
	}
	return mayAct(ctx, act)
}

func (p *Process) remove(d document) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		expected, ok := ifMatch(w, r)
		if !ok {
			return
		}
		err := again(expected, func() error { return p.removeOnce(r.Context(), d, id, expected) })
		var refused *refusedAct
		var used *inUse
		switch {
		case errors.As(err, &refused):
			forbidden(w, refused)
		case errors.As(err, &used):
			httpapi.Problem(w, http.StatusConflict, "", used.Error())
		case errors.Is(err, dynamo.ErrConflict):
			conflict(w, r, d.kind)
		case err != nil:
			p.answer(w, r, 0, definition.Document{Kind: d.kind, ID: id}, err)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}
}

func (p *Process) removeOnce(ctx context.Context, d document, id string, expected *int) error {
	current, err := p.Catalog.Definition(ctx, d.kind, id)
	if err != nil {
		return err
	}
	if err := p.judge(ctx, d, id, current.Body, nil); err != nil {
		return err
	}
	if err := p.unused(ctx, d.kind, id); err != nil {
		return err
	}
	if expected != nil && *expected != current.Version {
		return dynamo.ErrConflict
	}
	beside, err := d.with(p, id, current.Body, nil)
	if err != nil {
		return err
	}
	if err := p.Catalog.Delete(ctx, d.kind, id, current.Version, p.signed(ctx), beside...); err != nil || d.after == nil {
		return err
	}
	return d.after(ctx, p, id, current.Body, nil)
}

// conflict answers that somebody else was faster: 412 to a caller who spoke in headers, 409 to one who sent the version.
func conflict(w http.ResponseWriter, r *http.Request, kind string) {
	status := http.StatusConflict
	if r.Header.Get("If-Match") != "" || r.Header.Get("If-None-Match") != "" {
		status = http.StatusPreconditionFailed
	}
	httpapi.Problem(w, status, "", fmt.Sprintf("the %s was changed meanwhile: read it again", kind))
}

// readDocument reads a PUT's body into the form in which documents are kept, and the version that the writer had read, nil if
// it does not matter. Where it cannot, the request is answered.
func readDocument(w http.ResponseWriter, r *http.Request, d document, id string) (body json.RawMessage, expected *int, ok bool) {
	if expected, ok = ifMatch(w, r); !ok {
		return nil, nil, false
	}
	var f fields
	if !httpapi.ReadJSON(w, r, maxDocument, &f) {
		return nil, nil, false
	}
	if f == nil {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "the body is not a JSON object")
		return nil, nil, false
	}
	bad := func(field, reason string) {
		httpapi.Problem(w, http.StatusUnprocessableEntity, "Invalid document", "", httpapi.FieldError{Field: field, Reason: reason})
	}
	if raw, given := f[fieldID]; given {
		var stated string
		if json.Unmarshal(raw, &stated) != nil || stated != id {
			bad(fieldID, "is not the id in the address")
			return nil, nil, false
		}
	}
	if raw, given := f[fieldVersion]; given {
		var stated int
		if json.Unmarshal(raw, &stated) != nil || stated < 0 {
			bad(fieldVersion, "is not a version: a whole number, 0 for a new document")
			return nil, nil, false
		}
		if expected == nil {
			expected = &stated
		}
	}
	for name := range d.shows {
		delete(f, name)
	}
	if f.strip(); d.HasID() {
		f[fieldID] = quoted(id)
	}
	body, err := httpapi.Marshal(f)
	if err != nil {
		httpapi.Failed(w, r, fmt.Errorf("writing a document: %w", err))
		return nil, nil, false
	}
	return body, expected, true
}

// ifMatch is the version that If-Match names, or 0 for If-None-Match: *. Nil means that neither was sent.
func ifMatch(w http.ResponseWriter, r *http.Request) (expected *int, ok bool) {
	if r.Header.Get("If-None-Match") == "*" {
		return new(int), true
	}
	text := strings.Trim(strings.TrimPrefix(r.Header.Get("If-Match"), "W/"), `"`)
	if text == "" || text == "*" {
		return nil, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		httpapi.Problem(w, http.StatusPreconditionFailed, "", "If-Match is no version that this document had")
		return nil, false
	}
	return &n, true
}
