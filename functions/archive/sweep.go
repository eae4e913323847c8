package archive

import (
	"context"
	"slices"
	"time"

	"github.com/userops/userops/shared/archive"
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
