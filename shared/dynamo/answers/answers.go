// Package answers stores what a POST with an Idempotency-Key was answered. It does not decide whether a call may be made again. The surprising thing: it has no table of its own; an answer
// is written into that of the effect, in the effect's transaction.
package answers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/idempotency"
)

// Store remembers what POSTs with an Idempotency-Key were answered, in the table of one kind of effect: there an answer is written in the transaction of the
// effect, so that it stands exactly when the effect does.
type Store struct {
	DB    dynamo.API
	Table string
}

// Recall finds what was answered under a key in the idempotency.Life before now; found is false if nothing was.
func (a Store) Recall(ctx context.Context, scope, of string, now time.Time) (before idempotency.Answer, found bool, err error) {
	stored, err := dynamo.Get(ctx, a.DB, a.Table, key.Answer(scope, of))
	if err != nil {
		return before, false, fmt.Errorf("reading an earlier answer of %s: %w", scope, err)
	}
	// TTL deletes late, so that the time is asked here as well.
	if stored == nil || dynamo.NumberOf(stored, dynamo.AttrTTL) <= now.Unix() {
		return before, false, nil
	}
	return idempotency.Answer{
		Scope: scope, Key: of,
		Request: dynamo.TextOf(stored, "request"),
		Status:  int(dynamo.NumberOf(stored, "status")),
		Body:    dynamo.BytesOf(stored, dynamo.AttrBody),
		At:      time.Unix(dynamo.NumberOf(stored, dynamo.AttrTTL), 0).Add(-idempotency.Life).UTC(),
	}, true, nil
}

// Put is the action for the effect's transaction. Its condition is lost, as idempotency.ErrAnswered, when the key was used within idempotency.Life.
func Put(table string, a idempotency.Answer) dynamo.Write {
	i := key.Answer(a.Scope, a.Key).Item()
	i["request"] = dynamo.TextValue(a.Request)
	i["status"] = dynamo.NumberValue(int64(a.Status))
	i[dynamo.AttrBody] = dynamo.BytesValue(a.Body)
	i[dynamo.AttrTTL] = dynamo.NumberValue(a.At.Add(idempotency.Life).Unix())
	return dynamo.Put(table, i, dynamo.Condition{
		Text:   "attribute_not_exists(pk) OR #ttl <= :now",
		Names:  map[string]string{"#ttl": dynamo.AttrTTL},
		Values: dynamo.Item{":now": dynamo.NumberValue(a.At.Unix())},
	}).Or(idempotency.ErrAnswered)
}

// Remember writes an answer whose effect is no item of the table. idempotency.ErrAnswered says that nothing was written, since its key was used within
// idempotency.Life or is being used; any other error leaves open whether it was.
func (a Store) Remember(ctx context.Context, one idempotency.Answer) error {
	return a.remember(ctx, []idempotency.Answer{one}, nil)
}

// RememberSigned is Remember of what has a line in the audit log, which is written with it: all of the answers and the line, or nothing.
func (a Store) RememberSigned(ctx context.Context, by operator.Signed, answers ...idempotency.Answer) error {
	lines, err := by.Puts()
	if err != nil {
		return err
	}
	return a.remember(ctx, answers, lines)
}

func (a Store) remember(ctx context.Context, answers []idempotency.Answer, lines []dynamo.Write) error {
	var writes []dynamo.Write
	for _, one := range answers {
		writes = append(writes, Put(a.Table, one))
	}
	err := dynamo.Do(ctx, a.DB, append(writes, lines...)...)
	if errors.Is(err, dynamo.ErrConflict) {
		err = idempotency.ErrAnswered // another transaction is writing it
	}
	if err != nil {
		return fmt.Errorf("remembering an answer of %s: %w", answers[0].Scope, err)
	}
	return nil
}
