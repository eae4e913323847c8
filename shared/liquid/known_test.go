package liquid

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/outreach/template"
)

func yuan(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }

// asked counts how often somebody's Known is asked for.
func asked(n *int) func() Known {
	return func() Known {
		*n++
		return Known{
			Orders: Orders{Count: 3, Total: yuan(123456), LastAt: time.Date(2026, 11, 20, 18, 30, 0, 0, time.UTC)},
			Cart:   []Line{{"tea", "乌龙 & 茶", 2, yuan(4550)}, {"cup", "杯", 1, yuan(1990)}}, Categories: []string{"茶", "杯"},
		}
	}
}

// TestWhatIsKnownOfSomebody prints carts and orders; sums have the decimals of their currency, and its name where it is not the reader's.
func TestWhatIsKnownOfSomebody(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	ordered := func(properties string) *Event {
		return &Event{Name: "Order Completed", Timestamp: time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC), Properties: json.RawMessage(properties)}
	}
	lines := `{"order_id":"A-1","total":"45.5","discount":5,"coupon":"TEA","currency":"CNY","products":[{"product_id":"p","name":"乌龙","quantity":2,"price":"20.25"},{"product_id":"q","price":10}]}`
	for name, c := range map[string]struct {
		source string
		event  *Event
		want   string
		calls  int
	}{
		"the cart":                 {"{% for l in cart.lines %}{{ l.name }} x{{ l.quantity }} {{ l.price | money }}={{ l.total | money }};{% endfor %}{{ cart.count }} {{ cart.total | money }}", nil, "乌龙 & 茶 x2 45.50=91.00;杯 x1 19.90=19.90;3 110.90", 1},
		"as it stands":             {"{{ cart.total }}", nil, "110.90", 1},
		"its orders":               {"{{ orders.count }} {{ orders.total | money }} {{ orders.lastAt | date: '%m-%d %H:%M' }} {{ orders.firstAt | default: '-' }}", nil, "3 1234.56 11-21 02:30 -", 1},
		"favourites":               {"{{ favourites.categories | first }}{% if favourites.brands.size == 0 %}!{% endif %}{{ favourites.brands | first | default: '无' }}", nil, "茶!无", 1},
		"nothing of it":            {"{{ shop.name }}", nil, "茶铺", 0},
		"an order":                 {"{{ order.id }} {{ order.total | money }} -{{ order.discount | money }} {{ order.coupon }}:{% for l in order.lines %} {{ l.name | default: l.productId }} {{ l.total | money }}{% endfor %}", ordered(lines), "A-1 45.50 -5.00 TEA: 乌龙 40.50 q 10.00", 0},
		"in yen":                   {"{{ order.total | money }}", ordered(`{"order_id":"A","total":1200,"currency":"JPY"}`), "1200 JPY", 0},
		"in yen, asked for so":     {"{{ order.total | money: 'JPY' }}", ordered(`{"order_id":"A","total":1200,"currency":"JPY"}`), "1200", 0},
		"no amount":                {"[{{ order.total | money }}]", ordered(`{"order_id":"A"}`), "[]", 0},
		"an event of no order":     {"[{{ order.id }}{{ order.lines | size }}]", &Event{Name: "Product Viewed", Properties: json.RawMessage(`{"order_id":"A"}`)}, "[0]", 0},
		"an order that is none":    {"[{{ order.id }}]", ordered(`{"order_id":"A","total":"x"}`), "[]", 0},
		"no event":                 {"[{{ order.id }}{{ order.lines | size }}]", nil, "[0]", 0},
		"a name of the template's": {"{% assign cart = 5 %}{% for order in profile.ids %}{{ order }}{% endfor %}{{ cart }}", nil, "12" + "5", 1},
	} {
		compiled, err := Compile(template.Definition{Channel: "email", Locales: map[string]template.Content{"default": {Subject: "s", Text: c.source}}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		calls := 0
		got, err := compiled.Render("", Variables{ShopName: "茶铺", Traits: map[string]any{"ids": []any{1, 2}}, Event: c.event, Zone: shanghai, Currency: "CNY", Known: asked(&calls)})
		if err != nil || got.Text != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got.Text, err, c.want)
		}
		if calls > c.calls {
			t.Errorf("%s: asked %d times", name, calls)
		}
	}
}

// TestWhatNobodyKnows: without an answer there is nothing, and a preview says what it lacks.
func TestWhatNobodyKnows(t *testing.T) {
	_, compiled, err := Parse([]byte(`{"id":"x","channel":"email","locales":{"default":{"subject":"s","text":"{{ orders.count }}{{ cart.total | money }}{{ favourites.brands | first }}{{ orders.lastAt }}{{ order.id }}"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := compiled.Render("", Variables{Currency: "CNY"})
	if err != nil || got.Text != "00.00" {
		t.Errorf("%q, %v", got.Text, err)
	}
	if lacking, want := compiled.Lacking(Variables{Currency: "CNY"}), []string{"favourites.brands", "orders.lastAt"}; !slices.Equal(lacking, want) {
		t.Errorf("lacking are %q, want %q", lacking, want)
	}
}

// TestMisspeltKnowledge is found when the template is saved.
func TestMisspeltKnowledge(t *testing.T) {
	for _, source := range []string{"{{ cart.items }}", "{{ order.number }}", "{{ orders.sum }}", "{{ favorites.brands }}", "{{ favourites.products }}"} {
		if _, _, err := Parse([]byte(`{"id":"x","channel":"email","locales":{"default":{"subject":"s","text":"` + source + `"}}}`)); err == nil {
			t.Errorf("%s is taken", source)
		}
	}
	p, err := compile("{{ profile.spent | money }}", plain, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.render(Variables{Traits: map[string]any{"spent": map[string]any{"amount": 5, "currency": "CNY"}}}.bindings(nil)); !errors.Is(err, ErrRender) {
		t.Errorf("an object that somebody sent is taken for a sum: %v", err)
	}
}
