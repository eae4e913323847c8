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

// edition is one version of a template.
type edition struct {
	id      string
	version int
}

// template finds a template in the version that was current when the notification was asked for, compiled once. It is nil when there is none or
// none that compiles. Version 0 is the present one.
func (p *Process) template(ctx context.Context, id string, version int) (*liquid.Template, error) {
	d, err := p.Catalog.Definition(ctx, definition.Template, id)
	if version != 0 && (err != nil || d.Version != version) {
		if pinned, pinErr := p.Catalog.Version(ctx, definition.Template, id, version); !errors.Is(pinErr, dynamo.ErrNotFound) {
			d, err = pinned, pinErr
		}
	}
	if errors.Is(err, dynamo.ErrNotFound) && id == campaign.ConfirmationTemplate {
		return liquid.Confirmation(), nil
	}
	if errors.Is(err, dynamo.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := edition{id, d.Version}
	if t, ok := p.templates[key]; ok {
		return t, nil
	}
	var t *liquid.Template
	if saved := definition.Templates.Read(d); saved.Err == nil {
		// It was checked when it was saved; what a newer program knows and this one does not is found here.
		t, _ = liquid.Compile(saved.Value)
	}
	if p.templates == nil || len(p.templates) >= maxCompiled {
		p.templates = map[edition]*liquid.Template{}
	}
	p.templates[key] = t
	return t, nil
}
