package profile

import (
	"slices"
	"strconv"
	"time"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/domain/rawjson"
)

// Fold adds one event, everything but its effect on orders. The result is a function of the set of events: it is the same in
// whatever sequence they come. Folding an event twice counts it twice; the caller sees to it that it does not (Window).
func (p *Profile) Fold(e *event.Event, shop Shop) {
	at := e.Happened().Truncate(time.Millisecond) // what is stored, so that a comparison sees the same before and after
	c := parseContext(e.Context)
	own := p.own(e)
	if e.Kind == event.Track && e.Name == event.TagsChanged {
		p.tag(e, own, at) // it is nothing that the person has done
		return
	}
	if e.Kind == event.Track && e.Name == event.ListChanged {
		p.enlist(e, own, at) // neither is this
		return
	}
	var used Client
	if m := p.part(e.Trust, own, trust.Behaviour); m != nil {
		m.do(e, at, shop)
		if !Told(e) {
			m.touch(&c, at)
			used = m.client(&c, at)
		}
	}
	if m := p.part(e.Trust, own, trust.Place); m != nil {
		m.locate(&c, at)
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

// do folds what the person did, or what is told of them.
func (m *Memory) do(e *event.Event, at time.Time, shop Shop) {
	told := Told(e)
	m.see(at, at, !told)
	day := shop.Day(at)
	m.ShopDays = m.shopDays()
	if !told {
		m.Active.Add(day)
	}
	if active(e) {
		m.Hours.add(at)
	}
	switch e.Kind {
	case event.Track:
		m.count(e.Name, at, day)
		m.track(e, at, shop.Currency)
	case event.Page, event.Screen:
		m.count(string(e.Kind), at, day)
	}
}

// client records what the person used, and the device if the event names one.
func (m *Memory) client(c *eventContext, at time.Time) (now Client) {
	if c.osName == nil && c.deviceType == nil && c.deviceModel == nil && c.appName == nil && c.userAgent == nil && c.deviceID == nil && c.token == nil {
		return now
	}
	old := &m.Client
	now = Client{At: at, OS: same(old.OS, c.osName), OSVersion: same(old.OSVersion, c.osVersion), DeviceType: same(old.DeviceType, c.deviceType),
		Manufacturer: same(old.Manufacturer, c.manufacturer), Model: same(old.Model, c.deviceModel), App: same(old.App, c.appName),
		AppVersion: same(old.AppVersion, c.appVersion), Library: same(old.Library, c.library)}
	if c.userAgent != nil {
		now.agent(c.userAgent)
	}
	if compareClients(now, *old) > 0 {
		*old = now
	}
	m.device(short(rawjson.Plain(c.deviceID)), now)
	return now
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

// locate folds where the person's clock and language are.
func (m *Memory) locate(c *eventContext, at time.Time) {
	m.stamp(&m.Locale, same(m.Locale.Value, c.locale), at)
	if zone := same(m.Zone.Value, c.timezone); zone == m.Zone.Value || zoneOf(zone) != nil {
		m.stamp(&m.Zone, zone, at)
	}
}

// say folds traits; by is who says them, empty for the shop.
func (m *Memory) say(raw []byte, by trust.Level, at time.Time) {
	m.leave("traits", m.Traits.say(raw, by, at))
}

func (m *Memory) count(name string, at time.Time, day Day) {
	if m.Counters == nil {
		m.Counters = map[string]Counter{}
	}
	name = makeRoom(m.Counters, clip.To(name, MaxCounterName), MaxCounters, standard, Counter.union)
	c := m.Counters[name]
	c.add(1, at, day)
	m.Counters[name] = c
}
