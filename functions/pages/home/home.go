// Package home is what an operator sees first: what runs, what is stopped, and what needs somebody. It changes nothing. The surprising thing: a part that cannot be read now says so and spoils no other.
package home

import (
	"cmp"
	"context"
	"embed"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"github.com/userops/userops/functions/pages/chart"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/operator/access"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files, chart.Parts)

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
	Unreadable int
	PassedOver int
}

// Failed are the people whom the run left as they were.
func (r run) Failed() int { return r.Unreadable + r.PassedOver }

// refused is how much was refused of a source within a day, and within the day before.
type refused struct {
	Source, Name string
	Refused      struct{ Day, DayBefore int }
}

// campaign is one that sends, or will.
type campaign struct {
	ID, Name, State, Channel string
	Transactional            bool
	UpdatedAt                time.Time
	Held                     bool `json:"-"` // nothing of it is sent, whatever its state
}

// heldBy says that a stop is of the campaign.
func (c campaign) heldBy(s stop) bool {
	return s.Campaign == c.ID || s.Campaign == "" && (s.Channel == "" || s.Channel == c.Channel) && !(s.KeepTransactional && c.Transactional)
}

// stop is something that sends nothing now.
type stop struct {
	Channel, Campaign, Setting string
	KeepTransactional          bool
	Since                      *time.Time
	By                         *struct{ Name string }
}

// stopped is what sends nothing now: what was stopped, and the channels that are not set up.
type stopped struct {
	Items []stop
	Off   []off
}

// off is a channel that is not set up; Lacks says what it is short of where somebody has begun.
type off struct{ Channel, Lacks string }

type list[T any] struct {
	Items []T
	Next  string
}

// figures are what was counted of a stretch of time. Money is in minor units.
type figures struct{ Events, Visitors, Orders, GMV, Paid, Sum, Sent int64 }

// hourly is the figures of an hour.
type hourly struct {
	At time.Time
	figures
}

// today is what has come in so far, beside the same day of last week.
type today struct {
	Currency string
	Sum      figures
	Hours    []hourly
	LastWeek struct {
		Until figures
		Hours []hourly
	}
	Partial bool
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
	Stops     part[stopped]
	Refused   part[list[refused]]
	Today     part[today]
	now       time.Time
	zone      *time.Location
}

func show(v *view.Visit) error {
	o := overview{now: v.Now(), zone: v.Shop.Zone}
	err := v.Together(
		read(v, &o.Queues, nil, "queues"),
		read(v, &o.Runs, url.Values{"limit": {"1"}}, "runs"),
		read(v, &o.Campaigns, url.Values{"limit": {"200"}}, "campaigns"),
		read(v, &o.Stops, nil, "stops"),
		read(v, &o.Refused, nil, "refusals"),
		read(v, &o.Today, nil, "live"),
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
			c.Held = slices.ContainsFunc(o.Stops.Found.Items, c.heldBy)
			live = append(live, c)
		}
	}
	return live
}

// Day and DayBefore are how many events were refused of all sources within a day, and within the day before.
func (o overview) Day() (n int) {
	for _, r := range o.Refused.Found.Items {
		n += r.Refused.Day
	}
	return n
}

// DayBefore is the sum of the day before.
func (o overview) DayBefore() (n int) {
	for _, r := range o.Refused.Found.Items {
		n += r.Refused.DayBefore
	}
	return n
}

const (
	// slow is how long a run takes at most where all is well, and nightly how long after the last one there is another.
	slow    = 4 * time.Hour
	nightly = 30 * time.Hour
	// few is by how many refusals a day may have more than the day before without anybody's looking.
	few = 2
)

// Overdue says that the last run takes longer than any should.
func (o overview) Overdue() bool {
	last := o.LastRun()
	return last != nil && last.FinishedAt == nil && o.now.Sub(last.CreatedAt) > slow
}

// Missed says that the run of last night did not come.
func (o overview) Missed() bool {
	last := o.LastRun()
	return last != nil && o.now.Sub(last.CreatedAt) > nightly
}

// Called is the name of the source.
func (r refused) Called() string { return cmp.Or(r.Name, r.Source) }

// Growing are the sources of which more is refused than the day before.
func (o overview) Growing() (all []refused) {
	for _, r := range o.Refused.Found.Items {
		if r.Refused.Day > r.Refused.DayBefore+few {
			all = append(all, r)
		}
	}
	return all
}

// Off are the channels that are not set up and that somebody counts on: whoever has begun to set one up, or a campaign that is under way.
func (o overview) Off() (all []off) {
	for _, one := range o.Stops.Found.Off {
		if one.Lacks != "" || slices.ContainsFunc(o.Live(), func(c campaign) bool { return c.Channel == one.Channel }) {
			all = append(all, one)
		}
	}
	return all
}

// Calm says that nothing needs anybody.
func (o overview) Calm() bool {
	return o.Dead() == 0 && len(o.Stops.Found.Items) == 0 && len(o.Off()) == 0 && !o.Overdue() && !o.Missed() && len(o.Growing()) == 0 &&
		!o.Queues.Failed && !o.Runs.Failed && !o.Campaigns.Failed && !o.Stops.Failed && !o.Refused.Failed && !o.Today.Failed
}

// Needed says that something needs a decision.
func (o overview) Needed() bool {
	return o.Dead() > 0 || len(o.Stops.Found.Items) > 0 || len(o.Off()) > 0 || o.Overdue() || o.Missed() || len(o.Growing()) > 0
}
