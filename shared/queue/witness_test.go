package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// told notes what a witness hears, by message.
type told struct {
	mu  sync.Mutex
	of  map[string]string
	err error
}

func (w *told) Tell(ctx context.Context, message string, cause Cause, text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, bounded := ctx.Deadline(); !bounded {
		return errors.New("the answer would wait for ever")
	}
	if w.of == nil {
		w.of = map[string]string{}
	}
	w.of[message] = string(cause) + ": " + text
	return w.err
}

// TestWhyAJobFailedForTheLastTime is told once it does not come again, and not before. Whether it can be kept changes nothing of the answer.
func TestWhyAJobFailedForTheLastTime(t *testing.T) {
	answers := map[string]error{
		"away": errAway, "not yet": fmt.Errorf("x: %w", ErrNotYet), "no time": ErrNoTime, "broken": errors.New("reading a job: no such kind\nwith more"), "dropped": Drop(errors.New("x")), "done": nil,
	}
	ids := []string{"away", "not yet", "no time", "broken", "panics", "dropped", "done"}
	want := map[string]string{
		"away": "away: reading: context deadline exceeded", "not yet": "notYet: x: " + ErrNotYet.Error(), "no time": "noTime: " + ErrNoTime.Error(), "broken": "error: reading a job: no such kind", "panics": "panic: panic: string",
	}
	for receives, last := range map[string]bool{"1": false, "9": false, "10": true, "11": true} {
		for _, fails := range []error{nil, errors.New("the table is away")} {
			w := &told{err: fails}
			answer := Consumer{Witness: w}.Consume(t.Context(), received(receives, ids...), func(_ context.Context, m events.SQSMessage) error {
				if m.MessageId == "panics" {
					panic("the value may be somebody's")
				}
				return answers[m.MessageId]
			})
			if got := failures(answer); got != "away not yet no time broken panics" {
				t.Errorf("failed %q", got)
			}
			if !last && len(w.of) > 0 || last && fmt.Sprint(w.of) != fmt.Sprint(want) {
				t.Errorf("received %s times: told %v, want %v of %v", receives, w.of, last, want)
			}
		}
	}
	if got := failures((Consumer{}).Consume(t.Context(), received("10", "a"), func(context.Context, events.SQSMessage) error { return errAway })); got != "a" {
		t.Errorf("without a witness: failed %q", got)
	}
}

// TestALongReasonIsCut behind a whole letter.
func TestALongReasonIsCut(t *testing.T) {
	for text, want := range map[string]int{strings.Repeat("a", maxWhy): maxWhy, strings.Repeat("a", maxWhy+1): maxWhy + len("…"), strings.Repeat("字", maxWhy): maxWhy/3*3 + len("…"), "a\xffb": len("a\uFFFDb"), "one\ntwo": 3} {
		if got := firstLine(text); len(got) != want || !utf8.ValidString(got) {
			t.Errorf("of %d bytes are left %d: %.20q, want %d", len(text), len(got), got, want)
		}
	}
}
