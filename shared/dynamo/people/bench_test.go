package people

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
)

// crowd are people as shops have them, each as its item: all have a name, an address and looked at some things; three in ten have bought.
func crowd(b *testing.B, people int) (items []dynamo.Item) {
	b.Helper()
	random := rand.New(rand.NewPCG(3, 1))
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for i := range people {
		user := fmt.Sprintf("user-%08d", i)
		p := &profile.Profile{ID: profile.Identifier{Kind: profile.UserID, Value: user}.ID()}
		p.Attach(profile.Identifier{Kind: profile.UserID, Value: user})
		p.Attach(profile.Identifier{Kind: profile.AnonymousID, Value: fmt.Sprintf("0b7a1f9e-6c1f-4f0e-9f55-%012d", i)})
		texts := []string{fmt.Sprintf(`{"type":"identify","messageId":"i","userId":%q,"traits":{"name":"王小%d","email":"%s@shop.example","phone":"+8613%09d","address":{"city":"上海"}}}`, user, i, user, i)}
		for n := range 2 + random.IntN(4) {
			texts = append(texts, fmt.Sprintf(`{"type":"track","messageId":"v-%d","userId":%q,"event":"Product Viewed","timestamp":%q,"properties":{"product_id":"p-%d","category":"tea","brand":"West Lake","price":39}}`,
				n, user, noon.AddDate(0, 0, -random.IntN(300)).Format(time.RFC3339), random.IntN(500)))
		}
		if random.IntN(10) < 3 {
			for n := range 1 + random.IntN(3) {
				texts = append(texts, fmt.Sprintf(`{"type":"track","messageId":"o-%d","userId":%q,"event":"Order Completed","timestamp":%q,"properties":{"order_id":"o-%d-%d","total":%d,"currency":"CNY","products":[{"product_id":"p-%d","category":"tea","price":39,"quantity":2}]}}`,
					n, user, noon.AddDate(0, 0, -random.IntN(390)).Format(time.RFC3339), i, n, 10+random.IntN(900), random.IntN(500)))
			}
		}
		var events []event.Event
		for _, text := range texts {
			batch, err := event.ParseBatch([]byte(`{"batch":[`+text+`]}`), event.Arrival{ReceivedAt: noon})
			if err != nil || len(batch.Events) != 1 {
				b.Fatal(text, err, batch)
			}
			events = append(events, batch.Events...)
		}
		commitTo(p, "bench", map[string]*order.Order{}, events)
		p.Outbox = nil
		items = append(items, (Profiles{Months: TimelineMonths}).item(p))
	}
	return items
}

// BenchmarkReadProfile decodes the items of a scan as a run does: what the SDK takes is not among it.
func BenchmarkReadProfile(b *testing.B) {
	items := crowd(b, 1000)
	size := 0
	for _, item := range items {
		size += len(dynamo.BytesOf(item, dynamo.AttrBody))
	}
	b.ResetTimer()
	b.ReportAllocs()
	again := make([]profile.Profile, len(items))
	for n := range b.N {
		one := &again[n%len(items)]
		one.Reuse("p")
		if err := readInto(one, items[n%len(items)], skim); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size)/float64(len(items)), "bytes/body")
}
