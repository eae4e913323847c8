package score

import (
	"slices"

	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Model is what a run learned from all buyers together: with it, the scores of each profile follow from its own facts. It is
// stored with the run.
type Model struct {
	Buyers    int     `json:"buyers"`
	Quintiles Axes    `json:"breakpoints"`
	Means     Lines   `json:"means"`
	Lines     Lines   `json:"lines"` // what class8 compares with
	Scoring   Scoring `json:"scoring"`
	// Predictions are nil of a run of the version before.
	Predictions *prediction.Learned `json:"predictions,omitempty"`
}

// Axes holds the quintile borders of the three values.
type Axes struct {
	R Breakpoints `json:"r"`
	F Breakpoints `json:"f"`
	M Breakpoints `json:"m"`
}

// Lines holds a line for each of the three values.
type Lines struct {
	R Line `json:"r"`
	F Line `json:"f"`
	M Line `json:"m"`
}

// Fit learns from the values of all buyers, in any order but the same in each slice: R in days, F in orders, M in minor units.
// It sorts the slices in place.
func Fit(r, f []int32, m []int64, scoring Scoring) Model {
	slices.Sort(r)
	slices.Sort(f)
	slices.Sort(m)
	scoring = scoring.Filled()
	model := Model{
		Buyers:    len(m),
		Quintiles: Axes{R: Quintiles(r), F: Quintiles(f), M: Quintiles(m)},
		Means:     Lines{R: mean(r), F: mean(f), M: mean(m)},
		Scoring:   scoring,
	}
	if fixed := scoring.Quintiles; fixed != nil {
		model.Quintiles = Axes{R: borders(fixed.R), F: borders(fixed.F), M: borders(fixed.M)}
	}
	model.Lines = model.Means
	switch scoring.Class8 {
	case AgainstMedian:
		model.Lines = Lines{R: median(r), F: median(f), M: median(m)}
	case Business:
		if l := scoring.Lines; l != nil {
			model.Lines = Lines{R: Line{l.R, 1}, F: Line{l.F, 1}, M: Line{l.M, 1}}
		}
	}
	return model
}

func borders(fixed [4]int64) Breakpoints {
	var b Breakpoints
	for i, v := range fixed {
		b[i].Whole = v
	}
	return b
}

// WithOwn is the scores of a buyer with those of other scores that need nothing of the buyers, and so were known before.
func WithOwn(s, own profile.Scores) profile.Scores {
	s.Lifecycle, s.Activity, s.Stage = own.Lifecycle, own.Activity, own.Stage
	return s
}

// Score says where a profile stands. Who has not bought has a class15, a lifecycle, an activity and a stage only, and those need nothing of the
// buyers: they are the same from a Model of nobody. Run is left empty.
func (m Model) Score(f Facts) profile.Scores {
	scoring := m.Scoring.Filled()
	s := profile.Scores{
		Class15:   class15(f, m.Means.F, m.Means.M, scoring),
		Lifecycle: Lifecycle(f.SinceFirst, f.SinceLast, scoring.QuietDays),
		Activity:  activityBand(f.Activity, scoring),
	}
	s.Stage = stage(f, s.Lifecycle)
	if !f.Buyer() {
		return s
	}
	s.R = 5 - m.Quintiles.R.below(int64(f.R))
	s.F = 1 + m.Quintiles.F.below(int64(f.F))
	s.M = 1 + m.Quintiles.M.below(f.M)
	s.Class8 = class8(f, m.Lines.R, m.Lines.F, m.Lines.M)
	s.Segment11 = Segment11(s.R, s.F, s.M)
	s.Alive, s.ValueDecile = m.Predict(f.Buys)
	return s
}

// Predict says what a run's predictions make of a buyer: the band of whether they still buy, and the decile of what they will bring within a year; nothing where the run has none. Of who has ordered
// on one day the model always says that they still do, so the bands of class15 say it: as long as an order is fresh, they are; as long as it cools, they are at risk.
func (m Model) Predict(b Buys) (band string, decile int) {
	if !m.Predictions.Enough() {
		return "", 0
	}
	return m.band(b), m.Predictions.Decile(m.Predictions.Value(b.History(), b.Mean(), prediction.YearDays))
}

func (m Model) band(b Buys) string {
	if b.Repeats > 0 {
		return prediction.Band(m.Predictions.Purchases.Alive(b.History()))
	}
	scoring := m.Scoring.Filled()
	switch {
	case b.Last <= scoring.ActiveDays:
		return prediction.Alive
	case b.Last <= scoring.CoolingDays:
		return prediction.AtRisk
	}
	return prediction.Lost
}
