package dynamodb

import (
	"bytes"
)

// maxPage is how many bytes of items one Query or Scan looks at.
const maxPage = 1 << 20

// reading is a Query or Scan: a range of keys in a table or an index, walked in one direction.
type reading struct {
	e         *Engine
	table     *table
	index     *index // nil for the table itself
	schema    keySchema
	low, high []byte // from low, up to but without high; high nil has no end
	backward  bool
	limit     int
	filter    *condition
	paths     []path
	countOnly bool
	whole     bool // local index: attributes it does not hold are fetched
	request   *request
}

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

// choose settles the index and what is selected.
func (q *reading) choose() error {
	r := q.request
	q.schema = q.table.schema
	if r.index != "" {
		if q.index = q.table.find(r.index); q.index == nil {
			return invalid("The table does not have the specified index: %s", r.index)
		}
		q.schema = q.index.schema
		switch {
		case q.index.building:
			return invalid("Cannot read from backfilling global secondary index: %s", r.index)
		case q.index.global && r.consistent:
			return invalid("Consistent reads are not supported on global secondary indexes")
		}
	}
	switch {
	case r.selects == "COUNT" && r.hasProjection:
		return invalid("Cannot specify the ProjectionExpression when choosing to get only the Count")
	case r.selects == "ALL_ATTRIBUTES" && r.hasProjection:
		return invalid("Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES")
	case r.selects == "ALL_PROJECTED_ATTRIBUTES" && r.hasProjection:
		return invalid("Cannot specify the ProjectionExpression when choosing to get ALL_PROJECTED_ATTRIBUTES")
	case r.selects == "ALL_PROJECTED_ATTRIBUTES" && q.index == nil:
		return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	case r.selects == "SPECIFIC_ATTRIBUTES" && !r.hasProjection:
		return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	}
	if q.index == nil || q.index.projection == "ALL" {
		return nil
	}
	if r.selects == "ALL_ATTRIBUTES" {
		if q.index.global {
			return badParameter("Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", q.index.name)
		}
		q.whole = true
	}
	for _, p := range q.paths {
		if !q.index.covers(p[0].name) {
			if q.index.global {
				return badParameter("Global secondary index %s does not project [%s]", q.index.name, p[0].name)
			}
			q.whole = true
		}
	}
	return nil
}

// begin moves the range behind the ExclusiveStartKey.
func (q *reading) begin() error {
	r := q.request
	if !r.hasStart {
		return nil
	}
	wrong := invalid("The provided starting key is invalid")
	n := 0
	for rest := r.start.raw; len(rest) > 0; n++ {
		var name []byte
		name, _, rest = nextAttr(rest)
		if !q.table.schema.has(string(name)) && !q.schema.has(string(name)) {
			return wrong
		}
	}
	want := q.table.schema.count()
	primary, err := q.table.schema.primary(r.start)
	if err != nil {
		return wrong
	}
	start := primary
	if q.index != nil {
		for _, a := range []keyAttr{q.schema.hash, q.schema.sort} {
			if a.name != "" && !q.table.schema.has(a.name) {
				want++
			}
		}
		if start = q.index.entry(r.start, primary); start == nil {
			return wrong
		}
	}
	if n != want {
		return wrong
	}
	if bytes.Compare(start, q.low) < 0 || q.high != nil && bytes.Compare(start, q.high) >= 0 {
		if r.hasSegments {
			return invalid("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d", r.segments, r.segment)
		}
		return invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	if q.backward {
		q.high = start
	} else {
		q.low = append(start[:len(start):len(start)], 0)
	}
	return nil
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

// position is the key a next page starts behind.
func (q *reading) position(it item) item {
	var raw []byte
	for rest := it.raw; len(rest) > 0; {
		name, v, r := nextAttr(rest)
		if q.table.schema.has(string(name)) || q.schema.has(string(name)) {
			raw = appendBytes(raw, name)
			raw = append(raw, v...)
		}
		rest = r
	}
	return itemOf(raw)
}
