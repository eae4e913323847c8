package report_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/event"
)

var tags = regexp.MustCompile(`<[^>]*>`)

// said is the text of a page.
func said(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, " "))), " ")
}

func has(t *testing.T, what, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(said(page), want) && !strings.Contains(html.UnescapeString(page), want) {
			t.Errorf("%s lacks %q: %s", what, want, said(page))
		}
	}
}

// did is something that somebody did so many days and hours before the bench's evening.
func did(name string, days, hours int, properties string) event.Event {
	at := pagestest.Noon.AddDate(0, 0, -days).Add(time.Duration(hours) * time.Hour)
	e := event.Event{MessageID: fmt.Sprint(name, days, hours, properties), Kind: event.Track, Name: name, Timestamp: at, OriginalTimestamp: at, ReceivedAt: at, Source: "web"}
	if properties != "" {
		e.Properties = json.RawMessage(properties)
	}
	return e
}

// shop has four who looked at something, of whom two took it and one bought it, again two weeks later.
func shop(t *testing.T) *pagestest.Bench {
	t.Helper()
	b := pagestest.Start(t)
	for _, who := range []string{"ann", "bo", "cai", "dan"} {
		b.Person(who, nil)
		b.Asked.Happened(who, did("Product Viewed", 20, 0, ""))
	}
	for _, who := range []string{"ann", "bo"} {
		b.Asked.Happened(who, did("Product Added", 20, 1, ""))
	}
	b.Asked.Happened("ann", did("Order Completed", 20, 2, `{"order_id":"A","total":12.5,"currency":"CNY"}`), did("Order Completed", 6, 2, `{"order_id":"B","total":20,"currency":"CNY"}`))
	return b
}

const days = "from=2026-10-25&to=2026-11-20"

// cells are the rows of the first table whose heading is a text, each cell by its text.
func cells(t *testing.T, page, title string) (rows [][]string) {
	t.Helper()
	_, rest, found := strings.Cut(page, ">"+title+"</h2>")
	body, _, ended := strings.Cut(rest, "</tbody>")
	if !found || !ended {
		t.Fatalf("no table %s: %s", title, said(page))
	}
	_, body, _ = strings.Cut(body, "<tbody>")
	for _, row := range strings.Split(body, "</tr>") {
		var one []string
		for _, c := range regexp.MustCompile(`(?s)<t[hd][^>]*>(.*?)</t[hd]>`).FindAllStringSubmatch(row, -1) {
			one = append(one, said(c[1]))
		}
		if len(one) > 0 {
			rows = append(rows, one)
		}
	}
	return rows
}

// TestAFunnel from its form to who is behind its numbers, by a viewer, with an estimate that the exact answer takes the place of.
func TestAFunnel(t *testing.T) {
	b := shop(t)
	for lang, is := range map[text.Lang]struct{ title, steps, viewed, working, there, masked string }{
		text.Chinese: {"转化漏斗", "各步", "浏览商品", "正在精确统计（0／1）", "统计截至 2026-11-15", "个人信息已脱敏"}, text.English: {"Funnel", "Steps", "Product Viewed", "Everybody is being counted (0 of 1)", "As of the end of 2026-11-15", "What is personal is masked"},
	} {
		f := b.As(access.Viewer, lang)
		fresh := f.Page("/console/reports/funnel")
		if has(t, "the form", fresh, is.title, `value="`+is.viewed+`"`, `value="2026-11-20"`, `value="2026-10-24"`); strings.Contains(fresh, `id="waiting"`) || len(b.Asked.Jobs.Bodies()) != 0 {
			t.Errorf("nobody has asked: %s", fresh)
		}
		window := map[text.Lang]string{text.Chinese: "7d", text.English: "14d"}[lang] // another question in each language
		at := "/console/reports/funnel?" + days + "&step=" + url.QueryEscape(is.viewed) + "&step=&step=Product+Added&step=Order+Completed&window=" + window
		page := f.Page(at)
		has(t, "at first", page, is.working, `id="waiting"`, `hx-trigger="load delay:2s"`)
		want := [][]string{{"1", is.viewed, "4", "100.0%", "100.0%", "2", ""}, {"2"}, {"3"}}
		if rows := cells(t, page, is.steps); len(rows) != 3 || strings.Join(rows[0][:5], "|") != strings.Join(want[0][:5], "|") || rows[2][2] != "1" || rows[2][3] != "25.0%" || rows[2][4] != "50.0%" {
			t.Errorf("the estimate is %q", rows)
		}
		follow := regexp.MustCompile(`hx-get="([^"]+)"`).FindStringSubmatch(html.UnescapeString(page))[1]
		f.Headers = http.Header{"Hx-Request": {"true"}, "Hx-Request-Type": {"partial"}}
		if part := f.Page(follow); !strings.HasPrefix(strings.TrimSpace(part), `<p class="note"`) || !strings.Contains(part, "delay:2s") {
			t.Errorf("while it is counted: %s", part)
		}
		b.Asked.Count()
		if part := f.Page(follow); !strings.Contains(part, `hx-select="#answer"`) || strings.Contains(part, "delay:2s") {
			t.Errorf("once it is there: %s", part)
		}
		f.Headers = http.Header{}
		page = f.Page(at)
		if has(t, "in the end", page, is.there, `<svg class="chart"`, "/console/reports/csv?id="); strings.Contains(page, `id="waiting"`) || strings.Contains(said(page), "95%") {
			t.Errorf("it waits on: %s", page)
		}
		if rows := cells(t, page, is.steps); rows[1][2] != "2" || rows[2][2] != "1" || rows[1][5] != "1" {
			t.Errorf("the exact answer is %q", rows)
		}
		people := regexp.MustCompile(`href="(/console/reports/people\?[^"]+)">1<`).FindStringSubmatch(page)
		if people == nil {
			t.Fatalf("nobody is behind the numbers: %s", page)
		}
		behind := f.Page(html.UnescapeString(people[1]))
		if has(t, "who is behind it", behind, is.masked, "***", "/console/person?id="); strings.Contains(behind, ">ann<") || strings.Contains(behind, `name="reason"`) {
			t.Errorf("a viewer is shown %s", behind)
		}
		if w := f.Get(html.UnescapeString(people[1]) + "&reason=why"); w.Code != http.StatusForbidden {
			t.Errorf("a viewer who gives a reason: %d", w.Code)
		}
		open := b.As(access.Editor, lang).Page(html.UnescapeString(people[1]) + "&reason=ticket+" + window)
		has(t, "an editor", open, "ticket "+window, "bo")
		lines, _, err := b.Console.Audit.List(t.Context(), audit.Query{Kind: audit.KindProfile}, 10, "")
		if err != nil || len(lines) == 0 || lines[0].Reason != "ticket "+window {
			t.Errorf("on record: %+v, %v", lines, err)
		}
	}
}

