package money

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// The borders of what is read, against numbers worked out by hand: the longest text, the greatest powers, the digits next to the digits.
func TestParseDecimalAtItsBorders(t *testing.T) {
	for text, want := range map[string]int64{
		strings.Repeat("0", 63) + "1": 100, strings.Repeat("0", 64) + "1": -1, "0e20": 0, "0e21": -1, "1e16": 1e18, "1e17": -1,
		"0." + strings.Repeat("0", 20) + "1e20": 10, "1e-2": 1, "5e-3": 1, "4e-3": 0, "99e-4": 1, "1:": -1, "1/": -1, "1e+2": 10000, "e2": -1, "0.1e1": 100,
		"92233720368547758.065": math.MaxInt64, "92233720368547758.064": math.MaxInt64 - 1, "92233720368547758.08": -1, "99999999999999999999": -1,
		"123.45": 12345, "0.12": 12, "12": 1200, ".05": 5, ".005": 1, "00.5": 50,
		"1.00:": -1, "1.00/": -1, "0.30": 30,
	} {
		got, err := ParseDecimal(text, "CNY")
		if want < 0 {
			if !errors.Is(err, ErrDecimal) || got != (Amount{}) {
				t.Errorf("%q is %v, %v", text, got, err)
			}
		} else if err != nil || got != (Amount{want, "CNY"}) {
			t.Errorf("%q is %v, %v, want %d", text, got, err, want)
		}
	}
}

func TestReadDecimalAtItsBorders(t *testing.T) {
	for text, want := range map[string]Decimal{
		"9223372036854775807": {math.MaxInt64, 0}, "-9223372036854775807": {-math.MaxInt64, 0}, "0.000000000000000001": {1, 18}, "1e-18": {1, 18},
		"0.0000000000000000010": {1, 18}, "1e18": {1e18, 0}, "100e-2": {1, 0}, "1000e-2": {10, 0}, "0e20": {}, "007": {7, 0}, "000000000000000000000000007": {7, 0}, "1.50e1": {15, 0},
	} {
		if got, err := ReadDecimal(text); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"9223372036854775808", "0.0000000000000000001", "1e-19", "1e19"} {
		if got, err := ReadDecimal(text); !errors.Is(err, ErrDecimal) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestDecimalInAtItsBorders(t *testing.T) {
	const tenth = math.MaxInt64 / 10
	for _, c := range []struct {
		decimal  Decimal
		currency Currency
		want     int64
		fits     bool
	}{
		{Decimal{tenth, 1}, "CNY", tenth * 10, true}, {Decimal{tenth + 1, 1}, "CNY", 0, false},
		{Decimal{-tenth, 1}, "CNY", -tenth * 10, true}, {Decimal{-tenth - 1, 1}, "CNY", 0, false},
		{Decimal{math.MaxInt64, 2}, "CNY", math.MaxInt64, true}, {Decimal{math.MinInt64 + 1, 2}, "CNY", math.MinInt64 + 1, true},
		{Decimal{tenth, 0}, "JPY", tenth, true}, {Decimal{math.MaxInt64, 0}, "JPY", math.MaxInt64, true}, {Decimal{5, 0}, "KWD", 5000, true},
		{Decimal{15, 3}, "CNY", 2, true}, {Decimal{14, 3}, "CNY", 1, true}, {Decimal{-15, 3}, "CNY", -2, true}, {Decimal{-14, 3}, "CNY", -1, true},
		{Decimal{1, 18}, "CNY", 0, true}, {Decimal{5e17, 18}, "JPY", 1, true}, {Decimal{5e17 - 1, 18}, "JPY", 0, true},
	} {
		got, fits := c.decimal.In(c.currency)
		if fits != c.fits || got.Minor != c.want || fits && got.Currency != c.currency {
			t.Errorf("%v in %s is %v, %v, want %d, %v", c.decimal, c.currency, got, fits, c.want, c.fits)
		}
	}
}

func TestDecimalOfAsManyDigitsAsTheMinorUnitHas(t *testing.T) {
	for want, a := range map[string]Amount{"0.30": {30, "CNY"}, "1.00": {100, "CNY"}, "-0.30": {-30, "CNY"}, "0.300": {300, "KWD"}, "3": {3, "JPY"}} {
		if got := a.Decimal(); got != want {
			t.Errorf("%d %s is %s, want %s", a.Minor, a.Currency, got, want)
		}
	}
}

func TestLettersOfACurrency(t *testing.T) {
	for text, want := range map[string]Currency{"aza": "AZA", "ZAZ": "ZAZ"} {
		if got, err := ParseCurrency(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"A@A", "A[A", "a`a", "a{a"} {
		if got, err := ParseCurrency(text); !errors.Is(err, ErrCurrency) {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}
