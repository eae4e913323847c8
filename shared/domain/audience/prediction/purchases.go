package prediction

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Purchases are the parameters of BG/NBD, in weeks: buyers order at rates that are gamma distributed (shape R, rate Alpha), and after an order they leave for good with a probability that is beta
// distributed (A, B).
type Purchases struct {
	R     float64 `json:"r"`
	Alpha float64 `json:"alpha"`
	A     float64 `json:"a"`
	B     float64 `json:"b"`
}

// odds are those of having left against being there still.
func (p Purchases) odds(h History) float64 {
	if h.Repeats <= 0 {
		return 0 // the model has nobody leave before the first repeat
	}
	x := float64(h.Repeats)
	return p.A / (p.B + x - 1) * math.Exp((p.R+x)*math.Log((p.Alpha+h.Age)/(p.Alpha+h.Last)))
}

// Alive is the probability that somebody still buys (equation 5.3 of the note on P(alive) to the paper of 2005). It is 1 for whoever has bought once: the model cannot tell, and a rule of recency says more.
func (p Purchases) Alive(h History) float64 { return 1 / (1 + p.odds(h)) }

// Expected is on how many days of the next ones somebody will order, E[Y(t)] (equation 10 of the paper).
//
// The paper's 2F1(r+x, b+x; a+b+x-1; z) grows without bound as its factor goes to zero. By Euler's transformation it is (1-z)^(a-1-r-x) 2F1(a-1, a+b-1-r; a+b+x-1; z), which stays near 1.
func (p Purchases) Expected(h History, days int) float64 {
	if days <= 0 {
		return 0
	}
	if math.Abs(p.A-1) < nearOne { // the formula is 0/0 at 1, and goes on smoothly
		below, above := p, p
		below.A, above.A = 1-nearOne, 1+nearOne
		return (below.expected(h, days) + above.expected(h, days)) / 2
	}
	return p.expected(h, days)
}

// nearOne is how near to 1 the formula has too few digits left.
const nearOne = 1e-6

func (p Purchases) expected(h History, days int) float64 {
	x, t := float64(max(h.Repeats, 0)), float64(days)/daysOfWeek
	z := t / (p.Alpha + h.Age + t)
	rest := math.Pow(1-z, p.A-1) * mathext.Hypergeo(p.A-1, p.A+p.B-1-p.R, p.A+p.B+x-1, z)
	return (p.A + p.B + x - 1) / (p.A - 1) * (1 - rest) / (1 + p.odds(h))
}

// LogLikelihood is the logarithm of how likely the parameters make what happened. Its terms are added in the order of the counts.
func (p Purchases) LogLikelihood(counts []Count) float64 {
	value, _ := p.likelihood(counts)
	return value
}

// likelihood is the log-likelihood and its slopes by R, Alpha, A and B.
//
//	LL = A1 + A2 + log(exp A3 + exp A4), where
//	A1 = lgamma(r+x) - lgamma(r) + r ln(alpha)
//	A2 = lgamma(a+b) + lgamma(b+x) - lgamma(b) - lgamma(a+b+x)
//	A3 = -(r+x) ln(alpha+T)
//	A4 = ln(a) - ln(b+x-1) - (r+x) ln(alpha+t_x), only for x > 0
func (p Purchases) likelihood(counts []Count) (value float64, slope [4]float64) {
	terms := p.terms(mostRepeats(counts))
	logAlpha := math.Log(p.Alpha)
	for _, c := range counts {
		n, x := float64(c.Buyers), float64(c.Repeats)
		of := terms[c.Repeats]
		logAge := math.Log(p.Alpha + c.Age)
		if c.Repeats == 0 {
			value += n * p.R * (logAlpha - logAge)
			slope[0] += n * (logAlpha - logAge)
			slope[1] += n * p.R * (1/p.Alpha - 1/(p.Alpha+c.Age))
			continue
		}
		logLast := math.Log(p.Alpha + c.Last)
		there := -(p.R + x) * logAge
		left := of.left - (p.R+x)*logLast
		larger := max(there, left)
		sum := larger + math.Log(math.Exp(there-larger)+math.Exp(left-larger))
		isThere, hasLeft := math.Exp(there-sum), math.Exp(left-sum)
		value += n * (of.value + p.R*logAlpha + sum)
		slope[0] += n * (of.slope[0] + logAlpha - isThere*logAge - hasLeft*logLast)
		slope[1] += n * (p.R/p.Alpha - (p.R+x)*(isThere/(p.Alpha+c.Age)+hasLeft/(p.Alpha+c.Last)))
		slope[2] += n * (of.slope[2] + hasLeft/p.A)
		slope[3] += n * (of.slope[3] - hasLeft/(p.B+x-1))
	}
	return value, slope
}

// term is what of a buyer's likelihood depends on the number of repeats alone.
type term struct {
	value float64    // of A1 and A2, without r ln(alpha)
	left  float64    // of A4
	slope [4]float64 // of value, by R, Alpha, A and B
}

// terms are those of 0 repeats to most. The gamma functions stand in differences whose arguments are whole numbers apart, so they are sums of logarithms.
func (p Purchases) terms(most int32) []term {
	out := make([]term, most+1)
	logA := math.Log(p.A)
	for x := int32(1); x <= most; x++ {
		j := float64(x - 1)
		of := out[x-1]
		of.value += math.Log(p.R+j) + math.Log(p.B+j) - math.Log(p.A+p.B+j)
		of.left = logA - math.Log(p.B+j)
		of.slope[0] += 1 / (p.R + j)
		of.slope[2] -= 1 / (p.A + p.B + j)
		of.slope[3] += 1/(p.B+j) - 1/(p.A+p.B+j)
		out[x] = of
	}
	return out
}

func mostRepeats(counts []Count) (most int32) {
	for _, c := range counts {
		most = max(most, c.Repeats)
	}
	return most
}
