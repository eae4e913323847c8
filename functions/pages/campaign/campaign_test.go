package campaign_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

// shop has a campaign of two texts for tomorrow at 10:00 in Shanghai, which is a draft, and one that listens.
func shop(t *testing.T) *pagestest.Bench {
	t.Helper()
	b := pagestest.Start(t)
	b.Put("/v1/segments/all", `{"name":"所有人","rule":{"field":"orders.count","op":"gte","value":0}}`)
	for _, id := range []string{"warm", "short"} {
		b.Put("/v1/templates/"+id, `{"channel":"email","locales":{"default":{"subject":"Hi","text":"Hello {{ unsubscribeUrl }}"}}}`)
	}
	b.Put("/v1/campaigns/ab", `{"name":"两版文案","state":"draft","channel":"email","control":0.5,"variants":[{"id":"a","weight":0.6,"templateId":"warm"},{"id":"b","weight":0.4,"templateId":"short"}],"trigger":{"audience":{"segmentId":"all","at":"2026-11-22T02:00:00Z"}}}`)
	b.Put("/v1/campaigns/thanks", `{"name":"谢谢","state":"running","channel":"email","templateId":"warm","trigger":{"event":{"name":"Order Completed"}}}`)
	return b
}

func tidy(page string) string { return html.UnescapeString(strings.Join(strings.Fields(page), " ")) }

func holds(t *testing.T, page string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(tidy(page), want) {
			t.Errorf("the page lacks %s: %s", want, tidy(page))
		}
	}
}

var once = regexp.MustCompile(`name="once" value="([^"]+)"`)

// TestWhatEnteredIsTheSum: each notification that was begun is in one line of the table, or waits, in whatever order it was decided; what was put off and came back is one.
func TestWhatEnteredIsTheSum(t *testing.T) {
	b := shop(t)
	n := 0
	decide := func(variant string, times int, steps ...delivery.Decision) {
		for range times {
			n++
			for i, d := range steps {
				d.NotificationID, d.ProfileID, d.CampaignID, d.Step, d.Variant = fmt.Sprint("n", n), profile.ID(fmt.Sprint("p", n)), "ab", "audience@2026-11-22T02:00:00Z", variant
				d.Asked, d.At, d.Attempt = pagestest.Noon.Add(time.Duration(i)*time.Hour), pagestest.Noon, i
				b.Must(b.Deliveries.Decide(t.Context(), d))
			}
		}
	}
	sent, late := delivery.Decision{Outcome: delivery.Sent}, delivery.Decision{Outcome: delivery.Deferred, Reason: delivery.InQuietHours}
	decide("a", 7, sent)
	decide("a", 2, late, late, sent)
	decide("b", 5, sent)
	decide("b", 3, delivery.Decision{Outcome: delivery.Failed, Reason: delivery.Rejected})
	decide("b", 4, late)
	decide("", 6, delivery.Decision{Outcome: delivery.Skipped, Reason: delivery.NoConsent})
	w := b.As(access.Approver, text.Chinese).Post("/console/campaigns/state", "id", "ab", "version", "1", "state", "scheduled", "sure", "yes")
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	f := b.As(access.Viewer, text.Chinese)
	holds(t, f.Page("/console/campaigns/show?id=ab"),
		`<th scope="col" class="n">未分组</th><th scope="col" class="n">a</th><th scope="col" class="n">b</th><th scope="col" class="n">合计</th>`,
		`已发送</span></th><td class="n">0</td><td class="n">9</td><td class="n">5</td><td class="n">14</td>`,
		`已跳过</span> 没有同意接收</th><td class="n">6</td><td class="n">0</td><td class="n">0</td><td class="n">6</td>`,
		`失败</span> 服务商拒收</th><td class="n">0</td><td class="n">0</td><td class="n">3</td><td class="n">3</td>`,
		`已有结果</th><td class="n">6</td><td class="n">9</td><td class="n">8</td><td class="n">23</td>`,
		`colspan="4">推迟中</th><td class="n">4</td>`, `colspan="4">进入人数</th><td class="n">27</td>`, // 7+2+5+3+4+6
		`正值免打扰时段</th><td class="n">0</td><td class="n">4</td><td class="n">4</td><td class="n">8</td>`,
		`本次发送： <time datetime="2026-11-22T02:00:00Z">2026年11月22日 10:00</time> 已处理 27 人，发出 14 份。`, "a · 60.0%", "b · 40.0%",
	)
	list := f.Page("/console/campaigns")
	holds(t, list, `两版文案</a><div class="soft">ab</div></th> <td><span class="tag">已排期，未到时间</span></td> <td>邮件</td> <td><time datetime="2026-11-22T02:00:00Z">2026年11月22日 10:00</time></td> <td class="n">27</td> `+
		`<td class="n">14<div class="soft">a: 9</div><div class="soft">b: 5</div></td> <td>6 <span class="tag">已跳过</span> 没有同意接收</td> <td class="n">4</td>`,
		`谢谢</a><div class="soft">thanks</div></th> <td><span class="tag good">等待触发</span></td> <td>邮件</td> <td>有人触发时</td> <td class="n">0</td> <td class="n">0</td> <td></td> <td class="n">0</td>`)
	if strings.Contains(list, "新建活动") {
		t.Error("a viewer is offered a new campaign")
	}
	b.Set(time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC))
	holds(t, b.As(access.Viewer, text.English).Page("/console/campaigns"), `<span class="tag">sent</span>`)
}

