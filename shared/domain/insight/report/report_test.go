package report

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/profile"
)

// text is an answer as it travels.
func text(t *testing.T, definition string, s Seen) string {
	t.Helper()
	a, err := Of([]byte(definition), s)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func exact(p fold.Partial) Seen { return Seen{Whole: p, Share: 1} }

// TestAnswers are the tables of each kind of question, with what is calculated from the figures worked out by hand.
func TestAnswers(t *testing.T) {
	day, err := profile.ParseDay("2026-11-02")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		definition string
		partial    fold.Partial
		want       string
	}{
		"count": {`{}`, &fold.Counts{Rows: []fold.CountRow{{Events: 5, People: 2}, {Period: "2026-11-02", Event: "A", Split: "x", Events: 5, People: 2}}},
			`{"rows":[{"period":"","event":"","split":"","events":5,"people":2},{"period":"2026-11-02","event":"A","split":"x","events":5,"people":2}]}`},
		"too many": {`{}`, &fold.Counts{Over: true}, `{"rows":[],"rowsOver":true}`},
		"sessions": {`{}`, &fold.Visits{Rows: []fold.VisitRow{{Period: "2026-11", All: true, People: 3, Sessions: 4, Views: 10, Events: 12, Bounces: 1, Length: 90_000, Dwell: 70_000, Known: 7}}, Pages: []fold.PageRow{{Page: "/", Views: 4, Entries: 2, Exits: 1}}},
			`{"rows":[{"period":"2026-11","all":true,"split":"","people":3,"sessions":4,"views":10,"events":12,"bounces":1,"bounceRate":0.25,"viewsASession":2.5,"secondsASession":22.5,"secondsAView":10}],` +
				`"pages":[{"page":"/","screen":false,"views":4,"entries":2,"exits":1,"bounces":0,"secondsAView":null}]}`},
		"trade": {`{}`, &fold.Sales{Rows: []fold.SaleRow{{Period: "2026-11", Currency: "CNY", Placed: 5, GMV: 900, Paid: 4, Sum: 800, Returned: 100, Pieces: 6, Reduced: 1, Discount: 20, Refunds: 1}},
			Buyers: []fold.BuyerRow{{All: true, People: 3, Again: 1, First: 2, Due: [4]int64{2, 1}, Second: [4]int64{1}}}, Cycle: []fold.Gap{{Days: 1, Orders: 1}, {Days: 8, Orders: 2}}},
			`{"rows":[{"period":"2026-11","currency":"CNY","split":"","placed":5,"gmv":900,"paid":4,"sum":800,"returned":100,"net":700,"discount":20,"unknown":0,"pieces":6,"reduced":1,"refunds":1,"cancelled":0,"aov":175,"piecesAnOrder":1.5,"reducedShare":0.25}],` +
				`"buyers":[{"period":"","all":true,"split":"","people":3,"again":1,"repurchaseRate":0.333333,"first":2,"due30":2,"second30":1,"secondShare30":0.5,"due60":1,"second60":0,"secondShare60":0,"due90":0,"second90":0,"secondShare90":null,"due180":0,"second180":0,"secondShare180":null}],` +
				`"cycle":[{"lowerDays":1,"medianDays":8,"upperDays":8}]}`},
		"funnel": {`{"kind":"funnel","steps":[{"event":"A"},{"event":"B","as":"bought"}]}`, &fold.Reached{Rows: []fold.ReachedRow{{Steps: []int64{4, 1}, Took: [][]fold.Took{{{Seconds: 9, Count: 1}}}}}},
			`{"rows":[{"split":"","step":1,"event":"A","reached":4,"dropped":3,"share":1,"ofPrevious":1,"medianSeconds":null},{"split":"","step":2,"event":"bought","reached":1,"dropped":0,"share":0.25,"ofPrevious":0.25,"medianSeconds":9}]}`},
		"retention": {`{}`, &fold.Cohorts{By: fold.Day, AsOf: day + 2, Rows: []fold.CohortRow{{First: day, Size: 4, Back: []int64{2, 1, 0}}, {First: day + 1, Size: 6, Back: []int64{3, 0, 0}}, {First: day + 2, Size: 1, Back: []int64{0, 0, 0}}}},
			`{"rows":[{"period":"2026-11-02","after":1,"size":4,"back":2,"share":0.5,"state":"over"},{"period":"2026-11-02","after":2,"size":4,"back":1,"share":0.25,"state":"over"},{"period":"2026-11-03","after":1,"size":6,"back":3,"share":0.5,"state":"over"},` +
				`{"period":"2026-11-04","after":0,"size":1,"back":null,"share":null,"state":"over"}],"mean":[{"after":1,"size":10,"back":5,"share":0.5},{"after":2,"size":4,"back":1,"share":0.25}]}`},
		"performed": {`{}`, &fold.Performers{People: 7}, `{"rows":[{"people":7}]}`},
	} {
		if got := text(t, c.definition, exact(c.partial)); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", name, got, c.want)
		}
	}
	// An amount that a float64 does not tell from its neighbour.
	if got := text(t, `{}`, exact(&fold.Performers{People: 1<<53 + 1})); got != `{"rows":[{"people":9007199254740993}]}` {
		t.Error(got)
	}
}

// someone is what one of a population does: so many events, which is somebody who counts where it is any, and whether they come back.
type someone struct {
	events int64
	back   bool
}

