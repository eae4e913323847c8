package profile

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/domain/rawjson"
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
	at := e.Happened().Truncate(time.Millisecond) // what is stored, so that a comparison sees the same before and after
	c := parseContext(e.Context)
	own := p.own(e)
	var used Client
	if m := p.part(e.Trust, own, trust.Behaviour); m != nil {
		m.do(e, at, shop)
		m.touch(&c, at)
		used = m.client(&c, at)
	}
	if m := p.part(e.Trust, own, trust.Place); m != nil {
		m.place(&c, at)
	}
	switch e.Kind {
	case event.Identify:
		if m := p.part(e.Trust, own, trust.Trait); m != nil {
			m.say(c.traits, saidBy(e.Trust), at)
			m.say(e.Traits, saidBy(e.Trust), at)
		}
	case event.Group:
		if m := p.part(e.Trust, own, trust.Group); m != nil {
			m.join(e.GroupID, at)
		}
	}
	p.reach(e, &c, used.OS, own, at)
}

// part is where a word goes, nil for nowhere.
func (p *Profile) part(by trust.Level, own bool, f trust.Fact) *Memory {
	switch trust.May(by, own, f) {
	case trust.Yes:
		return &p.Memory
	case trust.Apart:
		return &p.Unproven
	}
	return nil
}

// own tells whether an event speaks of its own device's profile, and not of a userId that it may only claim.
func (p *Profile) own(e *event.Event) bool {
	return e.UserID == "" || e.AnonymousID != "" && p.Owns(e.AnonymousID, e.ReceivedAt)
}

// saidBy is what a trait remembers of who said it. That it is of the part of public events needs no mark.
func saidBy(l trust.Level) trust.Level {
	if l == trust.Person {
		return l
	}
	return ""
}

func (m *Memory) stamp(s *Stamped, value string, at time.Time) {
	if value == "" || len(value) > MaxTraitText {
		return
	}
	if at.After(s.At) || at.Equal(s.At) && value > s.Value {
		*s = Stamped{Value: value, At: at}
	}
}

func (m *Memory) touch(c *eventContext, at time.Time) {
	last := m.Touch["last"]
	t := Touch{At: at, Campaign: same(last.Campaign, c.campaign), Source: same(last.Source, c.source), Medium: same(last.Medium, c.medium), Referrer: same(last.Referrer, c.referrer)}
	if t.Campaign == "" && t.Source == "" && t.Medium == "" && t.Referrer == "" {
		return
	}
	if m.Touch == nil {
		m.Touch = map[string]Touch{}
	}
	m.Touch["first"] = earliestTouch(m.Touch["first"], t)
	m.Touch["last"] = latestTouch(m.Touch["last"], t)
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

func (m *Memory) join(group string, at time.Time) {
	if len(group) > MaxTraitText {
		m.leave("groups", 1)
		return
	}
	if group == "" {
		return
	}
	if m.Groups == nil {
		m.Groups = map[string]time.Time{}
	}
	if at.After(m.Groups[group]) {
		m.Groups[group] = at
	}
	m.leave("groups", dropOldest(m.Groups, MaxGroups, func(t time.Time) time.Time { return t }))
}

// track is what an e-commerce event means beyond being counted.
func (m *Memory) track(e *event.Event, at time.Time, shop money.Currency) {
	switch e.Name {
	case event.ProductAdded, event.ProductRemoved, event.ProductViewed, event.ProductWishlisted, "Product List Viewed":
		m.product(e, at, shop)
	case event.OrderPlaced:
		m.clearCart(at)
	case event.OrderCompleted:
		m.clearCart(at)
		m.bought(e.Properties, at)
	case "Products Searched":
		var query []byte
		pick(e.Properties, member{"query", &query})
		m.stamp(&m.Search, same(m.Search.Value, query), at)
	case "Product Reviewed":
		var rating []byte
		pick(e.Properties, member{"rating", &rating})
		if n, err := strconv.ParseFloat(rawjson.Plain(rating), 64); err == nil {
			m.Ratings.rate(n)
		}
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
func (m *Memory) product(e *event.Event, at time.Time, shop money.Currency) {
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
		m.Categories.add(rawjson.Plain(category), at, weight)
		m.Brands.add(rawjson.Plain(brand), at, weight)
	}
	product := short(rawjson.Plain(id))
	if product == "" {
		product = short(rawjson.Plain(sku))
	}
	switch e.Name {
	case event.ProductViewed:
		m.view(product, at)
	case event.ProductRemoved:
		m.line(product, CartLine{At: at, Name: short(rawjson.Text(name))})
	case event.ProductAdded:
		line := CartLine{At: at, Name: short(rawjson.Text(name))}
		line.Quantity, _ = piecesOf(quantity)
		if c, known := currencyOf(currency, shop); known && c == shop {
			line.Price, _ = priceOf(price, c)
		}
		m.line(product, line)
	}
}

// maxBought bounds how many products of an order count as interests.
const maxBought = 50

// bought counts each category and brand of an order once. Whoever else reports the order counts it again: interests are no money.
func (m *Memory) bought(raw []byte, at time.Time) {
	var products []byte
	pick(raw, member{"products", &products})
	var seen [2][]string
	n := 0
	rawjson.Elements(products, func(value []byte) {
		if n++; n > maxBought {
			return
		}
		var parts [2][]byte
		pick(value, member{"category", &parts[0]}, member{"brand", &parts[1]})
		for i, table := range []*Interests{&m.Categories, &m.Brands} {
			if key := short(rawjson.Plain(parts[i])); key != "" && !slices.Contains(seen[i], key) {
				seen[i] = append(seen[i], key)
				table.add(key, at, weightOrder)
			}
		}
	})
}

// line writes a product's line by its newest event. A removed product stays as a line of quantity zero, so that an older addition that
// comes late does not bring it back.
func (m *Memory) line(id string, line CartLine) {
	at := line.At
	if id == "" || !at.After(m.CartClearedAt) {
		return
	}
	if m.Cart == nil {
		m.Cart = map[string]CartLine{}
	}
	old, known := m.Cart[id]
	if known && (at.Before(old.At) || at.Equal(old.At) && (old.Quantity < line.Quantity || old.Quantity == line.Quantity && old.Price >= line.Price)) {
		return
	}
	m.Cart[id] = line
	m.leave("cart", dropOldest(m.Cart, MaxCartLines, func(l CartLine) time.Time { return l.At }))
}

func (m *Memory) clearCart(at time.Time) {
	if !at.After(m.CartClearedAt) {
		return
	}
	m.CartClearedAt = at
	for id, line := range m.Cart {
		if !line.At.After(at) {
			delete(m.Cart, id)
		}
	}
	if len(m.Cart) == 0 {
		m.Cart = nil // as it is read back
	}
}

// OpenCart is the number of pieces in the cart and their worth in minor units of the shop's currency.
func (m *Memory) OpenCart() (pieces int, worth int64) {
	for _, line := range m.Cart {
		pieces += line.Quantity
		worth += int64(line.Quantity) * line.Price
	}
	return pieces, worth
}

// shopDays is ShopDays, and for a profile that was never folded into by the shop's calendar the day behind those that are there.
func (m *Memory) shopDays() Day {
	switch {
	case m.ShopDays > 0:
		return m.ShopDays
	case len(m.Active.Bits) > 0:
		return m.Active.Last + 1
	}
	return 1
}

// Day is the day under which an event of a time stands in Active and Counters.
func (m *Memory) Day(at time.Time, shop Shop) Day {
	if day := shop.Day(at); m.ShopDays > 0 && day >= m.ShopDays {
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
