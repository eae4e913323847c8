package redrive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/queue"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

type bench struct {
	*functiontest.Shop
	process *Process
	events  *functiontest.Queue
}

func newBench(t *testing.T) *bench {
	b := &bench{Shop: functiontest.Open(t, noon), events: &functiontest.Queue{}}
	b.process = New(Settings{Table: "DeadLetters", AuditTable: "Audit", EventsDead: "https://sqs/1/dead-events", SettlementDead: "https://sqs/1/dead-settlement"}, b.DB, nil, b.Now)
	for i := range b.process.Queues {
		b.process.Queues[i].Jobs = &functiontest.Queue{}
		if b.process.Queues[i].Name == "events" {
			b.process.Queues[i].Jobs = b.events
		}
	}
	return b
}

func letter(queue, id, body string, sent time.Time) events.SQSMessage {
	return events.SQSMessage{MessageId: id, Body: body, EventSourceARN: "arn:aws:sqs:x:1:" + queue, Attributes: map[string]string{"SentTimestamp": strconv.FormatInt(sent.UnixMilli(), 10)}}
}

// keep hands over a batch and answers which letters are to come again.
func (b *bench) keep(records ...events.SQSMessage) string {
	b.Helper()
	raw, err := json.Marshal(events.SQSEvent{Records: records})
	b.Must(err)
	out, err := b.process.Handle(b.Context(), raw)
	b.Must(err)
	var failed []string
	for _, f := range out.(events.SQSEventResponse).BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return strings.Join(failed, " ")
}

func (b *bench) redrives(queue string) (Sent, error) {
	out, err := b.process.Handle(b.Context(), json.RawMessage(fmt.Sprintf(`{"redrive":%q}`, queue)))
	sent, _ := out.(Sent)
	return sent, err
}

func (b *bench) count(queue string) int {
	b.Helper()
	n, err := deadletter.Letters{DB: b.DB, Table: "DeadLetters", Now: b.Now}.Count(b.Context(), queue)
	b.Must(err)
	return n
}

// items is how many items are in the table at all.
func (b *bench) items() (n int) {
	b.Helper()
	b.DB.Each(b, "DeadLetters", func(map[string]types.AttributeValue) { n++ })
	return n
}

func random(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(' ' + r.IntN(94))
	}
	return string(b)
}

// A redrive four weeks later sends what was kept, as it was: SQS has forgotten it two weeks ago.
func TestARedriveFourWeeksLater(t *testing.T) {
	b := newBench(t)
	bodies := map[string]string{"small": `{"v":1}`, "odd": "{ not JSON é", "empty": "", "large": random(1 << 20), "even": strings.Repeat("x", 1<<20)}
	sent := noon.Add(-14 * 24 * time.Hour)
	for id, body := range bodies {
		if failed := b.keep(letter("dead-events", id, body, sent)); failed != "" {
			t.Errorf("%s comes again", failed)
		}
	}
	if failed := b.keep(letter("dead-settlement", "s", "x", sent)); failed != "" {
		t.Errorf("%s comes again", failed)
	}
	if b.count("events") != len(bodies) || b.count("settlement") != 1 || b.count("notifications") != 0 {
		t.Errorf("%d, %d, %d letters are counted", b.count("events"), b.count("settlement"), b.count("notifications"))
	}
	b.Set(noon.Add(28 * 24 * time.Hour))
	out, err := b.redrives("EventsQueue")
	if err != nil || out != (Sent{Queue: "events", Sent: len(bodies)}) {
		t.Errorf("%+v %v", out, err)
	}
	var want []string
	for _, body := range bodies {
		want = append(want, body)
	}
	slices.Sort(want)
	got := b.events.Bodies()
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("%d bodies were sent, or not as they were", len(got))
	}
	if out, err := b.redrives("events"); err != nil || out.Sent != 0 {
		t.Errorf("once more: %+v %v", out, err)
	}
	if n := b.items(); n != 2 {
		t.Errorf("%d items are left, want the two of settlement's letter", n)
	}
}

func TestWhatIsNoLetterComesAgain(t *testing.T) {
	b := newBench(t)
	bad := letter("dead-events", "no time", "x", noon)
	bad.Attributes = nil
	if failed := b.keep(letter("another", "strange", "x", noon), bad, letter("dead-events", "good", "x", noon)); failed != "strange,no time" && failed != "strange no time" {
		t.Errorf("%q come again", failed)
	}
	for _, raw := range []string{`[]`, `{}`, `{"redrive":""}`, `{"redrive":"queue"}`, `{"redrive":"nothing"}`, `{"Records":{}}`} {
		if out, err := b.process.Handle(b.Context(), json.RawMessage(raw)); err == nil {
			t.Errorf("%s: %v", raw, out)
		}
	}
	for _, name := range []string{"events", "Events", "EventsQueue", "eventsdeadletters", "EventsDeadLetters"} {
		if out, err := b.redrives(name); err != nil || out.Queue != "events" {
			t.Errorf("%s: %+v %v", name, out, err)
		}
	}
}

