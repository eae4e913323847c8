package ingest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/secret"
	"github.com/userops/userops/shared/storefront"
)

// told are the events that a shop's notice becomes, each as its name, messageId and properties.
func (b *bench) told(system, topic, body string) []string {
	b.Helper()
	b.queue.Take()
	if a := b.notify(system, "shop", topic, body, signature(hookSecret, body)); a.status != 200 {
		b.Fatalf("%s: %+v %s", body, a, a.faults())
	}
	var all []string
	for _, j := range b.jobs() {
		for _, e := range j.Events {
			all = append(all, fmt.Sprint(e.Name, " ", e.MessageID, " ", string(e.Properties)))
		}
	}
	return all
}

// TestANoticeOfNothing has every member that its topic needs, and names nothing: it is refused, since an event of it would belong to nobody.
func TestANoticeOfNothing(t *testing.T) {
	for _, c := range []struct{ system, topic, body string }{
		{"shopify", "orders/create", `{"id":%s,"total_price":"1.00"}`},
		{"shopify", "orders/delete", `{"id":%s}`},
		{"shopify", "refunds/create", `{"id":%s,"order_id":5}`},
		{"shopify", "refunds/create", `{"id":5,"order_id":%s}`},
		{"shopify", "customers/update", `{"id":%s}`},
		{"shopify", "customers_marketing_consent/update", `{"customer_id":%s}`},
		{"woocommerce", "order.updated", `{"id":%s,"total":"1.00","currency":"EUR"}`},
		{"woocommerce", "order.deleted", `{"id":%s}`},
		{"woocommerce", "customer.updated", `{"id":%s,"email":"ann@shop.example","date_created_gmt":"2026-11-21T06:00:00"}`},
	} {
		for id, status := range map[string]int{`null`: 400, `{}`: 400, `"x"`: 400, `7`: 200} {
			b := newHookBench(t)
			body := fmt.Sprintf(c.body, id)
			a := b.notify(c.system, "shop", c.topic, body, signature(hookSecret, body))
			if a.status != status || status == 400 && (a.Detail != storefront.ErrNotice.Error() || len(b.queue.Bodies()) != 0) {
				t.Errorf("%s %s: %+v with %d messages, want %d", c.topic, body, a, len(b.queue.Bodies()), status)
			}
		}
	}
}

// TestANoticeOfMoreThanABatchHolds is refused as a whole: half of it would be an order without some of its refunds.
func TestANoticeOfMoreThanABatchHolds(t *testing.T) {
	b := newHookBench(t)
	refunds := strings.TrimSuffix(strings.Repeat(`{"id":1},`, event.MaxEvents), ",")
	body := `{"id":7,"total_price":"1.00","currency":"CNY","refunds":[` + refunds + `]}`
	a := b.notify("shopify", "shop", "orders/create", body, signature(hookSecret, body))
	if a.status != 400 || len(a.Errors) != 1 || len(b.queue.Bodies()) != 0 {
		t.Errorf("%d %s with %d messages", a.status, a.faults(), len(b.queue.Bodies()))
	}
}

