package operation

import (
	"cmp"
	"context"
	"embed"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

// startsRuns is the call that the form makes: whoever may not make it sees in its place why.
const startsRuns = "POST /v1/runs"

// run is a pass of segmentation.
type run struct {
	RunID, State, AsOf              string
	ReportOnly                      bool
	CreatedAt                       time.Time
	FinishedAt                      *time.Time
	Shards                          int
	ShardsCollected, ShardsScored   int
	ArchiveParts, ArchivePartsAsked int  // where segments ask the archive
	ArchiveUnasked                  bool // it could not be read
	Profiles, Changed               int
	Unreadable, PassedOver, Refused int
	Segments                        map[string]int
	Counts                          map[string]map[string]int
}

// The states of a run.
const (
	planned    = "planned"
	collecting = "collecting"
	finished   = "finished"
)

// Finished says that the run is through.
func (r run) Finished() bool { return r.State == finished }

// Begun says that the run is at work: how far it is, is known.
func (r run) Begun() bool { return r.State != planned && !r.Finished() && r.Shards > 0 }

// Done are the shards that are done with the run's step.
func (r run) Done() int {
	if r.State == collecting {
		return r.ShardsCollected
	}
	return r.ShardsScored
}

// Failed are the profiles that were left as they are: that could not be read, or were written by others all the time.
func (r run) Failed() int { return r.Unreadable + r.PassedOver }

// slow is how long a run takes at most where all is well: one of ten million people takes a quarter of that.
const slow = 4 * time.Hour

// Late says that the run takes longer than any should: its jobs may have failed.
func (r run) Late(now time.Time) bool { return !r.Finished() && now.Sub(r.CreatedAt) > slow }

// Took is how long the run took, in minutes, begun ones counted.
func (r run) Took() int {
	if r.FinishedAt == nil {
		return 0
	}
	return int((r.FinishedAt.Sub(r.CreatedAt) + time.Minute - 1) / time.Minute)
}

// Brief says that the run took less than a minute.
func (r run) Brief() bool { return r.FinishedAt != nil && r.FinishedAt.Sub(r.CreatedAt) < time.Minute }

const runsPerPage = "20"

// runs is the page with all of them.
type runs struct {
	Items []run
	Next  string
	// AsOf and Faults are what was typed to start one, and what is wrong with it.
	AsOf   string
	Faults []api.FieldFault
	May    bool
}

func listRuns(v *view.Visit) error {
	var r runs
	if err := v.Together(readRuns(v, &r)); err != nil {
		return err
	}
	return v.Show(pages, "runs", r)
}

func readRuns(v *view.Visit, into *runs) func(context.Context) error {
	into.May = v.May(view.Least(startsRuns))
	q := url.Values{"limit": {runsPerPage}}
	if cursor := v.Query("cursor"); cursor != "" {
		q.Set("cursor", cursor)
	}
	return v.Read(into, q, "runs")
}

func startRun(v *view.Visit) error {
	asOf := v.Field("asOf")
	body := map[string]string{}
	if asOf != "" {
		body["asOf"] = asOf
	}
	var started struct{ RunID string }
	err := v.API.Post(v.Context(), "/v1/runs", v.Field("once"), body, &started)
	if f, said := api.FaultOf(err); said && f.Status == http.StatusUnprocessableEntity && len(f.Errors) > 0 {
		r := runs{AsOf: asOf, Faults: f.Errors}
		if err := v.Together(readRuns(v, &r)); err != nil {
			return err
		}
		return v.ShowAs(http.StatusUnprocessableEntity, pages, "runs", r)
	}
	if err != nil {
		return err
	}
	return v.Go(view.Link("runs/show", "id", started.RunID), "operation.done.started")
}

// shownRun is the page of a run.
type shownRun struct {
	run
	names map[string]string // of segments
}

func showRun(v *view.Visit) error {
	var s shownRun
	var named struct{ Items []struct{ ID, Name string } }
	if err := v.Together(v.Read(&s.run, nil, "runs", v.Query("id")), v.Read(&named, url.Values{"limit": {"200"}}, "segments")); err != nil {
		return err
	}
	s.names = map[string]string{}
	for _, one := range named.Items {
		s.names[one.ID] = one.Name
	}
	return v.Show(pages, "run", s)
}

// counted is a line of a table: how many people are in a class or a segment.
type counted struct {
	ID, Name string
	People   int
}

// Sizes are those of the segments, the greatest first.
func (s shownRun) Sizes() (all []counted) {
	for _, id := range slices.Sorted(maps.Keys(s.Segments)) {
		all = append(all, counted{id, cmp.Or(s.names[id], id), s.Segments[id]})
	}
	slices.SortStableFunc(all, func(a, b counted) int { return cmp.Compare(b.People, a.People) })
	return all
}

// Unclassed are how many of those that were looked at are in no class of a group.
func (s shownRun) Unclassed(group string) int {
	left := s.Profiles - s.Unreadable
	for _, n := range s.Counts[group] {
		left -= n
	}
	return max(left, 0)
}

// Classes are how many people are in each class of a group, the greatest first.
func (s shownRun) Classes(group string) (all []counted) {
	for _, id := range slices.Sorted(maps.Keys(s.Counts[group])) {
		all = append(all, counted{ID: id, People: s.Counts[group][id]})
	}
	slices.SortStableFunc(all, func(a, b counted) int { return cmp.Compare(b.People, a.People) })
	return all
}
