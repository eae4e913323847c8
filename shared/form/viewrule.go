package form

import (
	"fmt"
	"html"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition"
)

// ruleView is a place of a rule as its template sees it.
type ruleView struct {
	*Rule
	*page
	depth int
}

// Beyond tells whether a row of what somebody performed asks what runs only answer.
func (r ruleView) Beyond() bool {
	return slices.ContainsFunc(beyond, func(input string) bool { return r.Typed[input] != "" })
}

// groupOf are the groups in which fields are offered, by the first part of their names; what is not here is behaviour.
var groupOf = func() map[string]string {
	all := map[string]string{}
	for group, names := range map[string]string{
		"person":   "userId firstSeen lastSeen traits tags groups locale timezone known gender age birthday city province country postalCode language email ids merged detail",
		"orders":   "orders",
		"cart":     "cart",
		"activity": "activity",
		"active":   "active",
		"events":   "events",
		"touch":    "touch",
		"classes":  "rfm class8 segment11 class15 lifecycle",
		"reach":    "consent consents profiling push address reachable",
		"device":   "device",
		"interest": "category brand viewed search priceSensitivity",
	} {
		for _, name := range strings.Fields(names) {
			all[name] = "group." + group
		}
	}
	return all
}()

// offered are those options, drawn once: every form with a rule has them.
var offered = sync.OnceValue(func() map[rule.Language]template.HTML {
	all := map[rule.Language]template.HTML{}
	for _, l := range rule.Languages() {
		var out strings.Builder
		for _, f := range rule.Fields(l) {
			first, _, _ := strings.Cut(f.Name, ".")
			group := groupOf[first]
			if group == "" {
				group = "group.behaviour"
			}
			fmt.Fprintf(&out, `<option value="%s">%s</option>`, html.EscapeString(f.Label), html.EscapeString(words[group].In(l)))
		}
		all[l] = template.HTML(out.String()) //nolint:gosec // every part is escaped
	}
	return all
})

// Inside are the rows of a group.
func (r ruleView) Inside() []ruleView {
	all := make([]ruleView, len(r.Rules))
	for i, one := range r.Rules {
		all[i] = ruleView{one, r.page, r.depth + 1}
	}
	return all
}

// Outer says that it is the whole rule.
func (r ruleView) Outer() bool { return r.depth == 1 }

// Deeper says whether a group may hold another.
func (r ruleView) Deeper() bool { return r.depth < maxRuleDepth-2 }

// Input is the name of an input of the row.
func (r ruleView) Input(name string) string { return r.Name + "~" + name }

// Is is what an input holds.
func (r ruleView) Is(name string) string { return r.Typed[name] }

// Kept is what travels with the row.
func (r ruleView) Kept() string { return string(r.kept) }

// Faulty are the faults of the row.
func (r ruleView) Faulty() []string {
	var all []string
	if r.Unknown != "" {
		all = append(all, r.unknown())
	}
	for _, f := range r.Faults {
		said := Reason(f.Reason, r.Language)
		at := f.Field[max(strings.LastIndex(f.Field, "."), 0):]
		if w, has := words["rule"+at]; has && f.Field != r.Path {
			said = w.In(r.Language) + colon(r.Language) + said
		}
		all = append(all, said)
	}
	return all
}

// maxMeant bounds how many fields are told that may have been meant.
const maxMeant = 5

// unknown says that nothing is called what was typed, and what has it in its name.
func (r ruleView) unknown() string {
	typed := strings.ToLower(r.Unknown)
	var meant []string
	for _, f := range rule.Fields(r.Language) {
		if len(meant) < maxMeant && (strings.Contains(strings.ToLower(f.Label), typed) || strings.Contains(strings.ToLower(f.Name), typed)) {
			meant = append(meant, f.Label)
		}
	}
	if meant == nil {
		return fmt.Sprintf(r.T("rule.none"), r.Unknown)
	}
	return fmt.Sprintf(r.T("rule.meant"), r.Unknown, strings.Join(meant, r.T("comma")))
}

// Modes are what a group can ask of those in it.
func (r ruleView) Modes() []Option {
	var all []Option
	for _, mode := range []string{ModeAll, ModeAny, ModeNone, ModeNotAll} {
		all = append(all, Option{mode, r.T("rule.mode." + mode)})
	}
	return all
}

// asked is the field of a condition.
func (r ruleView) asked() (rule.Field, bool) {
	f, _, ok := rule.Find(r.Typed[inField], r.Language)
	return f, ok
}

// FieldLabel is what the field is called; what is none stands as it was typed.
func (r ruleView) FieldLabel() string {
	if f, ok := r.asked(); ok {
		return f.Label
	}
	return r.Typed[inField]
}

