package ingest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/secret"
	"github.com/userops/userops/shared/storefront"
)

const hookSecret = "hook-secret"

func newHookBench(t *testing.T) *bench {
	b := newBench(t)
	b.sources["shop-key-1"] = source.Source{ID: "shop", Kind: source.KindServer, HookSecret: hookSecret}
	b.sources["off-key-1"] = source.Source{ID: "off", Kind: source.KindServer, HookSecret: hookSecret, Disabled: true}
	b.sources["open-key-1"] = source.Source{ID: "open", Kind: source.KindServer}
	return b
}

func signature(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// notify sends a notice as the shop system does.
func (b *bench) notify(system, id, topic, body, sign string) answer {
	b.Helper()
	names := map[string][2]string{"shopify": {"x-shopify-hmac-sha256", "x-shopify-topic"}, "woocommerce": {"x-wc-webhook-signature", "x-wc-webhook-topic"}}[system]
	in := request("/v1/hooks/"+system+"/"+id, "", body, names[0], sign, names[1], topic)
	in.RouteKey, in.PathParameters = "POST /v1/hooks/"+system+"/{source}", map[string]string{"source": id}
	return b.do(in)
}

const shopifyOrderNotice = `{"id":5001234567890,"name":"#1001","checkout_id":7001,"created_at":"2026-11-21T15:00:00+08:00","processed_at":"2026-11-21T15:00:00+08:00",
"updated_at":"2026-11-21T15:05:00+08:00","cancelled_at":null,"financial_status":"paid","currency":"CNY","total_price":"299.80","subtotal_price":"279.80","total_tax":"20.00",
"taxes_included":true,"total_discounts":"10.00","total_shipping_price_set":{"shop_money":{"amount":"20.00","currency_code":"CNY"}},"email":"zhang@shop.example",
"customer":{"id":42,"email":"zhang@shop.example","first_name":"三","last_name":"张","created_at":"2026-11-01T00:00:00Z","updated_at":"2026-11-21T07:00:00Z","default_address":null},
"discount_codes":[{"code":"WELCOME"}],"line_items":[{"product_id":9,"sku":"SKU-9","title":"衬衫","variant_title":"M","vendor":"V","price":"144.90","quantity":2}]}`

const shopifyGuestNotice = `{"id":5002,"created_at":"2026-11-21T07:00:00Z","updated_at":"2026-11-21T07:30:00Z","cancelled_at":"2026-11-21T07:20:00Z","cancel_reason":"customer",
"financial_status":"pending","currency":"CNY","total_price":"10.00","subtotal_price":"10.00","total_tax":"0.00","taxes_included":false,"email":"guest@shop.example","customer":null,
"note_attributes":[{"name":"anonymousId","value":"anon-7"}],"line_items":[]}`

const shopifyRefundNotice = `{"id":801,"order_id":5001234567890,"created_at":"2026-11-22T07:00:00Z","transactions":[{"kind":"refund","status":"success","amount":"100.00","currency":"CNY"},
{"kind":"refund","status":"failure","amount":"100.00","currency":"CNY"},{"kind":"refund","status":"success","amount":"44.90","currency":"CNY"}],
"refund_line_items":[{"quantity":1,"line_item":{"product_id":9,"price":"144.90","quantity":2}}]}`

const shopifyCustomerNotice = `{"id":42,"email":"zhang@shop.example","phone":"+8613800000000","first_name":"三","last_name":"张","created_at":"2026-11-01T00:00:00Z","updated_at":"2026-11-01T00:00:01Z",
"default_address":{"city":"上海","province":"Shanghai","country_code":"CN"},"email_marketing_consent":{"state":"subscribed","consent_updated_at":"2026-11-01T00:00:00Z"}}`

const wooOrderNotice = `{"id":727,"status":"processing","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-21T06:10:00","date_paid_gmt":"2026-11-21T06:05:00",
"total":"29.35","total_tax":"2.35","shipping_total":"7.00","discount_total":"1.00","customer_id":26,"billing":{"email":"ann@shop.example","first_name":"Ann"},"coupon_lines":[{"code":"x"},{"code":"y"}],
"line_items":[{"name":"Cup","product_id":93,"sku":"C","quantity":2,"price":10.0}],"refunds":[]}`

const wooRefundedNotice = `{"id":727,"status":"refunded","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-22T06:10:00","date_paid_gmt":"2026-11-21T06:05:00",
"total":"29.35","total_tax":"2.35","shipping_total":"7.00","customer_id":26,"refunds":[{"id":900,"total":"-9.35"},{"id":901,"total":"-20.00"}]}`

func TestHooksBecomeEvents(t *testing.T) {
	shopifyContent := `{"affiliation":"shopify","checkout_id":"7001","coupon":"WELCOME","currency":"CNY","discount":10.00,"order_id":"5001234567890",` +
		`"products":[{"brand":"V","name":"衬衫","price":144.90,"product_id":"9","quantity":2,"sku":"SKU-9","variant":"M"}],"revenue":259.80,"shipping":20.00,"subtotal":279.80,"tax":20.00,"total":299.80}`
	guestContent := `{"affiliation":"shopify","currency":"CNY","order_id":"5002","revenue":10.00,"subtotal":10.00,"tax":0.00,"total":10.00}`
	wooContent := `{"affiliation":"woocommerce","coupon":"x,y","currency":"EUR","discount":1.00,"order_id":"727","products":[{"name":"Cup","price":10.0,"product_id":"93","quantity":2,"sku":"C"}],` +
		`"revenue":20.00,"shipping":7.00,"tax":2.35,"total":29.35}`
	wooRefunded := `{"affiliation":"woocommerce","currency":"EUR","order_id":"727","revenue":20.00,"shipping":7.00,"tax":2.35,"total":29.35}`
	for name, tc := range map[string]struct {
		system, topic, body string
		want                []string // type, event, messageId, userId, anonymousId, timestamp, properties, traits
	}{
		"shopify, a paid order": {"shopify", "orders/create", shopifyOrderNotice, []string{
			`identify||customer-42-2026-11-21T07:00:00Z|42||07:00:00||{"createdAt":"2026-11-01T00:00:00Z","email":"zhang@shop.example","firstName":"三","lastName":"张"}`,
			`track|Order Completed|order-5001234567890-completed|42||07:00:00|` + shopifyContent + `|`}},
		"shopify, the same order updated": {"shopify", "orders/updated", shopifyOrderNotice, []string{
			`track|Order Completed|order-5001234567890-completed|42||07:00:00|` + shopifyContent + `|`,
			`track|Order Updated|order-5001234567890-updated-2026-11-21T15:05:00+08:00|42||07:05:00|` + shopifyContent + `|`}},
		"shopify, a guest's order, cancelled": {"shopify", "orders/create", shopifyGuestNotice, []string{
			`identify||order-5002-guest||anon-7|07:00:00||{"email":"guest@shop.example"}`,
			`track|Order Placed|order-5002-placed||anon-7|07:00:00|` + guestContent + `|`,
			`track|Order Cancelled|order-5002-cancelled||anon-7|07:20:00|{"currency":"CNY","order_id":"5002","reason":"customer"}|`}},
		"shopify, a refund": {"shopify", "refunds/create", shopifyRefundNotice, []string{
			`track|Order Refunded|refund-801||shopify-order-5001234567890|07:00:00|{"currency":"CNY","order_id":"5001234567890","products":[{"price":144.90,"product_id":"9","quantity":1}],"refund_id":"801","total":144.90}|`}},
		"shopify, a refund without money": {"shopify", "refunds/create", `{"id":802,"order_id":5003,"created_at":"2026-11-21T07:00:00Z","transactions":[]}`, []string{
			`track|Order Refunded|refund-802||shopify-order-5003|07:00:00|{"order_id":"5003","refund_id":"802","total":0.00}|`}},
		"shopify, a customer": {"shopify", "customers/create", shopifyCustomerNotice, []string{
			`identify||customer-42-2026-11-01T00:00:01Z|42||00:00:01||{"city":"上海","country":"CN","createdAt":"2026-11-01T00:00:00Z","email":"zhang@shop.example","firstName":"三","lastName":"张","phone":"+8613800000000","state":"Shanghai"}`,
			`track|Signed Up|customer-42-signed-up|42||00:00:00||`,
			`track|Consent Granted|customer-42-email-2026-11-01T00:00:00Z|42||00:00:00|{"channel":"email","restated":true}|`}},
		"shopify, a customer with tags": {"shopify", "customers/update", `{"id":42,"updated_at":"2026-11-21T07:00:00Z","tags":"VIP, 老客, VIP,,` + strings.Repeat("x", 65) + `"}`, []string{
			`identify||customer-42-2026-11-21T07:00:00Z|42||07:00:00||`,
			`track|Tags Changed|customer-42-tags-2026-11-21T07:00:00Z|42||07:00:00|{"all":["VIP","老客"],"by":"shopify"}|`}},
		"shopify, a customer without any tag": {"shopify", "customers/update", `{"id":42,"updated_at":"2026-11-21T07:00:00Z","tags":""}`, []string{
			`identify||customer-42-2026-11-21T07:00:00Z|42||07:00:00||`,
			`track|Tags Changed|customer-42-tags-2026-11-21T07:00:00Z|42||07:00:00|{"all":[],"by":"shopify"}|`}},
		"shopify, tags added": {"shopify", "customer.tags_added", `{"customerId":"gid://shopify/Customer/42","tags":["VIP"],"occurredAt":"2026-11-21T07:00:00Z"}`, []string{
			`track|Tags Changed|customer-42-tags-2026-11-21T07:00:00Z-986e2890737d7abe|42||07:00:00|{"add":["VIP"],"by":"shopify"}|`}},
		"shopify, tags removed": {"shopify", "customer.tags_removed", `{"customerId":"gid://shopify/Customer/42","tags":["VIP"],"occurredAt":"2026-11-21T07:00:00Z"}`, []string{
			`track|Tags Changed|customer-42-tags-2026-11-21T07:00:00Z-986e2890737d7abe|42||07:00:00|{"by":"shopify","remove":["VIP"]}|`}},
		"shopify, tags that are none": {"shopify", "customer.tags_added", `{"customerId":"gid://shopify/Customer/42","tags":[""],"occurredAt":"2026-11-21T07:00:00Z"}`, nil},
		"shopify, a test order":       {"shopify", "orders/create", strings.Replace(shopifyOrderNotice, `"id":5001234567890`, `"id":5001234567890,"test":true`, 1), nil},
		"shopify, a cart whose userId is a placeholder": {"shopify", "orders/create", `{"id":7,"created_at":"2026-11-21T07:00:00Z","financial_status":"authorized","currency":"CNY","total_price":"1.00",
			"customer":{"id":42,"updated_at":"2026-11-21T07:00:00Z"},"note_attributes":[{"name":"userId","value":"undefined"}]}`, []string{
			`identify||customer-42-2026-11-21T07:00:00Z|42||07:00:00||`,
			`track|Order Placed|order-7-placed|42||07:00:00|{"affiliation":"shopify","currency":"CNY","order_id":"7","total":1.00}|`}},
		"shopify, a refund under way": {"shopify", "refunds/create", `{"id":803,"order_id":5003,"created_at":"2026-11-21T07:00:00Z","transactions":[{"kind":"refund","status":"pending","amount":"5.00","currency":"CNY"}]}`, nil},
		"shopify, the same refund in the order's list": {"shopify", "orders/updated", `{"id":5003,"created_at":"2026-11-21T06:00:00Z","updated_at":"2026-11-21T08:00:00Z","financial_status":"partially_refunded","currency":"CNY",
			"total_price":"9.00","customer":{"id":42},"refunds":[{"id":803,"order_id":5003,"created_at":"2026-11-21T07:00:00Z","transactions":[{"kind":"refund","status":"success","amount":"5.00","currency":"CNY"}]}]}`, []string{
			`track|Order Completed|order-5003-completed|42||06:00:00|{"affiliation":"shopify","currency":"CNY","order_id":"5003","total":9.00}|`,
			`track|Order Updated|order-5003-updated-2026-11-21T08:00:00Z|42||08:00:00|{"affiliation":"shopify","currency":"CNY","order_id":"5003","total":9.00}|`,
			`track|Order Refunded|refund-803|42||07:00:00|{"currency":"CNY","order_id":"5003","refund_id":"803","total":5.00}|`}},
		"shopify, a refund half under way": {"shopify", "refunds/create", `{"id":804,"order_id":5003,"created_at":"2026-11-21T07:00:00Z","transactions":[{"kind":"refund","status":"success","amount":"5.00","currency":"CNY"},
			{"kind":"refund","status":"pending","amount":"2.00","currency":"CNY"}]}`, []string{
			`track|Order Refunded|refund-804-5.00||shopify-order-5003|07:00:00|{"currency":"CNY","order_id":"5003","refund_id":"804","total":5.00}|`}},
		"shopify, a refund in the buyer's currency": {"shopify", "refunds/create", `{"id":805,"order_id":5003,"created_at":"2026-11-21T07:00:00Z","transactions":[{"kind":"refund","status":"success","amount":"140.00","currency":"USD"}],
			"refund_line_items":[{"quantity":1,"subtotal_set":{"shop_money":{"amount":"950.00","currency_code":"CNY"}},"total_tax_set":{"shop_money":{"amount":"40.00","currency_code":"CNY"}},"line_item":{"product_id":9}}],
			"order_adjustments":[{"amount_set":{"shop_money":{"amount":"-10.00","currency_code":"CNY"}}}]}`, []string{
			`track|Order Refunded|refund-805||shopify-order-5003|07:00:00|{"currency":"CNY","order_id":"5003","products":[{"product_id":"9","quantity":1}],"refund_id":"805","total":1000.00}|`}},
		"shopify, refusals without a time": {"shopify", "customers/update", `{"id":42,"updated_at":"2026-11-21T07:00:00Z","email_marketing_consent":{"state":"unsubscribed","consent_updated_at":null},
			"sms_marketing_consent":{"state":"REDACTED","consent_updated_at":"2026-11-21T06:00:00Z"}}`, []string{
			`identify||customer-42-2026-11-21T07:00:00Z|42||07:00:00||`,
			`track|Consent Revoked|customer-42-email-unsubscribed-2026-11-21T07:00:00Z|42||07:00:00|{"channel":"email"}|`,
			`track|Consent Revoked|customer-42-sms-redacted-2026-11-21T06:00:00Z|42||06:00:00|{"channel":"sms","restated":true}|`}},
		"shopify, nobody has said anything, and a grant without a time": {"shopify", "customers/update", `{"id":42,"updated_at":"2026-11-21T07:00:00Z","email_marketing_consent":{"state":"subscribed","consent_updated_at":null},
			"sms_marketing_consent":{"state":"not_subscribed","consent_updated_at":null}}`, []string{`identify||customer-42-2026-11-21T07:00:00Z|42||07:00:00||`}},
		"shopify, a consent alone": {"shopify", "customers_email_marketing_consent/update", `{"customer_id":42,"email_marketing_consent":{"state":"invalid","consent_updated_at":"2026-11-21T07:00:00Z"}}`, []string{
			`track|Consent Revoked|customer-42-email-invalid-2026-11-21T07:00:00Z|42||07:00:00|{"channel":"email","restated":true}|`}},
		"shopify, a placeholder beside the id, and a number": {"shopify", "orders/create", "\uFEFF" + `{"id":8,"created_at":"2026-11-21T07:00:00Z","financial_status":"authorized","currency":"CNY","total_price":"1.00",
			"note_attributes":[{"name":"anonymousId","value":77},{"name":"userId","value":"u-1"},{"name":"userId","value":"undefined"},{"name":"userHash","value":"` + proof.UserHash(hashSecret, "u-1") + `"}]}`, []string{
			`track|Order Placed|order-8-placed|u-1|77|07:00:00|{"affiliation":"shopify","currency":"CNY","order_id":"8","total":1.00}|`}},
		"woocommerce, a userId that is a number": {"woocommerce", "order.updated", `{"id":1,"status":"pending","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-21T07:00:00","total":"1.00","customer_id":5,
			"meta_data":[{"key":"userId","value":13},{"key":"userId","value":{"a":1}},{"key":"userHash","value":"` + proof.UserHash(hashSecret, "13") + `"}]}`, []string{
			`track|Order Placed|order-1-placed|13||06:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","total":1.00}|`,
			`track|Order Updated|order-1-updated-2026-11-21T07:00:00|13||07:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","total":1.00}|`}},
		"woocommerce, deleted": {"woocommerce", "order.deleted", `{"id":727}`, []string{`track|Order Cancelled|order-727-deleted||woocommerce-order-727|00:00:00|{"order_id":"727","reason":"deleted"}|`}},
		"shopify, deleted":     {"shopify", "orders/delete", `{"id":5003}`, []string{`track|Order Cancelled|order-5003-deleted||shopify-order-5003|00:00:00|{"order_id":"5003","reason":"deleted"}|`}},
		"woocommerce, a draft": {"woocommerce", "order.created", `{"id":1,"status":"checkout-draft","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","total":"1.00","customer_id":5}`, nil},
		"woocommerce, trash after it was paid": {"woocommerce", "order.updated", `{"id":1,"status":"trash","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-21T07:00:00","date_paid_gmt":"2026-11-21T06:30:00","total":"1.00","customer_id":5}`, []string{
			`track|Order Completed|order-1-completed|5||06:30:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","total":1.00}|`,
			`track|Order Updated|order-1-updated-2026-11-21T07:00:00|5||07:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","status":"cancelled","total":1.00}|`,
			`track|Order Cancelled|order-1-trash|5||07:00:00|{"order_id":"1","reason":"trash"}|`}},
		"woocommerce, a payment that failed": {"woocommerce", "order.created", `{"id":1,"status":"failed","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-21T07:00:00","total":"1.00","customer_id":5,"billing":{"city":"Graz"}}`, []string{
			`identify||order-1-billing|5||06:00:00||{"city":"Graz"}`,
			`track|Order Placed|order-1-placed|5||06:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","total":1.00}|`,
			`track|Order Cancelled|order-1-failed|5||07:00:00|{"order_id":"1","reason":"failed"}|`}},
		"woocommerce, restored": {"woocommerce", "order.restored", `{"id":1,"status":"processing","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-21T08:00:00","date_paid_gmt":"2026-11-21T06:30:00","total":"1.00","customer_id":5}`, []string{
			`track|Order Completed|order-1-completed|5||06:30:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","total":1.00}|`,
			`track|Order Updated|order-1-updated-2026-11-21T08:00:00|5||08:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","status":"paid","total":1.00}|`}},
		"shopify, another topic": {"shopify", "products/create", `{"id":1}`, nil},
		"woocommerce, a paid order": {"woocommerce", "order.created", wooOrderNotice, []string{
			`identify||order-727-billing|26||06:00:00||{"email":"ann@shop.example","firstName":"Ann"}`,
			`track|Order Completed|order-727-completed|26||06:05:00|` + wooContent + `|`}},
		"woocommerce, refunded in two parts": {"woocommerce", "order.updated", wooRefundedNotice, []string{
			`track|Order Completed|order-727-completed|26||06:05:00|` + wooRefunded + `|`,
			`track|Order Updated|order-727-updated-2026-11-22T06:10:00|26||06:10:00|` + wooRefunded + `|`,
			`track|Order Refunded|refund-900|26||06:10:00|{"currency":"EUR","order_id":"727","refund_id":"900","total":9.35}|`,
			`track|Order Refunded|refund-901|26||06:10:00|{"currency":"EUR","order_id":"727","refund_id":"901","total":20.00}|`}},
		"woocommerce, cash on delivery": {"woocommerce", "order.created", `{"id":1,"status":"processing","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","total":"1.00","total_tax":"0","shipping_total":"0","customer_id":0,"billing":{"email":"a@shop.example"}}`, []string{
			`identify||order-1-billing||woocommerce-order-1|06:00:00||{"email":"a@shop.example"}`,
			`track|Order Placed|order-1-placed||woocommerce-order-1|06:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","revenue":1.00,"shipping":0,"tax":0,"total":1.00}|`}},
		"woocommerce, cash on delivery, delivered": {"woocommerce", "order.updated", `{"id":1,"status":"completed","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-21T07:00:00","date_completed_gmt":"2026-11-21T07:00:00","total":"1.00","customer_id":5}`, []string{
			`track|Order Completed|order-1-completed|5||07:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","total":1.00}|`,
			`track|Order Updated|order-1-updated-2026-11-21T07:00:00|5||07:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","status":"paid","total":1.00}|`}},
		"woocommerce, cancelled": {"woocommerce", "order.updated", `{"id":1,"status":"cancelled","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-21T07:00:00","total":"1.00","customer_id":5}`, []string{
			`track|Order Placed|order-1-placed|5||06:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","total":1.00}|`,
			`track|Order Updated|order-1-updated-2026-11-21T07:00:00|5||07:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","status":"cancelled","total":1.00}|`,
			`track|Order Cancelled|order-1-cancelled|5||07:00:00|{"order_id":"1"}|`}},
		"woocommerce, refunded as a whole": {"woocommerce", "order.updated", `{"id":1,"status":"refunded","currency":"EUR","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":"2026-11-21T07:00:00","total":"1.00","customer_id":5}`, []string{
			`track|Order Completed|order-1-completed|5||06:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","total":1.00}|`,
			`track|Order Updated|order-1-updated-2026-11-21T07:00:00|5||07:00:00|{"affiliation":"woocommerce","currency":"EUR","order_id":"1","total":1.00}|`,
			`track|Order Refunded|order-1-refunded|5||07:00:00|{"order_id":"1"}|`}},
		"woocommerce, a customer": {"woocommerce", "customer.created", `{"id":26,"email":"ann@shop.example","first_name":"Ann","last_name":"","date_created_gmt":"2026-11-21T06:00:00","date_modified_gmt":null,"billing":{"city":"Graz"}}`, []string{
			`identify||customer-26-2026-11-21T06:00:00|26||06:00:00||{"city":"Graz","createdAt":"2026-11-21T06:00:00Z","email":"ann@shop.example","firstName":"Ann"}`,
			`track|Signed Up|customer-26-signed-up|26||06:00:00||`}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHookBench(t)
			b.Secrets = secret.Fixed(map[string]string{secret.UserHash: hashSecret})
			b.Set(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
			if a := b.notify(tc.system, "shop", tc.topic, tc.body, signature(hookSecret, tc.body)); a.status != 200 || len(a.Errors) > 0 {
				t.Fatalf("got %+v %s", a, a.faults())
			}
			var got []string
			for _, j := range b.jobs() {
				if j.Source != "shop" || j.NoMoney {
					t.Errorf("source %s, no money %v", j.Source, j.NoMoney)
				}
				for _, e := range j.Events {
					got = append(got, fmt.Sprintf("%s|%s|%s|%s|%s|%s|%s|%s", e.Kind, e.Name, e.MessageID, e.UserID, e.AnonymousID, e.Timestamp.Format("15:04:05"), e.Properties, e.Traits))
					if _, err := order.ParseReport(&e, 0, "CNY"); order.Reports(e.Name) && err != nil {
						t.Errorf("%s: %v", e.Name, err)
					}
				}
			}
			if g, w := strings.Join(got, "\n"), strings.Join(tc.want, "\n"); g != w {
				t.Errorf("got\n%s\nwant\n%s", g, w)
			}
		})
	}
}

func TestHooksAreSigned(t *testing.T) {
	body := shopifyCustomerNotice
	for name, tc := range map[string]struct {
		id, sign string
		status   int
	}{
		"right":                   {"shop", signature(hookSecret, body), 200},
		"of another body":         {"shop", signature(hookSecret, body+" "), 401},
		"with another secret":     {"shop", signature("other-secret", body), 401},
		"none":                    {"shop", "", 401},
		"not base64":              {"shop", "!", 401},
		"an unknown source":       {"none", signature(hookSecret, body), 401},
		"a disabled source":       {"off", signature(hookSecret, body), 401},
		"a source with no secret": {"open", signature("", body), 401},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHookBench(t)
			a := b.notify("shopify", tc.id, "customers/create", body, tc.sign)
			if a.status != tc.status || (len(b.queue.Bodies()) > 0) != (tc.status == 200) {
				t.Errorf("got %d with %d messages, want %d", a.status, len(b.queue.Bodies()), tc.status)
			}
		})
	}
}

