package fold

import (
	"cmp"
	"encoding/json"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Match is what an event has to be: a track event of a name, any event of the calls page, screen, identify, group and alias, or any at all, written *. It meets all conditions.
type Match struct {
	Event string `json:"event"`
	// As is what an answer calls it; the event, where it says nothing.
	As    string      `json:"as,omitempty"`
	Where []Condition `json:"where,omitempty"`
}

// Condition asks a value of an event. An event that does not have the field meets ne, notIn and "exists": false and nothing else; of several values one has to meet it, for ne and notIn all, and for hasAll each of
// the condition's values has to be among them.
type Condition struct {
	Field string          `json:"field"`
	Op    string          `json:"op"`
	Value json.RawMessage `json:"value"`
}

// Bounds of a definition.
const (
	maxMatches    = 20
	maxConditions = 20
	maxOperands   = 1000
	maxEventName  = 512
)

// ops are what a condition can ask, and the kinds of value that it is asked with; those of severals take a list of them. The texts of before and after are times, or dates, which are the first moment of the
// shop's day; those of matches are regular expressions.
var ops = map[string][]ValueKind{
	"before": {Text}, "after": {Text},
	"eq": {Text, Number, Flag}, "ne": {Text, Number, Flag}, "gt": {Number}, "gte": {Number}, "lt": {Number}, "lte": {Number},
	"in": {Text, Number, Flag}, "notIn": {Text, Number, Flag}, "hasAll": {Text, Number, Flag}, "between": {Number}, "contains": {Text}, "matches": {Text}, "exists": {Flag},
}

// severals take a list of values, between one of two.
var severals = []string{"in", "notIn", "hasAll", "between"}

// Bounds of a pattern, which is asked of each word that occurs.
const (
	maxPattern      = 200
	maxPatternSteps = 500
)

// patternOf reads a regular expression of RE2; nil for what is none, or takes too many steps.
func patternOf(text string) *regexp.Regexp {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil || len(text) > maxPattern {
		return nil
	}
	if program, err := syntax.Compile(parsed.Simplify()); err != nil || len(program.Inst) > maxPatternSteps {
		return nil
	}
	return regexp.MustCompile(text)
}

// calls are the words for events of a call whatever their name.
var calls = map[string]event.Kind{"page": event.Page, "screen": event.Screen, "identify": event.Identify, "group": event.Group, "alias": event.Alias}

func index(at string, i int) string { return at + "[" + strconv.Itoa(i) + "]" }

// check tells what is wrong with a match, below a place of a definition.
func (m Match) check(at string, faults *fault.Faults) {
	if strings.TrimSpace(m.Event) == "" || len(m.Event) > maxEventName {
		faults.Addf(at+".event", "is missing or has more than %d bytes", maxEventName)
	}
	if len(m.As) > maxEventName {
		faults.Addf(at+".as", "has more than %d bytes", maxEventName)
	}
	checkConditions(at+".where", m.Where, faults)
}

// title is what an answer calls a match.
func (m Match) title() string { return cmp.Or(m.As, m.Event) }

func checkConditions(at string, all []Condition, faults *fault.Faults) {
	if len(all) > maxConditions {
		faults.Addf(at, "has more than %d conditions", maxConditions)
		return
	}
	for i, c := range all {
		place := index(at, i)
		if !known(c.Field) {
			faults.Addf(place+".field", "is not name, source, trust or a path such as properties.total or context.page.path")
		}
		kinds, is := ops[c.Op]
		if !is {
			faults.Add(place+".op", "is not eq, ne, gt, gte, lt, lte, between, in, notIn, hasAll, contains, matches, before, after or exists")
			continue
		}
		operands := c.operands()
		if len(operands) == 0 || len(operands) > maxOperands || c.Op == "between" && len(operands) != 2 {
			faults.Addf(place+".value", "is not %s", wanted(c.Op))
			continue
		}
		for _, o := range operands {
			_, isTime := timeOf(o, time.UTC)
			if !slices.Contains(kinds, o.Kind) || (c.Op == "before" || c.Op == "after") && !isTime || c.Op == "matches" && patternOf(o.Text) == nil {
				faults.Addf(place+".value", "is not %s", wanted(c.Op))
				break
			}
		}
	}
}

// wanted says what value an op is asked with.
func wanted(op string) string {
	switch op {
	case "in", "notIn", "hasAll":
		return "a list of 1 to 1000 texts, numbers or truth values"
	case "between":
		return "a list of two numbers, from and to"
	case "matches":
		return "a regular expression of RE2, of up to 200 bytes and 500 steps"
	case "contains":
		return "a text"
	case "before", "after":
		return "a time such as 2026-11-21T08:00:00Z or a date such as 2026-11-21"
	case "exists":
		return "true or false"
	case "eq", "ne":
		return "a text, a number or a truth value"
	}
	return "a number"
}

// operands are the values that a condition compares with.
func (c Condition) operands() (all []Value) {
	raw := []json.RawMessage{c.Value}
	if slices.Contains(severals, c.Op) {
		raw = nil // reading into it would write into the definition
		if json.Unmarshal(c.Value, &raw) != nil {
			return nil
		}
	}
	for _, one := range raw {
		var loose any
		if json.Unmarshal(one, &loose) != nil {
			return nil
		}
		all = append(all, ValueOf([]byte(strings.TrimSpace(string(one)))))
	}
	return all
}

// timeOf reads a text as a time. A date is the first moment of the shop's day.
func timeOf(v Value, zone *time.Location) (time.Time, bool) {
	if v.Kind != Text {
		return time.Time{}, false
	}
	if at, err := time.Parse(time.RFC3339, v.Text); err == nil {
		return at, true
	}
	day, err := profile.ParseDay(v.Text)
	return day.Start(zone), err == nil
}

// condition is one that is asked. verdicts are what became of the words of a block: 0 not asked yet, 1 no, 2 yes.
type condition struct {
	op       string
	column   int // of the question; onName asks the event's name
	operands []Value
	pattern  *regexp.Regexp // of matches
	zone     *time.Location
	verdicts []byte
}

const onName = -1

// one tells whether a value meets the condition, of ne whether it is equal.
func (c *condition) one(v Value) bool {
	to := c.operands[0]
	switch c.op {
	case "eq", "ne":
		return same(v, to)
	case "in", "notIn":
		return slices.ContainsFunc(c.operands, func(o Value) bool { return same(v, o) })
	case "matches":
		return v.Kind == Text && c.pattern.MatchString(v.Text)
	case "contains":
		return v.Kind == Text && strings.Contains(v.Text, to.Text)
	case "exists":
		return true
	case "before", "after":
		at, is := timeOf(v, c.zone)
		than, _ := timeOf(to, c.zone)
		return is && at.Before(than) == (c.op == "before")
	}
	if v.Kind != Number {
		return false
	}
	switch c.op {
	case "between":
		return v.Number >= to.Number && v.Number <= c.operands[1].Number
	case "gt":
		return v.Number > to.Number
	case "gte":
		return v.Number >= to.Number
	case "lt":
		return v.Number < to.Number
	}
	return v.Number <= to.Number
}

func same(a, b Value) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case Number:
		return a.Number == b.Number && (math.Abs(a.Number) < exact || a.Text == b.Text)
	case Flag:
		return a.Flag == b.Flag
	}
	return a.Text == b.Text
}

