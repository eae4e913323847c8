package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"
)

// wipeWrites is how many batches are deleted side by side.
const wipeWrites = 4

// page reads one page of a partition behind a sort key, consistently. next is where to go on, "" at the end.
func page(ctx context.Context, db API, table, pk, prefix, after string) (items []item, next string, err error) {
	in := &dynamodb.QueryInput{
		TableName: &table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("#pk = :pk"),
		ExpressionAttributeNames:  map[string]string{"#pk": attrPK},
		ExpressionAttributeValues: item{":pk": textValue(pk)},
	}
	if prefix != "" {
		in.KeyConditionExpression = aws.String("#pk = :pk AND begins_with(#sk, :sk)")
		in.ExpressionAttributeNames["#sk"] = attrSK
		in.ExpressionAttributeValues[":sk"] = textValue(prefix)
	}
	if after != "" {
		in.ExclusiveStartKey = Key{pk, after}.item()
	}
	out, err := db.Query(ctx, in)
	if err != nil {
		return nil, "", err
	}
	return out.Items, textOf(out.LastEvaluatedKey, attrSK), nil
}

// deleteAll deletes items. What the service leaves undone is asked for again.
func deleteAll(ctx context.Context, db API, table string, items []item) error {
	var g errgroup.Group
	g.SetLimit(wipeWrites)
	for len(items) > 0 {
		n := min(len(items), maxBatchWrites)
		chunk := items[:n]
		items = items[n:]
		g.Go(func() error { return deleteSome(ctx, db, table, chunk) })
	}
	return g.Wait()
}

func deleteSome(ctx context.Context, db API, table string, items []item) error {
	requests := make([]types.WriteRequest, len(items))
	for n, i := range items {
		requests[n] = types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: item{attrPK: i[attrPK], attrSK: i[attrSK]}}}
	}
	return writeSome(ctx, db, table, requests)
}

func only(items []item, wanted func(item) bool) []item {
	var out []item
	for _, i := range items {
		if wanted(i) {
			out = append(out, i)
		}
	}
	return out
}
