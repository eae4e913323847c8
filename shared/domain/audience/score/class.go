package score

// class8 is three digits in the order R, F, M: 1 is good. Recency is good at or below its line, the others at or above.
func class8(f Facts, r, fLine, m Line) string {
	digits := [3]byte{'0', '0', '0'}
	if r.compare(int64(f.R)) <= 0 {
		digits[0] = '1'
	}
	if fLine.compare(int64(f.F)) >= 0 {
		digits[1] = '1'
	}
	if m.compare(f.M) >= 0 {
		digits[2] = '1'
	}
	return string(digits[:])
}

// Classes8 lists the 8 classes, best first.
func Classes8() []string {
	return []string{"111", "101", "011", "001", "110", "100", "010", "000"}
}

// The 11 segments of the grid of scores.
const (
	Champions         = "champions"
	Loyal             = "loyal"
	PotentialLoyalist = "potential-loyalist"
	New               = "new"
	Promising         = "promising"
	NeedAttention     = "need-attention"
	AboutToSleep      = "about-to-sleep"
	AtRisk            = "at-risk"
	CantLose          = "cant-lose"
	Hibernating       = "hibernating"
	Lost              = "lost"
)

// Segments11 lists the 11 segments, best first.
func Segments11() []string {
	return []string{Champions, Loyal, PotentialLoyalist, New, Promising, NeedAttention, AboutToSleep, AtRisk, CantLose, Hibernating, Lost}
}

var letters11 = map[byte]string{
	'C': Champions, 'L': Loyal, 'P': PotentialLoyalist, 'N': New, 'M': Promising, 'A': NeedAttention,
	'S': AboutToSleep, 'R': AtRisk, 'K': CantLose, 'H': Hibernating, 'X': Lost,
}

// grid11 is the table of the 11 segments: a block for each R from 1 to 5, a line for each F from 1 to 5, a letter for each M from
// 1 to 5. Whoever bought often and much and stays away can't be lost; whoever came lately once is new or promising, however
// much was spent.
var grid11 = [5][5]string{
	{"XXXHH", "XXHHH", "HHHRR", "RRRKK", "RRRKK"},
	{"HHHRR", "HHHRR", "HHRRR", "RRRRR", "RRRKK"},
	{"SSSAA", "SSSAA", "AAAAA", "AALLL", "LLLLL"},
	{"MMMMM", "PPPPP", "PPPLL", "LLLCC", "LLLCC"},
	{"NNNNN", "PPPPP", "PPPLL", "LLLCC", "LLCCC"},
}

// Segment11 is the segment of a cell of the grid, empty unless all scores are 1 to 5.
func Segment11(r, f, m int) string {
	if r < 1 || r > 5 || f < 1 || f > 5 || m < 1 || m > 5 {
		return ""
	}
	return letters11[grid11[r-1][f-1][m-1]]
}

// The bands of recency and the classes of those who have not bought, for class15.
const (
	bandActive  = "active"
	bandCooling = "cooling"
	bandLapsed  = "lapsed"

	Engaged = "engaged"
	Idle    = "idle"
)

// class15 is band-FM for buyers, F and M 1 at or above the mean of the buyers and 0 below; for others engaged, new or idle.
func class15(f Facts, meanF, meanM Line, s Scoring) string {
	if !f.Buyer() {
		switch {
		case f.Engaged:
			return Engaged
		case f.SinceFirst <= s.NewDays:
			return New
		}
		return Idle
	}
	band := bandLapsed
	switch {
	case f.R <= s.ActiveDays:
		band = bandActive
	case f.R <= s.CoolingDays:
		band = bandCooling
	}
	digits := [2]byte{'0', '0'}
	if meanF.compare(int64(f.F)) >= 0 {
		digits[0] = '1'
	}
	if meanM.compare(f.M) >= 0 {
		digits[1] = '1'
	}
	return band + "-" + string(digits[:])
}

// Classes15 lists the 15 classes: twelve of buyers, three of others.
func Classes15() []string {
	list := make([]string, 0, 15)
	for _, band := range [...]string{bandActive, bandCooling, bandLapsed} {
		for _, digits := range [...]string{"11", "10", "01", "00"} {
			list = append(list, band+"-"+digits)
		}
	}
	return append(list, Engaged, New, Idle)
}
