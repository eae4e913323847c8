package definition

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/liquid"
)

// wrong is why the API would refuse a document, by the rules that it goes by itself, so that a change which cannot be saved is not offered to be. It is no promise: what only the API knows, as the
// currency of the shop or a key that another source has, it says when the document is saved. What the stored one has been wrong with all along is let pass, as there.
func (k kind) wrong(v *view.Visit, id string, body json.RawMessage, stored document) (fault.Faults, error) {
	found, err := k.faults(v, id, body)
	if err != nil || len(found) == 0 || stored.Version == 0 {
		return found, err
	}
	old, err := k.faults(v, id, stored.Body)
	return slices.DeleteFunc(found, func(f fault.Fault) bool { return slices.Contains(old, f) }), err
}

// faults are those of a document beside what it refers to.
func (k kind) faults(v *view.Visit, id string, body json.RawMessage) (found fault.Faults, err error) {
	if body, err = k.bearing(id, body); err != nil {
		return nil, err
	}
	refers, err := k.row.Check(id, body, func() ([]segment.Definition, error) { return segments(v) })
	if err != nil && !errors.As(err, &found) {
		return nil, err
	}
	if k.Name == definition.Template {
		_, _, err := liquid.Parse(body)
		if err := found.And(err); err != nil && !errors.As(err, &found) {
			return nil, err
		}
	}
	for _, r := range refers {
		missing, err := unfit(v, r)
		if err != nil {
			return nil, err
		}
		if missing.Reason != "" && !slices.Contains(found, missing) {
			found = append(found, missing)
		}
	}
	return found, nil
}

// bearing is the document with its id, where those of its kind hold one.
func (k kind) bearing(id string, body json.RawMessage) (json.RawMessage, error) {
	if k.alone() {
		return body, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, &api.Fault{Status: http.StatusUnprocessableEntity, Detail: err.Error()}
	}
	named, err := json.Marshal(id)
	if err != nil {
		return nil, err
	}
	all["id"] = named
	return json.Marshal(all)
}

// segments are all that there are: a rule that names one of them is not at fault.
func segments(v *view.Visit) (all []segment.Definition, err error) {
	for cursor := ""; ; {
		var answer struct {
			Items []json.RawMessage
			Next  string
		}
		if err := v.API.Get(v.Context(), api.Path("segments"), url.Values{"limit": {"100"}, "cursor": {cursor}}, &answer); err != nil {
			return nil, err
		}
		for _, one := range answer.Items {
			d, err := definition.Segments.Decode(one)
			if err != nil {
				return nil, err
			}
			all = append(all, d)
		}
		if cursor = answer.Next; cursor == "" {
			return all, nil
		}
	}
}

// unfit looks up what a document refers to. The fault has no reason where it is there and fits, or is looked up elsewhere.
func unfit(v *view.Visit, r definition.Reference) (f fault.Fault, err error) {
	if r.Field == "" {
		return f, nil
	}
	f.Field = r.Field
	var of kind
	for _, row := range definition.Rows() {
		if name, plural := row.Names(); name == r.Kind {
			of = kind{name, plural, row}
		}
	}
	var there *definition.Document
	found, err := of.read(v.Context(), v, api.Path(of.Plural, r.ID))
	switch {
	case err == nil:
		there = &definition.Document{Kind: r.Kind, ID: r.ID, Version: found.Version, Body: found.Body}
	case api.Status(err) != http.StatusNotFound:
		return f, err
	}
	f.Reason, err = r.Unfit(there)
	return f, err
}
