package dynamo

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// AnswerLife is how long an Idempotency-Key is remembered.
const AnswerLife = 24 * time.Hour

// Answer is what a POST with an Idempotency-Key was answered. It is written in the transaction of the effect, into the same
// table, so that the answer stands exactly when the effect does.
type Answer struct {
	Scope   string // who the key belongs to and what was called, e.g. "runs"
	Key     string // the client's Idempotency-Key
	Request string // a hash of the request's body: another body under the same key is refused
	Status  int
	Body    []byte
	At      time.Time
}

// Answers finds what was answered in the table of one kind of effect.
type Answers struct {
	DB    API
	Table string
}

// Answer is what was answered under a key in the last AnswerLife. ErrNotFound if nothing was.
func (a Answers) Answer(ctx context.Context, scope, key string, now time.Time) (Answer, error) {
	out, err := a.DB.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &a.Table, Key: idempotencyKey(scope, key).item(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return Answer{}, fmt.Errorf("reading an earlier answer of %s: %w", scope, err)
	}
	// TTL deletes late, so that the time is asked here as well.
	if len(out.Item) == 0 || numberOf(out.Item, attrTTL) <= now.Unix() {
		return Answer{}, fmt.Errorf("reading an earlier answer of %s: %w", scope, ErrNotFound)
	}
	return Answer{
		Scope: scope, Key: key,
		Request: textOf(out.Item, "request"),
		Status:  int(numberOf(out.Item, "status")),
		Body:    bytesOf(out.Item, attrBody),
		At:      time.Unix(numberOf(out.Item, attrTTL), 0).Add(-AnswerLife).UTC(),
	}, nil
}

// put is the action for the effect's transaction. It fails its condition when the key was used within AnswerLife.
func (a Answer) put(table string) write {
	i := idempotencyKey(a.Scope, a.Key).item()
	i["request"] = textValue(a.Request)
	i["status"] = numberValue(int64(a.Status))
	i[attrBody] = bytesValue(a.Body)
	i[attrTTL] = numberValue(a.At.Add(AnswerLife).Unix())
	return put(table, i, condition{
		text:   "attribute_not_exists(pk) OR #ttl <= :now",
		names:  map[string]string{"#ttl": attrTTL},
		values: item{":now": numberValue(a.At.Unix())},
	})
}

// Remember writes answers whose effect is no item of the table, such as a job that is sent next: all of them or, with
// ErrConflict, none because one key was used within AnswerLife.
func (a Answers) Remember(ctx context.Context, answers ...Answer) error {
	return a.remember(ctx, answers, nil)
}

// RememberSigned is Remember of what has a line in the audit log, which is written with it.
func (a Answers) RememberSigned(ctx context.Context, by Signed, answers ...Answer) error {
	lines, err := by.puts()
	if err != nil {
		return err
	}
	return a.remember(ctx, answers, lines)
}

func (a Answers) remember(ctx context.Context, answers []Answer, lines []write) error {
	var writes []write
	for _, one := range answers {
		writes = append(writes, one.put(a.Table))
	}
	if err := do(ctx, a.DB, append(writes, lines...)...); err != nil {
		return fmt.Errorf("remembering an answer of %s: %w", answers[0].Scope, err)
	}
	return nil
}
