package outreach_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// TestAFullContactStaysSmall fills a record with as much as it may hold, every intent with twenty long tags of its own. Nothing that
// tells a duplicate or counts for a cap gets lost.
func TestAFullContactStaysSmall(t *testing.T) {
	s, db, now := deliveries(t)
	c := &delivery.Contact{ProfileID: "p"}
	facts := delivery.Case{Channel: delivery.Email, Transactional: true, Zone: time.UTC, Contacts: []*delivery.Contact{c},
		Settings: delivery.Settings{Transactional: delivery.Transactional{IgnoreCaps: true, CountCaps: true}}}
	tag := func(i, n int) string { return fmt.Sprintf("%02d-%04d-%s", n, i, strings.Repeat("t", 56)) }
	for i := 0; ; i++ {
		facts.Now = deliveryNoon.Add(time.Duration(i) * time.Minute)
		facts.Tags = nil
		for n := range 20 {
			facts.Tags = append(facts.Tags, tag(i, n))
		}
		id := campaign.NotificationID("p", "c", fmt.Sprint(i))
		if v := delivery.Reserve(facts, delivery.Intent{ID: id, Asked: facts.Now, Holder: "holder-abc"}); v.Action != delivery.Proceed {
			break
		}
	}
	*now = facts.Now
	n := len(c.Intents)
	if n < 500 {
		t.Fatalf("full with %d", n)
	}
	if err := s.SaveContact(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	db.Each(t, "Deliveries", func(i map[string]types.AttributeValue) {
		if size := len(i["b"].(*types.AttributeValueMemberB).Value); size > 250<<10 {
			t.Errorf("%d intents take %d KB", n, size>>10)
		}
	})
	for range 2 { // written anew it loses nothing either
		var err error
		if c, err = s.Contact(t.Context(), "p"); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveContact(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.Intents) != n {
		t.Fatalf("%d of %d intents came back", len(c.Intents), n)
	}
	for i, intent := range c.Intents {
		if intent.ID != campaign.NotificationID("p", "c", fmt.Sprint(i)) || !intent.Counted || !intent.At.Equal(deliveryNoon.Add(time.Duration(i)*time.Minute)) {
			t.Fatalf("intent %d is %+v", i, intent)
		}
	}
	// Caps by tag count the old ones as well.
	for _, i := range []int{0, n - 1} {
		facts := facts
		facts.Contacts, facts.Tags, facts.Transactional = []*delivery.Contact{c}, []string{tag(i, 3)}, false
		facts.Settings.Caps = []delivery.Cap{{Limit: 1, Tag: tag(i, 3), Per: 30, Unit: delivery.Days}}
		if v := delivery.Reserve(facts, delivery.Intent{ID: "x"}); v.Reason != delivery.FrequencyCap {
			t.Errorf("the tag of intent %d: %+v", i, v)
		}
	}
	if last := c.Intents[n-1]; last.Holder != "holder-abc" || c.Intents[0].Holder != "" {
		t.Errorf("holders: %q of the newest, %q of the oldest", last.Holder, c.Intents[0].Holder)
	}
}

func TestUniteContacts(t *testing.T) {
	s, _, _ := deliveries(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	load := func(id profile.ID) *delivery.Contact {
		t.Helper()
		c, err := s.Contact(t.Context(), id)
		must(err)
		return c
	}
	own := &delivery.Contact{ProfileID: "own"}
	own.Add(delivery.Intent{ID: "b", At: deliveryNoon.Add(time.Hour)})
	own.Suppress(delivery.Email, delivery.Suppression{Reason: "bounce", At: deliveryNoon, Address: "1"})
	must(s.SaveContact(t.Context(), own))
	part := &delivery.Contact{ProfileID: "part", Unknown: []byte{99, 2, 'h', 'i'}}
	part.Add(delivery.Intent{ID: "a", At: deliveryNoon})
	part.Withdraw(delivery.Email, deliveryNoon)
	part.Suppress(delivery.Email, delivery.Suppression{Reason: "complaint"})
	must(s.SaveContact(t.Context(), part))
	stalePart, staleNone, staleOwn := load("part"), load("none"), load("own")

	must(s.UniteContacts(t.Context(), load("own"), []*delivery.Contact{load("part"), load("none")}))
	got := load("own")
	want := &delivery.Contact{ProfileID: "own", Version: 2,
		Intents:      []delivery.Intent{{ID: "a", At: deliveryNoon, Of: "part"}, {ID: "b", At: deliveryNoon.Add(time.Hour)}},
		Suppressions: map[delivery.Channel]delivery.Suppression{delivery.Email: {Reason: "complaint"}},
		Withdrawn:    map[delivery.Channel]time.Time{delivery.Email: deliveryNoon},
		United:       []profile.ID{"part", "none"}, Unknown: []byte{99, 2, 'h', 'i'}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for _, stale := range []*delivery.Contact{stalePart, staleNone, staleOwn} {
		if err := s.SaveContact(t.Context(), stale); !errors.Is(err, dynamo.ErrConflict) {
			t.Errorf("a worker that holds the record of %s may write it: %v", stale.ProfileID, err)
		}
		if moved := load(stale.ProfileID).MovedTo; stale.ProfileID != "own" && moved != "own" {
			t.Errorf("%s has moved to %q", stale.ProfileID, moved)
		}
	}
	if err := s.UniteContacts(t.Context(), staleOwn, []*delivery.Contact{load("late")}); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("united over a newer record: %v", err)
	}
	// The person is absorbed in turn: one record again.
	must(s.UniteContacts(t.Context(), load("third"), []*delivery.Contact{load("part"), load("own")}))
	if got := load("third"); len(got.Intents) != 2 || got.Intents[0].Of != "part" || got.Intents[1].Of != "own" || len(got.United) != 3 {
		t.Errorf("the third: %+v", got)
	}
}

func TestMarksOfAnAddress(t *testing.T) {
	s, _, _ := deliveries(t)
	mark := func(address, reason string, at time.Time) {
		t.Helper()
		if err := s.Mark(t.Context(), delivery.Email, address, reason, at); err != nil {
			t.Fatal(err)
		}
	}
	mark("Ann@Shop.example", "bounce", deliveryNoon)
	mark("ann@shop.example", "bounce", deliveryNoon.Add(-time.Hour))
	mark("ann@shop.example ", "complaint", deliveryNoon.Add(time.Hour))
	mark("ann@shop.example", "unsubscribe", deliveryNoon)
	mark("ann@shop.example", "unsubscribe", deliveryNoon.Add(time.Minute))
	mark("ann@shop.example", "no such thing", deliveryNoon)
	mark("", "bounce", deliveryNoon)
	// One domain in two ways of writing, and as the version before marked it.
	mark("info@bücher.example", "unsubscribe", deliveryNoon)
	mark("info@xn--bcher-kva.example", "complaint", deliveryNoon)
	if _, err := s.DB.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("Deliveries"), Item: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "a#email#" + delivery.AddressHash("info@bücher.example")}, "sk": &types.AttributeValueMemberS{Value: "address"},
		"bounced": &types.AttributeValueMemberN{Value: fmt.Sprint(deliveryNoon.UnixMilli())}}}); err != nil {
		t.Fatal(err)
	}
	want := delivery.Marks{Bounced: deliveryNoon, Complained: deliveryNoon.Add(time.Hour), Withdrawn: deliveryNoon.Add(time.Minute)}
	books := delivery.Marks{Complained: deliveryNoon, Withdrawn: deliveryNoon}
	withOld := books
	withOld.Bounced = deliveryNoon
	for address, want := range map[string]delivery.Marks{"ANN@shop.example": want, "bob@shop.example": {}, "": {}, "info@BÜCHER.example": withOld, "info@xn--bcher-kva.example": books, "info@bücher.example": withOld} {
		if got, err := s.Marks(t.Context(), delivery.Email, address); err != nil || got != want {
			t.Errorf("%q: %+v, %v", address, got, err)
		}
	}
}

