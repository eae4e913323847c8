package segmentation

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/realdata"
	"github.com/userops/userops/shared/shop/format"
)

const visits = "rees46/2019-Oct_first17435.csv.gz"

// visitors adds the people of rees46 as their events make them: read by its format, parsed as ingest does, folded and their orders committed as projection does.
func visitors(t *testing.T, w *world, text []byte) {
	t.Helper()
	known, orders := map[string]bool{}, map[string]*order.Order{}
	take := func(e format.Event) error {
		if known[e.MessageID] {
			return nil
		}
		known[e.MessageID] = true
		batch, err := event.ParseBatch([]byte(`{"batch":[`+string(e.Body)+`]}`), event.Arrival{ReceivedAt: w.Now()})
		if err != nil || len(batch.Events) != 1 {
			return fmt.Errorf("%s: %w %v", e.Body, err, batch)
		}
		one := &batch.Events[0]
		who := profile.Identifier{Kind: profile.UserID, Value: e.Person}
		p := w.profiles.all[who.ID()]
		if p == nil {
			p = w.add(&profile.Profile{ID: who.ID(), Identifiers: []profile.Identifier{who}})
		}
		commit(p, one, orders, w.process.Shop)
		return nil
	}
	if err := format.Read(format.REES46, bytes.NewReader(text), format.Options{Currency: "CNY"}, format.Sink{Event: take, Refuse: func(format.Refusal) {}, Line: func(int) {}}); err != nil {
		t.Fatal(err)
	}
}

// commit does to a profile what an event does, its order too.
func commit(p *profile.Profile, e *event.Event, orders map[string]*order.Order, shop profile.Shop) {
	p.Fold(e, shop)
	r, err := order.ParseReport(e, event.Fingerprint("import", e.MessageID), shop.Currency)
	if err != nil {
		return
	}
	o := orders[r.OrderID]
	if o == nil {
		o = &order.Order{ID: r.OrderID}
		orders[r.OrderID] = o
	}
	o.Apply(r, p, shop.Currency)
}

// tried is what somebody did, by the lines of the file.
type tried struct {
	views, carts, orders int
	spent                int64
}

// lines reads the file for a recount: nothing of it goes through the code that is tested.
func lines(t *testing.T, text []byte) map[string]*tried {
	t.Helper()
	whole := text[:bytes.LastIndexByte(text, '\n')+1] // the last line is torn
	rows, err := csv.NewReader(bytes.NewReader(whole)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	people, seen := map[string]*tried{}, map[string]bool{}
	for _, row := range rows[1:] {
		if line := strings.Join(row, ","); seen[line] {
			continue
		} else {
			seen[line] = true
		}
		one := people[row[7]]
		if one == nil {
			one = &tried{}
			people[row[7]] = one
		}
		switch row[1] {
		case "view":
			one.views++
		case "cart":
			one.carts++
		case "purchase":
			price, ok := new(big.Rat).SetString(row[6])
			if !ok {
				t.Fatalf("price %q", row[6])
			}
			cents := new(big.Rat).Mul(price, big.NewRat(100, 1))
			one.orders, one.spent = one.orders+1, one.spent+cents.Num().Int64()
		}
	}
	return people
}

// TestRealVisitorsInAnyShards holds the classes and segments of real visitors against the lines of their file: at a week, on the last day of the borders of thirty days, and the day after.
func TestRealVisitorsInAnyShards(t *testing.T) {
	shelf := shelf{}.
		with(definition.Segment, "lookers", `{"id":"lookers","rule":{"all":[{"performed":{"event":"Product Viewed","atLeast":5,"withinDays":31}},{"not":{"performed":{"event":"Product Added"}}},{"field":"orders.count","op":"eq","value":0}]}}`).
		with(definition.Segment, "left", `{"id":"left","rule":{"all":[{"performed":{"event":"Product Added"}},{"not":{"performed":{"event":"Order Completed"}}}]}}`).
		with(definition.Segment, "spenders", `{"id":"spenders","rule":{"field":"orders.revenue","op":"gte","value":{"money":"500.00"}}}`)
	text := realdata.Open(t, visits)
	people := lines(t, text)
	if len(people) != 4504 {
		t.Fatalf("%d people, want 4504", len(people))
	}
	for _, c := range []struct {
		now                   time.Time
		buyer, other, recency string
	}{
		{time.Date(2019, 10, 8, 12, 0, 0, 0, time.UTC), "active", "engaged", "1"},
		{time.Date(2019, 10, 31, 12, 0, 0, 0, time.UTC), "active", "engaged", "1"},
		{time.Date(2019, 11, 1, 12, 0, 0, 0, time.UTC), "cooling", "idle", "1"},
	} {
		want := recountVisitors(people, c.buyer, c.other, c.recency)
		for _, shards := range []int{1, 4, 64} {
			w := newWorld(t, 1, shards, shelf)
			w.Set(c.now)
			w.profiles.page = 500
			visitors(t, w, text)
			run := w.run(job.Segmentation{RunID: "r"}, 0.1)
			if run.Profiles != 4504 || run.Buyers != 193 {
				t.Errorf("%d profiles and %d buyers, want 4504 and 193", run.Profiles, run.Buyers)
			}
			wrong := 0
			for user, is := range want {
				p := w.profiles.all[profile.Identifier{Kind: profile.UserID, Value: user}.ID()]
				got := strings.Join(slices.Concat([]string{p.Scores.Class15, p.Scores.Class8}, slices.Sorted(maps.Keys(p.Members))), " ")
				if got != is {
					if wrong++; wrong <= 5 {
						t.Errorf("at %s in %d shards, %s is %q, want %q", c.now.Format(time.DateOnly), shards, user, got, is)
					}
				}
			}
			for id := range w.runs.results["r"][shards].Segments {
				n := 0
				for _, is := range want {
					if slices.Contains(strings.Fields(is), id) {
						n++
					}
				}
				if run.Segments[id] != n || n == 0 {
					t.Errorf("%s has %d members by the run, want %d", id, run.Segments[id], n)
				}
			}
		}
	}
}

// recountVisitors is what each is to be in: class15, class8, segments.
func recountVisitors(people map[string]*tried, buyer, other, recency string) map[string]string {
	var buyers, orders, spent int64
	for _, one := range people {
		if one.orders > 0 {
			buyers, orders, spent = buyers+1, orders+int64(one.orders), spent+one.spent
		}
	}
	side := func(of, sum int64) string {
		if of*buyers >= sum {
			return "1"
		}
		return "0"
	}
	out := map[string]string{}
	for user, one := range people {
		in := []string{other, ""}
		if one.orders > 0 {
			f, m := side(int64(one.orders), orders), side(one.spent, spent)
			in = []string{buyer + "-" + f + m, recency + f + m}
		}
		if one.carts > 0 && one.orders == 0 {
			in = append(in, "left")
		}
		if one.views >= 5 && one.carts == 0 && one.orders == 0 {
			in = append(in, "lookers")
		}
		if one.spent >= 50_000 {
			in = append(in, "spenders")
		}
		out[user] = strings.Join(in, " ")
	}
	return out
}
