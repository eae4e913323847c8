package queue

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// LastReceive is how often every queue of the template gives a message before it is a dead letter.
const LastReceive = 10

const (
	// maxWhy bounds the text that is kept of an error, in bytes.
	maxWhy = 600
	// toldWithin bounds the call that keeps it: the answer about the batch waits for it.
	toldWithin = time.Second
)

// Cause sorts why a job failed, for whoever looks after it.
type Cause string

// The causes of a job that has failed for the last time.
const (
	CauseAway   Cause = "away"   // a service could not be asked
	CauseNotYet Cause = "notYet" // what another job is to write was not there
	CauseNoTime Cause = "noTime" // the time of the invocation was over
	CausePanic  Cause = "panic"  // a fault of the program
	CauseError  Cause = "error"  // anything else: the text says what
)

// CauseOf sorts an error.
func CauseOf(err error) Cause {
	var p panicked
	switch {
	case errors.As(err, &p):
		return CausePanic
	case Unavailable(err):
		return CauseAway
	case errors.Is(err, ErrNotYet):
		return CauseNotYet
	case errors.Is(err, ErrNoTime):
		return CauseNoTime
	}
	return CauseError
}

// Witness keeps why a job failed that does not come again.
type Witness interface {
	// Tell keeps the cause of a message, by its id, and the first line of its error. Telling it again replaces what was told. An error leaves open whether it is kept.
	Tell(ctx context.Context, message string, cause Cause, text string) error
}

// Tell has a witness keep why a message failed, if this was its last receive. The text is what the log has, so it holds no personal data. Where it cannot be kept, the log alone has it.
func Tell(ctx context.Context, w Witness, record events.SQSMessage, err error) {
	if w == nil || err == nil || Receives(record) < LastReceive {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, toldWithin)
	defer cancel()
	if lost := w.Tell(ctx, record.MessageId, CauseOf(err), firstLine(err.Error())); lost != nil {
		slog.WarnContext(ctx, "why a job failed is not kept", "record", record.MessageId, "error", lost.Error())
	}
}

// firstLine cuts a text behind its first line, or behind what is kept of one.
func firstLine(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxWhy {
		return text
	}
	cut := maxWhy
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
