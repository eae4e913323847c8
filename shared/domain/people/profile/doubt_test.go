package profile

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/people/event"
)

func TestAlike(t *testing.T) {
	for name, want := range map[string]string{
		"Order Complete": "Order Completed", "order_completed": "Order Completed", "orderCompleted": "Order Completed", "ORDER  COMPLETED": "Order Completed",
		"Completed Order": "Order Completed", "Order Canceled": "Order Cancelled", "Order Cancel": "Order Cancelled", "Order Refund": "Order Refunded",
		"Order Complted": "Order Completed", "Order Cmplted": "Order Completed", "Order Cmpltd": "", "product-viewed": "Product Viewed", "Viewed Product": "Product Viewed",
		"Products Viewed": "Product Viewed", "Product Add": "Product Added", "Sign Up": "Signed Up", "signup": "Signed Up", "Signed in": "Signed In", "Checked-In": "Checked In",
		"Unsubscribe": "Unsubscribed", "Consent Grant": "Consent Granted", "Store Visit": "Store Visited", "Email Open": "Email Opened",
		// What a shop may well call its own.
		"Order Shipped": "", "Order Created": "", "Order Paid": "", "Order Delivered": "", "Signed Out": "", "Checked Out": "", "Subscribed": "", "Points Burned": "", "Wheel Spun": "",
		"Cart Abandoned": "", "Add to Cart": "", "Search": "", "Login": "", "Signed": "", "A": "", "": "", "___": "", "page": "", "pages": "", "订单完成": "", "Order Completed 订": "",
		strings.Repeat("Order Completed", 3): "",
	} {
		if got := Alike(name); got != want {
			t.Errorf("%q is like %q, want %q", name, got, want)
		}
	}
}

// TestALetterAmiss takes one letter out of each standard name, and writes one twice: it is like a standard name, or is one.
func TestALetterAmiss(t *testing.T) {
	for _, name := range StandardEvents[3:] {
		for i, c := range name {
			if c == ' ' {
				continue
			}
			for _, amiss := range []string{name[:i] + name[i+1:], name[:i] + name[i:i+1] + name[i:]} {
				if Alike(amiss) == "" && !standard[amiss] {
					t.Errorf("%q is like no standard name", amiss)
				}
			}
		}
	}
}

// TestDistance holds it to the definition.
func TestDistance(t *testing.T) {
	var slow func(a, b string) int
	slow = func(a, b string) int {
		if a == "" || b == "" {
			return len(a) + len(b)
		}
		if a[0] == b[0] {
			return slow(a[1:], b[1:])
		}
		return 1 + min(slow(a[1:], b), slow(a, b[1:]), slow(a[1:], b[1:]))
	}
	rapid.Check(t, func(r *rapid.T) {
		a, b := rapid.StringMatching(`[abc]{0,6}`).Draw(r, "a"), rapid.StringMatching(`[abc]{0,6}`).Draw(r, "b")
		if got, want := distance(a, b), slow(a, b); got != want {
			r.Fatalf("%q and %q are %d apart, want %d", a, b, got, want)
		}
	})
}

