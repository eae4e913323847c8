package dynamodb

import "strings"

const (
	maxBatchKeys   = 100
	maxBatchAnswer = 16 << 20
)

// batch reads a request of many items, which names a table at least.
func (x *exchange) batch() (*request, error) {
	r, err := parseRequest(x.body)
	if err == nil {
		err = r.check()
	}
	if err == nil && len(r.tables) == 0 {
		err = badMap("requestItems", len(r.tables), r.tables != nil)
	}
	return r, err
}

func (x *exchange) batchGet() error {
	r, err := x.batch()
	if err != nil {
		return err
	}
	total := 0
	type part struct {
		*tableAction
		table *table
		paths []path
		keys  [][]byte
	}
	parts := make([]part, len(r.tables))
	for i := range r.tables {
		a := &r.tables[i]
		parts[i].tableAction = a
		if err := x.authorize(x.action, a.table, ""); err != nil {
			return err
		}
		if total += len(a.keys); len(a.keys) > maxBatchKeys {
			return invalid("1 validation error detected: Value at 'requestItems.%s.member.keys' failed to satisfy constraint: Member must have length less than or equal to 100", a.table)
		}
		if len(a.keys) == 0 {
			return invalid("1 validation error detected: Value at 'requestItems.%s.member.keys' failed to satisfy constraint: Member must have length greater than or equal to 1", a.table)
		}
	}
	if total > maxBatchKeys {
		return invalid("Too many items requested for the BatchGetItem call")
	}
	for i := range parts {
		p := &parts[i]
		if err := checkTableName(p.tableAction.table); err != nil {
			return err
		}
		if err := p.check(); err != nil {
			return err
		}
		if p.paths, err = p.request.paths(); err != nil {
			return err
		}
		if err := p.subs.unused(); err != nil {
			return err
		}
		if p.table = x.e.table(p.tableAction.table); p.table == nil {
			return noTable()
		}
		seen := map[string]bool{}
		for _, k := range p.tableAction.keys {
			key, err := p.table.schema.given(k)
			if err != nil {
				return err
			}
			if seen[string(key)] {
				return invalid("Provided list of item keys contains duplicates")
			}
			seen[string(key)] = true
			p.keys = append(p.keys, key)
		}
	}
	var unprocessed []byte
	err = x.e.store.view(func() error {
		now := x.e.now()
		x.out = append(x.out, `{"Responses":{`...)
		size := 0
		for i, p := range parts {
			if i > 0 {
				x.out = append(x.out, ',')
			}
			x.out = appendText(x.out, p.table.TableName)
			x.out = append(x.out, ':', '[')
			c := cost{table: p.table}
			first := true
			for j, key := range p.keys {
				it, err := p.table.load(key, now, x.e)
				if err != nil {
					return err
				}
				if size+it.size > maxBatchAnswer || size >= maxBatchAnswer {
					unprocessed = p.appendUnprocessed(unprocessed, j)
					size = maxBatchAnswer
					break
				}
				size += it.size
				c.read += readUnits(it.size, p.consistent)
				if !it.exists() {
					continue
				}
				if !first {
					x.out = append(x.out, ',')
				}
				first = false
				x.appendItem(it, p.paths)
			}
			x.out = append(x.out, ']')
			x.charge(c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	x.out = append(x.out, `},"UnprocessedKeys":{`...)
	x.out = append(x.out, unprocessed...)
	x.out = append(x.out, '}')
	x.appendCapacities(r.returnCapacity)
	x.out = append(x.out, '}')
	return nil
}

// appendUnprocessed writes the part of the request that was not served, from a key on.
func (t *tableAction) appendUnprocessed(dst []byte, from int) []byte {
	if len(dst) > 0 {
		dst = append(dst, ',')
	}
	dst = appendText(dst, t.table)
	dst = append(dst, `:{"Keys":[`...)
	for i, k := range t.keys[from:] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendMapJSON(dst, k.raw)
	}
	dst = append(dst, ']')
	if t.hasProjection {
		dst = append(dst, `,"ProjectionExpression":`...)
		dst = appendText(dst, t.projection)
	}
	if t.subs.named {
		dst = append(dst, `,"ExpressionAttributeNames":{`...)
		for i, n := range t.subs.names {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendText(dst, n.key)
			dst = append(dst, ':')
			dst = appendText(dst, n.name)
		}
		dst = append(dst, '}')
	}
	if t.consistent {
		dst = append(dst, `,"ConsistentRead":true`...)
	}
	return append(dst, '}')
}

// badMap complains of an absent or empty RequestItems.
func badMap(member string, n int, present bool) error {
	if !present {
		return invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
	}
	return invalid("1 validation error detected: Value '{}' at '%s' failed to satisfy constraint: Member must have length greater than or equal to %d", member, n+1)
}

func (x *exchange) batchWrite() error {
	r, err := x.batch()
	if err != nil {
		return err
	}
	total := 0
	for i := range r.tables {
		a := &r.tables[i]
		if err := x.authorize(x.action, a.table, ""); err != nil {
			return err
		}
		total += len(a.writes)
		if n := len(a.writes); n > maxBatchWrites || n == 0 {
			return invalid("1 validation error detected: Value '{%s=[%d write requests]}' at 'requestItems' failed to satisfy constraint: "+
				"Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]", a.table, n)
		}
	}
	if total > maxBatchWrites {
		return invalid("Too many items requested for the BatchWriteItem call")
	}
	all := make([]*mutation, 0, total)
	for i := range r.tables {
		a := &r.tables[i]
		seen := map[string]bool{}
		for k := range a.writes {
			w := &a.writes[k]
			verb := strings.TrimSuffix(w.verb, "Request")
			if verb != "Put" && verb != "Delete" || verb == w.verb {
				return invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
			}
			w.request.table = a.table
			m, err := x.e.prepare(verb, &w.request)
			if err != nil {
				return err
			}
			if seen[string(m.key)] {
				return invalid("Provided list of item keys contains duplicates")
			}
			seen[string(m.key)] = true
			all = append(all, m)
		}
	}
	var failure error
	var unprocessed []*mutation
	if err := x.e.commit(func(tx *txn) { unprocessed, failure = x.writeAll(tx, all) }); err != nil {
		return internal(err)
	}
	if failure != nil {
		return failure
	}
	x.out = append(x.out, `{"UnprocessedItems":{`...)
	x.out = appendUnprocessedWrites(x.out, unprocessed)
	x.out = append(x.out, '}')
	x.appendCapacities(r.returnCapacity)
	x.out = append(x.out, '}')
	return nil
}

// writeAll does the writes of a batch one by one; those that meet a transaction are given back.
func (x *exchange) writeAll(tx *txn, all []*mutation) (unprocessed []*mutation, failure error) {
	outcomes := make([]outcome, len(all))
	for i, m := range all {
		if outcomes[i] = m.judge(tx, x.e); outcomes[i].failure != nil {
			return nil, outcomes[i].failure
		}
	}
	for i, m := range all {
		if tx.conflicts(m.table, m.key, touchedByTransaction) {
			unprocessed = append(unprocessed, m)
			continue
		}
		c := m.perform(tx, &outcomes[i])
		tx.touch(m.table, m.key, touchedByWrite)
		x.charge(c)
	}
	return unprocessed, nil
}

func appendUnprocessedWrites(dst []byte, all []*mutation) []byte {
	for i, m := range all {
		if i == 0 || all[i-1].table.TableName != m.table.TableName {
			if i > 0 {
				dst = append(dst, "],"...)
			}
			dst = appendText(dst, m.table.TableName)
			dst = append(dst, ":["...)
		} else {
			dst = append(dst, ',')
		}
		if m.verb == "Put" {
			dst = append(dst, `{"PutRequest":{"Item":`...)
		} else {
			dst = append(dst, `{"DeleteRequest":{"Key":`...)
		}
		dst = appendMapJSON(dst, m.item.raw)
		dst = append(dst, "}}"...)
	}
	if len(all) > 0 {
		dst = append(dst, ']')
	}
	return dst
}
