package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// call is an event as it goes out. Maps are written in the order of their names, so that a line always makes the same bytes.
type call struct {
	Type        string         `json:"type"`
	MessageID   string         `json:"messageId"`
	UserID      string         `json:"userId,omitempty"`
	AnonymousID string         `json:"anonymousId,omitempty"`
	Event       string         `json:"event,omitempty"`
	Timestamp   *time.Time     `json:"timestamp,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`
	Traits      map[string]any `json:"traits,omitempty"`
}

func (c call) event(at line, moves Money) (Event, error) {
	var body bytes.Buffer
	w := json.NewEncoder(&body)
	w.SetEscapeHTML(false)
	if err := w.Encode(c); err != nil {
		return Event{}, fmt.Errorf("writing the event of line %d: %w", at.line, err)
	}
	return Event{Line: at.line, Row: at.number, Person: c.UserID + c.AnonymousID, MessageID: c.MessageID, Body: bytes.TrimSpace(body.Bytes()), Money: moves}, nil
}
