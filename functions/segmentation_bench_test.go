//go:build unix

package functions

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// BenchmarkSegmentation makes a nightly run over people of whom three in ten have bought, after some have bought again, and tells what it would
// cost over ten million of whom two in a hundred change. PEOPLE= is how many there are. What a run costs is linear: a part for each profile that is read and, for buyers, kept in
// columns, and a part for each that changes. The first is what a run in which nobody changes takes, the second is what the other takes more.
func BenchmarkSegmentation(b *testing.B) {
	const tenMillion, changing = 10_000_000, 0.02
	people := number("PEOPLE", 20_000)
	m := newBench(b, false, 4)
	m.put("/v1/segments/buyers", `{"name":"Buyers","rule":{"field":"orders.count","op":"gte","value":1}}`)
	m.put("/v1/segments/top", `{"name":"Top","rule":{"field":"rfm.m","op":"eq","value":5}}`)
	c := newCrowd(3)
	now := time.Now()
	ordered := func(d device, days int) string { return c.order(d, now.AddDate(0, 0, -days)) }
	crowd := m.crowdOf(c, people, func(d device) []string {
		events := append([]string{c.identify(d)}, c.event(d), c.event(d))
		if c.random.IntN(10) < 3 {
			for range 1 + c.random.IntN(3) {
				events = append(events, ordered(d, 1+c.random.IntN(390)))
			}
		}
		return events
	})
	_, begun := m.run(people) // everybody's first
	for range b.N {
		_, still := m.run(people)
		var events []string
		var requests []request
		for i := 0; i < len(crowd); i += 50 {
			events = append(events, ordered(crowd[i], 1))
			if len(events) == 50 {
				requests = append(requests, batch(events))
				events = nil
			}
		}
		m.post(4, serverKey, requests)
		m.idle()
		changed, moved := m.run(people)
		if changed < people/100 || changed > people/5 {
			b.Fatalf("%d of %d people changed, which is not near two in a hundred", changed, people)
		}
		usd, extra := m.priced(still, 0, busy).sum(), m.priced(moved, 0, busy).sum()-m.priced(still, 0, busy).sum()
		read, write := still.units()
		_, moreWrite := moved.units()
		report(b, map[string]float64{
			"cost.segmentation10m.usd": tenMillion * (usd/float64(people) + changing*extra/float64(changed)), "cost.segmentation10m_unchanged.usd": tenMillion * usd / float64(people),
			"first_run_s": begun.took.Seconds(), "run_s": moved.took.Seconds(),
			"rru_per_profile": read / float64(people), "wru_per_change": (moreWrite - write) / float64(changed), "changed": float64(changed),
			"cpu_us_per_profile": float64(still.cpu("segmentation").Microseconds()) / float64(people),
			"cpu_us_per_change":  float64((moved.cpu("segmentation") - still.cpu("segmentation")).Microseconds()) / float64(changed),
		})
		still.explain("segmentation, nobody changes")
		moved.explain(fmt.Sprintf("segmentation, %d change", changed))
	}
}

// run makes a segmentation run and tells how many it changed and what segmentation alone took for it: what follows at others is theirs.
func (m *bench) run(people int) (changed int, s spent) {
	m.b.Helper()
	var started struct{ RunID string }
	s = m.measure(func() {
		m.ask(http.MethodPost, "/v1/runs", &started)
		m.idle()
	})
	var report runReport
	m.ask(http.MethodGet, "/v1/runs/"+started.RunID, &report)
	if report.State != "finished" || report.Profiles != people {
		m.b.Fatalf("the run is %s and saw %d profiles, want %d", report.State, report.Profiles, people)
	}
	var own spent
	for _, u := range s.usage {
		if u.Function == "bench-Segmentation" {
			own.usage = append(own.usage, u)
		}
	}
	for _, r := range s.readings {
		if r.Function == "segmentation" {
			own.readings = append(own.readings, r)
		}
	}
	own.took = s.took
	return report.Changed, own
}

func (m *bench) ask(method, path string, out any) {
	m.b.Helper()
	r, err := http.NewRequest(method, m.stack.Addresses().Gateway+path, http.NoBody)
	if err != nil {
		m.b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+operatorKey)
	answer, err := m.client.Do(r)
	if err != nil {
		m.b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil || answer.StatusCode/100 != 2 {
		m.b.Fatalf("%s %s: %d %v", method, path, answer.StatusCode, err)
	}
}
