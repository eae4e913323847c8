package operation

import (
	"context"
	"net/http"
	"slices"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/money"
)

// worth is what the people of a class or a segment bring.
type worth struct {
	Class             string
	People, Buyers    int
	Share, NetShare   float64
	Net               money.Amount
	PerBuyer          money.Amount
	PerOrder          money.Amount
	Orders, CycleDays int
	Repurchase        float64
	Name              string `json:"-"`
}

// group is a way to part people, with its classes.
type group struct {
	Group   string
	Classes []worth
}

type move struct {
	From, To string
	People   int
}

// classes is the page of what the classes of a run bring, and who went from one to another.
type classes struct {
	RunID, AsOf string
	All         worth
	Groups      []group
	Segments    []worth
	// Group is the one that is looked at. Nothing says that the run is not closed, or long ago.
	Group   string
	Nothing bool
	// Lacks is what predictions of the run lack, where the group is of predictions and there are none.
	Lacks  []string
	labels map[string]string // of the group's classes
	moves  map[move]int      // of the group, with no people in the key
}

// fieldOf is the field of a rule that has the classes of a group as its values.
func fieldOf(group string) string {
	if group == "activity" {
		return "activity.band"
	}
	return group
}

func showClasses(v *view.Visit) error {
	id := v.Query("id")
	var c classes
	var told struct {
		Groups []struct {
			Group string
			Moves []move
		}
	}
	var named struct{ Items []struct{ ID, Name string } }
	var of struct{ Predictions struct{ Lacks []string } }
	// Without moves, and of a run that is not there yet, the classes are told as far as they are.
	var still, unknown bool
	if err := v.Together(v.Read(&named, nil, "segments"), absent(v.Read(&c, nil, "runs", id, "classes"), &c.Nothing),
		absent(v.Read(&told, nil, "runs", id, "moves"), &still), absent(v.Read(&of, nil, "runs", id), &unknown)); err != nil {
		return err
	}
	c.RunID = id
	if c.Nothing {
		return v.Show(pages, "classes", c)
	}
	c.Group = v.Query("group")
	if !slices.ContainsFunc(c.Groups, func(g group) bool { return g.Group == c.Group }) {
		c.Group = "class8"
	}
	if slices.Contains(predicted, c.Group) {
		c.Lacks = of.Predictions.Lacks
	}
	f, _, _ := rule.Find(fieldOf(c.Group), view.Language(v.Lang))
	c.labels, c.moves = map[string]string{}, map[move]int{}
	for _, value := range f.Values {
		c.labels[value.Value] = value.Label
	}
	for _, g := range told.Groups {
		for _, m := range g.Moves {
			if g.Group == c.Group {
				c.moves[move{From: m.From, To: m.To}] = m.People
			}
		}
	}
	for i, s := range c.Segments {
		c.Segments[i].Name = s.Class
		for _, one := range named.Items {
			if one.ID == s.Class && one.Name != "" {
				c.Segments[i].Name = one.Name
			}
		}
	}
	return v.Show(pages, "classes", c)
}

// absent lets a read go without what is not there, or not yet, and says so.
func absent(read func(context.Context) error, is *bool) func(context.Context) error {
	return func(ctx context.Context) error {
		err := read(ctx)
		if status := api.Status(err); status == http.StatusNotFound || status == http.StatusConflict {
			*is = true
			return nil
		}
		return err
	}
}

// predicted are the groups that come of predictions.
var predicted = []string{"alive", "valueDecile"}

// First says that all who are in a class of the group came from none: there was no run before that told such classes.
func (c classes) First() bool {
	people, came := 0, 0
	for _, w := range c.Classes() {
		people += w.People
	}
	for m, n := range c.moves {
		if m.From == "" {
			came += n
		}
	}
	return people > 0 && people == came
}

// Classes are those of the group.
func (c classes) Classes() (all []worth) {
	for _, g := range c.Groups {
		if g.Group == c.Group {
			for _, w := range g.Classes {
				w.Name = c.Label(w.Class)
				all = append(all, w)
			}
		}
	}
	return all
}

// Unclassed is the line of those who are in no class of the group, under a name; nobody, where the classes are of everybody.
func (c classes) Unclassed(name string) worth {
	left := worth{Name: name, People: c.All.People, Share: 1, NetShare: 1, Net: c.All.Net}
	for _, w := range c.Classes() {
		left.People -= w.People
		left.Share -= w.Share
		left.NetShare -= w.NetShare
		left.Net.Minor -= w.Net.Minor
	}
	left.Share, left.NetShare = max(left.Share, 0), max(left.NetShare, 0) // not -0 by a rounding
	return left
}

// Everybody is the line of all people, under a name.
func (c classes) Everybody(name string) worth {
	c.All.Name = name
	return c.All
}

// Label is what a class is called; a tenth is its number.
func (c classes) Label(class string) string {
	if label := c.labels[class]; label != "" {
		return label
	}
	return class
}

// Moved says that somebody went from one class of the group to another.
func (c classes) Moved() bool { return len(c.moves) > 0 }

// line is a class that people left, with how many went to each class, in the order of Ends; 0 where nobody did.
type line struct {
	From string
	To   []int
}

// ends are the classes of the group, and none at all, which is the last.
func (c classes) ends() (all []string) {
	for _, w := range c.Classes() {
		all = append(all, w.Class)
	}
	return append(all, "")
}

// Ends are the columns of the matrix.
func (c classes) Ends() []string { return c.ends() }

// Moves are its lines, those with somebody in them.
func (c classes) Moves() (all []line) {
	for _, from := range c.ends() {
		l, some := line{From: from}, false
		for _, to := range c.ends() {
			n := c.moves[move{From: from, To: to}]
			l.To, some = append(l.To, n), some || n > 0
		}
		if some {
			all = append(all, l)
		}
	}
	return all
}
