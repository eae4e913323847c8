package segmentation

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/runs"
)

// faults makes calls fail, before or after they took effect.
type faults struct {
	mu     sync.Mutex
	random *rand.Rand
	rate   float64
	fired  int
}

func (f *faults) around(do func() error) error {
	f.mu.Lock()
	fail, before := f.random.Float64() < f.rate, f.random.IntN(2) == 0
	if fail {
		f.fired++
	}
	f.mu.Unlock()
	if fail && before {
		return dynamotest.ErrInjected
	}
	if err := do(); err != nil {
		return err
	}
	if fail {
		return dynamotest.ErrInjected
	}
	return nil
}

// memoryProfiles keeps profiles in memory. A shard is a hash of the id.
type memoryProfiles struct {
	*faults
	mu     sync.Mutex
	all    map[profile.ID]*profile.Profile
	moved  map[profile.ID]profile.ID // pointers
	page   int
	torn   map[profile.ID]bool  // cannot be read
	since  map[profile.ID]int64 // the version with which somebody came back after an erasure
	saves  map[profile.ID]int
	before func(*profile.Profile) // another writer that comes first, called by Save
	loaded func()                 // what happens between a load and what follows from it
	scan   func()                 // what happens during a scan, called before each page
}

func cloneProfile(p *profile.Profile) *profile.Profile {
	c := *p
	c.Members = maps.Clone(p.Members)
	c.Outbox = slices.Clone(p.Outbox)
	return &c
}

func (m *memoryProfiles) Load(_ context.Context, id profile.ID) (*profile.Profile, error) {
	var out *profile.Profile
	err := m.around(func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if to, ok := m.moved[id]; ok {
			id = to
		}
		if m.torn[id] {
			return fmt.Errorf("reading profile %s: %w", id, dynamo.ErrUnreadable)
		}
		out = &profile.Profile{ID: id}
		if p, ok := m.all[id]; ok {
			out = cloneProfile(p)
		}
		return nil
	})
	if m.loaded != nil {
		m.loaded()
	}
	return out, err
}

func (m *memoryProfiles) Save(_ context.Context, p *profile.Profile) error {
	return m.around(func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.before != nil {
			m.before(m.all[p.ID])
		}
		if m.all[p.ID].Version != p.Version {
			return fmt.Errorf("saving profile %s: %w", p.ID, dynamo.ErrConflict)
		}
		stored := cloneProfile(p)
		stored.Version++
		m.all[p.ID] = stored
		m.saves[p.ID]++
		p.Version++
		return nil
	})
}

func (m *memoryProfiles) ScanShard(_ context.Context, shard, shards int, cursor string, page func(people.ScanPage) error) (string, error) {
	m.mu.Lock()
	var ids []profile.ID
	for id := range m.all {
		hash := fnv.New32a()
		hash.Write([]byte(id))
		if int(hash.Sum32())%shards == shard && string(id) > cursor {
			ids = append(ids, id)
		}
	}
	m.mu.Unlock()
	slices.Sort(ids)
	for chunk := range slices.Chunk(ids, m.page) {
		if m.scan != nil {
			m.scan()
		}
		var found people.ScanPage
		for _, id := range chunk {
			m.mu.Lock()
			switch p, ok := m.all[id]; {
			case m.torn[id]:
				found.Unreadable = append(found.Unreadable, id)
			case ok && (!p.FirstSeen.IsZero() || !p.Unproven.Empty()): // no tombstone
				found.Profiles = append(found.Profiles, cloneProfile(p))
			}
			m.mu.Unlock()
		}
		if err := m.around(func() error { return nil }); err != nil {
			return cursor, err
		}
		if err := page(found); err != nil {
			return cursor, err
		}
		if chunk[len(chunk)-1] == ids[len(ids)-1] {
			break
		}
		cursor = string(chunk[len(chunk)-1])
	}
	return "", nil
}

// memoryRuns keeps runs as runs.Runs does.
type memoryRuns struct {
	*faults
	mu          sync.Mutex
	runs        map[string]score.Run
	definitions map[string][]byte
	parts       map[string]map[[2]int]runs.RunPart
	results     map[string]map[int]runs.RunResult
	before      bool // runs are planned as the version before did
}

func (m *memoryRuns) do(f func() error) error {
	return m.around(func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		return f()
	})
}

