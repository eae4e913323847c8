package rule

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestMoneyIsCompared at its borders, in currencies of several decimals.
func TestMoneyIsCompared(t *testing.T) {
	now := at(t, "2026-11-21T02:00:00Z")
	spent := func(net int64, currency money.Currency) *profile.Profile {
		return &profile.Profile{Orders: profile.Orders{Entries: []profile.OrderEntry{{At: now, Net: net, Currency: currency}}}}
	}
	for _, c := range []struct {
		currency money.Currency
		net      int64
		op       string
		value    string
		want     bool
	}{
		{"CNY", 50000, "gte", `{"money":"500.00"}`, true}, {"CNY", 49999, "gte", `{"money":"500.00"}`, false}, {"CNY", 50000, "gt", `{"money":"500"}`, false}, {"CNY", 50001, "gt", `{"money":"500"}`, true},
		{"CNY", 50000, "eq", `{"money":"500.0","currency":"CNY"}`, true}, {"CNY", 50000, "ne", `{"money":"500"}`, false}, {"CNY", 50000, "in", `[1,{"money":"500"}]`, true}, {"CNY", 50000, "in", `[50000]`, true},
		{"CNY", 500, "eq", `{"money":"500"}`, false}, {"CNY", 500, "eq", `500`, true}, {"CNY", 50, "lte", `{"money":"0.5"}`, true}, {"CNY", 51, "lt", `{"money":"0.51"}`, false},
		{"JPY", 500, "eq", `{"money":"500"}`, true}, {"JPY", 501, "gte", `{"money":"500.5"}`, true}, {"JPY", 500, "gte", `{"money":"500.5"}`, false}, {"JPY", 500, "lte", `{"money":"500.5"}`, true},
		{"KWD", 500, "eq", `{"money":"0.5"}`, true}, {"CNY", 9007199254740993, "gt", `{"money":"90071992547409.92"}`, true}, {"CNY", 9007199254740993, "lte", `{"money":"90071992547409.93"}`, true},
		// Of another currency nothing is met, and its opposite is.
		{"CNY", 50000, "gte", `{"money":"1","currency":"USD"}`, false}, {"CNY", 50000, "lte", `{"money":"1000","currency":"USD"}`, false}, {"CNY", 50000, "ne", `{"money":"500","currency":"USD"}`, true},
	} {
		raw := fmt.Sprintf(`{"field":"orders.revenue","op":%q,"value":%s}`, c.op, c.value)
		if got := meets(t, raw, spent(c.net, c.currency), now, profile.Shop{Zone: zone(t, "Asia/Shanghai"), Currency: c.currency}); got != c.want {
			t.Errorf("%d %s: %s is met: %v", c.net, c.currency, raw, got)
		}
	}
}

func TestMoneyIsOfMoneyAlone(t *testing.T) {
	for field, want := range map[string]string{
		"orders.count": `rule.value is an amount of money, and orders.count counts none`, "traits.spent": `rule.value is an amount of money, and traits.<name> counts none`, "cart.value": "", "orders.max": "", "orders.revenue365": "", "orders.average": "",
		"cart.products": `rule.value is an amount of money, and cart.products counts none`,
	} {
		op := "gte"
		if field == "cart.products" {
			op = "contains"
		}
		parsed, faults := Parse([]byte(fmt.Sprintf(`{"field":%q,"op":%q,"value":{"money":"3.50"}}`, field, op)))
		if got := faults.Error(); len(faults) > 0 && got != want || len(faults) == 0 && want != "" {
			t.Errorf("%s: %s, want %s", field, got, want)
		}
		if n := len(parsed.Prices); n != map[bool]int{true: 1}[want == ""] {
			t.Errorf("%s: %d prices", field, n)
		}
	}
	parsed := read(t, `{"all":[{"field":"orders.max","op":"in","value":[7,{"money":"1.50","currency":"usd"}]},{"field":"cart.value","op":"lt","value":{"money":"2"}}]}`)
	if got, want := fmt.Sprint(parsed.Prices), "[{rule.all[0].value[1] USD 1} {rule.all[1].value  0}]"; got != want {
		t.Errorf("prices are %s, want %s", got, want)
	}
}

// TestPricesAreExact compares as rational numbers do.
func TestPricesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shop := money.Currency(rapid.SampledFrom([]string{"JPY", "CNY", "KWD", "CLF"}).Draw(t, "currency"))
		held := rapid.Int64().Draw(t, "held")
		digits := rapid.StringMatching(`-?[0-9]{1,14}(\.[0-9]{1,6})?`).Draw(t, "text")
		decimal, err := money.ReadDecimal(digits)
		if err != nil {
			t.Skip("no number")
		}
		p := price{decimal: decimal}
		if !p.fits() {
			t.Skip("too much")
		}
		n, _ := p.in(shop)
		asked, ok := new(big.Rat).SetString(digits)
		if !ok {
			t.Fatal(digits)
		}
		minor := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(shop.Exponent())), nil))
		want := new(big.Rat).SetInt64(held).Cmp(asked.Mul(asked, minor))
		if got := whole(held).num.compare(n); got != want || n.compare(whole(held).num) != -want {
			t.Fatalf("%d %s against %s is %d, want %d", held, shop, digits, got, want)
		}
	})
	if got := (number{whole: 1234, scale: 2, isWhole: true}).asFloat(); got != 12.34 || !strings.HasPrefix(fmt.Sprint(got), "12.34") {
		t.Errorf("as a float it is %v", got)
	}
}
