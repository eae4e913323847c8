package people

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	next "github.com/go-json-experiment/json"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/packed"
)

// Shown is an item as somebody reads it who looks at a table and sees packed bytes.
type Shown struct {
	PK      string     `json:"pk"`
	SK      string     `json:"sk"`
	Version int64      `json:"version,omitempty"`
	To      string     `json:"to,omitempty"`     // of a pointer, the profile to which it leads
	Erased  *time.Time `json:"erased,omitempty"` // when who stood here before was erased
	Off     *time.Time `json:"off,omitempty"`    // when the device was taken off who stood here
	Expires *time.Time `json:"expires,omitempty"`
	// Bytes is about what DynamoDB counts of the item; Body that of its body, Unpacked that of the body without its compression.
	Bytes    int       `json:"bytes"`
	Body     int       `json:"body,omitempty"`
	Unpacked int       `json:"unpacked,omitempty"`
	Sections []Section `json:"sections,omitempty"`
	// Events is how many events a pack holds; Holds says them.
	Events int          `json:"events,omitempty"`
	Holds  []ShownEvent `json:"holds,omitempty"`
}

// ShownEvent is an event of a pack and the source that it came from.
type ShownEvent struct {
	Source string          `json:"source"`
	Event  json.RawMessage `json:"event"`
}

// Section is a section of a packed body. Holds is what the reader would not know without it, so that what two sections say is in neither.
type Section struct {
	Number uint64          `json:"number"`
	Name   string          `json:"name"`
	Bytes  int             `json:"bytes"`
	Holds  json.RawMessage `json:"holds,omitempty"`
}

// sectionNames are the sections of a profile's body as the domain calls what they hold.
var sectionNames = map[uint64]string{
	sectionIdentifiers: "identifiers", sectionParts: "parts", sectionSeen: "seen", sectionTraits: "traits", sectionConsent: "consent", sectionTags: "tags", sectionOrders: "orders",
	sectionCounters: "counters", sectionGroups: "groups", sectionCart: "cart", sectionMembers: "members", sectionScores: "scores", sectionTouch: "touch", sectionActive: "active",
	sectionCartCleared: "cartCleared", sectionPlace: "place", sectionErased: "erased", sectionClient: "client", sectionDevices: "devices", sectionTokens: "tokens",
	sectionCategories: "categories", sectionBrands: "brands", sectionViewed: "viewed", sectionHours: "hours", sectionPurchases: "purchases", sectionRatings: "ratings",
	sectionSearch: "search", sectionLeftOut: "leftOut", sectionErasures: "erasures", sectionWindow: "window", sectionOutbox: "outbox", sectionShopDays: "shopDays",
	sectionWideFaded: "wideFaded", sectionSources: "sources", sectionHeard: "heard", sectionFaded: "faded", sectionUnproven: "unproven", sectionSaidByPerson: "saidByPerson",
	sectionUnconfirmed: "unconfirmed", sectionClaims: "claims", sectionClaimsFrom: "claimsFrom", sectionDoubted: "doubted", sectionConfirmed: "confirmed", sectionOff: "off",
	sectionProofs: "proofs", sectionListed: "listed", sectionTagging: "tagging", sectionGiven: "given", sectionTaggedFrom: "taggedFrom", sectionOnLists: "onLists",
}

// orderSectionNames are those of an order's body.
var orderSectionNames = map[uint64]string{
	sectionOrderOwner: "owner", sectionOrderContent: "content", sectionOrderTimes: "times", sectionOrderRefunds: "refunds", sectionOrderSavings: "savings",
	sectionOrderLatest: "latest", sectionOrderMoney: "money", sectionOrderTold: "told", sectionOrderErased: "erased",
}

// Show reads the items to which a key of a person leads: pointers, and the profile or tombstone at their end. None where nothing stands there.
func (s Profiles) Show(ctx context.Context, id profile.ID) (items []Shown, err error) {
	for range maxPointers {
		found, err := dynamo.Get(ctx, s.DB, s.Table, key.Profile(id))
		if err != nil || found == nil {
			return items, err
		}
		one := shown(found)
		if body := dynamo.BytesOf(found, dynamo.AttrBody); body != nil {
			one.Sections, one.Unpacked, err = sections(body, sectionNames, func(body []byte) (any, error) {
				p := &profile.Profile{}
				return p, unpackProfile(body, p)
			})
		}
		if items = append(items, one); one.To == "" || err != nil {
			return items, err
		}
		id = profile.ID(one.To)
	}
	return items, fmt.Errorf("more than %d pointers", maxPointers)
}

// Show reads the item of an order; none where nobody has reported it.
func (s Orders) Show(ctx context.Context, orderID string) (items []Shown, err error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Order(orderID))
	if err != nil || found == nil {
		return nil, err
	}
	one := shown(found)
	one.Sections, one.Unpacked, err = sections(dynamo.BytesOf(found, dynamo.AttrBody), orderSectionNames, func(body []byte) (any, error) {
		o := &order.Order{}
		return o, unpackOrder(body, o)
	})
	return []Shown{one}, err
}

