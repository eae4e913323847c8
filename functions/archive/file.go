package archive

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/telemetry"
)

// mostFiles is how many files a day and shard may have before they are made one.
const mostFiles = 16

// dayShards is how many shards a day has: as many as when its first file was made.
func (r *run) dayShards(day profile.Day) int {
	if d := r.head.Days[day]; d != nil {
		return d.Shards
	}
	return max(r.Shards, 1)
}

// file makes a further file for each day and shard of the intake, of what the files there and those of the neighbouring days do not hold.
func (r *run) file(ctx context.Context, in *intake) error {
	parts := slices.SortedFunc(maps.Keys(in.events), func(a, b part) int { return cmp.Or(cmp.Compare(a.shard, b.shard), cmp.Compare(a.day, b.day)) })
	opened := map[string]*columns.File{}
	shard := -1
	for _, at := range parts {
		if at.shard != shard {
			shard = at.shard
			clear(opened) // nobody of this shard is in those
		}
		known, err := r.known(ctx, at, opened)
		if err != nil {
			return err
		}
		f, counts, err := r.make(ctx, at, in.made[at], known, columns.Sorted(in.events[at]))
		if err != nil {
			return err
		}
		telemetry.Count("archive_duplicates", counts.Duplicate, "function", "archive")
		if counts.Written == 0 {
			continue
		}
		d := r.head.Days[at.day]
		if d == nil {
			d = &archive.Day{Shards: r.dayShards(at.day)}
			r.head.Days[at.day] = d
		}
		f.Late = d.Closes > 0 && r.tooLate(at.day)
		d.Open, d.At = d.Open || !f.Late, r.now
		d.Files = append(d.Files, f)
		if len(filesOf(d, at.shard)) >= mostFiles {
			if err := r.unite(ctx, at, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// calls is about how many calls of the bucket it takes to file an intake: a write for each day and shard, and a read for each file in which copies may be.
func (r *run) calls(in *intake) (n int) {
	for at := range in.events {
		n++
		if d := r.head.Days[at.day]; d != nil {
			n += len(filesOf(d, at.shard))
		}
	}
	return n
}

// tooLate tells whether events of a day wait until an operator closes it again.
func (r *run) tooLate(day profile.Day) bool { return r.Shop.Day(r.now)-day > archive.LateDays }

// known are the files in which copies of a part's events may be.
func (r *run) known(ctx context.Context, at part, opened map[string]*columns.File) (all []*columns.File, err error) {
	for day := at.day - 1; day <= at.day+1; day++ {
		d := r.head.Days[day]
		if d == nil {
			continue
		}
		for _, f := range d.Files {
			if d.Shards == r.dayShards(at.day) && f.Shard != at.shard {
				continue
			}
			if opened[f.Name] == nil {
				if opened[f.Name], err = archive.OpenFile(ctx, r.Objects, f.Name); err != nil {
					return nil, err
				}
			}
			all = append(all, opened[f.Name])
		}
	}
	return all, nil
}

// make writes a file of sources. Where nothing is left to be in it, none is written.
func (r *run) make(ctx context.Context, at part, made []string, known []*columns.File, sources ...columns.Sequence) (f archive.File, counts columns.Counts, err error) {
	shards := r.dayShards(at.day)
	merging := columns.Merging{Head: columns.Head{Day: at.day, Shard: at.shard, Shards: shards, Made: made}, Known: known, Erased: archive.Erasures(r.erased)}
	raw, counts, err := merging.Merge(sources...)
	if err != nil {
		return f, counts, fmt.Errorf("making a file of %s, shard %d: %w", at.day, at.shard, err)
	}
	f = archive.File{Name: archive.FileName(at.day, at.shard, shards, raw), Shard: at.shard, Events: counts.Written}
	if counts.Written == 0 {
		return f, counts, nil
	}
	return f, counts, r.Objects.Put(ctx, f.Name, raw)
}

// filesOf are the files of a shard that answers read.
func filesOf(d *archive.Day, shard int) (all []archive.File) {
	for _, f := range d.Files {
		if f.Shard == shard && !f.Late {
			all = append(all, f)
		}
	}
	return all
}

// unite makes one file of those of a shard. Of events that are erased by now nothing is left.
func (r *run) unite(ctx context.Context, at part, d *archive.Day) error {
	var sources []columns.Sequence
	var made, names []string
	for _, one := range filesOf(d, at.shard) {
		f, err := archive.OpenFile(ctx, r.Objects, one.Name)
		if err != nil {
			return err
		}
		sources, made, names = append(sources, f.Rows()), append(made, f.Made...), append(names, one.Name)
	}
	f, counts, err := r.make(ctx, at, made, nil, sources...)
	if err != nil {
		return err
	}
	d.Files = slices.DeleteFunc(d.Files, func(f archive.File) bool { return slices.Contains(names, f.Name) })
	if counts.Written > 0 {
		d.Files = append(d.Files, f)
	}
	r.head.Discard(r.now, slices.DeleteFunc(names, func(name string) bool { return counts.Written > 0 && name == f.Name })...)
	return nil
}
