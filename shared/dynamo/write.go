package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// ErrConflict says that a write's condition was lost: the item is no longer as the writer had read it.
var ErrConflict = errors.New("the item was changed by another writer")

// ErrMet is the conflict of a write that met another transaction: nobody has asked whether its condition holds.
var ErrMet = fmt.Errorf("%w: another transaction was under way", ErrConflict)

// ErrThrottled is the error of a transaction of which the service takes no more just now: nothing was written. The service says so as if a condition
// had not held, so that the SDK does not ask again, and nobody would know it from its code. It counts as a service that is away.
var ErrThrottled error = &smithy.GenericAPIError{Code: "ThrottlingException", Message: "a transaction was throttled"}

// Condition is what a write asks of the item that stands in its place. The zero one asks nothing.
type Condition struct {
	Text   string
	Names  map[string]string
	Values Item
}

// Absent holds where no item stands.
func Absent() Condition {
	return Condition{Text: "attribute_not_exists(#pk)", Names: map[string]string{"#pk": AttrPK}}
}

// Present holds where an item stands.
func Present() Condition {
	return Condition{Text: "attribute_exists(#pk)", Names: map[string]string{"#pk": AttrPK}}
}

// OfVersion holds while an item is of the version that was read: absent for version 0.
func OfVersion(version int64) Condition {
	if version == 0 {
		return Absent()
	}
	return Condition{Text: "#v = :v", Names: map[string]string{"#v": AttrVersion}, Values: Item{":v": NumberValue(version)}}
}

// expression is the text as the SDK takes it: nil for nothing.
func (c Condition) expression() *string {
	if c.Text == "" {
		return nil
	}
	return &c.Text
}

// Write is a put, an update, a deletion, or a check that writes nothing, with its condition.
type Write struct {
	action types.TransactWriteItem
	lost   error // what it means that the condition does not hold; nil is ErrConflict
}

// Or gives the loss of a write's condition a meaning.
func (w Write) Or(lost error) Write {
	w.lost = lost
	return w
}

// Seeing makes the loss of a put's or an update's condition tell what stands there, without another read: Stood.
func (w Write) Seeing() Write {
	const old = types.ReturnValuesOnConditionCheckFailureAllOld
	if w.action.Update != nil {
		update := *w.action.Update
		update.ReturnValuesOnConditionCheckFailure = old
		w.action.Update = &update
		return w
	}
	put := *w.action.Put
	put.ReturnValuesOnConditionCheckFailure = old
	w.action.Put = &put
	return w
}

// Stood is what stood in the place of the first write that was Seeing and was lost; nil where nothing did.
func Stood(err error) Item {
	var l *loss
	if errors.As(err, &l) {
		return l.stood
	}
	return nil
}

// Put writes an item whole.
func Put(table string, i Item, c Condition) Write {
	return Write{action: types.TransactWriteItem{Put: &types.Put{
		TableName: &table, Item: i, ConditionExpression: c.expression(), ExpressionAttributeNames: c.Names, ExpressionAttributeValues: c.Values}}}
}

// Update changes attributes of an item by an update expression. What the expression names stands beside what the condition names.
func Update(table string, k Key, expression string, c Condition) Write {
	return Write{action: types.TransactWriteItem{Update: &types.Update{
		TableName: &table, Key: k.Item(), UpdateExpression: &expression,
		ConditionExpression: c.expression(), ExpressionAttributeNames: c.Names, ExpressionAttributeValues: c.Values}}}
}

// Remove deletes an item.
func Remove(table string, k Key, c Condition) Write {
	return Write{action: types.TransactWriteItem{Delete: &types.Delete{
		TableName: &table, Key: k.Item(), ConditionExpression: c.expression(), ExpressionAttributeNames: c.Names, ExpressionAttributeValues: c.Values}}}
}

// Check writes nothing: it holds the others to what it asks.
func Check(table string, k Key, c Condition) Write {
	return Write{action: types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &table, Key: k.Item(), ConditionExpression: c.expression(), ExpressionAttributeNames: c.Names, ExpressionAttributeValues: c.Values}}}
}

// Do carries out writes, all of them or none. One alone is a call of its own, which costs half. An error that wraps ErrConflict or what a write says of its
// loss means that nothing was written; any other one leaves open whether it was.
func Do(ctx context.Context, db API, writes ...Write) error {
	if len(writes) == 1 {
		if done, err := alone(ctx, db, writes[0].action); done {
			return LossOf(err, writes...)
		}
	}
	return Once(ctx, db, writes...)
}