// TestOtherQuestions are drawn and listed, with figures that are worked out by hand.
func TestOtherQuestions(t *testing.T) {
	b := shop(t)
	f := b.As(access.Viewer, text.Chinese)
	for path, check := range map[string]func(page string){
		"traffic?" + days + "&by=day": func(page string) {
			rows := cells(t, page, "访问")
			if len(rows) != 2 || rows[0][0] != "2026-11-01" || rows[0][1] != "4" || rows[1][0] != "2026-11-15" || rows[1][1] != "1" {
				t.Errorf("the visits are %q", rows)
			}
			has(t, "traffic", page, `<polyline class="line"`, "访客人数，从 2026-11-01 到 2026-11-15")
		},
		"traffic?" + days + "&by=month&split=source": func(page string) {
			if rows := cells(t, page, "访问"); len(rows) != 2 || rows[0][1] != "全部" && rows[1][1] != "全部" || rows[0][1] != "web" && rows[1][1] != "web" || rows[0][2] != "4" || rows[1][2] != "4" {
				t.Errorf("the visits by source are %q", rows)
			}
		},
		"trade?" + days + "&by=month": func(page string) {
			rows := cells(t, page, "订单")
			if all := rows[len(rows)-1]; len(rows) < 1 || !strings.Contains(strings.Join(all, "|"), "|¥32.50|") || !strings.Contains(strings.Join(all, "|"), "|CNY|2|") {
				t.Errorf("the orders are %q", rows)
			}
			buyers := cells(t, page, "买家")
			if !strings.Contains(strings.Join(buyers[0], "|"), "|1|1|100.0%|1|") {
				t.Errorf("the buyers are %q", buyers)
			}
			if cycle := cells(t, page, "两次支付间隔（天）"); len(cycle) != 1 || cycle[0][1] != "14" {
				t.Errorf("the cycle is %q", cycle)
			}
		},
		"retention?" + days + "&by=week&first=" + url.QueryEscape("完成订单") + "&return=Order+Completed&periods=3": func(page string) {
			rows := cells(t, page, "各期")
			if len(rows) < 2 || rows[0][2] != "1" || rows[0][4] != "0.0%" || rows[1][3] != "1" || rows[1][4] != "100.0%" {
				t.Errorf("the cohorts are %q", rows)
			}
			has(t, "retention", page, `class="field l9"`, "之后第 2 期：100.0%")
		},
	} {
		f.Page("/console/reports/" + path)
		b.Asked.Count()
		page := f.Page("/console/reports/" + path)
		check(page)
		file := regexp.MustCompile(`href="(/console/reports/csv[^"]+)"`).FindStringSubmatch(page)
		w := f.Get(html.UnescapeString(file[1]))
		if body := w.Body.String(); w.Code != 200 || !strings.HasPrefix(body, "\uFEFFperiod,") || strings.Count(body, "period,") != 1 || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment; filename=") || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Errorf("%s as CSV: %d %v %s", path, w.Code, w.Header(), body)
		}
	}
}

