package ingest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/event"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/order"
	"github.com/userops/userops/shared/domain/source"
	"github.com/userops/userops/shared/domain/trust"
	"github.com/userops/userops/shared/httpapi"
)

// shop is a shop system whose webhooks are understood.
type shop struct {
	signature, topic string // headers
	// events says what a notice of a topic means, as calls of the batch form; nil for a topic that means nothing here. proves judges the userHash
	// that came with a userId which a page has put into the cart.
	events func(topic string, body []byte, proves func(userID, userHash string) bool) ([]call, error)
}

var (
	shopify     = shop{"X-Shopify-Hmac-Sha256", "X-Shopify-Topic", shopifyEvents}
	woocommerce = shop{"X-WC-Webhook-Signature", "X-WC-Webhook-Topic", wooEvents}
)

// call is one event in the form in which a client would send it, so that a shop's notice passes the same checks.
type call struct {
	Type        event.Kind     `json:"type"`
	Event       string         `json:"event,omitempty"`
	MessageID   string         `json:"messageId"`
	UserID      string         `json:"userId,omitempty"`
	AnonymousID string         `json:"anonymousId,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`
	Traits      map[string]any `json:"traits,omitempty"`
	Timestamp   string         `json:"timestamp,omitempty"`
	// level is who says it: empty for the shop system itself. A signature tells who has sent a notice, and not who typed what it repeats.
	level trust.Level
}

// errNotice says that a signed notice is not what its topic promises.
var errNotice = errors.New("the body does not have the form of its topic")

// hook takes a shop's webhook. The messageIds are made of the shop's own ids, so the shop may send a notice as often as it likes.
func (p *Process) hook(system shop) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := httpapi.ReadBody(r, httpapi.MaxBody)
		if err != nil {
			httpapi.TooLarge(w, httpapi.MaxBody)
			return
		}
		topic := r.Header.Get(system.topic)
		if topic == "" && bytes.HasPrefix(body, []byte("webhook_id=")) {
			// WooCommerce tries a new webhook's address so, unsigned.
			httpapi.JSON(w, http.StatusOK, accepted{Success: true})
			return
		}
		from, secrets, err := p.hookSource(r.Context(), source.ID(r.PathValue("source")))
		switch {
		case err != nil:
			httpapi.Failed(w, r, err)
			return
		case from.Disabled || !signed(secrets, body, r.Header.Get(system.signature)):
			// One answer for all, so that nobody learns which sources there are.
			httpapi.Problem(w, http.StatusUnauthorized, "", "the source is not known or the signature is not its own")
			return
		}
		if !formed(topic, body) {
			httpapi.Problem(w, http.StatusBadRequest, "Malformed request", errNotice.Error())
			return
		}
		keys, err := p.Secrets.Keys(r.Context())
		if err != nil {
			httpapi.Failed(w, r, err)
			return
		}
		calls, err := system.events(topic, body, keys.Owns)
		if err != nil {
			httpapi.Problem(w, http.StatusBadRequest, "Malformed request", err.Error())
			return
		}
		batch, err := parseCalls(calls, event.Arrival{ReceivedAt: p.Now(), NewID: p.NewID})
		if err != nil {
			malformed(w, err)
			return
		}
		levels := map[string]trust.Level{}
		for _, c := range calls {
			if c.level != "" {
				levels[c.MessageID] = c.level
			}
		}
		p.take(w, r, from, batch, trust.Shop, levels)
	}
}

func parseCalls(calls []call, arrival event.Arrival) (*event.Batch, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if calls == nil {
		calls = []call{}
	}
	if err := enc.Encode(map[string][]call{"batch": calls}); err != nil {
		return nil, errNotice
	}
	return event.ParseBatch(b.Bytes(), arrival)
}

// signed says in constant time whether signature is the base64 HMAC-SHA256 of body by one of the secrets. Nothing is signed with an empty one.
func signed(secrets []string, body []byte, signature string) bool {
	have, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signature))
	ok := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		ok = hmac.Equal(have, mac.Sum(nil)) && secret != "" || ok
	}
	return ok && err == nil
}

// hookSource is the source of a webhook's address with the secrets by which its shop system may sign; there are none of a source that nobody knows.
func (p *Process) hookSource(ctx context.Context, id source.ID) (source.Source, []string, error) {
	if !id.Valid() {
		return source.Source{}, nil, nil // no key is made of what anybody may write
	}
	hash, now := sha256.Sum256([]byte(id)), p.Now()
	if a, ok := p.hooks.recall(hash, now); ok {
		return a.source, a.secrets, nil
	}
	found, known, err := p.Sources.Source(ctx, id)
	if err != nil {
		return source.Source{}, nil, err
	}
	var secrets []string
	switch {
	case known && found.HookSecretSet:
		if secrets, err = p.Sources.HookSecrets(ctx, id); err != nil {
			return source.Source{}, nil, err
		}
	case known && found.HookSecret != "":
		secrets = []string{found.HookSecret} // as older versions have stored it
	}
	p.hooks.remember(hash, keyAnswer{source: found, known: known, until: now.Add(keyAge), secrets: secrets})
	return found, secrets, nil
}

// unmarshal reads a notice with its numbers as they are written.
func unmarshal(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\uFEFF"))))
	dec.UseNumber()
	if dec.Decode(v) != nil {
		return errNotice
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
		case a.name == "anonymousId":
			anonymous = cmp.Or(anonymous, text)
		case a.name == "userId" && proves(text, hash):
			user = cmp.Or(user, text)
		}
	}
	return user, anonymous
}

// deleted is the notice that an order was deleted, of which it names the id and nothing else: it does not count any more. Whose it is, projection
// knows.
func deleted(system string, body []byte) ([]call, error) {
	var o struct {
		ID json.Number `json:"id"`
	}
	if err := unmarshal(body, &o); err != nil || o.ID == "" {
		return nil, errNotice
	}
	id := o.ID.String()
	return []call{{Type: event.Track, Event: event.OrderCancelled, MessageID: "order-" + id + "-deleted", AnonymousID: order.Guest(system, id),
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
