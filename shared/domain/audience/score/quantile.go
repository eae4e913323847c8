package score

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/domain/money"
)

// Breakpoint is a quintile's border, exact: a type 7 quantile of integers at a multiple of one fifth is a whole number of
// fifths. Its JSON form is a decimal with at most one place.
type Breakpoint struct {
	Whole  int64
	Fifths int // 0..4 on top of Whole
}

// Breakpoints are the borders at 20, 40, 60 and 80 percent.
type Breakpoints [4]Breakpoint

// Quintiles computes the type 7 quantiles of values that are sorted and not below zero. Without values all borders are zero.
func Quintiles[V ~int32 | ~int64](sorted []V) Breakpoints {
	var out Breakpoints
	if len(sorted) == 0 {
		return out
	}
	for k := range out {
		position := (len(sorted) - 1) * (k + 1)
		at, rest := position/5, int64(position%5)
		low := int64(sorted[at])
		if rest == 0 {
			out[k] = Breakpoint{Whole: low}
			continue
		}
		// rest fifths of the step to the next value, without leaving 63 bits.
		step := int64(sorted[at+1]) - low
		fifths := rest * (step % 5)
		out[k] = Breakpoint{Whole: low + step/5*rest + fifths/5, Fifths: int(fifths % 5)}
	}
	return out
}

// below counts the borders strictly below a value. A border's fifths never decide: the next whole number is above them.
func (b Breakpoints) below(value int64) int {
	n := 0
	for _, one := range b {
		if one.Whole < value {
			n++
		}
	}
	return n
}

// Float is the border for display.
func (b Breakpoint) Float() float64 { return float64(b.Whole) + float64(b.Fifths)/5 }

// MarshalJSON writes 12 or 12.4.
func (b Breakpoint) MarshalJSON() ([]byte, error) {
	text := strconv.FormatInt(b.Whole, 10)
	if b.Fifths != 0 {
		text += "." + strconv.Itoa(b.Fifths*2)
	}
	return []byte(text), nil
}

// UnmarshalJSON reads what MarshalJSON writes and any whole number. Other fractions than fifths are an error, and so are those below zero.
func (b *Breakpoint) UnmarshalJSON(text []byte) error {
	var number json.Number
	if err := json.Unmarshal(text, &number); err != nil {
		return fmt.Errorf("reading a breakpoint: %w", err)
	}
	whole, fraction, _ := strings.Cut(number.String(), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return fmt.Errorf("reading a breakpoint: %.32q is not a whole number of fifths", number.String())
	}
	fifths := 0
	switch fraction {
	case "", "0":
	case "2", "4", "6", "8":
		fifths = int(fraction[0]-'0') / 2
	default:
		return fmt.Errorf("reading a breakpoint: %.32q is not a whole number of fifths", number.String())
	}
	if fifths > 0 && strings.HasPrefix(whole, "-") {
		return fmt.Errorf("reading a breakpoint: %.32q is below zero", number.String())
	}
	*b = Breakpoint{Whole: n, Fifths: fifths}
	return nil
}

// Line parts high from low at Total/Count, kept as a fraction so that a comparison never rounds: a mean is the sum over the
// number of buyers, a median of an even number is the sum of the middle two over 2, a business line is itself over 1.
type Line struct {
	Total int64 `json:"total"`
	Count int64 `json:"count"`
}

// compare is the sign of value - line, both not below zero. Against no line at all everything is equal.
func (l Line) compare(value int64) int {
	if l.Count <= 0 {
		return 0
	}
	high, low := bits.Mul64(uint64(value), uint64(l.Count))
	switch {
	case high > 0 || low > uint64(l.Total):
		return 1
	case low < uint64(l.Total):
		return -1
	}
	return 0
}

// Float is the line for display.
func (l Line) Float() float64 {
	if l.Count == 0 {
		return 0
	}
	return float64(l.Total) / float64(l.Count)
}

// median is the type 7 median of sorted values.
func median[V ~int32 | ~int64](sorted []V) Line {
	n := len(sorted)
	switch {
	case n == 0:
		return Line{}
	case n%2 == 1:
		return Line{Total: int64(sorted[n/2]), Count: 1}
	}
	return Line{Total: money.AddCapped(int64(sorted[n/2-1]), int64(sorted[n/2])), Count: 2}
}

// mean is the sum over the number; a sum beyond 63 bits stays at the largest one.
func mean[V ~int32 | ~int64](values []V) Line {
	l := Line{Count: int64(len(values))}
	for _, v := range values {
		l.Total = money.AddCapped(l.Total, int64(v))
	}
	return l
}
