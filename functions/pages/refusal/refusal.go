// Package refusal is where operators look for why a shop's numbers stand still: the sources, and what was refused of each and warned of. It changes nothing. The surprising thing: it shows no secret and, but to an owner,
// no key, since a key is all that it takes to speak as a source.
package refusal

import (
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
)

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{
		view.Show("refusals", access.Viewer, "refusal.title", view.GroupRun, list),
		view.Show("refusals/show", access.Viewer, "refusal.one", "", show),
	}
}
