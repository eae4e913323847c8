package ingest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/source"
)

func shanghai(t *testing.T) *time.Location {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// newMoneyBench has a source of each kind, and one of a page that may move money.
func newMoneyBench(t *testing.T) *bench {
	b, yes := newBench(t), true
	b.Zone = shanghai(t)
	for _, kind := range []source.Kind{source.KindBrowser, source.KindApp, source.KindServer, source.KindTill} {
		b.sources[string(kind)+"-key-1"] = source.Source{ID: source.ID(kind), Kind: kind}
	}
	b.sources["trusted-key-1"] = source.Source{ID: "trusted", Kind: source.KindBrowser, Money: &yes}
	return b
}

var moneyOf = map[string]bool{defaultKey: false, "browser-key-1": false, "app-key-1": false, "server-key-1": true, "till-key-1": true, "trusted-key-1": true, serverKey: true}

const noMoney = `0 event moves no money, since the source may not: send it with the server key, or give the source "money": true`

// TestOrdersOfEverySource sends one order event by each source, by both doors: what is wrong with it is said whoever sends it.
func TestOrdersOfEverySource(t *testing.T) {
	const noTotal = "0 properties.total is missing, and so are revenue, subtotal and prices of all products: the order counts with nothing until a report says what it came to"
	const currency, decimal = "is not a currency of ISO 4217, such as CNY", "is not a decimal amount within range"
	for name, c := range map[string]struct{ event, properties, refused, warned string }{
		"good":                      {"Order Completed", `{"order_id":"A","total":5,"currency":"cny"}`, "", ""},
		"below zero":                {"Order Completed", `{"order_id":"A","total":-5}`, "0 properties.total is negative", ""},
		"its revenue below zero":    {"Order Updated", `{"order_id":"A","total":5,"revenue":-0.01}`, "0 properties.revenue is negative", ""},
		"nothing":                   {"Order Completed", `{"order_id":"A","total":0}`, "", ""},
		"no total":                  {"Order Completed", `{"order_id":"A"}`, "", noTotal},
		"a line without a price":    {"Order Completed", `{"order_id":"A","products":[{"price":1},{}]}`, "", noTotal},
		"lines with prices":         {"Order Completed", `{"order_id":"A","products":[{"price":1},{"price":2}]}`, "", ""},
		"placed, without a total":   {"Order Placed", `{"order_id":"A"}`, "", ""},
		"cancelled":                 {"Order Cancelled", `{"order_id":"A"}`, "", ""},
		"refunded whole":            {"Order Refunded", `{"order_id":"A"}`, "", ""},
		"refunded, written below 0": {"Order Refunded", `{"order_id":"A","total":-5}`, "", ""},
		"a name for a currency":     {"Order Completed", `{"order_id":"A","total":5,"currency":"RMB"}`, "0 properties.currency " + currency, ""},
		"a sign for a currency":     {"Order Placed", `{"order_id":"A","total":5,"currency":"¥"}`, "0 properties.currency is not an ISO 4217 code of three letters", ""},
		"unreadable":                {"Order Completed", `{"order_id":"A","total":"1,234.50"}`, "0 properties.total " + decimal, ""},
		"a price that is none":      {"Order Completed", `{"order_id":"A","total":5,"products":[{"price":"¥5"}]}`, "0 properties.products[0].price " + decimal, ""},
		"a discount that is none":   {"Order Completed", `{"order_id":"A","total":5,"discount":"10%","products":[{},{"discount":"odd"}]}`, "", "0 properties.discount " + decimal + ", so it is not used; 0 properties.products[1].discount " + decimal + ", so it is not used"},
	} {
		for key, money := range moneyOf {
			for _, door := range []string{"track", "batch"} {
				b := newMoneyBench(t)
				body := fmt.Sprintf(`{"type":"track","event":%q,"userId":"u","properties":%s}`, c.event, c.properties)
				if door == "batch" {
					body = `{"batch":[` + body + `,{"type":"page","userId":"u"}]}`
				}
				a := b.post("/v1/"+door, key, body)
				warned := c.warned
				if !money && c.refused == "" {
					warned = strings.TrimSuffix(noMoney+"; "+warned, "; ")
				}
				if a.faults() != c.refused || told(a.Warnings) != warned {
					t.Errorf("%s, by %s, %s: refused %q, warned %q\nwant %q and %q", name, key, door, a.faults(), told(a.Warnings), c.refused, warned)
				}
				queued := 0
				for _, j := range b.jobs() {
					queued += len(j.Events)
				}
				if want := map[bool]int{true: 1}[c.refused == ""] + map[bool]int{true: 1}[door == "batch"]; queued != want {
					t.Errorf("%s, by %s, %s: %d events queued, want %d", name, key, door, queued, want)
				}
			}
		}
	}
}

// TestHistoryIsTheShops: what a device says of more than 13 months ago counts as now, and the shop may tell it of any day; what the device said is kept.
func TestHistoryIsTheShops(t *testing.T) {
	oldest := newMoneyBench(t).Now().AddDate(0, -13, 0)
	for name, c := range map[string]struct {
		at  time.Time
		now bool
	}{"long ago": {time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC), true}, "a moment before": {oldest.Add(-time.Millisecond), true}, "13 months ago": {oldest, false}} {
		for key, of := range moneyOf {
			b := newMoneyBench(t)
			shop := key == serverKey || key == "server-key-1" || key == "till-key-1"
			want, warned := c.at, ""
			if c.now && !shop {
				want, warned = b.Now(), "0 timestamp is more than 13 months ago and counts as now: history comes with the server key"
			}
			if a := b.post("/v1/track", key, fmt.Sprintf(`{"event":"Wheel Spun","userId":"u","timestamp":%q}`, c.at.Format(time.RFC3339Nano))); told(a.Warnings) != warned {
				t.Errorf("%s, by %s (money %v): warned %q", name, key, of, told(a.Warnings))
			}
			if e := b.jobs()[0].Events[0]; !e.Timestamp.Equal(want) || !e.OriginalTimestamp.Equal(c.at) {
				t.Errorf("%s, by %s: happened at %s, said %s", name, key, e.Timestamp, e.OriginalTimestamp)
			}
		}
	}
}