// Every write of keeping fails once, both ways; a letter that is listed meanwhile is whole; the letter comes again and is kept once.
func TestKeepingIsCutOff(t *testing.T) {
	body := random(800 << 10) // two or three parts
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for nth := 1; ; nth++ {
			b := newBench(t)
			b.DB.Fail("PutItem", nth, how)
			record := letter("dead-events", "m", body, noon.Add(-time.Hour))
			failed := b.keep(record)
			if failed == "" {
				if nth < 3 {
					t.Errorf("only %d writes", nth-1)
				}
				break
			}
			listed := b.count("events")
			if out, err := b.redrives("events"); err != nil || out != (Sent{Queue: "events", Sent: listed}) {
				t.Errorf("%s, write %d: of %d that are listed %+v %v", how, nth, listed, out, err)
			}
			if failed = b.keep(record); failed != "" {
				t.Errorf("%s, write %d: comes again for good", how, nth)
			}
			if out, err := b.redrives("events"); err != nil || out.Sent != 1 || len(b.events.Bodies()) != listed+1 || b.events.Bodies()[listed] != body {
				t.Errorf("%s, write %d: %+v %v", how, nth, out, err)
			}
		}
	}
}

// A redrive may be cut off anywhere: the letter is sent at least once, and after the next redrive it is gone.
func TestARedriveIsCutOff(t *testing.T) {
	body := random(800 << 10)
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for nth := 0; nth < 5; nth++ {
			b := newBench(t)
			if failed := b.keep(letter("dead-events", "m", body, noon.Add(-time.Hour))); failed != "" {
				t.Fatal(failed)
			}
			if nth == 0 {
				b.events.Fail(1, how)
			} else {
				b.DB.Fail("DeleteItem", nth, how)
			}
			first, err := b.redrives("events")
			b.DB.Heal()
			if _, again := b.redrives("events"); again != nil {
				t.Errorf("%s, step %d: %v", how, nth, again)
			}
			most := 1
			if err != nil || first.Failed > 0 {
				most = 2
			}
			if n := len(b.events.Bodies()); n < 1 || n > most || slices.ContainsFunc(b.events.Bodies(), func(s string) bool { return s != body }) {
				t.Errorf("%s, step %d: sent %d times", how, nth, n)
			}
			if b.items() != 0 {
				t.Errorf("%s, step %d: %d items are left", how, nth, b.items())
			}
		}
	}
}

// many is a store of many letters, for what a page and the deadline do.
type many struct {
	left int
	step time.Duration
}

func (m *many) Keep(context.Context, deadletter.Letter, []byte) error   { return errors.New("not asked") }
func (m *many) Body(context.Context, deadletter.Letter) ([]byte, error) { return []byte("x"), nil }
func (m *many) Why(context.Context, deadletter.Letter) (*deadletter.Why, error) {
	return nil, nil
}
func (m *many) Remove(context.Context, deadletter.Letter) error { return nil }
func (m *many) List(context.Context, string, int, string) ([]deadletter.Letter, string, error) {
	return nil, "", errors.New("not asked")
}
func (m *many) Find(context.Context, string, time.Time, string) (deadletter.Letter, error) {
	return deadletter.Letter{}, errors.New("not asked")
}
func (m *many) Page(_ context.Context, _ string, _ time.Time, _ *deadletter.Letter, size int32) ([]deadletter.Letter, *deadletter.Letter, error) {
	time.Sleep(m.step) // the bubble's clock
	n := min(int(size), m.left)
	m.left -= n
	letters := make([]deadletter.Letter, n)
	if m.left == 0 {
		return letters, nil, nil
	}
	return letters, &letters[n-1], nil
}

func TestARedriveEndsBeforeItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		letters := &many{left: 1000, step: 10 * time.Second}
		p := &Process{Letters: letters, Queues: []Queue{{Name: "events", Jobs: &functiontest.Queue{}}}, Now: time.Now}
		// Pages end at 10, 20, 30, 40 and 50 s; the one begun at 40 s has 20 s left, another would have 10.
		out, err := p.redrive(ctx, "events")
		if err != nil || out != (Sent{Queue: "events", Sent: 500, Left: true}) {
			t.Errorf("%+v %v", out, err)
		}
		if out, err = p.redrive(context.WithoutCancel(ctx), "events"); err != nil || out != (Sent{Queue: "events", Sent: 500}) {
			t.Errorf("then %+v %v", out, err)
		}
	})
}

