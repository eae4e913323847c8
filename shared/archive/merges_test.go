package archive_test

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/columns"
)

// mergesOf are lists of these.
func mergesOf(all map[columns.Person]archive.Merge) *archive.Merges {
	m := &archive.Merges{}
	m.Change(all, nil)
	return m
}

// numbered is one of many people.
func numbered(n int) (p columns.Person) {
	binary.BigEndian.PutUint64(p[:], uint64(n)*0x9e3779b97f4a7c15)
	return p
}

// TestMergesComeAndGo holds lists that are changed many times to a map that is: who was merged into whom, and that everybody who became the same person stands in the list of who that is. What comes in parts is the same bytes as what comes at once.
func TestMergesComeAndGo(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		b, h := buckettest.New(), &archive.Head{}
		want := map[columns.Person]archive.Merge{}
		clock := 0
		for range 12 {
			further, apart := map[columns.Person]archive.Merge{}, map[columns.Person]time.Time{}
			for range r.IntN(12) {
				from, into := r.IntN(60), r.IntN(60)
				if from <= into {
					continue // as projection keeps who came first: there is no circle
				}
				clock++
				further[numbered(from)] = archive.Merge{Into: numbered(into), At: noon.Add(time.Duration(clock-r.IntN(3)) * time.Second)}
			}
			for range r.IntN(3) {
				apart[numbered(r.IntN(60))] = noon.Add(time.Duration(r.IntN(clock+1)) * time.Second)
			}
			lists, err := archive.LoadAllMerges(t.Context(), b, h)
			if err != nil {
				t.Fatal(err)
			}
			lists.Change(further, apart)
			if err := lists.Save(t.Context(), b, h, noon); err != nil {
				t.Fatal(err)
			}
			for p, m := range further {
				if was, is := want[p]; !is || m.At.After(was.At) {
					want[p] = m
				}
			}
			maps.DeleteFunc(want, func(p columns.Person, m archive.Merge) bool {
				until, is := apart[p]
				return is && !m.At.After(until)
			})
			if got, err := archive.LoadMerges(t.Context(), b, h); err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: %v, %v; want %v", seed, got, err, want)
			}
			for i := range archive.MergeShards {
				list, err := archive.LoadMerges(t.Context(), b, h, i)
				if err != nil {
					t.Fatal(err)
				}
				for p := range list {
					if now := archive.Survivor(want, p); now.Shard(archive.MergeShards) != i || archive.Survivor(list, p) != now {
						t.Fatalf("seed %d: in list %d somebody is %v, and is %v by now, of shard %d", seed, i, archive.Survivor(list, p), now, now.Shard(archive.MergeShards))
					}
				}
			}
		}
		once := &archive.Head{}
		if err := mergesOf(want).Save(t.Context(), b, once, noon); err != nil || len(want) > 0 && !slices.Equal(once.Merges, h.Merges) {
			t.Errorf("seed %d: %v, lists that are made at once are %q, and in parts %q", seed, err, once.Merges, h.Merges)
		}
	}
}

// TestCirclesEnd: no merges of projection make one; whatever has, ends.
func TestCirclesEnd(t *testing.T) {
	b, h := buckettest.New(), &archive.Head{}
	all := map[columns.Person]archive.Merge{}
	for n := range 300 {
		all[numbered(n)] = archive.Merge{Into: numbered((n + 1) % 200), At: noon}
	}
	if err := mergesOf(all).Save(t.Context(), b, h, noon); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range h.Merges {
		if name != "" {
			n++
		}
	}
	if got, err := archive.LoadMerges(t.Context(), b, h); err != nil || len(got) != 300 || n != 1 {
		t.Errorf("%v: %d merges in %d lists, want all 300 in one", err, len(got), n)
	}
}

// TestMergesOfTenMillionFit: what a change holds of merges that are there, and what it makes anew where each list is another, of which a list at a time is alive. By that ten million of them are within the memory of
// the function, though the collector lets as much become waste as is alive. As a map they took 214 bytes each at the peak, and were not.
func TestMergesOfTenMillionFit(t *testing.T) {
	const n, people, memory = 200_000, 10_000_000, 1769 << 20
	all := make(map[columns.Person]archive.Merge, n)
	for i := range n {
		all[numbered(i)] = archive.Merge{Into: numbered(n + i/2), At: noon}
	}
	b, h := buckettest.New(), &archive.Head{}
	if err := mergesOf(all).Save(t.Context(), b, h, noon); err != nil {
		t.Fatal(err)
	}
	all = nil
	live := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := live()
	lists, err := archive.LoadAllMerges(t.Context(), b, h)
	if err != nil {
		t.Fatal(err)
	}
	loaded := live() - before
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	taken := m.TotalAlloc
	further := map[columns.Person]archive.Merge{}
	for i := range 200 {
		further[numbered(3*n+i)] = archive.Merge{Into: numbered(n + i), At: noon}
		further[numbered(n+1000+i)] = archive.Merge{Into: numbered(5*n + i), At: noon}
	}
	names := slices.Clone(h.Merges)
	lists.Change(further, nil)
	if err := lists.Save(t.Context(), b, h, noon); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&m)
	made := int64(m.TotalAlloc-taken) / n
	if each := loaded/n + made/archive.MergeShards; 2*each*people > memory*3/4 || made > 200 {
		t.Errorf("a merge takes %d bytes as it lies there, and %d are made of it: %d MB of %d, for ten million", loaded/n, made, 2*each*people>>20, memory>>20)
	}
	for i := range names {
		if names[i] == h.Merges[i] {
			t.Errorf("list %d is as it was", i)
		}
	}
	t.Logf("%d bytes a merge, and %d are made", loaded/n, made)
	runtime.KeepAlive(lists)
}
