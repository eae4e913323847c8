package definition_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/runs"
)

// saved are documents for the pages to show.
func shop(t *testing.T) *pagestest.Bench {
	t.Helper()
	b := pagestest.Start(t)
	b.Put("/v1/segments/vip", `{"name":"大客户","rule":{"field":"orders.revenue","op":"gte","value":{"money":"500.00"}}}`)
	b.Put("/v1/templates/welcome", `{"name":"Welcome","channel":"email","locales":{"default":{"subject":"Hi","text":"Hello {{ profile.name }} {{ unsubscribeUrl }}"}}}`)
	b.Put("/v1/campaigns/win-back", `{"name":"召回","state":"draft","channel":"email","templateId":"welcome","trigger":{"enteredSegment":"vip"},"control":0.1}`)
	return b
}

// fields are what a browser sends of the form of a page, buttons apart, in turn with their names.
func fields(t *testing.T, body string) []string {
	t.Helper()
	parsed, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	var walk func(n *html.Node, in bool)
	attribute := func(n *html.Node, name string) (string, bool) {
		for _, a := range n.Attr {
			if a.Key == name {
				return a.Val, true
			}
		}
		return "", false
	}
	walk = func(n *html.Node, in bool) {
		if class, _ := attribute(n, "class"); n.Data == "form" {
			in = class == "definition"
		}
		name, has := attribute(n, "name")
		value, _ := attribute(n, "value")
		kind, _ := attribute(n, "type")
		_, checked := attribute(n, "checked")
		switch {
		case !in || !has:
		case n.Data == "input" && (kind != "checkbox" && kind != "radio" || checked):
			all = append(all, name, value)
		case n.Data == "textarea" && n.FirstChild != nil:
			all = append(all, name, n.FirstChild.Data)
		case n.Data == "select":
			picked := ""
			for o := n.FirstChild; o != nil; o = o.NextSibling {
				if _, selected := attribute(o, "selected"); selected {
					picked, _ = attribute(o, "value")
				}
			}
			all = append(all, name, picked)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, in)
		}
	}
	walk(parsed, false)
	return all
}

// press sends the form of a page with what somebody types, by a button.
func press(t *testing.T, f *pagestest.Browser, path, body, do string, typed ...string) *httptest.ResponseRecorder {
	t.Helper()
	all := fields(t, body)
	for i := 0; i+1 < len(typed); i += 2 {
		found := false
		for j := 0; j+1 < len(all); j += 2 {
			if all[j] == typed[i] {
				all[j+1], found = typed[i+1], true
			}
		}
		if !found {
			all = append(all, typed[i], typed[i+1])
		}
	}
	return f.Post(path, append(all, "do", do)...)
}

var tags = regexp.MustCompile(`<[^>]*>`)

// said is the text of a page.
func said(body string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(body, " "))), " ")
}

func has(t *testing.T, what, body string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(said(body), want) {
			t.Errorf("%s does not say %q:\n%s", what, want, said(body))
		}
	}
}

func TestListsInBothLanguages(t *testing.T) {
	b := shop(t)
	has(t, "the list", b.As(access.Viewer, text.Chinese).Page("/console/campaigns"), "活动", "召回", "win-back", "草稿")
	has(t, "the list", b.As(access.Viewer, text.English).Page("/console/campaigns"), "Campaigns", "win-back", "draft")
	has(t, "the settings", b.As(access.Viewer, text.Chinese).Page("/console/settings"), "触达设置", "全局留白组", "分类", "未设置，使用默认值")
	if body := b.As(access.Viewer, text.Chinese).Page("/console/segments"); strings.Contains(body, "/console/segments/edit\"") {
		t.Error("a viewer is offered a new segment")
	}
}

