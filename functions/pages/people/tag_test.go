package people_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// TestTagging shows why somebody has each tag, and lets an editor add some and take away those that were given by hand.
func TestTagging(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/buyers", `{"name":"买过的人","tag":"buyer","rule":{"field":"orders.count","op":"gte","value":1}}`)
	id := string(b.Person("mei", func(p *profile.Profile) {
		p.Tagging.Say("茶客", profile.Tagged{At: pagestest.Noon, By: "Ann"})
		p.Tagging.List("shopify", profile.TagList{At: pagestest.Noon, Tags: []string{"wholesale"}})
		p.Members = map[string]profile.Membership{"buyers": {Since: pagestest.Noon, Tag: "buyer"}}
	}).ID)
	seen := b.As(access.Viewer, text.Chinese).Page("/console/person?id=" + id)
	for _, part := range []string{"茶客", "Ann", "人群 买过的人", "shopify 的全部标签"} {
		if !strings.Contains(seen, part) {
			t.Errorf("a viewer does not see %s", part)
		}
	}
	if strings.Contains(seen, "person/tag") {
		t.Error("a viewer is offered to change tags")
	}
	f := b.As(access.Editor, text.Chinese)
	if page := f.Page("/console/person?id=" + id); strings.Count(page, `name="remove"`) != 1 || !strings.Contains(page, `name="remove" value="茶客"`) {
		t.Errorf("what may be removed: %d", strings.Count(page, `name="remove"`))
	}
	if w := b.As(access.Viewer, text.Chinese).Post("/console/person/tag", "id", id, "add", "vip"); w.Code != http.StatusForbidden {
		t.Errorf("a viewer: %d", w.Code)
	}
	for typed, want := range map[string]string{strings.Repeat("茶", 65): "有 65 个字符，至多 64 个", "a,a": "出现了两次", " , ": "缺少：请写明要添加或移除的标签"} {
		if w := f.Post("/console/person/tag", "id", id, "add", typed); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Body.String(), `value="`+typed+`"`) {
			t.Errorf("typed %q: %d without %s", typed, w.Code, want)
		}
	}
	if sent := b.Events.Sends(); sent != 0 {
		t.Fatalf("%d jobs too early", sent)
	}
	w := f.Post("/console/person/tag", "id", id, "add", "vip，老客, big spender ")
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.Contains(f.Page(to), "标签已改动") {
		t.Errorf("%d to %s", w.Code, to)
	}
	f.Post("/console/person/tag", "id", id, "remove", "茶客")
	jobs := functiontest.Jobs[job.Events](b, b.Events)
	if len(jobs) != 2 || !strings.HasPrefix(string(jobs[0].Command.Event.Properties), `{"add":["vip","老客","big spender"],"by":`) || !strings.HasPrefix(string(jobs[1].Command.Event.Properties), `{"remove":["茶客"],"by":`) {
		t.Errorf("sent %+v", jobs)
	}
}