// sample draws people of a population, each by the same chance, and counts them in groups.
func sample(all []someone, share float64, random *rand.Rand) Seen {
	whole, groups := &fold.Cohorts{By: fold.Day, AsOf: 99, Rows: []fold.CohortRow{{Back: make([]int64, 1)}}}, []fold.Partial{}
	for range Groups {
		groups = append(groups, &fold.Cohorts{By: fold.Day, AsOf: 99, Rows: []fold.CohortRow{{Back: make([]int64, 1)}}})
	}
	for _, one := range all {
		if random.Float64() >= share {
			continue
		}
		back := int64(0)
		if one.back {
			back = one.events
		}
		for _, p := range []*fold.Cohorts{whole, groups[random.IntN(Groups)].(*fold.Cohorts)} {
			p.Rows[0].Size += one.events
			p.Rows[0].Back[0] += back
		}
	}
	return Seen{whole, groups, share}
}

// TestIntervalsHoldTheTruth draws many samples of populations that are known: a few heavy people among light ones, rare and common answers, large and small shares. An interval of 95 % has to hold the truth nineteen times of
// twenty, less what chance and the skew of few heavy people make of it, and the estimates have to be right in the mean.
func TestIntervalsHoldTheTruth(t *testing.T) {
	for name, c := range map[string]struct {
		people int
		share  float64
		back   float64
		heavy  float64
		least  float64
	}{
		"people, a tenth of them":     {20_000, 0.1, 0.4, 0, 0.93},
		"people, half of them":        {2_000, 0.5, 0.4, 0, 0.93},
		"rare":                        {20_000, 0.05, 0.01, 0, 0.92},
		"events, with a heavy few":    {20_000, 0.1, 0.3, 0.01, 0.91},
		"hardly anybody":              {400, 0.05, 0.5, 0, 0.9},
		"almost all":                  {1_000, 0.95, 0.2, 0, 0.93},
		"nobody is ever seen to come": {20_000, 0.02, 0.001, 0, 0.9},
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, 7))
			var all []someone
			var events, back float64
			for range c.people {
				one := someone{1, random.Float64() < c.back}
				if random.Float64() < c.heavy {
					one.events = 50
				}
				all = append(all, one)
				events += float64(one.events)
				if one.back {
					back += float64(one.events)
				}
			}
			const trials = 1500
			totals, ratios, known, mean := 0, 0, 0, 0.0
			for range trials {
				s := sample(all, c.share, random)
				l := s.begin(fold.Cell{Period: "1970-01-01", After: 1})
				n, in := s.total(l.sum("size"))
				mean += float64(n) / trials
				if float64(in[0].(int64)) <= events && events <= float64(in[1].(int64)) {
					totals++
				}
				if v, in := s.ratio(l.sum("back"), l.sum("size"), c.heavy == 0, 1); v != nil {
					known++
					if in[0].(float64) <= back/events && back/events <= in[1].(float64) {
						ratios++
					}
				}
			}
			held, heldRatios := float64(totals)/trials, float64(ratios)/float64(known)
			t.Logf("totals are held by %.3f, ratios by %.3f", held, heldRatios)
			if held < c.least || heldRatios < c.least || held > 0.995 && c.people > 400 {
				t.Errorf("totals are held by %.3f of the intervals, ratios by %.3f; want %.2f", held, heldRatios, c.least)
			}
			if math.Abs(mean/events-1) > 0.02 {
				t.Errorf("the mean of the estimates is %.0f, want %.0f", mean, events)
			}
		})
	}
}

// TestASampleOfEverybodyIsExact has no interval, and one of some has them beside each figure that is estimated.
func TestASampleOfEverybodyIsExact(t *testing.T) {
	all := []fold.Partial{&fold.Performers{People: 3}, &fold.Performers{People: 4}}
	whole := &fold.Performers{People: 7}
	if got := text(t, `{}`, Seen{whole, all, 1}); got != `{"rows":[{"people":7}]}` {
		t.Error(got)
	}
	// 7 of a half: 14; squares are 2 * (0.25 + 0.25) = 1, so the sum, 7, is the least: 2.0395 * sqrt(7 * 0.5) / 0.5 = 7.63; what was seen is there.
	if got := text(t, `{}`, Seen{whole, all, 0.5}); got != `{"rows":[{"people":14,"interval":{"people":[7,22]}}]}` {
		t.Error(got)
	}
}

func TestCSV(t *testing.T) {
	a := Answer{{Name: "rows", Columns: []string{"split", "n", "share", "all"}, Rows: []Row{{Values: []any{"=cmd()", int64(3), 0.25, true}}, {Values: []any{"a,\"b\"", int64(-4), nil, false}}}}}
	table, is := a.Table("rows")
	if _, other := a.Table("pages"); !is || other {
		t.Error("a table is found by another name")
	}
	if got, want := string(table.CSV()), "split,n,share,all\r\n'=cmd(),3,0.25,true\r\n\"a,\"\"b\"\"\",-4,,false\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	part, left := table.Cut(1, 1)
	if got := string(part.CSV()); got != "split,n,share,all\r\n\"a,\"\"b\"\"\",-4,,false\r\n" || left != 0 {
		t.Errorf("%q, %d left", got, left)
	}
	if part, left = table.Cut(0, 1); len(part.Rows) != 1 || left != 1 {
		t.Errorf("%d rows, %d left", len(part.Rows), left)
	}
	if part, left = table.Cut(9, 1); len(part.Rows) != 0 || left != 0 {
		t.Errorf("%d rows, %d left", len(part.Rows), left)
	}
	table.Rows[0].Intervals = map[string]Interval{"n": {int64(1), int64(5)}}
	if got, want := string(table.CSV()), "split,n,n low,n high,share,all\r\n'=cmd(),3,1,5,0.25,true\r\n\"a,\"\"b\"\"\",-4,,,,false\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