func (m *memoryRuns) Create(_ context.Context, run score.Run) (out score.Run, err error) {
	err = m.do(func() error {
		if _, ok := m.runs[run.ID]; !ok {
			run.InBucket = run.InBucket && !m.before
			m.runs[run.ID] = run
		}
		out = m.runs[run.ID]
		return nil
	})
	return out, err
}

func (m *memoryRuns) Load(_ context.Context, id string) (out score.Run, err error) {
	err = m.do(func() error {
		run, ok := m.runs[id]
		if !ok {
			return dynamo.ErrNotFound
		}
		run.Collected, run.Scored, run.Asked = slices.Clone(run.Collected), slices.Clone(run.Scored), slices.Clone(run.Asked)
		out = run
		return nil
	})
	return out, err
}

func (m *memoryRuns) SaveDefinitions(_ context.Context, run string, _ time.Time, packed []byte) (out []byte, err error) {
	err = m.do(func() error {
		if _, ok := m.definitions[run]; !ok {
			m.definitions[run] = packed
		}
		out = m.definitions[run]
		return nil
	})
	return out, err
}

func (m *memoryRuns) Definitions(_ context.Context, run string) (out []byte, err error) {
	err = m.do(func() error {
		packed, ok := m.definitions[run]
		if !ok {
			return dynamo.ErrNotFound
		}
		out = packed
		return nil
	})
	return out, err
}

func (m *memoryRuns) SavePart(_ context.Context, run score.Run, part runs.RunPart) error {
	return m.do(func() error {
		if m.parts[run.ID] == nil {
			m.parts[run.ID] = map[[2]int]runs.RunPart{}
		}
		key := [2]int{part.Shard, part.Number}
		if _, ok := m.parts[run.ID][key]; ok {
			return dynamo.ErrConflict
		}
		m.parts[run.ID][key] = part
		return nil
	})
}

func (m *memoryRuns) Part(_ context.Context, run string, shard, number int) (out runs.RunPart, err error) {
	err = m.do(func() error {
		part, ok := m.parts[run][[2]int{shard, number}]
		if !ok {
			return dynamo.ErrNotFound
		}
		out = part
		return nil
	})
	return out, err
}

func (m *memoryRuns) Parts(_ context.Context, run string, visit func(runs.RunPart) error) error {
	var parts []runs.RunPart
	err := m.do(func() error {
		parts = slices.Collect(maps.Values(m.parts[run]))
		return nil
	})
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := visit(part); err != nil {
			return err
		}
	}
	return nil
}

func (m *memoryRuns) Mark(_ context.Context, id string, done runs.RunDone, shard int) (n int, err error) {
	err = m.do(func() error {
		run := m.runs[id]
		set := &run.Collected
		switch done {
		case runs.RunGathered, runs.RunCollected:
			if (done == runs.RunGathered) != run.InBucket {
				return fmt.Errorf("run %s, of which inBucket is %v, is marked as %s", id, run.InBucket, done)
			}
		case runs.RunScored:
			set = &run.Scored
		case runs.RunAsked:
			set = &run.Asked
		}
		if !set.Has(shard) {
			*set = append(slices.Clone(*set), shard)
		}
		n = len(*set)
		m.runs[id] = run
		return nil
	})
	return n, err
}

func (m *memoryRuns) SaveFindings(_ context.Context, id string, findings score.Findings) error {
	return m.do(func() error {
		run := m.runs[id]
		if run.Findings != nil && !reflect.DeepEqual(*run.Findings, findings) {
			return fmt.Errorf("closing again found %+v, before it was %+v", findings, *run.Findings)
		}
		run.Findings = &findings
		m.runs[id] = run
		return nil
	})
}

func (m *memoryRuns) SaveResult(_ context.Context, run score.Run, shard int, result runs.RunResult) error {
	return m.do(func() error {
		if m.results[run.ID] == nil {
			m.results[run.ID] = map[int]runs.RunResult{}
		}
		m.results[run.ID][shard] = result
		return nil
	})
}

func (m *memoryRuns) Results(_ context.Context, run string) (out []runs.RunResult, err error) {
	err = m.do(func() error {
		out = slices.Collect(maps.Values(m.results[run]))
		return nil
	})
	return out, err
}

func (m *memoryRuns) SaveOutcome(_ context.Context, id string, outcome score.Outcome) error {
	return m.do(func() error {
		run := m.runs[id]
		if run.Outcome == nil {
			run.Outcome = &outcome
		}
		m.runs[id] = run
		return nil
	})
}
