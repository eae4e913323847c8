package orchestration

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// TestAnAddressToBeConfirmedIsANotification of the campaign that every shop has, with the shop's own template where there is one; one that comes too
// late is on record and asks for nothing.
func TestAnAddressToBeConfirmedIsANotification(t *testing.T) {
	for name, c := range map[string]struct {
		template string
		late     time.Duration
		version  int
		want     string
	}{
		"with the built-in template": {"", 0, 0, ""},
		"with the shop's own":        {`{"id":"confirm-address","channel":"email","locales":{"default":{"subject":"S","text":"{{ confirmUrl }}"}}}`, 0, 1, ""},
		"a day later":                {"", 24 * time.Hour, 0, ""},
		"later than a day":           {"", 24*time.Hour + time.Second, 0, "expired stale"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, onEvent)
			if c.template != "" {
				b.define(definition.Template, campaign.ConfirmationTemplate, c.template)
			}
			f := b.follow(3, profile.FollowUnconfirmed, "", noon)
			f.Unproven = true
			b.Pass(c.late)
			b.heard(f)
			b.heard(f)
			found, _, err := b.Deliveries.Decisions(t.Context(), b.ann.Keys(), 10, "")
			b.Must(err)
			got := ""
			for _, d := range found {
				got += string(d.Reason) + " " + d.Detail
			}
			if got != c.want {
				t.Errorf("on record %q, want %q", got, c.want)
			}
			want := job.Notification{
				ID: campaign.NotificationID(b.ann.ID, "userops:confirm-address", f.ID), ProfileID: b.ann.ID, CampaignID: "userops:confirm-address", TemplateVersion: c.version, Step: f.ID,
				At: noon, Since: noon, NotAfter: noon.Add(24 * time.Hour), Unproven: true,
			}
			for _, n := range b.asked() {
				if n != want {
					t.Errorf("asked for %+v\nwant %+v", n, want)
				}
			}
			if (len(b.asked()) > 0) != (c.want == "") {
				t.Errorf("asked for %d", len(b.asked()))
			}
		})
	}
}
