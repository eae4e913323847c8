package refusal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/dynamo/refusals"
)

// refuses notes so many refusals of the source web some hours ago.
func refuses(b *pagestest.Bench, hours, n int, e, warning refusal.Entry) {
	b.Helper()
	tally := refusal.Tally{Hour: refusal.HourOf(pagestest.Noon).Add(-time.Duration(hours) * time.Hour)}
	for range n {
		e.At = tally.Hour.Add(5 * time.Minute)
		tally.Add(e)
	}
	if warning.Code != "" {
		warning.At = tally.Hour
		tally.Warned.Add(warning)
	}
	b.Must(refusals.Refusals{DB: b.DB, Table: "Refusals", Now: b.Now}.Put(b.Context(), "web", "one", tally))
}

// TestRefusals of a source are drawn by the hour and listed, with the ids by which their sender finds them, for every role; keys are for owners, and only their beginnings.
func TestRefusals(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/sources/web", `{"name":"官网","kind":"browser","writeKeys":["web-key-that-is-long-enough"]}`)
	refuses(b, 0, 3, refusal.Entry{What: "Order Completed", Field: "properties.total", Code: refusal.Amount, MessageID: "m-1", OrderID: "A-1001"}, refusal.Entry{What: "track", Field: "event", Code: refusal.Name, MessageID: "m-2"})
	refuses(b, 30, 1, refusal.Entry{Code: refusal.Origin}, refusal.Entry{})
	refuses(b, 7*24-1, 2, refusal.Entry{Code: refusal.Origin}, refusal.Entry{})
	for _, role := range access.Roles() {
		f := b.As(role, text.Chinese)
		page := f.Page("/console/refusals")
		owner := role == access.Owner
		if strings.Contains(page, "web-…") != owner || strings.Contains(page, "web-key") || strings.Contains(page, "只有所有者能看") == owner || !strings.Contains(page, ">官网</a>") || !strings.Contains(page, "默认来源") {
			t.Errorf("%s sees %s", role, page)
		}
		row := page[strings.Index(page, ">官网<"):]
		if row = row[:strings.Index(row, "</tr>")]; !strings.Contains(row, `<td class="n">3</td><td class="n">1</td><td class="n">6</td><td class="n">1</td>`) || strings.Contains(row, "在增加") {
			t.Errorf("the row of web is %s", row)
		}
		if page := f.Page("/console/refusals/show?source=web"); strings.Count(page, "<rect") != 4 || !strings.Contains(page, "A-1001") || !strings.Contains(page, "<code>m-2</code>") || strings.Count(page, "金额或数量有问题") != 5 || !strings.Contains(page, "2026年11月21日 20:05") {
			t.Errorf("%s sees of web %s", role, page)
		}
	}
	page := b.As(access.Viewer, text.English).Page("/console/refusals/show?source=web")
	for _, want := range []string{
		`<svg class="chart" viewBox="0 0 720 160" role="img" aria-labelledby="refused-title refused-says">`, "6 in all", ">21 Nov</text>", "21 Nov 2026, 20:00: 3</title>", "21 Nov 2026, 20:00: 1</title>",
		"The last 6", "The last 1<", "nearly a standard name",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %s: %s", want, page)
		}
	}
	if strings.Contains(page, "style=") || strings.Count(page, `class="tick"`) != 14 {
		t.Errorf("the drawings are %s", page)
	}
	if page := b.As(access.Viewer, text.English).Page("/console/refusals/show"); !strings.Contains(page, "Nothing was refused") || strings.Contains(page, "<svg") {
		t.Errorf("of the first key: %s", page)
	}
	refuses(b, 1, 3, refusal.Entry{Code: refusal.Origin}, refusal.Entry{})
	if page := b.As(access.Viewer, text.Chinese).Page("/console/refusals"); !strings.Contains(page, "在增加") {
		t.Errorf("six after one do not grow: %s", page)
	}
}

// TestEveryReasonHasAWord in both languages.
func TestEveryReasonHasAWord(t *testing.T) {
	for _, code := range append(refusal.Codes(), refusal.Warnings()...) {
		if text.Chinese.Word("refusal", code) == string(code) || text.English.Word("refusal", code) == fmt.Sprint(text.Chinese.Word("refusal", code)) {
			t.Errorf("%s has no words", code)
		}
	}
}
