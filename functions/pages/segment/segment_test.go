package segment_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/runs"
)

// answers lets a path of the API answer what a test says.
func answers(b *pagestest.Bench, path, body string) {
	b.Break = func(r *http.Request) *http.Response {
		if r.URL.Path != path {
			return nil
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
	}
}

// pass is a run of a day of December, after the rules of the bench were saved, unless it is of November.
func pass(month, day int, state, rest string) string {
	return fmt.Sprintf(`{"runId":"r-%d-%d","asOf":"2026-%02d-%02d","state":%q,"createdAt":"2026-%02d-%02dT18:00:00Z",%s}`, month, day, month, day, state, month, day, rest)
}

func tidy(page string) string { return html.UnescapeString(strings.Join(strings.Fields(page), " ")) }

// TestSizesAreOfRuns: the newest finished run that moved people tells the size and the share, the ones before it the change and the trend. Of a rule that no run has gone by nothing is told.
func TestSizesAreOfRuns(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/vip", `{"name":"大客户","rule":{"field":"orders.count","op":"gte","value":5}}`)
	b.Put("/v1/segments/none", `{"name":"没有人","rule":{"field":"orders.count","op":"gte","value":500}}`)
	f := b.As(access.Viewer, text.Chinese)
	if page := tidy(f.Page("/console/segments")); strings.Count(page, "规则保存后还没有运行过") != 2 || !strings.Contains(page, "还没有运行过，所以还没有人数") || strings.Contains(page, "新建人群") {
		t.Errorf("before a run: %s", page)
	}
	newest := pass(12, 3, "collecting", `"profiles":9`) + "," + pass(12, 2, "finished", `"reportOnly":true,"profiles":9000`) + "," + pass(12, 2, "finished", `"profiles":2000,"segments":{"vip":1250}`)
	answers(b, "/v1/runs", `{"items":[`+newest+","+pass(12, 1, "finished", `"profiles":1900,"segments":{"vip":1300,"none":2}`)+","+pass(11, 1, "finished", `"profiles":1800,"segments":{"vip":1000}`)+`]}`)
	page := tidy(f.Page("/console/segments"))
	for _, want := range []string{
		"共 2,000 人： <time datetime=\"2026-12-02T18:00:00Z\">2026年12月3日 02:00</time>",
		`大客户</a><div class="soft">vip</div></th> <td class="n">1,250</td><td class="n">62.5%</td><td class="n">少 50 人</td>`,
		`没有人</a><div class="soft">none</div></th> <td class="n">0</td><td class="n">0.0%</td><td class="n">少 2 人</td>`, // it has had a rule, and is not named: nobody
		`aria-label="最近 3 次运行：从 1,000 人到 1,250 人"><polyline points="3,13 120,3 237,5"/>`,                               // 42 units for 1,300
		`aria-label="最近 2 次运行：从 2 人到 0 人"><polyline points="3,3 237,45"/>`,                                             // before it was saved nobody was counted
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the list lacks %s: %s", want, page)
		}
	}
	one := tidy(b.As(access.Editor, text.English).Page("/console/segments/show?id=vip"))
	for _, want := range []string{`<p class="figure">1,250</p><p>62.5% of 2,000 people</p>`, "Change the rule", "Versions (now 1)", `<td>2026-12-01</td><td class="n">1,300</td><td class="n">68.4%</td><td class="n">+300</td>`, `<td>2026-11-01</td><td class="n">1,000</td><td class="n">55.6%</td><td class="n"></td>`} {
		if !strings.Contains(one, want) {
			t.Errorf("the page lacks %s: %s", want, one)
		}
	}
	if w := f.Get("/console/segments/show?id=other"); w.Code != http.StatusNotFound {
		t.Errorf("a segment that is not there: %d", w.Code)
	}
}

