// Package fault collects what is wrong with a document, field by field, so that its author sees everything at once. It is not for
// failures of the system: those are ordinary errors. The surprising thing: Faults is itself an error, but an empty Faults is not
// nil once it stands in an error variable, so a Validate ends with Err.
package fault

import (
	"fmt"
	"strings"
)

// Fault is one defect of a document. Field is a path such as rule.all[1].days, empty for the document as a whole; Reason
// continues it to a sentence: "must be above zero".
type Fault struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Faults are the defects of one document in the order in which they were found.
type Faults []Fault

// Error joins all of them into one line.
func (f Faults) Error() string {
	texts := make([]string, len(f))
	for i, one := range f {
		texts[i] = strings.TrimSpace(one.Field + " " + one.Reason)
	}
	return strings.Join(texts, "; ")
}

// Add notes a defect.
func (f *Faults) Add(field, reason string) { *f = append(*f, Fault{Field: field, Reason: reason}) }

// Addf notes a defect whose reason is formatted as by fmt.Sprintf.
func (f *Faults) Addf(field, format string, args ...any) { f.Add(field, fmt.Sprintf(format, args...)) }

// Err is the faults as an error, nil when there are none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Under puts the faults of a part below the field that holds it: days under rule is rule.days, [0] under all is all[0]. An empty
// prefix changes nothing.
func (f Faults) Under(prefix string) Faults {
	if prefix == "" {
		return f
	}
	out := make(Faults, len(f))
	for i, one := range f {
		field := prefix
		switch {
		case one.Field == "":
		case one.Field[0] == '[':
			field += one.Field
		default:
			field += "." + one.Field
		}
		out[i] = Fault{Field: field, Reason: one.Reason}
	}
	return out
}