// Once is Do whose one write is a transaction too, which costs twice as much: the SDK gives a transaction a token, so that an answer that is lost and asked for again by the SDK writes nothing twice. What adds to a number
// and must not do so twice needs that.
func Once(ctx context.Context, db API, writes ...Write) error {
	actions := make([]types.TransactWriteItem, len(writes))
	for i, w := range writes {
		actions[i] = w.action
	}
	_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if throttled(err) {
		return fmt.Errorf("%w: %w", ErrThrottled, err)
	}
	return LossOf(err, writes...)
}

// throttled tells whether a transaction was cancelled for the rate, and for nothing that says more.
func throttled(err error) bool {
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return false
	}
	some := false
	for _, reason := range cancelled.CancellationReasons {
		switch aws.ToString(reason.Code) {
		case "ThrottlingError", "ProvisionedThroughputExceeded":
			some = true
		case "", "None":
		default:
			return false
		}
	}
	return some
}

// alone carries out a write by a call of its own, which a check does not have.
func alone(ctx context.Context, db API, a types.TransactWriteItem) (done bool, err error) {
	switch {
	case a.Put != nil:
		_, err = db.PutItem(ctx, &dynamodb.PutItemInput{TableName: a.Put.TableName, Item: a.Put.Item, ConditionExpression: a.Put.ConditionExpression,
			ExpressionAttributeNames: a.Put.ExpressionAttributeNames, ExpressionAttributeValues: a.Put.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: a.Put.ReturnValuesOnConditionCheckFailure})
	case a.Update != nil:
		_, err = db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: a.Update.TableName, Key: a.Update.Key, UpdateExpression: a.Update.UpdateExpression,
			ConditionExpression: a.Update.ConditionExpression, ExpressionAttributeNames: a.Update.ExpressionAttributeNames, ExpressionAttributeValues: a.Update.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: a.Update.ReturnValuesOnConditionCheckFailure})
	case a.Delete != nil:
		_, err = db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: a.Delete.TableName, Key: a.Delete.Key, ConditionExpression: a.Delete.ConditionExpression,
			ExpressionAttributeNames: a.Delete.ExpressionAttributeNames, ExpressionAttributeValues: a.Delete.ExpressionAttributeValues})
	default:
		return false, nil
	}
	return true, err
}

// loss is the error of writes of which nothing was written: what the losses mean, one for each write that was lost.
type loss struct {
	meanings []error
	stood    Item
}

func (l *loss) Error() string { return l.Unwrap().Error() }

// Unwrap is what the losses come to. A write with a meaning of its own says more than a conflict, the last of several, and a condition that does not hold says
// more than a meeting with another transaction.
func (l *loss) Unwrap() error {
	best := l.meanings[0]
	for _, m := range l.meanings[1:] {
		if own := m != ErrConflict && m != ErrMet; own || best == ErrMet {
			best = m
		}
	}
	return best
}

// OnlyLoss tells whether nothing but writes of one meaning stood against the others.
func OnlyLoss(err, meaning error) bool {
	var l *loss
	return errors.As(err, &l) && !slices.ContainsFunc(l.meanings, func(m error) bool { return m != meaning })
}

// LossOf reads which of the writes of a call were lost out of the call's error, in their order. Other errors stay as they are.
func LossOf(err error, writes ...Write) error {
	if err == nil {
		return nil
	}
	var single *types.ConditionalCheckFailedException
	var conflict *types.TransactionConflictException
	var cancelled *types.TransactionCanceledException
	var l loss
	switch {
	case errors.As(err, &single):
		l.meanings, l.stood = []error{meaningOf(writes[0])}, single.Item
	case errors.As(err, &conflict):
		l.meanings = []error{ErrMet}
	case errors.As(err, &cancelled):
		l.meanings = lossesOf(cancelled.CancellationReasons, writes)
		for _, reason := range cancelled.CancellationReasons {
			if l.stood == nil {
				l.stood = reason.Item
			}
		}
	}
	if len(l.meanings) == 0 {
		return err
	}
	return &l
}

// lossesOf are the meanings of a transaction's losses, none where something else ended it.
func lossesOf(reasons []types.CancellationReason, writes []Write) (meanings []error) {
	lost := false
	for i, reason := range reasons {
		switch code := aws.ToString(reason.Code); {
		case code == "ConditionalCheckFailed" && i < len(writes):
			meanings = append(meanings, meaningOf(writes[i]))
			lost = true
		case code == "TransactionConflict":
			meanings = append(meanings, ErrMet)
			lost = true
		case code != "" && code != "None":
			meanings = append(meanings, ErrMet) // throttled, for example: nobody has asked its condition either
		}
	}
	if !lost {
		return nil
	}
	return meanings
}

func meaningOf(w Write) error {
	if w.lost == nil {
		return ErrConflict
	}
	return w.lost
}
