package reporting

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/queue"
)

// last hands over jobs for the last time.
func (b *bench) last(bodies ...string) (failed int) {
	b.Helper()
	var batch events.SQSEvent
	for i, body := range bodies {
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: "m" + strconv.Itoa(i), Body: body, Attributes: map[string]string{"ApproximateReceiveCount": strconv.Itoa(queue.LastReceive)}})
	}
	raw, err := json.Marshal(batch)
	b.Must(err)
	out, err := b.process.Handle(b.Context(), raw)
	b.Must(err)
	return len(out.(events.SQSEventResponse).BatchItemFailures)
}

// away is a bucket whose files cannot be read.
type away struct {
	Objects
	err error
}

func (a away) ReadPart(context.Context, string, int64, int64) ([]byte, int64, error) {
	return nil, 0, a.err
}

// Read is that of a program at fault where there is no error.
func (a away) Read(ctx context.Context, key string) ([]byte, string, error) {
	if key == "head.json" && a.err == nil {
		panic("the program is at fault")
	}
	return a.Objects.Read(ctx, key)
}

// TestAQuestionFails once a job of it does not come again, says why, and can be asked again; then it is worked on, and answered.
func TestAQuestionFails(t *testing.T) {
	for cause, err := range map[queue.Cause]error{queue.CauseError: errors.New("torn"), queue.CauseAway: context.DeadlineExceeded, queue.CausePanic: nil} {
		b := stocked(t, 2)
		id := b.ask("exact", asksCount).ID
		bodies := b.jobs.Take()
		b.process.Objects = away{b.bucket, err}
		if again := b.deliver(bodies...); len(again) != 2 || b.show(id).State != "working" {
			t.Fatalf("%s: after the first try it is %s, and %q come again", cause, b.show(id).State, again)
		}
		if failed := b.last(bodies[0]); failed != 1 {
			t.Fatalf("%s: the last try ended well", cause)
		}
		g := b.show(id)
		if g.State != "failed" || g.Failed == nil || g.Failed.Cause != cause || !g.Failed.At.Equal(noon) {
			t.Errorf("%s: it is %s, %+v", cause, g.State, g.Failed)
		}
		b.process.Objects = b.bucket
		// The other job may be done all the same; the question has failed until it is asked again.
		if b.deliver(bodies[1]); b.show(id).State != "failed" {
			t.Errorf("%s: it is %s", cause, b.show(id).State)
		}
		if again := b.ask("exact", asksCount); again.ID != id || again.State != "working" || again.Failed != nil {
			t.Errorf("%s: asked again it is %+v", cause, again)
		}
		if sent := b.jobs.Take(); len(sent) != 1 || !strings.Contains(sent[0], `"again":1`) {
			t.Errorf("%s: sent are %q", cause, sent)
		} else if b.deliver(sent...); b.show(id).State != "done" {
			t.Errorf("%s: it is %s", cause, b.show(id).State)
		}
	}
}

// TestAQuestionFailsAgain: what a job of an asking before says is of that one; the third asking is worked on, whoever asks it at once.
func TestAQuestionFailsAgain(t *testing.T) {
	b := stocked(t, 1)
	id := b.ask("exact", asksCount).ID
	first := b.jobs.Take()
	b.process.Objects = away{b.bucket, errors.New("torn")}
	b.last(first...)
	b.ask("exact", asksCount)
	second := b.jobs.Take()
	b.last(first...) // sent again by whoever looks after dead letters, and dead again
	if g := b.show(id); g.State != "working" {
		t.Errorf("an asking before ends this one: %s", g.State)
	}
	b.last(second...)
	if g := b.show(id); g.State != "failed" {
		t.Errorf("it is %s", g.State)
	}
	b.ask("exact", asksCount)
	b.ask("exact", asksCount)
	if got := b.answers(id); len(b.jobs.Take()) != 2 || len(got) != 6 {
		t.Errorf("there are %d objects: %v", len(got), got)
	}
	b.process.Objects = b.bucket
	// A job of any asking answers it.
	if b.deliver(first...); b.show(id).State != "done" {
		t.Errorf("it is %s", b.show(id).State)
	}
}

// TestAJobThatEndedWithoutAWord is told by its dead letter, of the asking that it was of, and only once there may be one.
func TestAJobThatEndedWithoutAWord(t *testing.T) {
	for _, told := range []bool{false, true} {
		b := stocked(t, 2)
		now := noon
		b.process.Now = func() time.Time { return now }
		id := b.ask("exact", asksCount).ID
		bodies := b.jobs.Take()
		letters := deadletter.Letters{DB: b.DB, Table: "DeadLetters", Now: b.Now}
		other := strings.Replace(bodies[0], id, strings.Repeat("0", 32), 1)
		for n, body := range []string{other, "no job at all"} {
			b.Must(letters.Keep(t.Context(), deadletter.Letter{Queue: "reporting", ID: "other" + strconv.Itoa(n), Sent: noon.Add(time.Second)}, []byte(body)))
		}
		now = noon.Add(time.Hour)
		if g := b.show(id); g.State != "working" {
			t.Errorf("another question's letter makes it %s", g.State)
		}
		l := deadletter.Letter{Queue: "reporting", ID: "m1", Sent: noon.Add(time.Second)}
		want := causeEnded
		if told {
			want = queue.CauseNoTime
			b.Must(deadletter.Witness{DB: b.DB, Table: "DeadLetters", Queue: "reporting", Now: b.Now}.Tell(t.Context(), "m1", want, "text"))
		}
		b.Must(letters.Keep(t.Context(), l, []byte(bodies[1])))
		if g := b.show(id); g.State != "failed" || g.Failed.Cause != want {
			t.Errorf("it is %s, %+v, want %s", g.State, g.Failed, want)
		}
		// Asked again it is worked on, though the letter is still there.
		if g := b.ask("exact", asksCount); g.State != "working" {
			t.Errorf("asked again it is %s", g.State)
		}
		now = now.Add(2 * time.Hour)
		if g := b.show(id); g.State != "working" {
			t.Errorf("a letter of before makes it %s", g.State)
		}
		b.work()
		if g := b.show(id); g.State != "done" {
			t.Errorf("it is %s", g.State)
		}
	}
}

// TestThatItFailedMayNotBeKept: the job's failure is what is told of the job, and its dead letter tells of the question.
func TestThatItFailedMayNotBeKept(t *testing.T) {
	for _, persisted := range []bool{false, true} {
		b := stocked(t, 1)
		id := b.ask("exact", asksCount).ID
		bodies := b.jobs.Take()
		b.process.Objects = away{b.bucket, errors.New("torn")}
		b.bucket.Fail(3, persisted) // behind the claim, which is let go of
		if failed := b.last(bodies...); failed != 1 {
			t.Error("the job ended well")
		}
		if g := b.show(id); (g.State == "failed") != persisted {
			t.Errorf("persisted %t: it is %s", persisted, g.State)
		}
	}
}
