package console

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/httpapi"
)

// worthGroup is a way to part people, with what each class of it brings.
type worthGroup struct {
	Group   string  `json:"group"`
	Classes []worth `json:"classes"`
}

// classesShown is the answer to GET /v1/runs/{id}/classes.
type classesShown struct {
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
	c, err := p.countedBy(r.Context(), run)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	if c.classes == nil && run.Buyers > 0 {
		httpapi.Problem(w, http.StatusNotFound, "", tellsNothing)
		return
	}
	out := classesShown{RunID: run.ID, AsOf: run.AsOf, All: c.tell(score.Everybody, run.Profiles, c.everybody()), Groups: []worthGroup{}, Segments: []worth{}}
	for _, group := range score.Groups() {
		g := worthGroup{Group: group, Classes: []worth{}}
		for _, class := range score.ClassesOf(group) {
			of := score.Worth{}
			if one := c.classes[group][class]; one != nil {
				of = *one
			}
			g.Classes = append(g.Classes, c.tell(class, run.Counts[group][class], of))
		}
		out.Groups = append(out.Groups, g)
	}
	if !run.ReportOnly {
		for _, id := range slices.Sorted(maps.Keys(c.members)) {
			out.Segments = append(out.Segments, c.segment(id))
		}
		slices.SortStableFunc(out.Segments, func(a, b worth) int { return cmp.Compare(b.Net.Minor, a.Net.Minor) })
	}
	httpapi.JSON(w, http.StatusOK, out)
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

// lacking is the answer to GET /v1/runs/{id}/quality.
type lacking struct {
	RunID    string     `json:"runId"`
	AsOf     score.Date `json:"asOf"`
	Profiles int        `json:"profiles"`
	// Lacking are how many profiles lack something, or are in doubt; Unreadable are in no other number.
	Lacking     []lack `json:"lacking"`
	Unreadable  int    `json:"unreadable"`
	Approximate int    `json:"approximate"`
	Refused     int    `json:"refused"`
	// Tags is how far the tags that people have are asked for; null where they are too many to be counted.
	Tags *tagUse `json:"tags"`
}

// tagUse is that of a run.
type tagUse struct {
	score.TagUse
	Share float64 `json:"share"` // of the tags that are asked for, by all
}

func tagUseOf(one *score.TagUse) *tagUse {
	if one == nil {
		return nil
	}
	return &tagUse{*one, ratio(int64(one.Asked), int64(one.Tags))}
}

type lack struct {
	What   string  `json:"what"`
	People int     `json:"people"`
	Share  float64 `json:"share"`
}

const tellsNoQuality = "of this run nothing is kept of data quality and cohorts: it is kept for 30 days, and not by runs of the version before"

func (p *Process) quality(w http.ResponseWriter, r *http.Request) {
	run, closing, ok := p.closing(w, r)
	if !ok {
		return
	}
	out := lacking{RunID: run.ID, AsOf: run.AsOf, Profiles: run.Profiles, Lacking: []lack{}, Unreadable: run.Unreadable, Approximate: run.Approximate, Refused: run.Refused, Tags: tagUseOf(closing.TagUse)}
	if run.ReportOnly {
		httpapi.Problem(w, http.StatusNotFound, "", "a run for a past day does not tell data quality: it is that of the profiles as they are")
		return
	}
	for _, what := range score.Lacks() {
		n := closing.Quality[what]
		out.Lacking = append(out.Lacking, lack{what, n, ratio(int64(n), int64(run.Profiles))})
	}
	httpapi.JSON(w, http.StatusOK, out)
}

// closing reads what closing a run has counted. Where nothing is kept of it, the request is answered.
func (p *Process) closing(w http.ResponseWriter, r *http.Request) (run score.Run, closing runs.RunResult, ok bool) {
	if run, ok = p.closedRun(w, r); !ok {
		return run, closing, false
	}
	closing, err := p.Runs.Closing(r.Context(), run)
	if err != nil {
		httpapi.Failed(w, r, err)
		return run, closing, false
	}
	if closing.Cohorts == nil || closing.Cohorts.Missing {
		httpapi.Problem(w, http.StatusNotFound, "", tellsNoQuality)
		return run, closing, false
	}
	return run, closing, true
}

// cohortsShown is the answer to GET /v1/runs/{id}/cohorts.
type cohortsShown struct {
	RunID  string     `json:"runId"`
	AsOf   score.Date `json:"asOf"`
	Months []cohort   `json:"months"`
	Days   []cohort   `json:"days"`
}

// cohort is who was first seen in a month or on a day, and how many of them were active in it and in each one since.
type cohort struct {
	First  string    `json:"first"`
	People int       `json:"people"`
	Active []int     `json:"active"`
	Share  []float64 `json:"share"`
}

func (p *Process) cohorts(w http.ResponseWriter, r *http.Request) {
	run, closing, ok := p.closing(w, r)
	if !ok {
		return
	}
	httpapi.JSON(w, http.StatusOK, cohortsShown{RunID: run.ID, AsOf: run.AsOf, Months: cohortsOf(closing.Cohorts.Months), Days: cohortsOf(closing.Cohorts.Days)})
}

// cohortsOf are cohorts, the oldest first.
func cohortsOf(counted map[string][]int) []cohort {
	all := []cohort{}
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		c := cohort{First: name, People: counted[name][0], Active: counted[name]}
		for _, n := range c.Active {
			c.Share = append(c.Share, ratio(int64(n), int64(c.People)))
		}
		all = append(all, c)
	}
	return all
}
