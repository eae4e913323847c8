package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/httpapi"
)

// refusals shows what ingest has refused of a source lately. It has neither a person's data nor a key in it, so whoever works here may look.
func (p *Process) refusals(w http.ResponseWriter, r *http.Request) {
	id := source.ID(r.PathValue("id"))
	if id != source.Default && id != source.Server {
		_, known, err := catalog.Sources(p.Catalog).Source(r.Context(), id)
		if err != nil {
			httpapi.Failed(w, r, err)
			return
		}
		if !known {
			// Nothing was refused of a misspelt name, either.
			httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("there is no source %q", id))
			return
		}
	}
	report, err := p.Refusals.Of(r.Context(), id)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, report)
}

// storeKeys makes the source's write keys lead to it. A key counts only once the saved source lists it.
func storeKeys(ctx context.Context, p *Process, id string, body json.RawMessage) error {
	s, err := definition.Sources.Decode(body)
	if err != nil {
		return err
	}
	if p.DefaultKey != "" && slices.Contains(s.WriteKeys, p.DefaultKey) {
		return fmt.Errorf("%w, %s", catalog.ErrKeyTaken, source.Default)
	}
	return catalog.Sources(p.Catalog).PutKeys(ctx, source.ID(id), s.WriteKeys...)
}

// dropKeys takes away the keys that the source no longer lists.
func dropKeys(ctx context.Context, p *Process, id string, former, body json.RawMessage) error {
	if former == nil {
		return nil
	}
	was, err := definition.Sources.Decode(former)
	if err != nil {
		return err
	}
	var is source.Source
	if body != nil {
		if is, err = definition.Sources.Decode(body); err != nil {
			return err
		}
	}
	gone := slices.DeleteFunc(was.WriteKeys, func(key string) bool { return slices.Contains(is.WriteKeys, key) })
	return catalog.Sources(p.Catalog).RemoveKeys(ctx, source.ID(id), gone...)
}

// endSecrets takes the secrets of the shop system away from a source that has none from now on.
func endSecrets(p *Process, id string, former, body json.RawMessage) ([]dynamo.Write, error) {
	has := func(body json.RawMessage) (bool, error) {
		if body == nil {
			return false, nil
		}
		s, err := definition.Sources.Decode(body)
		return s.HookSecretSet, err
	}
	if had, err := has(former); err != nil || !had {
		return nil, err
	}
	if still, err := has(body); err != nil || still {
		return nil, err
	}
	return []dynamo.Write{catalog.Sources(p.Catalog).WithoutHookSecrets(source.ID(id))}, nil
}
