package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/operator"
)

// What a shop system signs with is kept beside the source's definition, so that no version and no answer has it.
const (
	attrSecret   = "secret"
	attrPrevious = "previous"
)

// HookSecrets reads the secrets of a source's shop system, consistently: the present one, then the one before it. None if there is none.
func (s Sources) HookSecrets(ctx context.Context, id source.ID) ([]string, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.HookSecret(string(id)))
	if err != nil {
		return nil, fmt.Errorf("reading the hook secret of source %s: %w", id, err)
	}
	var all []string
	for _, name := range []string{attrSecret, attrPrevious} {
		if secret := dynamo.TextOf(found, name); secret != "" {
			all = append(all, secret)
		}
	}
	return all, nil
}

// PutHookSecret makes a secret the present one, and what was that the one before, with the line of who did it. The present one again changes
// nothing and writes no line. Call it before the definition that says that there is one is saved.
func (s Sources) PutHookSecret(ctx context.Context, id source.ID, secret string, by operator.Signed) error {
	have, err := s.HookSecrets(ctx, id)
	if err != nil || len(have) > 0 && have[0] == secret {
		return err
	}
	by.Line = by.Done(audit.Rotate, definition.Source, string(id), string(id)+"#"+by.At.Format(time.RFC3339Nano))
	lines, err := by.Puts()
	if err != nil {
		return err
	}
	entry := key.HookSecret(string(id)).Item()
	entry[attrSecret] = dynamo.TextValue(secret)
	was := dynamo.Absent()
	if len(have) > 0 {
		entry[attrPrevious] = dynamo.TextValue(have[0])
		was = dynamo.Condition{Text: "#secret = :present", Names: map[string]string{"#secret": attrSecret}, Values: dynamo.Item{":present": dynamo.TextValue(have[0])}}
	}
	err = dynamo.Do(ctx, s.DB, append([]dynamo.Write{dynamo.Put(s.Table, entry, was)}, lines...)...)
	if err != nil {
		return fmt.Errorf("storing the hook secret of source %s: %w", id, err)
	}
	return nil
}

// WithoutHookSecrets takes the secrets of a source away. It goes with the definition that says that there are none, or with its deletion: what stayed
// would be the secret before the next one, and valid again.
func (s Sources) WithoutHookSecrets(id source.ID) dynamo.Write {
	return dynamo.Remove(s.Table, key.HookSecret(string(id)), dynamo.Condition{})
}