// TestTheSegmentOfTheIssue is built in a browser without script, in Chinese: spent over 500 yuan in 90 days, away 30 days, in Shanghai; estimated, looked at and saved.
func TestTheSegmentOfTheIssue(t *testing.T) {
	b := shop(t)
	f := b.As(access.Editor, text.Chinese)
	const at = "/console/segments/edit"
	body := f.Page(at)
	do := func(do string, typed ...string) {
		t.Helper()
		w := press(t, f, at, body, do, typed...)
		if body = w.Body.String(); w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", do, w.Code, said(body))
		}
	}
	do("field doc.rule", "doc.id", "away", "doc.name", "离开的客户", "doc.rule~new", "近 90 天消费金额")
	do("field doc.rule", "doc.rule[0]~op", "gt", "doc.rule[0]~value", "500", "doc.rule~new", "距最近活动的天数")
	do("field doc.rule", "doc.rule[1]~value", "30", "doc.rule~new", "city")
	do("refresh", "doc.rule[2]~op", "eq", "doc.rule[2]~value", "上海")
	b.Person("mei", func(p *profile.Profile) {
		p.LastSeen = pagestest.Noon.AddDate(0, 0, -40)
		p.Traits = profile.Traits{"city": {Value: "上海"}, "name": {Value: "王小梅"}}
		p.Orders = profile.Orders{Count: 1, Entries: []profile.OrderEntry{{At: pagestest.Noon.AddDate(0, 0, -40), Net: 50001, Currency: "CNY"}}}
	})
	b.Person("bo", func(p *profile.Profile) { // away as long, in another place, and has bought nothing
		p.LastSeen, p.Traits = pagestest.Noon.AddDate(0, 0, -40), profile.Traits{"city": {Value: "北京"}}
	})
	w := press(t, f, "/console/segments/estimate", body, "estimate")
	has(t, "the estimate", w.Body.String(), "预估 1 现在符合的人数", "可触达", "邮件", "其中几位", "王*** 1 笔订单",
		"按条件 条件 符合的人数 以下全部条件 1 近 90 天消费金额 大于 500.00 CNY 1 距最近活动的天数 大于等于 30 天 2 城市 等于 上海 1 每个条件单独计算")
	if strings.Contains(w.Body.String(), "王小梅") {
		t.Error("an editor is shown a name without a mask")
	}
	body = w.Body.String()
	do("check")
	has(t, "the check", body, "将要保存的改动", "近 90 天消费金额 大于 500", "距最近活动的天数 大于等于 30 天", "等于 上海")
	w = press(t, f, at, body, "save")
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.Contains(to, "id=away") {
		t.Fatalf("saving: %d to %s: %s", w.Code, to, said(w.Body.String()))
	}
	has(t, "what was saved", f.Page(w.Header().Get("Location")), "已保存", "away")
	has(t, "the versions", f.Page("/console/segments/versions?id=away"), "away 的历史版本", "当前")
}

// TestValuesThatPeopleHaveAreOffered beside a field that may have any, with how many have them, in either language.
func TestValuesThatPeopleHaveAreOffered(t *testing.T) {
	b := shop(t)
	store := runs.Runs{DB: b.DB, Table: "Runs"}
	run, err := store.Create(t.Context(), score.Run{ID: "r", CreatedAt: pagestest.Noon, Shards: 2})
	b.Must(err)
	b.Must(store.SaveResult(t.Context(), run, 2, runs.RunResult{Values: map[string][]score.Valued{"city": {{Value: "上海", Count: 12}, {Value: "<Ulm>", Count: 5}}}}))
	b.Must(store.SaveFindings(t.Context(), "r", score.Findings{Profiles: 30, Counts: score.Counts{}}))
	b.Must(store.SaveOutcome(t.Context(), "r", score.Outcome{FinishedAt: pagestest.Noon}))
	b.Put("/v1/segments/here", `{"name":"Here","rule":{"all":[{"field":"city","op":"eq","value":"上海"},{"field":"province","op":"eq","value":"x"}]}}`)
	for lang, people := range map[text.Lang]string{text.Chinese: "人", text.English: "people"} {
		page := b.As(access.Editor, lang).Page("/console/segments/edit?id=here")
		want := `list="doc.rule[0]~known" autocomplete="off">` + `<datalist id="doc.rule[0]~known"><option value="上海">12 ` + people + `</option><option value="&lt;Ulm&gt;">5 ` + people + `</option></datalist>`
		if !strings.Contains(page, want) || strings.Contains(page, "doc.rule[1]~known") {
			at := max(0, strings.Index(page, "doc.rule[0]~value")-20)
			t.Errorf("%s: %s", lang, page[at:min(len(page), at+700)])
		}
	}
}

