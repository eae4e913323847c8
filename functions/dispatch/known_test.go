package dispatch

import (
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestWhatATemplateSaysOfSomebody: carts, orders and favourites as they are proven. What a public event has put into the cart is not in it, since a stranger chooses its name.
func TestWhatATemplateSaysOfSomebody(t *testing.T) {
	const says = `{% for l in cart.lines %}{{ l.name }} {{ l.quantity }} {{ l.price | money }}, {% endfor %}{{ cart.total | money }}; {{ orders.count }} {{ orders.total | money }} {{ orders.lastAt | date: '%d' }}; {{ favourites.categories | join: '+' }} |`
	for refuses, want := range map[bool]string{false: "Oolong 2 45.50, 91.00; 3 100.00 18; tea |", true: "Oolong 2 45.50, 91.00; 3 100.00 18;  |"} {
		b := start(t, welcome)
		b.define(definition.Template, "hello", strings.Replace(greeting, "{{ event.properties.plan }}", says, 1))
		b.change(func(p *profile.Profile) {
			for day, sum := range []int64{4000, 6000} {
				p.Orders.Replace(nil, &profile.OrderEntry{At: time.Date(2026, 11, 17+day, 4, 0, 0, 0, time.UTC), Net: sum, Currency: "CNY"})
			}
			p.Orders.Replace(nil, &profile.OrderEntry{At: time.Date(2026, 11, 1, 4, 0, 0, 0, time.UTC), Net: 5, Currency: "USD"})
			p.Cart = map[string]profile.CartLine{"tea": {Quantity: 2, Price: 4550, At: b.Now(), Name: "Oolong"}, "gone": {At: b.Now(), Name: "Gone"}}
			p.Unproven.FirstSeen, p.Unproven.Cart = b.Now(), map[string]profile.CartLine{"spam": {Quantity: 1, Price: 1, At: b.Now(), Name: "Call me"}}
			p.Categories = profile.Interests{"tea": {Last: 1, Counts: []int64{1}}}
			if refuses {
				if p.Consent == nil {
					p.Consent = map[string]profile.Consent{}
				}
				p.Consent["profiling"] = profile.Consent{At: b.Now()}
			}
		})
		settle(b, b.process, b.signUp(b.ask("s1")))
		b.expect(1, "sent")
		if got := b.provider.taken[0].Content.Text; !strings.Contains(got, " "+want) {
			t.Errorf("refuses profiling %v: %q, want %q", refuses, got, want)
		}
	}
}
