package deadletter

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/queue"
)

const (
	attrCause = "cause"
	attrText  = "text"
)

// Why is what the function said whose job failed: the sort of the cause, and the first line of its error.
type Why struct {
	Cause queue.Cause
	Text  string
}

// Witness keeps why jobs of one queue failed, written by the function that could not do them, before they are dead letters. It knows nothing of the letters.
type Witness struct {
	DB    dynamo.API
	Table string
	Queue string // as Letter has it
	Now   dynamo.Clock
}

// Tell is queue.Witness.
func (w Witness) Tell(ctx context.Context, message string, cause queue.Cause, text string) error {
	i := key.LetterWhy(w.Queue, message).Item()
	i[attrCause], i[attrText], i[dynamo.AttrTTL] = dynamo.TextValue(string(cause)), dynamo.TextValue(text), dynamo.NumberValue(w.Now.Time().Add(letterLife).Unix())
	if _, err := w.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &w.Table, Item: i}); err != nil {
		return fmt.Errorf("keeping why %s failed: %w", message, err)
	}
	return nil
}

// Why is what was told of a letter; nil where nothing was: the process ended before it could say, or could not write.
func (d Letters) Why(ctx context.Context, l Letter) (*Why, error) {
	found, err := dynamo.Get(ctx, d.DB, d.Table, key.LetterWhy(l.Queue, l.ID))
	if err != nil {
		return nil, fmt.Errorf("reading why %s failed: %w", l.ID, err)
	}
	if found == nil {
		return nil, nil
	}
	return &Why{queue.Cause(dynamo.TextOf(found, attrCause)), dynamo.TextOf(found, attrText)}, nil
}
