package dispatch

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// What could not be recorded is not done: the job comes again each time, until its end stands on record.
func TestWhatIsNotRecordedComesAgain(t *testing.T) {
	for name, answer := range map[string]error{"sent": nil, "no answer": &channel.Error{Class: channel.Uncertain, Code: "x"}} {
		b := start(t, welcome)
		b.provider.answer = func(int) error { return answer }
		n := b.ask("s1")
		comes := func(when string, failing ...int) {
			t.Helper()
			for _, nth := range failing {
				b.DB.Fail(dynamotest.AnyWrite, nth, dynamotest.NotPersisted)
			}
			if again := deliver(b, b.another(), n); len(again) != 1 {
				t.Errorf("%s: %s, the job is taken as done", name, when)
			}
			b.DB.Heal()
		}
		// The first write is the intent; the decision is tried twice.
		comes("its end not recorded", 2, 3)
		comes("found begun, and that not recorded", 1)
		settle(b, b.another(), n)
		b.expect(1, "unknown interrupted")
	}
}

// A refusal whose place in the caps could not be given back is not done either: no read, then no write of the record.
func TestWhatCannotBeGivenBackComesAgain(t *testing.T) {
	for name, class := range map[string]channel.Class{"refused for good": channel.Reject, "refused for now": channel.Retry} {
		for _, op := range []string{"GetItem", dynamotest.AnyWrite} {
			b := start(t, welcome)
			b.provider.answer = func(int) error { return &channel.Error{Class: class, Code: "4"} }
			b.provider.crash = func() { // from here on, nothing of that kind goes through
				for nth := 1; nth <= 40; nth++ {
					b.DB.Fail(op, nth, dynamotest.NotPersisted)
				}
			}
			if again := deliver(b, b.process, b.ask("s1")); len(again) != 1 {
				t.Errorf("%s, no %s: the job is taken as done", name, op)
			}
		}
	}
}

// TestWhatWasNotBegunAfterAllIsNotUnknown: the answer to a worker's intent is lost, another worker finds it and records that nobody knows what became
// of it, and then everything is stopped. Nothing was in flight, and the record says why nothing was sent.
func TestWhatWasNotBegunAfterAllIsNotUnknown(t *testing.T) {
	b := start(t, welcome)
	n := b.ask("s1")
	b.stopAfterLostAnswer(func() {
		settle(b, b.another(), n)
		b.expect(0, "unknown interrupted")
	})
	settle(b, b.process, n)
	b.expect(0, "skipped killSwitch")
	if left := b.record().Intents; len(left) != 0 {
		t.Errorf("%+v is left", left)
	}
}

// TestLeftOutInFlight: while a notification is with the provider its trigger is heard of again, and leaves it out; then the process ends. It may have
// arrived, and no record says that it was not sent.
func TestLeftOutInFlight(t *testing.T) {
	b := start(t, welcome)
	n := b.ask("s1")
	b.provider.crash = func() {
		first, err := b.Deliveries.DecideFirst(t.Context(), delivery.Decision{NotificationID: n.ID, ProfileID: n.ProfileID, CampaignID: n.CampaignID,
			Outcome: delivery.Skipped, Reason: delivery.NotEligible, Asked: n.At, At: b.Now()})
		if !first || err != nil {
			t.Errorf("left out: %v, %v", first, err)
		}
		panic(errPower)
	}
	if again := deliver(b, b.process, n); len(again) != 1 {
		t.Error("the job is taken as done")
	}
	settle(b, b.another(), n)
	b.expect(1, "unknown interrupted")
}

// TestWhatIsUnknownStaysSo: a notification that may have been sent is on record as that, whatever forbids the job that comes again.
func TestWhatIsUnknownStaysSo(t *testing.T) {
	b := start(t, welcome)
	b.provider.answer = func(int) error { return &channel.Error{Class: channel.Uncertain, Code: "x"} }
	n := b.ask("s1")
	worker := b.another()
	b.define(definition.Settings, delivery.SettingsID, `{"killSwitch":true}`)
	_, _, err := worker.Catalog.Find(t.Context(), definition.Settings, delivery.SettingsID)
	b.Must(err)
	b.define(definition.Settings, delivery.SettingsID, `{}`)
	b.DB.Interrupt("TransactWriteItems", 1, func() { settle(b, b.another(), n) }) // before the decision of the worker that was stopped
	settle(b, worker, n)
	b.expect(1, "unknown timedOut")
}

// TestWhoCannotBeReadWaitsUntilItIsTooLate: the job comes again while there is time, and then ends on record, as unknown where it was begun before.
func TestWhoCannotBeReadWaitsUntilItIsTooLate(t *testing.T) {
	for name, c := range map[string]struct {
		begun bool
		want  string
	}{"never begun": {false, "skipped expired"}, "begun": {true, "unknown interrupted"}} {
		b := start(t, welcome)
		n := b.ask("s1")
		if c.begun {
			record := b.record()
			record.Add(delivery.Intent{ID: n.ID, Asked: n.At, At: b.Now(), Holder: "somebody", Channel: delivery.Email})
			b.Must(b.Deliveries.SaveContact(t.Context(), record))
		}
		_, err := b.DB.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: new("Profiles"), Item: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "p#" + string(b.ann.ID)}, "sk": &types.AttributeValueMemberS{Value: "p"},
			"v": &types.AttributeValueMemberN{Value: "2"}, "b": &types.AttributeValueMemberB{Value: []byte{255}}}})
		b.Must(err)
		for range 2 {
			if again := deliver(b, b.another(), n); len(again) != 1 {
				t.Errorf("%s: while there is time, the job is taken as done", name)
			}
			b.Pass(12 * time.Hour)
		}
		b.expect(0)
		b.Pass(time.Second)
		settle(b, b.another(), n, n)
		b.expect(0, c.want)
	}
}
