package dispatch

import (
	"context"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/insight/live"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// readAhead reads with one call what an attempt looks at first: the profile, the contact record and the decision. The stores of the attempt answer the first
// read of each by it; later ones ask the table.
type readAhead interface {
	// Read gives an error when the call fails. What the service leaves out of its answer is read when it is asked for.
	Read(ctx context.Context, n job.Notification) error
	// Forget drops what was not asked for yet, so that the next look is a fresh one.
	Forget()
}

// profiles reads consistently. dynamo.ErrUnreadable says that a newer program has written the profile.
type profiles interface {
	// Resolve follows merges to who stands under an id by now. It is nil where nobody does: the id is free, or who stood there was erased.
	Resolve(ctx context.Context, id profile.ID) (*profile.Profile, error)
	// OfErased tells whether a notification is of somebody who was erased since. person is who Resolve gave, who may have come back later.
	OfErased(ctx context.Context, n job.Notification, person *profile.Profile) (bool, error)
	// Stands tells whether a profile is still as it was read: not written since, nor part of another one.
	Stands(ctx context.Context, p *profile.Profile) (bool, error)
}

// deliveries reads consistently, item by item. A write is durable when it answers nil. dynamo.ErrConflict says that something is not as it was read,
// and that nothing was written; any other error leaves open whether it was.
type deliveries interface {
	// Contact is empty and of version 0 where there is no record.
	Contact(ctx context.Context, id profile.ID) (*delivery.Contact, error)
	// UnitedContact is the one record of a person. It first unites those of the profiles that were merged into them since it was written, which is a write;
	// dynamo.ErrConflict says that the person is to be read again.
	UnitedContact(ctx context.Context, profiles outreach.Profiles, person *profile.Profile) (*delivery.Contact, error)
	// AddressContact is the record of an address, whosever it is, of what only public events have started.
	AddressContact(ctx context.Context, channel delivery.Channel, address string) (*delivery.Contact, error)
	// SaveContact writes a record if it is still as it was read, and counts its version up.
	SaveContact(ctx context.Context, c *delivery.Contact) error

	// Marks is what is known against an address. It is read hash by hash, so that it may be of no single moment.
	Marks(ctx context.Context, channel delivery.Channel, address string) (delivery.Marks, error)
	// Mark notes something against an address. Noting it again changes nothing.
	Mark(ctx context.Context, channel delivery.Channel, address, reason string, at time.Time) error

	// Decision is what stands of one attempt, dynamo.ErrNotFound if nothing does.
	Decision(ctx context.Context, id profile.ID, asked time.Time, notification string) (delivery.Decision, error)
	// Decide replaces what stands of the attempt, whatever it is.
	Decide(ctx context.Context, d delivery.Decision) error
	// DecideFirst replaces nothing, or one of these outcomes. first is false where something else stands, and nothing was written.
	DecideFirst(ctx context.Context, d delivery.Decision, over ...delivery.Outcome) (first bool, err error)
	// DecideWhile is DecideFirst in one transaction with the contact record, which must be as it was read. Where something else stands it answers nil, and
	// nothing was written.
	DecideWhile(ctx context.Context, d delivery.Decision, c *delivery.Contact, over ...delivery.Outcome) error
}

// timeline reads the event that a notification came of, consistently. dynamo.ErrNotFound says that its pack is not there, or not there yet: it is written
// after the commit.
type timeline interface {
	Event(ctx context.Context, ref people.EventRef) (people.PackedEvent, error)
}

// definitions answers from memory what operators have saved. What was saved before an invocation began is in force for it; what is saved during
// one is in force within five seconds.
type definitions interface {
	catalog.Finder
	catalog.Lister
	// Version is one version, also of a definition that was deleted since. dynamo.ErrNotFound says that it never was.
	Version(ctx context.Context, kind, id string, version int) (definition.Document, error)
}

// campaigns answers from memory, as definitions does.
type campaigns interface {
	// Pinned is a campaign in one version, with the state of now; version 0 means the present one. ok is false when the campaign is gone.
	// dynamo.ErrUnreadable says that a newer program has saved it.
	Pinned(ctx context.Context, id string, version int) (c campaign.Compiled, ok bool, err error)
}

// waits files what is to come again later, durably. Filing it again under the same id and time changes nothing. An error leaves open whether it was filed.
type waits interface {
	Wait(ctx context.Context, owner string, person profile.ID, at time.Time, id string, body []byte) error
}

// Secrets knows the keys of links. An error means that they are not known now.
type Secrets interface {
	Keys(ctx context.Context) (*proof.Keys, error)
}

// Again puts jobs back on the queue that dispatch takes them from; when it returns nil they are durable.
type Again interface {
	SendAll(ctx context.Context, bodies [][]byte) error
	// SendLater keeps a job back for a while.
	SendLater(ctx context.Context, v any, delay time.Duration) error
}

// allowance hands out what all instances share. No sum of what it has handed out passes a limit, also where an error leaves open whether something was taken: that is lost then.
type allowance interface {
	rates
	budgets
	// Turn is when n more who wait for a place may come again, at most until a time.
	Turn(ctx context.Context, c delivery.Channel, now, most time.Time, n, perSecond int64) (time.Time, error)
}

// rates hand out places of a second at a channel's provider: up to n, and none where all are taken.
type rates interface {
	Rate(ctx context.Context, c delivery.Channel, second time.Time, n, limit int64) (got int64, err error)
}

// budgets hand out parts of what may be spent in a period.
type budgets interface {
	// Budget takes up to n times what one notification costs; got is how many times there was room for.
	Budget(ctx context.Context, b delivery.Budget, begin time.Time, n, each, limit int64) (got int64, err error)
	// GiveBack is tried once: an error leaves open whether it is back.
	GiveBack(ctx context.Context, b delivery.Budget, begin time.Time, n, each int64) error
}

// Live counts today's figures. It loses what it holds when the process ends, and nothing waits for it.
type Live interface {
	Count(live.Figures)
	// Write writes what may be written by now.
	Write(context.Context)
}

// trials keeps what operators send to themselves. dynamo.ErrConflict says that a trial is not as it was, and that nothing was written; any other error leaves it open.
type trials interface {
	// Begin takes up what is asked for. Whoever is answered nil may hand it over, and nobody else.
	Begin(ctx context.Context, t delivery.Trial) error
	// Turn ends what nobody has taken up, End what was handed over.
	Turn(ctx context.Context, t delivery.Trial, o delivery.Outcome, r delivery.Reason, detail string) error
	End(ctx context.Context, t delivery.Trial, o delivery.Outcome, r delivery.Reason, detail string) error
}