// TestANoticeIsOfOneKind sends every notice, with its signature, under every other topic and to the other system's address: it is refused, or says what it
// said. A deletion is the same in both systems, and so names its order whichever address it comes by.
func TestANoticeIsOfOneKind(t *testing.T) {
	const consent = `{"customer_id":42,"email_marketing_consent":{"state":"unsubscribed","consent_updated_at":"2026-11-21T07:00:00Z"}}`
	notices := map[string]string{"shopify order": shopifyOrderNotice, "shopify guest": shopifyGuestNotice, "shopify refund": shopifyRefundNotice, "shopify customer": shopifyCustomerNotice,
		"shopify consent": consent, "shopify tags": `{"customerId":"gid://shopify/Customer/42","tags":["VIP"],"occurredAt":"2026-11-21T07:00:00Z"}`, "woo order": wooOrderNotice, "woo customer": `{"id":26,"email":"ann@shop.example","date_created_gmt":"2026-11-21T06:00:00"}`, "any deletion": `{"id":1}`}
	may := map[string]string{
		"shopify orders/create": "shopify order, shopify guest", "shopify orders/updated": "shopify order, shopify guest", "shopify orders/paid": "shopify order, shopify guest",
		"shopify orders/cancelled": "shopify order, shopify guest", "shopify orders/delete": "any deletion", "shopify refunds/create": "shopify refund",
		"shopify customer.tags_added": "shopify tags", "shopify customer.tags_removed": "shopify tags",
		"shopify customers/create": "shopify customer", "shopify customers/update": "shopify customer",
		"shopify customers_email_marketing_consent/update": "shopify consent, shopify customer", "shopify customers_marketing_consent/update": "shopify consent, shopify customer",
		"woocommerce order.created": "woo order", "woocommerce order.updated": "woo order", "woocommerce order.restored": "woo order", "woocommerce order.deleted": "any deletion",
		"woocommerce customer.created": "woo customer", "woocommerce customer.updated": "woo customer",
	}
	if len(may) != len(storefront.Topics()) {
		t.Errorf("%d topics are tried, and %d have a form", len(may), len(storefront.Topics()))
	}
	for to, those := range may {
		system, topic, _ := strings.Cut(to, " ")
		for name, body := range notices {
			b := newHookBench(t)
			a := b.notify(system, "shop", topic, body, signature(hookSecret, body))
			// A customer without an order is what a deletion looks like too; it says nothing but that there is one.
			want := strings.Contains(those, name) || strings.HasPrefix(topic, "customers/") && name == "any deletion" || strings.Contains(topic, "consent") && name == "any deletion"
			if (a.status == 200) != want || a.status != 200 && a.status != 400 {
				t.Errorf("%s as %s: %d", name, to, a.status)
			}
		}
	}
}

