package rule

import (
	"encoding/json"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/spelling"
)

// A pattern is matched against a text of a profile, so what it costs a person is bounded by how long it is and how many steps it comes to.
const (
	maxPattern      = 200
	maxPatternSteps = 500
)

// nothing matches no text.
var nothing = regexp.MustCompile(`[^\s\S]`)

// pattern reads a regular expression of RE2.
func (p *parser) pattern(raw any, path string) *regexp.Regexp {
	text, isText := raw.(string)
	switch {
	case !isText || text == "":
		p.faults.Add(path, "is not a text")
		return nothing
	case len(text) > maxPattern:
		p.faults.Addf(path, "is longer than %d bytes", maxPattern)
		return nothing
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		p.faults.Add(path, "is no regular expression of RE2, as Go has them")
		return nothing
	}
	if program, err := syntax.Compile(parsed.Simplify()); err != nil || len(program.Inst) > maxPatternSteps {
		p.faults.Addf(path, "is a regular expression of more than %d steps", maxPatternSteps)
		return nothing
	}
	return regexp.MustCompile(text)
}

// bounds reads the two values of between, both included.
func (p *parser) bounds(c condition, raw any, path string) []operand {
	list, ok := raw.([]any)
	if !ok || len(list) != 2 {
		p.faults.Add(path, "is not a list of two values, from and to")
		return []operand{{}, {}}
	}
	one := c
	if one.op = opAtLeast; c.field.kind == Time {
		one.op = opAfter
	} else if _, isText := list[0].(string); isText && c.field.kind == Any {
		one.op = opAfter
	}
	low, high := p.operand(one, list[0], path+"[0]"), p.operand(one, list[1], path+"[1]")
	switch {
	case low.kind == Number && high.kind == Number && low.price == nil && high.price == nil && high.num.compare(low.num) < 0,
		low.kind == Time && high.kind == Time && high.instant(time.UTC).Before(low.instant(time.UTC)):
		p.faults.Add(path+"[1]", "is below the first one")
	}
	return []operand{low, high}
}

// operands reads the value of a condition, several for in, notIn and hasAll. It returns at least one.
func (p *parser) operands(c condition, raw any, path string) []operand {
	if !ofSeveral(c.op) {
		return []operand{p.operand(c, raw, path)}
	}
	list, ok := raw.([]any)
	if !ok || len(list) == 0 || len(list) > maxOperands {
		p.faults.Addf(path, "is not a list of 1 to %d values", maxOperands)
		return []operand{{}}
	}
	operands := make([]operand, len(list))
	for i, one := range list {
		operands[i] = p.operand(c, one, fmt.Sprintf("%s[%d]", path, i))
	}
	return operands
}

func (p *parser) operand(c condition, raw any, path string) operand {
	kind := c.field.kind
	switch c.op {
	case opBefore, opAfter:
		text, _ := raw.(string)
		o, ok := parseOperandTime(text)
		if !ok {
			p.faults.Add(path, "is not a time such as 2026-11-21T08:00:00Z or a date such as 2026-11-21")
		}
		return o
	case opContains:
		if kind != Any {
			kind = Text
		}
	case opAbove, opAtLeast, opBelow, opAtMost:
		kind = Number
	}
	if object, is := raw.(map[string]any); is && object[keyMoney] != nil {
		return p.money(c, object, path)
	}
	o, what := parseOperand(raw, kind)
	if number, is := raw.(json.Number); is && c.field.unit == Money {
		p.rule.Bare = append(p.rule.Bare, Bare{Path: path, Number: number.String()})
	}
	switch {
	case what != "" && c.field.unit == Money:
		object, _ := raw.(map[string]any)
		p.faults.Addf(path, "%s: money is written as %s%s", what, asMoney(raw), spelling.Meant(meantKey(object, keyMoney)))
	case what != "":
		p.faults.Add(path, what)
	case len(o.text) > maxText:
		p.faults.Addf(path, "is longer than %d bytes", maxText)
	case o.kind == Text && o.text == "" && c.op == opContains:
		p.faults.Add(path, "is empty")
	case c.field.newestDays && !certain(c.op, o.num):
		p.rule.Unsure.Add(path, forgotten)
	case c.field.values != nil && c.op != opContains && !slices.Contains(c.field.values(), o.text):
		p.faults.Addf(path, "%q is not one of %s", clip.Shown(o.text), strings.Join(c.field.values(), ", "))
	}
	return o
}
