package referral_test

import (
	"html"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
)

func tidy(page string) string { return html.UnescapeString(strings.Join(strings.Fields(page), " ")) }

const program = `{"name":"老带新","state":"running","hold":"14d","attributionWindow":"30d","qualifying":{"minTotal":{"amount":5000,"currency":"CNY"}},"rewards":{"advocate":[{"points":500}],"friend":[{"points":200}]},` +
	`"ladder":[{"friends":3,"advocate":[{"points":500},{"voucher":{"amount":1500,"currency":"CNY"}}]}],"budget":[{"points":10000}],"maxPerAdvocate":4}`

// TestTheLadderInNumbers: friend by friend what each side gets, where a step is paid, from which friend on nobody is, and how many advocates the budget pays.
func TestTheLadderInNumbers(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/programs/invite", program)
	f := b.As(access.Viewer, text.Chinese)
	list := tidy(f.Page("/console/programs"))
	if !strings.Contains(list, `老带新</a><div class="soft">invite</div></th> <td><span class="tag good">运行中</span></td> <td>500 积分</td><td>200 积分</td> <td class="n">1</td> <td>10,000 积分</td>`) || strings.Contains(list, "新建邀请计划") {
		t.Errorf("the list is %s", list)
	}
	page := tidy(f.Page("/console/programs/show?id=invite"))
	for _, want := range []string{
		`<th scope="row" class="n">2</th><td>500 积分</td><td>200 积分</td><td>1,000 积分</td>`, `<th scope="row" class="n">3 <span class="tag">阶梯</span></th><td>500 积分、¥15.00 代金券</td><td>200 积分</td><td>1,500 积分、¥15.00 代金券</td>`,
		`<th scope="row" class="n">5</th><td colspan="2"><span class="tag warn">邀请人达到上限</span></td><td>2,000 积分、¥15.00 代金券</td>`, // 4 at most
		"这些朋友合计花费：2,800 积分、¥15.00 代金券", "预算 10,000 积分 够 3 位这样的邀请人", "<dd>¥50.00</dd>", "<dd>14d</dd>", "还没有人上榜",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("it lacks %s: %s", want, page)
		}
	}
	if page := tidy(f.Page("/console/programs/show?id=invite&friends=2")); strings.Contains(page, "阶梯</span>") || !strings.Contains(page, "这些朋友合计花费：1,400 积分") {
		t.Errorf("of two: %s", page)
	}
	if page := tidy(f.Page("/console/programs/show?id=invite&friends=100000")); strings.Count(page, "邀请人达到上限") != 96 {
		t.Errorf("of too many: %s", page)
	}
	if w := f.Get("/console/programs/show?id=other"); w.Code != http.StatusNotFound {
		t.Errorf("one that is not there: %d", w.Code)
	}
}

// TestTheBoardIsMasked until an editor says why, and then the API is told the reason.
func TestTheBoardIsMasked(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/programs/invite", program)
	reason := ""
	b.Break = func(r *http.Request) *http.Response {
		if !strings.HasSuffix(r.URL.Path, "/leaderboard") {
			return nil
		}
		user, masked := "m***", "true"
		if reason = r.URL.Query().Get("reason"); reason != "" {
			user, masked = "mei-1", "false"
		}
		body := `{"masked":` + masked + `,"items":[{"rank":1,"name":"梅**","settled":7,"at":"2026-11-20T02:00:00Z","profileId":"p1","userId":"` + user + `"},{"rank":2,"name":"","settled":2,"at":"2026-11-19T02:00:00Z","profileId":"p2","userId":""}]}`
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
	}
	if page := tidy(b.As(access.Viewer, text.Chinese).Page("/console/programs/show?id=invite")); !strings.Contains(page, "m***") || strings.Contains(page, "查看用户 ID") {
		t.Errorf("a viewer sees %s", page)
	}
	f := b.As(access.Editor, text.English)
	page := tidy(f.Page("/console/programs/show?id=invite"))
	for _, want := range []string{"See their user IDs", "On the board: 2, who brought friends that were rewarded for: 9.", `<td class="n">1</td><th scope="row"><a href="/console/person/referrals?id=p1">梅**</a></th><td>m***</td><td class="n">7</td>`, `id=p2">(no name)</a>`} {
		if !strings.Contains(page, want) {
			t.Errorf("it lacks %s: %s", want, page)
		}
	}
	page = tidy(f.Page("/console/programs/show?id=invite&reason=a+prize"))
	if reason != "a prize" || !strings.Contains(page, "mei-1") || !strings.Contains(page, "User IDs are shown, because: a prize.") || strings.Contains(page, "See their user IDs") {
		t.Errorf("revealed for %q: %s", reason, page)
	}
}
