package reporting

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/event"
)

// named are events of people who are told apart by what a shop has put where addresses may be.
func addresses() (all []happening) {
	for i, text := range []string{"mei@example.com", "13800138000", "+44 7700 900123", "tea-7", "1234567", "http://x/@mei"} {
		at := noon.Add(-48 * time.Hour).Add(time.Duration(i) * time.Minute)
		all = append(all, happening{fmt.Sprint("user-", i), event.Event{Kind: event.Track, Name: "Seen", MessageID: fmt.Sprint(i), Timestamp: at, ReceivedAt: at, Source: "shop", Properties: json.RawMessage(fmt.Sprintf(`{"what":%q}`, text)), Context: json.RawMessage(`{"ip":"203.0.113.9"}`)}})
	}
	return all
}

const (
	asksWhat = `{"kind":"count","from":"2026-11-06","to":"2026-11-09","by":"day","events":[{"event":"Seen"}],"split":"properties.what"}`
	asksIP   = `{"kind":"count","from":"2026-11-06","to":"2026-11-09","by":"day","events":[{"event":"Seen","where":[{"field":"context.ip","op":"eq","value":"203.0.113.9"}]}]}`
)

func splits(t *testing.T, rows []map[string]any) string {
	t.Helper()
	seen := map[string]bool{}
	var all []string
	for _, r := range rows {
		if text := r["split"].(string); !seen[text] && r["period"] == "" {
			seen[text] = true
			all = append(all, text)
		}
	}
	return strings.Join(all, " ")
}

// TestWhoSeesAddresses: values that may be somebody's are masked for who may not be shown people as they are; as JSON, as CSV and of a sample.
func TestWhoSeesAddresses(t *testing.T) {
	b := newBench(t)
	b.archive(2, 1, addresses())
	b.as("viewer")
	id, answer := b.exact(asksWhat)
	if got := splits(t, rowsOf(t, answer, "rows")); strings.Contains(got, "mei@") || strings.Contains(got, "13800138000") || strings.Contains(got, "900123") || !strings.Contains(got, "tea-7") || !strings.Contains(got, "1234567") || strings.Contains(got, "x/@mei") {
		t.Errorf("a viewer sees %s", got)
	}
	if got := splits(t, rowsOf(t, b.ask("sample", asksWhat).Answer, "rows")); strings.Contains(got, "mei@") {
		t.Errorf("a viewer sees of a sample %s", got)
	}
	if out := b.call("GET", "/v1/reports/"+id+"?format=csv", ""); strings.Contains(out.Body.String(), "mei@") || !strings.Contains(out.Body.String(), "m***@example.com") {
		t.Errorf("as CSV %s", out.Body)
	}
	b.as("editor")
	if got := splits(t, rowsOf(t, b.show(id).Answer, "rows")); !strings.Contains(got, "mei@example.com") || !strings.Contains(got, "13800138000") {
		t.Errorf("an editor sees %s", got)
	}
}

// lines are those of reports in the audit log, the newest first.
func (b *bench) lines() string {
	b.Helper()
	list, _, err := b.process.Audit.List(b.Context(), audit.Query{Kind: audit.KindReport}, 50, "")
	b.Must(err)
	var all []string
	for _, l := range list {
		all = append(all, fmt.Sprintf("%s %s %s %v", l.By.Name, l.Action, l.Of, l.Fields))
	}
	return strings.Join(all, "; ")
}

