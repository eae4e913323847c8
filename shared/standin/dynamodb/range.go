package dynamodb

// byKey turns a key condition into a range.
func (q *reading) byKey(keys *condition) error {
	var hash, sort *condition
	if err := q.splitKeys(keys, &hash, &sort); err != nil {
		return err
	}
	if hash == nil {
		return invalid("Query condition missed key schema element: %s", q.schema.hash.name)
	}
	if hash.op != opEqual {
		return invalid("Query key condition not supported")
	}
	if q.filter != nil {
		var err error
		q.filter.names(func(name string) {
			if q.schema.has(name) && err == nil {
				err = invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", name)
			}
		})
		if err != nil {
			return err
		}
	}
	for _, c := range []*condition{hash, sort} {
		if c == nil {
			continue
		}
		a := q.schema.hash
		if c == sort {
			a = q.schema.sort
		}
		for _, o := range c.args[1:] {
			if o.literal[0] != a.tag {
				return badParameter("Condition parameter type does not match schema type")
			}
			if len(content(o.literal)) == 0 {
				return emptyKey(a)
			}
			if err := fits(o.literal, c == sort); err != nil {
				return err
			}
		}
	}
	prefix := appendPartition(make([]byte, 0, 64), hash.args[1].literal)
	q.low, q.high = prefix, successor(prefix)
	if sort == nil {
		return nil
	}
	part := func(v []byte) []byte { return appendPart(prefix[:len(prefix):len(prefix)], v) }
	v := sort.args[1].literal
	switch sort.op {
	case opEqual:
		q.low = part(v)
		q.high = successor(q.low)
	case opLess:
		q.high = part(v)
	case opAtMost:
		q.high = successor(part(v))
	case opMore:
		q.low = successor(part(v))
	case opAtLeast:
		q.low = part(v)
	case opBetween:
		q.low, q.high = part(v), successor(part(sort.args[2].literal))
	case opBeginsWith:
		if v[0] == tagNumber {
			return invalid("Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N")
		}
		q.low = appendEscaped(prefix[:len(prefix):len(prefix)], content(v))
		q.high = successor(q.low)
	}
	return nil
}

// splitKeys finds the conditions on the hash key and the sort key.
func (q *reading) splitKeys(c *condition, hash, sort **condition) error {
	switch c.op {
	case opAnd:
		for _, k := range c.kids {
			if err := q.splitKeys(k, hash, sort); err != nil {
				return err
			}
		}
		return nil
	case opEqual, opLess, opAtMost, opMore, opAtLeast, opBetween, opBeginsWith:
	default:
		return invalid("Invalid operator used in KeyConditionExpression: %s", operatorNames[c.op])
	}
	first := c.args[0]
	if first.literal != nil || first.size || len(first.path) > 1 {
		return invalid("Invalid KeyConditionExpression: KeyConditionExpressions must have the key attribute on the left")
	}
	for _, o := range c.args[1:] {
		if o.literal == nil {
			return invalid("Invalid KeyConditionExpression: KeyConditionExpressions cannot contain attributes on the right side of a comparison")
		}
	}
	var slot **condition
	switch name := first.path[0].name; name {
	case q.schema.hash.name:
		slot = hash
	case q.schema.sort.name:
		slot = sort
	default:
		missing := q.schema.hash.name
		if *hash != nil && q.schema.sort.name != "" {
			missing = q.schema.sort.name
		}
		return invalid("Query condition missed key schema element: %s", missing)
	}
	if *slot != nil {
		return invalid("KeyConditionExpressions must only contain one condition per key")
	}
	*slot = c
	return nil
}

func (q *reading) bySegment() {
	if !q.request.hasSegments {
		return
	}
	bound := func(i int) []byte {
		n := (uint64(i)<<32 + uint64(q.request.segments) - 1) / uint64(q.request.segments)
		if n >= 1<<32 {
			return nil
		}
		return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	}
	q.low, q.high = bound(q.request.segment), bound(q.request.segment+1)
}
