package rule

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// hold writes what a field holds of somebody.
func hold(t *testing.T, s *Subject, name string) string {
	t.Helper()
	f, key, ok := lookUp(name)
	if !ok {
		t.Errorf("%s is no field", name)
		return "no field"
	}
	v, ok := f.read(s, key)
	if !ok {
		return "nothing"
	}
	if v.kind != f.kind && f.kind != Any {
		t.Errorf("%s holds a %s, want a %s", name, v.kind, f.kind)
	}
	switch v.kind {
	case Number:
		return fmt.Sprint(v.num.asFloat())
	case Text:
		return v.text
	case Flag:
		return fmt.Sprint(v.flag)
	case Time:
		return v.at.UTC().Format(time.RFC3339)
	default:
		return fmt.Sprint(v.list)
	}
}

// TestWhatFieldsHold folds a life of a few weeks and asks what the fields say of it.
func TestWhatFieldsHold(t *testing.T) {
	now := at(t, "2026-11-21T04:00:00Z") // noon in Shanghai, a Saturday
	p := &profile.Profile{}
	fold := func(kind event.Kind, name string, ago time.Duration, properties string) {
		e := event.Event{Kind: kind, Name: name, UserID: "mei", Timestamp: now.Add(-ago)}
		if kind == event.Identify {
			e.Traits = json.RawMessage(properties)
		} else {
			e.Properties = json.RawMessage(properties)
			e.Context = json.RawMessage(`{"timezone":"Asia/Shanghai","locale":"zh-CN","os":{"name":"iOS"},"device":{"id":"d","token":"c2a1f00dfeedc2a1f00dfeed"}}`)
		}
		p.Fold(&e, shopOf(t))
	}
	const day = 24 * time.Hour
	fold(event.Identify, "", 40*day, `{"gender":"女","birthday":"1990-11-23","city":"杭州","email":"mei@shop.example"}`)
	fold(event.Track, event.ConsentGranted, 40*day, `{"channel":"email"}`)
	fold(event.Track, event.ProductViewed, 31*day, `{"product_id":"p1","category":"tea","brand":"West Lake"}`)
	fold(event.Track, event.ProductViewed, 2*day, `{"product_id":"p2","category":"pots"}`)
	fold(event.Track, event.ProductViewed, day, `{"product_id":"p2","category":"tea"}`)
	fold(event.Track, event.ProductAdded, 3*time.Hour, `{"product_id":"p2","category":"tea","price":9.9,"quantity":2,"name":"Pot"}`)
	fold(event.Track, "Checkout Started", 2*time.Hour, `{}`)
	fold(event.Track, "Products Searched", 2*time.Hour, `{"query":"longjing"}`)
	fold(event.Track, "Product Reviewed", 2*time.Hour, `{"rating":4.5}`)
	p.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: "mei"}, {Kind: profile.AnonymousID, Value: "a"}}
	for i, net := range []int64{1000, 3000, 2000} {
		p.Orders.Replace(nil, &profile.OrderEntry{At: now.Add(-time.Duration(50-20*i) * day), Net: net, Currency: "CNY"}) // 50, 30 and 10 days ago
	}
	p.Purchases = profile.Purchases{Discounted: 1, Coupons: 1, Refunded: 1, Refunds: 2, Lines: 4, DiscountedLines: 1, Pieces: 6, Discount: 2000}

	s := &Subject{p: p, now: now, shop: shopOf(t)}
	s.today = s.shop.Day(now)
	for name, want := range map[string]string{
		"known": "true", "gender": "female", "age": "35", "birthday.month": "11", "birthday.day": "23", "birthday.daysUntil": "2", "city": "杭州", "country": "nothing", "language": "zh",
		"email.domain": "shop.example", "ids.devices": "1", "ids.emails": "0", "address.email": "true", "reachable.email": "true", "address.push": "true", "reachable.push": "false",
		"address.sms": "false", "consents.granted": "[email]", "consents.revoked": "nothing", "device.os": "iOS", "device.count": "1", "push.tokens": "1",
		"orders.max": "3000", "orders.firstNet": "1000", "orders.lastNet": "2000", "orders.spanDays": "40", "orders.gaps": "2", "orders.gapMean": "20", "orders.gapDeviation": "0",
		"orders.expectedAt": "2026-12-01T04:00:00Z", "orders.overdueDays": "-10", "orders.paid30": "1", "orders.paid60": "3", "orders.revenue60": "6000", "orders.daysSinceFirst": "50",
		"orders.discounted": "1", "orders.discountedShare": "33", "orders.couponShare": "33", "orders.discountRate": "25", "orders.discountedLinesShare": "25", "orders.piecesAverage": "2",
		"orders.refunds": "2", "orders.refundedShare": "33", "orders.cancelled": "0", "priceSensitivity": "medium", "orders.currencies": "[CNY]",
		"cart.lines": "1", "cart.names": "[Pot]", "cart.abandonedAt": "2026-11-21T02:00:00Z", "cart.idleHours": "2", "cart.atCheckout": "true",
		"category.first": "tea", "category.second": "pots", "category.third": "nothing", "brand.first": "West Lake", "viewed.products": "[p1 p2]",
		"search.last": "longjing", "ratings.average": "4.5", "ratings.count": "1", "views.count": "3", "views.last7": "2", "views.last30": "2", "views.daysSince": "1", "events.Product Viewed.last90": "3",
		"shares.count": "0", "shares.lastAt": "nothing", "social.count": "1", "rates.cart": "33", "active.part": "morning", "active.hour": "12", "active.weekday": "saturday",
		"activity.streak": "3", "activity.absence": "28", "detail.leftOut": "0", "events.others": "0", "merged": "0", "detail.traits": "4",
	} {
		if got := hold(t, s, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// TestFieldsOfNobody asks every field of an empty profile: nothing but zeros, false and nothing.
func TestFieldsOfNobody(t *testing.T) {
	s := &Subject{p: &profile.Profile{}, now: at(t, "2026-11-21T04:00:00Z"), shop: shopOf(t)}
	for i := range registry {
		f := &registry[i]
		if v, ok := f.read(s, "9"); ok && (v.kind != f.kind || v.num.asFloat() != 0 || v.flag || v.text != "" || len(v.list) > 0 || !v.at.IsZero()) {
			t.Errorf("%s is %+v", f.name, v)
		}
	}
	for _, name := range []string{"active.hour", "active.weekday", "active.part", "active.weekendShare", "orders.average", "orders.max", "orders.firstNet", "orders.spanDays", "cart.idleHours",
		"ratings.average", "category.first", "category.share", "birthday.month", "age", "priceSensitivity", "orders.expectedAt", "orders.overdueDays", "rfm.r"} {
		if got := hold(t, s, name); got != "nothing" {
			t.Errorf("%s is %s", name, got)
		}
	}
}
