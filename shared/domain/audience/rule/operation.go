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
	opNotIn     operation = "notIn"
	opHasAll    operation = "hasAll"
	opBetween   operation = "between"
	opMatches   operation = "matches"
	opOlderThan operation = "olderThan"
	opInNext    operation = "inNext"
	opContains  operation = "contains"
	opExists    operation = "exists"
	opBefore    operation = "before"
	opAfter     operation = "after"
	opWithin    operation = "within"
	maxWithin             = 3650
	maxOperands           = 1000
)

// ofSeveral says that an operation takes a list of values.
func ofSeveral(o operation) bool { return o == opIn || o == opNotIn || o == opHasAll }

func operations(kind Kind) []operation {
	switch kind {
	case Number:
		return []operation{opEqual, opNotEqual, opAbove, opAtLeast, opBelow, opAtMost, opBetween, opIn, opNotIn, opExists}
	case Text:
		return []operation{opEqual, opNotEqual, opIn, opNotIn, opContains, opMatches, opExists}
	case Flag:
		return []operation{opEqual, opNotEqual, opExists}
	case Time:
		return []operation{opBefore, opAfter, opBetween, opWithin, opOlderThan, opInNext, opExists}
	case List:
		return []operation{opContains, opIn, opHasAll, opNotIn, opExists}
	}
	return []operation{opEqual, opNotEqual, opAbove, opAtLeast, opBelow, opAtMost, opBetween, opIn, opHasAll, opNotIn, opContains, opMatches, opBefore, opAfter, opWithin, opOlderThan, opInNext, opExists}
}