// TestRevenueOfANotice is the price of the goods without the tax, as far as the notice says enough to reckon it.
func TestRevenueOfANotice(t *testing.T) {
	shopify := func(subtotal, tax, currency string, included bool) string {
		return fmt.Sprintf(`{"id":7,"created_at":"2026-11-21T07:00:00Z","total_price":"120.00","subtotal_price":%s,"total_tax":%s,"currency":%q,"taxes_included":%v}`, subtotal, tax, currency, included)
	}
	woo := func(currency, tax, shipping string) string {
		return fmt.Sprintf(`{"id":7,"status":"pending","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-21T06:00:00","total":"120.00","total_tax":%s,"shipping_total":%s,"currency":%q}`, tax, shipping, currency)
	}
	for name, c := range map[string]struct{ system, topic, body, want string }{
		"tax included":               {"shopify", "orders/create", shopify(`"119.00"`, `"19.00"`, "EUR", true), "100.00"},
		"tax on top":                 {"shopify", "orders/create", shopify(`"119.00"`, `"19.00"`, "EUR", false), "119.00"},
		"tax included, and not said": {"shopify", "orders/create", shopify(`"119.00"`, `null`, "EUR", true), "119.00"},
		"no subtotal":                {"shopify", "orders/create", shopify(`null`, `"19.00"`, "EUR", true), ""},
		"woo":                        {"woocommerce", "order.updated", woo("EUR", `"19.00"`, `"1.00"`), "100.00"},
		"woo, tax not said":          {"woocommerce", "order.updated", woo("EUR", `null`, `"1.00"`), ""},
		"woo, shipping not said":     {"woocommerce", "order.updated", woo("EUR", `"19.00"`, `null`), ""},
	} {
		for _, told := range newHookBench(t).told(c.system, c.topic, c.body) {
			_, properties, _ := strings.Cut(told, "{")
			var said struct{ Revenue json.Number }
			if err := json.Unmarshal([]byte("{"+properties), &said); err != nil || said.Revenue.String() != c.want {
				t.Errorf("%s: %s: revenue %q, %v; want %q", name, told, said.Revenue, err, c.want)
			}
		}
	}
}

