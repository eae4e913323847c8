package template_test

import (
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

func tidy(page string) string { return html.UnescapeString(strings.Join(strings.Fields(page), " ")) }

const welcome = `{"name":"欢迎","channel":"email","locales":{"default":{"subject":"Hi {{ profile.name }}","text":"{{ profile.name }}, {{ profile.plan }} {{ event.properties.cart_id }} {{ unsubscribeUrl }}","html":"<p style=\"color:red\">Dear {{ profile.name }}</p><a href=\"{{ unsubscribeUrl }}\">out</a>"},` +
	`"zh-CN":{"subject":"您好，{{ profile.name }}","text":"退订 {{ unsubscribeUrl }}"}}}`

// shop has a template in two languages, and somebody whose name would do harm in HTML.
func shop(t *testing.T) *pagestest.Bench {
	t.Helper()
	b := pagestest.Start(t)
	b.Put("/v1/templates/welcome", welcome)
	b.Person("mei", func(p *profile.Profile) {
		p.Traits = profile.Traits{"name": {Value: "<b>梅丽</b>", At: pagestest.Noon, By: trust.Shop}}
		p.Locale = profile.Stamped{Value: "zh_CN", At: pagestest.Noon}
	})
	return b
}

func holds(t *testing.T, page string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(tidy(page), want) {
			t.Errorf("it lacks %s: %s", want, tidy(page))
		}
	}
}

// TestAPreviewOfATextMessage is the message as the phone shows it, and as how many it is billed.
func TestAPreviewOfATextMessage(t *testing.T) {
	b := shop(t)
	b.Put("/v1/templates/tea", `{"name":"茶","channel":"sms","locales":{"default":{"text":"${name}，上新了，拒收请回复R","payload":{"template":"SMS_1","params":{"name":"{{ profile.name }}"},"sign":"茶铺"}},
		"en":{"text":"${name}`+strings.Repeat("a", 64)+`","payload":{"template":"SMS_2","params":{"name":"1234567"}}}}}`)
	page := b.As(access.Editor, text.Chinese).Page("/console/templates/show?id=tea&user=mei&reason=check")
	holds(t, page, "【茶铺】<b>梅丽</b>，上新了，拒收请回复R", "按 1 条短信计费", "1234567"+strings.Repeat("a", 64), "按 2 条短信计费")
}

// TestAPreviewIsWhatSomebodyGets in each locale, with what is not known of them; masked until a reason is given, which is written down.
func TestAPreviewIsWhatSomebodyGets(t *testing.T) {
	b := shop(t)
	viewer, editor := b.As(access.Viewer, text.Chinese), b.As(access.Editor, text.English)
	holds(t, viewer.Page("/console/templates"), `<a href="/console/templates/show?id=welcome">欢迎</a>`)
	nobody := viewer.Page("/console/templates/show?id=welcome")
	holds(t, nobody, "没有带入任何人", "这些变量来自触发的事件，预览里没有：event.properties.cart_id", "<h3>主题</h3><p>Hi</p><p class=\"soft\">2 个字符</p>", `sandbox title="邮件预览：default" src="/console/templates/mail?id=welcome&locale=default"`)
	if strings.Contains(nobody, `name="reason"`) {
		t.Error("a viewer is asked for a reason")
	}
	masked := viewer.Page("/console/templates/show?id=welcome&user=mei")
	if holds(t, masked, "带入的是脱敏后的信息", "<li><code>profile.plan</code></li>", "您好，<***"); strings.Contains(masked, "梅丽") || strings.Contains(masked, "此人收到这一份") {
		t.Errorf("a viewer is shown %s", masked)
	}
	open := editor.Page("/console/templates/show?id=welcome&user=mei&reason=check")
	holds(t, open, "It is filled with what is not masked, because: check.", "<p>您好，<b>梅丽</b></p>", `zh-CN <span class="tag good">this person gets it</span>`, "Characters: 12", "reason=check&user=mei")
	if strings.Contains(open, "<b>梅丽</b>") {
		t.Error("what somebody is called is taken for HTML")
	}
	if w := viewer.Get("/console/templates/show?id=welcome&user=mei&reason=check"); w.Code != http.StatusForbidden {
		t.Errorf("a viewer who gives a reason: %d", w.Code)
	}
	lines, _, err := b.Console.Audit.List(t.Context(), audit.Query{Kind: audit.KindProfile}, 10, "")
	if err != nil || len(lines) != 1 || lines[0].Reason != "check" || lines[0].By.Name != "the editor" {
		t.Errorf("on record: %+v, %v", lines, err)
	}
	holds(t, viewer.Page("/console/templates/show?id=welcome&user=nobody"), "没有找到 nobody：")
	for path, want := range map[string]int{"/console/templates/show": 404, "/console/templates/show?id=other": 404, "/console/templates/mail": 404, "/console/templates/mail?id=other": 404} {
		if w := viewer.Get(path); w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestAMailDoesNothing: it is shown under a policy of its own, in which nothing runs, loads or leads anywhere, and what is known of a person is text in it.
func TestAMailDoesNothing(t *testing.T) {
	b := shop(t)
	b.Put("/v1/templates/bad", `{"channel":"email","locales":{"default":{"subject":"x","html":"<script>alert(1)</script><img src=https://evil.example/x><form action=https://evil.example><button>go</button></form>{{ unsubscribeUrl }}"}}}`)
	w := b.As(access.Editor, text.Chinese).Get("/console/templates/mail?id=welcome&locale=default&user=mei&reason=check")
	if body := w.Body.String(); w.Code != 200 || body != `<p style="color:red">Dear &lt;b&gt;梅丽&lt;/b&gt;</p><a href="#">out</a>` {
		t.Errorf("%d %s", w.Code, body)
	}
	for _, path := range []string{"welcome", "bad"} {
		w := b.As(access.Viewer, text.Chinese).Get("/console/templates/mail?id=" + path)
		for header, want := range map[string]string{
			"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
			"Content-Type":            "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		} {
			if got := w.Header().Get(header); got != want {
				t.Errorf("%s has %s: %q", path, header, got)
			}
		}
	}
	page := b.As(access.Viewer, text.Chinese).Page("/console/templates/show?id=bad")
	if strings.Contains(page, "<script>alert") || strings.Contains(page, "evil.example") || !strings.Contains(page, `<iframe class="mail" sandbox `) {
		t.Errorf("the page around it has %s", page)
	}
}
