package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/money"
)

// maxEvent is the protocol's limit for one event.
const maxEvent = 32 << 10

// readSegment passes events on as they are. One without a messageId gets the digest of its line and of how often that line came
// before, so that equal lines stay several events and a second import of the file adds none.
func readSegment(r io.Reader, _ money.Currency, sink Sink) error {
	seen := map[string]int{}
	good := 0
	err := lines(r, func(number int, line []byte) error {
		if line != nil && len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		if sink.Line != nil {
			sink.Line(number)
		}
		e, err := segmentEvent(line, number, seen)
		if err != nil {
			sink.Refuse(Refusal{Line: number, Row: number, Reason: err.Error()})
			return nil
		}
		good++
		return sink.Event(e)
	})
	if err == nil && good == 0 {
		return errors.New("no line is an event of the protocol: the file has another layout")
	}
	return err
}

func segmentEvent(line []byte, number int, seen map[string]int) (Event, error) {
	if len(line) > maxEvent || line == nil {
		return Event{}, fmt.Errorf("the event is over %d bytes", maxEvent)
	}
	if !utf8.Valid(line) {
		return Event{}, errors.New("the line is not UTF-8")
	}
	var known struct {
		MessageID   string `json:"messageId"`
		UserID      string `json:"userId"`
		AnonymousID string `json:"anonymousId"`
		Type        string `json:"type"`
	}
	if err := json.Unmarshal(line, &known); err != nil {
		return Event{}, fmt.Errorf("the line is no event in JSON: %w", err)
	}
	if known.Type == "" {
		return Event{}, errors.New("type is empty")
	}
	body := bytes.Clone(line)
	if known.MessageID == "" {
		var open map[string]json.RawMessage
		if err := json.Unmarshal(line, &open); err != nil {
			return Event{}, fmt.Errorf("the line is no object in JSON: %w", err)
		}
		name := digest(string(line))
		seen[name]++
		known.MessageID = "line-" + digest(name, strconv.Itoa(seen[name]))
		open["messageId"] = json.RawMessage(strconv.Quote(known.MessageID))
		whole, err := json.Marshal(open)
		if err != nil {
			return Event{}, fmt.Errorf("naming the event: %w", err)
		}
		body = whole
	}
	person := known.UserID
	if person == "" {
		person = known.AnonymousID
	}
	return Event{Line: number, Row: number, Person: person, MessageID: known.MessageID, Body: body}, nil
}
