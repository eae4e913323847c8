// Package settlement moves referrals on, from claimed to their end, and pays both sides in the ledger. It hears of orders and of
// time passing, and believes neither: every look at a referral reads the referral, the order and both people anew, and every step
// is one conditional write or transaction. So jobs may come twice, late, in any order, or cut off at any point. The surprising
// thing: nobody tells it about refunds; an order that changed is looked at again, and what follows is in the order.
package settlement

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/telemetry"
)

// Settings is what settlement reads of its environment.
type Settings struct {
	ProfilesTable  string `env:"PROFILES_TABLE"`
	ReferralsTable string `env:"REFERRALS_TABLE"`
	LedgerTable    string `env:"LEDGER_TABLE"`
	CatalogTable   string `env:"CATALOG_TABLE"`
	DueTable       string `env:"DUE_TABLE"`
	Queue          string `env:"SETTLEMENT_QUEUE_URL"`
}

// Process is the function.
type Process struct {
	Orders    people.Orders
	Referrals reward.Referrals
	Now       func() time.Time
	Queue     queue.Consumer

	mu     sync.Mutex
	moved  map[referral.State]int // since the last count
	ranked map[string]bool        // programs whose standings are all listed by rank
}

// New is the process over clients of DynamoDB and SQS.
func New(s Settings, db dynamo.API, sqs queue.PostponeAPI, now func() time.Time) *Process {
	return &Process{
		Orders: people.Orders{DB: db, Table: s.ProfilesTable},
		Referrals: reward.Referrals{
			DB: db, Table: s.ReferralsTable,
			Profiles: people.Profiles{DB: db, Table: s.ProfilesTable}, Ledger: reward.Ledger{DB: db, Table: s.LedgerTable},
			Catalog: catalog.Catalog{DB: db, Table: s.CatalogTable}, Due: due.Due{DB: db, Table: s.DueTable, Now: now},
		},
		Now:   now,
		Queue: queue.NewConsumer(sqs, s.Queue),
	}
}

// Handle takes a batch of the settlement queue, or the tick of the schedule.
func (p *Process) Handle(ctx context.Context, raw json.RawMessage) (any, error) {
	in, err := queue.ParseInvocation(raw, "minute")
	if err != nil {
		return nil, err
	}
	defer p.count()
	if in.Batch != nil {
		// While no program was ever saved there is no referral to look for.
		programs, err := p.Referrals.Catalog.Change(ctx, catalog.KindProgram)
		if err != nil {
			return p.Queue.Return(ctx, *in.Batch, func(int) error { return err }), nil
		}
		if programs == 0 {
			return events.SQSEventResponse{}, nil
		}
		return p.Queue.Consume(ctx, *in.Batch, p.follows), nil
	}
	return nil, p.due(ctx)
}

// follows looks at the referrals of everybody whose orders changed. A sign-up moves no reward: rewards are for orders.
func (p *Process) follows(ctx context.Context, record events.SQSMessage) error {
	jobs, err := queue.Job[job.Follows](record)
	if err != nil {
		return err
	}
	var orders []string
	for _, follow := range jobs.Follows {
		if follow.Kind == profile.FollowOrder {
			orders = append(orders, follow.Ref)
		}
	}
	return errors.Join(sideBySide(len(orders), func(i int) error { return p.Order(ctx, orders[i]) })...)
}

// looksAtOnce is how many referrals are looked at side by side: a look is a few round trips one after the other.
const looksAtOnce = 16

// sideBySide does n things at once, whatever becomes of the others, and gives the error of each. Those that lost too many races, which
// friends of one advocate may, are done again one after the other.
func sideBySide(n int, do func(i int) error) []error {
	var looks errgroup.Group
	looks.SetLimit(looksAtOnce)
	errs := make([]error, n)
	look := func(i int) { errs[i] = queue.Guard(func() error { return do(i) }) }
	for i := range n {
		looks.Go(func() error { look(i); return nil })
	}
	_ = looks.Wait()
	for i, err := range errs {
		if errors.Is(err, dynamo.ErrConflict) {
			look(i)
		}
	}
	return errs
}

