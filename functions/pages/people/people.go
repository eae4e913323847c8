// Package people is how an operator finds somebody and sees what is known of them. It changes nothing by itself: what is done to a person is done by the API. The surprising thing: everybody is shown masked
// until the operator says why they need to see more, and that is written down.
package people

import (
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
)

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{
		view.Show("people", access.Viewer, "people.title", view.GroupPeople, search),
		view.Show("upload", access.Editor, "people.upload", view.GroupPeople, showUpload),
		view.Do("upload/send", access.Editor, "people.upload", sendUpload),
		view.Show("person", access.Viewer, "people.person", "", showPerson),
		view.Show("person/events", access.Viewer, "people.events", "", list[happening]("events", "events")),
		view.Show("person/messages", access.Viewer, "people.messages", "", list[decision](decisions, "messages")),
		view.Show("person/book", access.Viewer, "people.book", "", showBook),
		view.Show("person/orders", access.Viewer, "people.orders.all", "", showOrders),
		view.Show("person/referrals", access.Viewer, "people.referrals", "", showInvitations),
		view.Show("person/data", access.Viewer, "people.data", "", showData),
		view.Do("person/tag", access.Editor, "people.person", tag),
		view.Do("person/export", access.Approver, "people.data", export),
		view.Do("person/erase", access.Owner, "people.data", erase),
	}
}
