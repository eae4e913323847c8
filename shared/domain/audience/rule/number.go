package rule

import (
	"math"
	"math/big"
	"strconv"

	"github.com/userops/userops/shared/domain/money"
)

// number is a whole number where it can be, so that money is never compared as a float: whole divided by ten to the power of scale.
type number struct {
	whole   int64
	scale   int // of what is asked for in money alone
	float   float64
	isWhole bool
}

func parseNumber(text string) (number, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return number{whole: n, isWhole: true}, true
	}
	f, err := strconv.ParseFloat(text, 64)
	return number{float: f}, err == nil
}

func (a number) compare(b number) int {
	if a.isWhole && b.isWhole {
		if a.scale != b.scale {
			return a.scaled(b.scale).Cmp(b.scaled(a.scale))
		}
		switch {
		case a.whole < b.whole:
			return -1
		case a.whole > b.whole:
			return 1
		}
		return 0
	}
	x, y := a.asFloat(), b.asFloat()
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// scaled is the whole times ten to a power.
func (a number) scaled(power int) *big.Int {
	times := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(power)), nil)
	return times.Mul(times, big.NewInt(a.whole))
}

func (a number) asFloat() float64 {
	if a.isWhole {
		return float64(a.whole) / math.Pow10(a.scale)
	}
	return a.float
}

// price is an amount of money that a rule asks for, as it is written: a decimal, of the shop's currency where it names none.
type price struct {
	decimal  money.Decimal
	currency money.Currency
}

// in is the amount in minor units of the shop's currency, to be compared exactly; false where it is of another one.
func (p price) in(shop money.Currency) (number, bool) {
	n := number{whole: p.decimal.Digits, scale: p.decimal.Scale - shop.Exponent(), isWhole: true}
	for ; n.scale < 0; n.scale++ {
		n.whole *= 10 // it fits: fits has asked
	}
	return n, p.currency == "" || p.currency == shop
}

// maxExponent is of the currency with the most decimals.
const maxExponent = 4

// fits says whether the amount can be counted in the minor units of any currency.
func (p price) fits() bool {
	most := int64(math.MaxInt64)
	for range max(maxExponent-p.decimal.Scale, 0) {
		most /= 10
	}
	return p.decimal.Digits <= most && p.decimal.Digits >= -most
}

// Bare is a place of a rule where a number as it was written is asked of a field that counts money.
type Bare struct{ Path, Number string }

// Price is a place of a rule that asks for an amount of money, with the currency that it names, empty for the shop's.
type Price struct {
	Path     string
	Currency money.Currency
	Decimals int
}
