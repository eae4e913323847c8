package console

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/httpapi"
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

// worthGroup is a way to part people, with what each class of it brings.
type worthGroup struct {
	Group   string  `json:"group"`
	Classes []worth `json:"classes"`
}

// portrait is the answer to GET /v1/runs/{id}/classes.
type portrait struct {
	RunID string     `json:"runId"`
	AsOf  score.Date `json:"asOf"`
	// All is everybody.
	All      worth        `json:"all"`
	Groups   []worthGroup `json:"groups"`
	Segments []worth      `json:"segments"`
}

// moved is the answer to GET /v1/runs/{id}/moves.
type moved struct {
	RunID  string      `json:"runId"`
	AsOf   score.Date  `json:"asOf"`
	Groups []moveGroup `json:"groups"`
}

type moveGroup struct {
	Group string       `json:"group"`
	Moves []score.Move `json:"moves"`
}

// closedRun reads a run that is closed. Where there is none, or what it counted is no longer kept, the request is answered.
func (p *Process) closedRun(w http.ResponseWriter, r *http.Request) (score.Run, bool) {
	id := r.PathValue("id")
	run, err := p.Runs.Load(r.Context(), id)
	switch {
	case errors.Is(err, dynamo.ErrNotFound):
		httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("there is no run %q", id))
	case err != nil:
		httpapi.Failed(w, r, err)
	case run.Findings == nil:
		httpapi.Problem(w, http.StatusConflict, "Not closed yet", "the run is still collecting: what classes bring is known once all profiles have been read")
	default:
		return run, true
	}
	return run, false
}

const tellsNothing = "of this run nothing is kept of what classes bring: it is kept for 30 days, and not by runs of the version before"

func (p *Process) classes(w http.ResponseWriter, r *http.Request) {
	run, ok := p.closedRun(w, r)
	if !ok {
		return
	}
	results, err := p.Runs.Results(r.Context(), run.ID)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	var classes score.Worths
	segments, members := map[string]score.Worth{}, map[string]int{}
	for _, one := range results {
		if one.Classes != nil {
			classes = one.Classes
		}
		for id, part := range one.Worths {
			sum := segments[id]
			sum.Merge(part)
			segments[id] = sum
		}
		for id, n := range one.Segments {
			members[id] += n
		}
	}
	if classes == nil && run.Buyers > 0 {
		httpapi.Problem(w, http.StatusNotFound, "", tellsNothing)
		return
	}
	all := score.Worth{}
	if one := classes[score.Everybody][score.Everybody]; one != nil {
		all = *one
	}
	tell := func(class string, people int, of score.Worth) worth { return told(run, all, class, people, of) }
	out := portrait{RunID: run.ID, AsOf: run.AsOf, All: tell(score.Everybody, run.Profiles, all), Groups: []worthGroup{}, Segments: []worth{}}
	for _, group := range score.Groups() {
		g := worthGroup{Group: group, Classes: []worth{}}
		for _, class := range score.ClassesOf(group) {
			of := score.Worth{}
			if one := classes[group][class]; one != nil {
				of = *one
			}
			g.Classes = append(g.Classes, tell(class, run.Counts[group][class], of))
		}
		out.Groups = append(out.Groups, g)
	}
	if !run.ReportOnly {
		for _, id := range slices.Sorted(maps.Keys(members)) {
			out.Segments = append(out.Segments, tell(id, members[id], segments[id]))
		}
		slices.SortStableFunc(out.Segments, func(a, b worth) int { return cmp.Compare(b.Net.Minor, a.Net.Minor) })
	}
	httpapi.JSON(w, http.StatusOK, out)
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

func (p *Process) moves(w http.ResponseWriter, r *http.Request) {
	run, ok := p.closedRun(w, r)
	if !ok {
		return
	}
	closing, err := p.Runs.Closing(r.Context(), run)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	if closing.Moves == nil {
		httpapi.Problem(w, http.StatusNotFound, "", tellsNothing)
		return
	}
	out := moved{RunID: run.ID, AsOf: run.AsOf}
	for _, group := range score.Groups() {
		moves := closing.Moves[group]
		if moves == nil {
			moves = []score.Move{}
		}
		out.Groups = append(out.Groups, moveGroup{group, moves})
	}
	httpapi.JSON(w, http.StatusOK, out)
}
