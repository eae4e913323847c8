package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/userops/userops/shared/columns"
)

// Merges is who was merged into whom, all of them, as the lists have it: by the shard of who people are now, and in each by who was absorbed. Ten million of them take 400 MB, as the lists do; as a map they would take three times as much.
type Merges struct {
	lists [MergeShards][]merge
	anew  [MergeShards]bool // that are others than were read
}

// merge is a line of a list.
type merge struct {
	absorbed, into columns.Person
	at             int64 // in milliseconds since 1970
}

func byAbsorbed(a, b merge) int { return a.absorbed.Compare(b.absorbed) }

// linesOf reads a list.
func linesOf(body []byte) ([]merge, error) {
	if len(body)%mergeSize != 0 {
		return nil, errors.New("reading a list of merges: it is not whole")
	}
	lines := make([]merge, 0, len(body)/mergeSize)
	for line := range slices.Chunk(body, mergeSize) {
		var m merge
		copy(m.absorbed[:], line)
		copy(m.into[:], line[16:])
		m.at = int64(binary.LittleEndian.Uint64(line[32:]))
		lines = append(lines, m)
	}
	return lines, nil
}

// eachList reads the lists of some of the shards, one after the other; none of them is all.
func eachList(ctx context.Context, objects Bodies, h *Head, take func(list int, lines []merge), shards ...int) error {
	for i, name := range h.Merges {
		if name == "" || len(shards) > 0 && !slices.Contains(shards, i) {
			continue
		}
		body, _, err := objects.Read(ctx, name)
		if err != nil {
			return err
		}
		lines, err := linesOf(body)
		if err != nil {
			return err
		}
		take(i, lines)
	}
	return nil
}

// LoadAllMerges reads all lists, to change them.
func LoadAllMerges(ctx context.Context, objects Bodies, h *Head) (*Merges, error) {
	m := &Merges{}
	err := eachList(ctx, objects, h, func(list int, lines []merge) { m.lists[list] = lines })
	if err != nil {
		return nil, err
	}
	return m, nil
}

// find looks for who was absorbed.
func (m *Merges) find(p columns.Person) (list, place int, is bool) {
	for list := range m.lists {
		if place, is := slices.BinarySearchFunc(m.lists[list], merge{absorbed: p}, byAbsorbed); is {
			return list, place, true
		}
	}
	return 0, 0, false
}

// Change takes in further merges, of two of the same person the later one, and takes out those of whom an erasure has made apart again: who was merged up to the time of theirs.
func (m *Merges) Change(further map[columns.Person]Merge, apart map[columns.Person]time.Time) {
	c := change{Merges: m, further: map[columns.Person]merge{}, out: map[columns.Person]bool{}}
	for p, f := range further {
		if list, place, is := m.find(p); is {
			if was := m.lists[list][place]; f.At.UnixMilli() <= was.at {
				continue
			}
			c.out[p] = true
		}
		c.further[p] = merge{p, f.Into, f.At.UnixMilli()}
	}
	for p, until := range apart {
		if f, is := c.further[p]; is && f.at <= until.UnixMilli() {
			delete(c.further, p)
		}
		if list, place, is := m.find(p); is && m.lists[list][place].at <= until.UnixMilli() {
			c.out[p] = true
		}
	}
	if len(c.further) > 0 || len(c.out) > 0 {
		c.carryOut()
	}
}

// change is what becomes of the lists: who comes in, and who goes out.
type change struct {
	*Merges
	further map[columns.Person]merge
	out     map[columns.Person]bool
}

// next is who somebody was merged into. They are looked for in a list, as all who became the same person are, and in the others where it has ended. in is the list that they were found in.
func (c *change) next(p columns.Person, in int) (columns.Person, int, bool) {
	if f, is := c.further[p]; is {
		return f.into, -1, true
	}
	if c.out[p] {
		return p, in, false
	}
	if in >= 0 {
		place, is := slices.BinarySearchFunc(c.lists[in], merge{absorbed: p}, byAbsorbed)
		if !is {
			return p, in, false
		}
		return c.lists[in][place].into, in, true
	}
	list, place, is := c.find(p)
	if !is {
		return p, in, false
	}
	return c.lists[list][place].into, list, true
}

// longChain is how many merges are gone through before somebody is looked for who comes again.
const longChain = 100

// survivor is who somebody is by now. Of a circle, which no merges of projection make, it is whoever is the least of it.
func (c *change) survivor(p columns.Person, in int) columns.Person {
	is := true
	for range longChain {
		if p, in, is = c.next(p, in); !is {
			return p
		}
	}
	seen := map[columns.Person]bool{}
	for !seen[p] {
		seen[p] = true
		if p, in, is = c.next(p, in); !is {
			return p
		}
	}
	least := p
	for n, at, _ := c.next(p, in); n != p; n, at, _ = c.next(n, at) {
		if n.Compare(least) < 0 {
			least = n
		}
	}
	return least
}

// carryOut moves every merge to the list of who its person is now.
func (c *change) carryOut() {
	var come [MergeShards][]merge
	var stay [MergeShards][]bool
	for i, list := range c.lists {
		stay[i] = make([]bool, len(list))
		for n, line := range list {
			if c.out[line.absorbed] {
				continue
			}
			now := c.survivor(line.absorbed, i).Shard(MergeShards)
			if stay[i][n] = now == i; now != i {
				come[now] = append(come[now], line)
			}
		}
	}
	for p, line := range c.further {
		now := c.survivor(p, -1).Shard(MergeShards)
		come[now] = append(come[now], line)
	}
	for i := range c.lists {
		if len(come[i]) == 0 && !slices.Contains(stay[i], false) {
			continue
		}
		list, n := make([]merge, 0, len(c.lists[i])+len(come[i])), 0
		for place, line := range c.lists[i] {
			if stay[i][place] {
				list, n = append(list, line), n+1
			}
		}
		list = append(list, come[i]...)
		slices.SortFunc(list, byAbsorbed)
		c.lists[i], c.anew[i] = list, true
	}
}

// Save writes those of the lists anew that are others now.
func (m *Merges) Save(ctx context.Context, objects Objects, h *Head, at time.Time) error {
	if h.Merges == nil {
		h.Merges = make([]string, MergeShards)
	}
	for i, list := range m.lists {
		if !m.anew[i] {
			continue
		}
		if len(list) == 0 {
			h.Discard(at, h.Merges[i])
			h.Merges[i] = ""
			continue
		}
		var body bytes.Buffer
		body.Grow(len(list) * mergeSize)
		for _, line := range list {
			body.Write(line.absorbed[:])
			body.Write(line.into[:])
			var when [8]byte
			binary.LittleEndian.PutUint64(when[:], uint64(line.at))
			body.Write(when[:])
		}
		if err := put(ctx, objects, h, at, &h.Merges[i], "merges", body.Bytes()); err != nil {
			return err
		}
	}
	m.anew = [MergeShards]bool{}
	return nil
}

// LoadMerges reads the lists of some of the shards; none of them is all.
func LoadMerges(ctx context.Context, objects Bodies, h *Head, shards ...int) (map[columns.Person]Merge, error) {
	all := map[columns.Person]Merge{}
	err := eachList(ctx, objects, h, func(_ int, lines []merge) {
		for _, line := range lines {
			all[line.absorbed] = Merge{line.into, time.UnixMilli(line.at).UTC()}
		}
	}, shards...)
	if err != nil {
		return nil, err
	}
	return all, nil
}
