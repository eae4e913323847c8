package projection

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// TestWhatIsKnownAgainstAnAddress: a source whose word is trusted marks the address, a public one does not; a write that fails makes the
// event come again before anything of it is folded.
func TestWhatIsKnownAgainstAnAddress(t *testing.T) {
	at := t0.Add(time.Minute)
	for _, c := range []struct {
		name, event, properties string
		public                  bool
		want                    delivery.Marks
	}{
		{"bounced", event.EmailBounced, `{}`, false, delivery.Marks{Bounced: at}},
		{"bounced softly", event.EmailBounced, `{"type":"soft"}`, false, delivery.Marks{}},
		{"bounced, says a public source", event.EmailBounced, `{}`, true, delivery.Marks{}},
		{"complained", event.EmailMarkedAsSpam, `{}`, false, delivery.Marks{Complained: at}},
		{"unsubscribed", event.Unsubscribed, `{}`, false, delivery.Marks{Withdrawn: at}},
		{"unsubscribed from another channel", event.Unsubscribed, `{"channel":"sms"}`, false, delivery.Marks{}},
		{"another address", event.EmailBounced, `{"email":"other@example.com"}`, false, delivery.Marks{}},
	} {
		for _, how := range []dynamotest.How{"", dynamotest.NotPersisted, dynamotest.Persisted} {
			s := newShop(t)
			list := []event.Event{
				{MessageID: "m1", Kind: event.Identify, UserID: "ann", Traits: json.RawMessage(`{"email":"ann@example.com"}`), Timestamp: t0, ReceivedAt: t0},
				{MessageID: "m2", Kind: event.Track, UserID: "ann", Name: c.event, Properties: json.RawMessage(c.properties), Timestamp: t0, ReceivedAt: at},
			}
			body := functiontest.Body(t, job.Events{Source: "s", NoMoney: c.public, Events: list})
			if how != "" {
				s.DB.Fail("UpdateItem", 1, how)
			}
			s.settle(events.SQSMessage{Body: body})
			got, err := s.Deliveries.Marks(t.Context(), delivery.Email, "ann@example.com")
			if err != nil || got != c.want {
				t.Errorf("%s, %s: %+v, %v, want %+v", c.name, how, got, err, c.want)
			}
		}
	}
}
