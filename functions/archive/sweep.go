package archive

import (
	"context"
	"slices"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/people/event"
)

// sweep deletes what nobody needs any more: objects of packs that files hold, files and lists that the head has ceased to name, days after their time, and once a day what no head has ever
// named. It deletes first and forgets then, so that a crash leaves nothing that is not listed.
func (r *run) sweep(ctx context.Context) error {
	oldest := r.now.AddDate(0, -archive.Months, 0)
	for day, d := range r.head.Days {
		if day < r.Shop.Day(oldest) && d.At.Before(oldest) {
			for _, f := range d.Files {
				r.head.Discard(r.now, f.Name)
			}
			delete(r.head.Days, day)
		}
	}
	var names []string
	over := func(n archive.Named) bool { return r.now.Sub(n.At) >= archive.Rest }
	used := r.used()
	for _, n := range slices.Concat(r.head.Taken, r.head.Waste) {
		if over(n) && !used[n.Name] {
			names = append(names, n.Name)
		}
	}
	daily := r.now.Sub(r.head.Swept) >= 24*time.Hour
	if daily {
		for _, w := range r.head.Waste {
			used[w.Name] = true // in its turn
		}
		for _, prefix := range []string{archive.FilesPrefix, archive.ListsPrefix} {
			listed, err := r.Objects.List(ctx, prefix)
			if err != nil {
				return err
			}
			for _, o := range listed {
				if !used[o.Key] && r.now.Sub(o.Written) >= archive.Rest {
					names = append(names, o.Key)
				}
			}
			if err := r.renew(ctx, listed); err != nil {
				return err
			}
		}
	}
	if len(names) == 0 && !daily {
		return nil
	}
	if len(names) > 0 {
		if err := r.Objects.Delete(ctx, names...); err != nil {
			return err
		}
	}
	r.head.Taken = slices.DeleteFunc(r.head.Taken, over)
	r.head.Waste = slices.DeleteFunc(r.head.Waste, over)
	if daily {
		r.head.Swept = r.now
	}
	return r.commit(ctx)
}

const (
	// lifecycle is how old the bucket lets a file become, as the template has it, and renewal is how long before that one is written anew which is kept for longer.
	lifecycle = 400 * 24 * time.Hour
	renewal   = 30 * 24 * time.Hour
)

// renew writes files anew, as they are, that are kept for longer than the bucket lets them become old: those of a day that was told of again long after they were made. The bucket would delete them under the head's name.
func (r *run) renew(ctx context.Context, listed []bucket.Object) error {
	until := map[string]time.Time{}
	for day, d := range r.head.Days {
		for _, f := range d.Files {
			until[f.Name] = event.Latest(d.At, (day+1).Start(r.Shop.Zone)).AddDate(0, archive.Months, 0)
		}
	}
	for _, o := range listed {
		if r.now.Sub(o.Written) < lifecycle-renewal || until[o.Key].Before(o.Written.Add(lifecycle)) {
			continue
		}
		if late(ctx) {
			return nil // there are days left for it
		}
		body, _, err := r.Objects.Read(ctx, o.Key)
		if err == nil {
			err = r.Objects.Put(ctx, o.Key, body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// used are the objects that the head names. A file that was waste may be one again: the same events are the same file.
func (r *run) used() map[string]bool {
	all := map[string]bool{r.head.Erased: true}
	for _, d := range r.head.Days {
		for _, f := range d.Files {
			all[f.Name] = true
		}
	}
	for _, name := range r.head.Merges {
		all[name] = true
	}
	return all
}
