package rule

// operation is what a condition does with a field.
type operation string

const (
	opEqual     operation = "eq"
	opNotEqual  operation = "ne"
	opAbove     operation = "gt"
	opAtLeast   operation = "gte"
	opBelow     operation = "lt"
	opAtMost    operation = "lte"
	opIn        operation = "in"
	opContains  operation = "contains"
	opExists    operation = "exists"
	opBefore    operation = "before"
	opAfter     operation = "after"
	opWithin    operation = "within"
	maxWithin             = 3650
	maxOperands           = 1000
)

func operations(kind Kind) []operation {
	switch kind {
	case Number:
		return []operation{opEqual, opNotEqual, opAbove, opAtLeast, opBelow, opAtMost, opIn, opExists}
	case Text:
		return []operation{opEqual, opNotEqual, opIn, opContains, opExists}
	case Flag:
		return []operation{opEqual, opNotEqual, opExists}
	case Time:
		return []operation{opBefore, opAfter, opWithin, opExists}
	case List:
		return []operation{opContains, opIn, opExists}
	}
	return []operation{opEqual, opNotEqual, opAbove, opAtLeast, opBelow, opAtMost, opIn, opContains, opBefore, opAfter, opWithin, opExists}
}
