package report_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
)

// TestStepsOfAFunnelAreNarrowed by what an event says: a text, a number, a part of a text; a step that is left out takes its condition along, and a value that fits no comparison is told beside its step.
func TestStepsOfAFunnelAreNarrowed(t *testing.T) {
	b := pagestest.Start(t)
	for who, properties := range map[string]string{"ann": `{"category":"green tea","price":30}`, "bo": `{"category":"black tea","price":5}`, "cai": `{"category":"cups","price":12.5}`, "dan": ``} {
		b.Person(who, nil)
		b.Asked.Happened(who, did("Product Viewed", 20, 0, properties), did("Product Added", 20, 1, properties))
	}
	f := b.As(access.Viewer, text.Chinese)
	ask := func(first [3]string) string {
		q := "/console/reports/funnel?" + days + "&window=7d"
		for _, one := range [][4]string{{"", "properties.brand", "eq", "x"}, {"浏览商品", first[0], first[1], first[2]}, {"加入购物车", "", "eq", ""}} {
			q += "&step=" + url.QueryEscape(one[0]) + "&stepField=" + one[1] + "&stepOp=" + one[2] + "&stepValue=" + url.QueryEscape(one[3])
		}
		return q
	}
	for _, c := range []struct {
		condition [3]string
		reached   string
	}{
		{[3]string{"", "eq", ""}, "4"}, {[3]string{"properties.category", "eq", "cups"}, "1"}, {[3]string{"properties.category", "contains", "tea"}, "2"}, {[3]string{"properties.category", "ne", "cups"}, "3"},
		{[3]string{"properties.price", "gte", "12.5"}, "2"}, {[3]string{"properties.price", "eq", "5"}, "1"}, {[3]string{"source", "eq", "web"}, "4"},
	} {
		f.Page(ask(c.condition))
		b.Asked.Count()
		page := f.Page(ask(c.condition))
		rows := cells(t, page, "各步")
		if len(rows) != 2 || rows[0][2] != c.reached || rows[1][2] != c.reached {
			t.Errorf("%v: %v", c.condition, rows)
		}
		if open := strings.Contains(page, `<details class="only" open>`); open != (c.condition[0] != "") || !strings.Contains(page, `name="stepValue" value="`+c.condition[2]+`"`) {
			t.Errorf("%v: the form does not hold it", c.condition)
		}
	}
	w := f.Get(ask([3]string{"properties.price", "gte", "dear"}))
	if body := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="step-1-fault"`) || !strings.Contains(body, `name="stepValue" value="dear"`) {
		t.Errorf("%d %s", w.Code, said(body))
	}
}

// TestWhoIsBehindWhatMasksHide: a viewer sees the figures of a search, a coupon or a page, and is led to nobody behind them; an editor is.
func TestWhoIsBehindWhatMasksHide(t *testing.T) {
	b := pagestest.Start(t)
	b.Person("ann", nil)
	b.Asked.Happened("ann", did("Product Viewed", 20, 0, `{"query":"tea","category":"tea"}`), did("Product Added", 20, 1, ""))
	at := func(field string) string {
		return "/console/reports/funnel?" + days + "&window=7d&step=Product+Viewed&step=Product+Added&stepField=" + field + "&stepOp=eq&stepValue=tea"
	}
	const behind, takes = "/console/reports/people?", "需要“编辑”角色才能查看"
	for path, hides := range map[string]bool{at("properties.query"): true, at("properties.category"): false, "/console/reports/trade?" + days + "&by=day&split=properties.coupon": true} {
		page := b.As(access.Viewer, text.Chinese).Page(path)
		if linked, told := strings.Contains(page, behind), strings.Contains(page, takes); linked == hides && !strings.Contains(path, "trade") || told != hides {
			t.Errorf("%s: a viewer is led to people: %t, and told that it takes an editor: %t", path, linked, told)
		}
		if page := b.As(access.Editor, text.Chinese).Page(path); strings.Contains(page, takes) || !strings.Contains(page, behind) && !strings.Contains(path, "trade") {
			t.Errorf("%s: an editor sees %s", path, said(page))
		}
	}
}

// TestDaysByTheirNames: each form offers stretches of days that keep the rest of the question; on a Saturday last week is from Monday of the week before to its Sunday.
func TestDaysByTheirNames(t *testing.T) {
	b := pagestest.Start(t) // 21 November 2026, a Saturday
	f := b.As(access.Viewer, text.Chinese)
	spans := regexp.MustCompile(`<a href="([^"]*)"( aria-current="true")?>([^<]*)</a>`)
	for _, path := range []string{"/console/reports/traffic", "/console/reports/funnel", "/console/reports/retention?from=2026-11-09&to=2026-11-15&by=day&first=Signed+Up&return=*&periods=3"} {
		_, rest, _ := strings.Cut(f.Page(path), `<p class="row spans">`)
		rest, _, _ = strings.Cut(rest, "</p>")
		want := map[string]string{"昨天": "2026-11-20 2026-11-20", "上周": "2026-11-09 2026-11-15", "上月": "2026-10-01 2026-10-31", "最近 7 天": "2026-11-14 2026-11-20", "最近 28 天": "2026-10-24 2026-11-20", "最近 90 天": "2026-08-23 2026-11-20"}
		for _, m := range spans.FindAllStringSubmatch(rest, -1) {
			to, err := url.Parse(html.UnescapeString(m[1]))
			if err != nil {
				t.Fatal(err)
			}
			q := to.Query()
			if got := q.Get("from") + " " + q.Get("to"); got != want[m[3]] || to.Path != strings.Split(path, "?")[0] {
				t.Errorf("%s of %s is %s at %s, want %s", m[3], path, got, to.Path, want[m[3]])
			}
			if asked, _ := url.Parse(path); asked.RawQuery != "" {
				for name, values := range asked.Query() {
					if name != "from" && name != "to" && q.Get(name) != values[0] {
						t.Errorf("%s loses %s: %v", m[3], name, q)
					}
				}
				if (m[2] != "") != (m[3] == "上周") {
					t.Errorf("%s is the one that is asked: %q", m[3], m[2])
				}
			} else if strings.HasSuffix(path, "funnel") && (len(q["step"]) != 4 || q.Get("window") != "7d" || len(q["stepField"]) != 4) {
				t.Errorf("%s of a funnel asks %v", m[3], q)
			}
			delete(want, m[3])
		}
		if len(want) > 0 {
			t.Errorf("%s does not offer %v", path, want)
		}
	}
}
