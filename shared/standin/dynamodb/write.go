package dynamodb

import "bytes"

// mutation is a checked write of one item, ready to be judged inside a storage transaction.
type mutation struct {
	table     *table
	verb      string // Put, Update, Delete, ConditionCheck
	key       []byte
	item      item // what Put writes; what Update starts from if there is no item
	condition *condition
	update    *update
	request   *request
}

// iamAction is the name a policy knows the verb by.
func iamAction(verb string) string { return verb + "Item" }

func (e *Engine) prepare(verb string, r *request) (*mutation, error) {
	if err := checkTableName(r.table); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	m := &mutation{verb: verb, request: r, table: e.table(r.table)}
	if verb == "Put" && !r.hasItem {
		return nil, invalid("1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null")
	}
	if verb != "Put" && !r.hasKey {
		return nil, invalid("1 validation error detected: Value null at 'key' failed to satisfy constraint: Member must not be null")
	}
	var err error
	if r.hasUpdate {
		if m.update, err = parseUpdate(r.update, &r.subs); err != nil {
			return nil, err
		}
	}
	if r.hasCondition {
		if m.condition, err = parseCondition("ConditionExpression", r.condition, &r.subs); err != nil {
			return nil, err
		}
	}
	if err := r.subs.unused(); err != nil {
		return nil, err
	}
	if m.table == nil {
		return nil, noTable()
	}
	if verb == "Put" {
		m.item = r.item
		if m.key, err = m.table.schema.primary(r.item); err != nil {
			return nil, err
		}
		if r.item.size > maxItemSize {
			return nil, invalid("Item size has exceeded the maximum allowed size")
		}
	} else {
		m.item = r.key
		if m.key, err = m.table.schema.given(r.key); err != nil {
			return nil, err
		}
	}
	if m.update != nil {
		for _, p := range m.update.paths {
			if m.table.schema.has(p[0].name) {
				return nil, badParameter("Cannot update attribute %s. This attribute is part of the key", p[0].name)
			}
		}
	}
	return m, m.checkIndexes(m.table, m.item)
}

func (m *mutation) checkIndexes(t *table, it item) error {
	for _, x := range t.indexes {
		if err := x.check(it, m.verb == "Update"); err != nil {
			return err
		}
	}
	return nil
}

// outcome is what a mutation would do.
type outcome struct {
	table     *table
	stored    item // what the file holds
	old       item // what is visible: not if it is expired
	next      item // no item after a delete
	failed    bool // the condition
	failure   error
	unchanged bool
}

// judge works the outcome out without changing anything.
func (m *mutation) judge(tx *txn, e *Engine) outcome {
	t := tx.table(e, m.table.TableName)
	if t == nil || t.ID != m.table.ID {
		return outcome{failure: noTable()}
	}
	o := outcome{table: t}
	o.stored = loadItem(tx.bucket(t.bucket).Get(m.key))
	o.old = o.stored
	if o.old.exists() && t.expired(o.old, tx.now, e) {
		o.old = item{}
	}
	if m.condition != nil && !m.condition.holds(o.old) {
		o.failed = true
		return o
	}
	switch m.verb {
	case "Put":
		o.next = m.item
	case "Update":
		base := o.old
		if !base.exists() {
			base = m.item
		}
		o.next = base
		if m.update != nil {
			o.next, o.failure = m.update.apply(o.old, base)
			if o.failure == nil && o.next.size > maxItemSize {
				o.failure = invalid("Item size to update has exceeded the maximum allowed size")
			}
		}
	case "ConditionCheck":
		o.unchanged = true
		return o
	}
	if o.failure == nil && (m.verb == "Update" || t != m.table) {
		o.failure = m.checkIndexes(t, o.next)
	}
	return o
}

// perform changes the file as judged.
func (m *mutation) perform(tx *txn, o *outcome) cost {
	if o.unchanged {
		return cost{table: o.table, write: writeUnits(o.old.size)}
	}
	return change(tx, o.table, m.key, o.stored, o.old, o.next, false)
}

