// Package play is a small shop that plays itself on a running stack: 300 people who browse, buy, return and invite, over the HTTP
// API alone. It is a demonstration and a smoke test, not a load test. The surprising thing: it is deterministic down to the
// messageId, counted back from the hour of its first performance, which it learns from the stack itself. So a second
// performance sends the very same events, and nothing changes.
package play

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// Script is everything that the shop's people do, by the source that reports it.
type Script struct {
	// Events are calls of the protocol by source, in the order of time. The source "" is the shop's back end.
	Events map[string][]Event
	Orders int
	// Revenue is what the orders sum up to after refunds, in minor units.
	Revenue int64
	People  int
}

// Event is one call.
type Event struct {
	Type        string         `json:"type"`
	MessageID   string         `json:"messageId"`
	UserID      string         `json:"userId,omitempty"`
	AnonymousID string         `json:"anonymousId,omitempty"`
	Event       string         `json:"event,omitempty"`
	Name        string         `json:"name,omitempty"`
	Timestamp   time.Time      `json:"timestamp"`
	Properties  map[string]any `json:"properties,omitempty"`
	Traits      map[string]any `json:"traits,omitempty"`
	Context     map[string]any `json:"context,omitempty"`
}

const orderCompleted = "Order Completed"

// article is something that the shop sells, at minor units.
type article struct {
	id, name, category string
	price              int64
}

var articles = []article{
	{"tea-01", "龙井绿茶 100g", "茶叶", 12800}, {"tea-02", "伯爵红茶 200g", "茶叶", 6900}, {"tea-03", "普洱茶饼 357g", "茶叶", 26800},
	{"tea-04", "茉莉花茶 150g", "茶叶", 5800}, {"cup-01", "青瓷茶杯", "茶具", 8900}, {"cup-02", "随行杯", "茶具", 12900},
	{"pot-01", "紫砂壶", "茶具", 59900}, {"pot-02", "玻璃茶壶", "茶具", 15900}, {"snk-01", "核桃酥", "点心", 3900},
	{"snk-02", "黄油酥饼", "点心", 4500}, {"snk-03", "桂花糕", "点心", 2900}, {"gft-01", "礼盒", "礼盒", 38800},
}

// clientSources are the sources that the people themselves use; the shop's back end reports orders, refunds and consents.
var clientSources = []struct{ id, name, kind, key string }{
	{"demo-web", "网店", "browser", "demo-web-write-key"},
	{"demo-app", "手机应用", "app", "demo-app-write-key"},
	{"demo-till", "门店收银台", "till", "demo-till-write-key"},
}

// writer adds the events of one person to a script.
type writer struct {
	script *Script
	r      *rand.Rand
	now    time.Time
	person person
	n      int
}

// first is the userId of the first person, by whom a later performance finds the present of the first one.
const first = "demo-001"

// presentOf is the present of a performance in which the first person was first seen at a time. A performance that broke off may
// have the sign-up only, some minutes later: the present is a full hour.
func presentOf(seed uint64, firstSeen time.Time) time.Time {
	reference := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	earliest := reference
	for _, events := range Write(seed, reference).Events {
		for _, e := range events {
			if (e.UserID == first || e.AnonymousID == "anon-"+first) && e.Timestamp.Before(earliest) {
				earliest = e.Timestamp
			}
		}
	}
	return firstSeen.Add(reference.Sub(earliest)).UTC().Add(-30 * time.Minute).Round(time.Hour)
}

// Write makes the script for a seed as of a time, which is the present of the play: nothing happens after it.
func Write(seed uint64, now time.Time) *Script {
	r := rand.New(rand.NewPCG(seed, seed^0x5eed))
	s := &Script{Events: map[string][]Event{}}
	for _, p := range people(r) {
		w := &writer{script: s, r: r, now: now, person: p}
		w.live()
		s.People++
	}
	for i := range welcomed {
		w := &writer{script: s, r: r, now: now, person: stranger(r, habit{name: "welcome"}, fmt.Sprintf("demo-new-%02d", i+1))}
		w.welcome()
		s.People++
	}
	for _, events := range s.Events {
		slices.SortStableFunc(events, func(a, b Event) int { return a.Timestamp.Compare(b.Timestamp) })
	}
	return s
}

// welcomed is how many people sign up within the last hour, so that a campaign on signing up has somebody to greet.
const welcomed = 10

// welcome lets a person sign up in the hour before the present.
func (w *writer) welcome() {
	w.arrive(w.now.Add(-time.Duration(25+w.r.IntN(34)) * time.Minute))
}

// live writes a person's life in the shop.
func (w *writer) live() {
	h := w.person.habit
	n := 0
	if h.orders[1] > 0 {
		n = between(w.r, h.orders)
	}
	firstOrder, lastOrder := 0, 0
	if n > 0 {
		lastOrder = between(w.r, h.last)
		firstOrder = max(lastOrder, between(w.r, h.first))
	}
	w.arrive(w.daysAgo(max(firstOrder, h.viewDays[1]) + 2))
	for i := range n {
		days := lastOrder
		if n > 1 {
			days += (firstOrder - lastOrder) * (n - 1 - i) / (n - 1)
		}
		w.buy(w.daysAgo(days), i)
	}
	if h.viewDays[1] > 0 {
		for range between(w.r, h.views) {
			w.view(w.daysAgo(between(w.r, h.viewDays)))
		}
	}
	if h.cart && w.r.IntN(100) < 45 {
		w.fillCart(w.now.Add(-time.Duration(1+w.r.IntN(48)) * time.Hour))
	}
}

