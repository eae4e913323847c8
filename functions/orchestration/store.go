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

// profiles reads consistently. dynamo.ErrUnreadable says that a newer version wrote the profile.
type profiles interface {
	// Resolve follows merges to the profile that an id leads to now. It is nil where the id is free, or the person was erased.
	Resolve(ctx context.Context, id profile.ID) (*profile.Profile, error)
	// OfErased tells whether the person of a notification was erased since the trigger. person is what Resolve gave: somebody may have come
	// back under the id.
	OfErased(ctx context.Context, n job.Notification, person *profile.Profile) (bool, error)
}

// timeline reads the event that a trigger is about, consistently. dynamo.ErrNotFound says that its pack is not there; the pack is written after
// the commit, so it may still come.
type timeline interface {
	Event(ctx context.Context, ref people.EventRef) (people.PackedEvent, error)
}

// campaigns answers from a cache. An invocation sees what was saved before it began, and within five seconds what is saved during it. What
// it gives is shared: callers must not change it. dynamo.ErrUnreadable says that a newer version saved the campaign.
type campaigns interface {
	All(ctx context.Context) ([]campaign.Compiled, error)
	// Listening is the running campaigns whose trigger listens to a follow.
	Listening(ctx context.Context, f profile.Follow) ([]campaign.Compiled, error)
	// Find is a campaign as it is now. ok is false when there is none.
	Find(ctx context.Context, id string) (c campaign.Compiled, ok bool, err error)
	// Pinned is a campaign in one version, with its present state. Version 0 means the present version. ok is false when the campaign is gone.
	Pinned(ctx context.Context, id string, version int) (c campaign.Compiled, ok bool, err error)
}

// enrolments remembers whom campaigns have enrolled that enrol nobody twice, and which audiences were asked for. It reads consistently. What it
// writes is durable when it answers nil; an error leaves open whether it was written.
type enrolments interface {
	// Enrol answers the cause by which the person is enrolled, empty where the campaign may not enrol them. The same cause gets the same answer
	// again.
	Enrol(ctx context.Context, e outreach.Enrolment, now time.Time) (as string, err error)
	Asked(ctx context.Context, campaign string, at time.Time) (bool, error)
	// Ask notes that an audience was asked for. Noting it again changes nothing.
	Ask(ctx context.Context, campaign string, at time.Time) error
}

// skips lists whom stops have skipped, consistently. What it writes is durable when it answers nil; an error leaves open whether it was written.
type skips interface {
	// Page is a page of a stop's list; those that cannot be read are left out and counted. An empty next ends it.
	Page(ctx context.Context, stop, cursor string, limit int) (page []outreach.Skip, unreadable int, next string, err error)
	// Enter notes that somebody is entered again by a request. It answers by which request and when they were, the zero value where the list has them no more.
	Enter(ctx context.Context, stop string, one outreach.Skip, by string, now time.Time) (outreach.Again, error)
	// Finish notes that a request has gone through the list. Noting it again changes nothing.
	Finish(ctx context.Context, stop, request string) error
}

// deliveries records a decision, durably. Where one is on record for the attempt already, it is replaced if its outcome is among over; else first
// is false and nothing is written. An error leaves open whether it was written.
type deliveries interface {
	DecideFirst(ctx context.Context, d delivery.Decision, over ...delivery.Outcome) (first bool, err error)
}

// waits is the list of what is to be done later, by owner and minute. What Put and Wait file is durable when they answer nil. To file an entry
// again under the same id and minute replaces it.
type waits interface {
	Put(ctx context.Context, owner string, at time.Time, id string, body []byte) error
	// Wait is Put for what is about one person: an export shows it, and an erasure takes it away.
	Wait(ctx context.Context, owner string, person profile.ID, at time.Time, id string, body []byte) error
	// ReadyTogether calls each with entries whose time has come, at most size in a call. Then it deletes them, or files them again for the time
	// that each gives. So no crash loses an entry, and each may see one twice. Where each fails, its entries stay; the other calls are made all
	// the same, and the error is answered at the end.
	ReadyTogether(ctx context.Context, owner string, size int, each func(context.Context, []due.Entry) (again []time.Time, err error)) error
}

// Sender puts jobs on a queue; when it returns nil they are durable.
type Sender interface {
	Send(ctx context.Context, v any) error
	SendAll(ctx context.Context, bodies [][]byte) error
}
