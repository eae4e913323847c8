package orchestration

import (
	"context"
	"time"

	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// profiles reads consistently. dynamo.ErrUnreadable says that a newer program has written the profile.
type profiles interface {
	// Resolve follows merges to who stands under an id by now. It is nil where nobody does: the id is free, or who stood there was erased.
	Resolve(ctx context.Context, id profile.ID) (*profile.Profile, error)
	// OfErased tells whether a notification is of somebody who was erased since. person is who Resolve gave, who may have come back later.
	OfErased(ctx context.Context, n job.Notification, person *profile.Profile) (bool, error)
}

// timeline reads the event that a trigger is about, consistently. dynamo.ErrNotFound says that its pack is not there, or not there yet: it is written
// after the commit.
type timeline interface {
	Event(ctx context.Context, ref people.EventRef) (people.PackedEvent, error)
}

// campaigns answers from memory. What was saved before an invocation began is in force for it; what is saved during one is in force within
// catalog.CatalogTTL. What it gives is shared, and nobody changes it. dynamo.ErrUnreadable says that a newer program has saved the campaign.
type campaigns interface {
	All(ctx context.Context) ([]campaign.Compiled, error)
	// Listening is the running ones that take up what followed from a commit.
	Listening(ctx context.Context, f profile.Follow) ([]campaign.Compiled, error)
	// Find is a campaign as it is now. ok is false when there is none.
	Find(ctx context.Context, id string) (c campaign.Compiled, ok bool, err error)
	// Pinned is a campaign in one version, with the state of now; version 0 means the present one. ok is false when the campaign is gone.
	Pinned(ctx context.Context, id string, version int) (c campaign.Compiled, ok bool, err error)
}

// enrolments remembers whom campaigns have enrolled that enrol nobody twice, and which audiences were asked for. It reads consistently, and what it has
// written is durable when it answers nil. An error leaves open whether it was written.
type enrolments interface {
	// Enrol answers the cause that the campaign has the person for, empty where it may not have them. The same cause is answered the same again.
	Enrol(ctx context.Context, e outreach.Enrolment, now time.Time) (as string, err error)
	Asked(ctx context.Context, campaign string, at time.Time) (bool, error)
	// Ask notes that an audience was asked for. Noting it again changes nothing.
	Ask(ctx context.Context, campaign string, at time.Time) error
}

// deliveries records a decision, durably, unless one of other outcomes than these is on record for the attempt: then first is false, and nothing was written. An
// error leaves open whether it was.
type deliveries interface {
	DecideFirst(ctx context.Context, d delivery.Decision, over ...delivery.Outcome) (first bool, err error)
}

// waits is the list of what is to be done later, by owner and minute. Put and Wait are durable when they answer nil; filing an entry again under the
// same id and minute replaces it.
type waits interface {
	Put(ctx context.Context, owner string, at time.Time, id string, body []byte) error
	// Wait is Put for what is about one person: an export shows it, and an erasure takes it away.
	Wait(ctx context.Context, owner string, person profile.ID, at time.Time, id string, body []byte) error
	// ReadyTogether hands entries whose time has come to each, at most size at once, and strikes them off or files them again for the time that each gives. So
	// an entry is lost by no crash, and may be handed over twice. An error of each leaves its entries where they are; the call goes on and answers it at
	// its end.
	ReadyTogether(ctx context.Context, owner string, size int, each func(context.Context, []due.Entry) (again []time.Time, err error)) error
}
