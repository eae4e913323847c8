package member

import (
	"context"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
)

// withdrawals follows the contact record of a person who was merged by the profiles.
type withdrawals struct {
	outreach.Deliveries
	profiles people.Profiles
}

func (w withdrawals) Withdraw(ctx context.Context, id profile.ID, channel delivery.Channel, at time.Time) error {
	return w.Deliveries.Withdraw(ctx, w.profiles, id, channel, at)
}