// Order looks at the referrals of whoever owns an order.
func (p *Process) Order(ctx context.Context, orderID string) error {
	o, err := p.Orders.Load(ctx, orderID)
	if err != nil || o.Owner == "" {
		return err
	}
	friend, err := p.Referrals.Person(ctx, o.Owner)
	if err != nil {
		return err
	}
	found, err := p.Referrals.OfFriend(ctx, friend.Keys)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range found {
		_, err := p.Advance(ctx, r.Friend, r.Program, o)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// maxTries bounds how often a referral is looked at again in one go: a few steps, and some that others took meanwhile.
const maxTries = 12

// Advance takes every step that a referral is ready for, and gives the referral as it then is; none is the zero Referral.
// candidate is an order of the friend's that may qualify; nil when time is what has changed.
func (p *Process) Advance(ctx context.Context, friend profile.ID, program string, candidate *order.Order) (referral.Referral, error) {
	for range maxTries {
		r, err := p.Referrals.Referral(ctx, friend, program)
		if errors.Is(err, dynamo.ErrNotFound) {
			return referral.Referral{}, nil
		}
		if err != nil {
			return r, err
		}
		l, err := p.look(ctx, r, candidate)
		if err != nil {
			return r, err
		}
		move, ok := r.Next(l.facts)
		if !ok {
			return r, nil
		}
		err = p.take(ctx, l, move)
		if err != nil && !errors.Is(err, dynamo.ErrConflict) {
			return r, err
		}
	}
	return referral.Referral{}, fmt.Errorf("advancing the referral of %s in %s: %w", friend, program, dynamo.ErrConflict)
}

// look is a referral and how things stand around it.
type look struct {
	referral  referral.Referral
	facts     referral.Facts
	friend    reward.Person
	others    []referral.Referral
	advocate  reward.Person
	standings []reward.Standing
}

func (p *Process) look(ctx context.Context, r referral.Referral, candidate *order.Order) (*look, error) {
	l := &look{referral: r, facts: referral.Facts{Now: p.Now()}}
	var err error
	if l.facts.Program, err = p.Referrals.Program(ctx, r.Program); err != nil {
		return nil, err
	}
	o := candidate
	if r.OrderID != "" && (o == nil || o.ID != r.OrderID) {
		if o, err = p.Orders.Load(ctx, r.OrderID); err != nil {
			return nil, err
		}
	}
	if o != nil && o.Version > 0 {
		l.facts.Order = &referral.Order{ID: o.ID, CompletedAt: o.CompletedAt, Total: o.Total, Net: o.Net(), Currency: o.Currency}
	}
	// Who the two are matters only for a step towards a reward.
	if _, ok := r.Next(l.facts); !ok || r.State == referral.Settled {
		return l, nil
	}
	return l, p.people(ctx, l)
}

func (p *Process) people(ctx context.Context, l *look) (err error) {
	r, f := l.referral, &l.facts
	if l.friend, err = p.Referrals.Person(ctx, r.Friend); err != nil {
		return err
	}
	if l.advocate, err = p.Referrals.Person(ctx, r.Advocate); err != nil {
		return err
	}
	f.FriendErased, f.AdvocateErased = l.friend.ErasedSince(r.Friend, r.ClaimedAt), l.advocate.ErasedSince(r.Advocate, r.ClaimedAt)
	f.FirstOrder = l.friend.Profile.Orders.FirstAt()
	friend, advocate := l.friend.Identity(), l.advocate.Identity()
	f.SamePerson, f.Alike = friend.Same(advocate), friend.Alike(advocate)
	claims, err := p.Referrals.InProgram(ctx, l.friend.Keys, r.Program)
	if err != nil {
		return err
	}
	for _, other := range claims {
		if other.Friend != r.Friend {
			l.others = append(l.others, other)
			f.Preceded = f.Preceded || other.Precedes(r)
		}
	}
	ancestors, _, err := p.Referrals.Ancestors(ctx, r.Program, l.advocate.Keys)
	if err != nil {
		return err
	}
	f.Circle = slices.ContainsFunc(ancestors, func(keys []profile.ID) bool { return slices.Contains(keys, l.friend.Keys[0]) })
	if l.standings, err = p.Referrals.StandingsOf(ctx, l.advocate.Keys, r.Program); err != nil {
		return err
	}
	for _, s := range l.standings {
		f.Settled += s.Settled
		f.Steps = f.Steps.And(s.Steps)
	}
	return nil
}

// take writes one step. ErrConflict says that something moved meanwhile: look again.
func (p *Process) take(ctx context.Context, l *look, move referral.Move) error {
	r := l.referral.Apply(move, l.facts.Now)
	switch move.To {
	case referral.Held:
		// The entry comes first: one that finds nothing to do is harmless, a hold that nobody ends is not.
		if err := p.Referrals.Await(ctx, r, r.HeldUntil); err != nil {
			return err
		}
	case referral.Settled:
		paid, err := p.settle(ctx, l, &r)
		if err != nil {
			return err
		}
		if !paid {
			move = referral.Move{To: referral.Rejected, Reason: referral.BudgetSpent}
			return p.take(ctx, l, move)
		}
		p.note(move)
		return p.rank(ctx, r.Program)
	case referral.Reversed:
		if err := p.reverse(ctx, r); err != nil {
			return err
		}
		p.note(move)
		return nil
	}
	if err := p.Referrals.Advance(ctx, r); err != nil {
		return err
	}
	p.note(move)
	return nil
}

func (p *Process) note(m referral.Move) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moved == nil {
		p.moved = map[referral.State]int{}
	}
	p.moved[m.To]++
}

// count writes one line for each state that referrals have reached.
func (p *Process) count() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for state, n := range p.moved {
		telemetry.Count("referrals", n, "state", string(state))
	}
	p.moved = nil
}
