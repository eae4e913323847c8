package report

import (
	"encoding/json"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
)

// answer is a question as the API shows it.
type answer struct {
	ID, State, AsOf, Currency string
	Head                      struct{ At time.Time }
	Open                      []string
	Shards                    struct{ Done, All int }
	Failed                    *struct{ Cause string }
	Sample                    *struct {
		People int
		Share  float64
	}
	Answer lists
	Left   map[string]int
	// PeopleTake is the role that the people behind its numbers take, where that is more than to ask.
	PeopleTake access.Role
}

// lists are those of an answer. Of one with more rows than the API keeps apart there are none, and its name with Over behind it is true.
type lists map[string][]row

// UnmarshalJSON passes over what is no list.
func (l *lists) UnmarshalJSON(raw []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	*l = lists{}
	for name, one := range all {
		if len(one) == 0 || one[0] != '[' {
			if string(one) == "true" {
				(*l)[name] = nil
			}
			continue
		}
		var rows []row
		if err := json.Unmarshal(one, &rows); err != nil {
			return err
		}
		(*l)[name] = rows
	}
	return nil
}

// Over says that a list has more rows than are kept apart.
func (a *answer) Over(list string) bool { _, over := a.Answer[list+"Over"]; return over }

// row is one of an answer, by its fields; interval holds the ends of those that are estimates.
type row map[string]any

func (r row) text(name string) string { s, _ := r[name].(string); return s }

func (r row) number(name string) (float64, bool) { n, is := r[name].(float64); return n, is }

// ends are the ends of the interval of a field.
func (r row) ends(name string) (low, high float64, estimated bool) {
	all, _ := r["interval"].(map[string]any)
	ends, _ := all[name].([]any)
	if len(ends) != 2 {
		return 0, 0, false
	}
	low, _ = ends[0].(float64)
	high, _ = ends[1].(float64)
	return low, high, true
}
