package score

import (
	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/fault"
)

// Method says against what class8 calls a value high.
type Method string

// The methods of class8. Business takes the lines from the settings.
const (
	AgainstMean   Method = "mean"
	AgainstMedian Method = "median"
	Business      Method = "business"
)

// Scoring is the settings of a run, kept in the catalog under the setting ScoringSetting and copied into each run. Zero values
// mean the defaults of DefaultScoring.
type Scoring struct {
	// WindowDays limits R, F and M to the paid orders of the last days; 0 means all there ever were.
	WindowDays int `json:"windowDays,omitempty"`
	// Class8 is what high means: mean (default), median or business, which needs Lines.
	Class8 Method         `json:"class8,omitempty"`
	Lines  *BusinessLines `json:"lines,omitempty"`
	// Quintiles are fixed borders in place of computed ones.
	Quintiles *FixedQuintiles `json:"quintiles,omitempty"`
	// ActiveDays and CoolingDays end class15's bands of recency: active up to the first, cooling up to the second, then lapsed.
	ActiveDays  int `json:"activeDays,omitempty"`
	CoolingDays int `json:"coolingDays,omitempty"`
	// EngagedDays and NewDays part class15's profiles that have not bought.
	EngagedDays int `json:"engagedDays,omitempty"`
	NewDays     int `json:"newDays,omitempty"`
	// QuietDays is the lifecycle's N: silent after N days without activity, dormant after 2N, churned after 4N.
	QuietDays int `json:"quietDays,omitempty"`
	// LivelyFrom and FadingFrom are the activity scores from which somebody is lively, and fading; below, there is a warning.
	LivelyFrom int `json:"livelyFrom,omitempty"`
	FadingFrom int `json:"fadingFrom,omitempty"`
	// PredictFromBuyers and PredictFromDays are how many buyers there are, and how many days since the first order, before anything is predicted.
	PredictFromBuyers int `json:"predictFromBuyers,omitempty"`
	PredictFromDays   int `json:"predictFromDays,omitempty"`
}

// Gate is what it takes to predict.
func (s Scoring) Gate() prediction.Gate {
	s = s.Filled()
	return prediction.Gate{Buyers: s.PredictFromBuyers, Days: s.PredictFromDays}
}

// ScoringSetting is the id of the setting that holds a Scoring.
const ScoringSetting = "segmentation"

// BusinessLines are class8's lines when operators choose them: R in days, F in orders, M in minor units.
type BusinessLines struct {
	R int64 `json:"r"`
	F int64 `json:"f"`
	M int64 `json:"m"`
}

// FixedQuintiles are four ascending borders each: R in days, F in orders, M in minor units.
type FixedQuintiles struct {
	R [4]int64 `json:"r"`
	F [4]int64 `json:"f"`
	M [4]int64 `json:"m"`
}

// DefaultScoring is what holds where the settings say nothing.
func DefaultScoring() Scoring {
	return Scoring{Class8: AgainstMean, ActiveDays: 30, CoolingDays: 90, EngagedDays: 30, NewDays: 30, QuietDays: 30, LivelyFrom: 60, FadingFrom: 30,
		PredictFromBuyers: prediction.DefaultGate.Buyers, PredictFromDays: prediction.DefaultGate.Days}
}

// Filled replaces zero values by the defaults.
func (s Scoring) Filled() Scoring {
	d := DefaultScoring()
	if s.Class8 == "" {
		s.Class8 = d.Class8
	}
	for _, field := range [...]struct {
		value *int
		by    int
	}{
		{&s.ActiveDays, d.ActiveDays}, {&s.CoolingDays, d.CoolingDays}, {&s.EngagedDays, d.EngagedDays},
		{&s.NewDays, d.NewDays}, {&s.QuietDays, d.QuietDays}, {&s.LivelyFrom, d.LivelyFrom}, {&s.FadingFrom, d.FadingFrom},
		{&s.PredictFromBuyers, d.PredictFromBuyers}, {&s.PredictFromDays, d.PredictFromDays},
	} {
		if *field.value == 0 {
			*field.value = field.by
		}
	}
	return s
}

// maxSettingDays bounds every number of days.
const maxSettingDays = 3650

// maxPredictFrom is how many buyers there may have to be before anything is predicted.
const maxPredictFrom = 1_000_000

// Validate checks the settings as an operator wrote them and returns fault.Faults.
func (s Scoring) Validate() error {
	var faults fault.Faults
	for _, field := range [...]struct {
		name string
		days int
	}{
		{"windowDays", s.WindowDays}, {"activeDays", s.ActiveDays}, {"coolingDays", s.CoolingDays}, {"engagedDays", s.EngagedDays},
		{"newDays", s.NewDays}, {"quietDays", s.QuietDays}, {"predictFromDays", s.PredictFromDays},
	} {
		if field.days < 0 || field.days > maxSettingDays {
			faults.Addf(field.name, "is %d, not between 0 and %d", field.days, maxSettingDays)
		}
	}
	if s.PredictFromBuyers < 0 || s.PredictFromBuyers > maxPredictFrom {
		faults.Addf("predictFromBuyers", "is %d, not between 0 and %d", s.PredictFromBuyers, maxPredictFrom)
	}
	filled := s.Filled()
	for _, field := range [...]struct {
		name  string
		score int
	}{{"livelyFrom", s.LivelyFrom}, {"fadingFrom", s.FadingFrom}} {
		if field.score < 0 || field.score > 100 {
			faults.Addf(field.name, "is %d, not between 0 and 100", field.score)
		}
	}
	if filled.LivelyFrom <= filled.FadingFrom {
		faults.Addf("livelyFrom", "is %d, not above fadingFrom (%d)", filled.LivelyFrom, filled.FadingFrom)
	}
	if filled.CoolingDays <= filled.ActiveDays {
		faults.Addf("coolingDays", "is %d, not above activeDays (%d)", filled.CoolingDays, filled.ActiveDays)
	}
	switch filled.Class8 {
	case AgainstMean, AgainstMedian:
	case Business:
		switch {
		case s.Lines == nil:
			faults.Add("lines", "is missing, and class8 is business")
		case s.Lines.R < 0 || s.Lines.F < 0 || s.Lines.M < 0:
			faults.Add("lines", "has a line below zero")
		}
	default:
		faults.Addf("class8", "is %.32q, not one of mean, median, business", string(s.Class8))
	}
	if q := s.Quintiles; q != nil {
		for _, axis := range [...]struct {
			name    string
			borders [4]int64
		}{{"r", q.R}, {"f", q.F}, {"m", q.M}} {
			if !ascending(axis.borders) {
				faults.Add("quintiles."+axis.name, "is not four numbers from zero upwards, each at least the one before")
			}
		}
	}
	return faults.Err()
}

func ascending(borders [4]int64) bool {
	last := int64(0)
	for _, b := range borders {
		if b < last {
			return false
		}
		last = b
	}
	return true
}
