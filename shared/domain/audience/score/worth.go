package score

import (
	"cmp"
	"maps"
	"slices"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Worth is what the buyers among some people have brought, by the facts of a run: within its window, in the shop's currency.
type Worth struct {
	Buyers int `json:"buyers"`
	Orders int `json:"orders"`
	// Net is in minor units.
	Net int64 `json:"net"`
	// Repeaters are the buyers with two paid orders or more.
	Repeaters int `json:"repeaters"`
	// Cycle is the median of the days from one order day to the next, over those who have two or more: each counts by the mean of their own. Without any it is 0.
	Cycle int `json:"cycleDays,omitempty"`
}

// Add takes up the facts of somebody, of who is no buyer nothing.
func (w *Worth) Add(f Facts) {
	if !f.Buyer() {
		return
	}
	w.Merge(Worth{Buyers: 1, Orders: f.F, Net: f.M, Repeaters: min(f.F/2, 1)})
}

// Merge takes up other people. The cycle is left as it is: medians do not add up.
func (w *Worth) Merge(o Worth) {
	w.Buyers, w.Orders, w.Net, w.Repeaters = w.Buyers+o.Buyers, w.Orders+o.Orders, money.AddCapped(w.Net, o.Net), w.Repeaters+o.Repeaters
}

// Worths are those of the classes of each group, and of everybody under the name Everybody.
type Worths map[string]map[string]*Worth

// Everybody is the name of the group, and of its one class, that all people are in.
const Everybody = "all"

// Move is how many people went from a class to another since the run before; one of the two is empty for those who were in none, or are no longer in any.
type Move struct {
	From   string `json:"from"`
	To     string `json:"to"`
	People int    `json:"people"`
}

// Portrait counts what classes bring and who went where. Its zero value is ready.
type Portrait struct {
	worths Worths
	cycles map[*Worth][]int32 // buyers by days of their cycle, the last for all above
	moves  map[string]map[[2]string]int
}

// longestCycle bounds the days that are told apart.
const longestCycle = 730

// Add counts somebody by their facts, their scores and those that they had.
func (p *Portrait) Add(f Facts, now, before profile.Scores) {
	for _, g := range groups {
		class := g.of(now)
		p.count(g.name, class, f)
		if was := g.of(before); was != class {
			if p.moves == nil {
				p.moves = map[string]map[[2]string]int{}
			}
			if p.moves[g.name] == nil {
				p.moves[g.name] = map[[2]string]int{}
			}
			p.moves[g.name][[2]string{was, class}]++
		}
	}
	p.count(Everybody, Everybody, f)
}

func (p *Portrait) count(group, class string, f Facts) {
	if class == "" || !f.Buyer() {
		return
	}
	if p.worths == nil {
		p.worths, p.cycles = Worths{}, map[*Worth][]int32{}
	}
	if p.worths[group] == nil {
		p.worths[group] = map[string]*Worth{}
	}
	w := p.worths[group][class]
	if w == nil {
		w = &Worth{}
		p.worths[group][class], p.cycles[w] = w, make([]int32, longestCycle+1)
	}
	w.Add(f)
	if b := f.Buys; b.Repeats > 0 {
		cycle := (b.First - b.Last + b.Repeats/2) / b.Repeats
		p.cycles[w][min(cycle, longestCycle)]++
	}
}

// Worths are what the classes bring, with their cycles.
func (p *Portrait) Worths() Worths {
	for w, days := range p.cycles {
		w.Cycle = medianOf(days)
	}
	return p.worths
}

// medianOf is the lower median of days that are counted by how many have them.
func medianOf(counts []int32) int {
	all := int32(0)
	for _, n := range counts {
		all += n
	}
	below := int32(0)
	for day, n := range counts {
		if below += n; all > 0 && below >= (all+1)/2 {
			return day
		}
	}
	return 0
}

// Moves are those of each group, most people first.
func (p *Portrait) Moves() map[string][]Move {
	out := map[string][]Move{}
	for group, pairs := range p.moves {
		for _, pair := range slices.SortedFunc(maps.Keys(pairs), func(a, b [2]string) int {
			return cmp.Or(cmp.Compare(pairs[b], pairs[a]), cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
		}) {
			out[group] = append(out[group], Move{pair[0], pair[1], pairs[pair]})
		}
	}
	return out
}
