package dynamodb

import "slices"

type updateTableInput struct {
	TableName                   string
	AttributeDefinitions        []attributeDefinition
	BillingMode                 string
	ProvisionedThroughput       *throughput
	DeletionProtectionEnabled   *bool
	StreamSpecification         *streamSpecification
	TableClass                  string
	GlobalSecondaryIndexUpdates []struct {
		Create *indexDefinition
		Update *indexDefinition
		Delete *struct{ IndexName string }
	}
	ReplicaUpdates, SSESpecification any
}

func (x *exchange) updateTable() error {
	var in updateTableInput
	if err := x.decode(&in); err != nil {
		return err
	}
	t, err := x.named(in.TableName)
	if err != nil {
		return err
	}
	if in.ReplicaUpdates != nil {
		return notImplemented("ReplicaUpdates")
	}
	if in.BillingMode == "" && in.ProvisionedThroughput == nil && in.DeletionProtectionEnabled == nil && in.StreamSpecification == nil &&
		in.TableClass == "" && in.GlobalSecondaryIndexUpdates == nil && in.SSESpecification == nil {
		return invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	}
	edited, err := x.edit(t, func(tx *txn, d *definition) error { return in.apply(tx, d) })
	if err != nil {
		return err
	}
	x.e.resumeBuilding(edited)
	return x.answer(map[string]any{"TableDescription": x.e.describe(edited, "UPDATING", nil)})
}

func (in *updateTableInput) apply(tx *txn, d *definition) error {
	if in.BillingMode != "" {
		d.BillingMode = in.BillingMode
		if d.BillingMode == "PAY_PER_REQUEST" {
			d.ProvisionedThroughput = nil
		}
	}
	if in.ProvisionedThroughput != nil {
		d.ProvisionedThroughput = in.ProvisionedThroughput
	}
	if in.DeletionProtectionEnabled != nil {
		d.DeletionProtectionEnabled = *in.DeletionProtectionEnabled
	}
	if in.TableClass != "" {
		d.TableClass = in.TableClass
	}
	var make, drop [][]byte
	if s := in.StreamSpecification; s != nil {
		was := d.StreamSpecification != nil && d.StreamSpecification.StreamEnabled
		switch {
		case s.StreamEnabled && was:
			return invalid("Table already has an enabled stream: TableName: %s", d.TableName)
		case !s.StreamEnabled && !was:
			return invalid("Table has no stream to disable: TableName: %s", d.TableName)
		case s.StreamEnabled:
			if d.StreamLabel != "" {
				drop = append(drop, bucketName('s', d.ID, 0))
			}
			make = append(make, bucketName('s', d.ID, 0))
			d.StreamSpecification = s
			d.applyStream(tx.now)
		default:
			d.StreamSpecification = s
		}
	}
	if len(in.GlobalSecondaryIndexUpdates) > 0 {
		if err := in.applyIndexes(d, &make, &drop); err != nil {
			return err
		}
	}
	if err := d.check(); err != nil {
		return err
	}
	for _, b := range drop {
		tx.drop(b)
	}
	for _, b := range make {
		tx.create(b)
	}
	return nil
}