// Meaning says what the field is.
func (r ruleView) Meaning() string {
	f, ok := r.asked()
	if !ok {
		return ""
	}
	said := inYuan.Replace(f.Meaning) // here an amount is typed as people write it
	if !f.Live {
		said += " " + r.T("rule.run")
	}
	if f.Profiling {
		said += " " + r.T("rule.profiling")
	}
	return said
}

// inYuan takes out of what a field means that a number of it counts minor units.
var inYuan = strings.NewReplacer("in minor units of the shop's currency", "in the shop's currency", ", in whole minor units", "", "的最小单位计", "计", "，取整到最小货币单位", "")

// Keyed says that the field stands for many, of which one is named.
func (r ruleView) Keyed() bool { return strings.Contains(r.Typed[inField], "<") }

// Ops are the comparisons that the field has.
func (r ruleView) Ops() []Option {
	f, _ := r.asked()
	var all []Option
	for _, op := range f.Ops {
		all = append(all, Option{op, r.T("op." + op)})
	}
	if op := r.Typed[inOp]; op != "" && !slices.Contains(f.Ops, op) {
		all = append(all, Option{op, op})
	}
	return all
}

// Value is how what is compared is typed: yes and no, ticks, options, lines, or a line.
func (r ruleView) Value() string {
	f, _ := r.asked()
	op := r.Typed[inOp]
	switch {
	case op == "exists" || f.Kind == rule.Flag:
		return "flag"
	case (op == "in" || op == "notIn" || op == "hasAll") && len(f.Values) > 0:
		return "ticks"
	case (op == "eq" || op == "ne") && len(f.Values) > 0:
		return "options"
	case f.Kind == rule.Any && slices.Contains([]string{"eq", "ne", "in", "notIn", "hasAll", "between", "contains"}, op):
		return "any"
	case ofSeveral(op):
		return "lines"
	}
	return "line"
}

// Values are those that the field is known to have, with how many people have them.
func (r ruleView) Values() []Option {
	f, _ := r.asked()
	var all []Option
	for _, value := range f.Values {
		label := value.Label
		if r.Count != nil {
			if n, counted := r.Count(f.Name, value.Value); counted {
				label += " (" + People(n, r.Language) + ")"
			}
		}
		all = append(all, Option{value.Value, label})
	}
	for _, there := range lines(r.Typed[inValue]) {
		if !slices.ContainsFunc(all, func(o Option) bool { return o.Value == there }) {
			all = append(all, Option{there, there})
		}
	}
	return all
}

// People is a number of people in words.
func People(n int, l rule.Language) string {
	return strconv.Itoa(n) + " " + words["rule.people"].In(l)
}

// Known are the values that are offered for a line.
func (r ruleView) Known() []Option {
	f, is := r.asked()
	if r.Page.Known == nil || !is || r.Value() != "line" {
		return nil
	}
	return r.Page.Known(f.Name)
}

// Ticked says whether a value was picked.
func (r ruleView) Ticked(value string) bool { return slices.Contains(lines(r.Typed[inValue]), value) }

// Unit is what the value counts.
func (r ruleView) Unit() string {
	f, _ := r.asked()
	switch op := r.Typed[inOp]; {
	case byDays(op):
		return rule.UnitLabel(rule.Days, r.Language, "")
	case op == "before" || op == "after" || op == "between" && f.Kind == rule.Time:
		return r.T("rule.date")
	case op == "exists":
		return ""
	case f.Unit == rule.Money && r.Typed[inCurrency] != "":
		return r.Typed[inCurrency]
	case f.Unit == rule.Money:
		return string(r.shop.Currency)
	}
	return rule.UnitLabel(f.Unit, r.Language, "")
}

// Numeric says that a number is typed.
func (r ruleView) Numeric() bool {
	f, _ := r.asked()
	return f.Kind == rule.Number || byDays(r.Typed[inOp])
}

// Kinds are what the value of a trait can be.
func (r ruleView) Kinds() []Option {
	all := []string{asText, asNumber, asFlag}
	if ofSeveral(r.Typed[inOp]) {
		all = []string{asTexts, asNumbers}
	}
	var out []Option
	for _, as := range all {
		out = append(out, Option{as, r.T("as." + as)})
	}
	return out
}

// Segments are those that can be asked, with the one that is there.
func (r ruleView) Segments() []Option {
	all := slices.Concat([]Option{{"", r.T("pick")}}, r.references(definition.Segment))
	if there := r.Typed[inSegment]; !slices.ContainsFunc(all, func(o Option) bool { return o.Value == there }) {
		all = append(all, Option{there, there + "（" + r.T("there.not") + "）"})
	}
	return all
}

// Tall is how many lines the input of a text of JSON, or of lines, has.
func (r ruleView) Tall(input string) int {
	return min(max(3, strings.Count(r.Typed[input], "\n")+2), 24)
}
