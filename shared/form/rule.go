package form

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
	Group: {inMode, inNew}, Condition: {inField, inKey, inOp, inValue, inAs, inCurrency}, Performed: {inEvent, inLeast, inMost, inDays}, Member: {inForm, inSegment},
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
func emptyRule() *Rule { return &Rule{Kind: Group, Typed: map[string]string{inMode: ModeAll}} }

// showRule is the builder's view of a rule; of nothing an empty group.
func showRule(raw json.RawMessage, s Shop) *Rule {
	if raw == nil {
		return emptyRule()
	}
	rows := 0
	r := ruleAt(raw, s, 1, &rows)
	if rows > maxRuleRows {
		return written(raw)
	}
	return r
}

func written(raw json.RawMessage) *Rule {
	return &Rule{Kind: Written, Typed: map[string]string{inText: indented(raw)}}
}

func ruleAt(raw json.RawMessage, s Shop, depth int, rows *int) *Rule {
	*rows++
	all, _ := members(raw)
	inner, not := raw, false
	if len(all) == 1 && all[0].name == "not" {
		inner, not = all[0].value, true
		if all, _ = members(inner); len(all) == 1 && all[0].name == "not" {
			return written(raw)
		}
	}
	if depth > maxRuleDepth || len(all) == 0 {
		return written(raw)
	}
	if list, is := elements(all[0].value); is && len(all) == 1 && (all[0].name == ModeAll || all[0].name == ModeAny) {
		g := emptyRule()
		g.Typed[inMode] = modes[mode{not, all[0].name}]
		for _, one := range list {
			g.Rules = append(g.Rules, ruleAt(one, s, depth+1, rows))
		}
		if len(list) == 0 {
			g.kept = raw
		}
		return g
	}
	r := row(all, s)
	if r == nil {
		return written(raw)
	}
	r.Not = not
	ticked := r.Typed[inOp] == "in" || strings.Contains(r.Typed[inValue]+r.Typed[inKey], "\n") // ticks come in the sequence of the options, and a line without its break
	if again, reasons := r.write(s); ticked || len(reasons) > 0 || !alike(again, raw) {
		r.kept = raw
	}
	return r
}

// mode is how the mode of a group is written.
type mode struct {
	not  bool
	form string
}

var modes = map[mode]string{{false, ModeAll}: ModeAll, {false, ModeAny}: ModeAny, {true, ModeAny}: ModeNone, {true, ModeAll}: ModeNotAll}

// row is a row that tells what stands there, nil if none can.
func row(all []member, s Shop) *Rule {
	for _, k := range rowKinds {
		if one(all, k.form) == nil {
			continue
		}
		typed, ok := k.show(all, s)
		if !ok {
			return nil
		}
		return &Rule{Kind: k.kind, Typed: typed}
	}
	return nil
}

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

// rule is what was sent of a place of a rule.
func (r *reading) rule(name string, depth int) *Rule {
	r.nodes++
	kind := Kind(r.values.Get(name + endKind))
	if len(inputsOf[kind]) == 0 {
		return emptyRule()
	}
	one := &Rule{Kind: kind, Not: r.values.Get(name+endNot) != "", Typed: map[string]string{}, kept: r.json(name + endKept)}
	for _, input := range inputsOf[kind] {
		if typed := newlines(strings.Join(r.values[name+"~"+input], "\n")); typed != "" {
			one.Typed[input] = typed
		}
	}
	if kind == Condition || kind == Group {
		resolve(one.Typed)
	}
	if kind != Group {
		return one
	}
	for i := range r.count(name) {
		if depth > maxRuleDepth || r.nodes > maxNodes {
			break
		}
		one.Rules = append(one.Rules, r.rule(fmt.Sprintf("%s[%d]", name, i), depth+1))
	}
	return one
}

// rule is what the document has of a rule; nil for the group that is there before somebody says anything.
func (w *writing) rule(r *Rule) json.RawMessage {
	if r.Kind == Group && len(r.Rules) == 0 {
		return r.kept
	}
	return w.ruleAt(r)
}

func (w *writing) ruleAt(r *Rule) json.RawMessage {
	if r.Kind != Group {
		return w.row(r)
	}
	if len(r.Rules) == 0 && r.kept != nil {
		return r.kept
	}
	all := make([]json.RawMessage, 0, len(r.Rules))
	for _, one := range r.Rules {
		all = append(all, w.ruleAt(one))
	}
	for m, called := range modes {
		if called == r.Typed[inMode] {
			return negated(object([]member{{m.form, list(all)}}), m.not)
		}
	}
	w.blame(r, "", "is neither all, any, none nor not all")
	return json.RawMessage("{}")
}

func negated(raw json.RawMessage, not bool) json.RawMessage {
	if not {
		return object([]member{{"not", raw}})
	}
	return raw
}

func (w *writing) row(r *Rule) json.RawMessage {
	if r.unchanged(w.shop) {
		return r.kept
	}
	raw, reasons := r.write(w.shop)
	for _, f := range reasons {
		w.blame(r, f.Field, f.Reason)
	}
	return raw
}

func (w *writing) blame(r *Rule, at, reason string) {
	f := fault.Faults{{Field: at, Reason: reason}}.Under(r.Path)[0]
	w.faults = append(w.faults, f)
	r.Faults = append(r.Faults, f)
}

// unchanged says whether a row was left as it is shown of what it keeps.
func (r *Rule) unchanged(s Shop) bool {
	if r.kept == nil {
		return false
	}
	was := showRule(r.kept, s)
	return was.Kind == r.Kind && was.Not == r.Not && maps.Equal(filled(was.Typed), filled(r.Typed))
}

// filled are the inputs that hold something, with lines in any sequence.
func filled(typed map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range typed {
		if name == inValue && typed[inOp] == "in" {
			all := lines(value)
			slices.Sort(all)
			value = strings.Join(slices.Compact(all), "\x00")
		}
		value = strings.NewReplacer("\r", "", "\n", "").Replace(value)
		if value != "" {
			out[name] = value
		}
	}
	return out
}

// write is what the row says, with why what was typed cannot be, by its place in the row.
func (r *Rule) write(s Shop) (json.RawMessage, fault.Faults) {
	for _, k := range rowKinds {
		if k.kind == r.Kind {
			raw, reasons := k.write(r.Typed, s)
			if r.Not {
				reasons = reasons.Under("not")
			}
			return negated(raw, r.Not), reasons
		}
	}
	return json.RawMessage("{}"), nil
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
