package form

import (
	"fmt"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/fault/reason"
)

// Option is one that a select offers.
type Option struct{ Value, Label string }

// Page is what a form needs to be drawn.
type Page struct {
	Language rule.Language
	// References are the ids of a kind that can be picked, with their names.
	References func(kind string) []Option
	// Count is how many people a field is known to have a value of; false where nobody has counted.
	Count func(field, value string) (int, bool)
	// Known are values that people have of a field that may have any, with how many people that are; nil where nobody has counted.
	Known func(field string) []Option
	// New says that the document has no id yet. That of another stays as it is.
	New bool
	// ReadOnly shows what there is, and no button.
	ReadOnly bool
}

// page is what all places of a form have in common.
type page struct {
	Page
	shop Shop
}

// T is a text of the form's own.
func (p *page) T(key string) string { return words[key].In(p.Language) }

func (p *page) references(kind string) []Option {
	if p.References == nil {
		return nil
	}
	return slices.Clone(p.References(kind))
}

// told are faults as they stand beside the field of a place.
func told(faults []fault.Fault, place string, l rule.Language) []string {
	var all []string
	for _, f := range faults {
		at, said := strings.TrimPrefix(strings.TrimPrefix(f.Field, place), "."), Reason(f.Reason, l)
		switch {
		case at == "":
		case strings.HasPrefix(at, "["):
			var n int
			if _, err := fmt.Sscanf(at, "[%d]", &n); err == nil {
				at = line(n+1, l)
			}
			fallthrough
		default:
			said = at + colon(l) + said
		}
		all = append(all, said)
	}
	return all
}

func line(n int, l rule.Language) string {
	if l == rule.Chinese {
		return fmt.Sprintf("第 %d %s", n, words["line"].Chinese)
	}
	return fmt.Sprintf("%s %d", words["line"].English, n)
}

func colon(l rule.Language) string {
	if l == rule.Chinese {
		return "："
	}
	return ": "
}

// Reason is why something is refused, in the words of a language. What has none in Chinese stands there as it is, and says so.
func Reason(english string, l rule.Language) string {
	if l != rule.Chinese || english == "" {
		return english
	}
	if said, has := reason.Chinese(english); has {
		return said
	}
	return words["untold"].Chinese + english
}
