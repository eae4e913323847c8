// Package referral is one friend who was invited by one advocate, and the program under which both are rewarded. It decides;
// it neither stores nor pays. The surprising thing: nothing here reacts to "an order came" or "a refund came". Next looks at
// how things stand now and says what follows, so jobs may come twice, late or in any order.
package referral

import (
	"cmp"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
)

// State is how far a referral has come.
type State string

// The states. Qualified is an order that will do, noted before the end of its hold is filed; the next write makes it Held, also when there is
// nothing to wait for. Expired is not the end: an order of the window that is heard of late still qualifies. Nor is a rejection for a
// refund while the same order may be whole again.
const (
	Claimed   State = "claimed"
	Qualified State = "qualified"
	Held      State = "held"
	Settled   State = "settled"
	Rejected  State = "rejected"
	Expired   State = "expired"
	Reversed  State = "reversed"
)

// Reason says why a claim was refused or a referral rejected or reversed.
type Reason string

// The reasons. All but the last six may refuse a claim; all but ProgramClosed and UnknownCode may reject a referral.
const (
	ProgramClosed    Reason = "programClosed"
	UnknownCode      Reason = "unknownCode"
	SelfReferral     Reason = "selfReferral"
	AlreadyReferred  Reason = "alreadyReferred"
	ExistingCustomer Reason = "existingCustomer"
	Circle           Reason = "circle"
	Refunded         Reason = "refunded"
	BudgetSpent      Reason = "budgetSpent"
	AdvocateLimit    Reason = "advocateLimit"
	ProgramWithdrawn Reason = "programWithdrawn"
	OrderMissing     Reason = "orderMissing"
	Erased           Reason = "erased"
)

// Referral binds a friend to an advocate, once for ever within a program. Friend and Advocate are the profile ids at the time
// of the claim; people may have been merged since.
type Referral struct {
	Program  string
	Friend   profile.ID
	Advocate profile.ID
	Code     string
	Version  int64 // of the stored item

	State     State
	Reason    Reason // of a rejected or reversed one
	ClaimedAt time.Time
	ExpiresAt time.Time // orders at or after this do not qualify

	OrderID     string    // the order that qualified
	Least       int64     // what must be left of it, as the program asked when it qualified; in the order's currency
	QualifiedAt time.Time // when that was noticed
	HeldUntil   time.Time
	SettledAt   time.Time
	EndedAt     time.Time         // when it was rejected, expired or reversed
	SettledFor  profile.ID        // under which id the advocate's count went up
	Nth         int               // which settled friend of the advocate this was; 0 where the advocate was erased
	Step        int               // which step of the ladder it was paid for; 0: the usual reward
	Rewards     Rewards           // what was paid
	Charged     []ledger.Quantity // the part of the cost that was taken from the program's budget
	Flags       []Flag            // why a person should look at it
}

// Order is what a referral needs to know of an order. Net is what is left of Total after refunds and cancellation.
type Order struct {
	ID          string
	CompletedAt time.Time // zero: not paid, as far as is known
	Total       int64
	Net         int64
	Currency    money.Currency
}

// Facts are how things stand when a referral is looked at.
type Facts struct {
	Program *Program // nil: the definition was deleted
	// Order is the one that qualified; before that, one that might. nil: none, or it is not known.
	Order *Order
	// FirstOrder is when the friend's earliest paid order was; zero: none.
	FirstOrder time.Time
	SamePerson bool // friend and advocate are one person by now
	Alike      bool // friend and advocate look like one person
	// Preceded says that another referral of the same person in this program was claimed earlier, or was paid.
	Preceded bool
	Circle   bool // the friend is among those through whom the advocate came
	Settled  int  // the advocate's settled friends
	Steps    Steps
	// FriendErased and AdvocateErased say who was erased since the claim, whether or not they came back.
	FriendErased, AdvocateErased bool
	Now                          time.Time
}

