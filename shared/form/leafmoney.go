package form

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/reward/ledger"
)

// decimal writes a number exactly, without an exponent: 5 with a scale of 1 is 0.5.
func decimal(d money.Decimal) string {
	sign, digits := "", strconv.FormatInt(d.Digits, 10)
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	if d.Scale < 0 {
		digits += strings.Repeat("0", -d.Scale)
	}
	if d.Scale <= 0 {
		return sign + digits
	}
	if len(digits) <= d.Scale {
		digits = strings.Repeat("0", d.Scale-len(digits)+1) + digits
	}
	whole, fraction := digits[:len(digits)-d.Scale], strings.TrimRight(digits[len(digits)-d.Scale:], "0")
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}

// showPercent tells a share in percent: 0.125 is 12.5.
func showPercent(raw json.RawMessage, _ Shop) (Typed, bool) {
	n, ok := numberIn(raw)
	d, err := money.ReadDecimal(n)
	d.Scale -= 2
	if d.Digits == 0 {
		d.Scale = 0
	}
	return Typed{Text: decimal(d)}, ok && err == nil
}

func writePercent(t Typed, _ Shop) (json.RawMessage, string) {
	typed := strings.TrimSpace(strings.TrimSuffix(number(t.Text), "%"))
	if typed == "" {
		return nil, ""
	}
	d, err := money.ReadDecimal(typed)
	if err != nil {
		return nil, "is not a number"
	}
	d.Scale += 2
	return json.RawMessage(decimal(d)), ""
}

func showMinor(raw json.RawMessage, s Shop) (Typed, bool) {
	n, _ := numberIn(raw)
	minor, err := strconv.ParseInt(n, 10, 64)
	return Typed{Text: money.Amount{Minor: minor, Currency: s.Currency}.Decimal()}, err == nil
}

func writeMinor(t Typed, s Shop) (json.RawMessage, string) {
	if number(t.Text) == "" {
		return nil, ""
	}
	a, reason := amount(t.Text, s.Currency)
	if reason != "" {
		return nil, reason
	}
	return json.RawMessage(strconv.FormatInt(a.Minor, 10)), ""
}

// amount is what was typed in a currency. Nothing is rounded: who types more decimals than there are means something else.
func amount(typed string, c money.Currency) (money.Amount, string) {
	d, err := money.ReadDecimal(number(typed))
	if err != nil {
		return money.Amount{}, "is not an amount such as 500.00"
	}
	if d.Scale > c.Exponent() {
		return money.Amount{}, fmt.Sprintf("has %d decimals, %s has %d", d.Scale, c, c.Exponent())
	}
	a, fits := d.In(c)
	if !fits {
		return money.Amount{}, money.ErrDecimal.Error()
	}
	return a, ""
}

// showMoney takes an amount that has nothing but its two members.
func showMoney(raw json.RawMessage, _ Shop) (Typed, bool) {
	all, _ := members(raw)
	code, isText := textIn(one(all, "currency"))
	n, _ := numberIn(one(all, "amount"))
	minor, err := strconv.ParseInt(n, 10, 64)
	c, unknown := money.ParseCurrency(code)
	return Typed{Text: money.Amount{Minor: minor, Currency: c}.Decimal(), As: code}, len(all) == 2 && isText && err == nil && unknown == nil
}

func writeMoney(t Typed, s Shop) (json.RawMessage, string) {
	if number(t.Text) == "" {
		return nil, ""
	}
	c, err := currency(t.As, s)
	if err != nil {
		return nil, err.Error()
	}
	a, reason := amount(t.Text, c)
	if reason != "" {
		return nil, reason
	}
	return object([]member{{"amount", json.RawMessage(strconv.FormatInt(a.Minor, 10))}, {"currency", text(string(c))}}), ""
}

// currency is one that was typed, the shop's where none was.
func currency(typed string, s Shop) (money.Currency, error) {
	if typed = strings.TrimSpace(typed); typed == "" {
		return s.Currency, nil
	}
	return money.ParseCurrency(typed)
}

// showQuantity takes a reward of a unit that this program has: {"points": 500} or {"voucher": {"amount": 500, "currency": "CNY"}}.
func showQuantity(raw json.RawMessage, s Shop) (Typed, bool) {
	all, _ := members(raw)
	if len(all) != 1 {
		return Typed{}, false
	}
	for _, form := range ledger.Forms() {
		if form.Name != all[0].name {
			continue
		}
		if !form.Money {
			n, ok := numberIn(all[0].value)
			return Typed{Text: n, As: form.Name}, ok
		}
		t, ok := showMoney(all[0].value, s)
		return Typed{Text: t.Text, As: form.Name, In: t.As}, ok
	}
	return Typed{}, false
}

func writeQuantity(t Typed, s Shop) (json.RawMessage, string) {
	if number(t.Text) == "" {
		return nil, ""
	}
	for _, form := range ledger.Forms() {
		if form.Name != t.As {
			continue
		}
		raw, reason := writeWhole(Typed{Text: t.Text}, s)
		if form.Money {
			raw, reason = writeMoney(Typed{Text: t.Text, As: t.In}, s)
		}
		if reason != "" {
			return nil, reason
		}
		return object([]member{{form.Name, raw}}), ""
	}
	return nil, "is of no unit that rewards have"
}
