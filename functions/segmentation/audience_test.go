package segmentation

import (
	"context"
	"fmt"
	"sync"
	"testing"
)

// memoryAudiences keeps in memory how far audiences are listed.
type memoryAudiences struct {
	*faults
	mu     sync.Mutex
	shards map[string]int
	read   map[string]map[int]int // by listing and shard
}

func (m *memoryAudiences) Begin(_ context.Context, campaign, run string, shards int) error {
	return m.around(func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.shards[campaign+" "+run] = shards
		return nil
	})
}

func (m *memoryAudiences) Read(_ context.Context, campaign, run string, shard, shards, listed int) error {
	return m.around(func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		of := campaign + " " + run
		if m.read[of] == nil {
			m.read[of] = map[int]int{}
		}
		m.shards[of], m.read[of][shard] = shards, listed
		return nil
	})
}

// TestWhatIsListedIsCounted: of each audience every shard is told with the members that it has, however often shards are handed over, calls fail and jobs come again.
func TestWhatIsListedIsCounted(t *testing.T) {
	for seed := range uint64(12) {
		w := newWorld(t, seed, 4, nil)
		w.profiles.page = 40
		w.members(900)
		w.process.Late = func(context.Context) bool { return w.random.Float64() < 0.3 }
		w.faults.rate = 0.1
		w.jobs.Put(`{"kind":"audiences","runId":"minute","listings":[{"runId":"a","segmentId":"vip","campaignId":"c1"},{"runId":"b","segmentId":"tea","campaignId":"c2"},{"runId":"d","segmentId":"nobody","campaignId":"c3"}]}`,
			`{"kind":"audience","runId":"e","segmentId":"vip","campaignId":"c4"}`)
		w.drain(0.1)
		for of, want := range map[string]int{"c1 a": 450, "c2 b": 180, "c3 d": 0, "c4 e": 450} {
			sum := 0
			for _, n := range w.audiences.read[of] {
				sum += n
			}
			if sum != want || w.audiences.shards[of] != 4 || len(w.audiences.read[of]) != 4 {
				t.Errorf("seed %d: of %s %d are listed, want %d: %s", seed, of, sum, want, fmt.Sprint(w.audiences.shards[of], w.audiences.read[of]))
			}
		}
	}
}
