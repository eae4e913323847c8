package settlement

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const (
	atOnce   = `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}],"friend":[{"voucher":{"amount":500,"currency":"CNY"}}]}}`
	twoHours = `{"name":"P","state":"running","hold":"2h","attributionWindow":"5h","qualifying":{"minTotal":{"amount":10000,"currency":"CNY"}},"rewards":{"advocate":[{"points":100}],"friend":[{"points":50},{"voucher":{"amount":500,"currency":"CNY"}}]}}`
)

type bench struct {
	*functiontest.Shop
	meddled *meddler // what the process sees of the shop's database
	process *Process
	machine *referrals
	store   stores
}

// stores are those of the machine, and those by which a test makes what it finds.
type stores struct {
	reward.Referrals
	reward.Standings
	reward.Moves
	reward.Codes
	reward.Budgets
	catalog.Programs
}

// open is a shop in which nothing was ever defined.
func open(t testing.TB) *bench {
	b := &bench{Shop: functiontest.Open(t, noon)}
	b.meddled = &meddler{DB: b.DB}
	b.process = New(Settings{
		ProfilesTable: "Profiles", ReferralsTable: "Referrals", LedgerTable: "Ledger", CatalogTable: "Catalog", DueTable: "Due",
	}, b.meddled, nil, b.Now)
	b.machine = b.process.table[0].machine.(*referrals)
	b.store = stores{
		b.machine.claims.(reward.Referrals), b.machine.standings.(reward.Standings), b.machine.moves.(reward.Moves), reward.Codes{DB: b.DB, Table: "Referrals"},
		reward.Budgets{DB: b.DB, Table: "Referrals"}, catalog.Programs{Catalog: b.Catalog},
	}
	return b
}

// start is a shop with the program spring, after its first tick.
func start(t testing.TB, program string) *bench {
	b := open(t)
	b.Define(definition.Program, "spring", program)
	b.Must(b.tick())
	return b
}

func key(userID string) profile.ID {
	return profile.Identifier{Kind: profile.UserID, Value: userID}.ID()
}

// person reads or makes somebody's profile.
func (b *bench) person(userID string) *profile.Profile {
	b.Helper()
	p, err := b.Profiles.Load(b.Context(), key(userID))
	b.Must(err)
	if p.Version == 0 {
		p.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: userID}}
		p.FirstSeen = noon.Add(-time.Hour)
	}
	return p
}

// known joins an identifier to somebody.
func (b *bench) known(userID string, i profile.Identifier) {
	b.Helper()
	p := b.person(userID)
	p.Identifiers = append(p.Identifiers, i)
	b.Must(b.Profiles.Save(b.Context(), p))
}

// claim binds a friend to an advocate in the program spring.
func (b *bench) claim(friend, advocate string) {
	b.Helper()
	b.claimIn("spring", friend, advocate)
}

// claimIn binds a friend to an advocate, as member does.
func (b *bench) claimIn(id, friend, advocate string) {
	b.Helper()
	r := b.store
	program, err := r.Program(b.Context(), id)
	b.Must(err)
	code := referral.Code(id, key(advocate), 0)
	b.Must(r.PutCode(b.Context(), code, id, key(advocate), b.Now(), nil))
	who, err := b.Profiles.Person(b.Context(), key(friend))
	b.Must(err)
	by, err := b.Profiles.Person(b.Context(), key(advocate))
	b.Must(err)
	_, origin, err := r.Ancestors(b.Context(), id, by.Keys)
	b.Must(err)
	b.Must(r.Claim(b.Context(), reward.Claim{
		Referral: referral.New(*program, code, who.Keys[0], key(advocate), b.Now()), Friend: who, Advocate: by, Origin: origin,
	}))
}

// report tells of an order as projection does: the order and the sums of its owner are written as one.
func (b *bench) report(owner string, r order.Report) {
	b.Helper()
	o, err := b.Orders.Load(b.Context(), r.OrderID)
	b.Must(err)
	p := b.person(owner)
	o.Apply(r, p, "CNY")
	b.Must(b.Profiles.Commit(b.Context(), people.Change{Profile: p, Orders: []*order.Order{o}}))
}

