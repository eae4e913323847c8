package storefront

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/trust"
)

// Call is one event in the form in which a client would send it, so that a shop's notice passes the same checks.
type Call struct {
	Type        event.Kind     `json:"type"`
	Event       string         `json:"event,omitempty"`
	MessageID   string         `json:"messageId"`
	UserID      string         `json:"userId,omitempty"`
	AnonymousID string         `json:"anonymousId,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`
	Traits      map[string]any `json:"traits,omitempty"`
	Timestamp   string         `json:"timestamp,omitempty"`
	// Level is who says it: empty for the shop system itself. A signature tells who has sent a notice, and not who typed what it repeats.
	Level trust.Level `json:"-"`
}

// ErrNotice says that a signed notice is not what its topic promises.
var ErrNotice = errors.New("the body does not have the form of its topic")

// unmarshal reads a notice with its numbers as they are written.
func unmarshal(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\uFEFF"))))
	dec.UseNumber()
	if dec.Decode(v) != nil {
		return ErrNotice
	}
	return nil
}

// attribute is what a storefront put into a cart or order under a name.
type attribute struct {
	name  string
	value any // a text or a number
}

// person is whom the first attribute names that means somebody: a placeholder hides none that stands beside it. A userId counts with the userHash of
// it beside it only: any visitor writes what they like into a cart.
func person(attributes []attribute, proves func(userID, userHash string) bool) (user, anonymous string) {
	hash := ""
	for _, a := range attributes {
		if text, is := a.value.(string); is && a.name == "userHash" {
			hash = text
		}
	}
	for _, a := range attributes {
		text, _ := a.value.(string)
		if n, is := a.value.(json.Number); is {
			text = n.String()
		}
		text = event.Meaningful(text)
		switch {
		case a.name == "anonymousId" && !order.StandsForGuest(text): // nobody's order goes to the guest of another one
			anonymous = cmp.Or(anonymous, text)
		case a.name == "userId" && proves(text, hash):
			user = cmp.Or(user, text)
		}
	}
	return user, anonymous
}

// deleted is the notice that an order was deleted, of which it names the id and nothing else: it does not count any more. Whose it is, projection
// knows.
func deleted(system string, body []byte) ([]Call, error) {
	var o struct {
		ID json.Number `json:"id"`
	}
	if err := unmarshal(body, &o); err != nil || o.ID == "" {
		return nil, ErrNotice
	}
	id := o.ID.String()
	return []Call{{Type: event.Track, Event: event.OrderCancelled, MessageID: "order-" + id + "-deleted", AnonymousID: order.Guest(system, id),
		Properties: map[string]any{"order_id": id, "reason": "deleted"}}}, nil
}

// maxLines bounds the products of an order event, as package order keeps them; the total is the shop's own whatever is cut.
const maxLines = 50

// filled is a map without its empty values.
func filled(m map[string]any) map[string]any {
	for k, v := range m {
		switch v := v.(type) {
		case nil:
			delete(m, k)
		case string:
			if v == "" {
				delete(m, k)
			} else if len(v) > maxText {
				m[k] = strings.ToValidUTF8(v[:maxText], "")
			}
		case json.Number:
			if v == "" {
				delete(m, k)
			}
		case []map[string]any:
			if len(v) == 0 {
				delete(m, k)
			}
		}
	}
	return m
}

// maxText keeps an order of maxLines products below the size of an event.
const maxText = 200

// readable refuses a notice with an amount that is there and is no decimal: it must not be taken for none.
func readable(amounts map[string]any) error {
	for _, field := range slices.Sorted(maps.Keys(amounts)) {
		if v := amounts[field]; v != nil && v != "" && number(v) == "" {
			return fmt.Errorf("%s: %w", field, money.ErrDecimal)
		}
	}
	return nil
}

// number is a shop's decimal, which may be a string or a number, as a JSON number; empty when it is neither.
func number(v any) json.Number {
	text, ok := v.(string)
	if n, is := v.(json.Number); is {
		text, ok = n.String(), true
	}
	if !ok || !json.Valid([]byte(text)) || text == "null" || text == "true" || text == "false" || strings.ContainsAny(text, `"{[ `) {
		return ""
	}
	return json.Number(text)
}

// utc is a time that a shop writes without its zone.
func utc(s string) string {
	if t, err := time.Parse("2006-01-02T15:04:05", s); err == nil {
		return t.Format(time.RFC3339)
	}
	return s
}
