package profile

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
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
	MaxCounters     = 64  // of names beside StandardEvents
	MaxCounterName  = 64  // bytes
	MaxRecentDays   = 12
	MaxCartLines    = 20
	MaxGroups       = 10
	MaxActiveDays   = 400
	MaxOrderEntries = 256
)

// Fold adds one event, everything but its effect on orders. The result is a function of the set of events: it is the same in
// whatever sequence they come. Folding an event twice counts it twice; the caller sees to it that it does not (Window).
func (p *Profile) Fold(e *event.Event, shop Shop) {
	at := e.Timestamp.Truncate(time.Millisecond) // what is stored, so that a comparison sees the same before and after
	if p.FirstSeen.IsZero() || at.Before(p.FirstSeen) {
		p.FirstSeen = at
	}
	if at.After(p.LastSeen) {
		p.LastSeen = at
	}
	day := shop.Day(at)
	p.ShopDays = p.shopDays()
	p.Active.Add(day)
	if active(e) {
		p.Hours.add(at)
	}
	c := parseContext(e.Context)
	p.stamp(&p.Locale, same(p.Locale.Value, c.locale), at)
	if zone := same(p.Zone.Value, c.timezone); zone == p.Zone.Value || zoneOf(zone) != nil {
		p.stamp(&p.Zone, zone, at)
	}
	p.touch(&c, at)
	p.client(&c, at)
	p.setTraits(c.traits, at)

	switch e.Kind {
	case event.Identify:
		p.setTraits(e.Traits, at)
	case event.Group:
		p.join(e.GroupID, at)
	case event.Track:
		p.count(e.Name, at, day)
		p.track(e, at, shop.Currency)
	case event.Page, event.Screen:
		p.count(string(e.Kind), at, day)
	}
}

func (p *Profile) stamp(s *Stamped, value string, at time.Time) {
	if value == "" || len(value) > MaxTraitText {
		return
	}
	if at.After(s.At) || at.Equal(s.At) && value > s.Value {
		*s = Stamped{Value: value, At: at}
	}
}

