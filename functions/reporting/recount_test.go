package reporting

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

// happened draws what some people did on four of the shop's days and today, in no order.
func happened(random *rand.Rand, people int) (all []happening) {
	first := time.Date(2026, 11, 6, 0, 0, 0, 0, shanghai)
	for n := range people {
		who := fmt.Sprintf("user-%03d", n)
		for i := range 1 + random.IntN(12) {
			at := first.Add(time.Duration(random.Int64N(int64(104 * time.Hour)))).Truncate(time.Millisecond)
			name := []string{"Product Viewed", "Product Added", "Order Completed", "Checked In"}[random.IntN(4)]
			id := fmt.Sprintf("%s-%d", who, i)
			props := fmt.Sprintf(`{"order_id":%q,"total":%d.50,"currency":"CNY","category":"c%d"}`, "o-"+id, 10+random.IntN(90), random.IntN(3))
			all = append(all, happening{who, event.Event{Kind: event.Track, Name: name, MessageID: id, Timestamp: at, ReceivedAt: at.Add(time.Duration(random.Int64N(int64(6 * time.Hour)))), Source: "shop", Properties: json.RawMessage(props)}})
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// history is what each person did who is somebody now, in order: merges applied, what was received up to an erasure left out.
func history(all []happening, merged map[string]string, erased map[string]time.Time) map[string][]happening {
	of := map[string][]happening{}
	for _, h := range all {
		if at, gone := erased[h.who]; gone && !h.ReceivedAt.After(at) {
			continue
		}
		who := h.who
		for into, is := merged[who]; is; into, is = merged[who] {
			who = into
		}
		of[who] = append(of[who], h)
	}
	for _, events := range of {
		slices.SortFunc(events, func(a, b happening) int {
			if c := a.Timestamp.Compare(b.Timestamp); c != 0 {
				return c
			}
			return slices.Compare([]byte(a.MessageID), []byte(b.MessageID))
		})
	}
	return of
}

func dayOf(h happening) string { return h.Timestamp.In(shanghai).Format(time.DateOnly) }

// rowsOf reads the rows of an answer.
func rowsOf(t testing.TB, answer map[string]json.RawMessage, table string) (rows []map[string]any) {
	t.Helper()
	if err := json.Unmarshal(answer[table], &rows); err != nil {
		t.Fatalf("%s: %v", answer[table], err)
	}
	return rows
}

const (
	asksCount     = `{"kind":"count","from":"2026-11-06","to":"2026-11-09","by":"day"}`
	asksFunnel    = `{"kind":"funnel","from":"2026-11-06","to":"2026-11-09","steps":[{"event":"Product Viewed"},{"event":"Product Added"},{"event":"Order Completed"}],"window":"2d"}`
	asksRetention = `{"kind":"retention","from":"2026-11-06","to":"2026-11-09","by":"day","first":{"event":"*"},"return":{"event":"Checked In"},"periods":3}`
	asksSessions  = `{"kind":"sessions","from":"2026-11-06","to":"2026-11-09","by":"day"}`
	asksTrade     = `{"kind":"trade","from":"2026-11-06","to":"2026-11-09","by":"day"}`
	asksPerformed = `{"kind":"performed","event":"Checked In","withinDays":3,"atLeast":2}`
)

// recounts count again, by loops over what was accepted, what the first table of an answer has: by key of the row, the figures that are compared.
var recounts = map[string]struct {
	key     func(row map[string]any) string
	figures []string
	count   func(of map[string][]happening) map[string][]float64
}{
	asksCount: {func(r map[string]any) string { return fmt.Sprint(r["period"], "|", r["event"]) }, []string{"events", "people"}, func(of map[string][]happening) map[string][]float64 {
		out := map[string][]float64{}
		for _, events := range of {
			seen := map[string]bool{}
			for _, h := range events {
				for _, k := range []string{"|", "|" + h.Name, dayOf(h) + "|", dayOf(h) + "|" + h.Name} {
					if dayOf(h) > "2026-11-09" {
						continue
					}
					if out[k] == nil {
						out[k] = []float64{0, 0}
					}
					out[k][0]++
					if !seen[k] {
						seen[k] = true
						out[k][1]++
					}
				}
			}
		}
		return out
	}},
	asksFunnel: {func(r map[string]any) string { return fmt.Sprint(r["step"]) }, []string{"reached", "dropped"}, func(of map[string][]happening) map[string][]float64 {
		steps := []string{"Product Viewed", "Product Added", "Order Completed"}
		reached := make([]float64, 4)
		for _, events := range of {
			best := 0
			for i, first := range events {
				if first.Name != steps[0] || dayOf(first) > "2026-11-09" {
					continue
				}
				far := 1
				for _, h := range events[i+1:] {
					if far < 3 && h.Name == steps[far] && h.Timestamp.Sub(first.Timestamp) <= 48*time.Hour {
						far++
					}
				}
				best = max(best, far)
			}
			for n := range best {
				reached[n]++
			}
		}
		out := map[string][]float64{}
		for n := range 3 {
			out[fmt.Sprint(n+1)] = []float64{reached[n], reached[n] - reached[min(n+1, 2)]}
		}
		return out
	}},
	asksRetention: {func(r map[string]any) string { return fmt.Sprint(r["period"], "|", r["after"]) }, []string{"size", "back"}, func(of map[string][]happening) map[string][]float64 {
		out := map[string][]float64{}
		for _, events := range of {
			first := dayOf(events[0])
			if first > "2026-11-09" {
				continue
			}
			begin, _ := time.Parse(time.DateOnly, first)
			if first == "2026-11-09" {
				if out[first+"|0"] == nil {
					out[first+"|0"] = []float64{0, 0}
				}
				out[first+"|0"][0]++
			}
			for n := 1; n <= 3; n++ {
				day := begin.AddDate(0, 0, n).Format(time.DateOnly)
				if day > "2026-11-09" { // the last day that was closed
					break
				}
				k := fmt.Sprint(first, "|", n)
				if out[k] == nil {
					out[k] = []float64{0, 0}
				}
				out[k][0]++
				if slices.ContainsFunc(events, func(h happening) bool { return h.Name == "Checked In" && dayOf(h) == day }) {
					out[k][1]++
				}
			}
		}
		return out
	}},
	asksSessions: {func(r map[string]any) string { return fmt.Sprint(r["period"]) }, []string{"people", "sessions", "events"}, func(of map[string][]happening) map[string][]float64 {
		out := map[string][]float64{}
		for _, events := range of {
			seen := map[string]bool{}
			var last happening
			for _, h := range events {
				k := dayOf(h)
				if k > "2026-11-09" {
					continue
				}
				if out[k] == nil {
					out[k] = []float64{0, 0, 0}
				}
				if !seen[k] {
					out[k][0]++
				}
				if !seen[k] || h.Timestamp.Sub(last.Timestamp) > 30*time.Minute {
					out[k][1]++
				}
				seen[k], last = true, h
				out[k][2]++
			}
		}
		return out
	}},
	asksTrade: {func(r map[string]any) string { return fmt.Sprint(r["period"]) }, []string{"paid", "sum"}, func(of map[string][]happening) map[string][]float64 {
		out := map[string][]float64{}
		for _, events := range of {
			for _, h := range events {
				var p struct{ Total float64 }
				if k := dayOf(h); h.Name == "Order Completed" && k <= "2026-11-09" && json.Unmarshal(h.Properties, &p) == nil {
					if out[k] == nil {
						out[k] = []float64{0, 0}
					}
					out[k][0]++
					out[k][1] += p.Total * 100
				}
			}
		}
		return out
	}},
	asksPerformed: {func(map[string]any) string { return "" }, []string{"people"}, func(of map[string][]happening) map[string][]float64 {
		n := 0.0
		for _, events := range of {
			times := 0
			for _, h := range events {
				if h.Name == "Checked In" && dayOf(h) <= "2026-11-09" {
					times++
				}
			}
			if times >= 2 {
				n++
			}
		}
		return map[string][]float64{"": {n}}
	}},
}

// TestEveryFoldEqualsARecount asks every kind of question through the function, over any number of shards, with late files, people who became others, and people who were erased and may be back.
func TestEveryFoldEqualsARecount(t *testing.T) {
	for _, shards := range []int{1, 4, 64} {
		t.Run(fmt.Sprint(shards), func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(shards), 1))
			all := happened(random, 90)
			merged := map[string]string{"user-001": "user-002", "user-002": "user-003", "user-010": "user-011", "user-020": "user-050"}
			erased := map[string]time.Time{"user-005": noon, "user-007": time.Date(2026, 11, 7, 12, 0, 0, 0, shanghai), "user-070": noon}
			b := newBench(t)
			b.archive(shards, 3, all)
			b.merge(merged)
			for who, at := range erased {
				b.erase(at, who)
			}
			of := history(all, merged, erased)
			for definition, c := range recounts {
				_, answer := b.exact(definition)
				found := map[string][]float64{}
				for _, row := range rowsOf(t, answer, "rows") {
					var figures []float64
					for _, name := range c.figures {
						n, _ := row[name].(float64)
						figures = append(figures, n)
					}
					found[c.key(row)] = figures
				}
				if want := c.count(of); !reflect.DeepEqual(found, want) {
					t.Errorf("%s:\n%v, want\n%v", definition, found, want)
				}
			}
		})
	}
}

