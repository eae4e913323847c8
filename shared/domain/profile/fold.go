package profile

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/event"
	"github.com/userops/userops/shared/domain/money"
)

// Bounds of the tracked detail of one profile. What is over a bound is left out, the newest staying; sums of money and orders are
// never left out.
const (
	MaxTraits       = 64
	MaxTraitKey     = 64  // bytes
	MaxTraitText    = 256 // bytes of a text value
	MaxCounters     = 64
	MaxCounterName  = 64 // bytes
	MaxRecentDays   = 12
	MaxCartLines    = 20
	MaxGroups       = 10
	MaxActiveDays   = 400
	MaxOrderEntries = 256
)

// OtherEvents counts the events whose names no longer fit into Counters.
const OtherEvents = "*"

// Fold adds one event, everything but its effect on orders. The result is a function of the set of events: it is the same in
// whatever sequence they come. shop is the currency of prices that name none. Folding an event twice counts it twice; the caller
// sees to it that it does not (Window).
func (p *Profile) Fold(e *event.Event, shop money.Currency) {
	at := e.Timestamp.Truncate(time.Millisecond) // what is stored, so that a comparison sees the same before and after
	if p.FirstSeen.IsZero() || at.Before(p.FirstSeen) {
		p.FirstSeen = at
	}
	if at.After(p.LastSeen) {
		p.LastSeen = at
	}
	p.Active.Add(DayOf(at))
	c := parseContext(e.Context)
	p.stamp(&p.Locale, c.Locale, at)
	if c.Timezone == p.Zone.Value || knownZone(c.Timezone) {
		p.stamp(&p.Zone, c.Timezone, at)
	}
	p.touch(c, at)
	p.setTraits(c.Traits, at)

	switch e.Kind {
	case event.Identify:
		p.setTraits(e.Traits, at)
	case event.Group:
		p.join(e.GroupID, at)
	case event.Track:
		p.count(e.Name, at)
		p.track(e, at, shop)
	case event.Page, event.Screen:
		p.count(string(e.Kind), at)
	}
}

// knownZone looks the name up, which costs more than the rest of the fold: it is asked when the zone changes.
func knownZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "Local"
}

type eventContext struct {
	Locale   string          `json:"locale"`
	Timezone string          `json:"timezone"`
	Traits   json.RawMessage `json:"traits"`
	Campaign struct {
		Name, Source, Medium string
	} `json:"campaign"`
	Referrer json.RawMessage `json:"referrer"`
	Page     struct {
		Referrer string `json:"referrer"`
	} `json:"page"`
}

// parseContext reads what the fold needs; a context of another shape is as good as none.
func parseContext(raw json.RawMessage) eventContext {
	var c eventContext
	if len(raw) > 0 && json.Unmarshal(raw, &c) != nil {
		return eventContext{}
	}
	return c
}

func (p *Profile) stamp(s *Stamped, value string, at time.Time) {
	if value == "" || len(value) > MaxTraitText {
		return
	}
	if at.After(s.At) || at.Equal(s.At) && value > s.Value {
		*s = Stamped{Value: value, At: at}
	}
}

func (p *Profile) touch(c eventContext, at time.Time) {
	t := Touch{At: at, Campaign: clip(c.Campaign.Name), Source: clip(c.Campaign.Source), Medium: clip(c.Campaign.Medium), Referrer: clip(c.Page.Referrer)}
	if t.Campaign == "" && t.Source == "" && t.Medium == "" && t.Referrer == "" {
		return
	}
	if p.Touch == nil {
		p.Touch = map[string]Touch{}
	}
	p.Touch["first"] = earliestTouch(p.Touch["first"], t)
	p.Touch["last"] = latestTouch(p.Touch["last"], t)
}

func touchKey(t Touch) string {
	return strings.Join([]string{t.Campaign, t.Source, t.Medium, t.Referrer}, "\x00")
}

func earliestTouch(a, b Touch) Touch {
	if a.At.IsZero() || !b.At.IsZero() && (b.At.Before(a.At) || b.At.Equal(a.At) && touchKey(b) > touchKey(a)) {
		return b
	}
	return a
}

func latestTouch(a, b Touch) Touch {
	if a.At.IsZero() || b.At.After(a.At) || b.At.Equal(a.At) && touchKey(b) > touchKey(a) {
		return b
	}
	return a
}

// setTraits writes each trait by its own last writer. A null removes nothing: it is a value that says the trait is empty.
func (p *Profile) setTraits(raw json.RawMessage, at time.Time) {
	if len(raw) == 0 {
		return
	}
	var traits map[string]json.RawMessage
	if json.Unmarshal(raw, &traits) != nil {
		return
	}
	for key, value := range traits {
		if key == "" || len(key) > MaxTraitKey {
			continue
		}
		p.setTrait(key, Trait{Value: scalar(value), At: at})
	}
	p.boundTraits()
}

