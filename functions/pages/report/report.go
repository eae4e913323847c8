// Package report is what operators ask of what people did: traffic, trade, funnels and retention, each with a form, a drawing, tables, CSV and the people behind a number. It counts nothing: the API does, at first from
// some of the people and then from all of them. The surprising thing: a form is sent by its address, so that a link to a page is a link to its question, and opening it asks the same question again.
package report

import (
	"github.com/userops/userops/functions/pages/view"
)

// The calls that the pages are made of.
const (
	asks   = "POST /v1/reports/ask"
	reads  = "GET /v1/reports/{id}"
	behind = "GET /v1/reports/{id}/people"
)

// Rows are the pages of the package.
func Rows() (rows []view.Row) {
	for _, s := range screens {
		rows = append(rows, view.Show(s.path, view.Least(asks), s.title, view.GroupReport, s.show))
	}
	return append(rows,
		view.Show("reports/people", view.Least(behind), "report.people", "", showPeople),
		view.Show("reports/csv", view.Least(reads), "report.csv", "", download),
	)
}

var screens = []screen{
	{path: "reports/traffic", title: "report.traffic", about: "report.traffic.about", inputs: trafficInputs, definition: traffic, tables: trafficTables, draw: drawTraffic},
	{path: "reports/trade", title: "report.trade", about: "report.trade.about", inputs: tradeInputs, definition: trade, tables: tradeTables, draw: drawTrade},
	{path: "reports/funnel", title: "report.funnel", about: "report.funnel.about", inputs: funnelInputs, definition: funnel, tables: funnelTables, draw: drawFunnel, shares: true},
	{path: "reports/retention", title: "report.retention", about: "report.retention.about", inputs: retentionInputs, definition: retention, tables: retentionTables, draw: drawRetention, shares: true},
}