// TestThreeNumbers before anything is sent: who is in the segment, who can be reached, and who is left. A campaign that waits for an event has none.
func TestThreeNumbers(t *testing.T) {
	b := shop(t)
	reachable := 0
	for i := range 40 {
		granted := i%4 != 0
		if granted {
			reachable++
		}
		b.Person(fmt.Sprint("p", i), func(p *profile.Profile) {
			p.Traits = profile.Traits{"email": {Value: fmt.Sprintf("p%d@example.com", i), At: pagestest.Noon, By: trust.Shop}}
			p.Consent = map[string]profile.Consent{"email": {Granted: granted, At: pagestest.Noon, ReceivedAt: pagestest.Noon}}
		})
	}
	f := b.As(access.Viewer, text.Chinese)
	if page := f.Page("/console/campaigns/show?id=thanks"); strings.Contains(page, "计算三个数字") {
		t.Error("a campaign without an audience is asked for it")
	}
	w := f.Post("/console/campaigns/show", "id", "ab")
	page := w.Body.String()
	holds(t, page, `<p class="figure">40</p><p>符合人群</p>`, fmt.Sprintf(`<p class="figure">%d</p><p>可触达</p>`, reachable), "会收到（扣除留白组、对照组和不符合条件的人）", "人群 all 在 2026年11月21日 20:00 改动之后还没有运行过")
	found := regexp.MustCompile(`<p class="figure">(\d+)</p>\s*<p>会收到`).FindStringSubmatch(page)
	var left int
	if len(found) > 0 {
		_, _ = fmt.Sscan(found[1], &left)
	}
	if left == 0 || left >= reachable { // a control of a half
		t.Errorf("%d are left of %d", left, reachable)
	}
	if w := f.Post("/console/campaigns/show", "id", "thanks"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("asked all the same: %d %s", w.Code, w.Body)
	}
	if w := f.Post("/console/campaigns/show", "id", "other"); w.Code != http.StatusNotFound {
		t.Errorf("one that is not there: %d", w.Code)
	}
}

// TestStopAndResume with one press on the page each, by whoever may.
func TestStopAndResume(t *testing.T) {
	b := shop(t)
	viewer, editor, approver := b.As(access.Viewer, text.Chinese), b.As(access.Editor, text.Chinese), b.As(access.Approver, text.English)
	if page := viewer.Page("/console/campaigns/show?id=thanks"); strings.Contains(page, "/console/campaigns/stop") || strings.Contains(page, "/console/campaigns/state") {
		t.Error("a viewer is offered to stop it")
	}
	key := once.FindStringSubmatch(editor.Page("/console/campaigns/show?id=thanks"))[1]
	for range 2 { // pressed twice
		w := editor.Post("/console/campaigns/stop", "id", "thanks", "once", key)
		holds(t, editor.Page(w.Header().Get("Location")), "已停发。", "该活动已停发。 <span class=\"soft\">the editor")
	}
	if w := editor.Post("/console/campaigns/resume", "id", "thanks"); w.Code != http.StatusForbidden {
		t.Errorf("an editor resumes: %d", w.Code)
	}
	holds(t, viewer.Page("/console/campaigns"), `等待触发</span> <span class="tag bad">已停发</span>`)
	for _, path := range []string{"stop", "resume"} {
		if w := approver.Post("/console/campaigns/"+path, "once", "x"); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s of nothing: %d", path, w.Code)
		}
	}
	w := approver.Post("/console/campaigns/resume", "id", "thanks", "once", once.FindStringSubmatch(approver.Page("/console/campaigns/show?id=thanks"))[1])
	if page := approver.Page(w.Header().Get("Location")); !strings.Contains(page, "Resumed.") || strings.Contains(page, "The campaign is stopped.") {
		t.Errorf("resumed: %s", page)
	}
	editor.Post("/console/stops/stop", "channel", "email", "once", "y")
	holds(t, approver.Page("/console/campaigns/show?id=thanks"), `The channel "e-mail" is stopped. <a href="/console/stops">`)
}

