package campaign

import (
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
)

const title = "word.definition.campaigns"

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{
		view.Show("campaigns", view.Least("GET /v1/campaigns"), title, view.GroupOutreach, list),
		view.Show("campaigns/show", view.Least("GET /v1/campaigns/{id}/results"), title, "", show),
		view.Do("campaigns/show", view.Least("POST /v1/campaigns/{id}/preview"), title, estimate),
		view.Do("campaigns/stop", view.Least("POST /v1/stop"), title, stop),
		view.Do("campaigns/resume", view.Least("POST /v1/resume"), title, resume),
		view.Do("campaigns/state", access.Stop.Least(), title, move),
	}
}
