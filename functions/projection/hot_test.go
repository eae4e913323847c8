package projection

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// delays keeps the longest time that a batch's jobs are to wait.
type delays struct{ longest time.Duration }

func (d *delays) Postpone(_ context.Context, _ string, delay time.Duration) error {
	d.longest = max(d.longest, delay)
	return nil
}

// maxReceives is the events queue's maxReceiveCount.
const maxReceives = 10

// TestHotPerson lets workers fold the import of one person, a bot or a shared till, at the same time: 500 KB requests of 800 events, eight
// of them an invocation. One event in a hundred is an order, of which no cent may be lost.
func TestHotPerson(t *testing.T) {
	const workers, perMessage, perBatch = 4, 800, 8
	messages := 24 // HOT_EVENTS=100000 measures a larger import
	if v, err := strconv.Atoi(os.Getenv("HOT_EVENTS")); err == nil {
		messages = v / perMessage
	}
	n := messages * perMessage
	s := newShop(t)
	var jobs []events.SQSMessage
	for m := range messages {
		var list []event.Event
		for i := range perMessage {
			k := m*perMessage + i
			at := t0.Add(-time.Duration(n-k) * time.Second)
			switch {
			case k%100 == 0:
				list = append(list, track(fmt.Sprint(k), "till", "Order Completed", at, fmt.Sprintf(`{"order_id":"o%d","total":1.01}`, k)))
			case k%2 == 0:
				list = append(list, track(fmt.Sprint(k), "till", event.ProductViewed, at, fmt.Sprintf(`{"product_id":"p-%d","category":"c-%d"}`, k, k)))
			default:
				list = append(list, track(fmt.Sprint(k), "till", fmt.Sprint("Own ", k), at, `{"a":1}`))
			}
		}
		jobs = append(jobs, envelope(t, "till", list...))
	}
	// What comes back waits as projection says, in a fiftieth of the time, since here one commit follows the other at once.
	const hurry = 50
	type delivery struct {
		jobs  []events.SQSMessage
		count int
	}
	queue := make(chan delivery, messages)
	for len(jobs) > 0 {
		size := min(perBatch, len(jobs))
		queue <- delivery{jobs[:size], 1}
		jobs = jobs[size:]
	}
	var left, back, most atomic.Int64
	left.Store(int64(len(queue)))
	began := time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for batch := range queue {
				p, waits := s.worker(), &delays{}
				p.Jitter, p.Postponer = rand.N[time.Duration], waits
				for i := range batch.jobs {
					batch.jobs[i].Attributes = map[string]string{"ApproximateReceiveCount": strconv.Itoa(batch.count)}
				}
				again := deliver(t, p, batch.jobs...)
				for seen := most.Load(); int64(batch.count) > seen && !most.CompareAndSwap(seen, int64(batch.count)); seen = most.Load() {
				}
				if len(again) == 0 {
					if left.Add(-1) == 0 {
						close(queue)
					}
					continue
				}
				if back.Add(1) > 500 {
					t.Error("jobs come back for ever")
					if left.Add(-1) == 0 {
						close(queue)
					}
					continue
				}
				time.AfterFunc(waits.longest/hurry, func() { queue <- delivery{again, batch.count + 1} })
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	writes := s.DB.Calls(dynamotest.AnyWrite)

	p := s.load(user("till"))
	if p.Orders.Count != n/100 || p.Orders.Revenue()[0].Minor != int64(n/100*101) {
		t.Errorf("%d orders worth %v; want %d", p.Orders.Count, p.Orders.Revenue(), n/100)
	}
	var counted int64
	for _, c := range p.Counters {
		counted += c.Total
	}
	if counted != int64(n) {
		t.Errorf("%d events are counted, want %d", counted, n)
	}
	out, err := s.DB.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: new("Profiles"), Key: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "p#" + string(p.ID)}, "sk": &types.AttributeValueMemberS{Value: "p"}}})
	s.Must(err)
	size := len(out.Item["b"].(*types.AttributeValueMemberB).Value)
	t.Logf("%d events, %d writes (%.4f an event), %d batches came back, one was received %d times, %d versions, item %d bytes, %v (%.0f us an event)",
		n, writes, float64(writes)/float64(n), back.Load(), most.Load(), p.Version, size, took.Round(time.Millisecond), float64(took.Microseconds())/float64(n))
	// A commit of 200 events is two writes; lost conditions are writes too, and so are packs of batches that a conflict cut short.
	if limit := 4 * n / profile.MaxCommitEvents; writes > limit {
		t.Errorf("%d writes, want at most %d", writes, limit)
	}
	if most.Load() > maxReceives {
		t.Errorf("a batch was received %d times; the queue lets it go after %d", most.Load(), maxReceives)
	}
	if size > 16<<10 {
		t.Errorf("the item has %d bytes", size)
	}
	if c := p.Counters[profile.OtherEvents]; c.Total < int64(n/4) {
		t.Errorf("%d events of names over the bound are counted together, want nearly %d", c.Total, n/2)
	}
	seen, cursor := 0, ""
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		list, next, err := s.Timeline.Events(context.Background(), p.Keys(), 500, cursor)
		if err != nil || pages > 200 {
			t.Fatal(pages, err)
		}
		seen, cursor = seen+len(list), next
	}
	if seen != n {
		t.Errorf("the timeline gives %d events, want %d", seen, n)
	}
}
