package projection

import (
	"sync"

	"github.com/userops/userops/shared/domain/people/profile"
)

// progress remembers what this process has done for which commit, so that it need not ask. It may forget at any time.
type progress struct {
	mu    sync.Mutex
	packs map[profile.ID]int64 // the newest version whose packs are written, those before it being cleared by then
	sends map[profile.ID]int64 // the newest version up to which every follow was sent
}

// maxProgress bounds the memory: a hundred bytes each.
const maxProgress = 50_000

func (d *progress) set(m *map[profile.ID]int64, id profile.ID, version int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if *m == nil || len(*m) >= maxProgress {
		*m = map[profile.ID]int64{}
	}
	(*m)[id] = max((*m)[id], version)
}

func (d *progress) packed(id profile.ID, version int64) { d.set(&d.packs, id, version) }
func (d *progress) sent(id profile.ID, version int64)   { d.set(&d.sends, id, version) }

// hasPacked speaks of exactly the version: an older commit's packs may be another process's debt.
func (d *progress) hasPacked(id profile.ID, version int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.packs[id] == version
}

// hasSent speaks of all versions up to the one sent: whoever commits has sent or taken over what stood in the outbox before.
func (d *progress) hasSent(id profile.ID, version int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sends[id] >= version
}
