package dynamodb

import (
	"bytes"
	"math/big"
	"strconv"
)

// Limits of the service's Number type: 38 significant digits, magnitudes from 1E-130 to 9.99..E+125.
const (
	maxDigits   = 38
	maxExponent = 126
	minExponent = -129
)

// number is a parsed decimal: 0.d1d2d3... times ten to the exponent. Zero has no digits.
type number struct {
	neg    bool
	digits []byte // ASCII, without leading and trailing zeros
	exp    int
}

func notNumeric(s []byte) error {
	if len(s) == 0 {
		return invalid("The parameter cannot be converted to a numeric value")
	}
	return invalid("The parameter cannot be converted to a numeric value: %s", s)
}

// parseNumber reads any spelling the service accepts. buf receives the digits.
func parseNumber(s []byte, buf []byte) (number, error) {
	n := number{digits: buf[:0]}
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		n.neg = s[i] == '-'
		i++
	}
	seen, point, leading := false, false, true
	for ; i < len(s); i++ {
		c := s[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		seen = true
		if leading && c == '0' {
			if point {
				n.exp--
			}
			continue
		}
		leading = false
		n.digits = append(n.digits, c)
		if !point {
			n.exp++
		}
	}
	if !seen {
		return n, notNumeric(s)
	}
	if i < len(s) {
		if s[i] != 'e' && s[i] != 'E' || i+1 == len(s) || len(s)-i > 12 {
			return n, notNumeric(s)
		}
		text := s[i+1:]
		if text[0] == '+' && len(text) > 1 && text[1] != '-' {
			text = text[1:]
		}
		for k, c := range text {
			if (c < '0' || c > '9') && (c != '-' || k > 0) {
				return n, notNumeric(s)
			}
		}
		e, err := strconv.Atoi(string(text))
		if err != nil {
			return n, notNumeric(s)
		}
		n.exp += e
	}
	n.digits = bytes.TrimRight(n.digits, "0")
	if len(n.digits) == 0 {
		return number{digits: n.digits}, nil
	}
	return n, n.check()
}

func (n number) check() error {
	switch {
	case len(n.digits) == 0:
		return nil
	case len(n.digits) > maxDigits:
		return invalid("Attempting to store more than 38 significant digits in a Number")
	case n.exp > maxExponent:
		return invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
	case n.exp < minExponent:
		return invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	}
	return nil
}

// plainInteger says that s is already the canonical spelling of an integer that fits an int64.
func plainInteger(s []byte) bool {
	d := s
	if len(d) > 1 && d[0] == '-' {
		d = d[1:]
	}
	if len(d) == 0 || len(d) > 18 {
		return false
	}
	if d[0] == '0' {
		return len(s) == 1
	}
	for _, c := range d {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// appendNumber appends the canonical spelling of s.
func appendNumber(dst, s []byte) ([]byte, error) {
	if plainInteger(s) {
		return append(dst, s...), nil
	}
	var buf [64]byte
	n, err := parseNumber(s, buf[:])
	if err != nil {
		return dst, err
	}
	return n.appendText(dst), nil
}

// appendText appends the canonical spelling: no exponent, no redundant zeros.
func (n number) appendText(dst []byte) []byte {
	if len(n.digits) == 0 {
		return append(dst, '0')
	}
	if n.neg {
		dst = append(dst, '-')
	}
	if n.exp <= 0 {
		dst = append(dst, '0', '.')
		for i := n.exp; i < 0; i++ {
			dst = append(dst, '0')
		}
		return append(dst, n.digits...)
	}
	for i := 0; i < n.exp; i++ {
		if i < len(n.digits) {
			dst = append(dst, n.digits[i])
		} else {
			dst = append(dst, '0')
		}
	}
	if n.exp < len(n.digits) {
		dst = append(dst, '.')
		dst = append(dst, n.digits[n.exp:]...)
	}
	return dst
}

// appendKey appends a self-delimiting form whose bytes order as the numbers do.
func (n number) appendKey(dst []byte) []byte {
	if len(n.digits) == 0 {
		return append(dst, 2)
	}
	start := len(dst)
	dst = append(dst, 3, byte(n.exp-minExponent))
	for i := 0; i < len(n.digits); i += 2 {
		pair := (n.digits[i] - '0') * 10
		if i+1 < len(n.digits) {
			pair += n.digits[i+1] - '0'
		}
		dst = append(dst, pair+1)
	}
	dst = append(dst, 0)
	if n.neg {
		dst[start] = 1
		for i := start + 1; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
	}
	return dst
}

// numberSize is the service's size of a canonical number in bytes.
func numberSize(text []byte) int {
	size := 1
	if len(text) > 0 && text[0] == '-' {
		size = 2
		text = text[1:]
	}
	if plainInteger(text) {
		text = bytes.TrimRight(text, "0")
		return size + (len(text)+1)/2
	}
	var buf [64]byte
	n, _ := parseNumber(text, buf[:])
	return size + (len(n.digits)+1)/2
}

// compareNumbers orders two canonical numbers.
func compareNumbers(a, b []byte) int {
	if plainInteger(a) && plainInteger(b) {
		an, bn := a[0] == '-', b[0] == '-'
		switch {
		case an && !bn:
			return -1
		case bn && !an:
			return 1
		}
		c := 0
		if len(a) != len(b) {
			c = 1
			if len(a) < len(b) {
				c = -1
			}
		} else {
			c = bytes.Compare(a, b)
		}
		if an {
			return -c
		}
		return c
	}
	var ab, bb [64]byte
	var ak, bk [32]byte
	an, _ := parseNumber(a, ab[:])
	bn, _ := parseNumber(b, bb[:])
	return bytes.Compare(an.appendKey(ak[:0]), bn.appendKey(bk[:0]))
}

// addNumbers gives a+b, or a-b, of canonical numbers as a canonical number.
func addNumbers(a, b []byte, subtract bool) ([]byte, error) {
	if plainInteger(a) && plainInteger(b) && len(a) < 18 && len(b) < 18 {
		x, _ := strconv.ParseInt(string(a), 10, 64)
		y, _ := strconv.ParseInt(string(b), 10, 64)
		if subtract {
			y = -y
		}
		return strconv.AppendInt(nil, x+y, 10), nil
	}
	var ab, bb [64]byte
	x, err := parseNumber(a, ab[:])
	if err != nil {
		return nil, err
	}
	y, err := parseNumber(b, bb[:])
	if err != nil {
		return nil, err
	}
	if subtract {
		y.neg = !y.neg
	}
	scale := min(x.exp-len(x.digits), y.exp-len(y.digits))
	sum := new(big.Int).Add(x.scaled(scale), y.scaled(scale))
	n := number{neg: sum.Sign() < 0}
	digits := sum.Append(nil, 10)
	if n.neg {
		digits = digits[1:]
	}
	n.exp = len(digits) + scale
	n.digits = bytes.TrimRight(digits, "0")
	if err := n.check(); err != nil {
		return nil, err
	}
	return n.appendText(nil), nil
}

// scaled is the number divided by ten to the scale, which must leave an integer.
func (n number) scaled(scale int) *big.Int {
	if len(n.digits) == 0 {
		return new(big.Int)
	}
	i, _ := new(big.Int).SetString(string(n.digits), 10)
	shift := n.exp - len(n.digits) - scale
	i.Mul(i, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(shift)), nil))
	if n.neg {
		i.Neg(i)
	}
	return i
}
