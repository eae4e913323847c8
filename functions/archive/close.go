package archive

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/domain/people/profile"
)

const (
	// patience is how long after its end a day waits for the queues to be empty.
	patience = 2 * time.Hour
	// purgeAfter is when files of who was erased are written anew, many people at a time; 7 days are promised.
	purgeAfter = 5 * 24 * time.Hour
)

// toClose are the days that are over, wait for no queue, and have files that no close has seen, oldest first; and the one that is asked for.
func (r *run) toClose(again *profile.Day, queued int) (days []profile.Day) {
	for _, day := range slices.Sorted(maps.Keys(r.head.Days)) {
		over := !r.now.Before((day + 1).Start(r.Shop.Zone))
		waits := (queued > 0 || r.filling) && r.waits(day)
		if over && r.head.Days[day].Open && !waits || again != nil && *again == day {
			days = append(days, day)
		}
	}
	return days
}

// waits tells whether a day waits for the queues to be empty and the archive to be filled: for a while after its end, and as long as need be where it is told of for the first time long after, as by an import.
func (r *run) waits(day profile.Day) bool {
	return r.tooLate(day) || r.now.Before((day + 1).Start(r.Shop.Zone).Add(patience))
}

// queued is how many jobs are in the queues that lead to the bucket, in the order of an event's way.
func (p *Process) queued(ctx context.Context) (n int, err error) {
	for _, url := range p.Queues {
		d, err := p.Gauge.Depth(ctx, url)
		if err != nil {
			return 0, err
		}
		n += d.Waiting + d.InFlight + d.Delayed
	}
	return n, nil
}

// close makes one file of those of each shard, shard by shard, and commits. asked takes in what came too late. A day that is not done stays open.
func (r *run) close(ctx context.Context, day profile.Day, queued int, asked bool) error {
	d := r.head.Days[day]
	dead := 0
	for _, name := range []string{"events", "archive"} {
		n, err := r.Letters.Count(ctx, name)
		if err != nil {
			return err
		}
		dead += n
	}
	for i := range d.Files {
		d.Files[i].Late = d.Files[i].Late && !asked
	}
	d.Open = true
	for shard := range d.Shards {
		if len(filesOf(d, shard)) < 2 {
			continue
		}
		if late(ctx) {
			return nil
		}
		if err := r.unite(ctx, part{day, shard}, d); err != nil {
			return err
		}
		if err := r.commit(ctx); err != nil {
			return err
		}
	}
	slices.SortFunc(d.Files, func(a, b archive.File) int { return a.Shard - b.Shard })
	d.Closes, d.ClosedAt, d.Open, d.Queued, d.Dead = d.Closes+1, r.now, false, queued, dead
	slog.InfoContext(ctx, "day closed", "day", day.Time().Format(time.DateOnly), "closes", d.Closes, "queued", queued, "dead", dead)
	return r.commit(ctx)
}

// purge writes the files anew that hold somebody who was erased, once the oldest erasure has waited for long enough. It commits day by day.
func (r *run) purge(ctx context.Context) error {
	pending, due := map[profile.ID]archive.Erased{}, false
	for id, e := range r.erased {
		if !e.Gone {
			pending[id] = e
			due = due || r.now.Sub(e.Since) >= purgeAfter
		}
	}
	if !due {
		return nil
	}
	gone := archive.Erasures(pending)
	for _, day := range slices.Sorted(maps.Keys(r.head.Days)) {
		d := r.head.Days[day]
		changed, touched := false, map[int]bool{}
		for p := range gone {
			touched[p.Shard(d.Shards)] = true
		}
		for _, f := range slices.Clone(d.Files) {
			if late(ctx) {
				return nil
			}
			if !touched[f.Shard] {
				continue
			}
			file, err := archive.OpenFile(ctx, r.Objects, f.Name)
			if err != nil {
				return err
			}
			holds, err := gone.Hold(file)
			if err != nil {
				return err
			}
			if !holds {
				continue
			}
			anew, counts, err := r.make(ctx, part{day, f.Shard}, file.Made, nil, file.Rows())
			if err != nil {
				return err
			}
			at := slices.IndexFunc(d.Files, func(o archive.File) bool { return o.Name == f.Name })
			if anew.Late = f.Late; counts.Written > 0 {
				d.Files[at] = anew
			} else {
				d.Files = slices.Delete(d.Files, at, at+1)
			}
			r.head.Discard(r.now, f.Name)
			changed = true
		}
		if changed {
			if err := r.commit(ctx); err != nil {
				return err
			}
		}
	}
	for id, e := range pending {
		e.Gone = true
		r.erased[id] = e
	}
	if err := archive.SaveErased(ctx, r.Objects, r.head, r.now, r.erased); err != nil {
		return err
	}
	return r.commit(ctx)
}
