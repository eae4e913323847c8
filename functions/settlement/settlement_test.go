package settlement

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/job"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const (
	atOnce   = `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}],"friend":[{"voucher":{"amount":500,"currency":"CNY"}}]}}`
	twoHours = `{"name":"P","state":"running","hold":"2h","attributionWindow":"5h","qualifying":{"minTotal":{"amount":10000,"currency":"CNY"}},"rewards":{"advocate":[{"points":100}],"friend":[{"points":50},{"voucher":{"amount":500,"currency":"CNY"}}]}}`
)

type bench struct {
	testing.TB
	db      *dynamotest.DB
	meddled *meddler // what the process sees of db
	process *Process
	mu      sync.Mutex
	now     time.Time
}

func start(t testing.TB, program string) *bench {
	b := &bench{TB: t, db: dynamotest.New(t), now: noon}
	b.meddled = &meddler{DB: b.db}
	b.process = New(Settings{
		ProfilesTable: "Profiles", ReferralsTable: "Referrals", LedgerTable: "Ledger", CatalogTable: "Catalog", DueTable: "Due",
	}, b.meddled, nil, func() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return b.now })
	b.program("spring", program)
	b.must(b.tick())
	return b
}

func (b *bench) pass(d time.Duration) { b.mu.Lock(); b.now = b.now.Add(d); b.mu.Unlock() }

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) program(id, body string) {
	b.Helper()
	_, err := b.process.Referrals.Catalog.Save(b.Context(), catalog.KindProgram, id, json.RawMessage(body), nil, dynamotest.By(noon))
	b.must(err)
}

func key(userID string) profile.ID {
	return profile.Identifier{Kind: profile.UserID, Value: userID}.ID()
}

// person reads or makes somebody's profile.
func (b *bench) person(userID string) *profile.Profile {
	b.Helper()
	p, err := b.process.Referrals.Profiles.Load(b.Context(), key(userID))
	b.must(err)
	if p.Version == 0 {
		p.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: userID}}
		p.FirstSeen = noon.Add(-time.Hour)
	}
	return p
}

// claim binds a friend to an advocate, as member does.
func (b *bench) claim(friend, advocate string) {
	b.Helper()
	r := b.process.Referrals
	program, err := r.Program(b.Context(), "spring")
	b.must(err)
	code := referral.Code("spring", key(advocate), 0)
	b.must(r.PutCode(b.Context(), code, "spring", key(advocate), b.now, nil))
	who, err := r.Person(b.Context(), key(friend))
	b.must(err)
	by, err := r.Person(b.Context(), key(advocate))
	b.must(err)
	_, origin, err := r.Ancestors(b.Context(), "spring", by.Keys)
	b.must(err)
	b.must(r.Claim(b.Context(), reward.Claim{
		Referral: referral.New(*program, code, who.Keys[0], key(advocate), b.now), Friend: who, Advocate: by, Origin: origin,
	}))
}

// report tells of an order as projection does: the order and the sums of its owner are written as one.
func (b *bench) report(owner string, r order.Report) {
	b.Helper()
	o, err := b.process.Orders.Load(b.Context(), r.OrderID)
	b.must(err)
	p := b.person(owner)
	o.Apply(r, p, "CNY")
	b.must(b.process.Referrals.Profiles.Commit(b.Context(), people.Change{Profile: p, Orders: []*order.Order{o}}))
}

// paidAt completes an order at a time.
func (b *bench) paidAt(at time.Time, id, owner string, total int64) {
	b.Helper()
	b.report(owner, order.Report{OrderID: id, Name: event.OrderCompleted, At: at, Total: &total, Currency: "CNY", HasContent: true})
}

// paid completes an order, now.
func (b *bench) paid(id, owner string, total int64) {
	b.Helper()
	b.paidAt(b.now, id, owner, total)
}

// refunded gives the whole of an order back, now.
func (b *bench) refunded(id, owner string) {
	b.Helper()
	b.report(owner, order.Report{OrderID: id, Name: event.OrderRefunded, At: b.now, RefundID: "r"})
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
			b.must(b.process.Referrals.Profiles.Save(b.Context(), one))
		}
	}
	p.Absorb(q)
	b.must(b.process.Referrals.Profiles.Merge(b.Context(), p, q, people.Pack{}))
}