// TestTwoHookSecrets: while the shop system changes over, the present secret and the one before it sign.
func TestTwoHookSecrets(t *testing.T) {
	b := newHookBench(t)
	b.sources["new-key-1"] = source.Source{ID: "new", Kind: source.KindServer, HookSecretSet: true}
	b.hookSecrets = map[source.ID][]string{"new": {"present-secret", "former-secret"}}
	for secret, status := range map[string]int{"present-secret": 200, "former-secret": 200, "another-secret": 401, "": 401} {
		if a := b.notify("shopify", "new", "customers/create", shopifyCustomerNotice, signature(secret, shopifyCustomerNotice)); a.status != status {
			t.Errorf("signed with %q: %d", secret, a.status)
		}
	}
	if b.reads != 2 {
		t.Errorf("%d reads for four notices, want 2", b.reads)
	}
	delete(b.hookSecrets, "new")
	b.Pass(keyAge)
	if a := b.notify("shopify", "new", "customers/create", shopifyCustomerNotice, signature("", shopifyCustomerNotice)); a.status != 401 {
		t.Errorf("without one: %d", a.status)
	}
}

// TestNoticesThatCannotBeJudged: while the secrets cannot be read, those of the source or those that prove who somebody is, a notice comes again, and
// nothing of that is remembered.
func TestNoticesThatCannotBeJudged(t *testing.T) {
	for name, fail := range map[string]func(b *bench){
		"the source's": func(b *bench) { b.secretsDown = errors.New("no catalog") },
		"our own":      func(b *bench) { b.Secrets = away{} },
	} {
		b := newHookBench(t)
		b.sources["new-key-1"] = source.Source{ID: "new", Kind: source.KindServer, HookSecretSet: true}
		b.hookSecrets = map[source.ID][]string{"new": {"present-secret"}}
		ours := b.Secrets
		notify := func() int {
			return b.notify("shopify", "new", "customers/create", shopifyCustomerNotice, signature("present-secret", shopifyCustomerNotice)).status
		}
		fail(b)
		if got := notify(); got != 503 || len(b.queue.Bodies()) != 0 {
			t.Errorf("%s: %d with %d messages", name, got, len(b.queue.Bodies()))
		}
		b.secretsDown, b.Secrets = nil, ours
		if got := notify(); got != 200 || len(b.queue.Bodies()) != 1 {
			t.Errorf("%s, later: %d with %d messages", name, got, len(b.queue.Bodies()))
		}
	}
}

