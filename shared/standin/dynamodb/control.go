package dynamodb

import (
	"fmt"
	"sort"
	"time"
)

func (x *exchange) listTables() error {
	var in struct {
		Limit                   *int
		ExclusiveStartTableName string
	}
	if err := x.decode(&in); err != nil {
		return err
	}
	if err := x.authorize(x.action, "", ""); err != nil {
		return err
	}
	limit := 100
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 1 || limit > 100 {
		return constraint(limit, "limit", "Member must have value between 1 and 100")
	}
	names := []string{}
	for n := range *x.e.tables.Load() {
		if n > in.ExclusiveStartTableName {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	out := map[string]any{}
	if len(names) > limit {
		names = names[:limit]
		out["LastEvaluatedTableName"] = names[limit-1]
	}
	out["TableNames"] = names
	return x.answer(out)
}

func (x *exchange) describeTable() error {
	t, err := x.asked()
	if err != nil {
		return err
	}
	count := &tableCount{}
	if err := t.count(x.e.store, count); err != nil {
		return err
	}
	return x.answer(map[string]any{"Table": x.e.describe(t, "ACTIVE", count)})
}

// countEvery is how old the counts that DescribeTable gives may be; the service's are up to six hours old.
const countEvery = 10 * time.Second

func (t *table) count(s *store, out *tableCount) error {
	t.counted.mu.Lock()
	defer t.counted.mu.Unlock()
	if now := time.Now(); now.Sub(t.counted.at) > countEvery {
		// The statistics are of what is committed.
		if err := s.flush(); err != nil {
			return internal(err)
		}
		err := s.view(func() error {
			b := s.bucket(t.bucket)
			if b == nil {
				return noSuchTable(t.TableName)
			}
			stats := b.Stats()
			t.counted.at, t.counted.items, t.counted.bytes = now, stats.KeyN, stats.LeafInuse
			return nil
		})
		if err != nil {
			return err
		}
		if t.counted.items == 0 {
			t.counted.bytes = 0
		}
		if t.counted.items < 1000 {
			t.counted.at = time.Time{} // cheap enough to be exact
		}
	}
	out.items, out.bytes = t.counted.items, t.counted.bytes
	return nil
}

func (x *exchange) deleteTable() error {
	t, err := x.asked()
	if err != nil {
		return err
	}
	var failure error
	err = x.e.commit(func(tx *txn) {
		now := tx.table(x.e, t.TableName)
		if now == nil {
			failure = noSuchTable(t.TableName)
			return
		}
		if now.DeletionProtectionEnabled {
			failure = invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
			return
		}
		tx.drop(now.bucket)
		for _, i := range now.indexes {
			tx.drop(i.bucket)
		}
		if now.stream != nil {
			tx.drop(now.stream)
		}
		x.e.replaceTable(tx, now.TableName, nil)
	})
	if err != nil {
		return internal(err)
	}
	if failure != nil {
		return failure
	}
	return x.answer(map[string]any{"TableDescription": x.e.describe(t, "DELETING", nil)})
}

// describe is a TableDescription.
func (e *Engine) describe(t *table, status string, count *tableCount) map[string]any {
	if count == nil {
		count = &tableCount{}
	}
	pt := func(p *throughput) map[string]any {
		if p == nil {
			p = &throughput{}
		}
		return map[string]any{"NumberOfDecreasesToday": 0, "ReadCapacityUnits": p.ReadCapacityUnits, "WriteCapacityUnits": p.WriteCapacityUnits}
	}
	out := map[string]any{
		"TableName": t.TableName, "TableStatus": status, "TableArn": t.ARN, "TableId": fmt.Sprintf("00000000-0000-4000-8000-%012x", t.ID),
		"CreationDateTime":     float64(t.Created.UnixMilli()) / 1000,
		"AttributeDefinitions": t.AttributeDefinitions, "KeySchema": t.KeySchema,
		"ItemCount": count.items, "TableSizeBytes": count.bytes,
		"ProvisionedThroughput":     pt(t.ProvisionedThroughput),
		"DeletionProtectionEnabled": t.DeletionProtectionEnabled,
	}
	if t.BillingMode == "PAY_PER_REQUEST" {
		out["BillingModeSummary"] = map[string]any{"BillingMode": t.BillingMode, "LastUpdateToPayPerRequestDateTime": float64(t.Created.UnixMilli()) / 1000}
	}
	if t.TableClass != "" {
		out["TableClassSummary"] = map[string]any{"TableClass": t.TableClass}
	}
	if t.StreamSpecification != nil && t.StreamSpecification.StreamEnabled {
		out["StreamSpecification"] = t.StreamSpecification
	}
	if t.StreamLabel != "" {
		out["LatestStreamArn"], out["LatestStreamLabel"] = t.streamARN(), t.StreamLabel
	}
	for name, list := range map[string][]indexDefinition{"GlobalSecondaryIndexes": t.GlobalSecondaryIndexes, "LocalSecondaryIndexes": t.LocalSecondaryIndexes} {
		var all []map[string]any
		for _, x := range list {
			d := map[string]any{"IndexName": x.IndexName, "KeySchema": x.KeySchema, "Projection": x.Projection,
				"IndexArn": t.ARN + "/index/" + x.IndexName, "ItemCount": 0, "IndexSizeBytes": 0}
			if name == "GlobalSecondaryIndexes" {
				d["IndexStatus"], d["ProvisionedThroughput"] = "ACTIVE", pt(x.ProvisionedThroughput)
				if x.Building {
					d["IndexStatus"], d["Backfilling"] = "CREATING", true
				}
			}
			all = append(all, d)
		}
		if all != nil {
			out[name] = all
		}
	}
	return out
}
