package audit_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
)

var once = regexp.MustCompile(`name="once" value="([^"]+)"`)

// TestTheLogSpeaksAsTheConsoleDoes: stops began and ended, and fields are called as their forms, the rule builder and the search call them.
func TestTheLogSpeaksAsTheConsoleDoes(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/buyers", rule("1"))
	b.Put("/v1/templates/hook", `{"name":"Hook","channel":"social","locales":{"default":{"payload":"{}"}}}`)
	b.Put("/v1/campaigns/running", `{"name":"双十一","state":"running","channel":"social","templateId":"hook","trigger":{"enteredSegment":"buyers"},"control":0.1}`)
	f := b.As(access.Approver, text.Chinese)
	for _, fields := range [][]string{{"channel", "", "campaign", ""}, {"channel", "email", "keep", "yes"}, {"campaign", "running"}} {
		for _, do := range []string{"stop", "resume"} {
			key := once.FindStringSubmatch(f.Page("/console/stops"))[1]
			if w := f.Post("/console/stops/"+do, append([]string{"once", key}, fields...)...); w.Code != http.StatusSeeOther {
				t.Fatalf("%s %v: %d %s", do, fields, w.Code, w.Body)
			}
		}
	}
	f.Page("/console/people?q=mei&by=user")
	form := []string{"doc.id", "x", "doc.name", "x", "doc.rule~kind", "field", "doc.rule~field", "orders.revenue90", "doc.rule~op", "gte", "doc.rule~value", "5", "do", "estimate"}
	if w := f.Post("/console/segments/estimate", form...); w.Code != http.StatusOK {
		t.Fatalf("the estimate: %d", w.Code)
	}
	for lang, wants := range map[text.Lang][]string{
		text.Chinese: {
			"<td>停发了全部</td>", "<td>恢复了全部</td>", "<td>停发了渠道“邮件”</td>", "<td>恢复了渠道“邮件”</td>", "<td>停发了活动“running”</td>", "<td>恢复了活动“running”</td>",
			"<td>事务性通知照发</td>", "<td>用户 ID</td>", "<td>近 90 天消费金额</td>", "渠道、对照组",
		},
		text.English: {"<td>stopped everything</td>", "<td>resumed everything</td>", "<td>stopped the channel &#34;e-mail&#34;</td>", "<td>resumed the campaign &#34;running&#34;</td>", "<td>user ID</td>", "<td>Revenue, last 90 days</td>"},
	} {
		page := b.As(access.Approver, lang).Page("/console/audit")
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("lacks %s: %s", want, page[strings.Index(page, "<tbody>"):])
			}
		}
		for _, internal := range []string{"<td>id", "orders.revenue90", "keepTransactional", ">everything</a>"} {
			if strings.Contains(page, internal) && (lang == text.Chinese || internal != ">everything</a>") {
				t.Errorf("%s shows %s", lang, internal)
			}
		}
	}
}
