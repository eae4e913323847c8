package dynamo

import (
	"context"
	"errors"
)

// attrTotal is what a tally comes to.
const attrTotal = "n"

// PutGreater puts a tally that its writer writes whole each time. One that stands there and comes to no less stays: then this is a call that comes late. Nil means that it is durable, or such a call;
// any other error leaves that open, and the same may be put again.
func PutGreater(ctx context.Context, db API, table string, i Item, total int64) error {
	i[attrTotal] = NumberValue(total)
	err := Do(ctx, db, Put(table, i, Condition{Text: "attribute_not_exists(#n) OR #n < :n", Names: map[string]string{"#n": attrTotal}, Values: Item{":n": i[attrTotal]}}))
	if errors.Is(err, ErrConflict) && !errors.Is(err, ErrMet) {
		return nil // no less stands there
	}
	return err
}
