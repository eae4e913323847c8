package access

import "slices"

// Row says of one route who may call it.
type Row struct {
	Route   string // as in the template: "PUT /v1/segments/{id}"
	Meaning string
	// Open says what stands in the place of a key, if no key is asked for: a signature, a signed link, the key in the path.
	Open string
	// Write, Person and Server say whether a write key, a person's userId with its userHash, and the server key open the route.
	Write, Person, Server bool
	// Least is the least role of the operators who may call it, empty if none may.
	Least Role
}

// Act is what a call amounts to, where the route alone does not tell: the change of a document, or being shown a person as they are.
type Act string

// The acts. In force is what a running campaign goes by.
const (
	Draft         Act = "draft"
	Stop          Act = "stop"
	Start         Act = "start"
	End           Act = "end"
	ChangeInForce Act = "changeInForce"
	Money         Act = "money"
	Source        Act = "source"
	Settings      Act = "settings"
	Question      Act = "question"
	Reveal        Act = "reveal"
	Download      Act = "download"
	Resume        Act = "resume"
)

// ActRow says which role an act takes.
type ActRow struct {
	Act     Act
	Meaning string
	Least   Role
}

var acts = []ActRow{
	{Draft, "to save or delete what nothing that runs goes by: segments, templates, campaigns and programs that are drafts; campaigns that are paused or over", Editor},
	{Stop, "to pause a campaign or a program; to turn on the kill switch or stop a channel in `messaging`, and nothing else; `POST /v1/stop`", Editor},
	{Question, "to estimate the audience of a rule that is not saved", Editor},
	{Reveal, "to be shown a person without masks, which takes a reason", Editor},
	{Download, "to download who is in a list, as a file of people or of their hashed addresses, which takes a reason", Approver},
	{Start, "to start, schedule or resume a campaign, or to change one that runs", Approver},
	{Resume, "to let go on what `POST /v1/stop` has stopped, also transactional notifications alone", Approver},
	{End, "to end a campaign, or to delete one that runs or is paused", Approver},
	{ChangeInForce, "to change or delete a segment's rule or a template that a running campaign goes by", Approver},
	{Money, "to start, change, end or delete a program, drafts apart", Approver},
	{Source, "to save or delete a source, whose keys it holds", Owner},
	{Settings, "to change a setting", Owner},
}

// Acts lists the acts.
func Acts() []ActRow { return slices.Clone(acts) }

// Least is the role that the act takes.
func (a Act) Least() Role {
	i := slices.IndexFunc(acts, func(r ActRow) bool { return r.Act == a })
	if i < 0 {
		return Owner // an act without a row is nobody's else
	}
	return acts[i].Least
}

// What stands in the place of a key.
const (
	signature = "signature"
	link      = "signed link"
	keyInPath = "write key in the path"
	nothing   = "nothing is told or done"
	signedIn  = "the cookie of who has signed in there, else the way to the door"
)

