package people_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// shop is a bench with Mei in it, of whom much is known.
func shop(t *testing.T) (*pagestest.Bench, string) {
	t.Helper()
	b := pagestest.Start(t)
	b.Put("/v1/segments/buyers", `{"name":"买过的人","rule":{"field":"orders.count","op":"gte","value":1}}`)
	b.Put("/v1/templates/hi", `{"channel":"email","locales":{"default":{"subject":"Hi","text":"Hi {{ unsubscribeUrl }}"}}}`)
	b.Put("/v1/campaigns/welcome", `{"name":"欢迎新人","state":"draft","channel":"email","templateId":"hi","trigger":{"event":{"name":"Signed Up"}}}`)
	mei := b.Person("mei", func(p *profile.Profile) {
		at := pagestest.Noon.Add(-time.Hour)
		p.Traits = profile.Traits{"name": {Value: "梅丽"}, "email": {Value: "mei@example.com"}, "plan": {Value: "tea"}}
		p.Members = map[string]profile.Membership{"buyers": {}}
		p.Scores = profile.Scores{R: 5, F: 4, M: 3, Class8: "111", Lifecycle: "active"}
		p.Consent = map[string]profile.Consent{
			"email":     {Granted: true, At: at, ReceivedAt: at, Proof: profile.Proof{By: trust.Person, Source: "web", TextVersion: "2026-11"}},
			"social":    {Granted: false, At: at, ReceivedAt: at, Reason: "unsubscribe"},
			"profiling": {Granted: true, At: at, ReceivedAt: at},
		}
		p.Orders.Count = 1
		p.Orders.Entries = []profile.OrderEntry{{Currency: money.Currency("CNY"), Net: 12345, At: at}}
	})
	for i, d := range []delivery.Decision{
		{Outcome: delivery.Skipped, Reason: delivery.NoConsent, Channel: delivery.Social, CampaignID: "spring"},
		{Outcome: delivery.Sent, Channel: delivery.Email, CampaignID: "welcome"},
	} {
		d.NotificationID, d.ProfileID, d.At, d.Asked = "n"+d.CampaignID, mei.ID, pagestest.Noon.Add(time.Duration(i)*time.Minute), pagestest.Noon
		b.Must(b.Deliveries.Decide(t.Context(), d))
	}
	return b, string(mei.ID)
}

