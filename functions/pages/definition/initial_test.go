package definition_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
)

// TestWhatNewDocumentsBeginWith: a template has the content of everybody else, by e-mail; a campaign is a draft, and of a segment where the way here says so. What most go without is put away.
func TestWhatNewDocumentsBeginWith(t *testing.T) {
	b := shop(t)
	f := b.As(access.Editor, text.Chinese)
	for path, want := range map[string]map[string]string{
		"/console/templates/edit":                    {"doc.channel": "email", "doc.locales~n": "1", "doc.locales[0]~key": "default", "doc.locales[0].subject": ""},
		"/console/templates/edit?from=cart-reminder": {"doc.id": "", "doc.name": "购物车未结算", "doc.channel": "email", "doc.locales~n": "2", "doc.locales[0]~key": "default", "doc.locales[0].subject": "您的购物车还在等您", "doc.locales[1]~key": "en", "doc.locales[1].subject": "Your cart is waiting"},
		"/console/templates/edit?from=nothing":       {"doc.locales~n": "1", "doc.locales[0].subject": ""},
		"/console/campaigns/edit":                    {"doc.channel": "email", "doc.state": "draft", "doc.trigger~as": ""},
		"/console/campaigns/edit?segment=vip":        {"doc.channel": "email", "doc.state": "draft", "doc.trigger~as": "audience", "doc.trigger.audience.segmentId": "vip"},
	} {
		got := map[string]string{}
		all := fields(t, f.Page(path))
		for i := 0; i+1 < len(all); i += 2 {
			got[all[i]] = all[i+1]
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s begins with %s = %q, want %q", path, name, got[name], value)
			}
		}
	}
	if list := f.Page("/console/templates"); strings.Count(list, "/console/templates/edit?from=") != 15 || !strings.Contains(list, "从 15 份常用文案开始") {
		t.Error("the list of templates does not lead to the library")
	}
	if list := b.As(access.Viewer, text.English).Page("/console/templates"); strings.Contains(list, "from=") {
		t.Error("a viewer is led to what viewers may not do")
	}
	page := f.Page("/console/campaigns/edit")
	if !strings.Contains(page, `<details class="form-rare"><summary>更多设置</summary>`) || strings.Index(page, `name="doc.expiresAfter"`) < strings.Index(page, `class="form-rare"`) {
		t.Error("what is rare is not put away")
	}
	b.Put("/v1/campaigns/late", `{"name":"Late","state":"draft","channel":"email","templateId":"welcome","trigger":{"enteredSegment":"vip"},"expiresAfter":"2h"}`)
	if page := f.Page("/console/campaigns/edit?id=late"); !strings.Contains(page, `<details class="form-rare" open>`) {
		t.Error("what is rare and there is put away")
	}
	if page := press(t, f, "/console/campaigns/edit", page, "save", "doc.expiresAfter", "soon").Body.String(); !strings.Contains(page, `<details class="form-rare" open>`) {
		t.Error("what is rare and has to be mended is put away")
	}
	for _, class := range []string{"when-subject", "when-text", "when-html", "when-payload"} {
		if page := f.Page("/console/templates/edit"); !strings.Contains(page, class) {
			t.Errorf("no field is %s", class)
		}
	}
	// All that the form adds by itself is what saving it takes; nothing else is in the document.
	w := press(t, f, "/console/templates/edit", f.Page("/console/templates/edit"), "save", "doc.id", "fresh", "doc.name", "Fresh", "doc.locales[0].subject", "Hi", "doc.locales[0].text", "Hi {{ unsubscribeUrl }}")
	if w.Code != http.StatusSeeOther {
		t.Errorf("%d %s", w.Code, said(w.Body.String()))
	}
}

// TestTheEstimateStaysWhereItIs: whoever has asked how many a rule is about still reads it beside the changes, and whoever has not is not made to wait for it.
func TestTheEstimateStaysWhereItIs(t *testing.T) {
	b := shop(t)
	f := b.As(access.Editor, text.Chinese)
	const at = "/console/segments/edit"
	page := f.Page(at + "?id=vip")
	asked := 0
	b.Break = func(r *http.Request) *http.Response {
		if strings.HasSuffix(r.URL.Path, "/preview") {
			asked++
		}
		return nil
	}
	if page := press(t, f, at, page, "check", "doc.name", "新名称").Body.String(); asked != 0 || strings.Contains(page, `class="figure"`) {
		t.Errorf("nobody has asked, and %d calls were made", asked)
	}
	page = press(t, f, "/console/segments/estimate", page, "estimate", "doc.name", "新名称").Body.String()
	if !strings.Contains(page, `<input type="hidden" name="asked" value="yes" form="definition">`) {
		t.Fatalf("the estimate does not say that it is there: %s", page)
	}
	page = press(t, f, at, page, "check", "asked", "yes").Body.String()
	if asked != 2 || !strings.Contains(page, `class="figure"`) || !strings.Contains(page, "将要保存的改动") {
		t.Errorf("%d calls: %s", asked, said(page))
	}
}