// job delivers the follow-up of an order and tells whether it succeeded.
func (b *bench) job(orders ...string) bool {
	b.Helper()
	var follows job.Follows
	for i, id := range orders {
		follows.Follows = append(follows.Follows, job.Follow{ID: fmt.Sprint(i), Follow: profile.Follow{Kind: profile.FollowOrder, Ref: id}})
	}
	body, err := json.Marshal(follows)
	b.must(err)
	raw, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: string(body)}}})
	b.must(err)
	out, err := b.process.Handle(b.Context(), raw)
	b.must(err)
	return len(out.(events.SQSEventResponse).BatchItemFailures) == 0
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
	r, err := b.process.Referrals.Referral(b.Context(), key(friend), "spring")
	b.must(err)
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
	found, err := b.process.Referrals.Ledger.Balances(b.Context(), ledger.Person(key(userID)))
	b.must(err)
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

func (b *bench) settled(advocate string) int {
	b.Helper()
	standings, err := b.process.Referrals.StandingsOf(b.Context(), []profile.ID{key(advocate)}, "spring")
	b.must(err)
	if len(standings) == 0 {
		return 0
	}
	return standings[0].Settled
}

func TestOrderSettlesAtOnceWithoutAHold(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.pass(time.Hour)
	b.paid("o1", "bob", 1)
	b.ordered("bob", 1)
	b.delivered("o1")
	b.state("bob", referral.Settled, "")
	b.has("ann", "100 points")
	b.has("bob", "500 CNY")
	r := b.referral("bob")
	if r.OrderID != "o1" || r.Nth != 1 || !r.SettledAt.Equal(noon.Add(time.Hour)) || !r.QualifiedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("settled as %+v", r)
	}
	if b.settled("ann") != 1 {
		t.Errorf("%d settled friends", b.settled("ann"))
	}
	b.delivered("o1", "o1")
	b.has("ann", "100 points")
	book := b.db.CheckBook(t)
	if book.Accounts["h#spring"]["points"] != -100 || book.Accounts["h#spring"]["CNY"] != -500 {
		t.Errorf("the house has %v", book.Accounts["h#spring"])
	}
}

func TestHoldIsReleasedWhenItIsDue(t *testing.T) {
	b := start(t, twoHours)
	b.claim("bob", "ann")
	b.paid("small", "bob", 9999)
	b.delivered("small")
	b.state("bob", referral.Claimed, "")
	b.paid("o1", "bob", 10000)
	b.ordered("bob", 2)
	b.delivered("o1")
	b.state("bob", referral.Held, "")
	b.pass(2*time.Hour - time.Second)
	b.must(b.tick())
	b.state("bob", referral.Held, "")
	b.has("bob", "")
	b.pass(time.Minute)
	b.must(b.tick())
	b.state("bob", referral.Settled, "")
	b.has("bob", "50 points 500 CNY")
	b.has("ann", "100 points")
	b.must(b.tick())
	b.has("ann", "100 points")
	b.db.CheckBook(t)
}

func TestRefundBeforeAndAfter(t *testing.T) {
	b := start(t, twoHours)
	b.claim("before", "ann")
	b.claim("after", "ann")
	for _, friend := range []string{"before", "after"} {
		b.paid("of "+friend, friend, 10000)
		b.delivered("of " + friend)
	}
	b.refunded("of before", "before")
	b.delivered("of before")
	b.state("before", referral.Rejected, referral.Refunded)
	b.pass(3 * time.Hour)
	b.must(b.tick())
	b.state("before", referral.Rejected, referral.Refunded)
	b.state("after", referral.Settled, "")
	b.has("ann", "100 points")
	b.refunded("of after", "after")
	b.delivered("of after")
	b.state("after", referral.Reversed, referral.Refunded)
	b.has("ann", "")
	b.has("after", "")
	if b.settled("ann") != 0 {
		t.Errorf("%d settled friends", b.settled("ann"))
	}
	b.delivered("of after", "of before")
	b.paid("another", "after", 50000)
	b.delivered("another")
	b.state("after", referral.Reversed, referral.Refunded)
	b.ordered("before", 1) // one that was given back is an order still
	b.ordered("after", 2)
	b.db.CheckBook(t)
}

// A refund that comes after the rewards were spent leaves a debt, which the next reward repays.
func TestReversalOfWhatWasSpent(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	b.delivered("o1")
	book := b.process.Referrals.Ledger
	lots, err := book.Lots(t.Context(), ledger.Person(key("ann")))
	b.must(err)
	spend, ok, err := ledger.Redeem(ledger.Effect{Kind: "test", ID: "1"}, noon, ledger.Person(key("ann")), ledger.House("spring"),
		ledger.Quantity{Unit: ledger.Points, Amount: 70}, lots, 0)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	_, err = book.Apply(t.Context(), spend)
	b.must(err)
	b.refunded("o1", "bob")
	b.delivered("o1")
	b.has("ann", "-70 points")
	b.claim("cid", "ann")
	b.paid("o2", "cid", 100)
	b.delivered("o2")
	b.has("ann", "30 points")
	balances, err := book.Balances(t.Context(), ledger.Person(key("ann")))
	b.must(err)
	if got := balances[ledger.Points]; got != (ledger.Balance{Amount: 30, Owed: 0, Lifetime: 100}) {
		t.Errorf("ann has %+v", got)
	}
	b.db.CheckBook(t)
}

