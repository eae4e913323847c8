package orchestration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// unread puts an item in Ann's place that no program reads.
func (b *bench) unread() {
	b.Helper()
	b.Item("Profiles", map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p#" + string(b.ann.ID)}, "sk": &types.AttributeValueMemberS{Value: "p"},
		"v": &types.AttributeValueMemberN{Value: "1"}, "b": &types.AttributeValueMemberB{Value: []byte{255}}})
}

// TestWhatCannotBeHandedOnComesAgain: the rest of a job is a job before the first one is taken as done.
func TestWhatCannotBeHandedOnComesAgain(t *testing.T) {
	b := start(t, onEvent)
	bob := b.Person("bob", func(*profile.Profile) {})
	ofBob := b.signUp(2)
	ofBob.ProfileID = bob.ID
	b.unread()
	b.self.Fail(1, dynamotest.NotPersisted)
	if !b.hear(job.Orchestration{Follows: []job.Follow{b.signUp(1), ofBob}}) {
		t.Error("the rest is lost")
	}
}

// TestADecisionThatCannotBeWrittenComesAgain, of somebody who cannot be read and for whom it is too late.
func TestADecisionThatCannotBeWrittenComesAgain(t *testing.T) {
	b := start(t, onEvent)
	f := b.signUp(1)
	b.unread()
	b.Pass(25 * time.Hour)
	b.DB.Fail(dynamotest.AnyWrite, 1, dynamotest.NotPersisted)
	if !b.hear(job.Orchestration{Follows: []job.Follow{f}}) {
		t.Error("it is taken as done with no decision")
	}
	b.DB.Heal()
	b.heard(f)
	if got := fmt.Sprint(b.decisions(b.ann)); got != "[expired: unreadable]" {
		t.Errorf("on record %s", got)
	}
}

// TestWhatIsLate is what has less than the reserve left; without an end nothing is.
func TestWhatIsLate(t *testing.T) {
	for left, want := range map[time.Duration]bool{time.Hour: false, reserve + time.Minute: false, reserve / 2: true, -time.Second: true} {
		ctx, cancel := context.WithTimeout(t.Context(), left)
		if late(ctx) != want {
			t.Errorf("with %v left: %v", left, !want)
		}
		cancel()
		if !late(ctx) {
			t.Errorf("ended, with %v left: not late", left)
		}
	}
	if late(context.Background()) {
		t.Error("late without an end")
	}
}

// TestOneJobIsDoneHoweverLate and the next ones of its batch go on: so an invocation does something, and no more than it can.
func TestOneJobIsDoneHoweverLate(t *testing.T) {
	b := start(t, onEvent)
	var bodies []string
	for n := range 3 {
		bodies = append(bodies, functiontest.Body(b, job.Orchestration{Follows: []job.Follow{b.signUp(n + 1)}}))
	}
	ctx, cancel := context.WithTimeout(t.Context(), reserve*9/10)
	defer cancel()
	if again := functiontest.Deliver(ctx, t, b.process.Handle, bodies...); len(again) != 0 {
		t.Errorf("%v come again", again)
	}
	b.expect(1)
	if n := len(b.self.Take()); n != 2 {
		t.Errorf("%d jobs go on", n)
	}
}

// TestAskingForAudiencesTellsWhatFailed: each read, the job, and the note that it was asked.
func TestAskingForAudiencesTellsWhatFailed(t *testing.T) {
	reads := 0
	for _, op := range []string{"GetItem", "Query", dynamotest.AnyWrite} {
		for nth := 1; ; nth++ {
			b := start(t, toAll)
			before := b.DB.Calls(op)
			b.DB.Fail(op, nth, dynamotest.NotPersisted)
			err := b.process.askAudiences(t.Context())
			if b.DB.Calls(op)-before < nth {
				break
			}
			reads++
			if err == nil {
				t.Errorf("%s %d: nothing is told", op, nth)
			}
		}
	}
	if reads < 3 {
		t.Errorf("%d calls were broken", reads)
	}
	b := start(t, toAll)
	b.segmentation.Fail(1, dynamotest.NotPersisted)
	if err := b.process.askAudiences(t.Context()); err == nil {
		t.Error("the job is away, and nothing is told")
	}
}

// TestAPausedAudienceAtTheEndOfItsTime is kept at its last moment, and is expired right after it.
func TestAPausedAudienceAtTheEndOfItsTime(t *testing.T) {
	for late, want := range map[time.Duration]delivery.Action{24 * time.Hour: delivery.Defer, 24*time.Hour + 1: delivery.Skip} {
		b := start(t, strings.Replace(toAll, "scheduled", "paused", 1))
		b.Pass(late)
		c, ok, err := b.process.Campaigns.Find(t.Context(), "c")
		b.Must(err)
		if got := b.process.unused(c, ok, job.AudienceList{RunID: listing(c), CampaignID: "c"}); got.Action != want {
			t.Errorf("%v late: %+v", late, got)
		}
	}
}
