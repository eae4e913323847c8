// Package money holds amounts as integers of a currency's minor unit. It never holds a float: a decimal written by a
// shop is read digit by digit. It does not convert between currencies; amounts of two currencies never meet.
package money

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Currency is an ISO 4217 code in upper case, for example CNY.
type Currency string

// Amount is a sum of money in minor units (fen, cents) of one currency.
type Amount struct {
	Minor    int64    `json:"amount"`
	Currency Currency `json:"currency"`
}

// In is the one of several sums, one for each currency, that is in a currency; nothing of it where there is none.
func In(c Currency, sums []Amount) Amount {
	for _, sum := range sums {
		if sum.Currency == c {
			return sum
		}
	}
	return Amount{Currency: c}
}

// exponents lists the currencies whose minor unit is not a hundredth (ISO 4217, list one).
var exponents = map[Currency]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "VND": 0,
	"VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// Exponent is the number of decimals of the currency's minor unit: 2 for most, 0 for JPY, 3 for KWD.
func (c Currency) Exponent() int {
	if e, ok := exponents[c]; ok {
		return e
	}
	return 2
}

// known are the codes in use of ISO 4217, list one, with those that were replaced since 2000 and stand in old orders.
var known = func() map[Currency]bool {
	const codes = `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BYR BZD CAD CDF CHF CLP CNY COP
		CRC CUC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK
		JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MYR MZN
		NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SKK SLE SLL SOS SRD SSP STD STN SVC
		SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VEF VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL`
	all := map[Currency]bool{}
	for _, code := range strings.Fields(codes) {
		all[Currency(code)] = true
	}
	return all
}()

// Known tells whether ISO 4217 has the code. RMB, for one, is a currency's name and no code: the code is CNY.
func (c Currency) Known() bool { return known[c] }

// ErrCurrency says that a currency is not three letters.
var ErrCurrency = errors.New("is not an ISO 4217 code of three letters")

// ErrUnknownCurrency says that ISO 4217 does not know a code.
var ErrUnknownCurrency = errors.New("is not a currency of ISO 4217, such as CNY")

// ParseCurrency reads a code in any case. An empty code is an error. Whether there is such a currency, Known tells: what was stored before that was
// asked is still read.
func ParseCurrency(s string) (Currency, error) {
	if len(s) != 3 {
		return "", ErrCurrency
	}
	u := strings.ToUpper(s)
	for i := range len(u) {
		if u[i] < 'A' || u[i] > 'Z' {
			return "", ErrCurrency
		}
	}
	return Currency(u), nil
}

// maxDecimalDigits bounds the text of a decimal, so that "1e999999999" costs nothing.
const maxDecimalDigits = 64

// ErrDecimal says that a text is not a decimal number that fits in minor units of 63 bits.
var ErrDecimal = errors.New("is not a decimal amount within range")

// ParseDecimal reads a decimal as JSON or a spreadsheet writes it ("25.5", "-0.30", "1e2") into minor units of the
// currency. Digits beyond the minor unit are rounded half away from zero, as shops do with computed totals.
func ParseDecimal(s string, c Currency) (Amount, error) {
	minor, err := parseMinor(s, c.Exponent())
	if err != nil {
		return Amount{}, err
	}
	return Amount{Minor: minor, Currency: c}, nil
}

// split takes a decimal apart: its digits, and how many of them stand before the point.
func split(s string) (negative bool, digits string, point int, err error) {
	if s == "" || len(s) > maxDecimalDigits {
		return false, "", 0, ErrDecimal
	}
	if s[0] == '-' || s[0] == '+' {
		negative = s[0] == '-'
		s = s[1:]
	}
	mantissa, power := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		p, err := strconv.Atoi(s[i+1:])
		if err != nil || p > 20 || p < -40 {
			return false, "", 0, ErrDecimal
		}
		mantissa, power = s[:i], p
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits = whole + fraction
	if digits == "" {
		return false, "", 0, ErrDecimal
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false, "", 0, ErrDecimal
		}
	}
	return negative, digits, len(whole) + power, nil
}

func parseMinor(s string, exponent int) (int64, error) {
	negative, digits, point, err := split(s)
	if err != nil {
		return 0, err
	}
	// point is where the decimal point falls in digits once the amount counts minor units.
	point += exponent
	kept, rest := digits, ""
	switch {
	case point <= 0:
		kept, rest = "0", strings.Repeat("0", -point)+digits
	case point < len(digits):
		kept, rest = digits[:point], digits[point:]
	default:
		kept = digits + strings.Repeat("0", point-len(digits))
	}
	n, err := strconv.ParseInt(kept, 10, 64)
	if err != nil || n == math.MaxInt64 {
		return 0, ErrDecimal
	}
	if rest != "" && rest[0] >= '5' {
		n++
	}
	if negative {
		n = -n
	}
	return n, nil
}

// Decimal writes the amount without its currency, with all decimals of the minor unit: "12.30".
func (a Amount) Decimal() string {
	e := a.Currency.Exponent()
	sign, n := "", uint64(a.Minor)
	if a.Minor < 0 {
		sign, n = "-", uint64(-a.Minor)
	}
	s := strconv.FormatUint(n, 10)
	if e == 0 {
		return sign + s
	}
	if len(s) <= e {
		s = strings.Repeat("0", e-len(s)+1) + s
	}
	return sign + s[:len(s)-e] + "." + s[len(s)-e:]
}

// String writes the amount for people and logs of totals: "12.30 CNY".
func (a Amount) String() string { return fmt.Sprintf("%s %s", a.Decimal(), a.Currency) }

// AddCapped adds numbers that are not below zero. Capping keeps the sum independent of the order.
func AddCapped(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