// Move is one step of a referral.
type Move struct {
	To        State
	Reason    Reason
	OrderID   string    // set when it goes to Qualified, or is rejected for that order
	Least     int64     // set when it goes to Qualified
	HeldUntil time.Time // set when it goes to Qualified
	Flags     []Flag    // found when it goes to Qualified
	Nth       int       // set when it goes to Settled
	Step      int       // set when it goes to Settled
	Rewards   Rewards   // set when it goes to Settled
	// Charged is the part of the rewards' cost that the budget must have left; set when it goes to Settled.
	Charged []ledger.Quantity
}

// Next is the step that the facts ask for; ok is false when there is none yet, or never again.
func (r Referral) Next(f Facts) (m Move, ok bool) {
	switch r.State {
	case Claimed, Expired:
		return r.fromClaimed(f)
	case Qualified:
		if m, ok = r.withdrawn(f); !ok {
			m, ok = Move{To: Held}, true
		}
		return m, ok
	case Held:
		return r.fromHeld(f)
	case Rejected:
		// The order may be whole again: paid after it was cancelled, or its refund withdrawn.
		if r.Reason == Refunded && f.Order != nil && f.Order.ID == r.OrderID && f.Program != nil && f.Program.qualifies(*f.Order, f.Order.Net) {
			return r.fromClaimed(f)
		}
	case Settled:
		if f.Order != nil && r.undone(*f.Order) {
			return Move{To: Reversed, Reason: Refunded}, true
		}
	}
	return Move{}, false
}

func (r Referral) fromClaimed(f Facts) (Move, bool) {
	if o := f.Order; o != nil && !o.CompletedAt.IsZero() {
		// Profiles keep order times in whole seconds.
		before := o.CompletedAt.Before(r.ClaimedAt.Truncate(time.Second))
		switch {
		case before && r.State == Claimed:
			return Move{To: Rejected, Reason: ExistingCustomer}, true
		case before || !o.CompletedAt.Before(r.ExpiresAt):
		case f.Program == nil:
			return Move{To: Rejected, Reason: ProgramWithdrawn}, true
		case !f.Program.qualifies(*o, o.Total):
		case r.forbidden(f) != "":
			return Move{To: Rejected, Reason: r.forbidden(f)}, true
		case !f.Program.qualifies(*o, o.Net):
			return Move{To: Rejected, Reason: Refunded, OrderID: o.ID}, true
		default:
			from := o.CompletedAt
			if f.Now.Before(from) {
				from = f.Now // a shop's clock that is ahead makes nobody wait longer
			}
			m := Move{To: Qualified, OrderID: o.ID, Least: f.Program.least(), HeldUntil: from.Add(time.Duration(f.Program.Hold))}
			if f.Alike {
				m.Flags = []Flag{LookAlike}
			}
			return m, true
		}
	}
	if r.State == Claimed && !f.Now.Before(r.ExpiresAt) {
		return Move{To: Expired}, true
	}
	return Move{}, false
}

// withdrawn is the end of a referral whose program or order is gone.
func (r Referral) withdrawn(f Facts) (Move, bool) {
	switch {
	case f.Program == nil:
		return Move{To: Rejected, Reason: ProgramWithdrawn}, true
	case f.Order == nil:
		return Move{To: Rejected, Reason: OrderMissing}, true
	case r.undone(*f.Order):
		return Move{To: Rejected, Reason: Refunded, OrderID: r.OrderID}, true
	}
	return Move{}, false
}

