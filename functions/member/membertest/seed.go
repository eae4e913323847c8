package membertest

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
)

// Program saves a program, by default one that runs and pays 100 points to the advocate and 50 to the friend.
func (b *Bench) Program(id, body string) {
	b.Helper()
	if body == "" {
		body = `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}],"friend":[{"points":50}]}}`
	}
	b.Define(definition.Program, id, body)
}

// Save stores a profile of a userId as projection would.
func (b *Bench) Save(userID string, change func(*profile.Profile)) *profile.Profile {
	b.Helper()
	return b.Person(userID, func(p *profile.Profile) {
		p.FirstSeen, p.LastSeen = Noon.Add(-time.Hour), Noon.Add(-time.Hour)
		if change != nil {
			change(p)
		}
	})
}

// Device saves a profile of devices alone, the first of which founded it.
func (b *Bench) Device(devices ...string) *profile.Profile {
	b.Helper()
	p := &profile.Profile{ID: profile.Identifier{Kind: profile.AnonymousID, Value: devices[0]}.ID(), Memory: profile.Memory{FirstSeen: Noon, LastSeen: Noon}}
	for _, d := range devices {
		p.Attach(profile.Identifier{Kind: profile.AnonymousID, Value: d})
	}
	b.Must(b.Profiles.Save(b.Context(), p))
	return p
}

// Device is an anonymousId.
func Device(id string) profile.Identifier {
	return profile.Identifier{Kind: profile.AnonymousID, Value: id}
}

// Code asks for somebody's code.
func (b *Bench) Code(program, userID string) string {
	b.Helper()
	w := b.Call("POST", "/v1/referrals/codes", fmt.Sprintf(`{"programId":%q,"userId":%q}`, program, userID))
	return b.Want(w, 200)["code"].(string)
}

// Claim claims for somebody to have come by a code.
func (b *Bench) Claim(code, userID string, headers ...string) *httptest.ResponseRecorder {
	b.Helper()
	return b.Call("POST", "/v1/referrals/claims", fmt.Sprintf(`{"code":%q,"userId":%q}`, code, userID), headers...)
}

// Settle counts a friend for an advocate, as settlement would.
func (b *Bench) Settle(friend, advocate string, at time.Time) {
	b.Helper()
	b.Want(b.Claim(b.Code("spring", advocate), friend), 201)
	r, err := b.Process.Referrals.Referral(b.Context(), subject.UserKey(friend), "spring")
	b.Must(err)
	by, err := b.Profiles.Person(b.Context(), subject.UserKey(advocate))
	b.Must(err)
	standings, err := b.Process.Standings.StandingsOf(b.Context(), by.Keys, "spring")
	b.Must(err)
	who, err := b.Profiles.Person(b.Context(), r.Friend)
	b.Must(err)
	r.State, r.SettledAt, r.SettledFor = referral.Settled, at, by.Keys[0]
	paid, err := b.Process.Moves.Settle(b.Context(), reward.Settlement{
		Referral: r, Friend: who, Advocate: by, Standings: standings,
	})
	if err != nil || !paid {
		b.Fatal(paid, err)
	}
}

// Grant posts points and a voucher to somebody.
func (b *Bench) Grant(id, userID string, at time.Time) {
	b.Helper()
	account := ledger.Person(subject.UserKey(userID))
	p, err := ledger.Accrue(ledger.Effect{Kind: "test", ID: id}, at, []ledger.Grant{
		{To: account, From: ledger.House("spring"), Quantity: ledger.Quantity{Unit: ledger.Points, Amount: 100}},
		{To: account, From: ledger.House("spring"), Quantity: ledger.Quantity{Unit: "CNY", Amount: 500}},
	}, nil)
	b.Book(p, err)
}

// Book writes a posting, if it could be made.
func (b *Bench) Book(p ledger.Posting, err error) {
	b.Helper()
	b.Must(err)
	_, err = b.Process.Ledger.Apply(b.Context(), p)
	b.Must(err)
}

// Whole makes Ann, of whom there is something of every kind, and a program with its advocates.
func (b *Bench) Whole() {
	b.Helper()
	p := b.Save("ann", nil)
	b.Program("spring", "")
	b.Grant("1", "ann", Noon)
	b.Want(b.Claim(b.Code("spring", "bob"), "ann"), 201)
	for i := range 3 {
		b.Want(b.Claim(b.Code("spring", "ann"), fmt.Sprint("friend", i)), 201)
		e := event.Event{MessageID: fmt.Sprint("m", i), Kind: event.Track, Name: "Product Viewed", UserID: "ann", Timestamp: Noon, ReceivedAt: Noon}
		pack := people.Pack{Profile: p.ID, Day: profile.DayOf(Noon) - profile.Day(i), Version: int64(i), Events: []people.PackedEvent{{Source: "web", Event: e}}}
		b.Must(b.Process.Timeline.Write(b.Context(), pack))
		decision := delivery.Decision{NotificationID: fmt.Sprint("n", i), ProfileID: p.ID, Outcome: delivery.Sent, Asked: Noon.Add(time.Duration(i) * time.Minute), At: Noon}
		b.Must(b.Deliveries.Decide(b.Context(), decision))
	}
	// An order that was placed and paid, of which two events tell, and one of somebody else.
	for id, owner := range map[string]profile.ID{"A": p.ID, "B": "other"} {
		o := &order.Order{ID: id, Owner: owner, Currency: "CNY", Total: 1000, CompletedAt: Noon, Refunds: []order.Refund{{Amount: 100, At: Noon}, {Key: "2", Amount: 14000, Currency: "USD", At: Noon}}}
		b.Must(b.Profiles.Commit(b.Context(), people.Change{Profile: p, Orders: []*order.Order{o}}))
		for i, name := range []string{"Order Placed", "Order Completed"} {
			e := event.Event{MessageID: name + id, Kind: event.Track, Name: name, UserID: "ann", Timestamp: Noon, ReceivedAt: Noon, Properties: json.RawMessage(`{"order_id":"` + id + `"}`)}
			pack := people.Pack{Profile: p.ID, Day: profile.DayOf(Noon) - 5, Version: int64(10*i) + int64(id[0]), Events: []people.PackedEvent{{Source: "web", Event: e}}}
			b.Must(b.Process.Timeline.Write(b.Context(), pack))
		}
	}
	b.Must(b.Process.Deliveries.SaveContact(b.Context(), &delivery.Contact{ProfileID: p.ID, Intents: []delivery.Intent{{ID: "n1", Channel: delivery.Email, Asked: Noon, At: Noon}}, Withdrawn: map[delivery.Channel]time.Time{delivery.Email: Noon}}))
	_, err := b.Process.Enrolments.Enrol(b.Context(), outreach.Enrolment{IDs: []profile.ID{p.ID}, CampaignID: "welcome", Cause: "c", Until: Noon.Add(time.Hour)}, Noon)
	b.Must(err)
	b.Must(b.Process.Moves.Due.Wait(b.Context(), due.OwnerOrchestration, p.ID, Noon.Add(time.Hour), "n9", []byte("{}")))
}
