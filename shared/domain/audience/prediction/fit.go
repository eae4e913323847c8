package prediction

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// ErrNoFit says that the orders do not tell the parameters: the likelihood has no maximum within bounds. It is so where nobody has left, where nobody comes back, or where all do the same.
var ErrNoFit = errors.New("the orders do not tell the parameters of a model")

// A parameter is looked for between e^-bound and e^bound: beyond, a model is another one that has fewer.
const bound = 14

// Group brings histories into the form that a fit takes: each one once, in an order that does not depend on how they came.
func Group(histories []History) []Count {
	slices.SortFunc(histories, compareHistories)
	var out []Count
	for _, h := range histories {
		if n := len(out); n > 0 && out[n-1].History == h {
			out[n-1].Buyers++
			continue
		}
		out = append(out, Count{h, 1})
	}
	return out
}

func compareHistories(a, b History) int {
	return cmp.Or(cmp.Compare(a.Repeats, b.Repeats), cmp.Compare(a.Last, b.Last), cmp.Compare(a.Age, b.Age))
}

// FitPurchases finds the parameters under which what happened is likeliest. The same counts in the same order give the same bits.
func FitPurchases(counts []Count) (Purchases, error) {
	buyers := 0.0
	for _, c := range counts {
		buyers += float64(c.Buyers)
	}
	at, err := climb([]float64{0, 0, 0, 0}, buyers, func(x []float64, slope []float64) float64 {
		p := Purchases{math.Exp(x[0]), math.Exp(x[1]), math.Exp(x[2]), math.Exp(x[3])}
		value, by := p.likelihood(counts)
		for i, v := range [...]float64{p.R, p.Alpha, p.A, p.B} {
			slope[i] = by[i] * v
		}
		return value
	})
	if err != nil {
		return Purchases{}, fmt.Errorf("BG/NBD: %w", err)
	}
	return Purchases{math.Exp(at[0]), math.Exp(at[1]), math.Exp(at[2]), math.Exp(at[3])}, nil
}

// FitSpending finds the parameters under which what was spent is likeliest. It orders the buyers, so that the same ones give the same bits.
func FitSpending(buyers []Spent) (Spending, error) {
	slices.SortFunc(buyers, func(a, b Spent) int {
		return cmp.Or(cmp.Compare(a.Repeats, b.Repeats), cmp.Compare(a.Mean, b.Mean))
	})
	n, sum := 0.0, 0.0
	for _, of := range buyers {
		if of.Repeats > 0 && of.Mean > 0 {
			n, sum = n+1, sum+of.Mean
		}
	}
	if n == 0 {
		return Spending{}, fmt.Errorf("Gamma-Gamma: %w", ErrNoFit)
	}
	unit := sum / n // the scale of money is taken out, so that a shop in yen is as one in dinars
	scaled := slices.Clone(buyers)
	for i := range scaled {
		scaled[i].Mean /= unit
	}
	at, err := climb([]float64{1, 1, 0}, n, func(x []float64, slope []float64) float64 {
		s := Spending{math.Exp(x[0]), math.Exp(x[1]), math.Exp(x[2])}
		value, by := s.likelihood(scaled)
		for i, v := range [...]float64{s.P, s.Q, s.V} {
			slope[i] = by[i] * v
		}
		return value
	})
	if err != nil {
		return Spending{}, fmt.Errorf("Gamma-Gamma: %w", err)
	}
	s := Spending{math.Exp(at[0]), math.Exp(at[1]), unit * math.Exp(at[2])}
	if !s.valid() {
		return Spending{}, fmt.Errorf("Gamma-Gamma: %w", ErrNoFit)
	}
	return s, nil
}

// climb finds the maximum of a log-likelihood of n buyers over logarithms of parameters, from a place that is always the same. BFGS is gonum's.
func climb(from []float64, n float64, likelihood func(x, slope []float64) float64) ([]float64, error) {
	if n <= 0 {
		return nil, ErrNoFit
	}
	at, slope := make([]float64, len(from)), make([]float64, len(from))
	var value float64
	// Value and slopes are one computation, and are asked for one after the other at one place.
	look := func(x []float64) {
		if !slices.Equal(at, x) || value == 0 {
			copy(at, x)
			value = likelihood(at, slope)
		}
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 {
			look(x)
			if !finite(value) {
				return math.Inf(1)
			}
			return -value / n
		},
		Grad: func(grad, x []float64) {
			look(x)
			for i, s := range slope {
				grad[i] = -s / n
			}
		},
	}
	result, err := optimize.Minimize(problem, from, &optimize.Settings{GradientThreshold: 1e-9, MajorIterations: 500}, &optimize.BFGS{})
	if result == nil || !reached(result, err) {
		return nil, ErrNoFit
	}
	for _, x := range result.X {
		if !finite(x) || math.Abs(x) > bound {
			return nil, ErrNoFit
		}
	}
	return result.X, nil
}

// flat is the slope below which a place is the top: a step of a thousandth of a parameter brings a millionth of a thousandth a buyer.
const flat = 1e-6

// reached says that it ended at the top. A search along a line that finds no better place for want of digits ends there too.
func reached(result *optimize.Result, err error) bool {
	if err == nil && result.Status == optimize.GradientThreshold {
		return true
	}
	for _, s := range result.Gradient {
		if !(math.Abs(s) < flat) {
			return false
		}
	}
	return len(result.Gradient) > 0
}
