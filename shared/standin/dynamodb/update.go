package dynamodb

import (
	"bytes"
	"slices"
)

// update is a parsed UpdateExpression.
type update struct {
	sets    []assignment
	removes []path
	adds    []assignment
	deletes []assignment
	paths   []path // of all actions
}

type assignment struct {
	path path
	expr expression
}

type expressionKind byte

const (
	exprLiteral expressionKind = iota
	exprPath
	exprIfNotExists
	exprListAppend
	exprPlus
	exprMinus
)

// expression is the right side of a SET action.
type expression struct {
	kind    expressionKind
	literal []byte
	path    path
	args    []expression
}

func parseUpdate(src string, subs *substitutions) (*update, error) {
	p := newParser("UpdateExpression", src, subs)
	u := &update{}
	sections := map[string]bool{}
	for p.err == nil {
		section := ""
		for _, s := range []string{"SET", "REMOVE", "ADD", "DELETE"} {
			if p.tok.word(s) {
				section = s
			}
		}
		if section == "" {
			p.syntax()
			break
		}
		if sections[section] {
			p.fail("The \"%s\" section can only be used once in an update expression;", section)
			break
		}
		sections[section] = true
		p.next()
		for p.err == nil {
			p.action(u, section)
			if !p.accept(",") {
				break
			}
		}
		if p.tok.kind == tokenEnd {
			break
		}
	}
	p.overlaps(u.paths)
	if p.err == nil && p.ops > maxOperators {
		p.fail("The expression contains too many operators; operator count: %d", p.ops)
	}
	return u, p.err
}

func (p *parser) action(u *update, section string) {
	target := p.path()
	p.ops++
	u.paths = append(u.paths, target)
	switch section {
	case "REMOVE":
		u.removes = append(u.removes, target)
		return
	case "SET":
		p.expect("=")
		u.sets = append(u.sets, assignment{target, p.sum()})
		return
	}
	if p.tok.kind != tokenColon {
		p.syntax()
		return
	}
	v := p.value()
	if p.err != nil {
		return
	}
	a := assignment{target, expression{literal: v}}
	if section == "ADD" {
		if v[0] != tagNumber && !isSet(v[0]) {
			p.badOperand("ADD", v)
		}
		u.adds = append(u.adds, a)
		return
	}
	if !isSet(v[0]) {
		p.badOperand("DELETE", v)
	}
	u.deletes = append(u.deletes, a)
}

func (p *parser) badOperand(op string, v []byte) {
	long := map[string]string{"S": "STRING", "N": "NUMBER", "B": "BINARY", "BOOL": "BOOLEAN", "NULL": "NULL", "M": "MAP", "L": "LIST"}
	p.fail("Incorrect operand type for operator or function; operator: %s, operand type: %s, typeSet: ALLOWED_FOR_%s_OPERAND", op, long[typeName(v[0])], op)
}

// sum reads an operand, or two with + or - between them.
func (p *parser) sum() expression {
	left := p.setOperand()
	kind := exprPlus
	switch {
	case p.tok.is("+"):
	case p.tok.is("-"):
		kind = exprMinus
	default:
		return left
	}
	sign := p.tok.text
	p.ops++
	p.next()
	right := p.setOperand()
	for _, e := range []expression{left, right} {
		if p.err == nil && e.kind == exprLiteral && e.literal[0] != tagNumber {
			p.wrongType(sign, operand{literal: e.literal})
		}
		if p.err == nil && e.kind == exprListAppend {
			p.fail("Incorrect operand type for operator or function; operator or function: %s, operand type: L", sign)
		}
	}
	return expression{kind: kind, args: []expression{left, right}}
}

func (p *parser) setOperand() expression {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.fail("The expression is nested too deeply")
	}
	switch {
	case p.err != nil:
		return expression{}
	case p.tok.kind == tokenColon:
		return expression{literal: p.value()}
	case p.accept("("):
		e := p.sum()
		p.expect(")")
		return e
	case p.tok.kind == tokenName && p.follows('('):
		return p.setFunction()
	}
	return expression{kind: exprPath, path: p.path()}
}