// TestWhatIsAskedWrongly stands beside its field, in the reader's language, and what was typed stays.
func TestWhatIsAskedWrongly(t *testing.T) {
	b := shop(t)
	f := b.As(access.Viewer, text.Chinese)
	for path, field := range map[string]string{
		"funnel?from=2026-11-20&to=2026-11-01&step=x&step=y":                                       "to",
		"funnel?from=odd&to=2026-11-01&step=x&step=y":                                              "from",
		"funnel?" + days + "&step=only":                                                            "step-1",
		"funnel?" + days + "&step=x&step=" + strings.Repeat("y", 600):                              "step-2",
		"retention?" + days + "&by=week&first=x&return=y&periods=many":                             "periods",
		"retention?" + days + "&by=week&first=" + strings.Repeat("y", 600) + "&return=y&periods=2": "first",
		"traffic?" + days + "&by=day&split=no+field":                                               "split",
		"trade?" + days + "&by=never":                                                              "by",
	} {
		w := f.Get("/console/reports/" + path)
		page := w.Body.String()
		if w.Code != http.StatusUnprocessableEntity || strings.Count(page, `aria-invalid="true"`) != 1 || !strings.Contains(page, `id="`+field+`-fault"`) || !strings.Contains(page, `aria-describedby="`+field+`-fault"`) || strings.Contains(page, `role="alert"`) {
			t.Errorf("%s: %d %s", path, w.Code, said(page))
		}
		asked, _ := url.ParseQuery(path[strings.IndexByte(path, '?')+1:])
		for name, values := range asked {
			for _, value := range values {
				if !strings.Contains(html.UnescapeString(page), `value="`+value+`"`) && name != "by" {
					t.Errorf("%s: what was typed into %s is gone: %s", path, name, page)
				}
			}
		}
	}
	w := f.Get("/console/reports/traffic?" + days + "&by=day&split=traits.email")
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `role="alert"`) || !strings.Contains(w.Body.String(), `value="traits.email" selected`) {
		t.Errorf("who may not ask who people are: %d %s", w.Code, said(w.Body.String()))
	}
	for _, path := range []string{"people", "people?id=none&cell={}", "csv", "csv?id=none", "funnel?" + days + "&follow=none"} {
		if w := f.Get("/console/reports/" + path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, w.Code, said(w.Body.String()))
		}
	}
}

// TestAnEstimateHasItsEnds and a sample that does not come leaves the exact answer to be waited for.
func TestAnEstimateHasItsEnds(t *testing.T) {
	b := shop(t)
	f := b.As(access.Viewer, text.English)
	slow := false
	asked := func(r *http.Request) *http.Response {
		if !strings.HasSuffix(r.URL.Path, "/reports/ask") {
			return nil
		}
		body, err := io.ReadAll(r.Body)
		b.Must(err)
		status, answer := 200, `{"id":"Q","state":"working","asOf":"2026-11-20","shards":{"done":2,"all":4}}`
		if strings.Contains(string(body), `"mode":"sample"`) {
			answer = `{"id":"Q","state":"done","asOf":"2026-11-20","currency":"CNY","open":["2026-11-20"],"sample":{"people":8210,"share":0.05},"left":{"rows":7},"answer":{"pagesOver":true,"rows":[` +
				`{"period":"2026-11-01","all":true,"people":1000,"interval":{"people":[800,1200]}},{"period":"2026-11-02","all":true,"people":2000,"interval":{"people":[1500,2500]}}]}}`
			if slow {
				status, answer = 503, "{}"
			}
		}
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer))}
	}
	b.Break = asked
	page := f.Page("/console/reports/traffic?" + days + "&by=day")
	has(t, "the estimate", page, "(2 of 4)", "An estimate from 8,210 people, 5.0% of all", "2,000 (1,500 to 2,500)", `<polygon class="band"`, "These days are not closed and may still grow: 2026-11-20", "7 more rows", "There are too many values")
	if strings.Contains(page, "/console/reports/csv") {
		t.Error("an estimate has a file")
	}
	// The exact answer has failed: the page that asks on says why, and asks on no more.
	b.Break = func(r *http.Request) *http.Response {
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"id":"Q","state":"failed","failed":{"cause":"ended"},"shards":{"done":2,"all":4}}`))}
	}
	failed := f.Page("/console/reports/traffic?" + days + "&by=day&follow=Q")
	has(t, "what has failed", failed, "Counting did not end well: the process ended before it could say why.", "Count again")
	if strings.Contains(failed, "hx-trigger") {
		t.Error("a script asks on")
	}
	b.Break = asked
	slow = true
	if page := f.Page("/console/reports/traffic?" + days + "&by=day"); !strings.Contains(page, "did not come in time") || !strings.Contains(page, `id="waiting"`) || strings.Contains(page, "<tbody>") {
		t.Errorf("without an estimate: %s", said(page))
	}
}
