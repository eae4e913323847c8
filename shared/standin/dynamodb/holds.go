package dynamodb

import "bytes"

func (o operand) value(it item) []byte {
	if o.literal != nil {
		return o.literal
	}
	v := it.find(o.path)
	if v != nil && o.size {
		return sizeOf(v)
	}
	return v
}

// holds judges an item; the zero item has no attributes.
func (c *condition) holds(it item) bool {
	switch c.op {
	case opAnd:
		return c.kids[0].holds(it) && c.kids[1].holds(it)
	case opOr:
		return c.kids[0].holds(it) || c.kids[1].holds(it)
	case opNot:
		return !c.kids[0].holds(it)
	}
	a := c.args[0].value(it)
	switch c.op {
	case opExists:
		return a != nil
	case opNotExists:
		return a == nil
	case opIn:
		for _, o := range c.args[1:] {
			if b := o.value(it); a != nil && b != nil && bytes.Equal(a, b) {
				return true
			}
		}
		return false
	}
	b := c.args[1].value(it)
	if c.op == opUnequal {
		return a == nil || b == nil || !bytes.Equal(a, b)
	}
	if a == nil || b == nil {
		return false
	}
	switch c.op {
	case opEqual:
		return bytes.Equal(a, b)
	case opType:
		return typeName(a[0]) == string(content(b))
	case opBeginsWith:
		return a[0] == b[0] && (a[0] == tagString || a[0] == tagBinary) && bytes.HasPrefix(content(a), content(b))
	case opContains:
		return contains(a, b)
	}
	if a[0] != b[0] || !hasOrder(a[0]) {
		return false
	}
	order := compare(a, b)
	switch c.op {
	case opLess:
		return order < 0
	case opAtMost:
		return order <= 0
	case opMore:
		return order > 0
	case opAtLeast:
		return order >= 0
	case opBetween:
		high := c.args[2].value(it)
		return order >= 0 && high != nil && high[0] == a[0] && compare(a, high) <= 0
	}
	return false
}

func contains(a, b []byte) bool {
	switch {
	case a[0] == tagList:
		for _, e := range listElements(a) {
			if bytes.Equal(e, b) {
				return true
			}
		}
		return false
	case a[0] == tagStringSet && b[0] == tagString, a[0] == tagNumberSet && b[0] == tagNumber, a[0] == tagBinarySet && b[0] == tagBinary:
		for _, e := range setElements(a) {
			if bytes.Equal(e, content(b)) {
				return true
			}
		}
		return false
	}
	return a[0] == b[0] && (a[0] == tagString || a[0] == tagBinary) && bytes.Contains(content(a), content(b))
}

// names calls f with the first name of every path.
func (c *condition) names(f func(string)) {
	for _, k := range c.kids {
		k.names(f)
	}
	for _, a := range c.args {
		if a.literal == nil {
			f(a.path[0].name)
		}
	}
}
