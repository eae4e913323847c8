package segment

import (
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
)

const title = "word.definition.segments"

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{
		view.Show("segments", view.Least("GET /v1/segments"), title, view.GroupPeople, list),
		view.Show("segments/show", view.Least("GET /v1/segments/{id}"), title, "", show),
		view.Do("segments/show", view.Least("POST /v1/segments/{id}/preview"), title, estimate),
		view.Show("segments/portrait", view.Least("GET /v1/segments/{id}/portrait"), "segment.portrait", "", showPortrait),
		view.Show("segments/members", view.Least("GET /v1/lists/{listId}/members"), "segment.members", "", showMembers),
		view.Do("segments/members", view.Least("POST /v1/segments/{id}/members"), "segment.members", makeList),
		view.Show("segments/file", access.Download.Least(), "segment.members", "", download),
	}
}