// any tells whether one of an event's values meets the condition.
func (c *condition) any(v *Values, i int) bool {
	from, to := v.span(i)
	for place := from; place < to; place++ {
		if v.Codes == nil {
			if c.one(Value{Kind: Number, Number: float64(v.Whole[place]) / v.Power}) {
				return true
			}
			continue
		}
		code := v.Codes[place]
		if c.verdicts[code] == 0 {
			c.verdicts[code] = 1
			if w := v.Words[code]; w.Kind != None && c.one(w) {
				c.verdicts[code] = 2
			}
		}
		if c.verdicts[code] == 2 {
			return true
		}
	}
	return false
}

// all tells whether an event has each of the values.
func (c *condition) all(b *Block, i int) bool {
	if c.column == onName {
		return len(c.operands) == 1 && same(Value{Kind: Text, Text: b.Names[b.Events[i]].Name}, c.operands[0])
	}
	v := &b.Columns[c.column]
	from, to := v.span(i)
	return !slices.ContainsFunc(c.operands, func(o Value) bool {
		for place := from; place < to; place++ {
			if same(v.at(place), o) {
				return false
			}
		}
		return true
	})
}

// meets tells whether an event of a block meets the condition.
func (c *condition) meets(b *Block, i int) bool {
	if c.op == "hasAll" {
		return c.all(b, i)
	}
	var any bool
	if c.column == onName {
		name := b.Names[b.Events[i]].Name
		any = name != "" && c.one(Value{Kind: Text, Text: name})
	} else {
		any = c.any(&b.Columns[c.column], i)
	}
	switch c.op {
	case "ne", "notIn":
		return !any
	case "exists":
		return any == c.operands[0].Flag
	}
	return any
}

// matcher is what the matches of a question become: a bit each.
type matcher struct {
	zone    *time.Location
	columns []string
	matches []Match
	wheres  [][]condition
}

// column is the place of a column in the question's list.
func (m *matcher) column(field string) int {
	if field == fieldName {
		return onName
	}
	i := slices.Index(m.columns, field)
	if i < 0 {
		i = len(m.columns)
		m.columns = append(m.columns, field)
	}
	return i
}

func (m *matcher) add(all ...Match) {
	for _, match := range all {
		var where []condition
		for _, c := range match.Where {
			one := condition{op: c.Op, column: m.column(c.Field), operands: c.operands(), zone: m.zone}
			if c.Op == "matches" {
				one.pattern = patternOf(one.operands[0].Text)
			}
			where = append(where, one)
		}
		m.matches, m.wheres = append(m.matches, match), append(m.wheres, where)
	}
}

// is tells whether an event of a name may meet a match.
func (m Match) is(n Name) bool {
	if kind, call := calls[m.Event]; call {
		return n.Kind == kind
	}
	return m.Event == "*" || n.Kind == event.Track && n.Name == m.Event
}

// prepare marks the events of a block.
func (m *matcher) prepare(b *Block) {
	masks := make([]uint32, len(b.Names))
	for i, name := range b.Names {
		for bit, match := range m.matches {
			if match.is(name) {
				masks[i] |= 1 << bit
			}
		}
	}
	b.marks = make([]uint32, len(b.Events))
	for i, code := range b.Events {
		b.marks[i] = masks[code]
	}
	for bit, where := range m.wheres {
		for n := range where {
			c := &where[n]
			if c.column != onName {
				c.verdicts = make([]byte, len(b.Columns[c.column].Words))
			}
			for i, mark := range b.marks {
				if mark&(1<<bit) != 0 && !c.meets(b, i) {
					b.marks[i] &^= 1 << bit
				}
			}
		}
	}
}

// Columns are what must be read beside times and names.
func (m *matcher) Columns() []string { return m.columns }
