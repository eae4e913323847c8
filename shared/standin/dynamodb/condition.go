package dynamodb

import "bytes"

type operator byte

const (
	opAnd operator = iota
	opOr
	opNot
	opEqual
	opUnequal
	opLess
	opAtMost
	opMore
	opAtLeast
	opBetween
	opIn
	opExists
	opNotExists
	opType
	opBeginsWith
	opContains
)

var operatorNames = [...]string{"AND", "OR", "NOT", "=", "<>", "<", "<=", ">", ">=", "BETWEEN", "IN",
	"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"}

// operand is a path, a literal, or the size of what is at a path.
type operand struct {
	path    path
	literal []byte
	size    bool
}

func (o operand) String() string {
	if o.literal != nil {
		return "AttributeValue: " + string(describe(o.literal))
	}
	if o.size {
		return "size(" + o.path.String() + ")"
	}
	return o.path.String()
}

// describe shows a value as {S:text} in messages.
func describe(v []byte) []byte {
	out := append([]byte{'{'}, typeName(v[0])...)
	out = append(out, ':')
	switch v[0] {
	case tagString, tagNumber:
		out = append(out, content(v)...)
	default:
		out = appendValueJSON(out, v)
	}
	return append(out, '}')
}

// sizeOf is what size() gives, as a number value; nil if the type has none.
func sizeOf(v []byte) []byte {
	n := 0
	switch v[0] {
	case tagString:
		n = textLength(content(v))
	case tagBinary:
		n = len(content(v))
	case tagList:
		n = len(listElements(v))
	case tagMap:
		n = len(takeApart(content(v)))
	case tagStringSet, tagNumberSet, tagBinarySet:
		n = len(setElements(v))
	default:
		return nil
	}
	return scalar(tagNumber, appendInt(nil, n))
}

// condition is a parsed condition, filter or key condition.
type condition struct {
	op     operator
	kids   []*condition
	args   []operand
	parens bool
}

const (
	maxOperators = 300
	maxNesting   = 100
)

// parseCondition reads a whole expression; what names the parameter.
func parseCondition(what, src string, subs *substitutions) (*condition, error) {
	p := newParser(what, src, subs)
	c := p.or()
	p.end()
	if p.err == nil && p.ops > maxOperators {
		p.fail("The expression contains too many operators; operator count: %d", p.ops)
	}
	return c, p.err
}

func (p *parser) or() *condition {
	left := p.and()
	for p.tok.word("OR") && p.err == nil {
		p.ops++
		p.next()
		left = &condition{op: opOr, kids: []*condition{left, p.and()}}
	}
	return left
}

func (p *parser) and() *condition {
	left := p.not()
	for p.tok.word("AND") && p.err == nil {
		p.ops++
		p.next()
		left = &condition{op: opAnd, kids: []*condition{left, p.not()}}
	}
	return left
}

func (p *parser) not() *condition {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxNesting {
		p.fail("The expression is nested too deeply")
		return nil
	}
	if p.tok.word("NOT") {
		p.ops++
		p.next()
		return &condition{op: opNot, kids: []*condition{p.not()}}
	}
	if p.accept("(") {
		c := p.or()
		p.expect(")")
		if p.err != nil {
			return nil
		}
		if c.parens {
			p.fail("The expression has redundant parentheses;")
			return nil
		}
		c.parens = true
		return c
	}
	if p.tok.kind == tokenName && p.follows('(') && p.tok.text != "size" {
		return p.function()
	}
	return p.comparison()
}

var functions = map[string]struct {
	op   operator
	args int
}{
	"attribute_exists":     {opExists, 1},
	"attribute_not_exists": {opNotExists, 1},
	"attribute_type":       {opType, 2},
	"begins_with":          {opBeginsWith, 2},
	"contains":             {opContains, 2},
}

