package profile

import (
	"fmt"
	"math"
	"time"

	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
)

// predictions are what the newest run's models say of a buyer today. Without enough to go by the figures are missing and Why says what there is too little of.
type predictions struct {
	Run  string     `json:"run"`
	AsOf score.Date `json:"asOf"`
	// Band is what segments go by; it was written by a run, and the probability is of today.
	Band  string   `json:"band,omitempty"`
	Alive *float64 `json:"alive,omitempty"` // probability, of who has bought on two days or more
	// ValueDecile is 10 for the tenth of the buyers who will bring most within a year.
	ValueDecile int        `json:"valueDecile,omitempty"`
	Expected    []expected `json:"expected,omitempty"`
	Basis       *basis     `json:"basis,omitempty"`
	// Lacks are what there is too little of.
	Lacks []prediction.Lack `json:"lacks,omitempty"`
	Why   []string          `json:"why"`
}

// basis is what the figures come from: on how many days somebody has ordered, how many days ago the first and the last time, how far apart, and what such a day comes to.
type basis struct {
	OrderDays    int           `json:"orderDays"`
	FirstDaysAgo int           `json:"firstDaysAgo"`
	LastDaysAgo  int           `json:"lastDaysAgo"`
	GapDays      int           `json:"gapDays,omitempty"`
	Own          *money.Amount `json:"own,omitempty"` // after the first day
	Everybody    money.Amount  `json:"everybody"`
	Expected     money.Amount  `json:"expected"`
}

// expected is what somebody will bring within days: on how many of them they order, and what that comes to.
type expected struct {
	Days   int          `json:"days"`
	Orders float64      `json:"orders"`
	Value  money.Amount `json:"value"`
}

// shopOf is the shop as a run knew it; none without a run.
func shopOf(run *score.Run) (profile.Shop, bool) {
	if run == nil {
		return profile.Shop{}, false
	}
	zone, err := time.LoadLocation(run.Zone)
	return profile.Shop{Zone: zone, Currency: run.Currency}, err == nil
}

// predict reads the figures out of a run; nil where there are none of this person: there was no run, they have not bought, or they refuse profiling.
func predict(p *profile.Profile, run *score.Run, now time.Time) *predictions {
	shop, ok := shopOf(run)
	if !ok || run.Findings == nil || run.Predictions == nil || p.RefusesProfiling() {
		return nil
	}
	p = p.All()
	facts, ok := score.Observe(p, shop.Day(now), run.Scoring, shop)
	if !ok || !facts.Buyer() {
		return nil
	}
	out := &predictions{Run: run.ID, AsOf: run.AsOf}
	if !run.Predictions.Enough() {
		out.Lacks, out.Why = run.Predictions.Lacks, lacking(*run.Predictions, run.Scoring.Gate())
		return out
	}
	learned, buys := run.Predictions, facts.Buys
	if !learned.Tells(buys.History(), buys.Mean()) {
		out.Lacks = []prediction.Lack{prediction.LacksFit}
		out.Why = lacking(prediction.Learned{Evidence: learned.Evidence, Lacks: out.Lacks}, run.Scoring.Gate())
		return out
	}
	out.Band, out.ValueDecile = p.Scores.Alive, p.Scores.ValueDecile
	if buys.Repeats > 0 {
		alive := round(learned.Purchases.Alive(buys.History()))
		out.Alive = &alive
	}
	for _, days := range prediction.Horizons {
		out.Expected = append(out.Expected, expected{
			Days: days, Orders: round(learned.Purchases.Expected(buys.History(), days)),
			Value: money.Amount{Minor: int64(math.Round(learned.Value(buys.History(), buys.Mean(), days))), Currency: run.Currency},
		})
	}
	out.Basis = basisOf(learned, buys, run.Currency)
	out.Why = out.Basis.reasons(run.Scoring.Filled())
	return out
}

// round leaves four digits behind the point: more would say more than the models know.
func round(v float64) float64 { return math.Round(v*10_000) / 10_000 }

func basisOf(l *prediction.Learned, b score.Buys, currency money.Currency) *basis {
	amount := func(v float64) money.Amount { return money.Amount{Minor: int64(math.Round(v)), Currency: currency} }
	out := &basis{
		OrderDays: b.Repeats + 1, FirstDaysAgo: b.First, LastDaysAgo: b.Last,
		Everybody: amount(l.Spending.Mean(prediction.Spent{})), Expected: amount(l.Spending.Mean(b.Mean())),
	}
	if b.Repeats > 0 {
		own := amount(b.Mean().Mean)
		out.GapDays, out.Own = int(math.Round(float64(b.First-b.Last)/float64(b.Repeats))), &own
	}
	return out
}

// reasons say it in words.
func (b *basis) reasons(scoring score.Scoring) []string {
	if b.Own == nil {
		return []string{
			fmt.Sprintf("Has ordered on one day, %s. Whether somebody with one order is still a buyer no model can tell, so days say it: up to %d still buying, up to %d at risk, then probably gone.", ago(b.LastDaysAgo), scoring.ActiveDays, scoring.CoolingDays),
			fmt.Sprintf("A day with an order is taken to come to %s, as it does for all buyers.", b.Everybody),
		}
	}
	return []string{
		fmt.Sprintf("Has ordered on %d days since the first order %s, the last time %s: %s apart on the whole.", b.OrderDays, ago(b.FirstDaysAgo), ago(b.LastDaysAgo), days(b.GapDays)),
		fmt.Sprintf("A day with an order came to %s after the first one; for all buyers it comes to %s, so %s is expected.", *b.Own, b.Everybody, b.Expected),
	}
}

func ago(n int) string {
	if n == 0 {
		return "today"
	}
	return days(n) + " ago"
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// lacking says what there is too little of to predict from.
func lacking(l prediction.Learned, gate prediction.Gate) (out []string) {
	for _, lack := range l.Lacks {
		switch e := l.Evidence; lack {
		case prediction.LacksBuyers:
			out = append(out, fmt.Sprintf("There are no predictions yet: the shop has %d buyers, and it takes %d.", e.Buyers, gate.Buyers))
		case prediction.LacksDays:
			out = append(out, fmt.Sprintf("There are no predictions yet: the first order was %s, and it takes %d days.", ago(e.Days), gate.Days))
		case prediction.LacksRecent:
			out = append(out, fmt.Sprintf("There are no predictions: the last order was %s, more than %d days.", ago(e.Since), prediction.RecentDays))
		case prediction.LacksRepeat:
			out = append(out, "There are no predictions yet: nobody has ordered on three days.")
		case prediction.LacksFit:
			out = append(out, "There are no predictions: what people ordered does not tell the parameters of the models.")
		case prediction.LacksParts:
			out = append(out, "There are no predictions yet: the run began before this version. The next one has them.")
		}
	}
	return out
}
