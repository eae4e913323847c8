package console

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/httpapi"
)

// mostValues is how many categories and sources are told of a segment.
const mostValues = 10

// segmentPortrait is the answer to GET /v1/segments/{id}/portrait: what the members of a segment bring and are like.
type segmentPortrait struct {
	RunID string     `json:"runId"`
	AsOf  score.Date `json:"asOf"`
	worth
	// All is everybody, to compare with.
	All worth `json:"all"`
	// Categories are those that most members favour, Sources what most were brought by first; of at least five people each. Absent of a class, and where there are too many to be told apart.
	Categories []score.Valued `json:"categories,omitempty"`
	Sources    []score.Valued `json:"sources,omitempty"`
}

// overlap is the answer to GET /v1/segments/{a}/overlap/{b}.
type overlap struct {
	RunID string     `json:"runId"`
	AsOf  score.Date `json:"asOf"`
	A     sized      `json:"a"`
	B     sized      `json:"b"`
	// Both is how many are in both, Either in one or both.
	Both   int `json:"both"`
	Either int `json:"either"`
	// ShareOfA and ShareOfB are the parts of each that the other has.
	ShareOfA float64 `json:"shareOfA"`
	ShareOfB float64 `json:"shareOfB"`
}

type sized struct {
	SegmentID segment.ID `json:"segmentId"`
	People    int        `json:"people"`
}

// lastCounted is the newest finished run that moved people, with what it has counted. Where there is none, or it is no longer kept, the request is answered.
func (p *Process) lastCounted(w http.ResponseWriter, r *http.Request) (c tallied, ok bool) {
	all, err := p.finished(r.Context())
	if err != nil {
		httpapi.Failed(w, r, err)
		return c, false
	}
	last := lastMoved(all)
	if last == nil {
		httpapi.Problem(w, http.StatusConflict, "Not counted yet", "no run has finished yet: start one (POST /v1/runs)")
		return c, false
	}
	if c, err = p.countedBy(r.Context(), *last); err != nil {
		httpapi.Failed(w, r, err)
		return c, false
	}
	return c, true
}

// gone tells whether a run has gone by a segment as it is. Where none has, the request is answered.
func (p *Process) gone(w http.ResponseWriter, r *http.Request, c tallied, id segment.ID) bool {
	changed, err := p.changedAt(r.Context(), id)
	if err != nil {
		httpapi.Failed(w, r, err)
		return false
	}
	if _, known := c.members[string(id)]; !known || missed(&c.run, changed) {
		httpapi.Problem(w, http.StatusConflict, "Not counted yet", fmt.Sprintf("no run has gone by the segment %s since it was changed: start one (POST /v1/runs)", id))
		return false
	}
	return true
}

const countsNothing = "the last run does not tell what members are like: it is of the version before, or there are so many segments that no run compares them"

func (p *Process) portrait(w http.ResponseWriter, r *http.Request) {
	id := segment.ID(r.PathValue("id"))
	if !p.knows(w, r, id) {
		return
	}
	c, ok := p.lastCounted(w, r)
	if !ok {
		return
	}
	out := segmentPortrait{RunID: c.run.ID, AsOf: c.run.AsOf, All: c.tell(score.Everybody, c.run.Profiles, c.everybody())}
	if id.Derived() {
		group, class, _ := strings.Cut(string(id), ":")
		of := score.Worth{}
		if one := c.classes[group][class]; one != nil {
			of = *one
		}
		out.worth = c.tell(string(id), c.run.Counts[group][class], of)
		httpapi.JSON(w, http.StatusOK, out)
		return
	}
	if !p.gone(w, r, c, id) {
		return
	}
	out.worth = c.segment(string(id))
	if !c.likenesses.Missing {
		like := c.likeness(string(id))
		out.Categories, out.Sources = score.Top(like.Categories, mostValues), score.Top(like.Sources, mostValues)
	}
	httpapi.JSON(w, http.StatusOK, out)
}

// overlap tells how many are in two defined segments, by the last run.
func (p *Process) overlap(w http.ResponseWriter, r *http.Request) {
	a, b := segment.ID(r.PathValue("id")), segment.ID(r.PathValue("other"))
	if !p.knows(w, r, a) || !p.knows(w, r, b) {
		return
	}
	if a.Derived() || b.Derived() {
		httpapi.Problem(w, http.StatusUnprocessableEntity, "Invalid overlap", "", httpapi.FieldError{Field: "id", Reason: "is a class: a run compares the segments that operators define; define one by a rule that asks for the class"})
		return
	}
	c, ok := p.lastCounted(w, r)
	if !ok || !p.gone(w, r, c, a) || !p.gone(w, r, c, b) {
		return
	}
	if c.likenesses.Missing {
		httpapi.Problem(w, http.StatusNotFound, "", countsNothing)
		return
	}
	out := overlap{RunID: c.run.ID, AsOf: c.run.AsOf, A: sized{a, c.members[string(a)]}, B: sized{b, c.members[string(b)]}, Both: c.likenesses.Both(string(a), string(b))}
	if a == b {
		out.Both = out.A.People
	}
	out.Either = out.A.People + out.B.People - out.Both
	out.ShareOfA, out.ShareOfB = ratio(int64(out.Both), int64(out.A.People)), ratio(int64(out.Both), int64(out.B.People))
	httpapi.JSON(w, http.StatusOK, out)
}

// passed is one run in the history of a segment.
type passed struct {
	RunID string     `json:"runId"`
	AsOf  score.Date `json:"asOf"`
	At    time.Time  `json:"at"`
	// People is how many were in it, Profiles how many there were, and Change by how many it has grown since the run before of this list.
	People   int     `json:"people"`
	Share    float64 `json:"share"`
	Profiles int     `json:"profiles"`
	Change   *int    `json:"change,omitempty"`
}

// history tells how many were in a segment by each run, the newest first.
func (p *Process) history(w http.ResponseWriter, r *http.Request) {
	id := segment.ID(r.PathValue("id"))
	if !p.knows(w, r, id) {
		return
	}
	page, ok := httpapi.ParsePage(w, r, 31, 100)
	if !ok {
		return
	}
	found, next, err := p.Runs.List(r.Context(), page.Limit, page.Cursor)
	if err != nil {
		listFailed(w, r, err)
		return
	}
	items := []passed{}
	for _, run := range found {
		n, known := sizeBy(run, id)
		if !known {
			continue
		}
		if len(items) > 0 {
			change := items[len(items)-1].People - n
			items[len(items)-1].Change = &change
		}
		items = append(items, passed{RunID: run.ID, AsOf: run.AsOf, At: run.CreatedAt, People: n, Share: ratio(int64(n), int64(run.Profiles)), Profiles: run.Profiles})
	}
	httpapi.JSON(w, http.StatusOK, httpapi.List[passed]{Items: items, Next: next})
}

// sizeBy is how many were in a segment by a run; of a class a run that only reports knows it too.
func sizeBy(run score.Run, id segment.ID) (n int, known bool) {
	switch {
	case run.Findings == nil || run.Outcome == nil:
		return 0, false
	case id.Derived():
		group, class, _ := strings.Cut(string(id), ":")
		return run.Counts[group][class], true
	case run.ReportOnly:
		return 0, false
	}
	n, known = run.Segments[string(id)]
	return n, known
}
