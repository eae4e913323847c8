package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/liquid"
	"github.com/userops/userops/shared/queue"
)

// ending is how attempts ended, for the metrics.
type ending struct {
	channel delivery.Channel
	outcome delivery.Outcome
	reason  delivery.Reason
}

// edition is one version of a template.
type edition struct {
	id      string
	version int
}

// Sender is a channel that is on. Its errors are *channel.Error; a nil error says that the provider took the notification.
type Sender interface {
	Send(context.Context, channel.Notification) error
}

// Process is the function.
type Process struct {
	Profiles   profiles
	Deliveries deliveries
	// Ahead gives an attempt stores of its own, and what they read ahead.
	Ahead     func() (profiles, deliveries, readAhead)
	Timeline  timeline
	Catalog   definitions
	Campaigns campaigns
	Due       waits
	Trials    trials
	Again     Again
	// Allowances are shared with all instances, and this one holds some of them.
	Allowances allowance
	Together   *outreach.Group // of the workers
	held       allowances
	Live       Live
	Senders    map[delivery.Channel]Sender
	Lacking    map[delivery.Channel]string // why a channel that is partly set up is off
	Shop       profile.Shop
	ShopName   string
	PublicURL  string  // without a slash at its end
	Secrets    Secrets // of the links in mails
	Now        func() time.Time
	Queue      queue.Consumer

	mu        sync.Mutex
	templates map[edition]*liquid.Template
	ends      map[ending]int // since the counts were written last
}
