// Package view is what all screens of the console are made of: the rows of the table of pages, a visit of one, templates in both languages, and how figures, money and times are written. It knows no
// screen and decides nothing: what a page shows and changes it asks of the API. The surprising thing: a page has no right that its visitor has not. It calls with the visitor's own pass, and the role
// of a row only spares them a refusal.
package view

import (
	"net/http"

	"github.com/userops/userops/shared/domain/operator/access"
)

// Root is the path of the home page, and before that of every other.
const Root = "/console"

// Row is a page, or what a form of one does.
type Row struct {
	Path   string // below Root: people; empty for the home page
	Method string // http.MethodGet shows, http.MethodPost does
	// Least is the least role that may come here at all.
	Least access.Role
	// Title is the key of its title. Of a POST it is that of the page whose form it is.
	Title string
	// Group is the key of the group of the navigation in which a page stands; empty for one that is reached from others.
	Group string
	// Visit shows it. An error is shown by the frame.
	Visit func(*Visit) error
}

// Address is where a page is.
func (r Row) Address() string {
	if r.Path == "" {
		return Root
	}
	return Root + "/" + r.Path
}

// Show is a page.
func Show(path string, least access.Role, title, group string, visit func(*Visit) error) Row {
	return Row{Path: path, Method: http.MethodGet, Least: least, Title: title, Group: group, Visit: visit}
}

// Do is what a form of a page does.
func Do(path string, least access.Role, title string, visit func(*Visit) error) Row {
	return Row{Path: path, Method: http.MethodPost, Least: least, Title: title, Visit: visit}
}

// The groups of the navigation, in their order.
const (
	GroupToday    = "frame.group.today"
	GroupPeople   = "frame.group.people"
	GroupOutreach = "frame.group.outreach"
	GroupReward   = "frame.group.reward"
	GroupRun      = "frame.group.run"
)

var groups = []string{GroupToday, GroupPeople, GroupOutreach, GroupReward, GroupRun}