// daysAgo is some minute of a day before the present.
func (w *writer) daysAgo(days int) time.Time {
	return w.now.Add(-time.Duration(days)*24*time.Hour - time.Duration(w.r.IntN(20*60))*time.Minute)
}

// add writes one event at a source; the messageId is the person's next number.
func (w *writer) add(source string, e Event) {
	w.n++
	who := w.person.userID
	if who == "" {
		who = w.person.anonymousID
	}
	e.MessageID = who + "-" + strconv.Itoa(w.n)
	if e.UserID == "" && e.AnonymousID == "" {
		e.UserID = w.person.userID
		if e.UserID == "" {
			e.AnonymousID = w.person.anonymousID
		}
	}
	w.script.Events[source] = append(w.script.Events[source], e)
}

func (w *writer) source() string { return clientSources[w.person.source].id }

func (w *writer) context() map[string]any {
	return map[string]any{"locale": w.person.locale, "timezone": w.person.zone}
}

// arrive is the first visit, anonymous, and then the sign-up that joins it to the userId.
func (w *writer) arrive(at time.Time) {
	p := w.person
	visit := w.context()
	visit["page"] = map[string]any{"path": "/", "referrer": pick(w.r, []string{"https://search.example/", "https://news.example/", ""})}
	if w.r.IntN(3) == 0 {
		visit["campaign"] = map[string]any{"name": "spring", "source": pick(w.r, []string{"newsletter", "wechat", "search"}), "medium": "cpc"}
	}
	w.add(w.source(), Event{Type: "page", AnonymousID: p.anonymousID, Name: "Home", Timestamp: at, Context: visit})
	if p.userID == "" {
		return
	}
	at = at.Add(time.Duration(2+w.r.IntN(20)) * time.Minute)
	w.join(at)
}

// join identifies the person and says yes or no to mail.
func (w *writer) join(at time.Time) {
	p := w.person
	w.add("", Event{Type: "identify", UserID: p.userID, AnonymousID: p.anonymousID, Timestamp: at, Context: w.context(),
		Traits: map[string]any{"name": p.name, "email": p.email, "phone": p.phone, "city": p.city, "createdAt": at.Format(time.RFC3339)}})
	w.add("", Event{Type: "track", Event: "Signed Up", Timestamp: at.Add(time.Second), Properties: map[string]any{"method": "email"}})
	if !p.consent {
		return
	}
	w.add("", Event{Type: "track", Event: "Consent Granted", Timestamp: at.Add(2 * time.Second), Properties: map[string]any{"channel": "email"}})
	if later := at.AddDate(0, 0, 30); w.r.IntN(100) < 6 && later.Before(w.now) {
		w.add("", Event{Type: "track", Event: "Consent Revoked", Timestamp: later, Properties: map[string]any{"channel": "email"}})
	}
}

func (w *writer) view(at time.Time) {
	a := pick(w.r, articles)
	w.add(w.source(), Event{Type: "track", Event: "Product Viewed", Timestamp: at, Context: w.context(), Properties: a.properties(1)})
}

func (w *writer) fillCart(at time.Time) {
	a := pick(w.r, articles)
	w.add(w.source(), Event{Type: "track", Event: "Product Viewed", Timestamp: at, Properties: a.properties(1)})
	w.add(w.source(), Event{Type: "track", Event: "Product Added", Timestamp: at.Add(time.Minute), Properties: a.properties(1 + w.r.IntN(2))})
}

func (a article) properties(quantity int) map[string]any {
	return map[string]any{"product_id": a.id, "name": a.name, "category": a.category, "price": amount(a.price), "quantity": quantity}
}

// buy is a visit that ends with an order, the number-th of the person, and now and then with a refund.
func (w *writer) buy(at time.Time, number int) {
	var lines []map[string]any
	total := int64(0)
	for range 1 + w.r.IntN(3) {
		a, quantity := pick(w.r, articles), 1+w.r.IntN(2)
		lines = append(lines, a.properties(quantity))
		total += a.price * int64(quantity)
		w.add(w.source(), Event{Type: "track", Event: "Product Viewed", Timestamp: at.Add(-20 * time.Minute), Properties: a.properties(1)})
		w.add(w.source(), Event{Type: "track", Event: "Product Added", Timestamp: at.Add(-10 * time.Minute), Properties: a.properties(quantity)})
	}
	id := fmt.Sprintf("%s-order-%d", w.person.userID, number+1)
	w.add("", orderEvent(id, total, at, lines))
	w.script.Orders++
	w.script.Revenue += total
	back := at.AddDate(0, 0, 3+w.r.IntN(5))
	if w.r.IntN(100) >= 5 || back.After(w.now) {
		return
	}
	part := total
	if w.r.IntN(2) == 0 {
		part = total / 2
	}
	w.add("", refundEvent(id, part, back))
	w.script.Revenue -= part
}

func orderEvent(id string, total int64, at time.Time, lines []map[string]any) Event {
	return Event{Type: "track", Event: orderCompleted, Timestamp: at, Properties: map[string]any{"order_id": id, "total": amount(total), "products": lines}}
}

func refundEvent(id string, total int64, at time.Time) Event {
	return Event{Type: "track", Event: "Order Refunded", Timestamp: at, Properties: map[string]any{"order_id": id, "total": amount(total)}}
}

// amount writes minor units as a decimal of a currency with hundredths.
func amount(minor int64) json.Number {
	return json.Number(fmt.Sprintf("%d.%02d", minor/100, minor%100))
}
