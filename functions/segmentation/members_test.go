package segmentation

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/userops/userops/shared/domain/audience/listing"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/runs"
)

// memoryLists keeps lists as runs.Lists does.
type memoryLists struct {
	*faults
	mu    sync.Mutex
	all   map[string]listing.List
	parts map[string]runs.ListPart
}

func (m *memoryLists) do(f func() error) error {
	return m.around(func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		return f()
	})
}

func (m *memoryLists) Waiting(_ context.Context, scan string) (out []listing.List, err error) {
	err = m.do(func() error {
		out = nil
		for _, l := range m.all {
			if l.Scan == "" || l.Scan == scan && l.Judge() != listing.Ready {
				out = append(out, l)
			}
		}
		slices.SortFunc(out, func(a, b listing.List) int { return cmp.Compare(a.ID, b.ID) })
		return nil
	})
	return out, err
}

func (m *memoryLists) Take(_ context.Context, id, scan string, shards int) error {
	return m.do(func() error {
		l, there := m.all[id]
		if !there || l.Scan != "" && l.Scan != scan {
			return dynamo.ErrConflict
		}
		l.Scan, l.Shards = scan, shards
		m.all[id] = l
		return nil
	})
}

func (m *memoryLists) Load(_ context.Context, id string) (out listing.List, err error) {
	err = m.do(func() error {
		l, there := m.all[id]
		if !there {
			return dynamo.ErrNotFound
		}
		out = l
		out.Done = maps.Clone(l.Done)
		return nil
	})
	return out, err
}

func (m *memoryLists) SavePart(_ context.Context, l listing.List, part runs.ListPart) (out runs.ListPart, err error) {
	err = m.do(func() error {
		key := fmt.Sprintf("%s %d %d", l.ID, part.Shard, part.Number)
		if _, there := m.parts[key]; !there {
			m.parts[key] = part
		}
		out = m.parts[key]
		return nil
	})
	return out, err
}

func (m *memoryLists) Done(_ context.Context, id string, shard, members int) error {
	return m.do(func() error {
		l := m.all[id]
		if l.Done == nil {
			l.Done = map[int]bool{}
		}
		if !l.Done[shard] {
			l.Done[shard] = true
			l.Read, l.Members = l.Read+1, l.Members+members
		}
		m.all[id] = l
		return nil
	})
}

// members are those of a list, by its parts.
func (m *memoryLists) members(l listing.List) (all []profile.ID) {
	for shard := range l.Shards {
		for number := 0; ; number++ {
			part, there := m.parts[fmt.Sprintf("%s %d %d", l.ID, shard, number)]
			if !there {
				break
			}
			if all = append(all, part.Members...); part.Next == "" {
				break
			}
		}
	}
	slices.Sort(all)
	return all
}

// ask asks for a list of each of the segments, named a, b, c ...
func (m *memoryLists) ask(segments ...segment.ID) {
	for i, s := range segments {
		id := listing.ID(string(rune('a' + i)))
		m.all[id] = listing.List{ID: id, SegmentID: s}
	}
}

// TestListsHoldTheMembers: each list, of whatever shards, has every member once, as counted from the profiles, while jobs fail, come twice and in any order, and hand over after each page; and whatever is found
// of audiences that are asked for with them is found as without.
func TestListsHoldTheMembers(t *testing.T) {
	for _, shards := range []int{1, 4, 64} {
		for seed := range uint64(8) {
			w := newWorld(t, seed, shards, nil)
			w.profiles.page = 40
			w.members(900)
			w.process.Late = func(context.Context) bool { return w.random.Float64() < 0.3 }
			w.faults.rate = 0.05
			w.lists.ask("vip", "tea", "nobody", "vip")
			w.jobs.Put(`{"kind":"members","runId":"m1"}`, `{"kind":"audience","runId":"e","segmentId":"vip","campaignId":"c4"}`,
				`{"kind":"audiences","runId":"minute","listings":[{"runId":"a","segmentId":"tea","campaignId":"c1"}]}`)
			w.drain(0.1)
			want := map[segment.ID][]profile.ID{"nobody": nil}
			for id, p := range w.profiles.all {
				for name := range p.Members {
					want[segment.ID(name)] = append(want[segment.ID(name)], id)
				}
			}
			for id, l := range w.lists.all {
				slices.Sort(want[l.SegmentID])
				if got := w.lists.members(l); l.Judge() != listing.Ready || l.Members != len(got) || !slices.Equal(got, want[l.SegmentID]) {
					t.Errorf("%d shards, seed %d: list %s of %s has %d members and counts %d, want %d: %s", shards, seed, id, l.SegmentID, len(got), l.Members, len(want[l.SegmentID]), l.Judge())
				}
			}
			for of, n := range map[string]int{"c4 e": len(want["vip"]), "c1 a": len(want["tea"])} {
				sum := 0
				for _, k := range w.audiences.read[of] {
					sum += k
				}
				if sum != n || len(w.audiences.read[of]) != shards {
					t.Errorf("%d shards, seed %d: of audience %s %d are listed, want %d", shards, seed, of, sum, n)
				}
			}
		}
	}
}

