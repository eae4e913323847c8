package segmentation

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// taste gives somebody what they favour and where they came from, one of them more often than not.
func taste(p *profile.Profile, random *rand.Rand) {
	if random.IntN(4) > 0 {
		names := []string{"tea", "coffee", "cups", "other"}
		one, two := names[random.IntN(3)], names[random.IntN(3)]
		at := p.LastSeen.Unix() / int64(profile.HalfLife.Seconds())
		p.Categories = profile.Interests{two: {Last: at, Counts: []int64{2}}, one: {Last: at, Counts: []int64{9}}} // one outweighs two, or is the same
	}
	if random.IntN(3) > 0 {
		p.Touch = map[string]profile.Touch{"first": {At: p.FirstSeen, Source: []string{"ads", "search"}[random.IntN(2)]}}
	}
}

// likened is what the members of segments are like, counted one by one: "best category tea", "best cycle 12", "best with half".
func (w *world) likened(want recount) map[string]int {
	out := map[string]int{}
	for id, in := range want.members {
		p := w.profiles.all[id]
		in = slices.DeleteFunc(slices.Clone(in), func(s string) bool { return s == "broken" })
		favoured := ""
		for name, i := range p.Categories {
			if i.Counts[0] == 9 {
				favoured = name
			}
		}
		days := map[time.Time]bool{} // of orders, paid or not
		paid := false
		for _, e := range p.Orders.Entries {
			local := e.At.In(w.process.Shop.Zone)
			days[time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)] = true
			paid = paid || e.Net > 0
		}
		cycle := ""
		if sorted := slices.SortedFunc(maps.Keys(days), time.Time.Compare); paid && len(sorted) > 1 {
			span, gaps := sorted[len(sorted)-1].Sub(sorted[0]).Hours()/24, float64(len(sorted)-1)
			cycle = fmt.Sprint(int(span/gaps + 0.5))
		}
		for _, s := range in {
			for kind, value := range map[string]string{"category": favoured, "source": p.Touch["first"].Source, "cycle": cycle} {
				if value != "" {
					out[s+" "+kind+" "+value]++
				}
			}
			for _, other := range in {
				if s < other {
					out[s+" with "+other]++
				}
			}
		}
	}
	return out
}

// checkLikeness holds what all results of a run say together against the count one by one.
func (w *world) checkLikeness(run score.Run, want recount) {
	w.Helper()
	got := map[string]int{}
	for shard, r := range w.runs.results[run.ID] {
		if r.Likenesses == nil || r.Likenesses.Missing {
			w.Fatalf("the result of shard %d does not say what members are like", shard)
		}
		for s, l := range r.Likenesses.Segments {
			for days, n := range l.Cycles {
				got[fmt.Sprint(s, " cycle ", days)] += n
			}
			for kind, values := range map[string]map[string]int{"category": l.Categories, "source": l.Sources, "with": l.With} {
				for value, n := range values {
					got[s+" "+kind+" "+value] += n
				}
			}
		}
	}
	maps.DeleteFunc(got, func(_ string, n int) bool { return n == 0 })
	if want := w.likened(want); !reflect.DeepEqual(got, want) {
		w.Fatalf("members are like\n%v\nwant\n%v", got, want)
	}
}

// TestLikenessOfAnyNumberOfShards is the same, also where parts are handed over and calls fail.
func TestLikenessOfAnyNumberOfShards(t *testing.T) {
	for _, shards := range []int{1, 4, 64} {
		w := newWorld(t, uint64(shards), shards, defined)
		for range 150 {
			anyProfile(w, w.random)
		}
		w.process.Late = func(context.Context) bool { return w.random.Float64() < 0.3 }
		w.faults.rate = 0.03
		want, versions := w.recount(), w.versions()
		w.check(w.run(job.Segmentation{RunID: "r"}, 0.1), want, versions)
	}
}

// TestWhenPeopleCame: cohorts and data quality at 1, 4 and 64 shards are those of a count one by one, from the days that people were given.
func TestWhenPeopleCame(t *testing.T) {
	for _, shards := range []int{1, 4, 64} {
		w := newWorld(t, 3, shards, nil)
		w.faults.rate = 0.03
		w.process.Late = func(context.Context) bool { return w.random.Float64() < 0.2 }
		months, days, lacking := map[string][]int{}, map[string][]int{}, map[string]int{}
		today := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) // in Shanghai, at the run
		for n := range 300 {
			first := n * 2 % 500
			p := w.visitor(1)
			p.FirstSeen, p.ShopDays, p.Active = w.daysAgo(first), 1, profile.Days{}
			on := map[string]bool{}
			for back := first; back >= 0; back -= 1 + w.random.IntN(60) {
				day := today.AddDate(0, 0, -back)
				p.Active.Add(profile.DayOf(day))
				on[day.Format(time.DateOnly)] = true
			}
			came := today.AddDate(0, 0, -first)
			at := w.daysAgo(first).In(w.process.Shop.Zone)
			if at.Format(time.DateOnly) != came.Format(time.DateOnly) {
				t.Fatalf("somebody came on %v and not on %v", at, came)
			}
			count := func(into map[string][]int, name string, n int, active func(i int) bool) {
				if into[name] == nil {
					into[name] = make([]int, n)
				}
				for i := range n {
					if i == 0 || active(i) {
						into[name][i]++
					}
				}
			}
			if back := (today.Year()-came.Year())*12 + int(today.Month()) - int(came.Month()); back < 12 {
				count(months, came.Format("2006-01"), back+1, func(i int) bool {
					month := time.Date(came.Year(), came.Month()+time.Month(i), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
					for day := range on {
						if day[:7] == month {
							return true
						}
					}
					return false
				})
			}
			if first < 30 {
				count(days, came.Format(time.DateOnly), first+1, func(i int) bool { return on[came.AddDate(0, 0, i).Format(time.DateOnly)] })
			}
			for _, lack := range []string{"noName", "noEmail", "noPhone", "noAddress", "noConsent"} {
				lacking[lack]++
			}
			if n%3 == 0 {
				p.Traits = profile.Traits{"name": {Value: "Mei"}}
				lacking["noName"]--
			}
			if n%4 == 0 {
				p.Identifiers = append(p.Identifiers, profile.Identifier{Kind: profile.Email, Value: fmt.Sprintf("p%d@example.com", n)})
				lacking["noEmail"]--
				lacking["noAddress"]--
			}
			if n%5 == 0 {
				p.Consent = map[string]profile.Consent{"email": {Granted: n%2 == 0}, "profiling": {Granted: true}}
				lacking["noConsent"] -= 1 - n%2
			}
			if n%7 == 0 {
				p.LeftOut = map[string]int64{"groups": 1}
				lacking["detailLeftOut"]++
			}
			if p.UserID() == "" {
				lacking["anonymous"]++
			}
		}
		run := w.run(job.Segmentation{RunID: "r"}, 0.1)
		if run.Outcome == nil {
			t.Fatal("the run is not finished")
		}
		r := w.runs.results["r"][shards]
		if !reflect.DeepEqual(r.Cohorts, &score.Cohorts{Months: months, Days: days}) {
			t.Errorf("%d shards: cohorts\n%v\nwant\n%v\n%v", shards, r.Cohorts, months, days)
		}
		if !maps.Equal(r.Quality, lacking) {
			t.Errorf("%d shards: lacking are %v, want %v", shards, r.Quality, lacking)
		}
	}
}