// TestErrorsKeepWhatWasTyped: what cannot be read, what the API refuses, and what a role may not save stand in the page with all that was typed, in either language.
// TestWhatIsDoubtedOfASavedDocumentIsSaid, in the language of the visitor, and the page goes on from what was saved.
func TestWhatIsDoubtedOfASavedDocumentIsSaid(t *testing.T) {
	b := shop(t)
	b.Put("/v1/segments/spent", `{"name":"Spent","rule":{"field":"orders.revenue","op":"gte","value":{"money":"5.00"}}}`)
	for lang, says := range map[text.Lang]string{text.Chinese: "已保存。请看看是不是这个意思", text.English: "Saved. Look whether it is what you meant"} {
		f := b.As(access.Editor, lang)
		const at = "/console/segments/edit"
		body := f.Page(at + "?id=spent")
		b.Break = func(r *http.Request) *http.Response {
			if r.Method != http.MethodPut {
				return nil
			}
			answer := `{"id":"spent","version":7,"warnings":[{"field":"rule","reason":"counts minor units, so it is CNY 5.00; money can be written as {\"money\": \"5.00\"}"}]}`
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer))}
		}
		w := press(t, f, at, body, "save", "doc.name", "花过钱")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `name="version" value="7"`) || !strings.Contains(w.Body.String(), "花过钱") {
			t.Errorf("%d %s", w.Code, said(w.Body.String()))
		}
		has(t, "the page", w.Body.String(), says, "5.00")
		if chinese := strings.Contains(said(w.Body.String()), "counts minor units"); chinese == (lang == text.Chinese) {
			t.Errorf("%s: %s", lang, said(w.Body.String()))
		}
		b.Break = nil
	}
}

func TestErrorsKeepWhatWasTyped(t *testing.T) {
	b := shop(t)
	const at = "/console/campaigns/edit"
	f := b.As(access.Editor, text.Chinese)
	body := f.Page(at + "?id=win-back")
	w := press(t, f, at, body, "save", "doc.wait", "很快", "doc.name", "新名称")
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="很快"`) || !strings.Contains(w.Body.String(), `value="新名称"`) {
		t.Errorf("what cannot be read: %d", w.Code)
	}
	has(t, "what cannot be read", w.Body.String(), "不是时长")
	w = press(t, f, at, body, "save", "doc.control", "90", "doc.name", "新名称")
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="90"`) || !strings.Contains(w.Body.String(), `value="新名称"`) {
		t.Errorf("what the API refuses: %d", w.Code)
	}
	has(t, "what the API refuses", w.Body.String(), "须在 0 到 50% 之间")
	w = press(t, f, at, body, "save", "doc.state", "running", "doc.name", "新名称")
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `value="新名称"`) || !strings.Contains(w.Body.String(), `value="running" selected`) {
		t.Errorf("what an editor may not: %d %s", w.Code, said(w.Body.String()))
	}
	english := b.As(access.Editor, text.English)
	w = press(t, english, at, english.Page(at+"?id=win-back"), "save", "doc.control", "90")
	has(t, "a refusal in English", w.Body.String(), "must be from 0 to 0.5")
	viewer := b.As(access.Viewer, text.Chinese)
	if page := viewer.Page(at + "?id=win-back"); strings.Contains(page, `value="save"`) || strings.Contains(page, `value="check"`) {
		t.Error("a viewer has a button to save")
	}
	if w := press(t, viewer, at, body, "save", "doc.name", "x"); w.Code != http.StatusForbidden {
		t.Errorf("a viewer saves: %d", w.Code)
	}
}

