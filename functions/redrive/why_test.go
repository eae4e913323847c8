package redrive

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/queue"
)

// TestWhyALetterFailed is what the function said whose job it was, of this message in this queue alone. It goes with the letter.
func TestWhyALetterFailed(t *testing.T) {
	b := newBench(t)
	b.hire()
	tell := func(name, message string, cause queue.Cause, text string) {
		b.Must(deadletter.Witness{DB: b.DB, Table: "DeadLetters", Queue: name, Now: b.Now}.Tell(b.Context(), message, cause, text))
	}
	tell("events", "m1", queue.CauseNotYet, "first")
	tell("events", "m1", queue.CauseError, "folding: no such kind")
	tell("settlement", "m2", queue.CauseAway, "of another queue")
	b.keep(letter("dead-events", "m1", "one", noon.Add(-time.Hour)), letter("dead-events", "m2", "two", noon.Add(-time.Minute)), letter("dead-settlement", "m2", "three", noon.Add(-time.Hour)))
	list := func() (said []string) {
		_, answer := b.as(access.Viewer, "GET", "/v1/queues/events/letters", "")
		var page struct {
			Items []struct {
				Message string
				Why     *struct{ Cause, Text string }
			}
		}
		b.Must(json.Unmarshal([]byte(answer), &page))
		for _, l := range page.Items {
			if l.Why == nil {
				said = append(said, l.Message+" -")
			} else {
				said = append(said, l.Message+" "+l.Why.Cause+" "+l.Why.Text)
			}
		}
		return said
	}
	if got, want := strings.Join(list(), "; "), "m2 -; m1 error folding: no such kind"; got != want {
		t.Errorf("told is %q, want %q", got, want)
	}
	b.DB.Fail("GetItem", 1, dynamotest.NotPersisted)
	if status, _ := b.as(access.Viewer, "GET", "/v1/queues/events/letters", ""); status != 503 {
		t.Errorf("while the table is away: %d", status)
	}
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} { // the second thing that is taken off is why
		b.DB.Fail("DeleteItem", 2, how)
		if out, err := b.redrives("events"); err != nil || out.Failed != 1 {
			t.Errorf("%s: %+v %v", how, out, err)
		}
	}
	if out, err := b.redrives("events"); err != nil || out.Failed != 0 || b.count("events") != 0 {
		t.Errorf("%+v %v, %d are left", out, err, b.count("events"))
	}
	if n := b.items(); n != 3 { // settlement's letter, its body, and why it failed
		t.Errorf("%d items are left, want those of settlement's letter", n)
	}
}
