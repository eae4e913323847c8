package simulation

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// recollection is a segment that asks the archive, and a recount of its rule over somebody's events in order, as of a moment and the shop's day of it.
type recollection struct {
	rule    map[string]any
	recount func(all []event.Event, today profile.Day, until time.Time) bool
}

func performed(event string, more map[string]any) map[string]any {
	asks := map[string]any{"event": event}
	for k, v := range more {
		asks[k] = v
	}
	return map[string]any{"performed": asks}
}

func tracked(e event.Event, name string) bool { return e.Kind == event.Track && e.Name == name }

// recollections are in every shop of the simulation.
var recollections = map[string]recollection{
	"asks-spent": {performed("Order Completed", map[string]any{"where": []any{map[string]any{"field": "properties.total", "op": "gte", "value": 50}}, "atLeast": 1, "withinDays": 20}), func(all []event.Event, today profile.Day, _ time.Time) bool {
		return slices.ContainsFunc(all, func(e event.Event) bool {
			var p struct{ Total any }
			if len(e.Properties) > 0 {
				check(json.Unmarshal(e.Properties, &p))
			}
			total, is := p.Total.(float64)
			day := shanghaiDay(e)
			return tracked(e, "Order Completed") && is && total >= 50 && day <= today && day >= today-20
		})
	}},
	"asks-never": {performed("Product Viewed", map[string]any{"where": []any{map[string]any{"field": "source", "op": "exists"}}, "atMost": 0}), func(all []event.Event, today profile.Day, _ time.Time) bool {
		return !slices.ContainsFunc(all, func(e event.Event) bool { return tracked(e, "Product Viewed") && shanghaiDay(e) <= today })
	}},
	"asks-left": {performed("Product Added", map[string]any{"thenNot": map[string]any{"event": "Order Completed", "within": "2h"}}), func(all []event.Event, today profile.Day, until time.Time) bool {
		for i, e := range all {
			followed := slices.ContainsFunc(all[i+1:], func(o event.Event) bool {
				return tracked(o, "Order Completed") && o.Happened().UnixMilli()-e.Happened().UnixMilli() <= 7_200_000
			})
			if tracked(e, "Product Added") && shanghaiDay(e) <= today && !followed && e.Happened().UnixMilli()+7_200_000 <= until.UnixMilli() {
				return true
			}
		}
		return false
	}},
}

func shanghaiDay(e event.Event) profile.Day {
	zone, err := time.LoadLocation("Asia/Shanghai")
	check(err)
	return profile.Shop{Zone: zone}.Day(e.Happened())
}

// checkRecalled holds who is in a segment that asks the archive, after the last run, to a recount of the events in the files that the run went by, event by event: of who people were by its lists of merges, without what was
// received of somebody up to their erasure.
func checkRecalled(w *world, s *state, broken func(string, string, ...any)) {
	shelves := &w.watch.shelves
	last := ""
	for key := range shelves.bodies {
		if strings.HasPrefix(key, archive.MatchesPrefix) && strings.HasSuffix(key, "/questions.json") && (last == "" || shelves.answers[key].After(shelves.answers[last])) {
			last = key
		}
	}
	if last == "" {
		return // a version before has made the last run
	}
	var asked struct {
		Today profile.Day
		Until time.Time
		View  archive.View
	}
	check(json.Unmarshal(shelves.bodies[last], &asked))
	done := shelves.histories(&asked.View, time.Now())
	for id, r := range recollections {
		if h := w.model.history("segments", id); len(h) != 1 || !h[0].Saved || !h[0].Sure.Before(shelves.answers[last]) {
			continue
		}
		for who, v := range s.profiles {
			if in, want := slices.Contains(v.Segments, id), r.recount(done[who], asked.Today, asked.Until); in != want {
				broken("profile:"+who, "is in segment %s, which asks the archive: %v, a recount says %v", id, in, want)
			}
		}
	}
}

// histories are the events of a view's files by who people are, in order, leaving out who was erased by a time.
func (s *shelves) histories(view *archive.View, by time.Time) map[string][]event.Event {
	out := map[string][]event.Event{}
	s.each(view, by, func(who columns.Person, e event.Event) { out[string(who.ID())] = append(out[string(who.ID())], e) })
	for _, events := range out {
		slices.SortFunc(events, func(a, b event.Event) int {
			return cmp.Or(cmp.Compare(a.Happened().UnixMilli(), b.Happened().UnixMilli()), strings.Compare(a.MessageID, b.MessageID), strings.Compare(a.Source, b.Source))
		})
	}
	return out
}
