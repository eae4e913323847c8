package dispatch

import (
	"testing"

	"github.com/userops/userops/shared/channel"
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
				b.db.Fail(dynamotest.AnyWrite, nth, dynamotest.NotPersisted)
			}
			if again := deliver(b, b.another(), n); len(again) != 1 {
				t.Errorf("%s: %s, the job is taken as done", name, when)
			}
			b.db.Heal()
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
					b.db.Fail(op, nth, dynamotest.NotPersisted)
				}
			}
			if again := deliver(b, b.process, b.ask("s1")); len(again) != 1 {
				t.Errorf("%s, no %s: the job is taken as done", name, op)
			}
		}
	}
}
