// Package dynamo is the only code that speaks DynamoDB, with the stores below it. Here is what they have in common: a client, writes and transactions, pages and cursors, attributes. It
// knows no item and holds no rule of the domain. The surprising thing: package key below it is the whole schema; no other file builds a key.
package dynamo

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ErrNotFound says that there is no such item.
var ErrNotFound = errors.New("there is no such item")

// ErrUnreadable says that an item holds what this version of the program cannot read.
var ErrUnreadable = errors.New("the item cannot be read")

// Attributes that items of several tables have. Every table has the string keys pk and sk.
const (
	AttrPK      = "pk"
	AttrSK      = "sk"
	AttrTTL     = "ttl" // seconds since 1970; the tables that expire are in Tables
	AttrVersion = "v"   // optimistic lock
	AttrBody    = "b"   // the packed body
	AttrTo      = "to"  // where a pointer points
)

// Key is the primary key of an item.
type Key struct{ PK, SK string }

// At is the key of two halves.
func At(pk, sk string) Key { return Key{pk, sk} }

// Item is an item as the SDK has it.
type Item = map[string]types.AttributeValue

// Item is the key as the SDK has it.
func (k Key) Item() Item { return Item{AttrPK: TextValue(k.PK), AttrSK: TextValue(k.SK)} }

// TextValue is an attribute as the SDK has it.
func TextValue(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// NumberValue is a whole number, which DynamoDB takes as a text.
func NumberValue(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// BytesValue is an attribute as the SDK has it.
func BytesValue(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

// TextOf is empty for an attribute that is absent or of another type.
func TextOf(i Item, name string) string {
	if v, ok := i[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// NumberOf is 0 for an attribute that is absent, of another type or no integer.
func NumberOf(i Item, name string) int64 {
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

// BytesOf is nil for an attribute that is absent or of another type.
func BytesOf(i Item, name string) []byte {
	if v, ok := i[name].(*types.AttributeValueMemberB); ok {
		return v.Value
	}
	return nil
}

// TimeValue keeps nanoseconds, since entries are found again by their time.
func TimeValue(t time.Time) types.AttributeValue { return TextValue(t.UTC().Format(time.RFC3339Nano)) }

// TimeOf is the zero time for an attribute that is absent.
func TimeOf(i Item, name string) (time.Time, error) {
	text := TextOf(i, name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("attribute %s is no time", name)
	}
	return t, nil
}

// MilliOf is the time of an attribute that counts milliseconds since 1970; zero for none.
func MilliOf(i Item, name string) time.Time {
	if n := NumberOf(i, name); n != 0 {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}
