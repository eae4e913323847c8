package liquid

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/rawjson"
)

// Variables are what a template may name: profile (its traits, userId, tags, locale), event (name, timestamp, properties), order (the order that the event is about), orders, cart and favourites of the person,
// campaign (id, name), shop (name), unsubscribeUrl, and in a confirmation confirmUrl. A trait called like one of the profile's own fields is found under
// profile.traits.
type Variables struct {
	UserID         string
	Traits         map[string]any
	Tags           []string
	Locale         string
	Event          *Event // nil when no event caused the notification
	CampaignID     string
	CampaignName   string
	ShopName       string
	UnsubscribeURL string
	ConfirmURL     string // empty in all but confirmations
	// Zone is where times are shown: the person's, else the shop's; nil is UTC. Currency is that of sums which name none.
	Zone     *time.Location
	Currency money.Currency
	// Known is asked where the template names what is known of the person; nil is nothing.
	Known func() Known
}

// Event is the event that caused a notification.
type Event struct {
	Name       string
	Timestamp  time.Time
	Properties json.RawMessage
}

// fields lists what a root variable has; nil stands for anything.
var fields = map[string]map[string]bool{
	"profile":        nil,
	"event":          {"name": true, "timestamp": true, "properties": true},
	"campaign":       {"id": true, "name": true},
	"shop":           {"name": true},
	"unsubscribeUrl": {},
	"confirmUrl":     {},

	"order":      {"id": true, "lines": true, "total": true, "discount": true, "coupon": true},
	"orders":     {"count": true, "total": true, "firstAt": true, "lastAt": true},
	"cart":       {"lines": true, "count": true, "total": true},
	"favourites": {"categories": true, "brands": true},
}

// lent are the root variables whose names a template may use for its own: templates did before there were these.
var lent = map[string]bool{"order": true, "orders": true, "cart": true, "favourites": true}

// bindings are the variables as expressions find them, of those that are costly the ones that are named.
func (v Variables) bindings(named map[string]bool) map[string]any {
	here := locality{v.Zone, v.Currency}
	traits := make(map[string]any, len(v.Traits))
	for k, value := range v.Traits {
		traits[k] = trait(value)
	}
	profile := maps.Clone(traits)
	profile["traits"] = traits
	profile["userId"] = v.UserID
	profile["tags"] = anyList(v.Tags)
	profile["locale"] = v.Locale
	event := map[string]any{}
	if v.Event != nil {
		event = map[string]any{"name": v.Event.Name, "timestamp": v.Event.Timestamp.In(here.location()), "properties": properties(v.Event.Properties)}
	}
	bound := map[string]any{
		"profile":        profile,
		"event":          event,
		"campaign":       map[string]any{"id": v.CampaignID, "name": v.CampaignName},
		"shop":           map[string]any{"name": v.ShopName},
		"unsubscribeUrl": v.UnsubscribeURL,
		"confirmUrl":     v.ConfirmURL,
		filtersKey:       here.config(),
	}
	if named["order"] {
		about := cmp.Or(v.Event, &Event{})
		bound["order"] = orderOf(about.Name, about.Properties, v.Currency)
	}
	if named["orders"] || named["cart"] || named["favourites"] {
		known := Known{}
		if v.Known != nil {
			known = v.Known()
		}
		maps.Copy(bound, known.bindings(here))
	}
	return bound
}

// trait is a trait as templates see it.
func trait(v any) any { return number(profile.Tree(v)) }

// properties decodes an event's properties; what is no object is an empty one.
func properties(raw json.RawMessage) map[string]any {
	tree, _ := rawjson.Tree(raw)
	if object, is := number(tree).(map[string]any); is {
		return object
	}
	return map[string]any{}
}

// number makes the numbers of decoded JSON integers where they are, so that 100 is not printed as 1e+02 and can count a loop. A whole number
// that is too long stays its digits: an id is printed as it is.
func number(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return int(i)
		}
		if f, err := v.Float64(); err == nil && (math.Abs(f) < maxExact || strings.ContainsAny(v.String(), ".eE")) {
			return f
		}
		return v.String() // more digits than a number here can hold
	case int64:
		return int(v)
	case float64:
		if i := int(v); float64(i) == v {
			return i
		}
		return v
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = number(v[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for k := range v {
			object[k] = number(v[k])
		}
		return object
	}
	return v
}
