package simulation

import (
	"fmt"
	"math/big"
	"slices"
	"time"
)

// lastRun is the run that the judge has made at rest, as the API tells it.
type lastRun struct {
	RunID, State, AsOf string
	Profiles, Buyers   int
	Segments           map[string]int
	Counts             map[string]map[string]int
	Predictions        *learned
	Scoring            struct{ PredictFromBuyers, PredictFromDays int }
}

// bought is an order as the API lists it among those of a person.
type bought struct {
	OrderID     string
	CompletedAt *time.Time
	Net         amount
}

// buyer is what a recount knows of somebody who has bought.
type buyer struct {
	r, f int64
	m    int64
}

// checkClasses holds that after the last run every buyer has the scores and classes of a recount: of the orders that the API lists, one by one, and of fractions of whole numbers.
func checkClasses(w *world, s *state, broken func(string, string, ...any)) {
	if s.run.State != "finished" {
		return
	}
	day, err := time.ParseInLocation(time.DateOnly, s.run.AsOf, shanghai)
	check(err)
	d := dice{hash(w.seed, "classes")}
	buyers, listed := map[string]buyer{}, map[string][]bought{}
	for id, v := range s.profiles {
		word, spoke := w.consents.lastWord(id, "profiling", time.Now())
		if spoke && !word.granted || !v.FirstSeen.Before(day.AddDate(0, 0, 1)) {
			continue
		}
		orders := pages[bought](w, &d, "/v1/profiles/profile:"+id+"/orders")
		one := recountOrders(orders, day)
		if one.f > 0 {
			buyers[id], listed[id] = one, orders
		}
	}
	if len(buyers) != s.run.Buyers {
		var unscored []string
		for id := range buyers {
			if got := s.profiles[id].RFM; got == nil || got.F == 0 {
				unscored = append(unscored, id)
			}
		}
		slices.Sort(unscored)
		broken("", "the last run has %d buyers, a recount %d, of whom it has not scored %v", s.run.Buyers, len(buyers), unscored)
		return
	}
	axes := [3]func(buyer) int64{func(b buyer) int64 { return b.r }, func(b buyer) int64 { return b.f }, func(b buyer) int64 { return b.m }}
	var sums [3]int64
	var quintiles [3][]*big.Rat
	for i, of := range axes {
		var all []int64
		for _, b := range buyers {
			all = append(all, of(b))
			sums[i] += of(b)
		}
		quintiles[i] = type7(all)
	}
	checkPredictions(s, listed, day, broken)
	counts := map[string]int{}
	for id, b := range buyers {
		got := s.profiles[id].RFM
		if got == nil {
			broken("profile:"+id, "has bought %d times and has no classes", b.f)
			continue
		}
		n := int64(len(buyers))
		high := func(is bool) string {
			if is {
				return "1"
			}
			return "0"
		}
		f, m, recent := high(b.f*n >= sums[1]), high(b.m*n >= sums[2]), "active-"
		switch {
		case b.r > 90:
			recent = "lapsed-"
		case b.r > 30:
			recent = "cooling-"
		}
		want := fmt.Sprint(5-below(quintiles[0], b.r), 1+below(quintiles[1], b.f), 1+below(quintiles[2], b.m), " ", high(b.r*n <= sums[0])+f+m, " ", recent+f+m)
		if have := fmt.Sprint(got.R, got.F, got.M, " ", got.Class8, " ", got.Class15); have != want {
			broken("profile:"+id, "is scored %s, a recount of %+v among %d says %s", have, b, n, want)
		}
		counts[got.Class8]++
	}
	for class, people := range s.run.Counts["class8"] {
		if people != counts[class] {
			broken("", "the last run counts %d in class %s, a recount %d", people, class, counts[class])
		}
	}
	members := map[string]int{}
	for _, v := range s.profiles {
		for _, segment := range v.Segments {
			if v.FirstSeen.Before(day.AddDate(0, 0, 1)) {
				members[segment]++
			}
		}
	}
	nobody := len(s.strangers()) // the run sees them too, and nobody knows an id by which to ask for them
	for segment, people := range s.run.Segments {
		if more := people - members[segment]; more < 0 || more > nobody {
			broken("", "the last run counts %d in segment %s, of whom the API tells are %d, and %d of nobody", people, segment, members[segment], nobody)
		}
	}
}

// recountOrders sums the paid orders until the end of a day.
func recountOrders(orders []bought, day time.Time) (b buyer) {
	seen := map[string]bool{}
	var last time.Time
	for _, o := range orders {
		if seen[o.OrderID] || o.CompletedAt == nil || o.Net.Amount <= 0 || o.Net.Currency != "CNY" || !o.CompletedAt.Before(day.AddDate(0, 0, 1)) {
			continue
		}
		seen[o.OrderID] = true
		b.f, b.m = b.f+1, b.m+o.Net.Amount
		if o.CompletedAt.After(last) {
			last = *o.CompletedAt
		}
	}
	if b.f > 0 {
		y, m, d := last.In(shanghai).Date()
		b.r = int64(day.Sub(time.Date(y, m, d, 0, 0, 0, 0, shanghai)).Hours()) / 24
	}
	return b
}

// type7 are the quintiles of type 7: between the values around (n-1)k/5, as far as that lies between them.
func type7(all []int64) (quintiles []*big.Rat) {
	slices.Sort(all)
	for k := 1; k < 5 && len(all) > 0; k++ {
		at := (len(all) - 1) * k
		low, rest := all[at/5], int64(at%5)
		high := all[min(at/5+1, len(all)-1)]
		quintiles = append(quintiles, new(big.Rat).Add(big.NewRat(low, 1), big.NewRat((high-low)*rest, 5)))
	}
	return quintiles
}

// below counts the breakpoints strictly below a value.
func below(breakpoints []*big.Rat, value int64) (n int) {
	for _, one := range breakpoints {
		if one.Cmp(big.NewRat(value, 1)) < 0 {
			n++
		}
	}
	return n
}
