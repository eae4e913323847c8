package rule

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

// noon is the moment at which the fields are asked, an hour after the last event.
const noon = "2026-11-21T05:00:00Z"

// feeder is something that gives fields their values: events that are folded, or what is done to the profile beside. Its name is told in both languages.
type feeder struct {
	name   map[Language]string
	events []event.Event
	does   func(p *profile.Profile)
}

// times are when what feeds happens: on each day of the week, at each time of the day, and some days before; the last is at noon of today.
func times(now time.Time) []time.Time {
	var all []time.Time
	for _, days := range []int{40, 10, 6, 5, 4, 3, 2, 1, 0} {
		all = append(all, now.AddDate(0, 0, -days).Add(-time.Hour-time.Duration(4*min(days, 6))*time.Hour))
	}
	return all
}

// latest is the last of times.
const latest = 8

// feeders are all that there are, in the order in which the page names them.
func feeders(now time.Time) []feeder {
	named := func(en, zh string) map[Language]string { return map[Language]string{English: en, Chinese: zh} }
	each := func(e event.Event, properties ...string) (all []event.Event) {
		for i, at := range times(now) {
			one := e
			one.UserID, one.Timestamp = "mei", at
			if len(properties) > 0 {
				one.Properties = json.RawMessage(properties[i%len(properties)])
			}
			all = append(all, one)
		}
		return all
	}
	track := func(name string, properties ...string) []event.Event {
		return each(event.Event{Kind: event.Track, Name: name}, properties...)
	}
	all := []feeder{
		{name: named("any event", "任何事件"), events: track("Own Event")},
		{name: named("traits of `identify`", "`identify` 的属性"), events: each(event.Event{Kind: event.Identify, Traits: json.RawMessage(`{"gender":"女","birthday":"1990-11-23","address":{"city":"杭州","state":"浙江","country":"CN","postalCode":"310000"},
			"city":"杭州","province":"浙江","country":"CN","postalCode":"310000","email":"mei@shop.example","phone":"13800001111"}`)})},
		{name: named("the context of an app", "应用的 context"), events: each(event.Event{Kind: event.Track, Name: "Own Event", Context: json.RawMessage(`{"timezone":"Asia/Shanghai","locale":"zh-CN","os":{"name":"iOS","version":"17"},
			"device":{"id":"d","type":"mobile","manufacturer":"Apple","model":"iPhone15,2","token":"c2a1f00dfeedc2a1f00dfeed"},"app":{"name":"shop","version":"3.2"},"library":{"name":"ios"}}`)})},
		{name: named("the context of a page", "页面的 context"), events: each(event.Event{Kind: event.Track, Name: "Own Event", Context: json.RawMessage(`{"timezone":"Asia/Shanghai","locale":"zh-CN","library":{"name":"js"},"page":{"referrer":"https://blog.example/x"},
			"userAgent":"Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1","campaign":{"name":"c","source":"s","medium":"m"}}`)})},
		{name: named("`group`", "`group`"), events: each(event.Event{Kind: event.Group, GroupID: "g"})},
		{name: named("`Consent Granted`", "`Consent Granted`"), events: track(event.ConsentGranted, `{"channel":"email"}`, `{"channel":"sms"}`, `{"channel":"push"}`, `{"channel":"wechat"}`)},
		{name: named("`Consent Revoked`", "`Consent Revoked`"), events: track(event.ConsentRevoked, `{"channel":"email"}`, `{"purpose":"profiling"}`)},
		{name: named("orders", "订单"), events: slices.Concat(
			track(event.OrderCompleted, goods(1), goods(2), goods(3), goods(4), goods(5), goods(6), goods(7), goods(8), goods(9)),
			track("Order Refunded", `{"order_id":"o1","refund_id":"r","total":10,"currency":"CNY"}`)[latest:], track(event.OrderCancelled, `{"order_id":"o2"}`)[latest:])},
		{name: named("who is found to be one person", "认出是同一个人"), does: func(p *profile.Profile) {
			for _, kind := range []profile.IdentifierKind{profile.AnonymousID, profile.Email, profile.Phone, profile.OpenID, profile.UnionID} {
				p.Identifiers = append(p.Identifiers, profile.Identifier{Kind: kind, Value: "x"})
			}
			p.Absorb(&profile.Profile{ID: "other"})
		}},
		{name: named("[tags](segments.md#tags)", "[标签](segments.md#标签)"), events: each(event.Event{Kind: event.Track, Name: event.TagsChanged, Trust: trust.Operator}, `{"add":["vip"]}`)},
		{name: named("[an upload](segments.md#uploaded-lists)", "[上传](segments.md#上传的名单)"), events: each(event.Event{Kind: event.Track, Name: event.ListChanged, Trust: trust.Operator}, `{"list":"spring"}`)},
		{name: named("a run of segmentation", "分群运行"), does: func(p *profile.Profile) {
			p.Scores = profile.Scores{R: 5, F: 4, M: 3, Class8: "111", Segment11: "loyal", Class15: "active-11", Lifecycle: score.New, Activity: "lively", Stage: "retain", Alive: "alive", ValueDecile: 9}
		}},
		{name: named("more than a profile keeps", "超出档案上限的内容"), does: func(p *profile.Profile) {
			for i := range 80 {
				p.Fold(&event.Event{Kind: event.Track, Name: fmt.Sprint("Own Event ", i), UserID: "mei", Timestamp: times(now)[latest]}, profile.Shop{Currency: "CNY"})
				p.Fold(&event.Event{Kind: event.Identify, UserID: "mei", Timestamp: times(now)[latest], Traits: json.RawMessage(fmt.Sprintf(`{"t%d":1}`, i))}, profile.Shop{Currency: "CNY"})
			}
		}},
	}
	consent, mail := event.Event{Kind: event.Track, Name: event.ConsentGranted}, `{"product_id":"p"}`
	all = append(all, feeder{name: named(together, "其中几样一起"), events: slices.Concat(all[1].events, all[2].events,
		each(consent, `{"channel":"email"}`, `{"channel":"sms"}`, `{"channel":"push"}`, `{"channel":"wechat"}`),
		track("Product Viewed", mail), track("Product Added", mail), track("Checkout Started", mail), track(event.OrderCompleted, goods(1)), track("Email Delivered", mail), track("Email Opened", mail), track("Email Link Clicked", mail)),
		does: func(p *profile.Profile) {
			p.Identifiers = append(p.Identifiers, profile.Identifier{Kind: profile.OpenID, Value: "x"})
		}})
	known := []string{event.OrderCompleted}
	for _, b := range behaviours {
		for _, name := range b.events {
			if slices.Contains(known, name) {
				continue
			}
			known = append(known, name)
			told := "`" + name + "`"
			fed := feeder{name: named(told, told), events: track(name, `{"product_id":"p","name":"Pot","category":"tea","brand":"West Lake","price":9.9,"quantity":2,"query":"tea","rating":4}`, `{"product_id":"q","category":"pots","brand":"b2","price":5,"quantity":1}`,
				`{"product_id":"r","category":"cups","brand":"b3","price":5,"quantity":1}`)}
			switch name {
			case "page":
				fed.events = each(event.Event{Kind: event.Page})
			case "screen":
				fed.events = each(event.Event{Kind: event.Screen})
			}
			if _, reason := event.JudgeName(&event.Event{Kind: event.Track, Name: name, Trust: trust.Public}); reason != "" {
				fed.name = named(told+" of the shop's back end", "店铺后端的 "+told)
			}
			all = append(all, fed)
		}
	}
	return all
}

