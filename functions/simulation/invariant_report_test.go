package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// cell is how often something happened, and to how many people.
type cell struct{ Events, People int }

// judged is a stored question, as far as the judge reads it.
type judged struct {
	Definition struct {
		From, To, By string
		Events       []struct{ Event string }
	}
	View archive.View
}

// checkAnswers holds each exact answer to a recount of the events that the files of its head hold, of who people were by that head's lists, without who was erased: event by event, and not by the fold. A
// question that nobody answers is none that is kept.
func checkAnswers(w *world, _ *state, broken func(string, string, ...any)) {
	shelves := &w.watch.shelves
	seen := map[string]bool{}
	for _, q := range w.model.questions {
		q.look(w)
		for _, a := range q.answers {
			if !bytes.Equal(a, q.answers[0]) {
				broken("", "question %s was answered %s, and %s", q.ID, q.answers[0], a)
			}
		}
		if seen[q.ID] {
			continue // the first who asked is who decides of when it is
		}
		seen[q.ID] = true
		at := archive.AnswersPrefix + q.ID + "/"
		raw, there := shelves.bodies[at+"answer.json"]
		if !there {
			if _, gone := shelves.answers[at+"gone"]; !gone {
				broken("", "question %s, asked at %s, has no answer", q.ID, clock(q.Begun))
			}
			continue
		}
		var j judged
		check(json.Unmarshal(shelves.bodies[at+"question.json"], &j))
		if !shelves.stood(&j.View, q.Begun, q.Ended) {
			broken("", "question %s was asked between %s and %s of head %d, whose files of these days are others", q.ID, clock(q.Begun), clock(q.Ended), j.View.Number)
		}
		var answer struct {
			Partial struct {
				Rows []struct {
					Period, Event  string
					Events, People int
				}
			}
		}
		check(json.Unmarshal(raw, &answer))
		got := map[string]cell{}
		for _, r := range answer.Partial.Rows {
			got[r.Period+"|"+r.Event] = cell{r.Events, r.People}
		}
		before, after := shelves.recount(&j, q.Begun), shelves.recount(&j, shelves.answers[at+"answer.json"])
		if reflect.DeepEqual(before, after) && !reflect.DeepEqual(got, after) {
			broken("", "question %s of head %d is answered %v, and a recount has %v", q.ID, j.View.Number, got, after)
		}
	}
}

// stood tells whether the files and lists of a view are those of a head that stood between two times.
func (s *shelves) stood(v *archive.View, from, to time.Time) bool {
	for i, h := range s.heads {
		if h.at.After(to) || i+1 < len(s.heads) && s.heads[i+1].at.Before(from) || !slices.Equal(h.head.Merges, v.Merges) {
			continue
		}
		same := true
		for day, d := range v.Days {
			other := h.head.Days[day]
			same = same && other != nil && other.Shards == d.Shards && slices.EqualFunc(d.Files, slices.DeleteFunc(slices.Clone(other.Files), func(f archive.File) bool { return f.Late }), func(a, b archive.File) bool { return a == b })
		}
		if same {
			return true
		}
	}
	return len(s.heads) == 0 && len(v.Days) == 0 || len(v.Days) == 0 && len(v.Merges) == 0
}

// each goes through the events of a view's files, with who their person is, leaving out who was erased by a time.
func (s *shelves) each(view *archive.View, by time.Time, tell func(who columns.Person, e event.Event)) {
	erased, until := map[columns.Person]time.Time{}, map[columns.Person]time.Time{}
	for _, e := range s.erased {
		if e.at.After(by) {
			continue
		}
		for _, id := range e.Keys {
			if p, err := columns.PersonOf(id); err == nil {
				erased[p], until[p] = event.Latest(erased[p], e.At), event.Latest(until[p], e.Until)
			}
		}
	}
	into := map[columns.Person]columns.Person{}
	merges, err := archive.LoadMerges(context.Background(), s, &archive.Head{Merges: view.Merges})
	check(err)
	for absorbed, m := range merges {
		if at, gone := until[absorbed]; !gone || m.At.After(at) {
			into[absorbed] = m.Into
		}
	}
	for _, d := range view.Days {
		for _, one := range d.Files {
			f, err := archive.OpenFile(context.Background(), s, one.Name)
			check(err)
			for e, err := range f.Rows() {
				check(err)
				if at, gone := erased[e.Person]; gone && !e.ReceivedAt.After(at) {
					continue
				}
				who := e.Person
				for next, is := into[who]; is; next, is = into[who] {
					who = next
				}
				tell(who, e.Event)
			}
		}
	}
}

// recount counts the events of a question by the files, leaving out who was erased by a time.
func (s *shelves) recount(j *judged, by time.Time) map[string]cell {
	people, events := map[string]map[columns.Person]bool{}, map[string]int{}
	s.each(&j.View, by, func(who columns.Person, e event.Event) {
		for _, k := range j.keys(e) {
			if events[k]++; people[k] == nil {
				people[k] = map[columns.Person]bool{}
			}
			people[k][who] = true
		}
	})
	out := map[string]cell{}
	for k, n := range events {
		out[k] = cell{n, len(people[k])}
	}
	return out
}

// keys are the rows in which an event counts.
func (j *judged) keys(e event.Event) []string {
	zone, err := time.LoadLocation("Asia/Shanghai")
	check(err)
	day := profile.Shop{Zone: zone}.Day(e.Happened()).Time().Format(time.DateOnly)
	if day < j.Definition.From || day > j.Definition.To {
		return nil
	}
	period := day
	if j.Definition.By == "month" {
		period = day[:7]
	}
	name := string(e.Kind)
	if e.Kind == event.Track {
		name = e.Name
	}
	if len(j.Definition.Events) > 0 {
		if !strings.Contains(fmt.Sprint(j.Definition.Events), "{"+name+"}") {
			return nil
		}
	}
	return []string{"|", period + "|", "|" + name, period + "|" + name}
}