func TestClaimsExpire(t *testing.T) {
	b := start(t, twoHours)
	b.claim("bob", "ann")
	b.claim("cid", "ann")
	b.pass(5*time.Hour - time.Second)
	b.paid("o1", "cid", 10000) // heard of too late
	b.must(b.tick())
	b.state("bob", referral.Claimed, "")
	b.pass(time.Minute)
	b.must(b.tick())
	b.state("bob", referral.Expired, "")
	b.delivered("o1")
	b.state("cid", referral.Held, "")
	b.paid("o2", "bob", 10000)
	b.delivered("o2")
	b.state("bob", referral.Expired, "")
}

// known joins an identifier to somebody.
func (b *bench) known(userID string, i profile.Identifier) {
	b.Helper()
	p := b.person(userID)
	p.Identifiers = append(p.Identifiers, i)
	b.must(b.process.Referrals.Profiles.Save(b.Context(), p))
}

func TestRulesThatShowLater(t *testing.T) {
	due := 2*time.Hour + time.Minute
	for name, c := range map[string]struct {
		act    func(b *bench)
		reason referral.Reason
	}{
		"friend and advocate turn out to be one": {func(b *bench) { b.merge("ann", "bob") }, referral.SelfReferral},
		"they turn out to have had one number": {func(b *bench) {
			b.known("ann", profile.Identifier{Kind: profile.Phone, Value: "+8613800001111"})
			b.known("bob", profile.Identifier{Kind: profile.Phone, Value: "13800001111"})
		}, referral.SelfReferral},
		"they turn out to have had one address": {func(b *bench) {
			b.known("ann", profile.Identifier{Kind: profile.Email, Value: "one@example.com"})
			b.known("bob", profile.Identifier{Kind: profile.Email, Value: "one@example.com"})
		}, referral.SelfReferral},
		"they have numbers of their own": {func(b *bench) {
			b.known("ann", profile.Identifier{Kind: profile.Phone, Value: "13800001111"})
			b.known("bob", profile.Identifier{Kind: profile.Phone, Value: "13800001112"})
		}, ""},
		"the friend turns out to have bought": {func(b *bench) {
			b.paidAt(noon.AddDate(0, -1, 0), "old", "bobby", 5)
			b.merge("bob", "bobby")
		}, referral.ExistingCustomer},
		"an earlier order comes to light": {func(b *bench) {
			b.paidAt(noon.AddDate(0, -1, 0), "old", "bob", 5)
		}, referral.ExistingCustomer},
		"the friend was referred before": {func(b *bench) {
			b.now = noon.Add(-time.Hour)
			b.claim("bobby", "eve")
			b.now = noon
			b.merge("bob", "bobby")
		}, referral.AlreadyReferred},
		"the advocate was a friend of the friend": {func(b *bench) {
			b.claim("anna", "bob")
			b.merge("ann", "anna")
		}, referral.Circle},
		"the program is deleted": {func(b *bench) {
			b.db.Undefine(b, catalog.KindProgram, "spring", noon)
		}, referral.ProgramWithdrawn},
		"nothing": {func(*bench) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, twoHours)
			b.claim("bob", "ann")
			b.paid("o1", "bob", 10000)
			b.delivered("o1")
			b.state("bob", referral.Held, "")
			c.act(b)
			b.pass(due)
			b.must(b.tick())
			if c.reason == "" {
				b.state("bob", referral.Settled, "")
			} else {
				b.state("bob", referral.Rejected, c.reason)
				b.has("ann", "")
			}
			b.db.CheckBook(t)
		})
	}
}

