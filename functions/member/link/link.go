// Package link is what the signed links in mails open: a page with a button, and what the button does. Links are followed by programs that look for malice, so
// that a page does nothing. The surprising thing: no key is asked for. Whoever has the link got the mail.
package link

import (
	"context"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
)

// secrets knows the keys by which links are signed. An error means that they are not known now.
type secrets interface {
	Keys(ctx context.Context) (*proof.Keys, error)
}

// withdrawalStore notes withdrawals where dispatch asks. Both are durable when they return nil, and harmless to repeat; an error leaves open whether they were
// written.
type withdrawalStore interface {
	// Withdraw notes that a person wants nothing more over a channel: no notification is begun afterwards. Of who was erased it is noted for whoever comes back.
	Withdraw(ctx context.Context, id profile.ID, channel delivery.Channel, at time.Time) error
	// Mark notes it against the address, whoever has it; nothing for an empty address.
	Mark(ctx context.Context, channel delivery.Channel, address, reason string, at time.Time) error
}

// queue makes a job durable, or answers an error that leaves open whether it is.
type queue interface {
	Send(ctx context.Context, v any) error
}

// Handler serves the resource. Its fields are set once.
type Handler struct {
	subject.Finder
	Secrets     secrets // without one no link is valid
	Withdrawals withdrawalStore
	Events      queue
}