// paidAt completes an order at a time.
func (b *bench) paidAt(at time.Time, id, owner string, total int64) {
	b.Helper()
	b.report(owner, order.Report{OrderID: id, Name: event.OrderCompleted, At: at, Total: &total, Currency: "CNY", HasContent: true})
}

// paid completes an order, now.
func (b *bench) paid(id, owner string, total int64) {
	b.Helper()
	b.paidAt(b.Now(), id, owner, total)
}

// refunded gives the whole of an order back, now.
func (b *bench) refunded(id, owner string) {
	b.Helper()
	b.report(owner, order.Report{OrderID: id, Name: event.OrderRefunded, At: b.Now(), RefundID: "r"})
}

// ordered holds how many paid orders a person has, those of whom they absorbed among them.
func (b *bench) ordered(userID string, want int) {
	b.Helper()
	if got := b.person(userID).Orders.Count; got != want {
		b.Errorf("%s has %d orders, want %d", userID, got, want)
	}
}

// merge lets one person absorb another.
func (b *bench) merge(keep, absorb string) {
	b.Helper()
	p, q := b.person(keep), b.person(absorb)
	for _, one := range []*profile.Profile{p, q} {
		if one.Version == 0 {
			b.Must(b.Profiles.Save(b.Context(), one))
		}
	}
	p.Absorb(q)
	b.Must(b.Profiles.Merge(b.Context(), p, q, people.Pack{}))
}

// told tells the machines of an order, and gives their errors.
func (b *bench) told(id string) error {
	return follow(b.Context(), b.process.table, job.Follow{Follow: profile.Follow{Kind: profile.FollowOrder, Ref: id}})
}

// job delivers the follow-up of an order and tells whether it succeeded.
func (b *bench) job(orders ...string) bool {
	b.Helper()
	var follows job.Follows
	for i, id := range orders {
		follows.Follows = append(follows.Follows, job.Follow{ID: fmt.Sprint(i), Follow: profile.Follow{Kind: profile.FollowOrder, Ref: id}})
	}
	body, err := json.Marshal(follows)
	b.Must(err)
	return len(functiontest.Deliver(b.Context(), b, b.process.Handle, string(body))) == 0
}

func (b *bench) delivered(orders ...string) {
	b.Helper()
	if !b.job(orders...) {
		b.Fatalf("the job of %v failed", orders)
	}
}

func (b *bench) tick() error {
	_, err := b.process.Handle(b.Context(), json.RawMessage(`{"schedule":"minute"}`))
	return err
}

func (b *bench) referral(friend string) referral.Referral {
	b.Helper()
	r, err := b.store.Referral(b.Context(), key(friend), "spring")
	b.Must(err)
	return r
}

func (b *bench) state(friend string, state referral.State, reason referral.Reason) {
	b.Helper()
	if r := b.referral(friend); r.State != state || r.Reason != reason {
		b.Errorf("%s is %s %s, want %s %s", friend, r.State, r.Reason, state, reason)
	}
}

// balances writes what a person has as "100 points 500 CNY"; what is owed is part of it.
func (b *bench) balances(userID string) string {
	b.Helper()
	found, err := b.store.Ledger.Balances(b.Context(), ledger.Person(key(userID)))
	b.Must(err)
	var parts []string
	for unit, balance := range found {
		if balance.Amount != 0 {
			parts = append(parts, fmt.Sprint(balance.Amount, " ", unit))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

func (b *bench) has(userID, want string) {
	b.Helper()
	if got := b.balances(userID); got != want {
		b.Errorf("%s has %q, want %q", userID, got, want)
	}
}

// total is what a unit's accounts of people hold together.
func (b *bench) total(unit ledger.Unit) int64 {
	b.Helper()
	return -b.DB.CheckBook(b).Accounts["h#spring"][string(unit)]
}

func (b *bench) settled(advocate string) int {
	b.Helper()
	standings, err := b.store.StandingsOf(b.Context(), []profile.ID{key(advocate)}, "spring")
	b.Must(err)
	if len(standings) == 0 {
		return 0
	}
	return standings[0].Settled
}

func (b *bench) apply(p ledger.Posting) {
	b.Helper()
	if fresh, err := b.store.Ledger.Apply(b.Context(), p); err != nil || !fresh {
		b.Fatal(fresh, err)
	}
}