func (in *updateTableInput) applyIndexes(d *definition, make, drop *[][]byte) error {
	changes := 0
	for _, u := range in.GlobalSecondaryIndexUpdates {
		at := func(name string) int {
			return slices.IndexFunc(d.GlobalSecondaryIndexes, func(x indexDefinition) bool { return x.IndexName == name })
		}
		switch {
		case u.Create != nil:
			if changes++; at(u.Create.IndexName) >= 0 {
				return badParameter("Attempting to create an index which already exists")
			}
			x := *u.Create
			d.NextIndex++
			x.Number, x.Building = d.NextIndex, true
			d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, x)
			*make = append(*make, bucketName('i', d.ID, x.Number))
		case u.Delete != nil:
			changes++
			i := at(u.Delete.IndexName)
			if i < 0 {
				return newFault("ResourceNotFoundException", "Requested resource not found")
			}
			*drop = append(*drop, bucketName('i', d.ID, d.GlobalSecondaryIndexes[i].Number))
			d.GlobalSecondaryIndexes = slices.Delete(d.GlobalSecondaryIndexes, i, i+1)
		case u.Update != nil:
			i := at(u.Update.IndexName)
			if i < 0 {
				return newFault("ResourceNotFoundException", "Requested resource not found")
			}
			d.GlobalSecondaryIndexes[i].ProvisionedThroughput = u.Update.ProvisionedThroughput
		default:
			return badParameter("One of Create, Update, Delete is required in a GlobalSecondaryIndexUpdate")
		}
	}
	if changes > 1 {
		return newFault("LimitExceededException", "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
	}
	d.mergeAttributes(in.AttributeDefinitions)
	return nil
}

// mergeAttributes takes new attribute definitions in and drops those that no key uses.
func (d *definition) mergeAttributes(more []attributeDefinition) {
	all := slices.Clone(d.AttributeDefinitions)
	for _, a := range more {
		if !slices.ContainsFunc(all, func(o attributeDefinition) bool { return o.AttributeName == a.AttributeName }) {
			all = append(all, a)
		}
	}
	used := map[string]bool{}
	for _, k := range d.KeySchema {
		used[k.AttributeName] = true
	}
	for _, list := range [][]indexDefinition{d.GlobalSecondaryIndexes, d.LocalSecondaryIndexes} {
		for _, x := range list {
			for _, k := range x.KeySchema {
				used[k.AttributeName] = true
			}
		}
	}
	d.AttributeDefinitions = slices.DeleteFunc(all, func(a attributeDefinition) bool { return !used[a.AttributeName] })
}

// buildStep is how many items a new index takes in at a time, so that other writes get their turn.
const buildStep = 2000

// resumeBuilding fills indexes that were created on a table with items, also after a restart.
func (e *Engine) resumeBuilding(t *table) {
	for _, x := range t.indexes {
		if !x.building {
			continue
		}
		e.building.Go(func() { e.build(t.TableName, t.ID, x.bucket) })
	}
}

// build adds the items written before the index was created. Later ones enter it as they are written.
func (e *Engine) build(name string, id uint32, bucket []byte) {
	var from []byte
	for done := false; !done; {
		select {
		case <-e.stop:
			return
		default:
		}
		err := e.commit(func(tx *txn) {
			t := tx.table(e, name)
			if t == nil || t.ID != id {
				done = true
				return
			}
			i := slices.IndexFunc(t.indexes, func(x *index) bool { return string(x.bucket) == string(bucket) })
			if i < 0 {
				done = true
				return
			}
			from, done = t.buildSome(tx, t.indexes[i], from)
			if !done {
				return
			}
			d := t.definition
			d.GlobalSecondaryIndexes = slices.Clone(d.GlobalSecondaryIndexes)
			for k := range d.GlobalSecondaryIndexes {
				if string(bucketName('i', id, d.GlobalSecondaryIndexes[k].Number)) == string(bucket) {
					d.GlobalSecondaryIndexes[k].Building = false
				}
			}
			e.replaceTable(tx, name, d.ready(t))
		})
		if err != nil {
			return
		}
	}
}

func (t *table) buildSome(tx *txn, x *index, from []byte) (next []byte, done bool) {
	c := tx.bucket(t.bucket).Cursor()
	k, v := c.First()
	if from != nil {
		k, v = c.Seek(from)
	}
	for n := 0; k != nil; k, v = c.Next() {
		if n++; n > buildStep {
			return append([]byte(nil), k...), false
		}
		if entry := x.entry(loadItem(v), k); entry != nil {
			tx.put(x.bucket, entry, nil)
		}
	}
	return nil, true
}
