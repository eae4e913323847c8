// Package home is what an operator sees first: what runs, what is stopped, and what needs somebody. It changes nothing. The surprising thing: a part that cannot be read now says so and spoils no other.
package home

import (
	"context"
	"embed"
	"log/slog"
	"net/url"
	"time"

	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

// Rows are the pages of the package.
func Rows() []view.Row {
	return []view.Row{view.Show("", access.Viewer, "home.title", view.GroupToday, show)}
}

// queue is how full a queue is.
type queue struct {
	Queue        string
	Depth        int
	InFlight     int
	Delayed      int
	DeadLettered int
}

// run is a pass of segmentation.
type run struct {
	RunID      string
	State      string
	AsOf       string
	CreatedAt  time.Time
	FinishedAt *time.Time
	Profiles   int
	Changed    int
	Shards     int
	ShardsDone int
}

// campaign is one that sends, or will.
type campaign struct {
	ID, Name, State, Channel string
	UpdatedAt                time.Time
}

// stop is something that sends nothing now.
type stop struct {
	Channel, Campaign, Setting string
	KeepTransactional          bool
	Since                      *time.Time
	By                         *struct{ Name string }
}

type list[T any] struct {
	Items []T
	Next  string
}

// part is what a card shows, or that it could not be read.
type part[T any] struct {
	Found  T
	Failed bool
}

// overview is the page. Of its campaigns those are shown that run, are planned or are paused.
type overview struct {
	Queues    part[[]queue]
	Runs      part[list[run]]
	Campaigns part[list[campaign]]
	Stops     part[list[stop]]
}

func show(v *view.Visit) error {
	var o overview
	err := v.Together(
		read(v, &o.Queues, nil, "queues"),
		read(v, &o.Runs, url.Values{"limit": {"1"}}, "runs"),
		read(v, &o.Campaigns, url.Values{"limit": {"200"}}, "campaigns"),
		read(v, &o.Stops, nil, "stops"),
	)
	if err != nil {
		return err
	}
	return v.Show(pages, "home", o)
}

// read reads a part of the page.
func read[T any](v *view.Visit, into *part[T], query url.Values, parts ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := v.Read(&into.Found, query, parts...)(ctx); err != nil {
			slog.WarnContext(ctx, "a part of the overview cannot be read", "part", parts[0], "error", err.Error())
			into.Failed = true
		}
		return nil
	}
}

// Waiting is what waits in all queues, in whatever state.
func (o overview) Waiting() (n int) {
	for _, q := range o.Queues.Found {
		n += q.Depth + q.InFlight + q.Delayed
	}
	return n
}

// Dead are the jobs of all queues that failed too often.
func (o overview) Dead() (n int) {
	for _, q := range o.Queues.Found {
		n += q.DeadLettered
	}
	return n
}

// LastRun is the newest run, nil where there was none.
func (o overview) LastRun() *run {
	if len(o.Runs.Found.Items) == 0 {
		return nil
	}
	return &o.Runs.Found.Items[0]
}

// Live are the campaigns of which something is to come.
func (o overview) Live() (live []campaign) {
	for _, c := range o.Campaigns.Found.Items {
		if c.State == "running" || c.State == "scheduled" || c.State == "paused" {
			live = append(live, c)
		}
	}
	return live
}

// Calm says that nothing needs anybody.
func (o overview) Calm() bool {
	return o.Dead() == 0 && len(o.Stops.Found.Items) == 0 &&
		!o.Queues.Failed && !o.Runs.Failed && !o.Campaigns.Failed && !o.Stops.Failed
}