func TestHooksWithABadBody(t *testing.T) {
	for name, tc := range map[string]struct {
		system, topic, body string
		status              int
	}{
		"no JSON":                    {"shopify", "orders/create", `{`, 400},
		"no id":                      {"shopify", "orders/create", `{}`, 400},
		"another form":               {"shopify", "orders/create", `{"id":1,"line_items":{}}`, 400},
		"a refund without an order":  {"shopify", "refunds/create", `{"id":1}`, 400},
		"a refund in two currencies": {"shopify", "refunds/create", `{"id":1,"order_id":2,"transactions":[{"kind":"refund","status":"success","amount":"1","currency":"CNY"},{"kind":"refund","status":"success","amount":"1","currency":"EUR"}]}`, 400},
		"a refund of a word":         {"shopify", "refunds/create", `{"id":1,"order_id":2,"transactions":[{"kind":"refund","status":"success","amount":"x","currency":"CNY"}]}`, 400},
		"a customer's array":         {"shopify", "customers/create", `[]`, 400},
		"a time that is none":        {"shopify", "orders/create", `{"id":1,"created_at":"soon","currency":"CNY","total_price":"1"}`, 400},
		"a currency that is none":    {"shopify", "orders/create", `{"id":1,"currency":"yuan","total_price":"1"}`, 400},
		"woo, deleted without an id": {"woocommerce", "order.deleted", `{}`, 400},
		"woo, no id":                 {"woocommerce", "order.updated", `{"status":"x"}`, 400},
		"woo, a refund of a word":    {"woocommerce", "order.updated", `{"id":1,"refunds":[{"id":2,"total":"x"}]}`, 400},
		"woo, customer, no JSON":     {"woocommerce", "customer.created", `x`, 400},
		"over 4 MB":                  {"shopify", "orders/create", `{"id":1,"name":"` + strings.Repeat("x", 4<<20) + `"}`, 413},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHookBench(t)
			if a := b.notify(tc.system, "shop", tc.topic, tc.body, signature(hookSecret, tc.body)); a.status != tc.status || len(b.queue.Bodies()) != 0 {
				t.Errorf("got %+v with %d messages, want %d", a, len(b.queue.Bodies()), tc.status)
			}
		})
	}
}

