package stop_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
)

const (
	segment  = `{"name":"Buyers","rule":{"field":"orders.count","op":"gte","value":1}}`
	template = `{"name":"Hook","channel":"social","locales":{"default":{"payload":"{}"}}}`
	campaign = `{"name":"双十一","state":"running","channel":"social","templateId":"hook","trigger":{"enteredSegment":"buyers"}}`
)

var once = regexp.MustCompile(`name="once" value="([^"]+)"`)

// TestStopAndResume of each thing, with one press each, by whoever may; in force where the API says so.
func TestStopAndResume(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/buyers", segment)
	b.Put("/v1/templates/hook", template)
	b.Put("/v1/campaigns/eleven", campaign)
	editor, approver := b.As(access.Editor, text.Chinese), b.As(access.Approver, text.Chinese)
	for name, c := range map[string]struct {
		fields []string
		says   string // of what is in force, by the API
	}{
		"everything": {[]string{"channel", "", "campaign", ""}, `"items":[{"id":`}, "a channel": {[]string{"channel", "email", "keep", "yes"}, `"channel":"email","keepTransactional":true`}, "a campaign": {[]string{"campaign", "eleven"}, `"campaign":"eleven"`},
	} {
		t.Run(name, func(t *testing.T) {
			page := editor.Page("/console/stops")
			if strings.Contains(page, "已停发") || !strings.Contains(page, "双十一") || strings.Contains(page, "/console/stops/resume") {
				t.Errorf("before: %s", page)
			}
			key := once.FindStringSubmatch(page)[1]
			for range 2 { // pressed twice
				w := editor.Post("/console/stops/stop", append([]string{"once", key}, c.fields...)...)
				if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.Contains(editor.Page(to), "已停发。") {
					t.Fatalf("%d to %s: %s", w.Code, to, w.Body)
				}
			}
			api := strings.NewReplacer("&#34;", `"`, "\n", "", " ", "").Replace(editor.Page("/console/call?path=/v1/stops"))
			if !strings.Contains(api, c.says) || strings.Count(api, `"since"`) != 1 {
				t.Errorf("in force is %s", api)
			}
			if page := editor.Page("/console/stops"); !strings.Contains(page, "the editor") || !strings.Contains(page, "需要“审批”角色") || strings.Contains(page, "恢复发送：") {
				t.Errorf("the editor sees %s", page)
			}
			if w := editor.Post("/console/stops/resume", c.fields...); w.Code != http.StatusForbidden {
				t.Errorf("an editor resumes: %d", w.Code)
			}
			key = once.FindStringSubmatch(approver.Page("/console/stops"))[1]
			w := approver.Post("/console/stops/resume", append([]string{"once", key}, c.fields...)...)
			if page := approver.Page(w.Header().Get("Location")); w.Code != http.StatusSeeOther || !strings.Contains(page, "已恢复发送。") || strings.Contains(page, "已停发") {
				t.Errorf("resumed: %d %s", w.Code, page)
			}
		})
	}
	if page := b.As(access.Viewer, text.English).Page("/console/stops"); strings.Contains(page, "<button class=\"danger\"") || !strings.Contains(page, "sending") || !strings.Contains(page, "it takes the role of editor") {
		t.Errorf("a viewer sees %s", page)
	}
}

// TestAStopOfEverythingIsSaidOfEachCampaign that it holds, here and on the overview; of one that goes on, it is not.
func TestAStopOfEverythingIsSaidOfEachCampaign(t *testing.T) {
	b := pagestest.Start(t)
	b.Put("/v1/segments/buyers", segment)
	b.Put("/v1/templates/hook", template)
	b.Put("/v1/campaigns/eleven", campaign)
	b.Put("/v1/campaigns/paid", strings.Replace(campaign, `{`, `{"transactional":true,`, 1))
	f := b.As(access.Owner, text.Chinese)
	for i, c := range []struct {
		scope []string
		held  int
	}{{[]string{"channel", "", "campaign", "", "keep", "yes"}, 1}, {[]string{"channel", "", "campaign", ""}, 2}, {[]string{"channel", "sms", "campaign", ""}, 0}} {
		form := append([]string{"once", string(rune('a' + i))}, c.scope...)
		f.Post("/console/stops/stop", form...)
		if n := strings.Count(f.Page("/console/stops"), "现在不发送"); n != c.held {
			t.Errorf("%v holds %d campaigns", c.scope, n)
		}
		if n := strings.Count(f.Page("/console"), `<span class="tag bad">已停发</span>`); n != c.held {
			t.Errorf("%v holds %d campaigns of the overview", c.scope, n)
		}
		f.Post("/console/stops/resume", form...)
	}
}