// TestTheContactOfWhoIsAPartByNow leaves the record that is part of another's as it is: a worker that read the person before the merge loses by it.
func TestTheContactOfWhoIsAPartByNow(t *testing.T) {
	s, _, _ := deliveries(t)
	if err := s.UniteContacts(t.Context(), &delivery.Contact{ProfileID: "whole"}, []*delivery.Contact{{ProfileID: "p"}}); err != nil {
		t.Fatal(err)
	}
	gone := people.Gone{Key: "p", Keys: []profile.ID{"p"}, Asked: deliveryNoon, Until: deliveryNoon.Add(time.Minute), Back: true, Part: true}
	if n, _, err := s.Wipe(t.Context(), gone, ""); n != 0 || err != nil {
		t.Errorf("found %d, %v", n, err)
	}
	if c, err := s.Contact(t.Context(), "p"); err != nil || c.MovedTo != "whole" {
		t.Errorf("left %+v, %v", c, err)
	}
}

// TestTheContactOfWhoIsGone wipes the record of somebody who was erased and is not back: what they withdrew since they asked for it stays, and
// nothing else. A record that is written in the middle of it is looked at again.
func TestTheContactOfWhoIsGone(t *testing.T) {
	s, db, now := deliveries(t)
	profiles := people.Profiles{DB: s.DB, Table: "Profiles"}
	gone := people.Gone{Key: "p", Asked: deliveryNoon, Until: deliveryNoon.Add(time.Minute)}
	wipe := func(want int, wrong error) {
		t.Helper()
		if n, _, err := s.Wipe(t.Context(), gone, ""); n != want || !errors.Is(err, wrong) {
			t.Errorf("found %d, %v; want %d, %v", n, err, want, wrong)
		}
	}
	withdraw := func(channel delivery.Channel, at time.Time) {
		t.Helper()
		if err := s.Withdraw(t.Context(), profiles, "p", channel, at); err != nil {
			t.Fatal(err)
		}
	}
	wipe(0, nil)
	withdraw(delivery.Email, deliveryNoon)
	db.Interrupt("DeleteItem", 1, func() { withdraw(delivery.Social, deliveryNoon.Add(time.Second)) })
	wipe(0, dynamo.ErrConflict)
	wipe(1, nil)
	wipe(0, nil)
	c, err := s.Contact(t.Context(), "p")
	if want := map[delivery.Channel]time.Time{delivery.Social: deliveryNoon.Add(time.Second)}; err != nil || !reflect.DeepEqual(c.Withdrawn, want) {
		t.Errorf("left %+v, %v", c, err)
	}
	c.Add(delivery.Intent{ID: "late", At: *now})
	if err := s.SaveContact(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	wipe(1, nil)
	if c, err = s.Contact(t.Context(), "p"); err != nil || len(c.Intents) != 0 || len(c.Withdrawn) != 1 {
		t.Errorf("left %+v, %v", c, err)
	}
	gone.Asked = deliveryNoon.Add(time.Second) // erased once more
	wipe(1, nil)
	wipe(0, nil)
}

// TestWithdrawBroken breaks each write of a withdrawal both ways: it answers an error, or it holds.
func TestWithdrawBroken(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		s, db, _ := deliveries(t)
		if err := (people.Profiles{DB: s.DB, Table: "Profiles"}).Save(t.Context(), &profile.Profile{ID: "p", Memory: profile.Memory{FirstSeen: deliveryNoon}}); err != nil {
			t.Fatal(err)
		}
		db.Fail(dynamotest.AnyWrite, 1, how)
		err := s.Withdraw(t.Context(), people.Profiles{DB: s.DB, Table: "Profiles"}, "p", delivery.Email, deliveryNoon)
		if !errors.Is(err, dynamotest.ErrInjected) {
			t.Errorf("%s: %v", how, err)
		}
		if err := s.Withdraw(t.Context(), people.Profiles{DB: s.DB, Table: "Profiles"}, "p", delivery.Email, deliveryNoon); err != nil {
			t.Errorf("%s, again: %v", how, err)
		}
		if c, err := s.Contact(t.Context(), "p"); err != nil || c.Withdrawn[delivery.Email].IsZero() {
			t.Errorf("%s: %+v, %v", how, c, err)
		}
	}
}