func TestAWebhookIsTriedWithoutASignature(t *testing.T) {
	b := newHookBench(t)
	if a := b.notify("woocommerce", "shop", "", "webhook_id=7", ""); a.status != 200 || len(b.queue.Bodies()) != 0 {
		t.Errorf("got %+v with %d messages", a, len(b.queue.Bodies()))
	}
	if a := b.notify("woocommerce", "shop", "order.created", "webhook_id=7", ""); a.status != 401 {
		t.Errorf("with a topic: %+v", a)
	}
}

func TestHookSourcesAreReadOnce(t *testing.T) {
	b := newHookBench(t)
	for range 3 {
		b.notify("shopify", "shop", "x", "{}", signature(hookSecret, "{}"))
		b.notify("shopify", "none", "x", "{}", signature(hookSecret, "{}"))
	}
	if b.reads != 2 {
		t.Errorf("%d reads, want 2", b.reads)
	}
	b.Pass(keyAge)
	b.down = errors.New("no catalog")
	if a := b.notify("shopify", "shop", "x", "{}", signature(hookSecret, "{}")); a.status != 503 {
		t.Errorf("no catalog: %+v", a)
	}
}

func TestALargeOrderFitsIntoAnEvent(t *testing.T) {
	lines := make([]map[string]any, 500)
	for i := range lines {
		lines[i] = map[string]any{"product_id": i, "sku": strings.Repeat("s", 500), "title": strings.Repeat("名", 500), "price": "1.00", "quantity": 1}
	}
	body, err := json.Marshal(map[string]any{"id": 1, "created_at": "2026-11-21T07:00:00Z", "currency": "CNY", "total_price": "500.00", "financial_status": "paid", "line_items": lines})
	if err != nil {
		t.Fatal(err)
	}
	b := newHookBench(t)
	if a := b.notify("shopify", "shop", "orders/create", string(body), signature(hookSecret, string(body))); a.status != 200 {
		t.Fatalf("got %+v %s", a, a.faults())
	}
	e := b.jobs()[0].Events[0]
	r, err := order.ParseReport(&e, event.Hash(0), "CNY")
	if err != nil || *r.Total != 50000 || len(r.Products) != 50 {
		t.Errorf("%v: %+v", err, r)
	}
}