func TestDoubt(t *testing.T) {
	const currency, price = "properties.currency is not a currency of ISO 4217, such as CNY, so the event's amounts are not used",
		"properties.price is not a decimal amount of zero or more, so the cart has the product without a price"
	const quantity = "properties.quantity is not a whole number of one or more: one piece counts"
	const kept = ": it is kept as a trait, and "
	for name, c := range map[string]struct{ kind, event, body, want string }{
		"a standard name":           {"track", "Product Viewed", `{"currency":"CNY","price":"?"}`, ""},
		"nearly a standard name":    {"track", "product_viewed", `{"currency":"RMB"}`, `event is no standard name: did you mean "Product Viewed"? It counts as an event of your own`},
		"a name of the shop's":      {"track", "Wheel Spun", `{"currency":"RMB"}`, ""},
		"no properties":             {"track", "Product Added", ``, ""},
		"a name for a currency":     {"track", "Product Viewed", `{"currency":"RMB"}`, currency},
		"small letters":             {"track", "Product Viewed", `{"currency" : "cny"}`, ""},
		"a sign for a currency":     {"track", "Checkout Started", `{"currency":"¥"}`, currency},
		"no text for a currency":    {"track", "Checkout Started", `{"currency":7}`, currency},
		"null and empty":            {"track", "Product Added", `{"currency":null,"price":"","quantity":null}`, ""},
		"another's currency":        {"track", "Product Viewed", `{"cart":{"currency":"RMB"},"currency":"CNY"}`, ""},
		"behind a known one":        {"track", "Product Viewed", `{"cart":{"currency":"CNY"},"currency":"RMB"}`, currency},
		"a value that is the key":   {"track", "Product Viewed", `{"a":"currency"}`, ""},
		"a good line":               {"track", "Product Added", `{"price":"12.50","quantity":2,"currency":"USD"}`, ""},
		"of nothing":                {"track", "Product Added", `{"price":0,"quantity":1}`, ""},
		"below nothing":             {"track", "Product Added", `{"price":-0.01,"quantity":0}`, quantity + "; " + price},
		"unreadable":                {"track", "Product Added", `{"price":"¥12","quantity":"1.5"}`, quantity + "; " + price},
		"a price of no currency":    {"track", "Product Added", `{"price":"¥12","currency":"RMB"}`, currency},
		"a price out of the cart":   {"track", "Product Removed", `{"price":"¥12"}`, ""},
		"good traits":               {"identify", "", `{"email":"Mei@example.com","phone":"+86 138 0000 1111","birthday":"1990-05-31","name":"x"}`, ""},
		"traits that say nothing":   {"identify", "", `{"email":"","phone":null,"birthday":""}`, ""},
		"no address":                {"identify", "", `{"email":"mei"}`, "traits.email is no e-mail address" + kept + "nobody is written to or known by it"},
		"no text for an address":    {"identify", "", `{"email":["mei@example.com"]}`, "traits.email is no e-mail address" + kept + "nobody is written to or known by it"},
		"no number":                 {"identify", "", `{"phone":"n/a"}`, "traits.phone is no phone number" + kept + "nobody is written to or known by it"},
		"no date":                   {"identify", "", `{"birthday":"31.05.1990"}`, "traits.birthday is no date such as 1990-05-31" + kept + "no birthday"},
		"30 February":               {"identify", "", `{"birthdate":"1990-02-30"}`, "traits.birthdate is no date such as 1990-05-31" + kept + "no birthday"},
		"without a year":            {"identify", "", `{"dateOfBirth":"--02-29"}`, ""},
		"digits":                    {"identify", "", `{"birthday":19900531}`, ""},
		"tomorrow":                  {"identify", "", `{"birthday":"2026-11-22"}`, ""},
		"the day after":             {"identify", "", `{"birthday":"2026-11-23"}`, "traits.birthday lies in the future: nobody has an age by it"},
		"of a call that sets none":  {"track", "Product Viewed", `{"email":"mei"}`, ""},
		"of a page, with its names": {"page", "order_completed", `{"currency":"RMB"}`, ""},
	} {
		e := event.Event{Kind: event.Kind(c.kind), Name: c.event, ReceivedAt: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)}
		if e.Properties = []byte(c.body); e.Kind == event.Identify {
			e.Properties, e.Traits = nil, []byte(c.body)
		}
		if got := doubts(&e); got != c.want {
			t.Errorf("%s: %q\nwant %q", name, got, c.want)
		}
	}
	both := event.Event{Kind: event.Identify, Traits: []byte(`{"email":"a@b.example"}`), Context: []byte(`{"traits":{"email":"mei"}}`)}
	if got := doubts(&both); !strings.HasPrefix(got, "context.traits.email is no e-mail address") {
		t.Errorf("of the context: %q", got)
	}
	moved := event.Event{Kind: event.Identify, Context: []byte(`{"traits":{"email":"mei"}}`)}
	moved.Traits = moved.Context[10 : len(moved.Context)-1] // as an identify without traits is read
	if got := doubts(&moved); !strings.HasPrefix(got, "traits.email is no e-mail address") || strings.Contains(got, ";") {
		t.Errorf("of the context alone: %q", got)
	}
}

func doubts(e *event.Event) string {
	var all []string
	Doubt(e, "CNY", func(field, reason string) { all = append(all, field+" "+reason) })
	return strings.Join(all, "; ")
}

// TestWhatIsDoubtedIsNotUsed folds what Doubt warns of: the cart is worth nothing by it.
func TestWhatIsDoubtedIsNotUsed(t *testing.T) {
	for body, want := range map[string]int64{
		`{"product_id":"a","price":12.5}`: 1250, `{"product_id":"a","price":12.5,"currency":"CNY"}`: 1250, `{"product_id":"a","price":12.5,"currency":""}`: 1250,
		`{"product_id":"a","price":-5}`: 0, `{"product_id":"a","price":12.5,"currency":"RMB"}`: 0, `{"product_id":"a","price":12.5,"currency":"¥"}`: 0,
		`{"product_id":"a","price":12.5,"currency":"USD"}`: 0, `{"product_id":"a","price":12.5,"quantity":-3}`: 1250, `{"product_id":"a","price":12.5,"quantity":3}`: 3750,
	} {
		var m Memory
		m.track(&event.Event{Kind: event.Track, Name: event.ProductAdded, Properties: []byte(body)}, time.Unix(1, 0), "CNY")
		if _, worth := m.OpenCart(); worth != want {
			t.Errorf("%s: the cart is worth %d, want %d", body, worth, want)
		}
	}
}

// TestTheDocumentationHasTheStandardNames holds docs/events.md and docs/zh/events.md to the names that Alike knows.
func TestTheDocumentationHasTheStandardNames(t *testing.T) {
	for page, heading := range map[string]string{"docs/events.md": "Standard events", "docs/zh/events.md": "标准事件"} {
		text, err := os.ReadFile("../../../../" + page)
		if err != nil {
			t.Fatal(err)
		}
		_, section, _ := strings.Cut(string(text), "## "+heading+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		_, list, _ := strings.Cut(strings.TrimSpace(section), "\n\n")
		list, _, _ = strings.Cut(list, "\n\n") // what follows tells of some of them
		got := strings.Split(strings.TrimSuffix(strings.ReplaceAll(list, "\n", " "), "."), ", ")
		if want := StandardEvents[3:]; !slices.Equal(got, want) {
			t.Errorf("%s lists %q, want %q", page, got, want)
		}
	}
}