// TestAnOrderThatIsOnlyShown may do without its id, and not with amounts that are none.
func TestAnOrderThatIsOnlyShown(t *testing.T) {
	for key, money := range moneyOf {
		b := newMoneyBench(t)
		none := b.post("/v1/track", key, `{"event":"Order Completed","userId":"u","properties":{"total":5}}`)
		const missing = "0 properties.order_id is missing or longer than 128 bytes"
		if money && none.faults() != missing || !money && (none.faults() != "" || told(none.Warnings) != noMoney+"; "+missing) {
			t.Errorf("by %s: %q, %q", key, none.faults(), told(none.Warnings))
		}
		if bad := b.post("/v1/track", key, `{"event":"Order Completed","userId":"u","properties":{"total":-5}}`); bad.faults() != "0 properties.total is negative" {
			t.Errorf("by %s: %q", key, bad.faults())
		}
	}
}

// TestWhatIsWarnedOfCounts sends what is accepted with a warning: it is queued as it came, but for the time.
func TestWhatIsWarnedOfCounts(t *testing.T) {
	b := newMoneyBench(t)
	a := b.post("/v1/batch", serverKey, `{"sentAt":"2026-11-21T16:00:00","batch":[
		{"type":"track","event":"Wheel Spun","userId":"u","timestamp":"2026-11-21 15:00:00"},
		{"type":"track","event":"Order Complete","userId":"u","properties":{"order_id":"A","total":-5}},
		{"type":"track","event":"Product Added","userId":"u","properties":{"product_id":"p","price":"¥5"}},
		{"type":"identify","userId":"u","traits":{"email":"mei","phone":"13800001111"}},
		{"type":"track","event":"Order Completed","userId":"u","timestamp":"2026-11-21 15:00:00","properties":{"order_id":"A","total":"?"}}]}`)
	const zone = " has no zone and is read in the shop's, Asia/Shanghai: end it in Z or +08:00"
	if want := "- sentAt" + zone + "; 0 timestamp" + zone + `; 1 event is no standard name: did you mean "Order Completed"? It counts as an event of your own, and no order is booked; ` +
		"2 properties.price is not a decimal amount of zero or more, so the cart has the product without a price; " +
		"3 traits.email is no e-mail address: it is kept as a trait, and nobody is written to or known by it"; told(a.Warnings) != want {
		t.Errorf("warned %q\nwant %q", told(a.Warnings), want)
	}
	if a.faults() != "4 properties.total is not a decimal amount within range" {
		t.Errorf("refused %q", a.faults())
	}
	j := b.jobs()
	if len(j) != 1 || len(j[0].Events) != 4 || string(j[0].Events[3].Traits) != `{"email":"mei","phone":"13800001111"}` {
		t.Fatalf("queued %+v", j)
	}
	// 15:00 in Shanghai is 07:00 UTC, an hour before the batch was sent by the same clock, at 08:00 UTC, which is now.
	if at := j[0].Events[0].Timestamp; !at.Equal(b.Now().Add(-time.Hour)) {
		t.Errorf("happened at %s", at)
	}
	if one := b.post("/v1/track", serverKey, `{"event":"Wheel Spun","userId":"u","timestamp":"2026-11-21 15:00"}`); told(one.Warnings) != "0 timestamp"+zone {
		t.Errorf("a single call: %q", told(one.Warnings))
	}
	if at := b.jobs()[1].Events[0].Timestamp; !at.Equal(b.Now().Add(-time.Hour)) {
		t.Errorf("a single call's happened at %s", at)
	}
}

// TestHooksAreWarnedToo: a shop system's source that may not move money hears of it, and of a customer's address that is none.
func TestHooksAreWarnedToo(t *testing.T) {
	b, no := newHookBench(t), false
	b.sources["dry-key-1"] = source.Source{ID: "dry", Kind: source.KindServer, HookSecret: hookSecret, Money: &no}
	a := b.notify("shopify", "dry", "orders/create", shopifyOrderNotice, signature(hookSecret, shopifyOrderNotice))
	if a.status != 200 || !strings.Contains(told(a.Warnings), noMoney[2:]) {
		t.Errorf("%d %q", a.status, told(a.Warnings))
	}
	if a := b.notify("shopify", "shop", "orders/create", shopifyOrderNotice, signature(hookSecret, shopifyOrderNotice)); a.status != 200 || len(a.Warnings) != 0 {
		t.Errorf("of a source that may: %d %q", a.status, told(a.Warnings))
	}
	if a := b.notify("woocommerce", "dry", "order.created", wooOrderNotice, signature(hookSecret, wooOrderNotice)); a.status != 200 || !strings.Contains(told(a.Warnings), noMoney[2:]) {
		t.Errorf("of WooCommerce: %d %q", a.status, told(a.Warnings))
	}
	customer := strings.Replace(shopifyCustomerNotice, "zhang@shop.example", "zhang", 1)
	if a := b.notify("shopify", "shop", "customers/update", customer, signature(hookSecret, customer)); a.status != 200 || !strings.Contains(told(a.Warnings), "traits.email is no e-mail address") {
		t.Errorf("a customer's address: %d %q", a.status, told(a.Warnings))
	}
}
