package segmentation

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// BenchmarkRun is a nightly run over 20,000 people in memory, three in ten of them buyers, of whom two in a hundred change. It leaves out
// the SDK, the network and the decoding of items.
func BenchmarkRun(b *testing.B) {
	const people = 20_000
	w := newWorld(b, 1, 4, defined)
	w.profiles.page = 1000
	for i := range people {
		if i%10 < 3 {
			w.buyer(i%150, int64(i%977)*100, int64(i%31)*10)
			continue
		}
		p := w.visitor(i % 150)
		p.Counters = map[string]profile.Counter{event.ProductViewed: {Total: 1, Last: p.LastSeen}}
	}
	w.run(job.Segmentation{RunID: "first"}, 0)
	b.ResetTimer()
	for n := range b.N {
		b.StopTimer()
		i := 0
		for _, p := range w.profiles.all {
			p.Outbox = nil
			if i++; i%50 == 0 {
				p.Scores.Lifecycle = "before"
			}
		}
		b.StartTimer()
		run := w.run(job.Segmentation{RunID: fmt.Sprint("r", n)}, 0)
		if run.Changed != people/50 {
			b.Fatalf("%d changed, want %d", run.Changed, people/50)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/people, "us/profile")
}

// asked are twenty segments as shops write them: what people spent, when they came, what they did, who they are and what they are tagged.
var asked = []string{
	`{"field":"orders.count","op":"gte","value":1}`,
	`{"field":"orders.revenue","op":"gte","value":{"money":"500.00"}}`,
	`{"all":[{"field":"orders.revenue90","op":"gt","value":{"money":"500.00"}},{"field":"lastSeen","op":"olderThan","days":30},{"field":"city","op":"eq","value":"上海"}]}`,
	`{"field":"lastSeen","op":"within","days":7}`,
	`{"field":"firstSeen","op":"within","days":30}`,
	`{"all":[{"performed":{"event":"Product Viewed","atLeast":3,"withinDays":30}},{"not":{"performed":{"event":"Order Completed","withinDays":30}}}]}`,
	`{"performed":{"event":"Product Added","withinDays":7}}`,
	`{"field":"tags","op":"in","value":["vip","tea"]}`,
	`{"field":"traits.email","op":"exists"}`,
	`{"all":[{"field":"traits.phone","op":"exists"},{"not":{"field":"traits.email","op":"exists"}}]}`,
	`{"field":"orders.lastAt","op":"olderThan","days":90}`,
	`{"field":"orders.average","op":"between","value":[10000,50000]}`,
	`{"any":[{"segment":"s0"},{"segment":"s3"}]}`,
	`{"all":[{"segment":"s1"},{"notSegment":"s10"}]}`,
	`{"percent":{"seed":"a","from":0,"to":10}}`,
	`{"field":"city","op":"in","value":["北京","上海","广州","深圳"]}`,
	`{"field":"traits.name","op":"contains","value":"小"}`,
	`{"field":"category.first","op":"eq","value":"tea"}`,
	`{"field":"orders.count","op":"eq","value":0}`,
	`{"all":[{"field":"lifecycle","op":"in","value":["silent","dormant"]},{"field":"rfm.m","op":"gte","value":4}]}`,
}

// BenchmarkRules asks twenty segments of people, as a run does.
func BenchmarkRules(b *testing.B) {
	definitions := make([]segment.Definition, len(asked))
	for i, text := range asked {
		definitions[i] = segment.Definition{ID: segment.ID(fmt.Sprint("s", i)), Name: "x", Rule: json.RawMessage(text)}
		if err := segment.Check(definitions[i], definitions[:i]); err != nil {
			b.Fatal(i, err)
		}
	}
	set, faults := segment.Compile(definitions)
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	w := newWorld(b, 1, 4, defined)
	all := w.crowd(1000)
	in, members := 0, map[segment.ID]bool{}
	b.ResetTimer()
	b.ReportAllocs()
	for n := range b.N {
		in += len(set.MembersIn(members, all[n%len(all)], w.Now(), w.process.Shop))
	}
	b.ReportMetric(float64(in)/float64(b.N), "segments/profile")
}

// crowd are people as shops have them, folded of their events: all have a name and an address and looked at some things, three in ten have bought.
func (w *world) crowd(people int) (all []*profile.Profile) {
	w.Helper()
	for i := range people {
		who := profile.Identifier{Kind: profile.UserID, Value: fmt.Sprintf("user-%08d", i)}
		p := w.add(&profile.Profile{ID: who.ID(), Identifiers: []profile.Identifier{who}})
		texts := []string{fmt.Sprintf(`{"type":"identify","messageId":"i","userId":%q,"traits":{"name":"王小%d","email":"%s@shop.example","phone":"+8613%09d","address":{"city":"上海"}}}`, who.Value, i, who.Value, i)}
		for n := range 2 + w.random.IntN(4) {
			texts = append(texts, fmt.Sprintf(`{"type":"track","messageId":"v-%d","userId":%q,"event":"Product Viewed","timestamp":%q,"properties":{"product_id":"p-%d","category":"tea","brand":"West Lake","price":39}}`,
				n, who.Value, w.Now().AddDate(0, 0, -w.random.IntN(300)).Format(time.RFC3339), w.random.IntN(500)))
		}
		if w.random.IntN(10) < 3 {
			for n := range 1 + w.random.IntN(3) {
				texts = append(texts, fmt.Sprintf(`{"type":"track","messageId":"o-%d","userId":%q,"event":"Order Completed","timestamp":%q,"properties":{"order_id":"o-%d-%d","total":%d,"currency":"CNY"}}`,
					n, who.Value, w.Now().AddDate(0, 0, -w.random.IntN(390)).Format(time.RFC3339), i, n, 10+w.random.IntN(900)))
			}
		}
		for _, text := range texts {
			batch, err := event.ParseBatch([]byte(`{"batch":[`+text+`]}`), event.Arrival{ReceivedAt: w.Now()})
			if err != nil || len(batch.Events) != 1 {
				w.Fatal(text, err, batch)
			}
			commit(p, &batch.Events[0], map[string]*order.Order{}, w.process.Shop)
		}
		all = append(all, p)
	}
	return all
}
