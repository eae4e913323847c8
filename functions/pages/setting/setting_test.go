package setting_test

import (
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// TestSettings shows the rules in force, saved or not, who works here to those who may know, and each visitor who they are.
func TestSettings(t *testing.T) {
	b := pagestest.Start(t)
	for _, role := range access.Roles() {
		page := b.As(role, text.Chinese).Page("/console/settings")
		for _, want := range []string{"全部渠道：每 1 天最多 3 条，超出的跳过", "没有设置，随时会发", "不受频控限制", `href="/console/settings/edit?id=messaging"`, `href="/console/settings/edit?id=segmentation"`, "the " + string(role), text.Chinese.Word("may", role)} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s: %s", role, want, page)
			}
		}
		if staff := strings.Count(page, `<th scope="row">the `); (staff == 4) != role.May(access.Approver) || staff != 0 && staff != 4 || strings.Contains(page, "需要“审批”角色") == role.May(access.Approver) || strings.Contains(page, "需要“所有者”角色") == (role == access.Owner) {
			t.Errorf("%s sees %d operators: %s", role, staff, page)
		}
	}
	b.Put("/v1/settings/messaging", `{"quietHours":{"start":"22:00","end":"08:00"},"caps":[{"limit":2,"channel":"email","per":7,"unit":"days","over":"defer","tag":"promo"}],"stopped":["social"],"transactional":{"ignoreCaps":false,"countCaps":true}}`)
	b.Put("/v1/settings/holdout", `{"share":0.05,"season":"2026Q4"}`)
	b.As(access.Editor, text.Chinese).Post("/console/stops/stop", "once", "k", "channel", "email")
	page := b.As(access.Viewer, text.English).Page("/console/settings")
	for _, want := range []string{"22:00–08:00", "e-mail: in 7 days at most 2, more is deferred · tag: promo", "are capped too", "5.0%", "season: 2026Q4", "Channel: handed to the shop&#39;s system", "(by the settings)", "Channel: e-mail", "the owner", `href="/console/settings/versions?id=holdout"`} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %s: %s", want, page)
		}
	}
	b.Define("setting", "messaging", `{"quiet":"always"}`)
	if page := b.As(access.Viewer, text.English).Page("/console/settings"); !strings.Contains(page, "this version does not know") || strings.Contains(page, "at most 3") {
		t.Errorf("what is not understood: %s", page)
	}
}

// TestEveryChannelAndUnitHasAWord in both languages.
func TestEveryChannelAndUnitHasAWord(t *testing.T) {
	for _, c := range append(delivery.Channels(), delivery.AnyChannel) {
		if text.Chinese.Word("capchannel", c) == string(c) {
			t.Errorf("%s has no word", c)
		}
	}
	for _, u := range []delivery.Unit{delivery.Minutes, delivery.Days, delivery.Weeks} {
		if text.Chinese.Word("capunit", u) == string(u) {
			t.Errorf("%s has no word", u)
		}
	}
}