func (p *Profile) setTrait(key string, t Trait) {
	if p.Traits == nil {
		p.Traits = map[string]Trait{}
	}
	old, known := p.Traits[key]
	if known && (t.At.Before(old.At) || t.At.Equal(old.At) && traitText(t.Value) <= traitText(old.Value)) {
		return
	}
	p.Traits[key] = t
}

// boundTraits keeps the newest traits; of two of the same time, the one whose key sorts first.
func (p *Profile) boundTraits() {
	if len(p.Traits) <= MaxTraits {
		return
	}
	keys := make([]string, 0, len(p.Traits))
	for k := range p.Traits {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if c := p.Traits[b].At.Compare(p.Traits[a].At); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for _, k := range keys[MaxTraits:] {
		delete(p.Traits, k)
	}
}

func traitText(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func (p *Profile) join(group string, at time.Time) {
	if group == "" || len(group) > MaxTraitText {
		return
	}
	if p.Groups == nil {
		p.Groups = map[string]time.Time{}
	}
	if at.After(p.Groups[group]) {
		p.Groups[group] = at
	}
	dropOldest(p.Groups, MaxGroups, func(t time.Time) time.Time { return t })
}

// dropOldest removes the entries with the oldest time until at most n are left; ties go by key, so that the outcome does not
// depend on the map's order.
func dropOldest[V any](m map[string]V, n int, when func(V) time.Time) {
	for len(m) > n {
		oldest, first := "", true
		for k, v := range m {
			if c := when(v).Compare(when(m[oldest])); first || c < 0 || c == 0 && k < oldest {
				oldest, first = k, false
			}
		}
		delete(m, oldest)
	}
}

func (p *Profile) count(name string, at time.Time) {
	if p.Counters == nil {
		p.Counters = map[string]Counter{}
	}
	name = clipTo(name, MaxCounterName)
	if _, known := p.Counters[name]; !known && len(p.Counters) >= MaxCounters {
		name = OtherEvents
	}
	c := p.Counters[name]
	c.add(1, at, DayOf(at))
	p.Counters[name] = c
}

func (c *Counter) add(n int64, at time.Time, day Day) {
	c.Total += n
	if at.After(c.Last) {
		c.Last = at
	}
	c.addDay(DayCount{Day: day, Count: int(n)})
}

// addDay counts a day; of more than MaxRecentDays days the oldest go, and a day that went never comes back, because newer ones
// stand in its way.
func (c *Counter) addDay(d DayCount) {
	at, found := slices.BinarySearchFunc(c.Recent, d.Day, func(x DayCount, day Day) int { return int(x.Day) - int(day) })
	switch {
	case found:
		// The slice may be shared with a copy of the profile.
		c.Recent = slices.Clone(c.Recent)
		c.Recent[at].Count += d.Count
	case at == 0 && len(c.Recent) >= MaxRecentDays:
	default:
		c.Recent = slices.Insert(slices.Clone(c.Recent), at, d)
		if len(c.Recent) > MaxRecentDays {
			c.Recent = c.Recent[1:]
		}
	}
}

// Since counts the events on or after a day, as far as Recent reaches back.
func (c Counter) Since(day Day) int64 {
	var n int64
	for _, d := range c.Recent {
		if d.Day >= day {
			n += int64(d.Count)
		}
	}
	return n
}

type trackProperties struct {
	ProductID json.RawMessage `json:"product_id"`
	SKU       json.RawMessage `json:"sku"`
	Name      string          `json:"name"`
	Quantity  json.Number     `json:"quantity"`
	Price     json.RawMessage `json:"price"`
	Currency  string          `json:"currency"`
	Channel   string          `json:"channel"`
	Reason    string          `json:"reason"`
}

// track is what an e-commerce or consent event means for the profile beyond being counted.
func (p *Profile) track(e *event.Event, at time.Time, shop money.Currency) {
	switch e.Name {
	case event.ProductAdded, event.ProductRemoved:
		p.cart(e, at, shop)
	case event.OrderPlaced, event.OrderCompleted:
		p.clearCart(at)
	case event.ConsentGranted, event.ConsentRevoked:
		t := parseTrack(e.Properties)
		p.SetConsent(channelOr(t.Channel), Consent{Granted: e.Name == event.ConsentGranted, At: at, Reason: clip(t.Reason)})
	case event.Unsubscribed:
		p.SetConsent(channelOr(parseTrack(e.Properties).Channel), Consent{At: at, Reason: "unsubscribe"})
	case event.EmailMarkedAsSpam:
		p.SetConsent("email", Consent{At: at, Reason: "complaint"})
	}
}

func channelOr(channel string) string {
	if channel == "" {
		return "email"
	}
	return clip(channel)
}

func parseTrack(raw json.RawMessage) trackProperties {
	var t trackProperties
	if len(raw) > 0 && json.Unmarshal(raw, &t) != nil {
		return trackProperties{}
	}
	return t
}

// maxConsents bounds the channels that somebody can name.
const maxConsents = 16

// SetConsent records a consent by its time; of two at the same time the stricter stands.
func (p *Profile) SetConsent(channel string, c Consent) {
	if p.Consent == nil {
		p.Consent = map[string]Consent{}
	}
	old, known := p.Consent[channel]
	if !known && len(p.Consent) >= maxConsents {
		return
	}
	if !known || c.At.After(old.At) || c.At.Equal(old.At) && (old.Granted && !c.Granted || old.Granted == c.Granted && c.Reason > old.Reason) {
		p.Consent[channel] = c
	}
}

// cart writes a product's line by its newest event. A removed product stays as a line of quantity zero, so that an older
// addition that comes late does not bring it back.
func (p *Profile) cart(e *event.Event, at time.Time, shop money.Currency) {
	t := parseTrack(e.Properties)
	id := productText(t.ProductID)
	if id == "" {
		id = productText(t.SKU)
	}
	if id == "" || !at.After(p.CartClearedAt) {
		return
	}
	line := CartLine{At: at, Name: clip(t.Name)}
	if e.Name == event.ProductAdded {
		line.Quantity = 1
		if n, err := t.Quantity.Int64(); err == nil && n > 0 && n < math.MaxInt32 {
			line.Quantity = int(n)
		}
		c := shop
		if parsed, err := money.ParseCurrency(t.Currency); err == nil {
			c = parsed
		}
		if price, err := money.ParseDecimal(productText(t.Price), c); err == nil && c == shop {
			line.Price = price.Minor
		}
	}
	if p.Cart == nil {
		p.Cart = map[string]CartLine{}
	}
	old, known := p.Cart[id]
	if known && (at.Before(old.At) || at.Equal(old.At) && (old.Quantity < line.Quantity || old.Quantity == line.Quantity && old.Price >= line.Price)) {
		return
	}
	p.Cart[id] = line
	dropOldest(p.Cart, MaxCartLines, func(l CartLine) time.Time { return l.At })
}

func productText(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || raw[0] == 'n' {
		return ""
	}
	if raw[0] == '"' {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return clip(s)
	}
	return clip(string(raw))
}

func (p *Profile) clearCart(at time.Time) {
	if !at.After(p.CartClearedAt) {
		return
	}
	p.CartClearedAt = at
	for id, line := range p.Cart {
		if !line.At.After(at) {
			delete(p.Cart, id)
		}
	}
}

// OpenCart is the number of pieces in the cart and their worth in minor units of the shop's currency.
func (p *Profile) OpenCart() (pieces int, worth int64) {
	for _, line := range p.Cart {
		pieces += line.Quantity
		worth += int64(line.Quantity) * line.Price
	}
	return pieces, worth
}

// Add puts a day into the set; days more than MaxActiveDays before the newest are let go.
func (d *Days) Add(day Day) {
	switch {
	case len(d.Bits) == 0:
		d.Last, d.Bits = day, []byte{1}
		return
	case day > d.Last:
		d.shift(int(day - d.Last))
		d.Last = day
	}
	back := int(d.Last - day)
	if back >= MaxActiveDays {
		return
	}
	bits := slices.Clone(d.Bits)
	for len(bits) <= back/8 {
		bits = append(bits, 0)
	}
	bits[back/8] |= 1 << (back % 8)
	d.Bits = bits
}

// shift moves every day n places back.
func (d *Days) shift(n int) {
	var shifted Days
	shifted.Bits = make([]byte, 0, len(d.Bits)+n/8+1)
	for i := range min(len(d.Bits)*8, MaxActiveDays) {
		if d.Bits[i/8]&(1<<(i%8)) == 0 || i+n >= MaxActiveDays {
			continue
		}
		to := i + n
		for len(shifted.Bits) <= to/8 {
			shifted.Bits = append(shifted.Bits, 0)
		}
		shifted.Bits[to/8] |= 1 << (to % 8)
	}
	d.Bits = shifted.Bits
	if len(d.Bits) == 0 {
		d.Bits = []byte{0}
	}
}

// Has tells whether the day is in the set.
func (d Days) Has(day Day) bool {
	back := int(d.Last - day)
	return back >= 0 && back < len(d.Bits)*8 && d.Bits[back/8]&(1<<(back%8)) != 0
}

// Count is the number of days in the set from a day on.
func (d Days) Count(from Day) int {
	n := 0
	for i := range len(d.Bits) * 8 {
		if d.Bits[i/8]&(1<<(i%8)) != 0 && d.Last-Day(i) >= from {
			n++
		}
	}
	return n
}
