package money

import (
	"math"
	"strconv"
	"strings"
)

// Decimal is an amount of a currency that is not known yet: Digits divided by ten to the power of Scale.
type Decimal struct {
	Digits int64
	Scale  int
}

// maxScale bounds the decimals of a Decimal; no currency has more than four.
const maxScale = 18

// ReadDecimal reads a decimal as ParseDecimal does, without rounding it. ErrDecimal says that it cannot, or that the number has more digits than
// 63 bits hold.
func ReadDecimal(s string) (Decimal, error) {
	negative, digits, point, err := split(s)
	if err != nil {
		return Decimal{}, err
	}
	scale := len(digits) - point
	digits = strings.TrimLeft(digits, "0")
	for scale > 0 && strings.HasSuffix(digits, "0") {
		digits, scale = digits[:len(digits)-1], scale-1
	}
	if digits == "" {
		return Decimal{}, nil
	}
	if scale < 0 {
		digits, scale = digits+strings.Repeat("0", min(-scale, maxDecimalDigits)), 0
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || scale > maxScale {
		return Decimal{}, ErrDecimal
	}
	if negative {
		n = -n
	}
	return Decimal{Digits: n, Scale: scale}, nil
}

// In is the amount in minor units of a currency, rounded half away from zero; false where it does not fit.
func (d Decimal) In(c Currency) (Amount, bool) {
	n, e := d.Digits, c.Exponent()
	for scale := d.Scale; scale < e; scale++ {
		if n > math.MaxInt64/10 || n < math.MinInt64/10 {
			return Amount{}, false
		}
		n *= 10
	}
	if d.Scale > e {
		unit := int64(1)
		for range d.Scale - e {
			unit *= 10
		}
		rest := n % unit
		n /= unit
		switch {
		case rest >= unit-rest:
			n++
		case -rest >= unit+rest:
			n--
		}
	}
	return Amount{Minor: n, Currency: c}, true
}
