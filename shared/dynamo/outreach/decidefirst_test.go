package outreach_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
)

// met answers every transaction as one that met another.
type met struct{ *dynamotest.DB }

func (met) TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return nil, &types.TransactionConflictException{}
}

// TestDecideFirstThatMetATransaction: nothing is on record then, so it must not count as recorded.
func TestDecideFirstThatMetATransaction(t *testing.T) {
	s := outreach.Deliveries{DB: met{dynamotest.New(t)}, Table: "Deliveries"}
	d := delivery.Decision{NotificationID: "n", ProfileID: "p", Outcome: delivery.Skipped, Reason: delivery.NoConsent}
	if first, err := s.DecideFirst(t.Context(), d); err == nil || first {
		t.Error("the decision counts as recorded")
	}
}