// change puts an item in place of another, in the table, its indexes and its stream. stored differs from old if it is expired.
func change(tx *txn, t *table, key []byte, stored, old, next item, byService bool) cost {
	c := cost{table: t, write: writeUnits(max(old.size, next.size))}
	switch {
	case next.exists():
		tx.put(t.bucket, key, next.stored())
	case stored.exists():
		tx.delete(t.bucket, key)
	}
	for i, x := range t.indexes {
		before, after := x.entry(stored, key), x.entry(next, key)
		if before == nil && after == nil {
			continue
		}
		if bytes.Equal(before, after) {
			was, is := x.project(old), x.project(next)
			if !bytes.Equal(was.raw, is.raw) {
				c.addIndex(i, writeUnits(max(was.size, is.size)))
			}
			continue
		}
		if before != nil {
			if old.exists() {
				c.addIndex(i, writeUnits(x.project(old).size))
			}
			tx.delete(x.bucket, before)
		}
		if after != nil {
			c.addIndex(i, writeUnits(x.project(next).size))
			tx.put(x.bucket, after, nil)
		}
	}
	if t.stream == nil || !t.StreamSpecification.StreamEnabled {
		return c
	}
	if stored.exists() && !old.exists() {
		t.record(tx, stored, item{}, true)
	}
	t.record(tx, old, next, byService)
	return c
}

func conflict() error {
	return newFault("TransactionConflictException", "Transaction is ongoing for the item")
}

func conditionFailed(o *outcome, want string) error {
	f := newFault("ConditionalCheckFailedException", "The conditional request failed")
	if want == "ALL_OLD" && o.old.exists() {
		f.members = appendMapJSON([]byte(`,"Item":`), o.old.raw)
	}
	return f
}

func (x *exchange) putItem() error    { return x.writeItem("Put") }
func (x *exchange) deleteItem() error { return x.writeItem("Delete") }
func (x *exchange) updateItem() error { return x.writeItem("Update") }

func (x *exchange) writeItem(verb string) error {
	r, err := parseRequest(x.body)
	if err != nil {
		return err
	}
	if err := x.authorize(x.action, r.table, ""); err != nil {
		return err
	}
	if verb == "Update" {
		err = oneOf("returnValues", r.returnValues, "ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")
	} else if r.returnValues != "" && r.returnValues != "NONE" && r.returnValues != "ALL_OLD" {
		err = invalid("Return values set to invalid value")
	}
	if err != nil {
		return err
	}
	m, err := x.e.prepare(verb, r)
	if err != nil {
		return err
	}
	var failure error
	if err := x.e.commit(func(tx *txn) { failure = x.writeOne(tx, m) }); err != nil {
		return internal(err)
	}
	return failure
}

// writeOne runs inside the group: the answer is built here, while what the item was can still be read.
func (x *exchange) writeOne(tx *txn, m *mutation) error {
	if tx.conflicts(m.table, m.key, touchedByTransaction) {
		return conflict()
	}
	o := m.judge(tx, x.e)
	if o.failure != nil {
		return o.failure
	}
	if o.failed {
		x.charge(cost{table: o.table, write: writeUnits(o.old.size)})
		return conditionFailed(&o, m.request.returnOnFailure)
	}
	c := m.perform(tx, &o)
	tx.touch(m.table, m.key, touchedByWrite)
	x.charge(c)
	x.out = append(x.out, '{')
	if attrs := m.returned(&o); attrs != nil {
		x.member("Attributes")
		x.out = appendMapJSON(x.out, attrs)
	}
	x.appendCapacity(m.request.returnCapacity)
	x.out = append(x.out, '}')
	return nil
}

// returned are the attributes that ReturnValues asks for; nil for none.
func (m *mutation) returned(o *outcome) []byte {
	var attrs []byte
	switch m.request.returnValues {
	case "ALL_OLD":
		attrs = o.old.raw
	case "ALL_NEW":
		attrs = o.next.raw
	case "UPDATED_OLD":
		if m.update != nil {
			attrs = project(o.old.raw, m.update.paths)
		}
	case "UPDATED_NEW":
		if m.update != nil {
			attrs = project(o.next.raw, m.update.paths)
		}
	}
	if len(attrs) == 0 {
		return nil
	}
	return attrs
}