// TestTwoPeopleAtOneDocument: what somebody else has saved meanwhile is shown beside what was typed, and only a second word saves over it.
func TestTwoPeopleAtOneDocument(t *testing.T) {
	b := shop(t)
	const at = "/console/campaigns/edit"
	f := b.As(access.Editor, text.Chinese)
	body := f.Page(at + "?id=win-back")
	b.Put("/v1/campaigns/win-back", `{"name":"对方的","state":"draft","channel":"email","templateId":"welcome","trigger":{"enteredSegment":"vip"},"control":0.2}`)
	w := press(t, f, at, body, "save", "doc.name", "我的")
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), `value="我的"`) {
		t.Fatalf("two at once: %d %s", w.Code, said(w.Body.String()))
	}
	has(t, "the conflict", w.Body.String(), "其他人刚刚改动过", "对方的改动", "对方的", "20%", "您的改动", "我的", "仍然保存我的内容")
	if w = press(t, f, at, w.Body.String(), "save"); w.Code != http.StatusSeeOther {
		t.Errorf("the second word: %d %s", w.Code, said(w.Body.String()))
	}
	has(t, "what was saved", f.Page(at+"?id=win-back"), "win-back")
	has(t, "what changed since", f.Page("/console/campaigns/versions?id=win-back&version=2"), "第 2 版之后的改动", "对方的", "我的", "20%", "10%")
	// Going back is a form of what was, and is saved as a new version.
	old := f.Page(at + "?id=win-back&version=1")
	has(t, "going back", old, "第 1 版", "召回")
	if w = press(t, f, at, old, "save"); w.Code != http.StatusSeeOther {
		t.Fatalf("going back: %d %s", w.Code, said(w.Body.String()))
	}
	if page := f.Page(at + "?id=win-back"); !strings.Contains(page, `value="召回"`) || !strings.Contains(page, `name="version" value="4"`) {
		t.Error("it did not go back")
	}
}

