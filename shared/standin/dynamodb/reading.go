package dynamodb

import "bytes"

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