// TestRefundsOfShopify counts what was paid back, in the order's own currency; what it cannot be told in waits or is left to what was paid.
func TestRefundsOfShopify(t *testing.T) {
	const (
		goods  = `{"quantity":1,"subtotal_set":{"shop_money":{"amount":"950.00","currency_code":"CNY"}},"total_tax_set":{"shop_money":{"amount":"40.00","currency_code":"CNY"}}}`
		vague  = `{"quantity":1,"subtotal_set":{}}`
		euro   = `{"quantity":1,"subtotal_set":{"shop_money":{"amount":"9.00","currency_code":"EUR"}}}`
		noTax  = `{"quantity":1,"subtotal_set":{"shop_money":{"amount":"950.00","currency_code":"CNY"}}}`
		badTax = `{"quantity":1,"subtotal_set":{"shop_money":{"amount":"950.00","currency_code":"CNY"}},"total_tax_set":{"shop_money":{"amount":"x","currency_code":"CNY"}}}`
	)
	paid := func(kind, status, amount, rest string) string {
		return fmt.Sprintf(`{"kind":%q,"status":%q,"amount":%q,"currency":"USD"%s}`, kind, status, amount, rest)
	}
	dollars := paid("refund", "success", "140.00", "")
	for name, c := range map[string]struct{ transactions, lines, adjustments, want string }{
		"in one currency":                  {dollars, "", "", "refund-1 USD 140.00"},
		"no refund, and a test":            {dollars + "," + paid("sale", "success", "9.00", "") + "," + paid("refund", "success", "9.00", `,"test":true`) + "," + paid("sale", "pending", "9.00", ""), "", "", "refund-1 USD 140.00"},
		"in two":                           {dollars, goods, "", "refund-1 CNY 990.00"},
		"in two, without a tax":            {dollars, noTax, "", "refund-1 CNY 950.00"},
		"in two, half under way":           {dollars + "," + paid("refund", "pending", "1.00", ""), goods, "", ""},
		"in one, half under way":           {dollars + "," + paid("refund", "pending", "1.00", ""), "", "", "refund-1-140.00 USD 140.00"},
		"a line that does not say":         {dollars, goods + "," + vague, "", "refund-1 USD 140.00"},
		"a first line that does not say":   {dollars, vague + "," + goods, "", "refund-1 USD 140.00"},
		"lines in two currencies":          {dollars, goods + "," + euro, "", "refund-1 USD 140.00"},
		"a tax that is no amount":          {dollars, badTax, "", "refund-1 USD 140.00"},
		"shipping, with its tax":           {dollars, goods, `{"amount_set":{"shop_money":{"amount":"-10.00","currency_code":"CNY"}},"tax_amount_set":{"shop_money":{"amount":"-1.00","currency_code":"CNY"}}}`, "refund-1 CNY 1001.00"},
		"an adjustment that does not say":  {dollars, goods, `{"amount_set":{}}`, "refund-1 USD 140.00"},
		"its tax is no amount":             {dollars, goods, `{"amount_set":{"shop_money":{"amount":"-10.00","currency_code":"CNY"}},"tax_amount_set":{"shop_money":{"amount":"x","currency_code":"CNY"}}}`, "refund-1 USD 140.00"},
		"more is kept than was given back": {dollars, noTax, `{"amount_set":{"shop_money":{"amount":"950.01","currency_code":"CNY"}}}`, "refund-1 USD 140.00"},
		"as much is kept":                  {dollars, noTax, `{"amount_set":{"shop_money":{"amount":"950.00","currency_code":"CNY"}}}`, "refund-1 CNY 0.00"},
	} {
		body := `{"id":1,"order_id":5,"created_at":"2026-11-21T07:00:00Z","transactions":[` + c.transactions + `],"refund_line_items":[` + c.lines + `],"order_adjustments":[` + c.adjustments + `]}`
		got := ""
		for _, told := range newHookBench(t).told("shopify", "refunds/create", body) {
			parts := strings.SplitN(told, " ", 4) // Order Refunded, the messageId, the properties
			var said struct {
				Currency string
				Total    json.Number
			}
			if err := json.Unmarshal([]byte(parts[3]), &said); err != nil {
				t.Fatal(err)
			}
			got += fmt.Sprint(parts[2], " ", said.Currency, " ", said.Total)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestAnOrderOnItsWay of WooCommerce is paid where its notice says when: cash on delivery is on its way as well.
func TestAnOrderOnItsWay(t *testing.T) {
	for name, c := range map[string]struct{ status, paid, want string }{
		"paid":             {"processing", "2026-11-21T06:30:00", "paid"},
		"cash on delivery": {"processing", "", ""},
		"waits":            {"on-hold", "2026-11-21T06:30:00", ""},
		"cancelled":        {"cancelled", "2026-11-21T06:30:00", "cancelled"},
	} {
		body := fmt.Sprintf(`{"id":7,"status":%q,"currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-21T07:00:00","date_paid_gmt":%q,"total":"1.00"}`, c.status, c.paid)
		updates := 0
		for _, told := range newHookBench(t).told("woocommerce", "order.updated", body) {
			if !strings.HasPrefix(told, "Order Updated ") {
				continue
			}
			updates++
			if got := strings.Contains(told, `"status":"`+c.want+`"`); c.want == "" && strings.Contains(told, `"status"`) || c.want != "" && !got {
				t.Errorf("%s: %s, want the status %q", name, told, c.want)
			}
		}
		if updates != 1 {
			t.Errorf("%s: %d updates", name, updates)
		}
	}
}

// TestAConsentThatSaysNothingIsRefused: its sender is the only one who can mend it.
func TestAConsentThatSaysNothingIsRefused(t *testing.T) {
	for properties, want := range map[string]string{
		`{"channel":"email"}`:                          "",
		`{"channel":"email","purpose":"anything"}`:     "0 properties.purpose",
		`{"channels":["email","sms"]}`:                 "0 properties.channel",
		`{"channel":"email","textVersion":{"no":"1"}}`: "0 properties.textVersion",
	} {
		b := newBench(t)
		a := b.post("/v1/track", serverKey, `{"userId":"u","event":"Consent Granted","properties":`+properties+`}`)
		if !strings.HasPrefix(a.faults(), want) || (a.status == 200) != (want == "") || (len(b.queue.Bodies()) > 0) != (want == "") {
			t.Errorf("%s: %d %q with %d messages, want %q", properties, a.status, a.faults(), len(b.queue.Bodies()), want)
		}
	}
}

// TestWhoWasNamedBeforeTheMemoryBeganAnew is known for as long again: naming them costs no quota, and keeps them.
func TestWhoWasNamedBeforeTheMemoryBeganAnew(t *testing.T) {
	var q quotas
	now := newBench(t).Now()
	from := source.Source{ID: "web", NewPerMinute: 1}
	named := func(id string) []event.Event { return []event.Event{{UserID: id, Trust: trust.Public}} }
	pass := func(id string, want bool) {
		t.Helper()
		if _, wait := q.over(from, netip.Prefix{}, 0, named(id), now); (wait == 0) != want {
			t.Errorf("%s waits for %v", id, wait)
		}
	}
	for i := range burstMinutes { // all that the quota holds
		pass(fmt.Sprint("u", i), true)
	}
	q.old, q.seen = q.seen, map[uint64]struct{}{}
	pass("u0", true)
	q.old, q.seen = q.seen, map[uint64]struct{}{}
	pass("u0", true)
	pass("u1", false)
}

// TestEveryTopicMeansSomething: no topic that has a form is taken without effect.
func TestEveryTopicMeansSomething(t *testing.T) {
	const consents = `{"id":42,"email_marketing_consent":{"state":"unsubscribed","consent_updated_at":"2026-11-21T07:00:00Z"}}`
	for _, topic := range storefront.Topics() {
		system, body := "shopify", `{"id":42}`
		switch {
		case strings.HasPrefix(topic, "orders/") && topic != "orders/delete":
			body = shopifyOrderNotice
		case topic == "refunds/create":
			body = shopifyRefundNotice
		case strings.HasSuffix(topic, "consent/update"):
			body = consents
		case topic == "order.deleted":
			system = "woocommerce"
		case strings.HasPrefix(topic, "order."):
			system, body = "woocommerce", wooOrderNotice
		case strings.HasPrefix(topic, "customer.tags_"):
			body = `{"customerId":"gid://shopify/Customer/42","tags":["VIP"],"occurredAt":"2026-11-21T07:00:00Z"}`
		case strings.HasPrefix(topic, "customer."):
			system, body = "woocommerce", `{"id":42,"email":"ann@shop.example","date_created_gmt":"2026-11-21T06:00:00"}`
		}
		if told := newHookBench(t).told(system, topic, body); len(told) == 0 {
			t.Errorf("%s: nothing follows", topic)
		}
	}
}

// TestTheFunctionIsMadeOfItsSettings, each in its place.
func TestTheFunctionIsMadeOfItsSettings(t *testing.T) {
	now := newBench(t).Now()
	p := New(Settings{CatalogTable: "Catalog", EventsQueue: "https://queue.example/events", ServerKeyHash: source.KeyHash(serverKey), DefaultKey: defaultKey, DefaultRate: 3, NewPerAddress: 7, Currency: "EUR"}, nil, nil,
		func() time.Time { return now })
	want := map[string]any{"sources": catalog.Sources{Table: "Catalog"}, "queue": queue.Sender{URL: "https://queue.example/events"}, "key": defaultKey, "rate": 3.0, "new": 7.0, "currency": money.Currency("EUR"), "now": now}
	got := map[string]any{"sources": p.Sources, "queue": p.Queue, "key": p.DefaultKey, "rate": p.DefaultRate, "new": p.NewPerAddress, "currency": p.Currency, "now": p.Now()}
	if !reflect.DeepEqual(got, want) || !httpapi.Matches(serverKey, p.Auth.ServerKeyHash) || p.Secrets == nil {
		t.Errorf("made of %+v, want %+v", got, want)
	}
	if a, b := p.NewID(), p.NewID(); a == b || a == "" {
		t.Errorf("ids %q and %q", a, b)
	}
}

// TestANoticeOfAnotherKind has its ids, and a member that is something else than its topic says.
func TestANoticeOfAnotherKind(t *testing.T) {
	for _, c := range []struct{ system, topic, body string }{
		{"shopify", "orders/create", `{"id":7,"total_price":"1.00","line_items":{}}`},
		{"shopify", "refunds/create", `{"id":1,"order_id":2,"transactions":{}}`},
		{"shopify", "customers/create", `{"id":42,"email":{}}`},
		{"shopify", "customers_email_marketing_consent/update", `{"customer_id":42,"email_marketing_consent":7}`},
		{"woocommerce", "order.updated", `{"id":7,"total":"1.00","line_items":{}}`},
		{"woocommerce", "customer.updated", `{"id":26,"email":{},"date_created_gmt":"2026-11-21T06:00:00"}`},
	} {
		b := newHookBench(t)
		if a := b.notify(c.system, "shop", c.topic, c.body, signature(hookSecret, c.body)); a.status != 400 || a.Detail != storefront.ErrNotice.Error() || len(b.queue.Bodies()) != 0 {
			t.Errorf("%s %s: %+v with %d messages", c.topic, c.body, a, len(b.queue.Bodies()))
		}
	}
}

// TestWhoHasOrdered is whom the cart proves, before the customer; and the customer before a device.
func TestWhoHasOrdered(t *testing.T) {
	proven := `,{"name":"userHash","key":"userHash","value":"` + proof.UserHash(hashSecret, "u-1") + `"}`
	named := `[{"name":"userId","key":"userId","value":"u-1"},{"name":"anonymousId","key":"anonymousId","value":"a-1"}`
	for name, c := range map[string]struct{ attributes, customer, want string }{
		"proven, and a customer":     {named + proven + `]`, "42", "u-1 a-1"},
		"proven":                     {named + proven + `]`, "", "u-1 a-1"},
		"not proven, and a customer": {named + `]`, "42", "42 a-1"},
		"a customer":                 {`[]`, "42", "42 "},
		"not proven":                 {named + `]`, "", " a-1"},
	} {
		for system, body := range map[string]string{
			"shopify":     `{"id":7,"created_at":"2026-11-21T07:00:00Z","currency":"EUR","total_price":"1.00","note_attributes":` + c.attributes + map[bool]string{true: `,"customer":{"id":` + c.customer + `}}`, false: `}`}[c.customer != ""],
			"woocommerce": `{"id":7,"status":"pending","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-21T07:00:00","total":"1.00","meta_data":` + c.attributes + `,"customer_id":` + cmp.Or(c.customer, "0") + `}`,
		} {
			b := newHookBench(t)
			b.Secrets = secret.Fixed(map[string]string{secret.UserHash: hashSecret})
			b.told(system, map[string]string{"shopify": "orders/updated", "woocommerce": "order.updated"}[system], body)
			for _, e := range b.jobs()[0].Events {
				if got := e.UserID + " " + e.AnonymousID; got != c.want {
					t.Errorf("%s, %s: %q, want %q", system, name, got, c.want)
				}
			}
		}
	}
}

// TestANoticeWithoutATopicIsTold: the header that is missing is named, whoever asks and whether or not the source is there, so that nobody learns that by it.
func TestANoticeWithoutATopicIsTold(t *testing.T) {
	body := shopifyCustomerNotice
	for system, header := range map[string]string{"shopify": "X-Shopify-Topic", "woocommerce": "X-WC-Webhook-Topic"} {
		for name, c := range map[string]struct{ id, sign string }{
			"signed": {"shop", signature(hookSecret, body)}, "not signed": {"shop", ""}, "of no source": {"none", signature(hookSecret, body)},
		} {
			b := newHookBench(t)
			a := b.notify(system, c.id, "", body, c.sign)
			if want := "the header " + header + " is missing, which says what the notice is about"; a.status != 400 || a.Detail != want || b.reads != 0 || len(b.queue.Bodies()) != 0 {
				t.Errorf("%s, %s: %+v after %d reads, want %s", system, name, a, b.reads, want)
			}
		}
	}
}
