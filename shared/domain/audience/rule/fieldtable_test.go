package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestEveryField asks all fields of somebody of whom everything is known, and each thing is another number. What they are to hold is worked
// out by hand, and a field that the table leaves out fails.
func TestEveryField(t *testing.T) {
	s := somebody(t)
	const from = "2026-"
	want := map[string]string{
		"userId": "mei", "known": "true", "firstSeen": "2025-10-17T04:00:00Z", "firstSeen.daysSince": "400", "lastSeen": from + "11-18T04:00:00Z", "activity.daysSince": "3",
		"gender": "male", "age": "36", "birthday.month": "11", "birthday.day": "20", "birthday.daysUntil": "364",
		"city": "Ulm", "province": "BW", "country": "DE", "postalCode": "89073", "language": "en", "locale": "en_US", "timezone": "Europe/Berlin", "email.domain": "shop.example",
		"ids.devices": "2", "ids.emails": "3", "ids.phones": "4", "ids.openids": "5", "ids.unionids": "6", "merged": "7",
		"tags": "[a b c]", "tags.count": "3", "groups": "[g1 g2]", "groups.count": "2", "detail.traits": "7", "detail.changedAt": from + "11-10T04:00:00Z", "detail.leftOut": "11",
		"consents.granted": "[email sms]", "consents.revoked": "[push wechat]", "profiling.refused": "false",
		"address.email": "true", "address.sms": "true", "address.push": "true", "address.wechat": "true",
		"reachable.email": "true", "reachable.sms": "true", "reachable.push": "false", "reachable.wechat": "false",

		"device.os": "Android", "device.osVersion": "14", "device.type": "tablet", "device.manufacturer": "Mi", "device.model": "Pad", "device.app": "shop", "device.appVersion": "3.1",
		"device.browser": "chrome", "device.library": "js", "device.lastAt": from + "11-20T04:00:00Z", "device.count": "3", "device.systems": "[Android iOS]", "device.models": "[15 Pad]",
		"push.tokens": "2", "push.lastAt": from + "11-19T04:00:00Z",
		"touch.first.at": from + "01-25T04:00:00Z", "touch.first.daysSince": "300", "touch.first.campaign": "c1", "touch.first.source": "s1", "touch.first.medium": "m1", "touch.first.referrer": "r1",
		"touch.last.at": from + "11-01T04:00:00Z", "touch.last.daysSince": "20", "touch.last.campaign": "c2", "touch.last.source": "s2", "touch.last.medium": "m2", "touch.last.referrer": "r2",

		"orders.count": "20", "orders.paid": "14", "orders.revenue": "9071", "orders.average": "647", "orders.firstAt": "2025-10-27T04:00:00Z", "orders.lastAt": from + "11-15T04:00:00Z",
		"orders.daysSince": "6", "orders.daysSinceFirst": "390", "orders.spanDays": "384", "orders.max": "2048", "orders.firstNet": "1000", "orders.lastNet": "2048",
		"orders.gaps": "12", "orders.gapMean": "30", "orders.gapDeviation": "52.55949010407159", "orders.expectedAt": from + "12-15T04:00:00Z", "orders.overdueDays": "-24",
		"orders.paid7": "1", "orders.paid30": "3", "orders.paid60": "5", "orders.paid90": "7", "orders.paid180": "9", "orders.paid365": "11",
		"orders.revenue7": "2048", "orders.revenue30": "2816", "orders.revenue60": "3008", "orders.revenue90": "3056", "orders.revenue180": "3068", "orders.revenue365": "3071",
		"orders.currencies": "[CNY EUR USD]", "orders.discounted": "12", "orders.discountedShare": "60", "orders.coupons": "9", "orders.couponShare": "45", "orders.discount": "929", "orders.discountRate": "9",
		"orders.lines": "50", "orders.discountedLines": "20", "orders.discountedLinesShare": "40", "orders.pieces": "90", "orders.piecesAverage": "4.5", "orders.linesAverage": "2.5",
		"orders.refunds": "7", "orders.refunded": "6", "orders.refundedShare": "30", "orders.cancelled": "3", "orders.cancelledShare": "15", "priceSensitivity": "high",

		"cart.pieces": "3", "cart.value": "250", "cart.products": "[a b]", "cart.names": "[A B]", "cart.lines": "2", "cart.changedAt": from + "11-21T03:00:00Z",
		"cart.abandonedAt": from + "11-21T03:00:00Z", "cart.idleHours": "1", "cart.atCheckout": "true", "cart.clearedAt": from + "09-22T04:00:00Z",

		"activity.days7": "2", "activity.days14": "4", "activity.days30": "6", "activity.days60": "8", "activity.days90": "10", "activity.days180": "12", "activity.days365": "14",
		"activity.streak": "2", "activity.absence": "5", "events.others": "77",
		"active.hour": "21", "active.weekday": "monday", "active.part": "evening", "active.weekendShare": "15",
		"active.share.night": "20", "active.share.morning": "20", "active.share.afternoon": "15", "active.share.evening": "45",
		"active.share.sunday": "5", "active.share.monday": "40", "active.share.tuesday": "0", "active.share.wednesday": "10", "active.share.thursday": "0", "active.share.friday": "35", "active.share.saturday": "10",
		"viewed.products": "[p1 p2]", "search.last": "longjing", "search.lastAt": from + "11-17T04:00:00Z", "ratings.count": "4", "ratings.average": "3.75",
		"rates.cart": "25", "rates.checkout": "20", "rates.order": "30", "rates.open": "50", "rates.click": "5",
		"category.first": "tea", "category.second": "pots", "category.third": "cups", "category.all": "[tea pots cups lamps]", "category.share": "40",
		"brand.first": "b2", "brand.second": "b1", "brand.third": "nothing", "brand.all": "[b2 b1]", "brand.share": "75",
		"rfm.r": "5", "rfm.f": "4", "rfm.m": "3", "class8": "c8", "segment11": "s11", "class15": "c15", "lifecycle": "active", "activity.band": "fading", "stage": "retain", "alive": "at-risk", "valueDecile": "7", "activity.score": "88",

		// Those with a part in angle brackets.
		"consent.email": "true", "consent.push": "false", "consent.sms/service": "false", "consent.store": "nothing", "consent.line": "nothing", "traits.city": "Ulm", "traits.none": "nothing",
		"onList.spring": from + "11-02T04:00:00Z", "onList.autumn": "nothing", "onList.none": "nothing",
		"active.hours.0": "20", "active.hours.21": "35", "active.hours.23": "10", "active.hours.22": "0", "active.hours.24": "nothing", "active.hours.-1": "nothing", "active.hours.x": "nothing",
		"category.tea.weight": "8", "category.pots.weight": "6", "category.none.weight": "0", "brand.b1.weight": "1",
		"events.Product Viewed.count": "200", "events.none.count": "0", "events.none.lastAt": "nothing", "events.none.daysSince": "nothing", "events.none.last7": "0",
	}
	for name, text := range want {
		if name == "traits.city" || name == "traits.none" {
			continue // of any kind
		}
		if got := hold(t, s, name); got != text {
			t.Errorf("%s is %s, want %s", name, got, text)
		}
	}
	for k, name := range eventNames() {
		c := s.p.Counters[name]
		for field, text := range map[string]string{
			"count": fmt.Sprint(c.Total), "lastAt": s.now.AddDate(0, 0, -k-1).UTC().Format(time.RFC3339), "daysSince": fmt.Sprint(k + 1),
			"last7": fmt.Sprint(5 * k), "last30": fmt.Sprint(7*k + 3), "last90": fmt.Sprint(7*k + 4),
		} {
			if got := hold(t, s, "events."+name+"."+field); got != text {
				t.Errorf("%s of %s is %s, want %s", field, name, got, text)
			}
		}
	}
	for _, b := range behaviours {
		var total, last7, last30 int64
		latest := 1000
		for _, name := range b.events {
			k := slices.Index(eventNames(), name)
			total, last7, last30, latest = total+s.p.Counters[name].Total, last7+int64(5*k), last30+int64(7*k+3), min(latest, k+1)
		}
		for field, text := range map[string]string{"count": fmt.Sprint(total), "last7": fmt.Sprint(last7), "last30": fmt.Sprint(last30),
			"lastAt": s.now.AddDate(0, 0, -latest).UTC().Format(time.RFC3339), "daysSince": fmt.Sprint(latest)} {
			name := b.name + "." + field
			want[name] = text
			if got := hold(t, s, name); got != text {
				t.Errorf("%s is %s, want %s", name, got, text)
			}
		}
	}
	names := append(eventNames(), profile.OtherEvents)
	slices.Sort(names)
	want["events.names"] = fmt.Sprint(names)
	if got := hold(t, s, "events.names"); got != want["events.names"] {
		t.Errorf("events.names is %s", got)
	}
	for _, f := range registry {
		if _, known := want[f.name]; !known && !strings.Contains(f.name, "<") {
			t.Errorf("nothing is said of %s", f.name)
		}
	}
}

