package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ErrConflict says that a write's condition was lost: the item is no longer as the writer had read it.
var ErrConflict = errors.New("the item was changed by another writer")

// errMet is the conflict of a write that met another transaction: nobody has asked whether its condition holds.
var errMet = fmt.Errorf("%w: another transaction was under way", ErrConflict)

// condition is what a write asks of the item that stands in its place. The zero one asks nothing.
type condition struct {
	text   string
	names  map[string]string
	values item
}

// absent holds where no item stands.
func absent() condition {
	return condition{text: "attribute_not_exists(#pk)", names: map[string]string{"#pk": attrPK}}
}

// present holds where an item stands.
func present() condition {
	return condition{text: "attribute_exists(#pk)", names: map[string]string{"#pk": attrPK}}
}

// ofVersion holds while an item is of the version that was read: absent for version 0.
func ofVersion(version int64) condition {
	if version == 0 {
		return absent()
	}
	return condition{text: "#v = :v", names: map[string]string{"#v": attrVersion}, values: item{":v": numberValue(version)}}
}

// expression is the text as the SDK takes it: nil for nothing.
func (c condition) expression() *string {
	if c.text == "" {
		return nil
	}
	return &c.text
}

// write is a put, an update, a deletion, or a check that writes nothing, with its condition.
type write struct {
	action types.TransactWriteItem
	lost   error // what it means that the condition does not hold; nil is ErrConflict
}

// or gives the loss of a write's condition a meaning.
func (w write) or(lost error) write {
	w.lost = lost
	return w
}

// Beside is a write of one store that goes into the transaction of another: no call that ends in between leaves one without the other.
type Beside struct{ write write }

func with(all []write, beside []Beside) []write {
	for _, b := range beside {
		all = append(all, b.write)
	}
	return all
}

func put(table string, i item, c condition) write {
	return write{action: types.TransactWriteItem{Put: &types.Put{
		TableName: &table, Item: i, ConditionExpression: c.expression(), ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values}}}
}

// update changes attributes of an item by an update expression. What the expression names stands beside what the condition names.
func update(table string, k Key, expression string, c condition) write {
	return write{action: types.TransactWriteItem{Update: &types.Update{
		TableName: &table, Key: k.item(), UpdateExpression: &expression,
		ConditionExpression: c.expression(), ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values}}}
}

func remove(table string, k Key, c condition) write {
	return write{action: types.TransactWriteItem{Delete: &types.Delete{
		TableName: &table, Key: k.item(), ConditionExpression: c.expression(), ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values}}}
}

func check(table string, k Key, c condition) write {
	return write{action: types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &table, Key: k.item(), ConditionExpression: c.expression(), ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values}}}
}

// do carries out writes, all of them or none. One alone is a call of its own, which costs half. An error that wraps ErrConflict or what a write says of its
// loss means that nothing was written; any other one leaves open whether it was.
func do(ctx context.Context, db API, writes ...write) error {
	if len(writes) == 1 {
		if done, err := alone(ctx, db, writes[0].action); done {
			return lossOf(err, writes...)
		}
	}
	actions := make([]types.TransactWriteItem, len(writes))
	for i, w := range writes {
		actions[i] = w.action
	}
	_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	return lossOf(err, writes...)
}

// alone carries out a write by a call of its own, which a check does not have.
func alone(ctx context.Context, db API, a types.TransactWriteItem) (done bool, err error) {
	switch {
	case a.Put != nil:
		_, err = db.PutItem(ctx, &dynamodb.PutItemInput{TableName: a.Put.TableName, Item: a.Put.Item, ConditionExpression: a.Put.ConditionExpression,
			ExpressionAttributeNames: a.Put.ExpressionAttributeNames, ExpressionAttributeValues: a.Put.ExpressionAttributeValues})
	case a.Update != nil:
		_, err = db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: a.Update.TableName, Key: a.Update.Key, UpdateExpression: a.Update.UpdateExpression,
			ConditionExpression: a.Update.ConditionExpression, ExpressionAttributeNames: a.Update.ExpressionAttributeNames, ExpressionAttributeValues: a.Update.ExpressionAttributeValues})
	case a.Delete != nil:
		_, err = db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: a.Delete.TableName, Key: a.Delete.Key, ConditionExpression: a.Delete.ConditionExpression,
			ExpressionAttributeNames: a.Delete.ExpressionAttributeNames, ExpressionAttributeValues: a.Delete.ExpressionAttributeValues})
	default:
		return false, nil
	}
	return true, err
}

// loss is the error of writes of which nothing was written: what the losses mean, one for each write that was lost.
type loss struct{ meanings []error }

func (l *loss) Error() string { return l.Unwrap().Error() }

// Unwrap is what the losses come to. A write with a meaning of its own says more than a conflict, the last of several, and a condition that does not hold says
// more than a meeting with another transaction.
func (l *loss) Unwrap() error {
	best := l.meanings[0]
	for _, m := range l.meanings[1:] {
		if own := m != ErrConflict && m != errMet; own || best == errMet {
			best = m
		}
	}
	return best
}

// onlyLoss tells whether nothing but writes of one meaning stood against the others.
func onlyLoss(err, meaning error) bool {
	var l *loss
	return errors.As(err, &l) && !slices.ContainsFunc(l.meanings, func(m error) bool { return m != meaning })
}

// lossOf reads which of the writes of a call were lost out of the call's error, in their order. Other errors stay as they are.
func lossOf(err error, writes ...write) error {
	if err == nil {
		return nil
	}
	var single *types.ConditionalCheckFailedException
	var conflict *types.TransactionConflictException
	var cancelled *types.TransactionCanceledException
	var l loss
	switch {
	case errors.As(err, &single):
		l.meanings = []error{meaningOf(writes[0])}
	case errors.As(err, &conflict):
		l.meanings = []error{errMet}
	case errors.As(err, &cancelled):
		l.meanings = lossesOf(cancelled.CancellationReasons, writes)
	}
	if len(l.meanings) == 0 {
		return err
	}
	return &l
}

// lossesOf are the meanings of a transaction's losses, none where something else ended it.
func lossesOf(reasons []types.CancellationReason, writes []write) (meanings []error) {
	lost := false
	for i, reason := range reasons {
		switch code := aws.ToString(reason.Code); {
		case code == "ConditionalCheckFailed" && i < len(writes):
			meanings = append(meanings, meaningOf(writes[i]))
			lost = true
		case code == "TransactionConflict":
			meanings = append(meanings, errMet)
			lost = true
		case code != "" && code != "None":
			meanings = append(meanings, errMet) // throttled, for example: nobody has asked its condition either
		}
	}
	if !lost {
		return nil
	}
	return meanings
}

func meaningOf(w write) error {
	if w.lost == nil {
		return ErrConflict
	}
	return w.lost
}
