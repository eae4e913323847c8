package report

var splitColumn = column{field: "split", label: "report.split", form: split}

var periodColumn = column{field: "period", label: "report.period", form: period}

var trafficTables = []table{
	{name: "rows", title: "report.table.visits", of: []string{"period", "all", "split"}, columns: []column{
		periodColumn, splitColumn, {field: "people", label: "report.people.number", figure: "people"}, {field: "sessions", label: "report.sessions", figure: "sessions"}, {field: "views", label: "report.views", figure: "views"},
		{field: "events", label: "report.events", figure: "events"}, {field: "bounceRate", label: "report.bouncerate", form: percent}, {field: "viewsASession", label: "report.viewsasession", form: decimal},
		{field: "secondsASession", label: "report.secondsasession", form: seconds},
	}},
	{name: "pages", title: "report.table.pages", of: []string{"page", "screen"}, columns: []column{
		{field: "page", label: "report.page", form: words}, {field: "screen", label: "report.screen", form: words}, {field: "views", label: "report.views", figure: "pageViews"}, {field: "entries", label: "report.entries", figure: "pageEntries"},
		{field: "exits", label: "report.exits", figure: "pageExits"}, {field: "bounces", label: "report.bounces", figure: "pageBounces"}, {field: "secondsAView", label: "report.secondsaview", form: seconds},
	}},
}

var tradeTables = []table{
	{name: "rows", title: "report.table.orders", of: []string{"currency", "period", "split"}, columns: []column{
		periodColumn, splitColumn, {field: "currency", label: "report.currency", form: words}, {field: "placed", label: "report.placed", figure: "placed"}, {field: "gmv", label: "report.gmv", form: amount, figure: "gmv"},
		{field: "paid", label: "report.paid", figure: "paid"}, {field: "sum", label: "report.sum", form: amount, figure: "sum"}, {field: "returned", label: "report.returned", form: amount, figure: "returned"},
		{field: "net", label: "report.net", form: amount}, {field: "aov", label: "report.aov", form: amount}, {field: "pieces", label: "report.pieces", figure: "pieces"}, {field: "discount", label: "report.discount", form: amount, figure: "discount"},
		{field: "refunds", label: "report.refunds", figure: "refunds"}, {field: "cancelled", label: "report.cancelled", figure: "cancelled"},
	}},
	{name: "buyers", title: "report.table.buyers", of: []string{"period", "all", "split"}, columns: buyerColumns()},
	{name: "cycle", title: "report.table.cycle", columns: []column{{field: "lowerDays", label: "report.lower"}, {field: "medianDays", label: "report.median"}, {field: "upperDays", label: "report.upper"}}},
}

func buyerColumns() []column {
	all := []column{
		periodColumn, splitColumn, {field: "people", label: "report.buyers", figure: "people"}, {field: "again", label: "report.again.buyers", figure: "again"}, {field: "repurchaseRate", label: "report.repurchase", form: percent},
		{field: "first", label: "report.newbuyers", figure: "first"},
	}
	for _, c := range []column{{field: "secondShare30", label: "report.second30"}, {field: "secondShare60", label: "report.second60"}, {field: "secondShare90", label: "report.second90"}, {field: "secondShare180", label: "report.second180"}} {
		c.form = percent
		all = append(all, c)
	}
	return all
}

var funnelTables = []table{
	{name: "rows", title: "report.table.steps", of: []string{"step", "split"}, columns: []column{
		splitColumn, {field: "step", label: "report.nth"}, {field: "event", label: "report.step", form: event}, {field: "reached", label: "report.reached", figure: "reached"}, {field: "share", label: "report.share", form: percent},
		{field: "ofPrevious", label: "report.ofprevious", form: percent}, {field: "dropped", label: "report.dropped", figure: "dropped"}, {field: "medianSeconds", label: "report.took", form: seconds},
	}},
}

var retentionTables = []table{
	{name: "rows", title: "report.table.cohorts", of: []string{"period", "after"}, columns: []column{
		{field: "period", label: "report.cohort", form: words}, {field: "after", label: "report.after"}, {field: "size", label: "report.size"}, {field: "back", label: "report.back", figure: "back"},
		{field: "share", label: "report.backshare", form: percent}, {field: "state", label: "report.state", form: state},
	}},
	{name: "mean", title: "report.table.mean", columns: []column{
		{field: "after", label: "report.after"}, {field: "size", label: "report.size"}, {field: "back", label: "report.back"}, {field: "share", label: "report.backshare", form: percent},
	}},
}