// eventNames are what somebody did. Event k was last k+1 days ago.
func eventNames() []string {
	names := []string{"Order Completed"}
	for _, b := range behaviours {
		for _, name := range b.events {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// somebody is a person of whom everything is known, at noon of 2026-11-21 in the shop.
func somebody(t *testing.T) *Subject {
	now := at(t, "2026-11-21T04:00:00Z")
	today := shopOf(t).Day(now)
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	p := &profile.Profile{
		Parts: make([]profile.ID, 7), Tagging: profile.Tagging{Words: map[string]profile.Tagged{"a": {}, "b": {}, "c": {}}},
		OnLists:   map[string]profile.Tagged{"spring": {At: time.Date(2026, 11, 2, 4, 0, 0, 0, time.UTC)}, "autumn": {Off: true, At: time.Date(2026, 11, 2, 4, 0, 0, 0, time.UTC)}},
		Purchases: profile.Purchases{Discounted: 12, Coupons: 9, Cancelled: 3, Refunded: 6, Refunds: 7, Lines: 50, DiscountedLines: 20, Pieces: 90, Discount: 929},
		Scores:    profile.Scores{R: 5, F: 4, M: 3, Class8: "c8", Segment11: "s11", Class15: "c15", Lifecycle: "active", Activity: "fading", Stage: "retain", Alive: "at-risk", ValueDecile: 7},
		Reach: profile.Reach{
			Consent: map[string]profile.Consent{"email": {Granted: true}, "sms": {Granted: true}, "push": {}, "wechat": {}, "sms/service": {}, "store/service": {Granted: true}, "profiling": {Granted: true}},
			Tokens:  map[string]profile.Token{"t1": {At: ago(9)}, "t2": {At: ago(2)}},
		},
		Memory: profile.Memory{
			FirstSeen: ago(400), LastSeen: ago(3), CartClearedAt: ago(60), Locale: profile.Stamped{Value: "en_US"}, Zone: profile.Stamped{Value: "Europe/Berlin"},
			Traits: profile.Traits{"gender": {Value: "m", At: ago(30)}, "birthday": {Value: "1990-11-20", At: ago(11)}, "city": {Value: "Ulm"}, "province": {Value: "BW"},
				"country": {Value: "DE"}, "postalCode": {Value: "89073"}, "email": {Value: "mei@shop.example", At: ago(12)}},
			Groups: map[string]time.Time{"g2": ago(1), "g1": ago(2)},
			Cart:   map[string]profile.CartLine{"b": {Quantity: 2, Price: 100, At: ago(2), Name: "B"}, "a": {Quantity: 1, Price: 50, At: ago(1), Name: "A"}, "gone": {Price: 70, At: now.Add(-time.Hour), Name: "G"}},
			Touch: map[string]profile.Touch{"first": {At: ago(300), Campaign: "c1", Source: "s1", Medium: "m1", Referrer: "r1"},
				"last": {At: ago(20), Campaign: "c2", Source: "s2", Medium: "m2", Referrer: "r2"}},
			Client:  profile.Client{At: ago(1), OS: "Android", OSVersion: "14", DeviceType: "tablet", Manufacturer: "Mi", Model: "Pad", App: "shop", AppVersion: "3.1", Browser: "chrome", Library: "js"},
			Devices: map[string]profile.Client{"x": {OS: "iOS", Model: "15"}, "y": {OS: "Android", Model: "Pad"}, "z": {OS: "iOS"}},
			Viewed:  map[string]time.Time{"p2": ago(1), "p1": ago(2)}, Search: profile.Stamped{Value: "longjing", At: ago(4)}, Ratings: profile.Ratings{Count: 4, Sum: 150},
			LeftOut: map[string]int64{"traits": 5, "groups": 6}, Counters: map[string]profile.Counter{profile.OtherEvents: {Total: 77}},
		},
	}
	for kind, n := range map[profile.IdentifierKind]int{profile.UserID: 1, profile.AnonymousID: 2, profile.Email: 3, profile.Phone: 4, profile.OpenID: 5, profile.UnionID: 6} {
		for i := range n {
			id := profile.Identifier{Kind: kind, Value: fmt.Sprint(kind, i)}
			if kind == profile.UserID {
				id.Value = "mei"
			}
			p.Identifiers = append(p.Identifiers, id)
		}
	}
	for _, o := range []struct {
		days     int
		net      int64
		currency money.Currency
	}{{365, 1000, "CNY"}, {364, 1, "CNY"}, {180, 2, "CNY"}, {179, 4, "CNY"}, {90, 8, "CNY"}, {89, 16, "CNY"}, {60, 32, "CNY"}, {59, 64, "CNY"}, {40, 0, "CNY"}, {30, 128, "CNY"},
		{29, 256, "CNY"}, {7, 512, "CNY"}, {6, 2048, "CNY"}, {5, 4096, "USD"}} {
		p.Orders.Entries = append(p.Orders.Entries, profile.OrderEntry{At: ago(o.days), Net: o.net, Currency: o.currency})
	}
	p.Orders.Count = 20
	p.Orders.Base = []profile.Collapsed{{Currency: "CNY", Orders: 3, Count: 2, Net: 5000, FirstAt: ago(390), LastAt: ago(380)}, {Currency: "EUR", Orders: 1, Count: 1, Net: 70, FirstAt: ago(399), LastAt: ago(1)}}
	for k, name := range eventNames() {
		total := int64(1000 + k)
		if one, ok := map[string]int64{"Product Viewed": 200, "Product Added": 50, "Checkout Started": 10, "Order Completed": 3, "Email Delivered": 40, "Email Opened": 20, "Email Link Clicked": 1}[name]; ok {
			total = one
		}
		day := today
		p.Counters[name] = profile.Counter{Total: total, Last: ago(k + 1), Recent: []profile.DayCount{{Day: day - 30, Count: 1}, {Day: day - 29, Count: 2 * k}, {Day: day - 7, Count: 3}, {Day: day - 6, Count: 5 * k}}}
	}
	for _, days := range []int{365, 364, 180, 179, 90, 89, 60, 59, 30, 29, 14, 13, 10, 4, 3} {
		p.Active.Add(today - profile.Day(days))
	}
	for hour, n := range map[int]uint32{int(time.Sunday)*24 + 23: 20, int(time.Monday)*24 + 10: 20, int(time.Wednesday)*24 + 12: 10, int(time.Friday)*24 + 20: 35, int(time.Saturday)*24 + 22: 10, int(time.Sunday)*24 + 12: 5} {
		p.Hours.Count(hour, n) // of UTC; one hour later in Berlin
	}
	period := now.Unix() / int64(profile.HalfLife.Seconds())
	p.Categories = profile.Interests{"tea": {Last: period, Counts: []int64{8}}, "pots": {Last: period - 1, Counts: []int64{12}}, "cups": {Last: period, Counts: []int64{1, 4}},
		"lamps": {Last: period, Counts: []int64{2}}, profile.OtherEvents: {Last: period, Counts: []int64{1}}}
	p.Brands = profile.Interests{"b1": {Last: period, Counts: []int64{1}}, "b2": {Last: period, Counts: []int64{3}}}
	return &Subject{p: p, now: now, shop: shopOf(t), today: today}
}