// Show reads the packs of a person's keys: of one day with their events, or, without a day, all of them without. What is over is there until DynamoDB deletes it.
func (s Timeline) Show(ctx context.Context, keys []profile.ID, day *profile.Day) (items []Shown, err error) {
	for _, id := range keys {
		of := dynamo.Stretch{PK: string(id)}
		if day != nil {
			of.Prefix = key.PackDay(*day)
		}
		err := s.all(ctx, of, func(i dynamo.Item) error {
			one := shown(i)
			raw, err := packed.Decoder().DecodeAll(dynamo.BytesOf(i, dynamo.AttrBody), nil)
			if err != nil {
				return fmt.Errorf("unpacking events: %w", err)
			}
			events, err := unpackEvents(i)
			if err != nil {
				return err
			}
			one.Unpacked, one.Events = len(raw), len(events)
			if day == nil {
				events = nil
			}
			for _, e := range events {
				said, err := tree(nil, func([]byte) (any, error) { return e.Event, nil })
				if err != nil {
					return err
				}
				text, err := json.Marshal(said)
				if err != nil {
					return fmt.Errorf("showing an event: %w", err)
				}
				one.Holds = append(one.Holds, ShownEvent{e.Source, text})
			}
			items = append(items, one)
			return nil
		})
		if err != nil {
			return items, err
		}
	}
	return items, nil
}

// shown is an item without what its body holds.
func shown(i dynamo.Item) Shown {
	one := Shown{PK: dynamo.TextOf(i, dynamo.AttrPK), SK: dynamo.TextOf(i, dynamo.AttrSK), Version: dynamo.NumberOf(i, dynamo.AttrVersion), To: dynamo.TextOf(i, dynamo.AttrTo),
		Bytes: size(i), Body: len(dynamo.BytesOf(i, dynamo.AttrBody))}
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	one.Erased, one.Off = at(dynamo.MilliOf(i, attrErased)), at(dynamo.MilliOf(i, attrOff))
	if ttl := dynamo.NumberOf(i, dynamo.AttrTTL); ttl != 0 {
		one.Expires = at(time.Unix(ttl, 0).UTC())
	}
	return one
}

// size is about what DynamoDB counts: names and values, two digits of a number a byte.
func size(i dynamo.Item) (n int) {
	for name, value := range i {
		n += len(name)
		switch value := value.(type) {
		case *types.AttributeValueMemberS:
			n += len(value.Value)
		case *types.AttributeValueMemberB:
			n += len(value.Value)
		case *types.AttributeValueMemberN:
			n += (len(value.Value)+1)/2 + 1
		}
	}
	return n
}

// sections takes a body apart. What a section holds is what is read of the whole body and not of the body without it.
func sections(body []byte, names map[uint64]string, read func(body []byte) (any, error)) (all []Section, unpacked int, err error) {
	plain, err := packed.Decompress(body)
	if err != nil {
		return nil, 0, err
	}
	whole, err := tree(plain, read)
	if err != nil {
		return nil, len(plain), err
	}
	r := &packed.Reader{In: plain}
	for r.More() {
		start := len(plain) - len(r.In)
		number, content := r.Uint(), r.Bytes()
		if r.Err != nil {
			return all, len(plain), r.Err
		}
		end := len(plain) - len(r.In)
		one := Section{Number: number, Name: names[number], Bytes: len(content)}
		if one.Name == "" {
			one.Name = "of a newer version"
		} else if without, err := tree(slices.Concat(plain[:start], plain[end:]), read); err != nil {
			return all, len(plain), err
		} else if only := beside(whole, without); only != nil {
			if one.Holds, err = json.Marshal(only); err != nil {
				return all, len(plain), fmt.Errorf("showing section %d: %w", number, err)
			}
		}
		all = append(all, one)
	}
	return all, len(plain), nil
}

// tree is what a body says as JSON says it, without what is empty.
func tree(body []byte, read func(body []byte) (any, error)) (any, error) {
	v, err := read(body)
	if err != nil {
		return nil, err
	}
	text, err := next.Marshal(v, readable)
	if err != nil {
		return nil, fmt.Errorf("showing a body: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("showing a body: %w", err)
	}
	return filled(out), nil
}

// readable writes days as dates and hashes as they stand in logs, where people would see numbers.
var readable = next.WithMarshalers(next.JoinMarshalers(
	next.MarshalFunc(func(d profile.Day) ([]byte, error) {
		if d <= 1 {
			return json.Marshal(int64(d)) // none, or a mark
		}
		return json.Marshal(d.Time().Format(time.DateOnly))
	}),
	next.MarshalFunc(func(h event.Hash) ([]byte, error) { return json.Marshal(fmt.Sprintf("%016x", uint64(h))) }),
))

// zeroTime is how JSON writes a time that is not there.
const zeroTime = "0001-01-01T00:00:00Z"

// filled leaves out what is empty; nil if all is.
func filled(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			if v[name] = filled(one); v[name] == nil {
				delete(v, name)
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		if len(v) == 0 {
			return nil
		}
		for i, one := range v {
			if _, is := one.(map[string]any); is {
				v[i] = filled(one)
			}
		}
	case string:
		if v == "" || v == zeroTime {
			return nil
		}
	case json.Number:
		if v == "0" {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	}
	return v
}

// beside is what is in whole and not in part; nil if nothing is. Of lists that differ it is the whole list.
func beside(whole, part any) any {
	w, is := whole.(map[string]any)
	p, both := part.(map[string]any)
	switch {
	case !is || !both:
		if reflect.DeepEqual(whole, part) {
			return nil
		}
		return whole
	}
	only := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(w)) {
		if one := beside(w[name], p[name]); one != nil {
			only[name] = one
		}
	}
	if len(only) == 0 {
		return nil
	}
	return only
}
