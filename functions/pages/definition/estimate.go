package definition

import (
	"context"
	"math"
	"net/url"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
)

// estimate is how many people somebody asks about, as the API answers.
type estimate struct {
	Sampled, Matched int
	Exact            bool
	Profiles         *int
	Audience         *interval
	Share            interval
	Reach            []reach
	People           []string // profileIds of some who match

	Seen []person `json:"-"` // who they are
}

// person is somebody who matches, as the API shows them to the visitor.
type person struct {
	ProfileID string
	Traits    struct{ Name any }
	Orders    struct{ Count int }
}

// look asks who the people of an estimate are. Whoever cannot be shown stands there by their id.
func (e *estimate) look(v *view.Visit) error {
	e.Seen = make([]person, len(e.People))
	var asked []func(context.Context) error
	for i, id := range e.People {
		e.Seen[i].ProfileID = id
		asked = append(asked, func(ctx context.Context) error {
			err := v.API.Get(ctx, api.Path("profiles", "-"), url.Values{"profileId": {id}}, &e.Seen[i])
			if f, said := api.FaultOf(err); said && f.Status < 500 {
				return nil // erased meanwhile, for one
			}
			return err
		})
	}
	return v.Together(asked...)
}

type interval struct{ Estimate, Low, High float64 }

type part struct {
	Sampled  int
	Audience *interval
}

type reach struct {
	Channel   string
	Reachable part
	HeldOut   struct{ Holdout, Control part }
	Left      part
}

// figure is a number of people: about so many, between two bounds, or exactly; of the sample alone where nobody knows how many there are.
type figure struct {
	Number, Low, High int
	Sample            bool
}

func (e estimate) figure(p part) figure {
	if p.Audience == nil {
		return figure{Number: p.Sampled, Low: p.Sampled, High: p.Sampled, Sample: !e.Exact}
	}
	round := func(f float64) int { return int(math.Round(f)) }
	return figure{Number: round(p.Audience.Estimate), Low: round(p.Audience.Low), High: round(p.Audience.High)}
}

// About says that it is between two bounds.
func (f figure) About() bool { return f.Low != f.High }

// Matches is how many match.
func (e estimate) Matches() figure { return e.figure(part{e.Matched, e.Audience}) }

// channel is what is left over one.
type channel struct {
	Channel                           string
	Reachable, Holdout, Control, Left figure
}

// Channels are the numbers by channel.
func (e estimate) Channels() (all []channel) {
	for _, r := range e.Reach {
		all = append(all, channel{r.Channel, e.figure(r.Reachable), e.figure(r.HeldOut.Holdout), e.figure(r.HeldOut.Control), e.figure(r.Left)})
	}
	return all
}
