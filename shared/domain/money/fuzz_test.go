package money

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var decimalForm = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)

// FuzzDecimal holds both readers of decimals to math/big: what they read is the number, rounded half away from zero, and what they refuse is no decimal, too
// great, or has an exponent that no amount needs.
func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"25.5", "-0.30", "1e2", "0.005", "-0.005", "9223372036854775807", "92233720368547758.07", "1e20", "1e-40", ".5", "5.", "+1", "", ".", "e5", "1e", "0x1", "1_000", "１", "00000000000000000000000000000000000000001", "0e20", "0e21", "1e-41"} {
		f.Add(text, "CNY")
		f.Add(text, "JPY")
		f.Add(text, "BHD")
	}
	f.Fuzz(func(t *testing.T, text, code string) {
		c, err := ParseCurrency(code)
		if err != nil {
			return
		}
		amount, err := ParseDecimal(text, c)
		exact, readErr := ReadDecimal(text)
		formed := decimalForm.MatchString(text) && len(text) <= maxDecimalDigits
		if at := strings.IndexAny(text, "eE"); formed && at >= 0 { // more zeros are no amount, even of nothing
			power, err := strconv.Atoi(text[at+1:])
			formed = err == nil && power <= 20 && power >= -40
		}
		if !formed {
			if err == nil || readErr == nil {
				t.Fatalf("%q is no decimal and is read as %v, %v", text, amount, exact)
			}
			return
		}
		value, ok := new(big.Rat).SetString(text)
		if !ok {
			return // an exponent that is no number for anybody
		}
		unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Exponent())), nil))
		want := round(new(big.Rat).Mul(value, unit))
		if err == nil && want.Cmp(big.NewInt(amount.Minor)) != 0 {
			t.Fatalf("%q is %d of the minor unit, want %s", text, amount.Minor, want)
		}
		if err != nil && want.IsInt64() && len(want.String()) < 16 && len(text) < 20 {
			t.Fatalf("%q, which is %s of the minor unit, is refused: %v", text, want, err)
		}
		if readErr != nil {
			return
		}
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(exact.Scale)), nil)
		if exact.Scale < 0 || new(big.Rat).SetFrac(big.NewInt(exact.Digits), scale).Cmp(value) != 0 {
			t.Fatalf("%q is read as %+v", text, exact)
		}
		if in, fits := exact.In(c); fits && want.Cmp(big.NewInt(in.Minor)) != 0 {
			t.Fatalf("%q is %d of the minor unit by In, want %s", text, in.Minor, want)
		}
	})
}

// round is a fraction as a whole number, half away from zero.
func round(r *big.Rat) *big.Int {
	twice := new(big.Int).Lsh(new(big.Int).Abs(r.Num()), 1)
	n := new(big.Int).Quo(twice.Add(twice, r.Denom()), new(big.Int).Lsh(r.Denom(), 1))
	if r.Sign() < 0 {
		n.Neg(n)
	}
	return n
}
