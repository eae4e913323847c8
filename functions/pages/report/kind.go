package report

import (
	"strconv"
	"strings"
)

func trafficInputs(t *typed) []input { return append(t.days(28), t.by("day"), t.split()) }

func traffic(t *typed) map[string]any { return t.base("sessions") }

func tradeInputs(t *typed) []input { return append(t.days(28), t.by("day"), t.split()) }

func trade(t *typed) map[string]any { return t.base("trade") }

const (
	// fewSteps are shown of a funnel at least, and one more than there are, up to mostSteps.
	fewSteps  = 3
	mostSteps = 20
)

// usualSteps are those of a shop.
var usualSteps = []string{"Product Viewed", "Product Added", "Order Completed"}

// step is one that was typed.
type step struct {
	Event string
	only
}

// stepsTyped are the steps that were typed; those without an event are left out, with their conditions.
func (t *typed) stepsTyped() (all []step) {
	at := func(name string, i int) string {
		if values := t.Values[name]; i < len(values) {
			return strings.TrimSpace(values[i])
		}
		return ""
	}
	for i, event := range t.Values["step"] {
		if event = strings.TrimSpace(event); event != "" {
			all = append(all, step{event, only{Field: at("stepField", i), Op: at("stepOp", i), Value: at("stepValue", i)}})
		}
	}
	return all
}

// steps are those that were typed, or the usual ones.
func (t *typed) steps() (all []step) {
	if t.sent() {
		return t.stepsTyped()
	}
	for _, name := range usualSteps {
		all = append(all, step{Event: name})
	}
	return all
}

func funnelInputs(t *typed) []input {
	all := t.days(28)
	steps := t.steps()
	for n := range min(max(len(steps)+1, fewSteps), mostSteps) {
		i := input{Name: "step", Label: "report.step", Kind: "text", Offers: true, N: n + 1}
		i.Only = &only{N: n + 1}
		if n < len(steps) {
			i.Value, *i.Only = steps[n].Event, steps[n].only
			i.Only.N = n + 1
		}
		all = append(all, i)
	}
	windows := []option{{"30m", "report.window.30m"}, {"1h", "report.window.1h"}, {"1d", "report.window.1d"}, {"3d", "report.window.3d"}, {"7d", "report.window.7d"}, {"14d", "report.window.14d"}, {"30d", "report.window.30d"}, {"90d", "report.window.90d"}}
	return append(all, input{Name: "window", Label: "report.window", Help: "report.window.help", Kind: "pick", Value: t.or("window", "7d"), Options: windows}, input{Name: "every", Label: "report.every", Kind: "tick", Value: t.or("every", "")}, t.split())
}

func funnel(t *typed) map[string]any {
	d := t.base("funnel")
	steps := []map[string]any{}
	for _, one := range t.steps() {
		step := t.event(one.Event)
		if one.Named() {
			step["where"] = []any{one.condition()}
		}
		steps = append(steps, step)
	}
	d["steps"] = steps
	if window := t.Get("window"); window != "" {
		d["window"] = window
	}
	if t.Get("every") != "" {
		d["every"] = true
	}
	return d
}

func retentionInputs(t *typed) []input {
	all := append(t.days(56), t.by("week"))
	return append(all,
		input{Name: "first", Label: "report.first", Help: "report.first.help", Kind: "text", Offers: true, Value: t.or("first", "Order Completed")},
		input{Name: "return", Label: "report.return", Kind: "text", Offers: true, Value: t.or("return", "Order Completed")},
		input{Name: "periods", Label: "report.periods", Kind: "number", Value: t.or("periods", "8")},
		input{Name: "recurring", Label: "report.recurring", Kind: "tick", Value: t.or("recurring", "")},
		input{Name: "onOrAfter", Label: "report.onorafter", Kind: "tick", Value: t.or("onOrAfter", "")},
	)
}

func retention(t *typed) map[string]any {
	d := t.base("retention")
	d["first"], d["return"] = t.event(t.Get("first")), t.event(t.Get("return"))
	if n, err := strconv.Atoi(strings.TrimSpace(t.Get("periods"))); err == nil {
		d["periods"] = n
	} else {
		d["periods"] = 0 // which the API refuses, and says what it takes
	}
	for _, name := range []string{"recurring", "onOrAfter"} {
		if t.Get(name) != "" {
			d[name] = true
		}
	}
	return d
}
