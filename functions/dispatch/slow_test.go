package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// crowd is messages of so many notifications each, to different people.
func (b *bench) crowd(messages, each int) []string {
	b.Helper()
	var bodies []string
	for m := range messages {
		j := job.Notifications{}
		for i := range each {
			who := b.Person(fmt.Sprintf("u%d-%d", m, i), func(p *profile.Profile) {
				p.Traits = map[string]profile.Trait{"email": {Value: fmt.Sprintf("u%d-%d@example.com", m, i)}}
				p.Consent = map[string]profile.Consent{"email": {Granted: true, At: noon}}
			})
			n := b.ask("s1")
			n.ID, n.ProfileID = campaign.NotificationID(who.ID, "welcome", "s1"), who.ID
			j.Notifications = append(j.Notifications, n)
		}
		bodies = append(bodies, functiontest.Body(b, j))
	}
	return bodies
}

// invoke hands messages to an invocation of a length and answers how many come again by themselves.
func (b *bench) invoke(length time.Duration, bodies []string) int {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), length)
	defer cancel()
	return len(functiontest.Deliver(ctx, b, b.process.Handle, bodies...))
}

// TestASlowProviderLeavesNothingUndecided: whatever a call takes, every notification is sent once, no receive is used up and no
// invocation lasts longer than its time.
func TestASlowProviderLeavesNothingUndecided(t *testing.T) {
	for _, c := range []struct {
		call        time.Duration
		invocations int
	}{{20 * time.Millisecond, 1}, {2 * time.Second, 1}, {5 * time.Second, 1}, {9 * time.Second, 2}} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, welcome)
			again := &functiontest.Queue{}
			b.process.Again = again
			b.provider.answer = func(int) error { time.Sleep(c.call); return nil }
			bodies := b.crowd(10, 10)
			rounds := 0
			for ; len(bodies) > 0 && rounds < 10; rounds++ {
				begun := time.Now()
				if failed := b.invoke(time.Minute, bodies); failed > 0 {
					t.Errorf("%v a call: %d messages use up a receive", c.call, failed)
				}
				if took := time.Since(begun); took > time.Minute {
					t.Errorf("%v a call: the invocation took %v", c.call, took)
				}
				bodies = again.Take()
			}
			if len(b.provider.taken) != 100 || b.provider.calls != 100 || rounds != c.invocations {
				t.Errorf("%v a call: %d sent by %d calls in %d invocations, want 100 in %d", c.call, len(b.provider.taken), b.provider.calls, rounds, c.invocations)
			}
		})
	}
}

// TestWhatThereIsNoTimeForIsHandedBack: the notifications of one person come one after the other, in their order, and with all of them
// undecided in the end those that there was no time for are handed back in that order.
func TestWhatThereIsNoTimeForIsHandedBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, welcome)
		again := &functiontest.Queue{}
		b.process.Again = again
		b.provider.answer = func(int) error { time.Sleep(8 * time.Second); return nil }
		b.define("setting", "messaging", `{"caps":[]}`)
		b.process.Again = again
		j := job.Notifications{}
		for i := range 10 {
			j.Notifications = append(j.Notifications, b.ask(fmt.Sprint("s", i)))
		}
		body := functiontest.Body(b, j)
		if failed := b.invoke(time.Minute, []string{body}); failed != 0 {
			t.Errorf("%d messages come again by themselves", failed)
		}
		// Two seconds are spared and fifteen kept: one begins at 0, 8, ... 40.
		if len(b.provider.taken) != 6 {
			t.Errorf("%d were sent", len(b.provider.taken))
		}
		rest := again.Take()
		var left job.Notifications
		if len(rest) != 1 || json.Unmarshal([]byte(rest[0]), &left) != nil || len(left.Notifications) != 4 {
			t.Fatalf("handed back: %d messages, %+v", len(rest), left)
		}
		for i, n := range left.Notifications {
			if n != j.Notifications[6+i] {
				t.Errorf("handed back %+v, want %+v", n, j.Notifications[6+i])
			}
		}
		for i, n := range b.provider.taken {
			if n.ID != j.Notifications[i].ID {
				t.Errorf("sent as number %d: %s", i, n.ID)
			}
		}
	})
}

