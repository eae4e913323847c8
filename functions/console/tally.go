package console

import (
	"context"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/money"
)

// worth is what the people of a class or a segment bring. Shares are of all profiles and of the net of all buyers.
type worth struct {
	Class     string       `json:"class"`
	People    int          `json:"people"`
	Share     float64      `json:"share"`
	Buyers    int          `json:"buyers"`
	Orders    int          `json:"orders"`
	Net       money.Amount `json:"net"`
	NetShare  float64      `json:"netShare"`
	PerBuyer  money.Amount `json:"perBuyer"`
	PerOrder  money.Amount `json:"perOrder"`
	Repeaters int          `json:"repeaters"`
	// Repurchase is the share of the buyers who have two paid orders or more.
	Repurchase float64 `json:"repurchase"`
	CycleDays  int     `json:"cycleDays,omitempty"`
}

func told(run score.Run, all score.Worth, class string, people int, of score.Worth) worth {
	amount := func(minor int64, parts int) money.Amount {
		if parts > 0 {
			minor = (2*minor + int64(parts)) / (2 * int64(parts)) // half up
		}
		return money.Amount{Minor: minor, Currency: run.Currency}
	}
	return worth{
		Class: class, People: people, Share: ratio(int64(people), int64(run.Profiles)), Buyers: of.Buyers, Orders: of.Orders,
		Net: amount(of.Net, 1), NetShare: ratio(of.Net, all.Net), PerBuyer: amount(of.Net, of.Buyers), PerOrder: amount(of.Net, of.Orders),
		Repeaters: of.Repeaters, Repurchase: ratio(int64(of.Repeaters), int64(of.Buyers)), CycleDays: of.Cycle,
	}
}

// ratio is a part of a whole with four digits, 0 of nothing.
func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(int64(float64(part)/float64(whole)*10_000+0.5)) / 10_000
}

// tallied is what a run has counted, all results together.
type tallied struct {
	run        score.Run
	classes    score.Worths
	members    map[string]int
	worths     map[string]score.Worth
	likenesses score.Likenesses
	quality    score.Quality
	cohorts    *score.Cohorts
}

// countedBy reads it.
func (p *Process) countedBy(ctx context.Context, run score.Run) (tallied, error) {
	c := tallied{run: run, members: map[string]int{}, worths: map[string]score.Worth{}}
	results, err := p.Runs.Results(ctx, run.ID)
	c.likenesses.Missing = len(results) == 0
	for _, one := range results {
		if one.Classes != nil {
			c.classes = one.Classes
		}
		if one.Cohorts != nil {
			c.cohorts, c.quality = one.Cohorts, one.Quality
		}
		for id, part := range one.Worths {
			sum := c.worths[id]
			sum.Merge(part)
			c.worths[id] = sum
		}
		for id, n := range one.Segments {
			c.members[id] += n
		}
		c.likenesses.Merge(one.Likenesses)
	}
	return c, err
}

// everybody is what all people bring.
func (c tallied) everybody() score.Worth {
	if one := c.classes[score.Everybody][score.Everybody]; one != nil {
		return *one
	}
	return score.Worth{}
}

// tell is what some of them bring.
func (c tallied) tell(class string, people int, of score.Worth) worth {
	return told(c.run, c.everybody(), class, people, of)
}

// likeness is what the members of a segment are like; an empty one where nobody was counted.
func (c tallied) likeness(id string) score.Likeness {
	if one := c.likenesses.Segments[id]; one != nil {
		return *one
	}
	return score.Likeness{}
}

// segment is what the members of a defined segment bring, with their cycle.
func (c tallied) segment(id string) worth {
	of, like := c.worths[id], c.likeness(id)
	of.Cycle = like.Cycle()
	return c.tell(id, c.members[id], of)
}
