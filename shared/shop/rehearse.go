package shop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/shop/format"
)

// shownEvents is how many events a rehearsal shows.
const shownEvents = 3

// Rehearse reads the file and sends nothing: it writes the first events as they would go out, every line that would be refused, and what all of it comes to. It
// needs no stack. What the stack judges by the event alone is judged here as there.
func (i Import) Rehearse(out io.Writer) (*Account, error) {
	account := &Account{}
	refusals := 0
	refuse := func(r format.Refusal) {
		account.refuse(r)
		if refusals++; refusals == 1 {
			_, _ = fmt.Fprintln(out, "Would be refused:")
		}
		_, _ = fmt.Fprintln(out, "  "+r.String())
	}
	var shown [][]byte
	seen := map[string]bool{}
	err := i.read(format.Sink{
		Event: func(e format.Event) error {
			if reason := i.judge(e); reason != "" {
				refuse(format.Refusal{Line: e.Line, Row: e.Row, Reason: "the event would be refused: " + reason})
				return nil
			}
			account.Events++
			if seen[e.MessageID] {
				account.Repeated++
				return nil
			}
			seen[e.MessageID] = true
			account.book(e.Money, 1)
			if len(shown) < shownEvents {
				shown = append(shown, e.Body)
			}
			return nil
		},
		Refuse: refuse,
		Line:   func(n int) { account.Lines = n },
		Note:   func(text string) { account.Note = text },
	})
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read as %s: %w", i.File, i.Format, err)
	}
	for n, body := range shown {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, body, "", "  "); err != nil {
			return nil, fmt.Errorf("showing an event: %w", err)
		}
		_, _ = fmt.Fprintf(out, "Event %d of %s:\n%s\n", n+1, grouped(account.Events), pretty.Bytes())
	}
	account.printRehearsal(out)
	return account, nil
}

// judge is why a stack would refuse an event of the server key; empty if it would not, as far as the event alone tells.
func (i Import) judge(e format.Event) string {
	b, err := event.ParseBatch(batchBody([]format.Event{e}), event.Arrival{ReceivedAt: i.Options.Now, Zone: i.Options.Zone, NewID: func() string { return "rehearsed" }})
	if err != nil {
		return err.Error()
	}
	b.Judge(func(e *event.Event, as event.Sent) (field, reason string) {
		if reason := event.Fits(as.Size, true); reason != "" {
			return "", reason
		}
		if field, reason := event.JudgeName(e); reason != "" {
			return field, reason
		}
		if field, reason := profile.JudgeConsent(e); reason != "" {
			return field, reason
		}
		if field, reason := profile.JudgeTags(e); reason != "" {
			return field, reason
		}
		if e.Kind == event.Track && order.Reports(e.Name) {
			if _, err := order.ParseReport(e, 0, i.Options.Currency); err != nil {
				field, reason, _ = strings.Cut(err.Error(), ": ")
			}
		}
		return field, reason
	})
	if len(b.Refused) > 0 {
		return strings.TrimSpace(b.Refused[0].Field + " " + b.Refused[0].Reason)
	}
	return ""
}

// printRehearsal writes what would be sent.
func (a *Account) printRehearsal(w io.Writer) {
	line := a.begin(w)
	line("refused", "%s", grouped(a.Refused))
	a.printReasons(line)
	a.printSums(line)
	line("sent", "nothing: it was a rehearsal (DRY=1)")
}
