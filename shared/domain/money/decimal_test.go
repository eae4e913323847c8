package money

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestDecimalIn compares with rational numbers: nothing of the code's own arithmetic is asked.
func TestDecimalIn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		text := fmt.Sprintf("%d.%0*d", rng.Int64N(1_000_000), 1+rng.IntN(6), rng.IntN(10))
		if rng.IntN(2) == 0 {
			text = "-" + text
		}
		for _, c := range []Currency{"CNY", "JPY", "KWD"} {
			d, err := ReadDecimal(text)
			if err != nil {
				t.Fatal(text, err)
			}
			got, fits := d.In(c)
			if want := rounded(text, c); !fits || got.Minor != want || got.Currency != c {
				t.Fatalf("%s in %s is %v %v, want %d", text, c, got, fits, want)
			}
		}
	}
}

func rounded(text string, c Currency) int64 {
	r, _ := new(big.Rat).SetString(text)
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Exponent())), nil)))
	half := big.NewRat(1, 2)
	if r.Sign() < 0 {
		half.Neg(half)
	}
	r.Add(r, half)
	return new(big.Int).Quo(r.Num(), r.Denom()).Int64() // towards zero
}

func TestReadDecimal(t *testing.T) {
	for _, c := range []struct {
		text   string
		digits int64
		scale  int
	}{{"0", 0, 0}, {"0.000", 0, 0}, {"10", 10, 0}, {"10.50", 105, 1}, {"1e2", 100, 0}, {"1.25e1", 125, 1}, {"-0.001", -1, 3}, {"100", 100, 0}} {
		if d, err := ReadDecimal(c.text); err != nil || d != (Decimal{c.digits, c.scale}) {
			t.Errorf("%s: %v %v", c.text, d, err)
		}
	}
	for _, text := range []string{"", "-", ".", "1,5", "1e99", "9223372036854775808", "0.0000000000000000001"} {
		if d, err := ReadDecimal(text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
	if _, fits := (Decimal{Digits: 1 << 62}).In("CNY"); fits {
		t.Error("more than 63 bits fit")
	}
}

func TestKnown(t *testing.T) {
	for code, want := range map[Currency]bool{"CNY": true, "JPY": true, "USD": true, "RMB": false, "": false, "XXX": false, "cny": false} {
		if code.Known() != want {
			t.Errorf("%q known: %v", code, !want)
		}
	}
}
