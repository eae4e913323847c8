package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/liquid"
)

// document is one kind of definition: its row, and what console does of it beyond that.
type document struct {
	definition.Row
	kind, plural string
	upkeep
}

// upkeep is what console does of a kind beyond what all kinds have in common.
type upkeep struct {
	// act is what a change amounts to, which decides who may make it; after is nil for a deletion, before for a new document. Without one, changes are an owner's.
	act func(ctx context.Context, p *Process, id string, before, after json.RawMessage) (access.Act, error)
	// compile finds the faults of what is written in a language that the domain does not know.
	compile func(body json.RawMessage) error
	// seal takes out of a document what is kept apart from it. former is nil for a new one.
	seal func(ctx context.Context, p *Process, id string, former, body json.RawMessage) (sealed, error)
	// before is done before the document is saved, after when it is saved or deleted (then body is nil). former is nil for a new one.
	before func(ctx context.Context, p *Process, id string, body json.RawMessage) error
	after  func(ctx context.Context, p *Process, id string, former, body json.RawMessage) error
	// shows is what a document is shown with by itself, by the names of the fields: what follows from it and the moment, nil for nothing. Sent back it is taken off.
	shows map[string]func(ctx context.Context, p *Process, found definition.Document) (any, error)
	// beside is what changes in the same moment as the document.
	beside func(p *Process, id string, former, body json.RawMessage) ([]dynamo.Write, error)
}

var upkeeps = map[string]upkeep{
	definition.Segment:  {act: segmentAct},
	definition.Campaign: {act: campaignAct, shows: map[string]func(context.Context, *Process, definition.Document) (any, error){"phase": phase}},
	definition.Template: {act: templateAct, compile: compiles},
	definition.Program:  {act: programAct},
	definition.Source:   {act: always(access.Source), seal: sealSource, before: storeKeys, after: dropKeys, beside: endSecrets},
	definition.Settings: {act: settingAct},
}

// documents are the kinds by their name in the API.
var documents = func() map[string]document {
	all := map[string]document{}
	for _, row := range definition.Rows() {
		kind, plural := row.Names()
		all[plural] = document{row, kind, plural, upkeeps[kind]}
	}
	return all
}()

func compiles(body json.RawMessage) error {
	_, _, err := liquid.Parse(body)
	return err
}

// check says what is wrong with a document that is about to be saved. What the stored one has been wrong with since before that was
// refused is let pass: whoever stops a campaign need not write its condition anew.
func (p *Process) check(ctx context.Context, d document, id string, body json.RawMessage) error {
	err := p.faults(ctx, d, id, body)
	var faults, old fault.Faults
	if !errors.As(err, &faults) {
		return err
	}
	current, there, err := p.Catalog.Find(ctx, d.kind, id)
	if err != nil {
		return err
	}
	if !there {
		return faults
	}
	if err := p.faults(ctx, d, id, current.Body); err != nil && !errors.As(err, &old) {
		return err
	}
	return slices.DeleteFunc(faults, func(f fault.Fault) bool { return slices.Contains(old, f) }).Err()
}

// faults answers fault.Faults when a document cannot be used beside the others, any other error when it could not be judged.
func (p *Process) faults(ctx context.Context, d document, id string, body json.RawMessage) error {
	refers, err := d.Check(id, body, func() ([]segment.Definition, error) { return p.segments(ctx) })
	var faults fault.Faults
	if err != nil && !errors.As(err, &faults) {
		return err
	}
	if d.compile != nil {
		if err := faults.And(d.compile(body)); err != nil && !errors.As(err, &faults) {
			return err
		}
	}
	faults = append(faults, p.ofShop(body)...)
	// What is missing beside a fault of the same place is told too: each is mended by itself.
	for _, r := range refers {
		missing, err := p.unfit(ctx, r)
		if err != nil {
			return err
		}
		if missing.Reason != "" && !slices.Contains(faults, missing) {
			faults = append(faults, missing)
		}
	}
	return faults.Err()
}

// unfit looks up what a document refers to. The fault has no reason where it is there and fits, or is looked up elsewhere.
func (p *Process) unfit(ctx context.Context, r definition.Reference) (f fault.Fault, err error) {
	if r.Field == "" {
		return f, nil
	}
	f.Field = r.Field
	found, there, err := p.Catalog.Find(ctx, r.Kind, r.ID)
	switch {
	case err != nil:
		return f, err
	case there:
		f.Reason, err = r.Unfit(&found)
	default:
		f.Reason, err = r.Unfit(nil)
	}
	return f, err
}

// inUse says that other definitions need one.
type inUse struct {
	kind  string
	users []string
}

func (e *inUse) Error() string {
	return fmt.Sprintf("the %s is used by %s", e.kind, strings.Join(e.users, ", "))
}

// unused is an *inUse error if other definitions refer to one.
func (p *Process) unused(ctx context.Context, kind, id string) error {
	var users []string
	for _, row := range definition.Rows() {
		if !row.Needs() {
			continue
		}
		of, _ := row.Names()
		all, err := p.Catalog.All(ctx, of)
		if err != nil {
			return err
		}
		for _, one := range all {
			refers, err := row.Refers(one)
			if err != nil {
				return err
			}
			needs := slices.ContainsFunc(refers, func(r definition.Reference) bool { return r.Kind == kind && r.ID == id })
			if needs && (of != kind || one.ID != id) {
				users = append(users, of+" "+one.ID)
			}
		}
	}
	if len(users) > 0 {
		return &inUse{kind, users}
	}
	return nil
}