func (p *Profile) touch(c *eventContext, at time.Time) {
	last := p.Touch["last"]
	t := Touch{At: at, Campaign: same(last.Campaign, c.campaign), Source: same(last.Source, c.source), Medium: same(last.Medium, c.medium), Referrer: same(last.Referrer, c.referrer)}
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
func (p *Profile) setTraits(raw []byte, at time.Time) {
	members(raw, func(name, value []byte) {
		switch {
		case len(name) == 0:
			return
		case len(name) > MaxTraitKey:
			p.leave("traits", 1)
			return
		}
		v := scalar(value)
		if text, is := v.(string); is && value[0] != '"' && len(value) > MaxTraitTree && len(text) > MaxTraitTree-4 {
			p.leave("traits", 1) // the rest of a list or object
		}
		p.setTrait(string(name), Trait{Value: v, At: at})
	})
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
	p.leave("traits", len(keys)-MaxTraits)
}

func traitText(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func (p *Profile) join(group string, at time.Time) {
	if len(group) > MaxTraitText {
		p.leave("groups", 1)
		return
	}
	if group == "" {
		return
	}
	if p.Groups == nil {
		p.Groups = map[string]time.Time{}
	}
	if at.After(p.Groups[group]) {
		p.Groups[group] = at
	}
	p.leave("groups", dropOldest(p.Groups, MaxGroups, func(t time.Time) time.Time { return t }))
}

// track is what an e-commerce or consent event means for the profile beyond being counted.
func (p *Profile) track(e *event.Event, at time.Time, shop money.Currency) {
	switch e.Name {
	case event.ProductAdded, event.ProductRemoved, event.ProductViewed, event.ProductWishlisted, "Product List Viewed":
		p.product(e, at, shop)
	case event.OrderPlaced:
		p.clearCart(at)
	case event.OrderCompleted:
		p.clearCart(at)
		p.bought(e.Properties, at)
	case "Products Searched":
		var query []byte
		pick(e.Properties, member{"query", &query})
		p.stamp(&p.Search, same(p.Search.Value, query), at)
	case "Product Reviewed":
		var rating []byte
		pick(e.Properties, member{"rating", &rating})
		if n, err := strconv.ParseFloat(plainText(rating), 64); err == nil {
			p.Ratings.rate(n)
		}
	default:
		p.hearConsent(e, at)
	}
}

// The weights of interests: what it took the person to do it.
const (
	weightView  = 1
	weightWish  = 2
	weightCart  = 3
	weightOrder = 5
)

// product is what looking at a product, or putting it into or out of the cart, means for interests and the cart.
func (p *Profile) product(e *event.Event, at time.Time, shop money.Currency) {
	var id, sku, name, category, brand, quantity, price, currency []byte
	pick(e.Properties, member{"product_id", &id}, member{"sku", &sku}, member{"name", &name}, member{"category", &category}, member{"brand", &brand},
		member{"quantity", &quantity}, member{"price", &price}, member{"currency", &currency})
	weight := int64(weightView)
	switch e.Name {
	case event.ProductAdded:
		weight = weightCart
	case event.ProductWishlisted:
		weight = weightWish
	}
	if e.Name != event.ProductRemoved {
		p.Categories.add(plainText(category), at, weight)
		p.Brands.add(plainText(brand), at, weight)
	}
	product := clip(plainText(id))
	if product == "" {
		product = clip(plainText(sku))
	}
	switch e.Name {
	case event.ProductViewed:
		p.view(product, at)
	case event.ProductRemoved:
		p.line(product, CartLine{At: at, Name: clip(unquote(name))})
	case event.ProductAdded:
		line := CartLine{Quantity: 1, At: at, Name: clip(unquote(name))}
		if n, err := strconv.ParseInt(plainText(quantity), 10, 64); err == nil && n > 0 && n < math.MaxInt32 {
			line.Quantity = int(n)
		}
		c := shop
		if parsed, err := money.ParseCurrency(unquote(currency)); err == nil {
			c = parsed
		}
		if price, err := money.ParseDecimal(clip(plainText(price)), c); err == nil && c == shop {
			line.Price = price.Minor
		}
		p.line(product, line)
	}
}

// maxBought bounds how many products of an order count as interests.
const maxBought = 50

// bought counts each category and brand of an order once. Whoever else reports the order counts it again: interests are no money.
func (p *Profile) bought(raw []byte, at time.Time) {
	var products []byte
	pick(raw, member{"products", &products})
	var seen [2][]string
	n := 0
	elements(products, func(value []byte) {
		if n++; n > maxBought {
			return
		}
		var parts [2][]byte
		pick(value, member{"category", &parts[0]}, member{"brand", &parts[1]})
		for i, table := range []*Interests{&p.Categories, &p.Brands} {
			if key := clip(plainText(parts[i])); key != "" && !slices.Contains(seen[i], key) {
				seen[i] = append(seen[i], key)
				table.add(key, at, weightOrder)
			}
		}
	})
}

// line writes a product's line by its newest event. A removed product stays as a line of quantity zero, so that an older addition that
// comes late does not bring it back.
func (p *Profile) line(id string, line CartLine) {
	at := line.At
	if id == "" || !at.After(p.CartClearedAt) {
		return
	}
	if p.Cart == nil {
		p.Cart = map[string]CartLine{}
	}
	old, known := p.Cart[id]
	if known && (at.Before(old.At) || at.Equal(old.At) && (old.Quantity < line.Quantity || old.Quantity == line.Quantity && old.Price >= line.Price)) {
		return
	}
	p.Cart[id] = line
	p.leave("cart", dropOldest(p.Cart, MaxCartLines, func(l CartLine) time.Time { return l.At }))
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
	if len(p.Cart) == 0 {
		p.Cart = nil // as it is read back
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

// shopDays is ShopDays, and for a profile that was never folded into by the shop's calendar the day behind those that are there.
func (p *Profile) shopDays() Day {
	switch {
	case p.ShopDays > 0:
		return p.ShopDays
	case len(p.Active.Bits) > 0:
		return p.Active.Last + 1
	}
	return 1
}

// Day is the day under which an event of a time stands in Active and Counters.
func (p *Profile) Day(at time.Time, shop Shop) Day {
	if day := shop.Day(at); p.ShopDays > 0 && day >= p.ShopDays {
		return day
	}
	return DayOf(at)
}

// Add puts a day into the set; days more than MaxActiveDays before the newest are let go.
func (d *Days) Add(day Day) {
	switch {
	case len(d.Bits) == 0:
		d.Last, d.Bits = day, []byte{1}
		return
	case d.Has(day):
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
