package campaign

import (
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestTheConfirmation is started by public events though it is transactional, and by nothing else; nobody can save a campaign of its name or kind.
func TestTheConfirmation(t *testing.T) {
	c := Confirmation()
	if !c.Confirms || !c.TakesUnproven() || !c.Transactional || !c.Active(time.Now()) || c.Channel != delivery.Email || !slices.Equal(c.ListensTo(), []News{{profile.FollowUnconfirmed, ""}}) || !slices.Equal(c.Templates(), []string{"confirm-address"}) {
		t.Errorf("%+v listens to %v", c, c.ListensTo())
	}
	if c.Validate() == nil {
		t.Error("a shop can save a campaign of this id")
	}
	if d, err := Parse([]byte(`{"id":"x","name":"X","state":"running","channel":"email","templateId":"t","trigger":{"event":{"name":"E"}},"confirms":true}`)); err == nil || d.Confirms {
		t.Errorf("a shop can save a confirmation: %+v", d)
	}
}
