package ingest

import (
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/people/source"
)

// buckets holds one token bucket per source with a rate, in this instance's memory: a limit costs no write, and n instances
// let through n times the rate.
type buckets struct {
	mu  sync.Mutex
	all map[source.ID]*bucket
}

// bucket holds tokens as of at, as many as burst, and gets rate of them a second; below zero is a debt.
type bucket struct {
	tokens, rate, burst float64
	at                  time.Time
}

func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		b.tokens = min(b.tokens+passed.Seconds()*b.rate, b.burst)
		b.at = now
	}
}

// full is a bucket of a bound that nobody sets: so many at once, then one a span.
func full(burst float64, span time.Duration, now time.Time) bucket {
	return bucket{tokens: burst, rate: 1 / span.Seconds(), burst: burst, at: now}
}

// spend takes one token, if there is one.
func (b *bucket) spend(now time.Time) bool {
	if b.fill(now); b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
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
			b.all = make(map[source.ID]*bucket)
		}
		one = &bucket{tokens: from.BurstEvents(), at: now}
		b.all[from.ID] = one
	}
	one.rate, one.burst = from.RatePerSecond, from.BurstEvents()
	one.fill(now)
	if one.tokens < 1 {
		return max(time.Duration((1-one.tokens)/from.RatePerSecond*float64(time.Second)), time.Millisecond)
	}
	one.tokens -= float64(n)
	return 0
}
