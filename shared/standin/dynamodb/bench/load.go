//go:build unix

package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func (c *child) create(ctx context.Context) error {
	key := func(hash, sort string) []types.KeySchemaElement {
		return []types.KeySchemaElement{{AttributeName: aws.String(hash), KeyType: types.KeyTypeHash}, {AttributeName: aws.String(sort), KeyType: types.KeyTypeRange}}
	}
	var defs []types.AttributeDefinition
	for _, n := range []string{"pk", "sk", "gpk"} {
		defs = append(defs, types.AttributeDefinition{AttributeName: aws.String(n), AttributeType: types.ScalarAttributeTypeS})
	}
	_, err := c.client.CreateTable(ctx, &dynamodb.CreateTableInput{TableName: tableName, BillingMode: types.BillingModePayPerRequest, AttributeDefinitions: defs,
		KeySchema: key("pk", "sk"), GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{IndexName: aws.String("gix"), KeySchema: key("gpk", "sk"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll}}}})
	return err
}

// seed makes the table and what the reading operations read.
func (c *child) seed(ctx context.Context) error {
	if err := c.create(ctx); err != nil {
		return err
	}
	for p := range 50 {
		for from := 0; from < 20; from += 10 {
			var writes []types.WriteRequest
			for k := from; k < from+10; k++ {
				writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: item(fmt.Sprintf("seed%d", p), fmt.Sprintf("%06d", k), k)}})
			}
			if _, err := c.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*tableName: writes}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill writes items the way the conformance bench does: ten to a partition.
func (c *child) fill(ctx context.Context, items, workers int) error {
	if err := c.create(ctx); err != nil {
		return err
	}
	var next atomic.Int64
	return each(workers, func(int) error {
		for {
			from := int(next.Add(25)) - 25
			if from >= items {
				return nil
			}
			if err := c.client.batch(ctx, func(k int) attributes {
				return item(fmt.Sprintf("user%07d", (from+k)/10), fmt.Sprintf("ev#%08d", from+k), from+k)
			}); err != nil {
				return err
			}
		}
	})
}

func (c *child) scanAll(ctx context.Context) (int, error) {
	n := 0
	var from attributes
	for {
		out, err := c.client.Scan(ctx, &dynamodb.ScanInput{TableName: tableName, ExclusiveStartKey: from})
		if err != nil {
			return n, err
		}
		n += len(out.Items)
		if from = out.LastEvaluatedKey; len(from) == 0 {
			return n, nil
		}
	}
}

type result struct {
	calls int64
	took  time.Duration
	cpu   time.Duration
}

// run calls one operation for a while from several workers.
func (c *child) run(ctx context.Context, op call, duration time.Duration, workers, round int) (result, error) {
	var done atomic.Int64
	before := c.usage()
	began := time.Now()
	err := each(workers, func(w int) error {
		for i := 0; time.Since(began) < duration; i++ {
			if err := op.do(ctx, c.client, round, w, i); err != nil {
				return err
			}
			done.Add(1)
		}
		return nil
	})
	return result{done.Load(), time.Since(began), c.usage().CPU - before.CPU}, err
}

// each runs f in so many goroutines and gives the first error.
func each(workers int, f func(w int) error) error {
	errs := make(chan error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { errs <- f(w) })
	}
	wg.Wait()
	for range workers {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}
