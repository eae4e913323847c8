package format

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	domain "github.com/userops/userops/shared/domain/people/order"
)

// sample is a few lines in the layout of an export.
func sample(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestShopifyOrders(t *testing.T) {
	mei := domain.Guest("shopify", "email-"+digest("mei@shop.example"))
	ann := domain.Guest("shopify", "email-"+digest("ann@shop.example"))
	const tea = `{"brand":"Leaf","name":"Green tea - 100g","price":10.00,"product_id":"TEA-100","quantity":2,"sku":"TEA-100"}`
	const cup = `{"brand":"Clay","name":"Cup, white","price":8.00,"product_id":"CUP-W","quantity":1,"sku":"CUP-W"}`
	events := func(mei string, idMei, idAnn string) []string {
		return []string{
			"2 person-" + idMei + " identify " + mei + ` 2026-03-04T01:58:00Z {"email":"mei@shop.example"}`,
			"2 order-5004-completed trackOrder Completed " + mei + ` 2026-03-04T02:00:00Z {"affiliation":"shopify","coupon":"SPRING","currency":"USD","discount":3.00,"order_id":"5004","products":[` +
				tea + "," + cup + `],"shipping":5.00,"subtotal":25.00,"tax":2.00,"total":32.00} 3200 USD`,
			"2 order-5004-refunded-1000 trackOrder Refunded " + mei + ` 2026-03-04T02:00:00Z {"currency":"USD","order_id":"5004","refund_id":"exported","total":10.00} -1000 USD`,
			`4 order-5003-placed trackOrder Placed shopify-order-5003 2026-03-03T01:00:00Z {"affiliation":"shopify","currency":"EUR","discount":0.00,"order_id":"5003","products":[` +
				strings.NewReplacer("10.00", "19.00", `"quantity":2`, `"quantity":1`).Replace(tea) + `],"shipping":0.00,"subtotal":19.00,"tax":0.00,"total":19.00}`,
			"5 person-" + idAnn + " identify " + ann + ` 2026-03-02T00:00:00Z {"email":"Ann@Shop.example","phone":"+4915112345678"}`,
			"5 order-5002-completed trackOrder Completed " + ann + ` 2026-03-02T00:00:00Z {"affiliation":"shopify","currency":"JPY","discount":0,"order_id":"5002","products":[` +
				`{"name":"Gift card","price":1500,"product_id":"Gift card","quantity":1}],"shipping":0,"subtotal":1500,"tax":0,"total":1500} 1500 JPY`,
			"5 order-5002-refunded-1500 trackOrder Refunded " + ann + ` 2026-03-02T04:00:00Z {"currency":"JPY","order_id":"5002","refund_id":"exported","total":1500} -1500 JPY`,
			"5 order-5002-cancelled trackOrder Cancelled " + ann + ` 2026-03-02T04:00:00Z {"order_id":"5002"}`,
		}
	}
	name := func(parts ...string) string { return digest(parts...) }
	got, refused, err := told(t, Shopify, sample(t, "shopify_orders.csv"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	annID := name("", ann, "map[email:Ann@Shop.example phone:+4915112345678]")
	same(t, "orders of guests", got, events(mei, name("", mei, "map[email:mei@shop.example]"), annID)...)
	if want := `line 6 (row 5 below the header): Subtotal is no amount of money (there stands "x")`; refused != want {
		t.Errorf("refused %s, want %s", refused, want)
	}

	people, err := ReadShopifyCustomers(strings.NewReader(sample(t, "shopify_customers.csv")))
	if err != nil || len(people) != 1 || people["mei@shop.example"] != "701" {
		t.Fatalf("people are %v, error %v", people, err)
	}
	got, _, err = told(t, Shopify, sample(t, "shopify_orders.csv"), Options{People: people})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "orders of customers", got, events("701", name("701", "", "map[email:mei@shop.example]"), annID)...)
}

func TestShopifyCustomers(t *testing.T) {
	got, refused, err := told(t, Shopify, sample(t, "shopify_customers.csv"), Options{})
	if err != nil || len(got) != 1 || refused != "line 3 (row 2 below the header): the line says nothing of the person: every trait is empty" {
		t.Fatalf("%v, %v, refused %s", got, err, refused)
	}
	if want := ` identify 701  {"city":"Shanghai","country":"CN","email":"mei@shop.example","firstName":"Mei","lastName":"Li","phone":"+8613800138000","state":"SH"}`; !strings.HasSuffix(got[0], want) {
		t.Errorf("customer is %s, want %s", got[0], want)
	}
}

func TestWooCommerceLineForLine(t *testing.T) {
	bo := domain.Guest("woocommerce", "email-"+digest("bo@shop.example"))
	got, refused, err := told(t, WooCommerce, sample(t, "woocommerce_items.csv"), Options{})
	if err != nil || refused != "" {
		t.Fatalf("%v, refused %s", err, refused)
	}
	same(t, "orders", got,
		"2 person-"+digest("17", "", "map[email:ann@shop.example firstName:Ann]")+` identify 17 2026-03-01T02:00:00Z {"email":"ann@shop.example","firstName":"Ann"}`,
		`2 order-812-completed trackOrder Completed 17 2026-03-01T02:00:00Z {"affiliation":"woocommerce","currency":"EUR","discount":0.00,"order_id":"812","products":[`+
			`{"line_total":20.00,"name":"Green tea","price":10.00,"product_id":"31","quantity":2,"sku":"TEA"},{"line_total":10.00,"name":"Cup","price":10.00,"product_id":"32","quantity":1,"sku":"CUP"}],`+
			`"shipping":5.00,"tax":1.00,"total":36.00} 3600 EUR`,
		`2 order-812-refunded-600 trackOrder Refunded 17 2026-03-01T02:00:00Z {"currency":"EUR","order_id":"812","refund_id":"exported","total":6.00} -600 EUR`,
		"4 person-"+digest("", bo, "map[email:bo@shop.example firstName:Bo]")+" identify "+bo+` 2026-03-02T02:00:00Z {"email":"bo@shop.example","firstName":"Bo"}`,
		"4 order-813-placed trackOrder Placed "+bo+` 2026-03-02T02:00:00Z {"affiliation":"woocommerce","currency":"EUR","discount":0.00,"order_id":"813","products":[`+
			`{"line_total":10.00,"name":"Cup","price":10.00,"product_id":"32","quantity":1,"sku":"CUP"}],"shipping":0.00,"tax":0.00,"total":10.00}`,
		"4 order-813-cancelled trackOrder Cancelled "+bo+` 2026-03-02T02:00:00Z {"order_id":"813"}`)
}

func TestWooCommerceOrderForOrder(t *testing.T) {
	got, refused, err := told(t, WooCommerce, sample(t, "woocommerce_suite.csv"), Options{Dates: "dmy"})
	if want := `line 5 (row 4 below the header): line_item_1 is no product such as name:Tea|product_id:12|quantity:2|total:20.00 (there stands "Cup")`; err != nil || refused != want {
		t.Fatalf("%v, refused %s, want %s", err, refused, want)
	}
	same(t, "orders", got,
		"2 person-"+digest("17", "", "map[city:Kiel country:DE email:ann@shop.example firstName:Ann]")+
			` identify 17 2026-03-13T02:00:00Z {"city":"Kiel","country":"DE","email":"ann@shop.example","firstName":"Ann"}`,
		`2 order-901-completed trackOrder Completed 17 2026-03-13T02:05:00Z {"affiliation":"woocommerce","currency":"EUR","discount":0.00,"order_id":"901","products":[`+
			`{"line_total":20.00,"name":"Green tea","price":10.00,"product_id":"31","quantity":2,"sku":"TEA"},{"line_total":10.00,"name":"Cup","price":10.00,"product_id":"32","quantity":1,"sku":"CUP"}],`+
			`"shipping":0.00,"tax":0.00,"total":30.00} 3000 EUR`,
		`3 order-902-placed trackOrder Placed woocommerce-order-902 2026-03-14T02:00:00Z {"affiliation":"woocommerce","currency":"EUR","discount":0.00,"order_id":"902","products":[`+
			`{"line_total":10.00,"name":"Cup","price":10.00,"product_id":"32","quantity":1,"sku":"CUP"}],"shipping":0.00,"tax":0.00,"total":10.00}`)
}

func TestWooCommerceCustomers(t *testing.T) {
	got, refused, err := told(t, WooCommerce, sample(t, "woocommerce_customers.csv"), Options{})
	if err != nil || len(got) != 1 || refused != "" {
		t.Fatalf("%v, %v, refused %s", got, err, refused)
	}
	if want := ` identify 17  {"city":"Kiel","country":"DE","createdAt":"2025-12-31T15:30:00Z","email":"ann@shop.example","firstName":"Ann","lastName":"Lee","phone":"+49 151 12345678"}`; !strings.HasSuffix(got[0], want) {
		t.Errorf("customer is %s, want %s", got[0], want)
	}
}

func TestExportsOfAnotherLayout(t *testing.T) {
	for _, c := range []struct {
		format Format
		text   string
		want   string
	}{
		{Shopify, "a,b\n1,2\n", "orders of shopify: the header has no column for group: the file has another layout"},
		{Shopify, "Customer ID,b\n1,2\n", "customers of shopify: the header has no column for email: the file has another layout"},
		{WooCommerce, "a,b\n1,2\n", "customers of woocommerce: the header has no column for userId: the file has another layout"},
		{WooCommerce, "order_id,b\n1,2\n", "orders of woocommerce: the header has no column for status: the file has another layout"},
	} {
		if _, _, err := told(t, c.format, c.text, Options{}); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.format, err, c.want)
		}
	}
}
