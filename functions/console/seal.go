package console

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo/catalog"
)

// The field of a source that is written and never read, and the one that says in its place that there is such a secret.
const (
	fieldHookSecret    = "hookSecret"
	fieldHookSecretSet = "hookSecretSet"
)

// hide takes out of a document what nobody may see. Versions that older programs have saved hold it.
func hide(kind string, f fields) {
	if kind != definition.Source {
		return
	}
	if secret, given := f[fieldHookSecret]; given {
		delete(f, fieldHookSecret)
		if textIn(secret) != "" {
			f[fieldHookSecretSet] = json.RawMessage("true")
		}
	}
}

// sealed is a document without its secret, and what is to be done with that.
type sealed struct {
	body   json.RawMessage
	secret string // to be made the present one
}

// sealSource takes the secret out of a source that is about to be saved. One that sends only that there is a secret keeps it, also out of what an older
// program has stored; one that sends neither has none.
func sealSource(ctx context.Context, p *Process, id string, former, body json.RawMessage) (sealed, error) {
	var f fields
	if err := json.Unmarshal(body, &f); err != nil {
		return sealed{}, fmt.Errorf("reading source %s: %w", id, err)
	}
	out := sealed{secret: textIn(f[fieldHookSecret])}
	kept := string(f[fieldHookSecretSet]) == "true"
	if out.secret == "" && kept && former != nil {
		was, err := definition.Sources.Decode(former)
		if err != nil {
			return sealed{}, err
		}
		out.secret = was.HookSecret
	}
	if out.secret == "" && kept {
		have, err := catalog.Sources(p.Catalog).HookSecrets(ctx, source.ID(id))
		if err != nil {
			return sealed{}, err
		}
		if len(have) == 0 {
			return sealed{}, fault.Faults{{Field: fieldHookSecretSet, Reason: "says that there is a secret, and there is none: send hookSecret"}}
		}
	}
	delete(f, fieldHookSecret)
	delete(f, fieldHookSecretSet)
	if out.secret != "" || kept {
		f[fieldHookSecretSet] = json.RawMessage("true")
	}
	var err error
	out.body, err = json.Marshal(f)
	return out, err
}

// textIn is a JSON string's text, empty for all else.
func textIn(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}