// TestStates: a draft is let loose by an approver alone, in the version that was read; what runs is paused by an editor. All else of the document stays.
func TestStates(t *testing.T) {
	b := shop(t)
	editor, approver := b.As(access.Editor, text.Chinese), b.As(access.Approver, text.Chinese)
	holds(t, editor.Page("/console/campaigns/show?id=ab"), "启动需要审批角色。")
	holds(t, approver.Page("/console/campaigns/show?id=ab"), "按时间排期发送")
	state := func(f *pagestest.Browser, id, version, to string, want int) {
		t.Helper()
		if w := f.Post("/console/campaigns/state", "id", id, "version", version, "state", to, "sure", "yes"); w.Code != want {
			t.Errorf("%s of %s to %s: %d %s", version, id, to, w.Code, w.Body)
		}
	}
	state(editor, "ab", "1", "scheduled", http.StatusForbidden)
	state(approver, "ab", "1", "finished", http.StatusUnprocessableEntity) // no button of the page
	state(approver, "ab", "", "scheduled", http.StatusUnprocessableEntity)
	state(approver, "ab", "1", "scheduled", http.StatusSeeOther)
	state(approver, "ab", "1", "paused", http.StatusPreconditionFailed) // somebody else was faster
	state(editor, "ab", "2", "paused", http.StatusSeeOther)
	state(editor, "thanks", "1", "paused", http.StatusSeeOther)
	holds(t, approver.Page("/console/campaigns/show?id=thanks"), "启动</button>")
	api := tidy(editor.Page("/console/call?path=/v1/campaigns/ab"))
	for _, want := range []string{`"state": "paused"`, `"control": 0.5`, `"weight": 0.4`, `"version": 3`, `"at": "2026-11-22T02:00:00Z"`} {
		if !strings.Contains(api, want) {
			t.Errorf("it lacks %s: %s", want, api)
		}
	}
}

// TestLettingItLooseIsAskedOnce: whoever lets a campaign loose reads how many people it would reach now, and says so once more; before its time it can be a draft again.
func TestLettingItLooseIsAskedOnce(t *testing.T) {
	b := shop(t)
	for i := range 8 {
		b.Person(fmt.Sprint("p", i), func(p *profile.Profile) {
			p.Traits = profile.Traits{"email": {Value: fmt.Sprintf("p%d@example.com", i), At: pagestest.Noon, By: trust.Shop}}
			p.Consent = map[string]profile.Consent{"email": {Granted: true, At: pagestest.Noon, ReceivedAt: pagestest.Noon}}
		})
	}
	f := b.As(access.Approver, text.Chinese)
	numbers := f.Post("/console/campaigns/show", "id", "ab").Body.String()
	left := regexp.MustCompile(`<p class="figure">(\d+)</p>\s*<p>会收到`).FindStringSubmatch(numbers)
	w := f.Post("/console/campaigns/state", "id", "ab", "version", "1", "state", "scheduled")
	holds(t, w.Body.String(), "确定排期吗？", `会收到的人数： <strong class="figure">`+left[1]+`</strong>`, `发送时间： <time datetime="2026-11-22T02:00:00Z">`, `name="sure" value="yes"`)
	if api := tidy(f.Page("/console/call?path=/v1/campaigns/ab")); w.Code != http.StatusOK || !strings.Contains(api, `"state": "draft"`) {
		t.Errorf("asked, it is %d %s", w.Code, api)
	}
	holds(t, f.Page("/console/campaigns/show?id=ab"), `<a href="/console/segments/show?id=all">所有人</a>`, `<a href="/console/templates/edit?id=warm">warm</a>`)
	if page := f.Page("/console/campaigns/show?id=ab"); strings.Contains(page, "退回草稿") {
		t.Error("a draft goes back to a draft")
	}
	for _, c := range []struct{ version, state, says string }{{"1", "scheduled", "已排期。"}, {"2", "draft", "已退回草稿，不会发送。"}} {
		w := f.Post("/console/campaigns/state", "id", "ab", "version", c.version, "state", c.state, "sure", "yes")
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", c.state, w.Code, w.Body)
		}
		page := f.Page(w.Header().Get("Location"))
		holds(t, page, c.says)
		if back := strings.Contains(page, "退回草稿</button>"); back != (c.state == "scheduled") {
			t.Errorf("%s: it can be a draft again: %v", c.state, back)
		}
	}
	if w := b.As(access.Editor, text.Chinese).Post("/console/campaigns/state", "id", "ab", "version", "3", "state", "scheduled"); w.Code != http.StatusForbidden {
		t.Errorf("an editor is asked: %d", w.Code)
	}
	f.Post("/console/campaigns/state", "id", "thanks", "version", "1", "state", "paused")
	holds(t, f.Post("/console/campaigns/state", "id", "thanks", "version", "2", "state", "running").Body.String(), "确定启动吗？", "每当有人触发就会发送")
	b.Break = func(r *http.Request) *http.Response {
		if !strings.HasSuffix(r.URL.Path, "/preview") {
			return nil
		}
		return &http.Response{StatusCode: 422, Header: http.Header{"Content-Type": {"application/problem+json"}}, Body: io.NopCloser(strings.NewReader(`{"status":422,"detail":"no number"}`))}
	}
	holds(t, f.Post("/console/campaigns/state", "id", "ab", "version", "3", "state", "scheduled").Body.String(), "现在无法估计会发给多少人", "no number", "确定排期</button>")
}
