package dispatch

import (
	"context"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// living are the addresses at which the campaign reaches the person, the newest first, without those of several that are known to be dead, and what is known against the first of them. Of a person
// who has dead ones alone it is the newest.
func (r *read) living(ctx context.Context, c campaign.Compiled) (living []string, marks delivery.Marks, err error) {
	all := c.Addresses(r.person)
	for i, address := range all {
		known, err := r.Deliveries.Marks(ctx, c.Channel, address)
		if err != nil {
			return nil, delivery.Marks{}, err
		}
		if i == 0 || len(living) == 0 {
			marks = known
		}
		if len(all) == 1 || known.Bounced.IsZero() {
			living = append(living, address)
		}
	}
	if len(living) == 0 {
		living = all[:1]
	}
	return living, marks, nil
}

// united is what the answers of several devices make of the notification: taken by one, it is sent; else it is unknown where one may have it, comes again where one may take it later, and is refused where none ever will.
func united(refusals []error) error {
	var worst *channel.Error
	for _, err := range refusals {
		if err == nil {
			return nil
		}
		e := *channel.Classify(err)
		switch {
		case worst == nil || weight[e.Class] > weight[worst.Class]:
			worst = &e
		case e.Class == worst.Class:
			worst.After, worst.Bounce = max(worst.After, e.After), worst.Bounce && e.Bounce
		}
	}
	return worst
}

var weight = map[channel.Class]int{channel.Reject: 0, channel.Retry: 1, channel.Uncertain: 2}
