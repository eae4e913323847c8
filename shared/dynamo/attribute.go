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

// timeValue keeps nanoseconds, since entries are found again by their time.
func timeValue(t time.Time) types.AttributeValue { return textValue(t.UTC().Format(time.RFC3339Nano)) }

// timeOf is the zero time for an attribute that is absent.
func timeOf(i item, name string) (time.Time, error) {
	text := textOf(i, name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("attribute %s is no time", name)
	}
	return t, nil
}

func milliOf(i item, name string) time.Time {
	if n := numberOf(i, name); n != 0 {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}