// TestThePeopleBehindANumberMakeIt lists them page by page: each once, those who make the number and nobody else, and what they count for adds up to it.
func TestThePeopleBehindANumberMakeIt(t *testing.T) {
	b := newBench(t)
	all := happened(rand.New(rand.NewPCG(3, 3)), 60)
	merged := map[string]string{"user-001": "user-002"}
	b.archive(4, 2, all)
	b.merge(merged)
	of := history(all, merged, nil)
	for who := range of {
		b.Person(who, nil)
	}
	names := map[string]string{}
	for who := range of {
		names[string(personOf(who).ID())] = who
	}
	list := func(id, cell string) (people map[string]int64) {
		t.Helper()
		people = map[string]int64{}
		cursor := ""
		for range 100 {
			out := b.call("GET", "/v1/reports/"+id+"/people?limit=7&reason=a+test&cell="+url.QueryEscape(cell)+"&cursor="+url.QueryEscape(cursor), "")
			var page peopleShown
			if err := json.Unmarshal(out.Body.Bytes(), &page); err != nil || out.Code != 200 || len(page.Items) > 7 {
				t.Fatalf("%d: %s", out.Code, out.Body)
			}
			for _, one := range page.Items {
				if names[string(one.ProfileID)] != one.UserID || people[one.UserID] != 0 {
					t.Errorf("%+v is somebody else, or there twice", one)
				}
				people[one.UserID] = one.Count
			}
			if cursor = page.Next; cursor == "" {
				return people
			}
		}
		t.Fatal("the list has no end")
		return nil
	}
	id, _ := b.exact(asksCount)
	want := map[string]int64{}
	for who, events := range of {
		for _, h := range events {
			if dayOf(h) == "2026-11-07" && h.Name == "Checked In" {
				want[who]++
			}
		}
	}
	if got := list(id, `{"figure":"events","period":"2026-11-07","event":"Checked In"}`); !maps.Equal(got, want) || len(want) < 8 {
		t.Errorf("%v, want %v", got, want)
	}
	id, answer := b.exact(asksFunnel)
	for _, row := range rowsOf(t, answer, "rows") {
		for _, figure := range []string{"reached", "dropped"} {
			got := list(id, fmt.Sprintf(`{"figure":%q,"step":%v}`, figure, row["step"]))
			if sum := float64(len(got)); sum != row[figure] {
				t.Errorf("%v people are listed of %v who %s step %v", sum, row[figure], figure, row["step"])
			}
		}
	}
	id, answer = b.exact(asksTrade)
	for _, row := range rowsOf(t, answer, "rows") {
		sum := int64(0)
		for _, n := range list(id, fmt.Sprintf(`{"figure":"gmv","currency":"CNY","period":%q}`, row["period"])) {
			sum += n
		}
		if float64(sum) != row["gmv"] {
			t.Errorf("people make %d of %v", sum, row["gmv"])
		}
	}
}
