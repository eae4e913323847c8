// Package audience is how many people somebody asks about, as several screens show it: who matches, who of them can be reached over which channel, who is held out, who is left, and some of them to look at.
// It counts nobody: the API does. The surprising thing: a number is an estimate with two bounds wherever not everybody was asked, and it is shown so.
package audience

import (
	"context"
	"embed"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/form"
)

// Parts are the templates that show an estimate.
//
//go:embed *.html
var Parts embed.FS

// Estimate is the answer of a preview.
type Estimate struct {
	Sampled, Matched int
	Exact            bool
	Profiles         *int
	// Members is how many were in the segment by the last run, nil where none has gone by it.
	Members *struct {
		Count     int
		CreatedAt time.Time
	}
	Audience *Interval
	Share    Interval
	Reach    []Reach
	// Conditions are the places of the rule, each with how many meet it by itself.
	Conditions []struct {
		Place string
		Part
		UpTo *Part
	}
	// AsOfRun is there where places of the rule are answered by runs only; UpTo is how many may match a rule that is not saved.
	AsOfRun *struct {
		Places []string
		UpTo   *Part
	}
	People   []string // profileIds of some who match
	Warnings []api.FieldFault

	Seen []Person     `json:"-"` // who they are
	Rule []form.Place `json:"-"` // the places of the rule that was asked, in words; none where the page does not show it
	At   *view.Visit  `json:"-"`
}

// Person is somebody who matches, as the API shows them to the visitor.
type Person struct {
	ProfileID string
	Traits    struct{ Name any }
	Orders    struct{ Count int }
}

// Ask asks for an estimate and who the people of it are. Whoever cannot be shown stands there by their id.
func Ask(v *view.Visit, path string, question any) (*Estimate, error) {
	e := &Estimate{At: v}
	if err := v.API.Post(v.Context(), path, v.Once(), question, e); err != nil {
		return nil, err
	}
	e.Seen = make([]Person, len(e.People))
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
	return e, v.Together(asked...)
}

// Interval is an estimate with its bounds.
type Interval struct{ Estimate, Low, High float64 }

// Part is so many of the sample, and how many people that makes.
type Part struct {
	Sampled  int
	Audience *Interval
}

// Reach is what is left of those who match over a channel.
type Reach struct {
	Channel     string
	Reachable   Part
	HeldOut     struct{ Holdout, Control Part }
	NotEligible *Part // of a campaign, whose condition is asked
	Left        Part
}

// Figure is a number of people: about so many, between two bounds, or exactly; of the sample alone where nobody knows how many there are.
type Figure struct {
	Number, Low, High int
	Sample            bool
}

func (e Estimate) figure(p Part) Figure {
	if p.Audience == nil {
		return Figure{Number: p.Sampled, Low: p.Sampled, High: p.Sampled, Sample: !e.Exact}
	}
	round := func(f float64) int { return int(math.Round(f)) }
	return Figure{Number: round(p.Audience.Estimate), Low: round(p.Audience.Low), High: round(p.Audience.High)}
}

// About says that it is between two bounds.
func (f Figure) About() bool { return f.Low != f.High }

// Matches is how many match.
func (e Estimate) Matches() Figure { return e.figure(Part{e.Matched, e.Audience}) }

// Condition is a place of the rule and how many meet it by itself.
type Condition struct {
	Text string
	Figure
	UpTo *Figure
}

// Perhaps is how many may match, where runs only know.
func (e Estimate) Perhaps() *Figure {
	if e.AsOfRun == nil {
		return nil
	}
	return e.upTo(e.AsOfRun.UpTo)
}

func (e Estimate) upTo(p *Part) *Figure {
	if p == nil {
		return nil
	}
	f := e.figure(*p)
	return &f
}

// OfTheRun are the places of the rule that runs only answer, in words.
func (e Estimate) OfTheRun() (all []string) {
	for _, place := range e.Rule {
		if slices.ContainsFunc(e.AsOfRun.Places, func(p string) bool { return p == place.Path+".performed" || p == place.Path+".not.performed" }) {
			all = append(all, place.Text)
		}
	}
	return all
}

// ByCondition are the places of the rule, indented as they lie in it.
func (e Estimate) ByCondition() (all []Condition) {
	for _, place := range e.Rule {
		for _, c := range e.Conditions {
			if c.Place == place.Path {
				all = append(all, Condition{strings.Repeat("\u2003", place.Depth) + place.Text, e.figure(c.Part), e.upTo(c.UpTo)})
			}
		}
	}
	return all
}

// Channel is what is left over one.
type Channel struct {
	Channel                           string
	Reachable, Holdout, Control, Left Figure
	NotEligible                       *Figure
}

// Channels are the numbers by channel.
func (e Estimate) Channels() (all []Channel) {
	for _, r := range e.Reach {
		c := Channel{r.Channel, e.figure(r.Reachable), e.figure(r.HeldOut.Holdout), e.figure(r.HeldOut.Control), e.figure(r.Left), nil}
		if r.NotEligible != nil {
			f := e.figure(*r.NotEligible)
			c.NotEligible = &f
		}
		all = append(all, c)
	}
	return all
}

// Asked says that a condition was asked too, which takes a column of its own.
func (e Estimate) Asked() bool { return len(e.Reach) > 0 && e.Reach[0].NotEligible != nil }

// Doubts are what is doubted of the question, in words of the visitor's language.
func (e Estimate) Doubts() (all []string) {
	l := view.Language(e.At.Lang)
	for _, w := range e.Warnings {
		all = append(all, e.At.Clocked(form.Reason(w.Reason, l)))
	}
	return all
}
