package dynamo

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	// MaxBatchWrites is the service's limit of one BatchWriteItem.
	MaxBatchWrites = 25
	// maxIdleRounds is how often in a row the service may leave everything undone.
	maxIdleRounds = 8
	// firstWait is the pause after the first round; each further one in which nothing was done doubles it.
	firstWait = 10 * time.Millisecond
)

var errUndone = errors.New("the table left writes undone too often")

// WriteSome carries out up to MaxBatchWrites puts and deletes of different items. What the service leaves undone, since it throttles a part of the
// call, is asked for again. An error leaves open which of them were done.
func WriteSome(ctx context.Context, db API, table string, requests []types.WriteRequest) error {
	for idle := 0; idle < maxIdleRounds; {
		out, err := db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: requests}})
		if err != nil {
			return err
		}
		left := out.UnprocessedItems[table]
		if len(left) == 0 {
			return nil
		}
		if idle++; len(left) < len(requests) {
			idle = 0
		}
		requests = left
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(firstWait << idle):
		}
	}
	return errUndone
}
