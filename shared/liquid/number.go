package liquid

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// What filters take, for those who read their types: a number, or a text that is one; and a number that is not zero. Nothing is 0.
type (
	numeric any
	divisor any
)

var (
	errNumber = errors.New("it is not a number")
	errRange  = errors.New("a number is out of range")
	errDivide = errors.New("division by zero")
)

// decimal is a number as it is written, so that 0.1 is a tenth.
func decimal(v any) (*big.Rat, error) {
	switch v := unmarked(v).(type) {
	case nil:
		return new(big.Rat), nil
	case int:
		return new(big.Rat).SetInt64(int64(v)), nil
	case float64:
		return parseDecimal(strconv.FormatFloat(v, 'f', -1, 64))
	case string:
		v = strings.TrimSpace(v)
		switch f, err := strconv.ParseFloat(v, 64); {
		case err != nil || math.Abs(f) > 1e300 || f != 0 && math.Abs(f) < 1e-300:
			return nil, errNumber
		case f == 0:
			return new(big.Rat), nil // also what is nearly nothing: 1e-999999 written out takes a second to compute with
		}
		return parseDecimal(v)
	}
	return nil, errNumber
}

// writtenWhole says that a number is written as a whole one. Two of them are divided to a whole one.
func writtenWhole(v any) bool {
	v = unmarked(v)
	if text, ok := v.(string); ok {
		_, err := strconv.Atoi(strings.TrimSpace(text))
		return err == nil
	}
	_, whole := v.(int)
	return whole
}

func parseDecimal(text string) (*big.Rat, error) {
	r, ok := new(big.Rat).SetString(text)
	if !ok || len(text) > maxNumberText {
		return nil, errNumber
	}
	return r, nil
}

// maxNumberText is longer than the longest number that a float can be written as without exponent.
const maxNumberText = 400

// calculate computes with decimals, exactly, and gives the nearest number that can be written.
func calculate(a, b any, do func(x, y *big.Rat) *big.Rat) (any, error) {
	x, err := decimal(a)
	if err != nil {
		return nil, err
	}
	y, err := decimal(b)
	if err != nil {
		return nil, err
	}
	out := do(x, y)
	if out.IsInt() && out.Num().IsInt64() {
		return int(out.Num().Int64()), nil
	}
	f, _ := out.Float64()
	if math.IsInf(f, 0) {
		return nil, errRange
	}
	return f, nil
}

func divide(a, b any, do func(x, y *big.Rat) *big.Rat) (any, error) {
	if y, err := decimal(b); err == nil && y.Sign() == 0 {
		return nil, errDivide
	}
	return calculate(a, b, do)
}

func floor(x *big.Rat) *big.Rat {
	// Euclidean division rounds down, since a denominator is positive.
	return new(big.Rat).SetInt(new(big.Int).Div(x.Num(), x.Denom()))
}

func lesser(x, y *big.Rat) *big.Rat {
	if x.Cmp(y) <= 0 {
		return x
	}
	return y
}

// rounded has so many decimals; a half goes away from zero.
func rounded(x *big.Rat, places int) *big.Rat {
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	up := floor(new(big.Rat).Add(new(big.Rat).Mul(new(big.Rat).Abs(x), scale), big.NewRat(1, 2)))
	if up.Quo(up, scale); x.Sign() < 0 {
		up.Neg(up)
	}
	return up
}

// maxExact is the first number from which on a float does not hold every whole one.
const maxExact = 1 << 53