// TestACallEndsSoon: whoever waits for its answer hears within seconds that more is left, and the same call goes on.
func TestACallEndsSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		letters := &many{left: 1000, step: 2 * time.Second}
		p := &Process{Letters: letters, Queues: []Queue{{Name: "events", Jobs: &functiontest.Queue{}}}, Now: time.Now}
		// Pages end at 2, 4 and 6 s.
		out, err := p.carryOut(t.Context(), p.Queues[0], request{Before: time.Now()})
		if err != nil || out != (Sent{Queue: "events", Sent: 300, Left: true}) {
			t.Errorf("%+v %v", out, err)
		}
	})
}

// One letter that cannot be read and one that cannot be sent keep none of the others, on none of the pages, and are told. While a service is
// away, nothing is tried again and again.
func TestABadLetterKeepsNoOthers(t *testing.T) {
	b := newBench(t)
	for i := range page + 2 {
		if failed := b.keep(letter("dead-events", fmt.Sprintf("m%03d", i), fmt.Sprint("body ", i), noon.Add(time.Duration(i-1000)*time.Second))); failed != "" {
			t.Fatal(failed)
		}
	}
	b.Item("DeadLetters", map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "b#events#m000"}, "sk": &types.AttributeValueMemberS{Value: "00000"}, "b": &types.AttributeValueMemberB{Value: []byte("torn")}})
	b.events.Fail(1, dynamotest.NotPersisted)
	out, err := b.redrives("events")
	if err != nil || out != (Sent{Queue: "events", Sent: page, Failed: 2}) || len(b.events.Bodies()) != page || b.count("events") != 2 {
		t.Errorf("%+v %v, %d sent, %d left", out, err, len(b.events.Bodies()), b.count("events"))
	}
	if out, err = b.redrives("events"); err != nil || out != (Sent{Queue: "events", Sent: 1, Failed: 1}) {
		t.Errorf("once more: %+v %v", out, err)
	}
	letters := &many{left: 1000}
	p := &Process{Letters: letters, Queues: []Queue{{Name: "events", Jobs: away{}}}, Now: time.Now}
	if out, err := p.redrive(t.Context(), "events"); !queue.Unavailable(err) || out.Sent != 0 || letters.left != 1000-page {
		t.Errorf("while the queue is away: %+v %v, %d letters not looked at", out, err, letters.left)
	}
}

// away is a queue that cannot be reached.
type away struct{}

func (away) SendBody(context.Context, []byte) error {
	return &smithyhttp.RequestSendError{Err: errors.New("no route")}
}

// A letter that fails again at once does not keep a redrive going for ever.
func TestARedriveSendsWhatWasThereWhenItBegan(t *testing.T) {
	b := newBench(t)
	if failed := b.keep(letter("dead-events", "before", "x", noon.Add(-time.Millisecond)), letter("dead-events", "after", "y", noon)); failed != "" {
		t.Fatal(failed)
	}
	if out, err := b.redrives("events"); err != nil || out.Sent != 1 || b.events.Bodies()[0] != "x" {
		t.Errorf("%+v %v %v", out, err, b.events.Bodies())
	}
	if b.count("events") != 1 {
		t.Errorf("%d are left", b.count("events"))
	}
}

func TestLettersExpire(t *testing.T) {
	b := newBench(t)
	if failed := b.keep(letter("dead-events", "m", "x", noon.Add(-time.Hour))); failed != "" {
		t.Fatal(failed)
	}
	for _, c := range []struct {
		after time.Duration
		sent  int
	}{{180 * 24 * time.Hour, 0}, {180*24*time.Hour - time.Second, 1}} {
		b.Set(noon.Add(c.after))
		if n := b.count("events"); n != c.sent {
			t.Errorf("after %v %d are counted, want %d", c.after, n, c.sent)
		}
		oldest, err := deadletter.Letters{DB: b.DB, Table: "DeadLetters", Now: b.Now}.Oldest(b.Context(), "events")
		if want := noon.Add(-time.Hour); err != nil || oldest.IsZero() == (c.sent == 1) || c.sent == 1 && !oldest.Equal(want) {
			t.Errorf("after %v the oldest is of %v, %v", c.after, oldest, err)
		}
		if _, err := (deadletter.Letters{DB: b.DB, Table: "DeadLetters", Now: b.Now}).Find(b.Context(), "events", noon.Add(-time.Hour), "m"); (err == nil) != (c.sent == 1) {
			t.Errorf("after %v it is found: %v", c.after, err)
		}
		if list, _, err := (deadletter.Letters{DB: b.DB, Table: "DeadLetters", Now: b.Now}).List(b.Context(), "events", 10, ""); err != nil || len(list) != c.sent {
			t.Errorf("after %v %d are listed, %v", c.after, len(list), err)
		}
		if out, err := b.redrives("events"); err != nil || out.Sent != c.sent {
			t.Errorf("after %v: %+v %v, want %d", c.after, out, err, c.sent)
		}
	}
}
