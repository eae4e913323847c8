package outreach_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/queue"
)

// crowded is a table of which some partitions take no more writes: the service cancels a transaction with one there, and says why in the reasons alone.
type crowded struct {
	*dynamotest.DB
	code  string
	hot   func(pk string) bool
	tries *int
}

func (c crowded) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	*c.tries++
	refused := &types.TransactionCanceledException{}
	any := false
	for _, w := range in.TransactItems {
		code := "None"
		if w.Update != nil && c.hot(dynamo.TextOf(w.Update.Key, dynamo.AttrPK)) {
			any, code = true, c.code
		}
		refused.CancellationReasons = append(refused.CancellationReasons, types.CancellationReason{Code: aws.String(code)})
	}
	if any {
		return nil, refused
	}
	return c.DB.TransactWriteItems(ctx, in, o...)
}

// TestACrowdedLaneLosesNoDecision: a decision whose lane takes no more is counted in one of another partition, and where no lane takes any the job waits as
// for a service that is away.
func TestACrowdedLaneLosesNoDecision(t *testing.T) {
	d := delivery.Decision{NotificationID: "n", ProfileID: "p", CampaignID: "c", Asked: deliveryNoon, Outcome: delivery.Sent}
	first := key.ResultList("c", key.ResultLane("n", 0)%key.ResultParts)
	for name, c := range map[string]struct {
		code  string
		hot   func(pk string, tries int) bool
		fails bool
	}{
		"a partition is asked too much": {"ThrottlingError", func(pk string, _ int) bool { return pk == first }, false},
		"all are for a moment":          {"ProvisionedThroughputExceeded", func(_ string, tries int) bool { return tries < 7 }, false},
		"all are for long":              {"ThrottlingError", func(string, int) bool { return true }, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, db, _ := deliveries(t)
			tries := 0
			s.DB = crowded{db, c.code, func(pk string) bool { return strings.HasPrefix(pk, "c#") && c.hot(pk, tries) }, &tries}
			begun := time.Now()
			err := s.Decide(t.Context(), d)
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("%s: it took %v", name, took)
			}
			stored, unread := s.Decision(t.Context(), "p", deliveryNoon, "n")
			sum := summary(t, s, "c")
			if !c.fails && (err != nil || unread != nil || stored.Outcome != delivery.Sent || sum != (delivery.Summary{Begun: 1, Sent: 1})) {
				t.Errorf("%s: %v; on record %+v, %v; counted %+v", name, err, stored, unread, sum)
			}
			if c.fails && (!queue.Unavailable(err) || !errors.Is(unread, dynamo.ErrNotFound) || sum != (delivery.Summary{})) {
				t.Errorf("%s: %v; on record %+v, %v; counted %+v", name, err, stored, unread, sum)
			}
		})
	}
}
