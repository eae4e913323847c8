package dynamodb

func (x *exchange) query() error {
	q, err := x.newReading(func(r *request) error {
		if !r.hasKeyCondition {
			return invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
		}
		if r.hasSegment || r.hasSegments {
			return invalid("Segment and TotalSegments are parameters of Scan")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return q.run(x)
}

func (x *exchange) scan() error {
	q, err := x.newReading(func(r *request) error {
		switch {
		case r.hasKeyCondition:
			return invalid("KeyConditionExpression is a parameter of Query")
		case r.hasSegment && !r.hasSegments:
			return invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
		case r.hasSegments && !r.hasSegment:
			return invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
		case r.hasSegments && (r.segments < 1 || r.segments > 1000000):
			return constraint(r.segments, "totalSegments", "Member must have value between 1 and 1000000")
		case r.hasSegment && r.segment < 0:
			return constraint(r.segment, "segment", "Member must have value greater than or equal to 0")
		case r.hasSegments && r.segment >= r.segments:
			return invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", r.segment, r.segments)
		}
		r.backward = false
		return nil
	})
	if err != nil {
		return err
	}
	return q.run(x)
}

// newReading checks what Query and Scan have in common.
func (x *exchange) newReading(check func(*request) error) (*reading, error) {
	r, err := parseRequest(x.body)
	if err != nil {
		return nil, err
	}
	if err := x.authorize(x.action, r.table, r.index); err != nil {
		return nil, err
	}
	if err := checkTableName(r.table); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	if r.hasLimit && r.limit < 1 {
		return nil, constraint(r.limit, "limit", "Member must have value greater than or equal to 1")
	}
	if err := oneOf("select", r.selects, "SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"); err != nil {
		return nil, err
	}
	if err := check(r); err != nil {
		return nil, err
	}
	q := &reading{e: x.e, request: r, backward: r.backward, limit: r.limit, countOnly: r.selects == "COUNT"}
	if q.paths, err = r.paths(); err != nil {
		return nil, err
	}
	if r.hasFilter {
		if q.filter, err = parseCondition("FilterExpression", r.filter, &r.subs); err != nil {
			return nil, err
		}
	}
	var keys *condition
	if r.hasKeyCondition {
		if keys, err = parseCondition("KeyConditionExpression", r.keyCondition, &r.subs); err != nil {
			return nil, err
		}
	}
	if err := r.subs.unused(); err != nil {
		return nil, err
	}
	if q.table = x.e.table(r.table); q.table == nil {
		return nil, noTable()
	}
	if err := q.choose(); err != nil {
		return nil, err
	}
	if keys != nil {
		err = q.byKey(keys)
	} else {
		q.bySegment()
	}
	if err != nil {
		return nil, err
	}
	return q, q.begin()
}

// run walks the range and writes the answer.
func (q *reading) run(x *exchange) error {
	walked := q.table.bucket
	if q.index != nil {
		walked = q.index.bucket
	}
	answer := func() error {
		base, bucket := x.e.store.bucket(q.table.bucket), x.e.store.bucket(walked)
		if base == nil || bucket == nil {
			return noTable()
		}
		x.out = append(x.out, '{')
		if !q.countOnly {
			x.out = append(x.out, `"Items":[`...)
		}
		w := walk{reading: q, x: x, lookups: base.Cursor(), now: x.e.now()}
		w.all(bucket.Cursor())
		if !q.countOnly {
			x.out = append(x.out, ']', ',')
		}
		x.out = append(x.out, `"Count":`...)
		x.out = appendInt(x.out, w.count)
		x.out = append(x.out, `,"ScannedCount":`...)
		x.out = appendInt(x.out, w.scanned)
		if w.cut {
			x.member("LastEvaluatedKey")
			x.out = appendMapJSON(x.out, q.position(w.last).raw)
		}
		c := cost{table: q.table, index: q.index, read: readUnits(w.size, q.request.consistent) + w.fetched}
		x.charge(c)
		x.appendCapacity(q.request.returnCapacity)
		x.out = append(x.out, '}')
		return nil
	}
	if q.backward {
		return x.e.store.settled(walked, answer)
	}
	return x.e.store.view(answer)
}
