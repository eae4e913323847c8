package people_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
)

// tell lets the API tell what a test says of somebody; of a path that is in it no more, that there is nothing.
func tell(b *pagestest.Bench, answers map[string]string) (asked *[]string) {
	asked = new([]string)
	b.Break = func(r *http.Request) *http.Response {
		q := r.URL.Query()
		at := strings.TrimPrefix(r.URL.Path, "/v1/profiles/-") + " " + q.Get("profileId") + q.Get("cursor")
		*asked = append(*asked, at+" "+q.Get("reason"))
		body, has := answers[at]
		status, kind := http.StatusOK, "application/json"
		if !has {
			status, kind, body = http.StatusNotFound, "application/problem+json", `{"status":404}`
		}
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body))}
	}
	return asked
}

func tidy(page string) string { return html.UnescapeString(strings.Join(strings.Fields(page), " ")) }

func known(name string) string {
	return fmt.Sprintf(`{"traits":{"name":%q},"masked":true}`, name)
}

// TestInvitationsAreATree: up to who was invited by nobody, down to the friends of friends; others than the person are read without the reason, so that nobody else is revealed. Who was erased has no name and no friends.
func TestInvitationsAreATree(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Editor, text.Chinese)
	asked := tell(b, map[string]string{
		" me": known("我"), " up": known("上家"), " top": known("源头"), " kid": known("下家"),
		"/referrals me": `{"asFriend":[{"programId":"spring","state":"settled","advocateProfileId":"up","claimedAt":"2026-11-01T00:00:00Z"}],"next":"more",
			"asAdvocate":[{"programId":"spring","state":"settled","friendProfileId":"kid","claimedAt":"2026-11-02T00:00:00Z","rewards":[{"points":100}]},{"programId":"spring","state":"rejected","reason":"circle","friendProfileId":"gone","flags":["lookAlikeEmail"],"claimedAt":"2026-11-03T00:00:00Z"}]}`,
		"/referrals up":  `{"asFriend":[{"programId":"spring","state":"held","advocateProfileId":"top"}],"asAdvocate":[]}`,
		"/referrals top": `{"asFriend":[],"asAdvocate":[]}`,
		"/referrals kid": `{"asFriend":[],"asAdvocate":[{"programId":"spring","state":"claimed","friendProfileId":"grandchild"}],"next":"n"}`,
	})
	page := tidy(f.Page("/console/person/referrals?id=me&reason=ticket"))
	for _, want := range []string{
		`<li><a href="/console/person/referrals?id=up">上家</a> <span class="tag good">已发奖励</span>`, `<li><a href="/console/person/referrals?id=top">源头</a> <span class="tag">观察期内</span>`,
		"本页邀请 2 人，其中 1 人已发奖励。", `<a href="/console/person/referrals?id=kid">下家</a> <span class="tag good">已发奖励</span>`, "本人获得 100 积分", "又邀请了", `id=grandchild"><code>grandchild</code>`, "还有更多，请打开此人查看",
		`<a href="/console/person/referrals?id=gone">（没有姓名）</a> <span class="tag bad">已拒绝</span> 互相邀请成环`, "请人工查看：lookAlikeEmail", "cursor=more",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("it lacks %s: %s", want, page)
		}
	}
	if strings.Index(page, "上家") > strings.Index(page, "源头") {
		t.Error("the nearest does not come first")
	}
	for _, call := range *asked {
		if reveals := strings.HasSuffix(call, " ticket"); reveals != strings.Contains(call, " me") {
			t.Errorf("asked with the reason: %s", call)
		}
	}
	// A circle ends.
	tell(b, map[string]string{" me": known("我"), " up": known("上家"), "/referrals me": `{"asFriend":[{"advocateProfileId":"up"}]}`, "/referrals up": `{"asFriend":[{"advocateProfileId":"me"}]}`})
	if w := f.Get("/console/person/referrals?id=me"); w.Code != http.StatusOK {
		t.Errorf("a circle: %d", w.Code)
	}
	tell(b, map[string]string{" me": known("我"), "/referrals me": `{"asFriend":[],"asAdvocate":[]}`})
	if page := f.Page("/console/person/referrals?id=me"); !strings.Contains(page, "没有被人邀请过") || !strings.Contains(page, "没有邀请过人") {
		t.Errorf("nobody: %s", page)
	}
}

// TestOrdersOfAPerson: what was bought for how much, what is left of it, and what became of it; pages without an order are passed over.
func TestOrdersOfAPerson(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Viewer, text.Chinese)
	order := func(id, rest string) string {
		return fmt.Sprintf(`{"orderId":%q,"placedAt":"2026-11-01T02:00:00Z","total":{"amount":123450,"currency":"CNY"},"net":{"amount":100000,"currency":"CNY"},%s}`, id, rest)
	}
	asked := tell(b, map[string]string{
		" me": known("我"), "/orders me": `{"items":[],"next":"two"}`,
		"/orders metwo": `{"items":[` + order("A-1", `"completedAt":"2026-11-01T03:00:00Z","coupon":"SPRING","products":[{"name":"乌龙茶","quantity":2,"price":{"amount":5000,"currency":"CNY"}}],"refunds":[{"amount":{"amount":23450,"currency":"CNY"},"at":"2026-11-02T00:00:00Z"}]`) +
			"," + order("A-2", `"completedAt":"2026-11-01T03:00:00Z"`) + "," + order("A-3", `"cancelledAt":"2026-11-01T03:00:00Z","net":{"amount":0,"currency":"CNY"}`) + "," + order("A-4", `"products":[{"quantity":1,"price":{"amount":5000,"currency":"CNY"}}]`) + `]}`,
	})
	page := tidy(f.Page("/console/person/orders?id=me"))
	for _, want := range []string{
		`<time datetime="2026-11-01T02:00:00Z">2026年11月1日 10:00</time></td> <th scope="row">A-1<div class="soft">优惠码 SPRING</div></th> <td><span class="tag warn">有退款</span><div class="soft">退款 ¥234.50`, `乌龙茶 × 2 <span class="soft">¥50.00`,
		`<td class="n">¥1,234.50</td><td class="n">¥1,000.00</td>`, `A-2</th> <td><span class="tag good">已付款`, `A-3</th> <td><span class="tag warn">已取消`, `A-4</th> <td><span class="tag">已下单`, `已脱敏</span> × 1`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("it lacks %s: %s", want, page)
		}
	}
	if len(*asked) != 3 || strings.Contains(page, `class="button quiet" href`) {
		t.Errorf("asked %q", *asked)
	}
	tell(b, map[string]string{" me": known("我"), "/orders me": `{"items":[]}`})
	if page := f.Page("/console/person/orders?id=me"); !strings.Contains(page, "没有订单。") {
		t.Errorf("none: %s", page)
	}
}
