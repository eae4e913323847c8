package campaign

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/domain/fault"
)

// Operator compares a property with a Match's value.
type Operator string

// The operators. Gt and its like compare numbers; In takes a list, and is met by a property that is a list if one element is; Contains looks
// for a text in a text or a value in a list; Exists takes no value.
const (
	Eq       Operator = "eq"
	Ne       Operator = "ne"
	Gt       Operator = "gt"
	Gte      Operator = "gte"
	Lt       Operator = "lt"
	Lte      Operator = "lte"
	In       Operator = "in"
	Contains Operator = "contains"
	Exists   Operator = "exists"
)

// Match is one condition on an event's property, a path with dots such as "shipping.city". A property that is absent matches
// only ne.
type Match struct {
	Property string   `json:"property"`
	Op       Operator `json:"op"`
	Value    any      `json:"value,omitempty"`
}

func (m Match) faults() fault.Faults {
	var f fault.Faults
	if m.Property == "" || len(m.Property) > 200 {
		f.Add("property", "must be a path of at most 200 characters")
	}
	_, number := m.Value.(float64)
	list, isList := m.Value.([]any)
	_, isObject := m.Value.(map[string]any)
	switch m.Op {
	case Eq, Ne, Contains:
		if isList || isObject || m.Value == nil {
			f.Add("value", "must be a text, a number, true or false")
		}
	case Gt, Gte, Lt, Lte:
		if !number {
			f.Add("value", "must be a number")
		}
	case In:
		if !isList || len(list) == 0 || len(list) > 100 {
			f.Add("value", "must be a list of 1 to 100 values")
		}
	case Exists:
		if m.Value != nil {
			f.Add("value", "must be absent")
		}
	default:
		f.Add("op", "must be one of eq, ne, gt, gte, lt, lte, in, contains, exists")
	}
	return f
}

func matchAll(all []Match, properties json.RawMessage) bool {
	if len(all) == 0 {
		return true
	}
	var object map[string]any
	if len(bytes.TrimSpace(properties)) > 0 && json.Unmarshal(properties, &object) != nil {
		return false
	}
	for _, m := range all {
		if !m.holds(object) {
			return false
		}
	}
	return true
}

func (m Match) holds(object map[string]any) bool {
	got, ok := lookUp(object, m.Property)
	switch m.Op {
	case Exists:
		return ok
	case Ne:
		return !ok || !equal(got, m.Value)
	}
	if !ok {
		return false
	}
	switch m.Op {
	case Eq:
		return equal(got, m.Value)
	case In:
		list, _ := m.Value.([]any)
		if elements, ok := got.([]any); ok {
			return slices.ContainsFunc(elements, func(one any) bool { return contains(list, one) })
		}
		return contains(list, got)
	case Contains:
		if list, ok := got.([]any); ok {
			return contains(list, m.Value)
		}
		text, ok := got.(string)
		return ok && strings.Contains(text, written(m.Value))
	}
	a, isNumber := got.(float64)
	b, _ := m.Value.(float64)
	if !isNumber {
		return false
	}
	switch m.Op {
	case Gt:
		return a > b
	case Gte:
		return a >= b
	case Lt:
		return a < b
	case Lte:
		return a <= b
	}
	return false
}

func lookUp(object map[string]any, path string) (any, bool) {
	// A property whose own name has dots comes before the path.
	if v, ok := object[path]; ok {
		return v, v != nil
	}
	first, rest, nested := strings.Cut(path, ".")
	if !nested {
		return nil, false
	}
	inner, ok := object[first].(map[string]any)
	if !ok {
		return nil, false
	}
	return lookUp(inner, rest)
}

// written is a value as it stands in a text: a million has no exponent.
func written(v any) string {
	if n, ok := v.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// equal compares scalars; lists and objects, which Go cannot compare, equal nothing.
func equal(a, b any) bool {
	switch a.(type) {
	case []any, map[string]any:
		return false
	}
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b
}

func contains(list []any, v any) bool {
	for _, one := range list {
		if equal(one, v) {
			return true
		}
	}
	return false
}