// TestWhoAsksWhat: a question by who people are takes an editor, whoever has asked it first, and has a line in the audit log with what it asks.
func TestWhoAsksWhat(t *testing.T) {
	b := newBench(t)
	b.archive(2, 1, addresses())
	b.as("viewer")
	if out := b.call("POST", "/v1/reports/ask", `{"definition":`+asksIP+`}`); out.Code != 403 || !strings.Contains(out.Body.String(), "context.ip, takes editor") {
		t.Errorf("a viewer is answered %d, %s", out.Code, out.Body)
	}
	// Neither otherwise written, nor by what it is a part of.
	for _, field := range []string{`context.\u0069p`, "traits.plan", "context.traits.email", "context.traits", "context.device", "context.device.id", "context.location", "context.location.city"} {
		for _, mode := range []string{"sample", "exact"} {
			for _, way := range []string{strings.Replace(asksIP, "context.ip", field, 1), strings.Replace(asksWhat, "properties.what", field, 1)} {
				if out := b.call("POST", "/v1/reports/ask", `{"mode":"`+mode+`","definition":`+way+`}`); out.Code != 403 {
					t.Errorf("%s: a viewer is answered %d, %s", way, out.Code, out.Body)
				}
			}
		}
	}
	for _, field := range []string{"context.page.path", "context.devices", "context.campaign.source"} {
		if out := b.call("POST", "/v1/reports/ask", `{"mode":"sample","definition":`+strings.Replace(asksWhat, "properties.what", field, 1)+`}`); out.Code != 200 {
			t.Errorf("%s: a viewer is answered %d, %s", field, out.Code, out.Body)
		}
	}
	if got := b.lines(); got != "" || len(b.jobs.Take()) != 0 {
		t.Errorf("what was refused has %s", got)
	}
	b.ask("exact", asksWhat)
	b.as("editor")
	id := b.ask("exact", asksIP).ID
	if got, want := b.lines(), "ann ask "+id+" [context.ip]"; got != want {
		t.Errorf("the audit log has %q, want %q", got, want)
	}
	for range 2 {
		b.call("POST", "/v1/reports/ask", `{"definition":`+asksIP+`}`, "Idempotency-Key", "k")
	}
	if got := strings.Count(b.lines(), "ask"); got != 2 {
		t.Errorf("%d lines of two questions", got)
	}
	b.work()
	b.as("viewer")
	for _, path := range []string{"", "/people?cell=" + url.QueryEscape(`{"figure":"people"}`), "?format=csv"} {
		if out := b.call("GET", "/v1/reports/"+id+path, ""); out.Code != 403 {
			t.Errorf("%s: a viewer is answered %d, %s", path, out.Code, out.Body)
		}
	}
	if out := b.call("POST", "/v1/reports/ask", `{"definition":`+asksCount+`,"mode":"exact"}`, "Idempotency-Key", "k"); out.Code != 422 {
		t.Errorf("the key of another body: %d, %s", out.Code, out.Body)
	}
}

// TestRevealingPeople takes an editor and a reason, and has a line for each who is shown.
func TestRevealingPeople(t *testing.T) {
	b := newBench(t)
	b.archive(2, 1, addresses())
	for i := range 6 {
		b.Person(fmt.Sprint("user-", i), nil)
	}
	id, _ := b.exact(asksCount)
	at := "/v1/reports/" + id + "/people?cell=" + url.QueryEscape(`{"figure":"people"}`)
	b.as("viewer")
	if out := b.call("GET", at, ""); out.Code != 200 || strings.Contains(out.Body.String(), "user-") || strings.Count(out.Body.String(), "profileId") != 6 || !strings.Contains(out.Body.String(), `"masked":true`) {
		t.Errorf("%d: %s", out.Code, out.Body)
	}
	if out := b.call("GET", at+"&reason=curious", ""); out.Code != 403 {
		t.Errorf("%d: %s", out.Code, out.Body)
	}
	b.as("editor")
	out := b.call("GET", at+"&reason=a+complaint&limit=4", "")
	list, _, err := b.process.Audit.List(b.Context(), audit.Query{Action: audit.Reveal}, 50, "")
	b.Must(err)
	if out.Code != 200 || strings.Count(out.Body.String(), `"userId":"user-`) != 4 || len(list) != 4 || list[0].Reason != "a complaint" || list[0].Kind != audit.KindProfile {
		t.Errorf("%d: %s; the audit log has %+v", out.Code, out.Body, list)
	}
	for path, code := range map[string]int{at + "&cursor=9.x": 400, at + "&cursor=0.x": 400, at + "&limit=201": 400, at[:len(at)-20]: 422, "/v1/reports/" + id + "/people": 422, "/v1/reports/../people": 404, at + "&cursor=1.": 200} {
		if out := b.call("GET", path, ""); out.Code != code && out.Code != 301 && out.Code != 307 {
			t.Errorf("%s: %d, want %d: %s", path, out.Code, code, out.Body)
		}
	}
}