func (p *parser) function() *condition {
	name := p.tok.text
	f, known := functions[name]
	if !known {
		if name == "if_not_exists" || name == "list_append" {
			p.fail("The function is not allowed in a condition expression; function: %s", name)
		} else {
			p.fail("Invalid function name; function: %s", name)
		}
		return nil
	}
	p.ops++
	p.next()
	c := &condition{op: f.op, args: p.arguments()}
	if p.err != nil {
		return nil
	}
	if len(c.args) != f.args {
		p.fail("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(c.args))
		return nil
	}
	if (f.op == opExists || f.op == opNotExists || f.op == opType) && (c.args[0].literal != nil || c.args[0].size) {
		p.fail("Operator or function requires a document path; operator or function: %s", name)
		return nil
	}
	switch last := c.args[len(c.args)-1]; f.op {
	case opType:
		if last.literal == nil || last.literal[0] != tagString {
			p.wrongType(name, last)
		} else if !validTypeName(string(content(last.literal))) {
			p.fail("Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", content(last.literal))
		}
	case opBeginsWith:
		for _, a := range c.args {
			if a.size || a.literal != nil && a.literal[0] != tagString && a.literal[0] != tagBinary {
				p.wrongType(name, a)
			}
		}
		p.distinct(c)
	case opContains:
		p.distinct(c)
	}
	switch p.tok.text {
	case "=", "<>", "<", "<=", ">", ">=":
		p.fail("The function is not allowed to be used this way in an expression; function: %s", name)
	}
	return c
}

func validTypeName(name string) bool {
	switch name {
	case "B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M":
		return true
	}
	return false
}

func (p *parser) wrongType(name string, o operand) {
	kind := "N"
	if o.literal != nil {
		kind = typeName(o.literal[0])
	}
	p.fail("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", name, kind)
}

// distinct fails if the first operand is repeated.
func (p *parser) distinct(c *condition) {
	first := c.args[0]
	if first.literal != nil || p.err != nil {
		return
	}
	text := first.String()
	for _, a := range c.args[1:] {
		if a.literal == nil && a.String() == text {
			p.fail("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", operatorNames[c.op], text)
		}
	}
}

func (p *parser) arguments() []operand {
	p.expect("(")
	var out []operand
	for p.err == nil {
		out = append(out, p.operand())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return out
}

func (p *parser) operand() operand {
	switch {
	case p.tok.kind == tokenColon:
		return operand{literal: p.value()}
	case p.tok.kind == tokenName && p.follows('('):
		if p.tok.text != "size" {
			if _, known := functions[p.tok.text]; known {
				p.fail("The function is not allowed to be used this way in an expression; function: %s", p.tok.text)
			} else {
				p.fail("Invalid function name; function: %s", p.tok.text)
			}
			return operand{}
		}
		p.ops++
		p.next()
		args := p.arguments()
		switch {
		case p.err != nil:
		case len(args) != 1:
			p.fail("Incorrect number of operands for operator or function; operator or function: size, number of operands: %d", len(args))
		case args[0].size:
			p.fail("The function is not allowed to be used this way in an expression; function: size")
		case args[0].literal != nil:
			n := sizeOf(args[0].literal)
			if n == nil {
				p.wrongType("size", args[0])
			}
			return operand{literal: n}
		default:
			return operand{path: args[0].path, size: true}
		}
		return operand{}
	case p.tok.word("AND") || p.tok.word("OR") || p.tok.word("NOT") || p.tok.word("BETWEEN") || p.tok.word("IN"):
		p.syntax()
		return operand{}
	}
	return operand{path: p.path()}
}

func (p *parser) comparison() *condition {
	sized := p.tok.kind == tokenName && p.tok.text == "size" && p.follows('(')
	c := &condition{args: []operand{p.operand()}}
	if p.err != nil {
		return nil
	}
	p.ops++
	switch {
	case p.tok.word("BETWEEN"):
		c.op = opBetween
		p.next()
		c.args = append(c.args, p.operand())
		if !p.tok.word("AND") {
			p.syntax()
			return nil
		}
		p.next()
		c.args = append(c.args, p.operand())
		p.ordered(c)
		p.bounds(c)
	case p.tok.word("IN"):
		c.op = opIn
		p.next()
		c.args = append(c.args, p.arguments()...)
		if len(c.args) > 101 {
			p.fail("Incorrect number of operands for operator or function; operator or function: IN, number of operands: %d", len(c.args)-1)
		}
	default:
		op, known := comparators[p.tok.text]
		if !known || p.tok.kind != tokenSign {
			if sized && (p.tok.kind == tokenEnd || p.tok.is(")") || p.tok.word("AND") || p.tok.word("OR")) {
				p.fail("The function is not allowed to be used this way in an expression; function: size")
			}
			p.syntax()
			return nil
		}
		c.op = op
		p.next()
		c.args = append(c.args, p.operand())
		if op != opEqual && op != opUnequal {
			p.ordered(c)
		}
	}
	if p.err != nil {
		return nil
	}
	p.distinct(c)
	return c
}

var comparators = map[string]operator{"=": opEqual, "<>": opUnequal, "<": opLess, "<=": opAtMost, ">": opMore, ">=": opAtLeast}

// ordered fails if a literal has a type without order.
func (p *parser) ordered(c *condition) {
	for _, a := range c.args {
		if a.literal != nil && !hasOrder(a.literal[0]) && p.err == nil {
			p.wrongType(operatorNames[c.op], a)
		}
	}
}

func hasOrder(tag byte) bool { return tag == tagString || tag == tagNumber || tag == tagBinary }

func (p *parser) bounds(c *condition) {
	low, high := c.args[1], c.args[2]
	if p.err != nil || low.literal == nil || high.literal == nil {
		return
	}
	if low.literal[0] != high.literal[0] {
		p.fail("The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: %s, upper bound operand: %s", low, high)
	} else if compare(low.literal, high.literal) > 0 {
		p.fail("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: %s, upper bound operand: %s", low, high)
	}
}

// compare orders two values of the same ordered type.
func compare(a, b []byte) int {
	if a[0] == tagNumber {
		return compareNumbers(content(a), content(b))
	}
	return bytes.Compare(content(a), content(b))
}
