package stop_test

import (
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/channel/setup"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// TestChannelsThatAreOff are told with what they lack, in the reader's language; on the overview those alone on which somebody counts.
func TestChannelsThatAreOff(t *testing.T) {
	b := pagestest.Start(t)
	viewer, reader := b.As(access.Viewer, text.Chinese), b.As(access.Viewer, text.English)
	off := func(all ...setup.Off) { b.Console.Off = all }
	for name, c := range map[string]struct {
		off   []setup.Off
		stops string // of the page, in Chinese
		home  string // what needs a decision, empty for nothing
	}{
		"none": {nil, "", ""}, "one that nobody set up": {[]setup.Off{{Channel: delivery.Social}}, "还没有设置", ""},
		"one that is set up in part": {[]setup.Off{{Channel: delivery.Email, Lacks: "SMTP_ADDR is not host:port"}}, "部署参数没有设置完整", "SMTP_ADDR is not host:port"},
	} {
		off(c.off...)
		page, home := viewer.Page("/console/stops"), viewer.Page("/console")
		if strings.Contains(page, "未启用") != (c.stops != "") || !strings.Contains(page, c.stops) {
			t.Errorf("%s: %s", name, page)
		}
		if needs := strings.Contains(home, `id="needs"`); needs != (c.home != "") || needs == strings.Contains(home, "一切正常") || !strings.Contains(home, c.home) {
			t.Errorf("%s: the overview is %s", name, home)
		}
	}
	off(setup.Off{Channel: delivery.Social})
	b.Put("/v1/segments/buyers", segment)
	b.Put("/v1/templates/hook", template)
	b.Put("/v1/campaigns/eleven", campaign)
	if home := reader.Page("/console"); !strings.Contains(home, "is off: nothing goes out over it") {
		t.Errorf("a campaign is under way over it: %s", home)
	}
	if page := reader.Page("/console/stops"); !strings.Contains(page, "It is not set up") {
		t.Errorf("%s", page)
	}
}