// TestCSVComesInPages, of any table of an answer that is there.
func TestCSVComesInPages(t *testing.T) {
	b := stocked(t, 2)
	id := b.ask("exact", asksSessions).ID
	if out := b.call("GET", "/v1/reports/"+id, "", "Accept", "text/csv"); out.Code != 409 {
		t.Errorf("before it is answered: %d, %s", out.Code, out.Body)
	}
	b.work()
	rows := len(rowsOf(t, b.show(id).Answer, "rows"))
	var lines []string
	cursor := ""
	for range 10 {
		out := b.call("GET", "/v1/reports/"+id+"?limit=3&cursor="+cursor, "", "Accept", "text/csv")
		page := strings.Split(strings.TrimSuffix(out.Body.String(), "\r\n"), "\r\n")
		if out.Code != 200 || !strings.HasPrefix(page[0], "period,all,split,people,") || len(page) > 4 || !strings.HasPrefix(out.Header().Get("Content-Type"), "text/csv") {
			t.Fatalf("%d: %q", out.Code, page)
		}
		lines = append(lines, page[1:]...)
		if cursor = out.Header().Get("Next-Cursor"); cursor == "" {
			break
		}
	}
	if len(lines) != rows || rows != 4 {
		t.Errorf("%d lines of %d rows: %q", len(lines), rows, lines)
	}
	if out := b.call("GET", "/v1/reports/"+id+"?format=csv&table=pages", ""); out.Code != 200 || !strings.HasPrefix(out.Body.String(), "page,screen,views,") {
		t.Errorf("%d: %s", out.Code, out.Body)
	}
	for query, code := range map[string]int{"format=csv&table=none": 404, "format=csv&cursor=x": 400, "format=csv&cursor=-1": 400} {
		if out := b.call("GET", "/v1/reports/"+id+"?"+query, ""); out.Code != code {
			t.Errorf("%s: %d, want %d", query, out.Code, code)
		}
	}
}

// TestWhatIsNoQuestion is refused by field.
func TestWhatIsNoQuestion(t *testing.T) {
	b := newBench(t)
	for body, want := range map[string]string{
		`{}`:                              `"field":"definition","reason":"is missing"`,
		`{"definition":{"kind":"guess"}}`: `"field":"definition.kind"`,
		`{"definition":` + asksCount + `,"mode":"all"}`:                   `"field":"mode"`,
		`{"definition":` + asksCount + `,"asOf":"soon"}`:                  `"field":"asOf","reason":"is not a date`,
		`{"definition":` + asksCount + `,"asOf":"2026-11-11"}`:            `"field":"asOf","reason":"is a day that has not begun"`,
		`{"definition":` + asksCount + `,"as":"2026-11-11"}`:              `"field":"as"`,
		`{"definition":{"kind":"count","from":"2026-11-06","by":"year"}}`: `"field":"definition.by"`,
	} {
		if out := b.call("POST", "/v1/reports/ask", body); out.Code != 422 && out.Code != 400 || !strings.Contains(out.Body.String(), want) {
			t.Errorf("%s: %d, %s", body, out.Code, out.Body)
		}
	}
	if n := len(b.bucket.All()); n != 1 || len(b.jobs.Take()) != 0 { // the head
		t.Errorf("%d objects are stored, or something is sent", n)
	}
	if g := b.ask("sample", asksCount); b.show(g.ID).State != "notAsked" || len(b.jobs.Take()) != 0 {
		t.Errorf("after a sample it is %s", b.show(g.ID).State)
	}
}