// TestOneReadingAnswersAllThatAreAskedFor within a minute: lists and audiences, and the jobs of the other lists then find nothing to do.
func TestOneReadingAnswersAllThatAreAskedFor(t *testing.T) {
	w := newWorld(t, 1, 2, nil)
	w.profiles.page = 100
	w.members(900)
	w.lists.ask("vip", "tea", "nobody")
	scans := 0
	w.profiles.scan = func() { scans++ }
	w.jobs.Put(`{"kind":"audiences","runId":"minute","listings":[{"runId":"a","segmentId":"vip","campaignId":"c1"},{"runId":"b","segmentId":"tea","campaignId":"c2"}]}`)
	w.drain(0)
	w.jobs.Put(`{"kind":"members","runId":"made:a"}`, `{"kind":"members","runId":"made:b"}`, `{"kind":"members","runId":"made:c"}`)
	w.drain(0)
	// 900 people in two shards, in pages of a hundred.
	if scans < 9 || scans > 11 {
		t.Errorf("%d pages were read, want those of one reading", scans)
	}
	for id, l := range w.lists.all {
		if l.Judge() != listing.Ready || l.Scan != "minute" {
			t.Errorf("list %s is %s by %q", id, l.Judge(), l.Scan)
		}
	}
}

// TestAPartOfAListIsBounded: a list of many is written in parts, and so is what is read beside it.
func TestAPartOfAListIsBounded(t *testing.T) {
	w := newWorld(t, 3, 1, nil)
	w.profiles.page = 500
	w.members(membersPerPart + 2000)
	for _, p := range w.profiles.all {
		p.Members = map[string]profile.Membership{"vip": {}}
	}
	w.lists.ask("vip", "nobody")
	w.jobs.Put(`{"kind":"members","runId":"m"}`)
	w.drain(0)
	for id, l := range w.lists.all {
		first, second := w.lists.parts[id+" 0 0"], w.lists.parts[id+" 0 1"]
		if n := len(first.Members); n >= membersPerPart+500 || first.Next == "" || second.Next != "" || len(w.lists.members(l)) != l.Members {
			t.Errorf("list %s: the first part has %d members", id, n)
		}
	}
	if n := len(w.lists.members(w.lists.all["made:a"])); n != membersPerPart+2000 {
		t.Errorf("%d members are listed", n)
	}
}

// TestListsThatAreGoneAreLeftAlone, and so are jobs that make no sense.
func TestListsThatAreGoneAreLeftAlone(t *testing.T) {
	w := newWorld(t, 1, 2, nil)
	w.members(50)
	w.jobs.Put(`{"kind":"members","runId":"m","shard":0,"shards":2,"lists":[{"id":"made:z"}]}`, `{"kind":"members","runId":"m","shard":5,"shards":2,"lists":[{"id":"made:z"}]}`, `{"kind":"members","runId":"m"}`)
	w.drain(0)
	if len(w.lists.parts) != 0 {
		t.Errorf("%d parts are written", len(w.lists.parts))
	}
}

// TestTwoReadingsOfAShard: parts that another delivery has written otherwise stand, and the list goes on behind them.
func TestTwoReadingsOfAShard(t *testing.T) {
	w := newWorld(t, 2, 1, nil)
	w.profiles.page = 40
	w.members(400)
	w.lists.ask("vip", "tea")
	for id, l := range w.lists.all {
		l.Scan, l.Shards = "m", 1
		w.lists.all[id] = l
	}
	// One list's first part was written by a reading that ended a page earlier; it holds what that page has.
	var ids []profile.ID
	for id := range w.profiles.all {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	part := runs.ListPart{Next: string(ids[39])}
	for _, id := range ids[:40] {
		if segment.In(w.profiles.all[id], "tea") {
			part.Members = append(part.Members, id)
		}
	}
	part.Total = len(part.Members)
	w.lists.parts["made:b 0 0"] = part
	late := 0
	w.process.Late = func(context.Context) bool { late++; return late == 3 }
	w.jobs.Put(`{"kind":"members","runId":"m","shard":0,"shards":1,"listings":[{"runId":"r","segmentId":"vip","campaignId":"c"}],"lists":[{"id":"made:a"},{"id":"made:b"}]}`)
	w.drain(0)
	for id, l := range w.lists.all {
		var want []profile.ID
		for _, one := range ids {
			if segment.In(w.profiles.all[one], l.SegmentID) {
				want = append(want, one)
			}
		}
		if got := w.lists.members(l); !slices.Equal(got, want) || l.Members != len(want) {
			t.Errorf("list %s has %d members and counts %d, want %d", id, len(got), l.Members, len(want))
		}
	}
}
