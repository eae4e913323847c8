package settlement

import (
	"context"
	"time"

	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
)

// definitions counts the changes of a kind of definition, consistently. A count of 0 says that there never was one; it never falls.
type definitions interface {
	Change(ctx context.Context, kind string) (int64, error)
}

// waiting is the list of what is to be looked at later. ReadyTogether calls each with entries of an owner whose time has come, at most size
// in a call. Then it deletes them, or files them again for the time that each gives. So no crash loses an entry, and each may see one
// twice. Where each fails, its entries stay; the other calls are made all the same, and the error is answered at the end.
type waiting interface {
	ReadyTogether(ctx context.Context, owner string, size int, each func(context.Context, []due.Entry) (again []time.Time, err error)) error
}

// orders reads an order consistently, with everything that was committed with it. One that nobody has told of has no owner, and version 0.
type orders interface {
	Load(ctx context.Context, orderID string) (*order.Order, error)
}

// persons reads who an id stands for by now, consistently: the present profile, version 0 where there is none, and all keys.
type persons interface {
	Person(ctx context.Context, id profile.ID) (people.Person, error)
}

// programs reads a definition consistently, past every cache, since a claim may be younger than one. It is nil where there is none.
type programs interface {
	Program(ctx context.Context, id string) (*referral.Program, error)
}

// claims reads referrals consistently. They stand under the profile ids of their day, so a person is asked for by all keys.
type claims interface {
	// Referral answers dynamo.ErrNotFound if there is none.
	Referral(ctx context.Context, friend profile.ID, program string) (referral.Referral, error)
	OfFriend(ctx context.Context, keys []profile.ID) ([]referral.Referral, error)
	// InProgram gives the one that precedes the others first.
	InProgram(ctx context.Context, keys []profile.ID, program string) ([]referral.Referral, error)
	// Ancestors are read one after the other, so that the chain may be of no single moment.
	Ancestors(ctx context.Context, program string, of []profile.ID) (chain [][]profile.ID, origin []profile.ID, err error)
}

// standings counts an advocate's settled friends.
type standings interface {
	// StandingsOf reads consistently: the standing of the present id first, also where there is none yet, then those that merges left.
	StandingsOf(ctx context.Context, keys []profile.ID, program string) ([]reward.Standing, error)
	// Rank lists some more of the standings that the version before has counted; done: none is left. Doing it again changes nothing.
	Rank(ctx context.Context, program string, now time.Time) (done bool, err error)
}

// moves writes the steps of referrals. Each of Advance, Settle and Reverse is one write or transaction that is durable when it answers nil.
// dynamo.ErrConflict: something is not as it was read, and nothing was written. Any other error leaves open whether it was; reading the
// referral tells.
type moves interface {
	// Await files a look for a time, durably. Filing it again changes nothing.
	Await(ctx context.Context, r referral.Referral, at time.Time) error
	Advance(ctx context.Context, r referral.Referral) error
	// Settle answers paid false when nothing but the budget stands against it: then nothing is written.
	Settle(ctx context.Context, s reward.Settlement) (paid bool, err error)
	Reverse(ctx context.Context, r reward.Reversal) error
}

// book reads the ledger consistently, item by item: whoever writes by it asks for what was read.
type book interface {
	Balances(ctx context.Context, account ledger.Account) (map[ledger.Unit]ledger.Balance, error)
	// Lot and EffectEntries answer dynamo.ErrNotFound for what the book does not hold.
	Lot(ctx context.Context, account ledger.Account, id string) (ledger.Lot, error)
	EffectEntries(ctx context.Context, effect ledger.Effect) ([]ledger.Entry, error)
}
