package template_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// TestATestIsSentFromThePage to an address that an owner has listed, by an editor, once for a form; the page tells what became of it.
func TestATestIsSentFromThePage(t *testing.T) {
	b := shop(t)
	queue := &functiontest.Queue{}
	b.Console.Notifications = queue
	b.Trust()
	viewer, editor := b.As(access.Viewer, text.Chinese), b.As(access.Editor, text.Chinese)
	holds(t, editor.Page("/console/templates/show?id=welcome"), "还没有试发地址")
	b.Put("/v1/settings/messaging", `{"testAddresses":["ops@shop.example"]}`)
	page := editor.Page("/console/templates/show?id=welcome")
	holds(t, page, "<option>ops@shop.example</option>", "发送到此地址")
	if strings.Contains(viewer.Page("/console/templates/show?id=welcome"), "/console/templates/test") {
		t.Error("a viewer is offered to send one")
	}
	if w := viewer.Post("/console/templates/test", "id", "welcome", "to", "ops@shop.example"); w.Code != http.StatusForbidden {
		t.Errorf("a viewer sends one: %d", w.Code)
	}
	for range 2 { // pressed twice
		w := editor.Post("/console/templates/test", "id", "welcome", "to", "ops@shop.example", "locale", "zh-CN", "once", "k1")
		holds(t, editor.Page(w.Header().Get("Location")), "已提交试发", `<td>ops@shop.example</td><td>zh-CN</td><td class="n">1</td><td>发送中</td><td>the editor</td>`)
	}
	ids := map[string]bool{}
	for _, j := range functiontest.Jobs[job.Notifications](b, queue) {
		for _, one := range j.Trials {
			ids[one.ID] = one.To == "ops@shop.example" && one.Locale == "zh-CN"
		}
	}
	if len(ids) != 1 {
		t.Errorf("asked for are %v", ids)
	}
	for to, want := range map[string]int{"mei@example.com": 422, "": 422} {
		if w := editor.Post("/console/templates/test", "id", "welcome", "to", to); w.Code != want {
			t.Errorf("to %q: %d", to, w.Code)
		}
	}
	if w := editor.Post("/console/templates/test"); w.Code != 422 {
		t.Errorf("of nothing: %d", w.Code)
	}
}
