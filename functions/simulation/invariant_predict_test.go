package simulation

import (
	"math"
	"slices"
	"testing"
	"time"
)

// learned is what a run says that it has learned of the buyers, as the API tells it.
type learned struct {
	Evidence struct{ Buyers, Days, Since, Regular int }
	Lacks    []string
	Sample   int
	// Purchases are the parameters of BG/NBD.
	Purchases struct{ R, Alpha, A, B float64 }
}

// boughtOn is on what days before a day's end somebody has ordered, the first one first, as days before it.
func boughtOn(orders []bought, day time.Time) (ago []int) {
	for _, o := range orders {
		if o.CompletedAt == nil || !o.CompletedAt.Before(day.AddDate(0, 0, 1)) {
			continue
		}
		y, m, d := o.CompletedAt.In(shanghai).Date()
		ago = append(ago, int(day.Sub(time.Date(y, m, d, 0, 0, 0, 0, shanghai)).Hours())/24)
	}
	slices.Sort(ago)
	slices.Reverse(ago)
	return slices.Compact(ago)
}

// stillBuys is P(alive) by the two likelihoods that it divides, of somebody who is there still and of somebody who left after their last order: both are beta functions times what the waiting comes to. The program takes their quotient, which has no beta function left.
func (l *learned) stillBuys(ago []int) float64 {
	p, x := l.Purchases, float64(len(ago)-1)
	last, age := float64(ago[0]-ago[len(ago)-1])/7, float64(ago[0])/7
	beta := func(a, b float64) float64 {
		la, _ := math.Lgamma(a)
		lb, _ := math.Lgamma(b)
		lab, _ := math.Lgamma(a + b)
		return la + lb - lab
	}
	there := beta(p.A, p.B+x) - (p.R+x)*math.Log(p.Alpha+age)
	left := beta(p.A+1, p.B+x-1) - (p.R+x)*math.Log(p.Alpha+last)
	most := max(there, left)
	return math.Exp(there-most) / (math.Exp(there-most) + math.Exp(left-most))
}

// checkPredictions holds that a run has learned of all buyers, and that each has the band of a recount of the orders that the API lists.
func checkPredictions(s *state, orders map[string][]bought, day time.Time, broken func(string, string, ...any)) {
	l := s.run.Predictions
	if l == nil {
		broken("", "the last run says nothing of predictions")
		return
	}
	days, since, regular, on := 0, 0, 0, map[string][]int{}
	for id, all := range orders {
		ago := boughtOn(all, day)
		if len(on) == 0 {
			since = ago[len(ago)-1]
		}
		on[id] = ago
		days, since = max(days, ago[0]), min(since, ago[len(ago)-1])
		if len(ago) > 2 {
			regular++
		}
	}
	if e := l.Evidence; e.Buyers != len(on) || e.Days != days || e.Since != since || e.Regular != regular {
		broken("", "the last run goes by %+v, a recount by %d buyers since %d days, the last one %d days ago, %d of them regular", e, len(on), days, since, regular)
	}
	enough := len(on) >= max(s.run.Scoring.PredictFromBuyers, 1) && days >= s.run.Scoring.PredictFromDays && since <= 30 && regular > 0
	if got := len(l.Lacks) == 0; got && !enough || !got && enough && !slices.Equal(l.Lacks, []string{"fit"}) {
		broken("", "the last run lacks %v of %d buyers since %d days, %d of them regular", l.Lacks, len(on), days, regular)
	}
	for id, ago := range on {
		got := s.profiles[id].Predictions
		if got == nil || got.Run != s.run.RunID || len(got.Lacks) != len(l.Lacks) {
			broken("profile:"+id, "has bought and has the predictions %+v", got)
			continue
		}
		want := ""
		if len(l.Lacks) == 0 {
			switch last := ago[len(ago)-1]; {
			case len(ago) > 1:
				want = banded(l.stillBuys(ago))
			case last <= 30:
				want = "alive"
			case last <= 90:
				want = "at-risk"
			default:
				want = "lost"
			}
		}
		if want != "between" && got.Band != want || (got.ValueDecile > 0) != (len(l.Lacks) == 0) {
			broken("profile:"+id, "is in the band %q and the tenth %d, a recount of orders %v days ago says %q", got.Band, got.ValueDecile, ago, want)
		}
	}
}

// banded is the band of a probability, "between" where the last bit decides.
func banded(p float64) string {
	for _, border := range []float64{0.7, 0.3} {
		if math.Abs(p-border) < 1e-9 {
			return "between"
		}
	}
	switch {
	case p >= 0.7:
		return "alive"
	case p >= 0.3:
		return "at-risk"
	}
	return "lost"
}

// TestStillBuys holds the recount to the published customer of CDNOW: 0.72658.
func TestStillBuys(t *testing.T) {
	l := &learned{}
	l.Purchases.R, l.Purchases.Alpha, l.Purchases.A, l.Purchases.B = 0.24259, 4.41353, 0.79289, 2.42575
	if got := l.stillBuys([]int{272, 160, 59}); math.Abs(got-0.72658) > 1e-4 { // t_x is 30.43 weeks, T 38.86
		t.Errorf("it is %f", got)
	}
}
