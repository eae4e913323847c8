package dynamo

import (
	"errors"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ErrConflict says that a write's condition was lost: the item is no longer as the writer had read it.
var ErrConflict = errors.New("the item was changed by another writer")

// ErrNotFound says that there is no such item.
var ErrNotFound = errors.New("there is no such item")

// ErrUnreadable says that an item holds what this version of the program cannot read.
var ErrUnreadable = errors.New("the item cannot be read")

// item is an item as the SDK has it.
type item = map[string]types.AttributeValue

func (k Key) item() item { return item{attrPK: textValue(k.PK), attrSK: textValue(k.SK)} }

func textValue(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func numberValue(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func bytesValue(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

// textOf is empty for an attribute that is absent or of another type.
func textOf(i item, name string) string {
	if v, ok := i[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// numberOf is 0 for an attribute that is absent, of another type or no integer.
func numberOf(i item, name string) int64 {
	v, ok := i[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func bytesOf(i item, name string) []byte {
	if v, ok := i[name].(*types.AttributeValueMemberB); ok {
		return v.Value
	}
	return nil
}

// versionCondition holds while an item is of the version that was read: absent for version 0.
func versionCondition(version int64) (condition string, names map[string]string, values item) {
	if version == 0 {
		return "attribute_not_exists(#pk)", map[string]string{"#pk": attrPK}, nil
	}
	return "#v = :v", map[string]string{"#v": attrVersion}, item{":v": numberValue(version)}
}

// alone is a put that could stand in a transaction as a call of its own.
func alone(put *types.Put) *dynamodb.PutItemInput {
	return &dynamodb.PutItemInput{TableName: put.TableName, Item: put.Item, ConditionExpression: put.ConditionExpression,
		ExpressionAttributeNames: put.ExpressionAttributeNames, ExpressionAttributeValues: put.ExpressionAttributeValues}
}

// conditionLost says whether a single write or one action of a transaction failed its condition. A transaction that met
// another one counts too: the loser reads again either way.
func conditionLost(err error) bool {
	var single *types.ConditionalCheckFailedException
	if errors.As(err, &single) {
		return true
	}
	var conflict *types.TransactionConflictException
	if errors.As(err, &conflict) {
		return true
	}
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return false
	}
	for _, reason := range cancelled.CancellationReasons {
		if reason.Code != nil && (*reason.Code == "ConditionalCheckFailed" || *reason.Code == "TransactionConflict") {
			return true
		}
	}
	return false
}

// refused says whether a write failed by what its condition asks, and by nothing else: here a meeting with another transaction is no
// answer.
func refused(err error) bool {
	var single *types.ConditionalCheckFailedException
	if errors.As(err, &single) {
		return true
	}
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return false
	}
	for _, reason := range cancelled.CancellationReasons {
		if reason.Code != nil && *reason.Code == "ConditionalCheckFailed" {
			return true
		}
	}
	return false
}

// met says whether a write failed because it met another transaction, and by nothing else.
func met(err error) bool { return conditionLost(err) && !refused(err) }
