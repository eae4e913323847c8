package form

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/userops/userops/shared/domain/fault"
)

// Kind is what a place of a rule is in the builder.
type Kind string

// The kinds. A group holds others; what no row can tell is text.
const (
	Group     Kind = "group"
	Condition Kind = "field"
	Performed Kind = "performed"
	Member    Kind = "segment"
	Share     Kind = "percent"
	Written   Kind = "json"
)

// Rule is one place of a rule: a group of rows, or a row.
type Rule struct {
	Kind Kind
	// Not turns a row into its opposite. A group says so by its mode.
	Not bool
	// Typed is what its inputs hold, by the name of each.
	Typed      map[string]string
	Rules      []*Rule
	Name, Path string
	Faults     []fault.Fault
	// Unknown is what was typed to ask and is called by nothing that can be asked.
	Unknown string

	kept json.RawMessage // what stands there, where its inputs tell it otherwise
}

// The inputs of the kinds.
const (
	inMode     = "mode" // of a group
	inNew      = "new"  // of a group: the field of a row to be added
	inField    = "field"
	inKey      = "key" // what the part of a field in angle brackets is
	inOp       = "op"
	inValue    = "value"
	inAs       = "as"       // what a value of a trait is
	inCurrency = "currency" // of an amount that names one
	inEvent    = "event"
	inLeast    = "atLeast"
	inMost     = "atMost"
	inDays     = "withinDays"
	inForm     = "form" // whether somebody is in a segment, or is not
	inSegment  = "segment"
	inSeed     = "seed"
	inFrom     = "from"
	inTo       = "to"
	inText     = "json"
)

// inputsOf are the inputs of each kind of row.
var inputsOf = map[Kind][]string{
	Group: {inMode, inNew}, Condition: {inField, inKey, inOp, inValue, inAs, inCurrency}, Performed: append([]string{inEvent, inLeast, inMost, inDays}, beyond...), Member: {inForm, inSegment},
	Share: {inSeed, inFrom, inTo}, Written: {inText},
}

// The modes of a group.
const (
	ModeAll    = "all"
	ModeAny    = "any"
	ModeNone   = "none"   // {"not": {"any": [...]}}
	ModeNotAll = "notAll" // {"not": {"all": [...]}}
)

// Bounds of the builder, a little beyond those of a rule: what is too much is refused, and not cut off.
const (
	maxRuleDepth = 12
	maxRuleRows  = 220
)

// The ends of the names of inputs of a row that are in no table.
const (
	endKind = "~kind"
	endNot  = "~not"
)

// emptyRule is what a rule begins with.
// The inputs of a row of what somebody performed beside the event, how often and within how many days. What they ask is answered by runs.
const (
	inWhere  = "where" // a line each: properties.category eq tea
	inSince  = "since" // the first day, and the last one
	inUntil  = "until"
	inSum    = "sum" // the value that is summed
	inSumAs  = "sumAs"
	inSumMin = "sumAtLeast"
	inSumMax = "sumAtMost"
	inOnly   = "only"
	inThen   = "then" // then or thenNot, of
	inNext   = "next" // this event, within
	inSpan   = "within"
)

// beyond are these inputs: the row shows them where one of them says something.
var beyond = []string{inWhere, inSince, inUntil, inSum, inSumAs, inSumMin, inSumMax, inOnly, inThen, inNext, inSpan}

func emptyRule() *Rule { return &Rule{Kind: Group, Typed: map[string]string{inMode: ModeAll}} }

// mode is how the mode of a group is written.
type mode struct {
	not  bool
	form string
}

var modes = map[mode]string{{false, ModeAll}: ModeAll, {false, ModeAny}: ModeAny, {true, ModeAny}: ModeNone, {true, ModeAll}: ModeNotAll}

// number gives the rule and those in it their names and places.
func (r *Rule) number(name, path string) {
	r.Name, r.Path = name, path
	for i, one := range r.Rules {
		one.number(fmt.Sprintf("%s[%d]", name, i), fmt.Sprintf("%s[%d]", r.inside(), i))
	}
}

// inside is the place of what a group holds.
func (r *Rule) inside() string {
	for m, called := range modes {
		if called == r.Typed[inMode] && m.not {
			return r.Path + ".not." + m.form
		}
	}
	return r.Path + "." + r.Typed[inMode]
}

func (r *Rule) walk(each func(*Rule)) {
	each(r)
	for _, one := range r.Rules {
		one.walk(each)
	}
}

// blame puts a fault beside the row that it is of.
func (r *Rule) blame(f fault.Fault) {
	for _, one := range r.Rules {
		if within(one.Path, f.Field) {
			one.blame(f)
			return
		}
	}
	r.Faults = append(r.Faults, f)
}

// within says whether a place is another, or lies in it.
func within(outer, inner string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
