package operation

import (
	"net/http"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
)

// cohorts is the page of when people came, and how many of them came back.
type cohorts struct {
	RunID        string
	Months, Days []cohort
	Nothing      bool
}

type cohort struct {
	First  string
	People int
	Active []int
	Share  []float64
}

// Since are the places of the longest cohort, from its own month or day on.
func (c cohorts) since(of []cohort) (places []int) {
	for _, one := range of {
		for len(places) < len(one.Active) {
			places = append(places, len(places))
		}
	}
	return places
}

// SinceMonth are the columns of the months.
func (c cohorts) SinceMonth() []int { return c.since(c.Months) }

// SinceDay are the columns of the days.
func (c cohorts) SinceDay() []int { return c.since(c.Days) }

func showCohorts(v *view.Visit) error {
	c := cohorts{RunID: v.Query("id")}
	if err := ofRun(v, c.RunID, "cohorts", &c, &c.Nothing); err != nil {
		return err
	}
	return v.Show(pages, "cohorts", c)
}

// quality is the page of what profiles lack.
type quality struct {
	RunID    string
	Profiles int
	Lacking  []struct {
		What   string
		People int
		Share  float64
	}
	Unreadable, Approximate, Refused int
	Tags                             *struct {
		Tags, Asked int
		Share       float64
		Idle        []struct {
			Value string
			Count int
		}
	}
	Nothing bool
}

func showQuality(v *view.Visit) error {
	q := quality{RunID: v.Query("id")}
	if err := ofRun(v, q.RunID, "quality", &q, &q.Nothing); err != nil {
		return err
	}
	return v.Show(pages, "quality", q)
}

// ofRun reads what a run tells. nothing says that it does not tell that yet, or no longer.
func ofRun(v *view.Visit, id, what string, out any, nothing *bool) error {
	if id == "" {
		return &api.Fault{Status: http.StatusNotFound}
	}
	err := v.API.Get(v.Context(), api.Path("runs", id, what), nil, out)
	if f, said := api.FaultOf(err); said && (f.Status == http.StatusNotFound || f.Status == http.StatusConflict) {
		*nothing = true
		return nil
	}
	return err
}
