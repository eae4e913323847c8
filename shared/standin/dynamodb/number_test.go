package dynamodb

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestNumberSpelling(t *testing.T) {
	nines := strings.Repeat("9", 38)
	for _, c := range []struct{ name, in, want string }{
		{"plain", "123", "123"},
		{"trailing zeros of a fraction", "123.450", "123.45"},
		{"leading zeros", "000123", "123"},
		{"plus sign", "+5", "5"},
		{"negative zero", "-0", "0"},
		{"zero with a point", "0.000", "0"},
		{"exponent", "1e3", "1000"},
		{"negative exponent", "1E-3", "0.001"},
		{"signed exponent", "12.5e+1", "125"},
		{"no digit before the point", ".5", "0.5"},
		{"no digit behind the point", "5.", "5"},
		{"negative fraction", "-0.00100", "-0.001"},
		{"38 digits", nines, nines},
		{"38 digits and zeros", nines + "00", nines + "00"},
		{"39 digits", nines + "9", "!Attempting to store more than 38 significant digits in a Number"},
		{"39 digits by a fraction", nines + ".1", "!Attempting to store more than 38 significant digits in a Number"},
		{"largest", "9.9999999999999999999999999999999999999E+125", nines + strings.Repeat("0", 88)},
		{"too large", "1E126", "!Number overflow. Attempting to store a number with magnitude larger than supported range"},
		{"smallest", "1E-130", "0." + strings.Repeat("0", 129) + "1"},
		{"too small", "9E-131", "!Number underflow. Attempting to store a number with magnitude smaller than supported range"},
		{"word", "abc", "!The parameter cannot be converted to a numeric value: abc"},
		{"empty", "", "!The parameter cannot be converted to a numeric value"},
		{"space", " 1", "!The parameter cannot be converted to a numeric value:  1"},
		{"two points", "1.2.3", "!The parameter cannot be converted to a numeric value: 1.2.3"},
		{"exponent without digits", "1e", "!The parameter cannot be converted to a numeric value: 1e"},
		{"exponent with two signs", "1e+-1", "!The parameter cannot be converted to a numeric value: 1e+-1"},
		{"infinity", "Infinity", "!The parameter cannot be converted to a numeric value: Infinity"},
		{"huge exponent", "1e99999999999999", "!The parameter cannot be converted to a numeric value: 1e99999999999999"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := appendNumber(nil, []byte(c.in))
			text := string(got)
			if err != nil {
				text = "!" + err.Error()
			}
			if text != c.want {
				t.Errorf("%q is %q, want %q", c.in, text, c.want)
			}
		})
	}
}

func TestNumberArithmetic(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		subtract   bool
		want       string
	}{
		{"integers", "5", "7", false, "12"},
		{"below zero", "5", "7", true, "-2"},
		{"fractions are exact", "0.1", "0.2", false, "0.3"},
		{"cancelling out", "1.5", "1.5", true, "0"},
		{"past 64 bits", "9223372036854775807", "1", false, "9223372036854775808"},
		{"far apart but 38 digits", "1" + strings.Repeat("0", 37), "1", false, "1" + strings.Repeat("0", 36) + "1"},
		{"too far apart", "1" + strings.Repeat("0", 38), "1", false, "!Attempting to store more than 38 significant digits in a Number"},
		{"overflow", "9E125", "9E125", false, "!Number overflow. Attempting to store a number with magnitude larger than supported range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := addNumbers([]byte(c.a), []byte(c.b), c.subtract)
			text := string(got)
			if err != nil {
				text = "!" + err.Error()
			}
			if text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
		})
	}
}

func TestNumberSize(t *testing.T) {
	for in, want := range map[string]int{"0": 1, "1": 2, "10": 2, "12": 2, "123": 3, "-123": 4, "1.5": 2, "1000000": 2, "1234567890": 6} {
		if got := numberSize([]byte(in)); got != want {
			t.Errorf("the size of %s is %d, want %d", in, got, want)
		}
	}
}

// randomNumber is a canonical number of any magnitude.
func randomNumber(r *rand.Rand) []byte {
	s := []byte{}
	if r.IntN(2) == 0 {
		s = append(s, '-')
	}
	for range 1 + r.IntN(12) {
		s = append(s, byte('0'+r.IntN(10)))
	}
	s = append(s, 'e')
	s = appendInt(s, r.IntN(40)-20)
	out, err := appendNumber(nil, s)
	if err != nil {
		panic(err)
	}
	return out
}

func TestNumberOrderAgreesWithArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		a, b := randomNumber(r), randomNumber(r)
		if r.IntN(20) == 0 {
			b = a
		}
		x, _ := new(big.Rat).SetString(string(a))
		y, _ := new(big.Rat).SetString(string(b))
		want := x.Cmp(y)
		if got := compareNumbers(a, b); got != want {
			t.Fatalf("comparing %s with %s gives %d, want %d", a, b, got, want)
		}
		ka, kb := appendPart(nil, scalar(tagNumber, a)), appendPart(nil, scalar(tagNumber, b))
		if got := bytes.Compare(ka, kb); got != want {
			t.Fatalf("the keys of %s and %s compare as %d, want %d", a, b, got, want)
		}
		if rest := skipPart(append(ka, 0, 0xff, 7), tagNumber); len(rest) != 3 {
			t.Fatalf("the key of %s does not end where it should: %d bytes left of 3", a, len(rest))
		}
		sum, err := addNumbers(a, b, false)
		if err != nil {
			continue
		}
		if z, _ := new(big.Rat).SetString(string(sum)); z.Cmp(new(big.Rat).Add(x, y)) != 0 {
			t.Fatalf("%s + %s = %s", a, b, sum)
		}
	}
}

func TestStringKeysKeepTheirOrder(t *testing.T) {
	words := []string{"\x00", "\x00\x00", "\x00\x01", "\x00\xff", "a", "a\x00", "a\x00b", "a\x01", "ab", "b", "\xfe", "\xff", "\xff\xff"}
	for i, a := range words {
		for j, b := range words {
			ka, kb := appendPart(nil, scalar(tagBinary, []byte(a))), appendPart(nil, scalar(tagBinary, []byte(b)))
			if got, want := bytes.Compare(ka, kb), bytes.Compare([]byte(a), []byte(b)); got != want {
				t.Errorf("%q and %q (%d, %d): keys compare as %d, want %d", a, b, i, j, got, want)
			}
			if rest := skipPart(append(ka, kb...), tagBinary); !bytes.Equal(rest, kb) {
				t.Errorf("the key of %q does not end where it should", a)
			}
		}
	}
}

// The spread of partitions is part of the file format.
func TestSpreadIsFrozen(t *testing.T) {
	for in, want := range map[string]uint32{"": 0x4fc52e7f, "user-1": 0x3d4d0dd6, "user-2": 0xb8f63a7f} {
		if got := spread([]byte(in)); got != want {
			t.Errorf("spread(%q) = %#x, want %#x", in, got, want)
		}
	}
}
