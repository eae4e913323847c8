package archive

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/profile"
)

const (
	// patience is how long after its end a day waits for the queues to be empty.
	patience = 2 * time.Hour
	// purgeAfter is when files of who was erased are written anew, many people at a time; 7 days are promised.
	purgeAfter = 5 * 24 * time.Hour
	// looksAtOnce is into how many files of a day a purge looks side by side.
	looksAtOnce = 16
	// closesAtOnce is how many days are closed between two writes of the head at most.
	closesAtOnce = 100
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

// closeAll closes the days that are to be closed, as far as the time goes. Days of which no file is made anew are committed many at a time: of an import of years there are thousands.
func (r *run) closeAll(ctx context.Context, again *profile.Day, queued int) error {
	days := r.toClose(again, queued)
	if len(days) == 0 {
		return nil
	}
	dead := 0
	for _, name := range []string{"events", "archive"} {
		n, err := r.Letters.Count(ctx, name)
		if err != nil {
			return err
		}
		dead += n
	}
	for n, day := range days {
		if late(ctx) {
			break
		}
		if err := r.close(ctx, day, queued, dead, again != nil && *again == day); err != nil {
			return err
		}
		if n%closesAtOnce == closesAtOnce-1 {
			if err := r.commit(ctx); err != nil {
				return err
			}
		}
	}
	return r.commit(ctx)
}

// close makes one file of those of each shard, shard by shard, and commits each. asked takes in what came too late. A day that is not done stays open.
func (r *run) close(ctx context.Context, day profile.Day, queued, dead int, asked bool) error {
	d := r.head.Days[day]
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
	return nil
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
		if late(ctx) {
			return nil
		}
		if done, err := r.purgeDay(ctx, day, gone); err != nil || !done {
			return err
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

// purgeDay writes the files of a day anew that hold somebody, and commits. Of those of which nothing is to be written anew, who is in them is read and no more. done is false where there is more than the time allows.
func (r *run) purgeDay(ctx context.Context, day profile.Day, gone columns.Erasures) (done bool, err error) {
	d := r.head.Days[day]
	touched := map[int]bool{}
	for p := range gone {
		touched[p.Shard(d.Shards)] = true
	}
	holding, err := r.holding(ctx, slices.DeleteFunc(slices.Clone(d.Files), func(f archive.File) bool { return !touched[f.Shard] }), gone)
	if err != nil || len(holding) == 0 {
		return err == nil, err
	}
	for _, f := range holding {
		if late(ctx) {
			return false, r.commit(ctx)
		}
		anew, err := r.without(ctx, day, d, f, gone)
		if err != nil {
			return false, err
		}
		at := slices.IndexFunc(d.Files, func(o archive.File) bool { return o.Name == f.Name })
		d.Files = slices.Replace(d.Files, at, at+1, anew...)
		r.head.Discard(r.now, f.Name)
	}
	return true, r.commit(ctx)
}

// holding are the files that hold an event that is gone. They are looked into side by side.
func (r *run) holding(ctx context.Context, all []archive.File, gone columns.Erasures) (holding []archive.File, err error) {
	files, err := archive.OpenDay(ctx, r.Objects, all)
	if err != nil {
		return nil, err
	}
	holds := make([]bool, len(files))
	var group errgroup.Group
	group.SetLimit(looksAtOnce)
	for i, f := range files {
		group.Go(func() (err error) {
			if holds[i], err = gone.Hold(f); err != nil {
				return fmt.Errorf("%s: %w", all[i].Name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, f := range all {
		if holds[i] {
			holding = append(holding, f)
		}
	}
	return holding, nil
}

// without writes a file anew without who is gone: none where nobody else is in it.
func (r *run) without(ctx context.Context, day profile.Day, d *archive.Day, f archive.File, gone columns.Erasures) ([]archive.File, error) {
	file, err := archive.OpenFile(ctx, r.Objects, f.Name)
	if err != nil {
		return nil, err
	}
	raw, counts, err := gone.Purge(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	if counts.Written == 0 {
		return nil, nil
	}
	f.Name, f.Events = archive.FileName(day, f.Shard, d.Shards, raw), counts.Written
	return []archive.File{f}, r.Objects.Put(ctx, f.Name, raw)
}
