package prediction

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Spending are the parameters of Gamma-Gamma: what a buyer's orders come to is gamma distributed (shape P) about a mean of their own, and the means are distributed by Q and V. V is in minor units.
type Spending struct {
	P float64 `json:"p"`
	Q float64 `json:"q"`
	V float64 `json:"v"`
}

func (s Spending) valid() bool {
	for _, v := range [...]float64{s.P, s.Q, s.V} {
		if !finite(v) || v <= 0 {
			return false
		}
	}
	return s.Q > 1 // at 1 and below there is no mean
}

// Mean is what a day with an order of theirs is expected to come to: between what their own ones came to and what everybody's do, the nearer to their own the more there are (equation 5 of the paper).
func (s Spending) Mean(of Spent) float64 {
	x := float64(of.Repeats)
	if of.Repeats <= 0 || of.Mean <= 0 {
		return s.P * s.V / (s.Q - 1)
	}
	return s.P * (s.V + x*of.Mean) / (s.P*x + s.Q - 1)
}

// LogLikelihood is the logarithm of how likely the parameters make what was spent. Who has no repeat or a mean of zero or less says nothing. Its terms are added in the order of the buyers.
func (s Spending) LogLikelihood(buyers []Spent) float64 {
	value, _ := s.likelihood(buyers)
	return value
}

// likelihood is the log-likelihood and its slopes by P, Q and V.
//
//	LL = lgamma(px+q) - lgamma(px) - lgamma(q) + q ln(v) + (px-1) ln(z) + px ln(x) - (px+q) ln(v+xz)
func (s Spending) likelihood(buyers []Spent) (value float64, slope [3]float64) {
	terms := map[int32]spentTerm{}
	logV := math.Log(s.V)
	for _, of := range buyers {
		if of.Repeats <= 0 || of.Mean <= 0 {
			continue
		}
		t, known := terms[of.Repeats]
		if !known {
			t = s.term(of.Repeats)
			terms[of.Repeats] = t
		}
		x := float64(of.Repeats)
		px, all := s.P*x, s.V+x*of.Mean
		logZ, logAll := math.Log(of.Mean), math.Log(all)
		value += t.value + s.Q*logV + (px-1)*logZ - (px+s.Q)*logAll
		slope[0] += t.byP + x*(logZ-logAll)
		slope[1] += t.byQ + logV - logAll
		slope[2] += s.Q/s.V - (px+s.Q)/all
	}
	return value, slope
}

// spentTerm is what depends on the number of repeats alone, and its slopes.
type spentTerm struct{ value, byP, byQ float64 }

func (s Spending) term(repeats int32) spentTerm {
	x := float64(repeats)
	px := s.P * x
	both, _ := math.Lgamma(px + s.Q)
	own, _ := math.Lgamma(px)
	means, _ := math.Lgamma(s.Q)
	psi := mathext.Digamma(px + s.Q)
	return spentTerm{
		value: both - own - means + px*math.Log(x),
		byP:   x * (psi - mathext.Digamma(px) + math.Log(x)),
		byQ:   psi - mathext.Digamma(s.Q),
	}
}
