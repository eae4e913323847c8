package definition_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

// TestATemplateIsPreviewedAsItIsTyped: as somebody would get it, masked until a reason is given, with nothing saved and everything that was typed still there.
func TestATemplateIsPreviewedAsItIsTyped(t *testing.T) {
	b := shop(t)
	b.Person("mei", func(p *profile.Profile) {
		p.Traits = profile.Traits{"name": {Value: "<b>梅丽</b>", At: pagestest.Noon, By: trust.Shop}}
	})
	const at, mail = "/console/templates/preview", "/console/templates/draft"
	editor := b.As(access.Editor, text.Chinese)
	page := editor.Page("/console/templates/edit?id=welcome")
	typed := []string{"doc.locales[0].subject", "新主题 {{ profile.name }}", "doc.locales[0].html", `<p style="color:red">{{ profile.name }} {{ profile.plan }}</p><a href="{{ unsubscribeUrl }}">out</a>`}
	w := press(t, editor, at, page, "preview", append(typed, "user", "mei")...)
	if w.Code != http.StatusOK || !strings.HasSuffix(w.Header().Get("Content-Security-Policy"), "; frame-src 'self'") {
		t.Fatalf("%d %q %s", w.Code, w.Header().Get("Content-Security-Policy"), said(w.Body.String()))
	}
	has(t, "masked", w.Body.String(), "预览（尚未保存）", "带入的是脱敏后的信息", "新主题 <***", "profile.plan", "显示这封邮件")
	for name, want := range map[string]string{"doc.locales[0].subject": typed[1], "doc.locales[0].html": typed[3], "user": "mei"} {
		if all := fields(t, w.Body.String()); !pairs(all, name, want) {
			t.Errorf("%s is not %q any more: %q", name, want, all)
		}
	}
	w = press(t, editor, at, w.Body.String(), "preview", "reason", "ticket 7")
	if body := w.Body.String(); strings.Contains(body, "<b>梅丽</b>") {
		t.Error("what somebody is called is taken for HTML")
	} else {
		has(t, "revealed", body, "理由：ticket 7", "新主题 <b>梅丽</b>")
	}
	shown := press(t, editor, mail, w.Body.String(), "", "locale", "default")
	if got, want := shown.Body.String(), `<p style="color:red">&lt;b&gt;梅丽&lt;/b&gt; </p><a href="#">out</a>`; shown.Code != http.StatusOK || got != want || !strings.HasPrefix(shown.Header().Get("Content-Security-Policy"), "sandbox; default-src 'none'") {
		t.Errorf("the mail is %d %s under %s", shown.Code, got, shown.Header().Get("Content-Security-Policy"))
	}
	has(t, "nobody", press(t, editor, at, page, "preview").Body.String(), "没有带入任何人")
	has(t, "somebody unknown", press(t, editor, at, page, "preview", "user", "nobody").Body.String(), "没有找到 nobody：")
	has(t, "what is saved", editor.Page("/console/templates/show?id=welcome"), "主题 Hi", "第 1 版")
}

// TestWhatCannotBePreviewedIsSaidBesideItsField and what was typed stays; who may not change the template is not let in.
func TestWhatCannotBePreviewedIsSaidBesideItsField(t *testing.T) {
	b := shop(t)
	editor := b.As(access.Editor, text.English)
	page := editor.Page("/console/templates/edit?id=welcome")
	for what, typed := range map[string]string{"no Liquid": "Hi {{ profile.name", "nothing": ""} {
		w := press(t, editor, "/console/templates/preview", page, "preview", "doc.locales[0].subject", typed)
		if body := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(body, `class="form-error"`) || strings.Contains(body, "Preview (not saved)</h2>") || !pairs(fields(t, body), "doc.locales[0].subject", typed) {
			t.Errorf("%s: %d %s", what, w.Code, said(body))
		}
		if w := press(t, editor, "/console/templates/draft", page, "", "doc.locales[0].subject", typed, "locale", "default"); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("the mail of %s: %d", what, w.Code)
		}
	}
	fresh := editor.Page("/console/templates/edit")
	has(t, "a new one", fresh, "Preview (not saved)")
	viewer := b.As(access.Viewer, text.English)
	if body := viewer.Page("/console/templates/edit?id=welcome"); strings.Contains(body, "templates/preview") {
		t.Error("a viewer is offered a preview of what they may not type")
	}
	if w := press(t, viewer, "/console/templates/preview", page, "preview"); w.Code != http.StatusForbidden {
		t.Errorf("a viewer: %d", w.Code)
	}
}

// pairs says whether fields have a name with a value.
func pairs(all []string, name, value string) bool {
	for i := 0; i+1 < len(all); i += 2 {
		if all[i] == name && all[i+1] == value {
			return true
		}
	}
	return false
}
