package dispatch

import (
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/liquid"
	"github.com/userops/userops/shared/queue"
)

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
	Again     Again
	Senders   map[delivery.Channel]Sender
	Lacking   map[delivery.Channel]string // why a channel that is partly set up is off
	Shop      profile.Shop
	ShopName  string
	PublicURL string  // without a slash at its end
	Secrets   Secrets // of the links in mails
	Now       func() time.Time
	Queue     queue.Consumer

	mu        sync.Mutex
	templates map[edition]*liquid.Template
	ends      map[ending]int // since the counts were written last
}
