package projection

import (
	"context"
	"time"

	"github.com/userops/userops/shared/domain/insight/live"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/people"
)

// Profiles reads consistently. Each write is one write or one transaction, durable when it answers nil, and counts the profile's version up. dynamo.ErrConflict
// says that something is not as it was loaded, and that nothing was written; any other error leaves open whether it was.
type Profiles interface {
	// Load follows merges. Where nobody stands it answers a profile without identifiers, which knows of an erasure. dynamo.ErrUnreadable says that a newer
	// program has written it. What it answers may have been read ahead; the condition of the write tells.
	Load(context.Context, profile.ID) (*profile.Profile, error)
	// Commit writes a profile with the orders that its events changed and the keys that point to it from now on.
	Commit(context.Context, people.Change) error
	// Merge writes keep, which has absorbed the other, pointers to it, and what tells of the merge.
	Merge(ctx context.Context, keep, absorbed *profile.Profile, told people.Pack) error
	// Erase puts tombstones where the person stands, with what is written beside them.
	Erase(ctx context.Context, p *profile.Profile, at time.Time, version int64, beside ...dynamo.Write) error
}

// Present is Profiles for who decides by what is there now: nothing of it was read ahead.
type Present interface {
	Load(context.Context, profile.ID) (*profile.Profile, error)
	// Save writes the profile alone. dynamo.ErrConflict says that it is not as it was loaded; any other error leaves open whether it was written.
	Save(context.Context, *profile.Profile) error
}

// Search lists people under what they are found by. It reads consistently. What it writes it writes whole, durably when it answers nil; dynamo.ErrConflict says that somebody
// else has listed the key meanwhile, and that nothing was written; any other error leaves open whether it was. Writing again changes nothing.
type Search interface {
	// List lists a profile under the terms, and no longer under others.
	List(ctx context.Context, p *profile.Profile, terms []search.Term) error
	// Unlist takes a key off all lists.
	Unlist(ctx context.Context, id profile.ID) error
	// Standing are those of the keys that are listed.
	Standing(ctx context.Context, ids []profile.ID) ([]profile.ID, error)
}

// Orders reads orders consistently. Those that have an owner are written by Profiles.Commit.
type Orders interface {
	// LoadAll answers an order for each id; one that nobody has told of has version 0. What it answers may have been read ahead, as Profiles.Load's.
	LoadAll(ctx context.Context, orderIDs []string) (map[string]*order.Order, error)
	// Save writes an order that has no owner, durably. dynamo.ErrConflict says that it is not as it was loaded; any other error leaves open whether it was written.
	Save(ctx context.Context, o *order.Order) error
}

// Timeline keeps packs of events. Writing a pack again is harmless.
type Timeline interface {
	// Write takes packs of any number of people, durably. An error leaves open which of them were written.
	Write(context.Context, ...people.Pack) error
	// Written tells which events of a commit are in its packs. It may not see yet what was written just now.
	Written(ctx context.Context, id profile.ID, version int64, days []profile.Day) (map[event.Hash]bool, error)
	// Around reads consistently, from the newest day. dynamo.ErrTooMuch says that it was ended at the last of the pages that it may read.
	Around(ctx context.Context, id profile.ID, from, to profile.Day, pages *int, each func(event.Hash) (more bool)) error
	// Packed reads consistently all that was packed of one day of a commit; nothing where no pack is there, or not there yet: it is written after its commit.
	Packed(ctx context.Context, id profile.ID, day profile.Day, version int64) ([]people.PackedEvent, error)
}

// Archive takes packs that are packed, to keep their events a second time. They are durable when Send answers nil; an error leaves open which of them were sent. Sending a pack
// again is harmless.
type Archive interface {
	Send(ctx context.Context, packs []people.Pack) error
}

// Addresses remembers what is known against an address, durably. Marking again changes nothing.
type Addresses interface {
	Mark(ctx context.Context, channel delivery.Channel, address, reason string, at time.Time) error
}

// Ahead reads for many people at once what Profiles and Orders are asked for next, and of the Timeline which packs were written.
type Ahead interface {
	// Read leaves out the packs of those commits that seen knows. What it has not read, since the service left it out or a call failed, is read when it is
	// asked for.
	Read(ctx context.Context, ids []profile.ID, orderIDs []string, seen func(profile.ID, int64) bool) error
	// Forget drops what nobody has asked for, so that the next look is a fresh one.
	Forget()
}

// Together makes one transaction of those of several workers, of which it has to know how many there are.
type Together interface {
	// Work counts one worker more, until done is called.
	Work(ctx context.Context) (done func())
}

// Sender puts a job on a queue. It is durable when Send answers nil; an error leaves open whether it was sent.
type Sender interface {
	Send(ctx context.Context, v any) error
}

// Later keeps what is to be done later. Putting an entry again replaces it; an entry stays until it was handed to each without an error.
type Later interface {
	// Put files an entry, durably. An error leaves open whether it was filed.
	Put(ctx context.Context, owner string, at time.Time, id string, body []byte) error
	// Filing is Put for the transaction of what makes the entry due.
	Filing(owner string, at time.Time, id string, body []byte) dynamo.Write
	// Ready gives each the entries whose time has come, and files those again for which it answers a time. each may be given an entry twice.
	Ready(ctx context.Context, owner string, each func(context.Context, due.Entry) (again time.Time, err error)) error
}

// Postponer says when a job that goes back comes again. Where it fails, that is when the job's visibility ends.
type Postponer interface {
	Postpone(ctx context.Context, receipt string, delay time.Duration) error
}

// Traces is one kind of what stands under the keys of a person. Wipe takes a page of it away that belongs to who is gone, and answers how
// much it found and where to go on, "" at the end. Wiping a page again is harmless.
type Traces interface {
	Wipe(ctx context.Context, gone people.Gone, after string) (found int, next string, err error)
}

// Live counts today's figures. It loses what it holds when the process ends, and nothing waits for it.
type Live interface {
	Count(live.Figures)
	// Write writes what may be written by now.
	Write(context.Context)
}