// TestHooksRefuseAloud holds that no part of a notice is lost inside a 200.
func TestHooksRefuseAloud(t *testing.T) {
	b := newHookBench(t)
	for _, c := range []struct{ system, topic, body, says string }{
		{"woocommerce", "order.created", `{"id":1,"status":"processing","currency":"EUR","total":"1,234.56","line_items":[{"product_id":1,"price":90,"quantity":1}]}`, "total: is not a decimal amount"},
		{"woocommerce", "order.created", `{"id":1,"status":"processing","currency":"EUR","total":"12,50"}`, "total: is not a decimal amount"},
		{"woocommerce", "order.updated", `{"id":1,"status":"processing","currency":"EUR","total":"1","line_items":[{"price":"x"}]}`, "line_items[0].price: is not"},
		{"woocommerce", "order.updated", `{"id":1,"status":"processing","currency":"EUR","total":"1","refunds":[{"id":2,"total":""}]}`, "refunds[0].total: is not"},
		{"shopify", "orders/create", `{"id":1,"currency":"EUR","total_price":"1.234,56","line_items":[{"price":"90.00","quantity":1}]}`, "total_price: is not a decimal amount"},
		{"shopify", "orders/create", `{"id":1,"currency":"EUR","total_price":"1.00","line_items":[{"price":"1.00"},{"price":"9,00"}]}`, "line_items[1].price: is not"},
		{"shopify", "refunds/create", `{"id":1,"order_id":2,"transactions":[{"kind":"refund","status":"success","amount":"x","currency":"EUR"}]}`, "transactions[0].amount: is not"},
		{"shopify", "refunds/create", `{"id":1,"order_id":2,"transactions":[{"kind":"refund","status":"success","amount":"1","currency":""}]}`, "transactions[0].currency: is not"},
		{"shopify", "customers/redact", `{"customer":{"id":42}}`, "erase by DELETE"},
	} {
		out := b.notify(c.system, "shop", c.topic, c.body, signature(hookSecret, c.body))
		if text := fmt.Sprint(out); !strings.Contains(text, "400") || !strings.Contains(text, c.says) {
			t.Errorf("%s %s: answered %s, want 400 and %q", c.topic, c.body, text, c.says)
		}
	}
	if out := b.notify("shopify", strings.Repeat("x", 800), "orders/create", "{}", "x"); !strings.Contains(fmt.Sprint(out), "401") {
		t.Errorf("an id that no source can have: %v", out)
	}
}