func (p *parser) setFunction() expression {
	name := p.tok.text
	e := expression{kind: exprIfNotExists}
	switch name {
	case "if_not_exists":
	case "list_append":
		e.kind = exprListAppend
	default:
		if _, known := functions[name]; known || name == "size" {
			p.fail("The function is not allowed in an update expression; function: %s", name)
		} else {
			p.fail("Invalid function name; function: %s", name)
		}
		return e
	}
	p.ops++
	p.next()
	p.expect("(")
	for p.err == nil {
		e.args = append(e.args, p.setOperand())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	switch {
	case p.err != nil:
	case len(e.args) != 2:
		p.fail("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(e.args))
	case e.kind == exprIfNotExists && e.args[0].kind != exprPath:
		p.fail("Operator or function requires a document path; operator or function: if_not_exists")
	case e.kind == exprListAppend:
		for _, a := range e.args {
			if p.err == nil && a.kind == exprLiteral && a.literal[0] != tagList {
				p.wrongType(name, operand{literal: a.literal})
			}
		}
	}
	return e
}

func errOperandType() error {
	return invalid("An operand in the update expression has an incorrect data type")
}

// value computes the expression on the item as it was before the update.
func (e expression) value(old item) ([]byte, error) {
	switch e.kind {
	case exprLiteral:
		return e.literal, nil
	case exprPath:
		if v := old.find(e.path); v != nil {
			return v, nil
		}
		return nil, invalid("The provided expression refers to an attribute that does not exist in the item")
	case exprIfNotExists:
		if v := old.find(e.args[0].path); v != nil {
			return v, nil
		}
		return e.args[1].value(old)
	}
	a, err := e.args[0].value(old)
	if err != nil {
		return nil, err
	}
	b, err := e.args[1].value(old)
	if err != nil {
		return nil, err
	}
	if e.kind == exprListAppend {
		if a[0] != tagList || b[0] != tagList {
			return nil, errOperandType()
		}
		return listOf(append(listElements(a), listElements(b)...)), nil
	}
	if a[0] != tagNumber || b[0] != tagNumber {
		return nil, errOperandType()
	}
	n, err := addNumbers(content(a), content(b), e.kind == exprMinus)
	if err != nil {
		return nil, err
	}
	return scalar(tagNumber, n), nil
}

// apply gives the item after the update. base holds at least the key attributes; old is what expressions read.
func (u *update) apply(old, base item) (item, error) {
	attrs := takeApart(base.raw)
	sets := make([]assignment, len(u.sets))
	for i, a := range u.sets {
		v, err := a.expr.value(old)
		if err != nil {
			return item{}, err
		}
		sets[i] = assignment{a.path, expression{literal: v}}
	}
	if len(sets) > 1 {
		// Elements set beyond a list's end are appended in the order of their indices.
		slices.SortStableFunc(sets, func(a, b assignment) int { return lastIndex(a.path) - lastIndex(b.path) })
	}
	for _, a := range u.adds {
		v, err := added(old.find(a.path), a.expr.literal)
		if err != nil {
			return item{}, err
		}
		sets = append(sets, assignment{a.path, expression{literal: v}})
	}
	removes := u.removes
	for _, a := range u.deletes {
		have := old.find(a.path)
		if have == nil {
			continue
		}
		v, err := without(have, a.expr.literal)
		if err != nil {
			return item{}, err
		}
		if v == nil {
			removes = append(removes[:len(removes):len(removes)], a.path)
		} else {
			sets = append(sets, assignment{a.path, expression{literal: v}})
		}
	}
	var err error
	for _, a := range sets {
		if attrs, err = setAttr(attrs, a.path, a.expr.literal); err != nil {
			return item{}, err
		}
	}
	if len(removes) > 1 {
		// From the last index down, so that the other indices still mean what they meant.
		removes = slices.Clone(removes)
		slices.SortStableFunc(removes, func(a, b path) int { return lastIndex(b) - lastIndex(a) })
	}
	for _, p := range removes {
		if attrs, err = removeAttr(attrs, p); err != nil {
			return item{}, err
		}
	}
	it := itemOf(putTogether(attrs))
	if depthOf(it.raw, 0) > maxDepth {
		return item{}, invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
	}
	return it, nil
}

func lastIndex(p path) int { return p[len(p)-1].index }

// added is what ADD makes of an attribute.
func added(have, v []byte) ([]byte, error) {
	switch {
	case have == nil:
		return v, nil
	case have[0] != v[0]:
		return nil, errOperandType()
	case v[0] == tagNumber:
		n, err := addNumbers(content(have), content(v), false)
		if err != nil {
			return nil, err
		}
		return scalar(tagNumber, n), nil
	}
	elements := setElements(have)
	for _, e := range setElements(v) {
		if !slices.ContainsFunc(elements, func(x []byte) bool { return bytes.Equal(x, e) }) {
			elements = append(elements, e)
		}
	}
	return setOf(v[0], elements), nil
}

// without is what DELETE makes of a set; nil if nothing is left.
func without(have, v []byte) ([]byte, error) {
	if have[0] != v[0] {
		return nil, errOperandType()
	}
	gone := setElements(v)
	var left [][]byte
	for _, e := range setElements(have) {
		if !slices.ContainsFunc(gone, func(x []byte) bool { return bytes.Equal(x, e) }) {
			left = append(left, e)
		}
	}
	return setOf(have[0], left), nil
}

// depthOf is how many maps and lists are nested in the deepest attribute, or in a value with its tag.
func depthOf(attrs []byte, depth int) int {
	deepest := depth
	for len(attrs) > 0 {
		var v []byte
		_, v, attrs = nextAttr(attrs)
		deepest = max(deepest, valueDepth(v, depth))
	}
	return deepest
}

func valueDepth(v []byte, depth int) int {
	switch v[0] {
	case tagMap:
		return depthOf(content(v), depth+1)
	case tagList:
		deepest := depth + 1
		for _, e := range listElements(v) {
			deepest = max(deepest, valueDepth(e, depth+1))
		}
		return deepest
	}
	return depth
}
