package rule

import (
	"slices"
	"strings"
)

// Value is one that a field is known to have, and what an operator calls it.
type Value struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// Field describes one thing that a rule can ask of a profile, for documentation. A name with a part in angle brackets stands for
// many fields.
type Field struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Unit is of numbers alone.
	Unit    Unit     `json:"unit,omitempty"`
	Label   string   `json:"label"`
	Meaning string   `json:"meaning"`
	Ops     []string `json:"ops"`
	// Live fields are known while events are folded; the others change with a run.
	Live bool `json:"live"`
	// Profiling fields are concluded of what somebody did. They may not be asked of who refuses profiling.
	Profiling bool `json:"profiling,omitempty"`
	// Values are those that the field can have, where they are known.
	Values []Value `json:"values,omitempty"`
}

// Fields lists the fields that a rule is offered, in the order in which they are documented, in the words of a language.
func Fields(l Language) []Field {
	out := make([]Field, 0, len(registry))
	for i := range registry {
		if !registry[i].unlisted {
			out = append(out, registry[i].described(l))
		}
	}
	return out
}

// Find is the field that a rule names, in the words of a language, and the part that its angle brackets stand for.
func Find(name string, l Language) (found Field, key string, ok bool) {
	f, key, ok := lookUp(name)
	if !ok {
		return Field{}, "", false
	}
	return f.described(l), key, true
}

func (f *field) described(l Language) Field {
	out := Field{Name: f.name, Kind: f.kind, Unit: f.counts(), Label: f.label(l), Meaning: f.say(l), Live: !f.scored, Profiling: f.profiles()}
	for _, o := range operations(f.kind) {
		out.Ops = append(out.Ops, string(o))
	}
	if f.values != nil {
		for _, value := range f.values() {
			out.Values = append(out.Values, Value{value, f.valueLabel(value, l)})
		}
	}
	return out
}

// registry holds every field, the oldest first.
var registry = slices.Concat(baseFields, personFields, orderFields, activityFields)

// lookUp finds the field that a rule names, and the part that its angle brackets stand for.
func lookUp(name string) (f *field, key string, ok bool) {
	for i := range registry {
		f := &registry[i]
		before, rest, pattern := strings.Cut(f.name, "<")
		if !pattern {
			if f.name == name {
				return f, "", true
			}
			continue
		}
		_, after, _ := strings.Cut(rest, ">")
		if len(name) > len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after) {
			return f, name[len(before) : len(name)-len(after)], true
		}
	}
	return nil, "", false
}