// goods is an order of some worth, with goods, a coupon and a discount.
func goods(n int) string {
	return fmt.Sprintf(`{"order_id":"o%d","total":%d,"subtotal":%d,"currency":"CNY","coupon":"c","discount":5,"products":[{"product_id":"p","category":"tea","brand":"West Lake","price":40,"quantity":%d,"discount":5}]}`, n, 100*n, 100*n+5, n)
}

// person is what a feeder makes of nobody.
func (f feeder) person(t *testing.T, events []event.Event) *Subject {
	t.Helper()
	p, orders := &profile.Profile{ID: "p"}, map[string]*order.Order{}
	if len(events) > 0 || f.does != nil {
		p.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: "mei"}}
	}
	for i := range events {
		e := events[i]
		e.MessageID = fmt.Sprint(i)
		p.Fold(&e, shopOf(t))
		r, err := order.ParseReport(&e, event.Fingerprint("s", e.MessageID), "CNY")
		if err != nil {
			continue
		}
		if orders[r.OrderID] == nil {
			orders[r.OrderID] = &order.Order{ID: r.OrderID}
		}
		orders[r.OrderID].Apply(r, p, "CNY")
	}
	if f.does != nil {
		f.does(p)
	}
	s := &Subject{p: p, now: at(t, noon), shop: shopOf(t)}
	s.today = s.shop.Day(s.now)
	return s
}

// asked are the fields whose name has a part in angle brackets, with a value of the feeders.
var asked = map[string]string{"traits.<name>": "traits.city", "onList.<list>": "onList.spring", "consent.<channel>": "consent.email", "category.<name>.weight": "category.tea.weight", "brand.<name>.weight": "brand.West Lake.weight", "active.hours.<hour>": "active.hours.12"}

// fed says of each field what gives it a value: the feeder whose events make it another than as many events of no name that is known, and which is not nothing. Of any event it is measured against nobody.
func fed(t *testing.T) map[string][]int {
	now := at(t, noon)
	by := map[string][]int{}
	for i, f := range feeders(now) {
		plain := feeder{}
		if i > 0 {
			plain.does = func(*profile.Profile) {} // somebody who is known
		}
		var same []event.Event
		for _, e := range f.events {
			if i > 0 {
				same = append(same, event.Event{Kind: event.Track, Name: "Own Event", UserID: e.UserID, Timestamp: e.Timestamp})
			}
		}
		before, after := plain.person(t, same), f.person(t, f.events)
		for k := range registry {
			name := registry[k].name
			ask := name
			if strings.Contains(name, "<event>") {
				ask = strings.Replace(name, "<event>", "Own Event", 1)
			} else if strings.Contains(name, "<") {
				ask = asked[name]
			}
			was, got := hold(t, before, ask), hold(t, after, ask)
			if got != was && (was == "nothing" || !slices.Contains([]string{"nothing", "0", "false"}, got)) {
				by[name] = append(by[name], i)
			}
		}
	}
	return by
}

// mostFed is how many feeders of a field the page names.
const mostFed = 4

// together is the feeder that stands for several, which is named where none of them feeds a field alone.
const together = "several of these together"

// fedBy writes what feeds a field, for the page of a language: any event alone where it does, and else the first that do.
func fedBy(l Language, by []int, all []feeder) string {
	if len(by) > 0 && by[0] == 0 {
		return all[0].name[l]
	}
	if len(by) > 1 {
		by = slices.DeleteFunc(slices.Clone(by), func(i int) bool { return all[i].name[English] == together })
	}
	var names []string
	for _, i := range by[:min(len(by), mostFed)] {
		names = append(names, all[i].name[l])
	}
	if len(by) > mostFed {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// TestEveryFieldIsFed holds that no field waits in vain.
func TestEveryFieldIsFed(t *testing.T) {
	by := fed(t)
	for _, f := range registry {
		if len(by[f.name]) == 0 {
			t.Errorf("nothing feeds %s", f.name)
		}
	}
}