// Two claims of people who turn out to be one: one reward, whichever comes first and whatever was paid before the merge.
func TestOneRewardForMergedFriends(t *testing.T) {
	for name, c := range map[string]struct {
		before, after []string // orders told before and after the merge
		bob, bobby    referral.State
	}{
		"merged, then told of both":     {nil, []string{"of bob", "of bobby"}, referral.Settled, referral.Rejected},
		"the other way round":           {nil, []string{"of bobby", "of bob"}, referral.Settled, referral.Rejected},
		"the second was paid before":    {[]string{"of bobby"}, []string{"of bob"}, referral.Rejected, referral.Settled},
		"both were paid before a merge": {[]string{"of bobby", "of bob"}, []string{"of bob"}, referral.Settled, referral.Settled},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, atOnce)
			b.claim("bob", "ann")
			b.pass(time.Minute)
			b.claim("bobby", "ann")
			b.paid("of bob", "bob", 100)
			b.paid("of bobby", "bobby", 100)
			for _, o := range c.before {
				b.delivered(o)
			}
			b.merge("bob", "bobby")
			for _, o := range c.after {
				b.delivered(o)
			}
			if got := b.referral("bob").State; got != c.bob {
				t.Errorf("bob is %s, want %s", got, c.bob)
			}
			if got := b.referral("bobby").State; got != c.bobby {
				t.Errorf("bobby is %s, want %s", got, c.bobby)
			}
			b.db.CheckBook(t)
		})
	}
}

func TestLadderAndLimit(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":10}]},
		"ladder":[{"friends":1,"advocate":[{"voucher":{"amount":500,"currency":"CNY"}}]},{"friends":3,"advocate":[{"voucher":{"amount":1500,"currency":"CNY"}}]}],"maxPerAdvocate":3}`)
	want := []string{"500 CNY", "10 points 500 CNY", "10 points 2000 CNY", "10 points 2000 CNY"}
	for i, has := range want {
		friend := fmt.Sprint("friend", i)
		b.claim(friend, "ann")
		b.paid("of "+friend, friend, 100)
		b.delivered("of " + friend)
		b.has("ann", has)
	}
	b.state("friend2", referral.Settled, "")
	b.state("friend3", referral.Rejected, referral.AdvocateLimit)
	// A reversal makes room; the rung stands, so the next friend earns what others do.
	b.refunded("of friend1", "friend1")
	b.delivered("of friend1")
	b.has("ann", "2000 CNY")
	b.claim("friend4", "ann")
	b.paid("of friend4", "friend4", 100)
	b.delivered("of friend4")
	b.has("ann", "10 points 2000 CNY")
	// The rung's own payment is taken back, and the rung is open again.
	b.refunded("of friend2", "friend2")
	b.delivered("of friend2")
	b.has("ann", "10 points 500 CNY")
	b.claim("friend5", "ann")
	b.paid("of friend5", "friend5", 100)
	b.delivered("of friend5")
	b.has("ann", "10 points 2000 CNY")
	b.db.CheckBook(t)
}

// The count of an advocate goes on after a merge, over all ids.
func TestLadderCountsOverMergedAdvocates(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","ladder":[{"friends":3,"advocate":[{"points":7}]}]}`)
	for i, advocate := range []string{"ann", "anna"} {
		friend := fmt.Sprint("friend", i)
		b.claim(friend, advocate)
		b.paid("of "+friend, friend, 100)
		b.delivered("of " + friend)
	}
	b.merge("ann", "anna")
	b.claim("friend2", "anna")
	b.paid("of friend2", "friend2", 100)
	b.delivered("of friend2")
	if r := b.referral("friend2"); r.Nth != 3 || r.SettledFor != key("ann") {
		t.Errorf("settled as friend %d of %s", r.Nth, r.SettledFor)
	}
	b.has("ann", "7 points")
	b.refunded("of friend2", "friend2")
	b.delivered("of friend2")
	if b.settled("ann") != 1 || b.settled("anna") != 1 {
		t.Errorf("%d and %d settled", b.settled("ann"), b.settled("anna"))
	}
}

const budgeted = `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}],"friend":[{"points":50}]},"budget":[{"points":450}]}`

