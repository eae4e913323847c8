package dynamo

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// calls answers every write with one error and notes which call it was.
type calls struct {
	API
	made []string
	err  error
}

func (c *calls) PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	c.made = append(c.made, "put")
	return nil, c.err
}

func (c *calls) UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	c.made = append(c.made, "update")
	return nil, c.err
}

func (c *calls) DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	c.made = append(c.made, "delete")
	return nil, c.err
}

func (c *calls) TransactWriteItems(_ context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	c.made = append(c.made, fmt.Sprintf("transaction of %d", len(in.TransactItems)))
	return nil, c.err
}

func TestOneWriteIsACallOfItsOwn(t *testing.T) {
	k := Key{PK: "p", SK: "s"}
	a, b, c, d := Put("t", k.Item(), Condition{}), Update("t", k, "SET #a = :a", Condition{}), Remove("t", k, Absent()), Check("t", k, Present())
	for _, want := range []struct {
		writes []Write
		call   string
	}{
		{[]Write{a}, "put"}, {[]Write{b}, "update"}, {[]Write{c}, "delete"}, {[]Write{d}, "transaction of 1"}, {[]Write{a, d}, "transaction of 2"},
	} {
		db := &calls{}
		if err := Do(t.Context(), db, want.writes...); err != nil || len(db.made) != 1 || db.made[0] != want.call {
			t.Errorf("%v, %v; want one %s", db.made, err, want.call)
		}
	}
}

// cancelledBy is a transaction that was cancelled by these reasons, one for each write.
func cancelledBy(codes ...string) error {
	e := &types.TransactionCanceledException{}
	for _, code := range codes {
		e.CancellationReasons = append(e.CancellationReasons, types.CancellationReason{Code: aws.String(code)})
	}
	return fmt.Errorf("operation error: %w", e)
}

// TestWhatALossMeans lists what the service may answer to three writes, of which the first and the last have a meaning of their own.
func TestWhatALossMeans(t *testing.T) {
	const lost, met, none = "ConditionalCheckFailed", "TransactionConflict", "None"
	first, last, broken := errors.New("first"), errors.New("last"), errors.New("no answer")
	i := Key{PK: "p", SK: "s"}.Item()
	writes := []Write{Put("t", i, Absent()).Or(first), Put("t", i, Absent()), Put("t", i, Absent()).Or(last)}
	for _, c := range []struct {
		answer error
		want   error
		only   bool // nothing but the last write was lost
	}{
		{nil, nil, false},
		{broken, broken, false},
		{cancelledBy(none, none, lost), last, true},
		{cancelledBy(lost, none, none), first, false},
		{cancelledBy(none, lost, none), ErrConflict, false},
		{cancelledBy(lost, lost, lost), last, false},
		{cancelledBy(lost, lost, none), first, false},
		{cancelledBy(none, lost, lost), last, false},
		{cancelledBy(none, met, lost), last, false},
		{cancelledBy(none, "ThrottlingError", lost), last, false},
		{cancelledBy(met, lost, none), ErrConflict, false},
		{cancelledBy(lost, met, none), first, false},
		{cancelledBy(met, none, none), ErrMet, false},
		{&types.TransactionConflictException{}, ErrMet, false},
		{&types.ConditionalCheckFailedException{}, first, false},
	} {
		err := LossOf(c.answer, writes...)
		if !errors.Is(err, c.want) || (c.want == ErrConflict) && errors.Is(err, ErrMet) || OnlyLoss(err, last) != c.only {
			t.Errorf("%v is %v, want %v; only the last: %v, want %v", c.answer, err, c.want, OnlyLoss(err, last), c.only)
		}
		for _, other := range []error{first, last, ErrConflict} {
			if other != c.want && c.want != ErrMet && errors.Is(err, other) {
				t.Errorf("%v is %v too", c.answer, other)
			}
		}
	}
	throttled := cancelledBy(none, "ThrottlingError", none)
	if err := LossOf(throttled, writes...); err != throttled {
		t.Errorf("a throttled transaction is %v, want it as it is", err)
	}
	if !errors.Is(ErrMet, ErrConflict) {
		t.Error("a meeting is no conflict")
	}
}