func (r Referral) fromHeld(f Facts) (Move, bool) {
	if m, ok := r.withdrawn(f); ok {
		return m, true
	}
	switch {
	case f.Now.Before(r.HeldUntil):
		return Move{}, false
	case r.forbidden(f) != "":
		return Move{To: Rejected, Reason: r.forbidden(f)}, true
	case f.AdvocateErased:
		return r.settleFriend(*f.Program)
	case f.Program.MaxPerAdvocate > 0 && f.Settled >= f.Program.MaxPerAdvocate:
		return Move{To: Rejected, Reason: AdvocateLimit}, true
	}
	nth := f.Settled + 1
	step := f.Program.Step(nth, f.Steps)
	rewards := f.Program.For(step)
	return Move{To: Settled, Nth: nth, Step: step, Rewards: rewards, Charged: f.Program.charged(rewards)}, true
}

// settleFriend rewards the friend alone: the advocate was erased, and the friend keeps what was promised.
func (r Referral) settleFriend(p Program) (Move, bool) {
	rewards := Rewards{Friend: p.Rewards.Friend}
	if len(rewards.Friend) == 0 {
		return Move{To: Rejected, Reason: Erased}, true
	}
	return Move{To: Settled, Rewards: rewards, Charged: p.charged(rewards)}, true
}

// forbidden is the rule that the referral breaks by now, if any. Merges may have shown only after the claim who somebody is.
func (r Referral) forbidden(f Facts) Reason {
	switch {
	case f.FriendErased:
		return Erased
	case f.SamePerson:
		return SelfReferral
	case f.Preceded:
		return AlreadyReferred
	case !f.FirstOrder.IsZero() && f.FirstOrder.Before(r.ClaimedAt.Truncate(time.Second)):
		return ExistingCustomer
	case f.Circle:
		return Circle
	}
	return ""
}

// undone tells whether too little is left of the order that qualified. What the program asks by now does not matter.
func (r Referral) undone(o Order) bool { return o.Net < r.Least || o.Net <= 0 }

func (p Program) least() int64 {
	if p.Qualifying.MinTotal == nil {
		return 1
	}
	return p.Qualifying.MinTotal.Minor
}

// qualifies tells whether an order would do if amount were what it comes to.
func (p Program) qualifies(o Order, amount int64) bool {
	if o.CompletedAt.IsZero() || amount <= 0 {
		return false
	}
	least := p.Qualifying.MinTotal
	return least == nil || o.Currency == least.Currency && amount >= least.Minor
}

// Precedes tells whether r takes the place of another referral of the same person in the same program: a paid one before one
// that was not, then the earlier claim. It orders any two of them, whoever asks.
func (r Referral) Precedes(other Referral) bool {
	paid, otherPaid := r.Paid(), other.Paid()
	if paid != otherPaid {
		return paid
	}
	if !r.ClaimedAt.Equal(other.ClaimedAt) {
		return r.ClaimedAt.Before(other.ClaimedAt)
	}
	return r.Friend < other.Friend
}

// Paid tells whether rewards were posted for it, also when they were taken back later.
func (r Referral) Paid() bool { return !r.SettledAt.IsZero() }

// Apply is the referral after a move, at a time; Version is the store's business.
func (r Referral) Apply(m Move, at time.Time) Referral {
	r.State, r.Reason = m.To, m.Reason
	switch m.To {
	case Qualified:
		r.OrderID, r.Least, r.HeldUntil, r.QualifiedAt, r.EndedAt = m.OrderID, m.Least, m.HeldUntil, at, time.Time{}
		for _, flag := range m.Flags {
			if !slices.Contains(r.Flags, flag) {
				r.Flags = append(slices.Clone(r.Flags), flag)
			}
		}
	case Settled:
		r.SettledAt, r.Nth, r.Step, r.Rewards, r.Charged = at, m.Nth, m.Step, m.Rewards, m.Charged
	case Rejected:
		r.EndedAt, r.OrderID = at, cmp.Or(m.OrderID, r.OrderID)
	case Expired, Reversed:
		r.EndedAt = at
	}
	return r
}

// Flag is a reason for a person to look at a referral; no flag refuses anything.
type Flag string

// LookAlike says that both sides' e-mail addresses are spellings of one mailbox.
const LookAlike Flag = "lookAlikeEmail"