var rows = func() []Row {
	var all []Row
	for _, call := range []string{"track", "identify", "page", "screen", "group", "alias", "batch", "import", "t", "i", "p", "s", "g", "a", "b"} {
		all = append(all, Row{Route: "POST /v1/" + call, Meaning: "send events", Write: true, Server: true})
	}
	all = append(all,
		Row{Route: "POST /beacon/v1/batch", Meaning: "send events as a browser's last word", Write: true},
		Row{Route: "GET /sourceConfig", Meaning: "what RudderStack's clients ask at their start", Write: true},
		Row{Route: "GET /sourceConfig/{rest+}", Meaning: "the same with a slash at the end", Write: true},
		Row{Route: "HEAD /sourceConfig", Meaning: "whether something in the browser keeps RudderStack's from asking", Write: true},
		Row{Route: "HEAD /sourceConfig/{rest+}", Meaning: "the same with a slash at the end", Write: true},
		Row{Route: "POST /v1/m", Meaning: "the browser clients' own metrics", Open: nothing},
		Row{Route: "GET /v1/projects/{writeKey}/settings", Meaning: "what browser clients ask at their start", Open: keyInPath},
		Row{Route: "POST /v1/hooks/shopify/{source}", Meaning: "a shop system's notice", Open: signature},
		Row{Route: "POST /v1/hooks/woocommerce/{source}", Meaning: "a shop system's notice", Open: signature},
		Row{Route: "GET /v1/unsubscribe/{token}", Meaning: "the page behind a mail's link", Open: link},
		Row{Route: "POST /v1/unsubscribe/{token}", Meaning: "unsubscribe", Open: link},
		Row{Route: "GET /v1/confirm/{token}", Meaning: "the page behind a confirmation's link", Open: link},
		Row{Route: "POST /v1/confirm/{token}", Meaning: "confirm an address", Open: link},
		Row{Route: "GET /console", Meaning: "the console in a browser", Open: signedIn},
		Row{Route: "GET /console/{rest+}", Meaning: "a page of it", Open: signedIn},
		Row{Route: "POST /console/{rest+}", Meaning: "a form of one of its pages", Open: signedIn},
		Row{Route: "GET /v1/people", Meaning: "find a person", Least: Viewer},
		Row{Route: "GET /v1/profiles/{id}", Meaning: "a profile", Server: true, Least: Viewer},
		Row{Route: "GET /v1/profiles/{id}/events", Meaning: "a person's timeline", Server: true, Least: Viewer},
		Row{Route: "GET /v1/profiles/{id}/decisions", Meaning: "what was sent to a person, and why not", Server: true, Least: Viewer},
		Row{Route: "GET /v1/profiles/{id}/ledger", Meaning: "a person's points and vouchers", Server: true, Least: Viewer},
		Row{Route: "GET /v1/profiles/{id}/orders", Meaning: "a person's orders", Server: true, Least: Viewer},
		Row{Route: "GET /v1/profiles/{id}/referrals", Meaning: "who invited a person, and whom they invited", Server: true, Least: Viewer},
		Row{Route: "GET /v1/profiles/{id}/export", Meaning: "everything that is held of a person", Server: true, Least: Approver},
		Row{Route: "DELETE /v1/profiles/{id}", Meaning: "erase a person", Server: true, Least: Owner},
		Row{Route: "GET /v1/profiles/{id}/devices", Meaning: "a person's devices", Server: true, Least: Viewer},
		Row{Route: "DELETE /v1/profiles/{id}/devices", Meaning: "take a device off a person", Server: true, Least: Approver},
		Row{Route: "PUT /v1/tags", Meaning: "tag the people of an upload", Server: true, Least: Editor},
		Row{Route: "PUT /v1/lists/{id}", Meaning: "put the people of an upload on a list, or take them off", Server: true, Least: Editor},
		Row{Route: "PUT /v1/profiles/{id}/tags", Meaning: "tag a person", Server: true, Least: Editor},
		Row{Route: "GET /v1/consents/{userId}", Meaning: "what a person has agreed to and refused", Person: true, Server: true},
		Row{Route: "POST /v1/referrals/codes", Meaning: "a person's code", Person: true, Server: true},
		Row{Route: "POST /v1/referrals/claims", Meaning: "claim to have come by a code", Person: true, Server: true},
		Row{Route: "GET /v1/referrals/{userId}", Meaning: "a person's referrals", Person: true, Server: true},
		Row{Route: "GET /v1/programs/{id}/leaderboard", Meaning: "the best advocates", Person: true, Server: true, Least: Viewer},
	)
	for _, kind := range []struct {
		plural       string
		read, change Role
	}{
		{"segments", Viewer, Editor}, {"campaigns", Viewer, Editor}, {"templates", Viewer, Editor}, {"programs", Viewer, Editor},
		{"settings", Viewer, Editor}, {"sources", Owner, Owner}, // a source holds its write keys
	} {
		at := "/v1/" + kind.plural
		all = append(all,
			Row{Route: "GET " + at, Meaning: "list " + kind.plural, Least: kind.read},
			Row{Route: "GET " + at + "/{id}", Meaning: "read one of them", Least: kind.read},
			Row{Route: "PUT " + at + "/{id}", Meaning: "save one, as the act allows", Least: kind.change},
			Row{Route: "DELETE " + at + "/{id}", Meaning: "delete one, as the act allows", Least: kind.change},
			Row{Route: "GET " + at + "/{id}/versions", Meaning: "who saved which version, and when", Least: kind.read},
			Row{Route: "GET " + at + "/{id}/versions/{n}", Meaning: "one as it was", Least: kind.read},
		)
	}
	return append(all,
		Row{Route: "POST /v1/segments/{id}/preview", Meaning: "estimate a segment's audience", Least: Viewer},
		Row{Route: "POST /v1/segments/{id}/members", Meaning: "make a list of a segment's members", Least: Editor},
		Row{Route: "GET /v1/segments/{id}/members", Meaning: "the lists that were made of them", Least: Viewer},
		Row{Route: "GET /v1/segments/{id}/portrait", Meaning: "what the members of a segment bring and are like", Least: Viewer},
		Row{Route: "GET /v1/segments/{id}/history", Meaning: "how many were in a segment, run by run", Least: Viewer},
		Row{Route: "GET /v1/segments/{id}/overlap/{other}", Meaning: "how many are in two segments", Least: Viewer},
		Row{Route: "GET /v1/lists/{listId}", Meaning: "how far a list is", Least: Viewer},
		Row{Route: "GET /v1/lists/{listId}/members", Meaning: "who is in a list, masked; as a file, as the act allows", Least: Viewer},
		Row{Route: "POST /v1/campaigns/{id}/preview", Meaning: "estimate a campaign's audience", Least: Viewer},
		Row{Route: "POST /v1/programs/{id}/preview", Meaning: "what friends bring by a program", Least: Viewer},
		Row{Route: "POST /v1/templates/{id}/test", Meaning: "send a template to an address of the shop's own", Least: Editor},
		Row{Route: "GET /v1/templates/{id}/tests", Meaning: "what became of such tests", Least: Viewer},
		Row{Route: "POST /v1/runs", Meaning: "start a run", Least: Editor},
		Row{Route: "GET /v1/runs", Meaning: "list runs", Least: Viewer},
		Row{Route: "GET /v1/runs/{id}", Meaning: "a run", Least: Viewer},
		Row{Route: "GET /v1/runs/{id}/classes", Meaning: "what the classes of a run bring", Least: Viewer},
		Row{Route: "GET /v1/runs/{id}/moves", Meaning: "who went from a class to another", Least: Viewer},
		Row{Route: "GET /v1/runs/{id}/cohorts", Meaning: "when people came, and came back", Least: Viewer},
		Row{Route: "GET /v1/runs/{id}/quality", Meaning: "what profiles lack", Least: Viewer},
		Row{Route: "POST /v1/stop", Meaning: "stop what is sent", Least: Editor},
		Row{Route: "POST /v1/resume", Meaning: "let go on what was stopped", Least: Approver},
		Row{Route: "GET /v1/stops", Meaning: "what is stopped, since when, by whom", Least: Viewer},
		Row{Route: "GET /v1/stops/{id}", Meaning: "a stop, and how many it has skipped", Least: Viewer},
		Row{Route: "GET /v1/stops/{id}/skipped", Meaning: "whom a stop has skipped", Least: Viewer},
		Row{Route: "POST /v1/stops/{id}/reenter", Meaning: "enter again whom a stop has skipped", Least: Approver},
		Row{Route: "GET /v1/fields", Meaning: "what rules can ask", Least: Viewer},
		Row{Route: "GET /v1/library/templates", Meaning: "ready texts to begin templates with", Least: Viewer},
		Row{Route: "GET /v1/queues", Meaning: "how full the queues are", Least: Viewer},
		Row{Route: "GET /v1/queues/{queue}/letters", Meaning: "the dead letters of a queue, and what each is about", Least: Viewer},
		Row{Route: "POST /v1/queues/{queue}/redrive", Meaning: "send dead letters again", Least: Approver},
		Row{Route: "GET /v1/refusals", Meaning: "how much was refused of each source lately", Least: Viewer},
		Row{Route: "GET /v1/live", Meaning: "today's figures while they come in", Least: Viewer},
		Row{Route: "GET /v1/sources/{id}/refusals", Meaning: "what was refused of a source and warned of, and why", Least: Viewer},
		Row{Route: "GET /v1/campaigns/{id}/results", Meaning: "how far a campaign is, and what became of its notifications", Least: Viewer},
		Row{Route: "POST /v1/reports/ask", Meaning: "ask what people did", Least: Viewer},
		Row{Route: "GET /v1/reports/{id}", Meaning: "how far an answer is, and the answer", Least: Viewer},
		Row{Route: "GET /v1/reports/{id}/people", Meaning: "who is behind a number of it", Least: Viewer},
		Row{Route: "GET /v1/audit", Meaning: "the audit log", Least: Approver},
		Row{Route: "GET /v1/operators", Meaning: "who works here, in which role", Least: Approver},
	)
}()

// Rows lists the table, in the order of the documentation.
func Rows() []Row { return slices.Clone(rows) }

// Of finds the row of a route.
func Of(route string) (Row, bool) {
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Route == route })
	if i < 0 {
		return Row{}, false
	}
	return rows[i], true
}