// TestHandingBackFails: what cannot be handed back comes again by itself, and nothing of it was sent.
func TestHandingBackFails(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		failed int
	}{"the queue is away": {errPower, 3}, "one message is refused": {&queue.SendError{Failed: []int{1}, Err: errPower}, 1}, "all is well": {nil, 0}} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, welcome)
			again := &functiontest.Queue{}
			again.Break(c.err)
			b.process.Again = again
			b.provider.answer = func(int) error { time.Sleep(9 * time.Second); return nil }
			bodies := b.crowd(3, 20) // fifteen seconds are enough for sixteen people once
			if failed := b.invoke(20*time.Second, bodies); failed != c.failed {
				t.Errorf("%s: %d come again, want %d", name, failed, c.failed)
			}
			if len(b.provider.taken) != atOnce {
				t.Errorf("%s: %d were sent", name, len(b.provider.taken))
			}
		})
	}
}

// TestAFailedMessageIsNotHandedBackAsWell: a message that comes again by itself is not sent a second time.
func TestAFailedMessageIsNotHandedBackAsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, welcome)
		again := &functiontest.Queue{}
		b.process.Again = again
		first := true
		b.provider.answer = func(int) error {
			if first {
				first = false
				panic(errPower)
			}
			time.Sleep(9 * time.Second)
			return nil
		}
		j := job.Notifications{}
		for i := range 4 {
			j.Notifications = append(j.Notifications, b.ask(fmt.Sprint("s", i)))
		}
		body := functiontest.Body(b, j)
		if failed, back := b.invoke(20*time.Second, []string{body}), again.Bodies(); failed != 1 || len(back) != 0 {
			t.Errorf("%d come again, handed back are %q", failed, back)
		}
	})
}

// TestWaitingUsesUpNoReceives: a notification that has waited seven receives for its event goes on as a new message, without those of its job that are
// decided, as long as it is not too late for it. Where something has failed, the message comes again by itself as a whole.
func TestWaitingUsesUpNoReceives(t *testing.T) {
	second := time.Second
	for name, c := range map[string]struct {
		received string
		left     time.Duration // until it is too late; 0 for never
		fails    bool          // another notification of the job
		failed   int
		goesOn   []string // steps
	}{
		"seven receives":           {received: "7", left: second, failed: 1},
		"eight":                    {received: "8", left: second, goesOn: []string{"late"}},
		"the last":                 {received: "10", left: second, goesOn: []string{"late"}},
		"never too late":           {received: "10", failed: 1},
		"another one fails beside": {received: "8", left: second, fails: true, failed: 1},
	} {
		b := start(t, welcome)
		again := &functiontest.Queue{}
		b.process.Again = again
		if c.fails {
			b.provider.answer = func(int) error { panic(errPower) }
		}
		late := b.ask("late")
		late.EventOf, late.EventDay, late.EventVersion, late.EventID = b.ann.ID, profile.DayOf(noon), 1, "m1"
		late.NotAfter = time.Time{}
		if c.left != 0 {
			late.NotAfter = noon.Add(c.left).UTC()
		}
		body := functiontest.Body(b, job.Notifications{Notifications: []job.Notification{late, b.ask("s1")}})
		answer, err := b.process.Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "1", Body: body,
			Attributes: map[string]string{"ApproximateReceiveCount": c.received}}}})
		b.Must(err)
		var steps []string
		for _, j := range functiontest.Jobs[job.Notifications](b, again) {
			for _, n := range j.Notifications {
				if n.Step == "late" && n != late {
					t.Errorf("%s: handed back %+v, want %+v", name, n, late)
				}
				steps = append(steps, n.Step)
			}
		}
		if len(answer.BatchItemFailures) != c.failed || !slices.Equal(steps, c.goesOn) {
			t.Errorf("%s: %d come again by themselves and %v as a new message, want %d and %v", name, len(answer.BatchItemFailures), steps, c.failed, c.goesOn)
		}
		if !c.fails {
			b.expect(1, "sent")
		}
	}
}

// TestWaitingEnds: who waits for an event that never comes is turned down when it is too late.
func TestWaitingEnds(t *testing.T) {
	b := start(t, welcome)
	again := &functiontest.Queue{}
	b.process.Again = again
	n := b.ask("late")
	n.EventOf, n.EventDay, n.EventVersion, n.EventID = b.ann.ID, profile.DayOf(noon), 1, "m1"
	b.Set(n.NotAfter.Add(time.Second))
	body := functiontest.Body(b, job.Notifications{Notifications: []job.Notification{n}})
	if failed, back := b.invoke(time.Minute, []string{body}), again.Bodies(); failed != 0 || len(back) != 0 {
		t.Errorf("%d come again by themselves, handed back are %q", failed, back)
	}
	b.expect(0, "skipped expired")
}
