package dispatch

import (
	"context"
	"errors"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/liquid"
)

// maxCompiled bounds how many templates are kept compiled.
const maxCompiled = 500

// template finds a template in the version that was current when the notification was asked for, compiled once. It is nil when there is none or
// none that compiles. Version 0 is the present one.
func (p *Process) template(ctx context.Context, id string, version int) (*liquid.Template, error) {
	d, found, err := p.edition(ctx, id, version)
	switch {
	case err != nil:
		return nil, err
	case !found && id == campaign.ConfirmationTemplate:
		return liquid.Confirmation(), nil
	case !found:
		return nil, nil
	}
	return p.compiled(d), nil
}

// edition is a template in a version, or the present one where that version never was.
func (p *Process) edition(ctx context.Context, id string, version int) (definition.Document, bool, error) {
	d, found, err := p.Catalog.Find(ctx, definition.Template, id)
	if version == 0 || found && d.Version == version {
		return d, found, err
	}
	pinned, pinnedErr := p.Catalog.Version(ctx, definition.Template, id, version)
	if errors.Is(pinnedErr, dynamo.ErrNotFound) {
		return d, found, err
	}
	return pinned, pinnedErr == nil, pinnedErr
}

// compiled is nil for what does not compile. It was checked when it was saved; what a newer program knows and this one does not is found here.
func (p *Process) compiled(d definition.Document) *liquid.Template {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := edition{d.ID, d.Version}
	if t, done := p.templates[key]; done {
		return t
	}
	var t *liquid.Template
	if saved := definition.Templates.Read(d); saved.Err == nil {
		t, _ = liquid.Compile(saved.Value)
	}
	if p.templates == nil || len(p.templates) >= maxCompiled {
		p.templates = map[edition]*liquid.Template{}
	}
	p.templates[key] = t
	return t
}
