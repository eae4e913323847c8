package liquid

import "github.com/osteele/liquid/values"

// unmarked is the text of one that is escaped already, and any other value itself.
func unmarked(v any) any {
	switch v := v.(type) {
	case captured:
		return string(v)
	case escaped:
		return string(v)
	case encoded:
		return string(v)
	}
	return v
}

func (w written[by]) value() values.Value { return values.ValueOf(string(w)) }

// The methods of values.Value. Only Interface shows what the text is, so that it is known when it is written out.

// Interface is the text as it is marked.
func (w written[by]) Interface() any { return w }

// Int is the number that the text is.
func (w written[by]) Int() int { return w.value().Int() }

// Equal compares the texts.
func (w written[by]) Equal(v values.Value) bool {
	return values.Equal(string(w), unmarked(v.Interface()))
}

// Less compares the texts.
func (w written[by]) Less(v values.Value) bool {
	return values.Less(string(w), unmarked(v.Interface()))
}

// Contains looks for a part of the text.
func (w written[by]) Contains(v values.Value) bool {
	return w.value().Contains(values.ValueOf(unmarked(v.Interface())))
}

// IndexValue is nothing.
func (w written[by]) IndexValue(v values.Value) values.Value { return w.value().IndexValue(v) }

// PropertyValue is the text's size.
func (w written[by]) PropertyValue(v values.Value) values.Value { return w.value().PropertyValue(v) }

// Test is true, as for every text.
func (w written[by]) Test() bool { return true }

// Texts that are escaped already and stand as they are: what was captured in the same part, what the filter escape made, in HTML,
// and what the filter json made, in a payload. In everything but its escaping such a text is like any other.
type (
	captured = written[byCapture]
	escaped  = written[byEscape]
	encoded  = written[byJSON]
)

type (
	written[by any] string

	byCapture struct{}
	byEscape  struct{}
	byJSON    struct{}
)