// TestReach asks whom each channel reaches now, and shows some of them as the API shows them to the visitor: masked.
func TestReach(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/all", `{"rule":{"field":"orders.count","op":"gte","value":0}}`)
	for i := range 7 {
		b.Person(fmt.Sprint("p", i), func(p *profile.Profile) {
			p.Traits = profile.Traits{"name": {Value: "王小明", At: pagestest.Noon, By: trust.Shop}}
			if i < 3 {
				p.Consent = map[string]profile.Consent{"email": {Granted: true, At: pagestest.Noon, ReceivedAt: pagestest.Noon}}
				p.Traits["email"] = profile.Trait{Value: fmt.Sprintf("p%d@example.com", i), At: pagestest.Noon, By: trust.Shop}
			}
		})
	}
	for role, lang := range map[access.Role]text.Lang{access.Viewer: text.Chinese, access.Owner: text.English} {
		w := b.As(role, lang).Post("/console/segments/show", "id", "all")
		page := tidy(w.Body.String())
		want := []string{`<p class="figure">7</p>`, map[text.Lang]string{text.Chinese: `邮件</th><td class="n">3</td>`, text.English: `e-mail</th><td class="n">3</td>`}[lang], map[text.Lang]string{text.Chinese: "规则", text.English: "no run has gone by the segment all"}[lang]}
		for _, says := range want {
			if !strings.Contains(page, says) {
				t.Errorf("%d, it lacks %s: %s", w.Code, says, page)
			}
		}
		if strings.Count(page, `href="/console/person?id=`) != 5 || strings.Contains(page, "王小明") || !strings.Contains(page, "王***") {
			t.Errorf("the five are %s", page)
		}
	}
}

// TestARuleIsSaidInWords on the page of its segment, in either language, with a way to a campaign of it for whoever may draft one.
func TestARuleIsSaidInWords(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/vip", `{"name":"VIP","rule":{"any":[{"field":"orders.count","op":"gte","value":3},{"all":[{"field":"orders.revenue","op":"gt","value":{"money":"500.00"}},{"field":"city","op":"eq","value":"<上海>"}]}]}}`)
	const way = `href="/console/campaigns/edit?segment=vip"`
	page := b.As(access.Editor, text.Chinese).Page("/console/segments/show?id=vip")
	chinese := tidy(page)
	if want := "<li>以下任一条件</li><li> 订单数 大于等于 3</li><li> 以下全部条件</li><li> 累计消费金额 大于 500.00 CNY</li><li> 城市 等于 <上海></li>"; !strings.Contains(chinese, want) || !strings.Contains(chinese, way) || strings.Count(page, "\u2003") != 1+1+2+2 {
		t.Errorf("it lacks %s: %s", want, chinese)
	}
	english := tidy(b.As(access.Viewer, text.English).Page("/console/segments/show?id=vip"))
	if !strings.Contains(english, "<li>at least one of these</li>") || strings.Contains(english, way) {
		t.Errorf("a viewer reads %s", english)
	}
}

