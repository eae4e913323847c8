package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/idempotency"
)

// Answers remembers what POSTs with an Idempotency-Key were answered, in the table of one kind of effect: there an answer is written in the transaction of the
// effect, so that it stands exactly when the effect does.
type Answers struct {
	DB    API
	Table string
}

// Recall finds what was answered under a key in the idempotency.Life before now; found is false if nothing was.
func (a Answers) Recall(ctx context.Context, scope, key string, now time.Time) (before idempotency.Answer, found bool, err error) {
	out, err := a.DB.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &a.Table, Key: idempotencyKey(scope, key).item(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return before, false, fmt.Errorf("reading an earlier answer of %s: %w", scope, err)
	}
	// TTL deletes late, so that the time is asked here as well.
	if len(out.Item) == 0 || numberOf(out.Item, attrTTL) <= now.Unix() {
		return before, false, nil
	}
	return idempotency.Answer{
		Scope: scope, Key: key,
		Request: textOf(out.Item, "request"),
		Status:  int(numberOf(out.Item, "status")),
		Body:    bytesOf(out.Item, attrBody),
		At:      time.Unix(numberOf(out.Item, attrTTL), 0).Add(-idempotency.Life).UTC(),
	}, true, nil
}

// putAnswer is the action for the effect's transaction. Its condition is lost, as idempotency.ErrAnswered, when the key was used within idempotency.Life.
func putAnswer(table string, a idempotency.Answer) write {
	i := idempotencyKey(a.Scope, a.Key).item()
	i["request"] = textValue(a.Request)
	i["status"] = numberValue(int64(a.Status))
	i[attrBody] = bytesValue(a.Body)
	i[attrTTL] = numberValue(a.At.Add(idempotency.Life).Unix())
	return put(table, i, condition{
		text:   "attribute_not_exists(pk) OR #ttl <= :now",
		names:  map[string]string{"#ttl": attrTTL},
		values: item{":now": numberValue(a.At.Unix())},
	}).or(idempotency.ErrAnswered)
}

// Remember writes an answer whose effect is no item of the table. idempotency.ErrAnswered says that nothing was written, since its key was used within
// idempotency.Life or is being used; any other error leaves open whether it was.
func (a Answers) Remember(ctx context.Context, one idempotency.Answer) error {
	return a.remember(ctx, []idempotency.Answer{one}, nil)
}

// RememberSigned is Remember of what has a line in the audit log, which is written with it: all of the answers and the line, or nothing.
func (a Answers) RememberSigned(ctx context.Context, by Signed, answers ...idempotency.Answer) error {
	lines, err := by.puts()
	if err != nil {
		return err
	}
	return a.remember(ctx, answers, lines)
}

func (a Answers) remember(ctx context.Context, answers []idempotency.Answer, lines []write) error {
	var writes []write
	for _, one := range answers {
		writes = append(writes, putAnswer(a.Table, one))
	}
	err := do(ctx, a.DB, append(writes, lines...)...)
	if errors.Is(err, ErrConflict) {
		err = idempotency.ErrAnswered // another transaction is writing it
	}
	if err != nil {
		return fmt.Errorf("remembering an answer of %s: %w", answers[0].Scope, err)
	}
	return nil
}