// Many settle at once for a budget of three: exactly three are paid, and a reversal makes room for one more.
func TestBudgetUnderConcurrentSettles(t *testing.T) {
	for name, advocate := range map[string]func(int) string{
		"advocates of their own": func(i int) string { return fmt.Sprint("advocate", i) },
		"one advocate":           func(int) string { return "ann" },
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, budgeted)
			const friends = 6
			for i := range friends {
				friend := fmt.Sprint("friend", i)
				b.claim(friend, advocate(i))
				b.paid("of "+friend, friend, 100)
			}
			var wait sync.WaitGroup
			for i := range 2 * friends { // everyone's job twice
				wait.Go(func() {
					for range 20 { // a job that lost too many races comes again
						if b.job(fmt.Sprint("of friend", i%friends)) {
							return
						}
					}
					t.Errorf("the job of friend %d never succeeded", i%friends)
				})
			}
			wait.Wait()
			states := map[string]int{}
			places := map[string]bool{}
			for i := range friends {
				r := b.referral(fmt.Sprint("friend", i))
				states[string(r.State)+string(r.Reason)]++
				if place := fmt.Sprint(r.SettledFor, r.Nth); r.State == referral.Settled && places[place] {
					t.Errorf("two friends are number %d of %s", r.Nth, r.SettledFor)
				} else {
					places[place] = true
				}
			}
			if states["settled"] != 3 || states["rejected"+string(referral.BudgetSpent)] != 3 {
				t.Errorf("states %v", states)
			}
			spent, err := b.process.Referrals.Spent(t.Context(), "spring")
			if err != nil || spent[ledger.Points] != 450 {
				t.Errorf("spent %v, %v", spent, err)
			}
			if got := b.db.CheckBook(t).Accounts["h#spring"]["points"]; got != -450 {
				t.Errorf("the house has paid %d", -got)
			}
			for i := range friends {
				friend := fmt.Sprint("friend", i)
				if b.referral(friend).State == referral.Settled {
					b.refunded("of "+friend, friend)
					b.delivered("of " + friend)
					break
				}
			}
			b.claim("late", "zoe")
			b.paid("of late", "late", 100)
			b.delivered("of late")
			b.state("late", referral.Settled, "")
			b.claim("later", "zoe")
			b.paid("of later", "later", 100)
			b.delivered("of later")
			b.state("later", referral.Rejected, referral.BudgetSpent)
			b.db.CheckBook(t)
		})
	}
}

// Every write on the way from claimed to reversed is broken both ways, one at a time, and the jobs delivered again.
func TestEveryWriteBrokenBothWays(t *testing.T) {
	journey := func(b *bench, again func(act func() bool)) {
		again(func() bool { return b.job("o1") })
		b.pass(2*time.Hour + time.Minute)
		again(func() bool { return b.tick() == nil })
		again(func() bool { return b.job("o1") }) // nothing to do
	}
	reversal := func(b *bench, again func(act func() bool)) {
		b.refunded("o1", "bob")
		again(func() bool { return b.job("o1") })
	}
	set := func(t *testing.T) *bench {
		b := start(t, strings.Replace(twoHours, `"rewards"`, `"budget":[{"points":1000}],"rewards"`, 1))
		b.claim("bob", "ann")
		b.paid("o1", "bob", 10000)
		return b
	}
	counting := set(t)
	before := counting.db.Calls(dynamotest.AnyWrite)
	once := func(act func() bool) {
		if !act() {
			t.Fatal("failed without a fault")
		}
	}
	journey(counting, once)
	writes := counting.db.Calls(dynamotest.AnyWrite) - before
	if writes < 3 {
		t.Fatalf("only %d writes", writes)
	}
	for nth := 1; nth <= writes; nth++ {
		for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
			t.Run(fmt.Sprintf("write %d %s", nth, how), func(t *testing.T) {
				b := set(t)
				failures := 0
				again := func(act func() bool) {
					for range 3 {
						if act() {
							return
						}
						failures++
					}
					t.Fatal("did not recover")
				}
				b.db.Fail(dynamotest.AnyWrite, nth, how)
				journey(b, again)
				if failures != 1 {
					t.Errorf("%d failures, want 1", failures)
				}
				b.state("bob", referral.Settled, "")
				b.has("ann", "100 points")
				b.has("bob", "50 points 500 CNY")
				b.db.CheckBook(t)
				b.db.Fail("TransactWriteItems", 2, how) // the first one writes the refund
				reversal(b, again)
				b.state("bob", referral.Reversed, referral.Refunded)
				b.has("ann", "")
				b.has("bob", "")
				if spent, err := b.process.Referrals.Spent(t.Context(), "spring"); err != nil || spent[ledger.Points] != 0 || b.settled("ann") != 0 {
					t.Errorf("spent %v, %v; %d settled", spent, err, b.settled("ann"))
				}
				b.db.CheckBook(t)
			})
		}
	}
}

func TestHandleRefuses(t *testing.T) {
	b := start(t, atOnce)
	for name, raw := range map[string]string{"neither": `{}`, "no JSON": `{`, "records of another shape": `{"Records":5}`} {
		if _, err := b.process.Handle(t.Context(), json.RawMessage(raw)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	out, err := b.process.Handle(t.Context(), json.RawMessage(`{"Records":[{"messageId":"1","body":"{"},{"messageId":"2","body":"{\"follows\":[{\"kind\":\"signup\"},{\"kind\":\"order\",\"ref\":\"none\"}]}"}]}`))
	if err != nil || len(out.(events.SQSEventResponse).BatchItemFailures) != 1 {
		t.Errorf("a broken job must come again, a sign-up and an unknown order must not: %v, %v", out, err)
	}
}
