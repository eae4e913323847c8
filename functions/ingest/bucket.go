package ingest

import (
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/allowance"
	"github.com/userops/userops/shared/domain/people/source"
)

// buckets holds one token bucket per source with a rate, in this instance's memory: a limit costs no write, and n instances
// let through n times the rate.
type buckets struct {
	mu  sync.Mutex
	all map[source.ID]*allowance.Bucket
}

// take asks for n events. Zero means they may pass; otherwise it is how long to wait. A batch passes whole once there is any token,
// and may leave a debt: otherwise one larger than the burst could never pass.
func (b *buckets) take(from source.Source, n int, now time.Time) time.Duration {
	if from.RatePerSecond <= 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.all[from.ID]
	if one == nil {
		if b.all == nil {
			b.all = make(map[source.ID]*allowance.Bucket)
		}
		one = &allowance.Bucket{Tokens: from.BurstEvents(), At: now}
		b.all[from.ID] = one
	}
	one.Rate, one.Burst = from.RatePerSecond, from.BurstEvents()
	one.Fill(now)
	if one.Tokens < 1 {
		return max(time.Duration((1-one.Tokens)/from.RatePerSecond*float64(time.Second)), time.Millisecond)
	}
	one.Tokens -= float64(n)
	return 0
}