func TestACampaignsThreeNumbers(t *testing.T) {
	b := shop(t)
	f := b.As(access.Editor, text.Chinese)
	w := press(t, f, "/console/campaigns/estimate", f.Page("/console/campaigns/edit?id=win-back"), "estimate")
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, said(w.Body.String()))
	}
	has(t, "the numbers", w.Body.String(), "现在符合的人数", "可触达", "全局留白组", "对照组", "会收到")
	w = press(t, f, "/console/segments/estimate", f.Page("/console/segments/edit"), "estimate", "doc.name", "空的")
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="空的"`) {
		t.Errorf("no rule: %d", w.Code)
	}
}

// TestEveryKindIsSavedAndDeleted by its pages alone.
func TestEveryKindIsSavedAndDeleted(t *testing.T) {
	b := shop(t)
	f := b.As(access.Owner, text.English)
	for kind, c := range map[string]struct{ id, input, typed string }{
		"segments": {"vip", "doc.name", "VIP"}, "campaigns": {"win-back", "doc.name", "Back"}, "templates": {"welcome", "doc.locales[0].subject", "Hello"},
		"settings": {"holdout", "doc.share", "5"}, "sources": {"", "doc.name", "Web"}, "programs": {"", "doc.name", "Friends"},
	} {
		at := "/console/" + kind + "/edit"
		body := f.Page(at + "?" + url.Values{"id": {c.id}}.Encode())
		typed := []string{c.input, c.typed, "doc.season", "2026Q4"}
		if c.id == "" {
			c.id = "made"
			w := press(t, f, at, body, "add doc.rewards.friend", "doc.id", c.id, "doc.kind", "browser", "doc.state", "draft", "doc.hold", "14d", "doc.attributionWindow", "30天")
			body = w.Body.String()
			typed = append(typed, "doc.rewards.friend[0]", "5", "doc.rewards.friend[0]~as", "points")
		}
		if w := press(t, f, at, body, "save", typed...); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d %s", kind, w.Code, said(w.Body.String()))
			continue
		}
		body = f.Page(at + "?id=" + c.id)
		if !strings.Contains(body, `value="`+c.typed+`"`) {
			t.Errorf("%s does not hold %s", kind, c.typed)
		}
	}
	for _, at := range []string{"campaigns win-back 2", "segments vip 2", "settings holdout 1"} {
		parts := strings.Fields(at)
		if w := f.Post("/console/"+parts[0]+"/delete", "id", parts[1], "version", parts[2]); w.Code != http.StatusSeeOther {
			t.Errorf("deleting %s: %d %s", at, w.Code, said(w.Body.String()))
		}
	}
	for _, lost := range []string{"/console/settings/edit", "/console/settings/edit?id=colour", "/console/segments/versions", "/console/segments/versions?id=gone"} {
		if w := f.Get(lost); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", lost, w.Code)
		}
	}
}

// TestANewDocumentIsGivenAnID of its name or of the day, which nobody else has, and which its author sees before it is saved.
func TestANewDocumentIsGivenAnID(t *testing.T) {
	b := shop(t)
	f := b.As(access.Editor, text.Chinese)
	const at = "/console/segments/edit"
	for _, c := range []struct{ name, id string }{{"Big spenders", "big-spenders"}, {"Big spenders!", "big-spenders-2"}, {"大客户", "segment-" + "20261121"}} {
		ruled := press(t, f, at, f.Page(at), "field doc.rule", "doc.rule~new", "city")
		checked := press(t, f, at, ruled.Body.String(), "check", "doc.name", c.name, "doc.rule[0]~op", "exists")
		if !strings.Contains(checked.Body.String(), `name="doc.id" value="`+c.id+`"`) {
			t.Errorf("%s: the check shows no id %s: %s", c.name, c.id, said(checked.Body.String()))
		}
		saved := press(t, f, at, checked.Body.String(), "save")
		if to := saved.Header().Get("Location"); !strings.HasSuffix(to, "&id="+c.id) {
			t.Errorf("%s is saved at %q, want %s", c.name, to, c.id)
		}
	}
	w := press(t, f, at, f.Page(at), "check", "doc.id", "of-mine", "doc.name", "Big spenders", "doc.rule~mode", "all")
	if !strings.Contains(w.Body.String(), `name="doc.id" value="of-mine"`) {
		t.Error("an id that was typed is another afterwards")
	}
}

// TestVariantsBeginWithLetters that no other has.
func TestVariantsBeginWithLetters(t *testing.T) {
	f := shop(t).As(access.Editor, text.Chinese)
	const at = "/console/campaigns/edit"
	body := f.Page(at)
	for range 2 {
		body = press(t, f, at, body, "add doc.variants").Body.String()
	}
	body = press(t, f, at, body, "remove doc.variants[0]").Body.String()
	body = press(t, f, at, body, "add doc.variants").Body.String()
	for _, want := range []string{`name="doc.variants[0].id" value="b"`, `name="doc.variants[1].id" value="a"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the form has no %s", want)
		}
	}
}

// TestAChangeOfLanguageKeepsWhatIsTyped: the button sends the form to the language, and that sends it on to the form, in the other language.
func TestAChangeOfLanguageKeepsWhatIsTyped(t *testing.T) {
	f := shop(t).As(access.Editor, text.Chinese)
	const at = "/console/campaigns/edit"
	body := f.Page(at)
	const to = "/console/language?form=%2Fconsole%2Fcampaigns%2Fedit&amp;to=en"
	if !strings.Contains(body, `form="definition" formaction="`+to+`" formnovalidate`) {
		t.Fatalf("the button of the language takes no form with it: %s", body[:2500])
	}
	w := press(t, f, html.UnescapeString(to), body, "", "doc.name", "只打了一半")
	if w.Code != http.StatusTemporaryRedirect || w.Header().Get("Location") != at { // which a browser follows with the same form
		t.Fatalf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	w = press(t, f, w.Header().Get("Location"), body, "", "doc.name", "只打了一半")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `<html lang="en">`) || !strings.Contains(w.Body.String(), "只打了一半") {
		t.Errorf("%d %s", w.Code, said(w.Body.String()))
	}
	if w := f.Post("/console/language?to=zh&form=https%3A%2F%2Felsewhere.example%2F", "doc.name", "x"); w.Header().Get("Location") != "/console" {
		t.Errorf("the form is sent on to %q", w.Header().Get("Location"))
	}
	if body := f.Page("/console/campaigns"); !strings.Contains(body, `<form method="post" action="/console/language">`) {
		t.Error("a page without a form has no button of the language")
	}
}
