// Package profile is what a shop and its operators read and do of one person: the profile with what is concluded, the timeline, decisions, the ledger, devices,
// the export, erasure, and what the person has agreed to. It writes lines of the audit log and sends commands to projection, which alone writes profiles. The
// surprising thing: operators are shown people masked, and without masks only once a line says who was shown whom and why.
package profile

import (
	"context"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
)

// timelineStore reads the events of a person.
type timelineStore interface {
	// Events lists those under the ids, newest first. It may not see yet what was written just now. A cursor that it did not give is dynamo.ErrCursor; an empty
	// next ends the list.
	Events(ctx context.Context, ids []profile.ID, limit int, cursor string) (page []event.Event, next string, err error)
}

// deliveryStore is what dispatch has written of a person.
type deliveryStore interface {
	// Decisions lists what was decided under the ids, newest first. It may not see yet what was written just now. Cursors are as the timeline's.
	Decisions(ctx context.Context, ids []profile.ID, limit int, cursor string) (page []delivery.Decision, next string, err error)
	// Contact reads what is remembered under one id, consistently; of version 0 where there is nothing.
	Contact(ctx context.Context, id profile.ID) (*delivery.Contact, error)
}

// ledgerStore reads the ledger, consistently.
type ledgerStore interface {
	Balances(ctx context.Context, account ledger.Account) (map[ledger.Unit]ledger.Balance, error)
	// Lots are those of an account that has a balance, used up ones too.
	Lots(ctx context.Context, account ledger.Account) ([]ledger.Lot, error)
	// Entries lists those of several accounts, newest first. Cursors are as the timeline's.
	Entries(ctx context.Context, accounts []ledger.Account, limit int, cursor string) (page []ledger.Entry, next string, err error)
}

// orderStore reads orders consistently, by distinct ids; what there is not is left out.
type orderStore interface {
	// Load is of one order, of version 0 where there is none.
	Load(ctx context.Context, orderID string) (*order.Order, error)
	LoadAll(ctx context.Context, orderIDs []string) (map[string]*order.Order, error)
}

// codeStore reads the codes of a person, consistently.
type codeStore interface {
	CodesOf(ctx context.Context, keys []profile.ID) ([]reward.Code, error)
}

// enrolmentStore reads which campaigns have had a person. It may not see yet what was written just now.
type enrolmentStore interface {
	Of(ctx context.Context, keys []profile.ID) ([]outreach.Enrolled, error)
}

// waitStore reads what waits for a person and is not over at a time. It may not see yet what was written just now.
type waitStore interface {
	Of(ctx context.Context, keys []profile.ID, now time.Time) ([]due.Waiting, error)
}

// searchStore finds who is listed under something. It may not see yet what was written just now.
type searchStore interface {
	// Find lists a page of those who are. Cursors are as the timeline's; a page may have few or none and a next.
	Find(ctx context.Context, q search.Question, cursor string, most int) (hits []people.Hit, next string, err error)
	// After is whose place a cursor names, false where it names nobody's.
	After(cursor string) (profile.ID, bool)
}

// stands tells whether what was noted of a key is of somebody who was erased since, consistently.
type stands interface {
	Outlived(ctx context.Context, person *profile.Profile, key profile.ID, version int64) (bool, error)
}

// auditStore keeps the audit log. A time is kept to the millisecond.
type auditStore interface {
	// Write makes lines durable. Writing them again changes nothing; an error leaves open whether they stand, of up to 25 all or none.
	Write(ctx context.Context, lines ...audit.Line) error
	// Line reads the line of a time and an id, consistently. dynamo.ErrNotFound if there is none.
	Line(ctx context.Context, at time.Time, id string) (audit.Line, error)
}

// queue makes a job durable, or answers an error that leaves open whether it is.
type queue interface {
	Send(ctx context.Context, v any) error
}

// newestRun answers the newest run that has scored people; nil where there is none.
type newestRun interface {
	Run(ctx context.Context) (*score.Run, error)
}

// Handler serves the resource. Its fields are set once.
type Handler struct {
	subject.Finder
	Currency   money.Currency // of the shop
	Callers    subject.Callers
	Timeline   timelineStore
	Deliveries deliveryStore
	Ledger     ledgerStore
	Orders     orderStore
	Codes      codeStore
	Enrolments enrolmentStore
	Waits      waitStore
	Search     searchStore
	Stands     stands
	Audit      auditStore
	Newest     newestRun
	Events     queue
	// Referrals is what the export shows of the referrals of a person, as friend and as advocate.
	Referrals [2]subject.Section
	// Invitations is what operators are shown of them: an answer for one page. A cursor that it did not give is dynamo.ErrCursor.
	Invitations func(ctx context.Context, person people.Person, limit int, cursor string) (any, error)
	NewID       func() string // of receipts and lines; never the same twice
}
