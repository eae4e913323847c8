package link

import (
	"slices"

	"github.com/userops/userops/shared/domain/people/profile"
)

// value is the first identifier of a kind, empty when there is none.
func value(p *profile.Profile, kind profile.IdentifierKind) string {
	i := slices.IndexFunc(p.Identifiers, func(i profile.Identifier) bool { return i.Kind.Base() == kind })
	if i < 0 {
		return ""
	}
	return p.Identifiers[i].Value
}