// TestSearch finds by whatever the text looks like, and says what it does not understand.
func TestSearch(t *testing.T) {
	b, id := shop(t)
	f := b.As(access.Viewer, text.Chinese)
	for path, want := range map[string][]string{
		"/console/people?q=mei":              {"找到 1 人", "/console/person?id=" + id, "梅***", ">1<", "¥123.45"},
		"/console/people?q=mei&by=user":      {"找到 1 人"},
		"/console/people?q=nobody":           {"没有找到这样的人"},
		"/console/people?q=%2B8613800001111": {"没有找到这样的人"},
		"/console/people?q=x%40example.com":  {"没有找到这样的人"},
		"/console/people?q=A-404&by=order":   {"没有找到这样的人", `<option value="order" selected>`, `value="A-404"`},
	} {
		page := f.Page(path)
		for _, part := range want {
			if !strings.Contains(page, part) {
				t.Errorf("%s does not say %s: %s", path, part, page)
			}
		}
	}
	if w := f.Get("/console/people?q=mei&by=phone"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "这不是一个手机号") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if page := f.Page("/console/people?q=138"); !strings.Contains(page, "没有找到这样的人") || !strings.Contains(page, "手机号至少要输入后 4 位") {
		t.Errorf("three digits: %s", page)
	}
	if w := f.Get("/console/people?q=12&by=phone"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "手机号至少要输入后 4 位") || !strings.Contains(w.Body.String(), `value="12"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestPredictions are shown with what they come from, or with what there is too little of.
func TestPredictions(t *testing.T) {
	b := pagestest.Start(t)
	id := string(b.Person("mei", func(p *profile.Profile) {
		p.FirstSeen = pagestest.Noon.AddDate(-2, 0, 0)
		for _, ago := range []int{272, 150, 59} {
			p.Orders.Replace(nil, &profile.OrderEntry{At: pagestest.Noon.AddDate(0, 0, -ago), Net: 2235, Currency: "CNY"})
		}
		p.Scores = profile.Scores{R: 1, F: 1, M: 1, Class8: "000", Lifecycle: "active", Activity: "warning", Stage: "repurchase", Alive: "alive", ValueDecile: 9}
	}).ID)
	run := func(id string, learned prediction.Learned) {
		store := runs.Runs{DB: b.DB, Table: "Runs"}
		_, err := store.Create(t.Context(), score.Run{ID: id, CreatedAt: b.Now(), Zone: "Asia/Shanghai", Currency: "CNY", Shards: 1})
		b.Must(err)
		b.Must(store.SaveFindings(t.Context(), id, score.Findings{Model: score.Model{Predictions: &learned}}))
		b.Must(store.SaveOutcome(t.Context(), id, score.Outcome{}))
		b.Pass(10 * time.Minute)
	}
	says := func(want ...string) {
		t.Helper()
		page := b.As(access.Viewer, text.Chinese).Page("/console/person?id=" + id)
		for _, part := range want {
			if !strings.Contains(page, part) {
				t.Errorf("the page does not say %s: %s", part, page)
			}
		}
	}
	run("r1", prediction.Learned{Lacks: []prediction.Lack{prediction.LacksBuyers, prediction.LacksDays, prediction.LacksRecent, prediction.LacksRepeat, prediction.LacksFit, prediction.LacksParts}})
	says("至少需要 500 位买家", "须在 180 天之前", "最近 30 天没有订单", "还没有人在三个不同的日子下过单", "不足以得出模型参数", "始于旧版本")
	run("r2", prediction.Learned{Sample: 2357, Model: prediction.Model{Purchases: prediction.Purchases{R: 0.243, Alpha: 4.414, A: 0.793, B: 2.426}, Spending: prediction.Spending{P: 6.25, Q: 3.74, V: 1544}}})
	says("阶段：复购", "流失预警 0", "仍在购买", "仍会购买的可能性 72.7%", "第 9 档", "365 天", "1.56", "¥38.53", "共在 3 天下过单，首次在 272 天前，最近在 59 天前，平均相隔 107 天。", "平均每个下单日 ¥22.35，全部买家平均 ¥35.22，因此按 ¥24.66 预计。")
}

// TestAPerson is shown masked, in both languages, and without masks to an editor who says why, which is written down.
func TestAPerson(t *testing.T) {
	b, id := shop(t)
	says := func(f *pagestest.Browser, path string, want ...string) {
		t.Helper()
		page := f.Page(path)
		for _, part := range want {
			part, absent := strings.CutPrefix(part, "!")
			if strings.Contains(page, part) == absent {
				t.Errorf("%s: %q there %v", path, part, absent)
			}
		}
	}
	viewer, editor := b.As(access.Viewer, text.Chinese), b.As(access.Editor, text.English)
	says(viewer, "/console/person?id="+id, "梅***", "!梅丽", "m***@example.com", "!mei@example.com", "买过的人", "活跃", "重要价值", "最近消费 5 · 频次 4 · 金额 3", "¥123.45", "邮件 · 营销", "店铺系统代发", "退订", "本人", "2026年11月21日 19:00", "!显示完整信息", "画像")
	says(editor, "/console/person?id="+id, "Personal data is masked", "Show without masks", "champions", "CNY 123.45", "e-mail · marketing", "21 Nov 2026, 19:00", "!mei@example.com")
	says(editor, "/console/person?id="+id+"&reason=she+called", "mei@example.com", "梅丽", "2026-11", "because: she called", "/console/person/messages?id="+id+"&amp;reason=she&#43;called")
	says(viewer, "/console/person/messages?id="+id, "已跳过", "没有同意接收", "spring", "欢迎新人", "!>welcome", "已发送")
	says(editor, "/console/person/messages?id="+id, "skipped", "has not consented")
	says(viewer, "/console/person/events?id="+id, "没有事件")
	says(viewer, "/console/person/book?id="+id, "账本里没有分录")
	says(viewer, "/console/person/data?id="+id, "!永久抹除", "!导出全部数据")
	says(b.As(access.Approver, text.Chinese), "/console/person/data?id="+id, "!永久抹除", "导出全部数据")
	if w := viewer.Get("/console/person?id=" + id + "&reason=curious"); w.Code != http.StatusForbidden {
		t.Errorf("a viewer is shown somebody: %d", w.Code)
	}
	says(b.As(access.Owner, text.Chinese), "/console/call?path=/v1/audit%3Faction%3Dreveal", "she called", "the editor")
	if w := viewer.Get("/console/person?id=" + string(profile.Identifier{Kind: profile.UserID, Value: "nobody"}.ID())); w.Code != http.StatusNotFound {
		t.Errorf("nobody: %d", w.Code)
	}
}

// TestExport hands out everything as a file, page by page of the API.
func TestExport(t *testing.T) {
	b, id := shop(t)
	w := b.As(access.Approver, text.Chinese).Post("/console/person/export", "id", id)
	var all []struct{ Kind string }
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %v", w.Code, w.Header(), err)
	}
	kinds := map[string]int{}
	for _, one := range all {
		kinds[one.Kind]++
	}
	if kinds["profile"] != 1 || kinds["decision"] != 2 {
		t.Errorf("it has %v", kinds)
	}
}

// TestErasing takes what was asked to be typed, and an owner.
func TestErasing(t *testing.T) {
	b, id := shop(t)
	owner := b.As(access.Owner, text.Chinese)
	end := id[len(id)-6:]
	if !strings.Contains(owner.Page("/console/person/data?id="+id), "输入 "+end+" 以确认") {
		t.Error("it does not say what to type")
	}
	for _, typed := range []string{"", "erase", end[1:]} {
		if w := owner.Post("/console/person/erase", "id", id, "typed", typed); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "没有抹除") || !strings.Contains(w.Body.String(), `value="`+typed+`"`) {
			t.Errorf("typed %q: %d %s", typed, w.Code, w.Body)
		}
	}
	if w := b.As(access.Approver, text.Chinese).Post("/console/person/erase", "id", id, "typed", end); w.Code != http.StatusForbidden {
		t.Errorf("an approver: %d", w.Code)
	}
	if sent := b.Events.Sends(); sent != 0 {
		t.Fatalf("%d jobs too early", sent)
	}
	w := owner.Post("/console/person/erase", "id", id, "typed", end)
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.Contains(owner.Page(to), "已开始抹除") {
		t.Errorf("%d to %s", w.Code, to)
	}
	jobs := functiontest.Jobs[job.Events](b, b.Events)
	if len(jobs) != 1 || jobs[0].Command == nil || jobs[0].Command.Kind != job.CommandErase || string(jobs[0].Command.ProfileID) != id {
		t.Errorf("sent %+v", jobs)
	}
}

// TestWhoHasJoinedSomebodyElse is found under the id that is left, on each page, and whoever is erased under none.
func TestWhoHasJoinedSomebodyElse(t *testing.T) {
	b := pagestest.Start(t)
	kept, joined := b.Person("mei", nil), b.Person("mei-phone", nil)
	old := joined.ID
	kept.Absorb(joined)
	b.Must(b.Profiles.Merge(t.Context(), kept, joined, people.Pack{}))
	f := b.As(access.Owner, text.Chinese)
	for _, r := range pagestest.Pages() {
		if !strings.HasPrefix(r.Path, "person") {
			continue
		}
		w := f.Get(r.Address() + "?id=" + string(old) + "&reason=ticket+7")
		if to := r.Address() + "?id=" + string(kept.ID) + "&reason=ticket+7"; w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
			t.Errorf("%s of an id that has joined another: %d to %q, want %q", r.Address(), w.Code, w.Header().Get("Location"), to)
		}
		if page := f.Page(r.Address() + "?id=" + string(kept.ID)); !strings.Contains(page, string(kept.ID)) {
			t.Errorf("%s: %s", r.Address(), page)
		}
		if w := f.Get(r.Address() + "?id=" + string(profile.Identifier{Kind: profile.UserID, Value: "nobody"}.ID())); w.Code != http.StatusNotFound {
			t.Errorf("%s of nobody: %d", r.Address(), w.Code)
		}
	}
}
