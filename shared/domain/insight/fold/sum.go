package fold

import (
	"encoding/json"
	"math"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Sum asks what the numbers of a field come to: numbers, compared up to their sixth decimal, or, where a bound is money, amounts in the shop's currency. Of nothing it is zero.
type Sum struct {
	Field string `json:"field"`
	// AtLeast and AtMost are a number each, or {"money": "500.00"}.
	AtLeast json.RawMessage `json:"atLeast,omitempty"`
	AtMost  json.RawMessage `json:"atMost,omitempty"`
}

// sumScale is how many decimals of a sum are compared, and maxSum how great a bound may be.
const (
	sumScale = 6
	maxSum   = 1_000_000_000_000
)

// price is money in a bound.
type price struct {
	Money    string         `json:"money"`
	Currency money.Currency `json:"currency,omitempty"`
}

// bound reads a bound. of is nil where it is a number.
func bound(raw json.RawMessage) (number money.Decimal, of *price, ok bool) {
	if raw == nil {
		return number, nil, false
	}
	var text json.Number
	if json.Unmarshal(raw, &text) == nil && len(raw) > 0 && raw[0] != '"' {
		d, err := money.ReadDecimal(text.String())
		whole, _ := text.Float64()
		return d, nil, err == nil && d.Scale <= sumScale && math.Abs(whole) <= maxSum
	}
	of = &price{}
	if json.Unmarshal(raw, of) != nil {
		return number, nil, false
	}
	d, err := money.ReadDecimal(of.Money)
	return d, of, err == nil
}

func (s Sum) check(faults *fault.Faults) {
	if !known(s.Field) || s.Field == fieldName {
		faults.Add("sum.field", "is not a path such as properties.total")
	}
	if s.AtLeast == nil && s.AtMost == nil {
		faults.Add("sum", "has neither atLeast nor atMost")
	}
	monies := 0
	for _, one := range []struct {
		name string
		raw  json.RawMessage
	}{{"atLeast", s.AtLeast}, {"atMost", s.AtMost}} {
		_, of, ok := bound(one.raw)
		if !ok && one.raw != nil {
			faults.Addf("sum."+one.name, "is not a number of up to %d decimals and up to %d, nor money such as {\"money\": \"500.00\"}", sumScale, maxSum)
		}
		if of != nil {
			monies++
		}
	}
	if monies == 1 && s.AtLeast != nil && s.AtMost != nil {
		faults.Add("sum.atMost", "is money where atLeast is none, or the other way round")
	}
}

// summing is a Sum at work. Sums are counted in millionths, money in minor units.
type summing struct {
	column   int
	currency int // the column, absent where no money is asked
	shop     money.Currency
	least    int64
	most     int64
}

func (s Sum) compile(m *matcher, shop profile.Shop) *summing {
	out := &summing{column: m.column(s.Field), currency: absent, shop: shop.Currency, least: math.MinInt64, most: math.MaxInt64}
	for place, raw := range map[*int64]json.RawMessage{&out.least: s.AtLeast, &out.most: s.AtMost} {
		if raw == nil {
			continue
		}
		d, of, _ := bound(raw)
		if of == nil {
			*place = millionths(d)
			continue
		}
		out.currency = m.column("properties.currency")
		amount, fits := d.In(shop.Currency)
		if *place = amount.Minor; !fits || of.Currency != "" && of.Currency != shop.Currency {
			out.least, out.most = math.MaxInt64, math.MinInt64 // the shop sells for no such money
			return out
		}
	}
	return out
}

func millionths(d money.Decimal) int64 {
	n := d.Digits
	for range sumScale - d.Scale {
		n *= 10
	}
	return n
}

// add adds the numbers that an event has.
func (s *summing) add(total int64, b *Block, i int) int64 {
	if s.currency != absent && !s.ofShop(&b.Columns[s.currency], i) {
		return total
	}
	v := &b.Columns[s.column]
	from, to := v.span(i)
	for place := from; place < to; place++ {
		total = plus(total, s.one(v.at(place)))
	}
	return total
}

// plus stops at the greatest and at the least number.
func plus(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

// one is what a value adds. Orders may have their amounts as texts; what is no number adds nothing.
func (s *summing) one(v Value) int64 {
	if s.currency != absent {
		if v.Kind != Number && v.Kind != Text {
			return 0
		}
		amount, err := money.ParseDecimal(v.Text, s.shop)
		if err != nil {
			return 0
		}
		return amount.Minor
	}
	if v.Kind != Number {
		return 0
	}
	f := math.Round(v.Number * 1e6)
	return int64(max(-9e18, min(9e18, f)))
}

// ofShop tells whether an event's money is the shop's: one that names no currency is.
func (s *summing) ofShop(v *Values, i int) bool {
	from, to := v.span(i)
	if from == to {
		return true
	}
	c, err := money.ParseCurrency(v.at(from).Text)
	return err == nil && c == s.shop
}