// TestMembers: a list is asked for, read by a scan, and shown masked, then for a reason, then as a file for an approver.
func TestMembers(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/vip", `{"name":"大客户","rule":{"field":"orders.count","op":"gte","value":0}}`)
	f := b.As(access.Editor, text.Chinese)
	if page := tidy(f.Page("/console/segments/members?segment=vip")); !strings.Contains(page, "还没有名单") || !strings.Contains(page, "生成名单") {
		t.Error(page)
	}
	if w := f.Post("/console/segments/members", "segment", "vip", "once", "k"); w.Code != http.StatusSeeOther {
		t.Fatalf("asking: %d %s", w.Code, w.Body)
	}
	if page := tidy(f.Page("/console/segments/members?segment=vip")); !strings.Contains(page, "等待扫描") || strings.Contains(page, "显示用户 ID") {
		t.Error(page)
	}
	var ids []profile.ID
	for i := range 2 {
		ids = append(ids, b.Person(fmt.Sprintf("mei%d@example.com", i), func(p *profile.Profile) {
			p.Members = map[string]profile.Membership{"vip": {Since: pagestest.Noon}}
		}).ID)
	}
	lists := b.Console.Lists
	all, err := lists.Of(t.Context(), "vip")
	b.Must(err)
	if len(all) != 1 {
		t.Fatalf("%d lists", len(all))
	}
	b.Must(lists.Take(t.Context(), all[0].ID, "scan", 1))
	if page := tidy(f.Page("/console/segments/members?segment=vip")); !strings.Contains(page, "读取中 （0/1 个分片）") {
		t.Error(page)
	}
	_, err = lists.SavePart(t.Context(), all[0], runs.ListPart{Members: ids, Total: 2})
	b.Must(err)
	b.Must(lists.Done(t.Context(), all[0].ID, 0, 2))
	page := tidy(f.Page("/console/segments/members?segment=vip"))
	for _, want := range []string{"完成</td><td class=\"n\">2</td>", string(ids[0]), "m***@example.com", "用户 ID 已脱敏", "2026年11月21日 20:00"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s: %s", want, page)
		}
	}
	if strings.Contains(page, "下载") {
		t.Error("an editor may download")
	}
	plain := tidy(f.Page("/console/segments/members?segment=vip&reason=ticket&list=" + url.QueryEscape(all[0].ID)))
	if !strings.Contains(plain, "mei1@example.com") || !strings.Contains(plain, "理由：ticket") {
		t.Error(plain)
	}
	approver := b.As(access.Approver, text.English)
	if page := approver.Page("/console/segments/members?segment=vip"); !strings.Contains(page, "Hashed addresses") {
		t.Error(page)
	}
	w := approver.Get("/console/segments/file?format=csv&reason=ads&list=" + url.QueryEscape(all[0].ID))
	if body := w.Body.String(); w.Code != 200 || !strings.HasPrefix(body, "\uFEFFuserId,profileId,since,reachable\r\nmei0@example.com,") || strings.Count(body, "\n") != 3 || w.Header().Get("Content-Disposition") != `attachment; filename="vip-csv.csv"` {
		t.Errorf("%d %q", w.Code, body)
	}
	if w := f.Get("/console/segments/file?format=csv&reason=ads&list=" + url.QueryEscape(all[0].ID)); w.Code != http.StatusForbidden {
		t.Errorf("an editor downloads: %d", w.Code)
	}
}

// TestPortrait shows what the members bring beside everybody, what they favour, and the overlap with another segment.
func TestPortrait(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/vip", `{"name":"大客户","rule":{"field":"orders.count","op":"gte","value":5}}`)
	b.Put("/v1/segments/tea", `{"name":"爱喝茶的人","rule":{"field":"orders.count","op":"gte","value":1}}`)
	f := b.As(access.Viewer, text.Chinese)
	if page := tidy(f.Page("/console/segments/portrait?id=vip")); !strings.Contains(page, "规则保存后还没有运行过") {
		t.Error(page)
	}
	answers(b, "/v1/segments/vip/portrait", `{"runId":"r","asOf":"2026-12-01","class":"vip","people":1250,"share":0.625,"buyers":1000,"orders":3000,"net":{"amount":90000,"currency":"CNY"},"netShare":0.9,"perOrder":{"amount":30,"currency":"CNY"},"repurchase":0.5,"cycleDays":12,
		"all":{"people":2000,"share":1,"buyers":1500,"orders":3500,"net":{"amount":100000,"currency":"CNY"},"netShare":1,"perOrder":{"amount":29,"currency":"CNY"},"repurchase":0.4},"categories":[{"value":"绿茶","count":700}],"sources":[{"value":"ads","count":300}]}`)
	page := tidy(f.Page("/console/segments/portrait?id=vip&with=tea"))
	for _, want := range []string{"统计日 2026-12-01", `1,250</td><td class="n">2,000</td>`, "¥900.00", "90.0%", "12 天", `绿茶</th><td class="n">700</td>`, `ads</th><td class="n">300</td>`, "最近一次运行没有比较这两个人群", `<option value="tea" selected>爱喝茶的人</option>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s: %s", want, page)
		}
	}
	both := b.Break
	b.Break = func(r *http.Request) *http.Response {
		if r.URL.Path == "/v1/segments/vip/overlap/tea" {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"a":{"people":1250},"b":{"people":500},"both":250,"either":1500,"shareOfA":0.2,"shareOfB":0.5}`))}
		}
		return both(r)
	}
	if page := tidy(f.Page("/console/segments/portrait?id=vip&with=tea")); !strings.Contains(page, "同时在两个人群里的有 250 人：占这个人群的 20.0%，占另一个的 50.0%；两者合计 1,500 人。") {
		t.Error(page)
	}
}
